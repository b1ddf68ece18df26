"""Trials of Hyperopt, evaluated a batch at a time."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from numpy.random import SeedSequence

from skhyper._identity import fingerprint
from skhyper.exceptions import StoreWarning
from skhyper.search._candidate import Ask, Outcome
from skhyper.search._origin import Origin
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._trials_file import save_trials
from skhyper.search._warm import Known
from skhyper.search._written import read_outcome, write_outcome
from skhyper.spaces import SearchSpace
from skhyper.spaces._hyperopt import drawn_as

__all__ = ["Draws"]

# Where a trial keeps what is known of its candidate, which one that is and from what it
# was made, that it is of another search, and that it is to be gone on with.
RESULTS, PARAMS = "skhyper:results", "skhyper:params"
ORIGIN, TOLD, CUT = "skhyper:origin", "skhyper:told", "skhyper:cut"


class Draws:
    """Asks an algorithm of Hyperopt for trials, and tells it what came of them.

    What is suggested depends on the seed and on the trials so far, on nothing else.

    Parameters
    ----------
    hyperopt : module
        Hyperopt.
    algorithm : callable
        A ``suggest`` of Hyperopt's.
    spaces : sequence of SearchSpace
        One of them is chosen by each trial.
    trials : hyperopt.Trials
        Those so far, which count; new ones are added.
    path : Path or None
        Where they are saved after each batch.
    seed : int
        Seed of the suggestions.
    n_iter, n_points : int
        How many trials there are to be, and how many are asked for at once.
    score : callable
        Gives the score of an outcome, NaN for a failed one.
    goes_on : bool, default=False
        Whether a batch for which the time was up is left to be gone on with.
    known : sequence of Known, default=()
        Candidates of another search; they are added when the trials are joined.
    """

    def __init__(
        self,
        hyperopt: ModuleType,
        algorithm: Callable[..., Any],
        spaces: Sequence[SearchSpace],
        trials: Any,
        path: Path | None,
        seed: int,
        n_iter: int,
        n_points: int,
        score: Callable[[Outcome], float],
        goes_on: bool = False,
        known: Sequence[Known] = (),
    ) -> None:
        self.hyperopt = hyperopt
        self.algorithm = algorithm
        self.spaces = spaces
        self.trials = trials
        self.path = path
        self.seed = seed
        self.n_iter = n_iter
        self.n_points = n_points
        self.score = score
        self.goes_on = goes_on
        self.known = known
        self.origin: Origin | None = None
        self._reopen()
        n_done = self._n_known() - len(self._cut_off())
        self.n_evaluations = max(n_iter - n_done, 0)
        self.expression = hyperopt.hp.choice(
            "space",
            [
                {"number": number, "drawn": space.to_hyperopt(_prefix(number, spaces))}
                for number, space in enumerate(spaces)
            ],
        )
        self.domain = hyperopt.base.Domain(_nothing, self.expression)
        self._asked: list[dict[str, Any]] = []
        self._stopwatch = Stopwatch()
        self._has_failed = False

    def earlier(self, n_splits: int) -> list[Outcome]:
        """Give the candidates of the trials that there are already.

        Parameters
        ----------
        n_splits : int
            Splits of the search.

        Returns
        -------
        outcomes : list of Outcome
            Those that were evaluated on as many splits, in the order of their trials.
        """
        outcomes: list[Outcome] = []
        for trial in self.trials.trials:
            text = trial["result"].get(RESULTS)
            if text is not None:
                params, number = self._candidate(trial), len(outcomes)
                outcome = read_outcome(text, params, n_splits, number)
                outcomes += [] if outcome is None else [outcome]
        return outcomes

    def join(self, origin: Origin) -> None:
        """Go on with the trials, and with what another search has found.

        Parameters
        ----------
        origin : Origin
            What the trials are made from.

        Raises
        ------
        ValueError
            If some were made from something else.
        """
        self.origin = origin
        own = [trial for trial in self.trials.trials if ORIGIN in trial["result"]]
        others = [trial["result"][ORIGIN] for trial in own]
        origin.check(others, in_space=all(map(self._is_in_space, own)))
        self._add_known()

    def _is_in_space(self, trial: dict[str, Any]) -> bool:
        """Tell whether a trial still means the candidate that was evaluated.

        Of many values Hyperopt keeps only the number that they have in the space.
        """
        if {*trial["misc"]["vals"]} != {*self.domain.params}:
            return False
        try:
            params = self._candidate(trial)
        except (IndexError, KeyError, TypeError):
            return False
        return bool(fingerprint(params) == trial["result"][PARAMS])

    def _add_known(self) -> None:
        """Add finished trials of another search, which do not count, once."""
        told = [
            (trial["misc"]["vals"], trial["result"]["loss"])
            for trial in self.trials.trials
            if TOLD in trial["result"]
        ]
        for one in self.known:
            number, params = next(iter(one.spaces.items()))
            prefix = _prefix(number, self.spaces)
            drawn = {
                "space": number,
                **drawn_as(params, self.spaces[number], prefix),
            }
            vals = {
                label: [drawn[label]] if label in drawn else []
                for label in self.domain.params
            }
            [score] = one.scores
            if (vals, -score) not in told:
                self._add(vals, -score)

    def _add(self, vals: dict[str, list[Any]], loss: float) -> None:
        [tid] = self.trials.new_trial_ids(1)
        result = {"status": self.hyperopt.STATUS_OK, "loss": loss, TOLD: True}
        idxs = {label: [tid] * len(value) for label, value in vals.items()}
        misc = {
            "tid": tid,
            "cmd": self.domain.cmd,
            "workdir": self.domain.workdir,
            "idxs": idxs,
            "vals": vals,
        }
        [doc] = self.trials.new_trial_docs([tid], [None], [result], [misc])
        doc["state"] = self.hyperopt.JOB_STATE_DONE
        self.trials.insert_trial_docs([doc])
        self.trials.refresh()

    def _n_known(self) -> int:
        """Count the trials, without those of another search."""
        return sum(TOLD not in trial["result"] for trial in self.trials.trials)

    def ask(self) -> list[Ask]:
        """Return the next batch; one that was cut off is completed first."""
        n_known, self._asked = self._n_known(), self._cut_off()
        n_done = n_known - len(self._asked)
        n_batch = (n_done // self.n_points + 1) * self.n_points - n_done
        n_asked = max(min(n_batch, self.n_iter - n_done), 0)
        del self._asked[n_asked:]
        while len(self._asked) < n_asked and self._stopwatch.has_time():
            with self._stopwatch.running():
                self._asked.append(self._new(n_done + len(self._asked)))
        return [
            Ask(self._candidate(trial), notes={"trial": trial["tid"]})
            for trial in self._asked
        ]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell how the last batch did, and save it.

        What was not evaluated is asked for again.
        """
        known = {outcome.notes["trial"]: outcome for outcome in outcomes}
        for trial in self._asked:
            if (outcome := known.get(trial["tid"])) is not None:
                self._tell(trial, outcome)
        if self._asked:
            self.trials.refresh()
            self._save()
        self._asked = []

    def tell_rest(self, outcomes: Sequence[Outcome]) -> None:
        """Tell how a batch did that had not been told of when the search ended.

        Parameters
        ----------
        outcomes : sequence of Outcome
            The candidates that were finished.
        """
        self.tell(outcomes)

    def _tell(self, trial: dict[str, Any], outcome: Outcome) -> None:
        score = self.score(outcome)
        result = {"status": self.hyperopt.STATUS_OK, "loss": -score}
        if math.isnan(score):
            result = {"status": self.hyperopt.STATUS_FAIL}
        if self.goes_on and outcome.cut_short:
            result[CUT] = True
        result |= {RESULTS: write_outcome(outcome), **self._marks(outcome.params)}
        trial["result"] = result
        trial["state"] = self.hyperopt.JOB_STATE_DONE

    def _marks(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Say which candidate a trial is, and from what it is made."""
        origin = {} if self.origin is None else {ORIGIN: self.origin.prints}
        return {PARAMS: fingerprint(params), **origin}

    def _reopen(self) -> None:
        """Have those trials asked for again that are to be gone on with."""
        for trial in self.trials.trials:
            if CUT in trial["result"]:
                kept = {name: trial["result"][name] for name in (PARAMS, ORIGIN)}
                trial["result"] = {"status": self.hyperopt.STATUS_NEW, **kept}
                trial["state"] = self.hyperopt.JOB_STATE_NEW

    def _cut_off(self) -> list[dict[str, Any]]:
        """Find the trials of a batch that was cut off before they were evaluated."""
        return [
            trial
            for trial in self.trials.trials
            if trial["state"] == self.hyperopt.JOB_STATE_NEW
            and PARAMS in trial["result"]
        ]

    def _save(self) -> None:
        if self.path is None:
            return
        try:
            save_trials(self.trials, self.path)
        except OSError as error:
            is_known, self._has_failed = self._has_failed, True
            if not is_known:
                warnings.warn(
                    f"Trials cannot be saved in {str(self.path)!r}: {error}. The "
                    "search goes on, but will have to begin anew if it is cut off.",
                    StoreWarning,
                    stacklevel=2,
                )

    def _new(self, number: int) -> dict[str, Any]:
        [tid] = self.trials.new_trial_ids(1)
        [seed] = SeedSequence([self.seed, number]).generate_state(1).tolist()
        [doc] = self.algorithm([tid], self.domain, self.trials, seed % 2**31)
        # Whatever ends the search from here on, it is known which trial is its own.
        doc["result"] |= self._marks(self._candidate(doc))
        self.trials.insert_trial_docs([doc])
        self.trials.refresh()
        trial: dict[str, Any] = self.trials.trials[-1]
        return trial

    def _candidate(self, trial: dict[str, Any]) -> dict[str, Any]:
        drawn = {name: v[0] for name, v in trial["misc"]["vals"].items() if len(v)}
        chosen = self.hyperopt.space_eval(self.expression, drawn)
        return self.spaces[chosen["number"]].from_hyperopt(chosen["drawn"])


def _prefix(number: int, spaces: Sequence[SearchSpace]) -> str:
    # To Hyperopt, another domain is another parameter.
    return f"space {number}: " if len(spaces) > 1 else ""


def _nothing(_: object) -> None:
    """Stand in the place of an objective, which Hyperopt does not call here."""
