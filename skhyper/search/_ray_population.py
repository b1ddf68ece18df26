"""A population of Ray Tune's trials that take turns."""

from collections import Counter
from types import ModuleType
from typing import Any

__all__ = ["make_population"]


def make_population(tune: ModuleType, **settings: Any) -> Any:
    """Make Ray Tune's population based training, in which trials take turns.

    By itself it has the first of those run that are at the same epoch. So a trial can
    go on from the same epoch of another one again and again, and never lets that run.

    Parameters
    ----------
    tune : module
        ``ray.tune``.
    **settings : object
        Arguments of ``ray.tune.schedulers.PopulationBasedTraining``.

    Returns
    -------
    scheduler : ray.tune.schedulers.PopulationBasedTraining
        The scheduler.
    """

    class Population(tune.schedulers.PopulationBasedTraining):  # type: ignore[name-defined]
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self._n_turns: Counter[str] = Counter()

        def on_trial_result(
            self, tune_controller: Any, trial: Any, result: dict[str, Any]
        ) -> Any:
            self._n_turns[trial.trial_id] += 1
            return super().on_trial_result(tune_controller, trial, result)

        def choose_trial_to_run(self, tune_controller: Any) -> Any:
            waiting = [
                trial
                for trial in tune_controller.get_trials()
                if trial.status in (trial.PENDING, trial.PAUSED)
            ]
            turns = self._n_turns
            return min(waiting, key=lambda trial: turns[trial.trial_id], default=None)

    return Population(**settings)
