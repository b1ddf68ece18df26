"""What a search by Ray Tune is made of: its algorithm, its scheduler, its runs."""

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral, Real
from pathlib import Path
from types import ModuleType
from typing import Any

from skhyper._extras import import_extra
from skhyper._sklearn import Interval
from skhyper.exceptions import did_you_mean
from skhyper.search._arguments import mistakes_in_choice
from skhyper.search._going_on import mistakes_in_rungs
from skhyper.search._ray_population import make_population
from skhyper.search._ray_trial import EPOCHS
from skhyper.spaces import SearchSpace

__all__ = [
    "KNOBS",
    "check_resources",
    "machines_of",
    "make_algorithm",
    "make_scheduler",
    "mistakes_in_course",
    "mistakes_in_engine",
    "ray_spaces",
]

ALGORITHMS = ("random", "optuna", "hyperopt")
SCHEDULERS = ("asha", "hyperband", "median", "pbt")

# What Ray Tune calls the resources that each machine may have.
RESOURCES = {"cpu": "CPU", "gpu": "GPU", "memory": "memory"}
AMOUNT = Interval(Real, 0, None, closed="left")

# Arguments of a network that may change in the middle of its training.
KNOBS = {
    "dropout",
    "l1",
    "l2",
    "label_smoothing",
    "lr",
    "momentum",
    "weight_decay",
}


def mistakes_in_engine(search: Any) -> Iterator[str]:
    """Say which algorithm, scheduler, name or number of jobs there is not.

    Parameters
    ----------
    search : RayTuneSearchCV
        The search.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    yield from mistakes_in_choice(
        search, "algorithm", ALGORITHMS, "set_search_properties", "Ray Tune's"
    )
    yield from mistakes_in_choice(
        search, "scheduler", SCHEDULERS, "on_trial_result", "Ray Tune's", or_none=True
    )
    name = search.name
    if isinstance(name, str) and (name != Path(name).name or name in ("", "..")):
        yield (
            f"The 'name' parameter of {type(search).__name__} must be the name of a "
            f"folder in storage, without its path. Got {name!r} instead."
        )
    if isinstance(search.storage, str) and "://" in search.storage:
        yield (
            f"The 'storage' parameter of {type(search).__name__} must be the path of a "
            "folder, which all machines of the cluster reach under it, and no URI. Got "
            f"{search.storage!r} instead."
        )
    n_jobs = search.n_jobs
    if isinstance(n_jobs, Integral) and (n_jobs := int(n_jobs)) < -1:
        yield (
            f"The 'n_jobs' parameter of {type(search).__name__} must be an int of at "
            f"least 1, -1 or None. Got {n_jobs!r} instead."
        )


def mistakes_in_course(search: Any) -> Iterator[str]:
    """Say what does not go together of a search's arguments.

    Parameters
    ----------
    search : RayTuneSearchCV
        The search, whose arguments are right by themselves.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    if (search.storage is None) != (search.name is None):
        yield (
            f"The 'storage' and 'name' parameters of {type(search).__name__} belong "
            "together: where the runs are kept, and as what. Give both or neither. "
            f"Got storage={search.storage!r}, name={search.name!r}."
        )
    if search.scheduler is not None:
        yield from mistakes_in_rungs(search)
    # What makes variants of its own, as 'random' does, has ``next_trial``.
    is_random = search.algorithm == "random" or hasattr(search.algorithm, "next_trial")
    if search.scheduler == "pbt" and not is_random:
        yield (
            f"The 'algorithm' parameter of {type(search).__name__} must be 'random' "
            "with scheduler='pbt', which makes new candidates of the best itself. Got "
            f"{search.algorithm!r}. For this algorithm, take another scheduler."
        )


def machines_of(ray: ModuleType) -> list[dict[str, float]]:
    """List what each machine of the cluster has, which is started if there is none.

    Parameters
    ----------
    ray : module
        Ray.

    Returns
    -------
    machines : list of dict of str to float
        The resources of each, by Ray's names.
    """
    if not ray.is_initialized():
        # As Ray Tune would do itself.
        ray.init()
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def check_resources(search: Any, machines: Sequence[dict[str, float]]) -> None:
    """Refuse resources that there are not: Ray Tune would wait for them for ever.

    Parameters
    ----------
    search : RayTuneSearchCV
        The search, with its ``resources``.
    machines : sequence of dict of str to float
        What each machine has.

    Raises
    ------
    ValueError
        If a name is unknown, an amount is none, or no machine has as much. All
        mistakes are in the one message.
    """
    head = f"The 'resources' parameter of {type(search).__name__} must"
    own = {name for machine in machines for name in machine}
    custom = sorted(
        name
        for name in own - {*RESOURCES.values(), "object_store_memory"}
        if not name.startswith("node:")
    )
    known, needs, mistakes = [*RESOURCES, *custom], {}, []
    for name, amount in search.resources.items():
        key = RESOURCES.get(name, name)
        most = max((machine.get(key, 0) for machine in machines), default=0)
        if key not in own and key not in RESOURCES.values():
            mistakes.append(
                f"{head} name what the cluster has, which is "
                f"{', '.join(map(repr, known))}. Got {name!r}."
                f"{did_you_mean(name, known)}"
            )
        elif isinstance(amount, bool) or not AMOUNT.is_satisfied_by(amount):
            mistakes.append(f"{head} hold numbers >= 0. Got {amount!r} for {name!r}.")
        elif amount > most:
            mistakes.append(
                f"{head} be what one machine of the cluster has. Got {amount!r} of "
                f"{name!r}, of which one has at most {most:g}. Ask for less, or start "
                "a machine with as much before."
            )
        else:
            needs[key] = amount
    if not mistakes and not any(needs.values()):
        mistakes.append(
            f"{head} hold an amount above 0. Got {search.resources!r}. For what Ray "
            "Tune takes by itself, give None."
        )
    elif not mistakes and not any(
        all(machine.get(key, 0) >= amount for key, amount in needs.items())
        for machine in machines
    ):
        mistakes.append(
            f"{head} be what one machine of the cluster has, and no machine has all "
            f"of {search.resources!r}. Ask for less, or start one that has."
        )
    if mistakes:
        raise ValueError("\n".join(mistakes))


def make_algorithm(tune: ModuleType, algorithm: Any, seed: int) -> Any:
    """Make what suggests the candidates.

    Parameters
    ----------
    tune : module
        ``ray.tune``.
    algorithm : str or ray.tune.search.Searcher
        Its name, or itself.
    seed : int
        Seed of one that is given by its name.

    Returns
    -------
    algorithm : ray.tune.search.Searcher or SearchAlgorithm
        What ``ray.tune.TuneConfig`` takes.
    """
    match algorithm:
        case "random":
            return tune.search.BasicVariantGenerator(random_state=seed)
        case "optuna":
            optuna = import_extra("ray.tune.search.optuna", "algorithm='optuna'", "ray")
            return optuna.OptunaSearch(seed=seed)
        case "hyperopt":
            module = "ray.tune.search.hyperopt"
            hyperopt = import_extra(module, "algorithm='hyperopt'", "ray")
            return hyperopt.HyperOptSearch(random_state_seed=seed)
    return algorithm


def make_scheduler(tune: ModuleType, search: Any, space: dict[str, Any]) -> Any:
    """Make what ends trials early, or has them go on with other knobs.

    Parameters
    ----------
    tune : module
        ``ray.tune``.
    search : RayTuneSearchCV
        The search.
    space : dict of str to ray.tune.search.sample.Domain
        What is searched.

    Returns
    -------
    scheduler : ray.tune.schedulers.TrialScheduler or None
        None to train each trial to its end.
    """
    schedulers, max_epochs = tune.schedulers, search.max_epochs
    match search.scheduler:
        case "asha":
            return schedulers.ASHAScheduler(
                EPOCHS,
                max_t=max_epochs,
                grace_period=search.min_epochs,
                reduction_factor=search.factor,
            )
        case "hyperband":
            return schedulers.HyperBandScheduler(
                EPOCHS, max_t=max_epochs, reduction_factor=search.factor
            )
        case "median":
            return schedulers.MedianStoppingRule(EPOCHS, grace_period=search.min_epochs)
        case "pbt":
            knobs = {name: domain for name, domain in space.items() if _is_knob(name)}
            return make_population(
                tune,
                time_attr=EPOCHS,
                perturbation_interval=search.min_epochs,
                hyperparam_mutations=as_mutations(knobs),
                custom_explore_fn=keep_inside(tune, knobs),
                log_config=False,
            )
    return search.scheduler


def _is_knob(name: str) -> bool:
    # Without the prefix of a space, and without what it hangs on.
    own = name.split(": ")[-1].split(" [")[0]
    return own.split("__")[-1] in KNOBS and not name.endswith(" is 0")


def as_mutations(space: dict[str, Any]) -> dict[str, Any]:
    """List the values of choices: of others than lists, Ray Tune makes multiples."""
    return {
        name: getattr(domain, "categories", domain) for name, domain in space.items()
    }


def keep_inside(
    tune: Any, space: dict[str, Any]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Undo what leads out of a range."""
    whole = tune.search.sample.Integer
    ranges = {
        name: (domain.lower, domain.upper - isinstance(domain, whole))
        for name, domain in space.items()
        if hasattr(domain, "lower")
    }

    def explore(config: dict[str, Any]) -> dict[str, Any]:
        for name, (low, high) in ranges.items():
            config[name] = min(max(config[name], low), high)
        return config

    return explore


def ray_spaces(tune: ModuleType, spaces: Sequence[SearchSpace]) -> dict[str, Any]:
    """Render spaces as one, of which each trial chooses.

    Parameters
    ----------
    tune : module
        ``ray.tune``.
    spaces : sequence of SearchSpace
        The spaces.

    Returns
    -------
    space : dict of str to ray.tune.search.sample.Domain
        What a trial is given of it is read by ``suggest_from``.
    """
    if len(spaces) == 1:
        return spaces[0].to_ray()
    rendered = {"space": tune.choice(list(range(len(spaces))))}
    for number, space in enumerate(spaces):
        rendered |= space.to_ray(f"space {number}: ")
    return rendered
