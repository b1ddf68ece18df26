"""A space as one of Ray Tune, and what a trial is given as a candidate."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from skhyper._extras import import_extra
from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._optuna import PLAIN, label_under, word_of
from skhyper.spaces._ranges import Int

__all__ = ["Drawn", "ray_space"]

Domains = Mapping[str, Domain | Switch]


def ray_space(domains: Domains, prefix: str = "") -> dict[str, Any]:
    """Render a space for Ray Tune.

    Parameters
    ----------
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.
    prefix : str, default=""
        What the names begin with.

    Returns
    -------
    space : dict of str to ray.tune.search.sample.Domain
        Every parameter under every value that it hangs on, each with a name of its
        own: a space of Ray Tune has no branches that all of its algorithms understand.
    """
    tune = import_extra("ray.tune", "to_ray", "ray")
    space: dict[str, Any] = {}
    for label, domain in _labelled(domains):
        name = prefix + label
        if not isinstance(domain, Choice) and domain.zero:
            space[f"{name} is 0"] = tune.choice([False, True])
        space[name] = _rendered(tune, domain)
    return space


def _labelled(domains: Domains) -> Iterator[tuple[str, Domain]]:
    """List what a candidate may ask for, as it is called."""
    for name, domain in domains.items():
        if not isinstance(domain, Switch):
            yield name, domain
            continue
        for value in _values(domain.on, domains):
            case = domain.case(value)
            if case is not None:
                yield label_under(name, domain.on, value), case


def _values(name: str, domains: Domains) -> list[Any]:
    """List the values of a parameter that others hang on."""
    domain = domains[name]
    if isinstance(domain, Switch):
        among = [case for _, case in domain.cases]
    else:
        among = [domain]
    return [v for each in among if isinstance(each, Choice) for v in each.values]


def _rendered(tune: Any, domain: Domain) -> Any:
    if isinstance(domain, Choice):
        is_plain = all(isinstance(value, PLAIN) for value in domain.values)
        values = list(domain.values)
        return tune.choice(
            values if is_plain else [word_of(n, v) for n, v in enumerate(values)]
        )
    if domain.n_steps:
        return tune.randint(0, domain.n_steps)
    if isinstance(domain, Int):
        draw = tune.lograndint if domain.log else tune.randint
        return draw(domain.low, domain.high + 1)
    return (tune.loguniform if domain.log else tune.uniform)(domain.low, domain.high)


class Drawn:
    """Suggests what Ray Tune has drawn, as a trial of Optuna would.

    Parameters
    ----------
    values : mapping of str to object
        The configuration of a trial.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Give the value that was drawn."""
        return self.values[name]

    def suggest_int(
        self,
        name: str,
        low: int,
        high: int,
        step: int | None = None,
        log: bool = False,
    ) -> int:
        """Give the integer that was drawn, or stands at the position that was."""
        drawn = int(self.values[name])
        return drawn if step is None else low + step * drawn

    def suggest_float(
        self, name: str, low: float, high: float, log: bool = False
    ) -> float:
        """Give the number that was drawn."""
        # A logarithm and its inverse may end beyond an end.
        return min(max(float(self.values[name]), low), high)
