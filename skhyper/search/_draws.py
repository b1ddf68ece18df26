"""Trials of Hyperopt, evaluated a batch at a time."""

import hashlib
import json
import math
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from numpy.random import SeedSequence

from skhyper._files import write_whole
from skhyper._identity import fingerprint
from skhyper.exceptions import StoreWarning
from skhyper.search._candidate import Ask, Outcome
from skhyper.search._origin import Origin
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._warm import Known
from skhyper.search._written import read_outcome, write_outcome
from skhyper.spaces import SearchSpace
from skhyper.spaces._hyperopt import drawn_as

__all__ = ["Draws", "load_trials"]

# Where a trial keeps what is known of its candidate, which one that is and from what it
# was made, and that it is of another search.
RESULTS, PARAMS = "skhyper:results", "skhyper:params"
ORIGIN, TOLD = "skhyper:origin", "skhyper:told"


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
        self.n_evaluations = max(n_iter - self._n_known(), 0)
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
                self._tell(vals, -score)

    def _tell(self, vals: dict[str, list[Any]], loss: float) -> None:
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
        n_known = self._n_known()
        n_batch = self.n_points - n_known % self.n_points
        n_new = min(n_batch, self.n_iter - n_known)
        self._asked = []
        while len(self._asked) < n_new and self._stopwatch.has_time():
            with self._stopwatch.running():
                self._asked.append(self._new(n_known + len(self._asked)))
        return [
            Ask(self._candidate(trial), notes={"trial": trial["tid"]})
            for trial in self._asked
        ]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell how the last batch did, and save it."""
        for trial, outcome in zip(self._asked, outcomes, strict=True):
            score = self.score(outcome)
            result = {"status": self.hyperopt.STATUS_OK, "loss": -score}
            if math.isnan(score):
                result = {"status": self.hyperopt.STATUS_FAIL}
            result |= {
                RESULTS: write_outcome(outcome),
                PARAMS: fingerprint(outcome.params),
            }
            if self.origin is not None:
                result[ORIGIN] = self.origin.prints
            trial["result"] = result
            trial["state"] = self.hyperopt.JOB_STATE_DONE
        self.trials.refresh()
        is_cut = any(outcome.cut_short for outcome in outcomes)
        if self.path is not None and not (self.goes_on and is_cut):
            _save(self.trials, self.path)

    def _new(self, number: int) -> dict[str, Any]:
        [tid] = self.trials.new_trial_ids(1)
        [seed] = SeedSequence([self.seed, number]).generate_state(1).tolist()
        docs = self.algorithm([tid], self.domain, self.trials, seed % 2**31)
        self.trials.insert_trial_docs(docs)
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


def load_trials(hyperopt: ModuleType, path: Path) -> Any:
    """Load the trials that a search has saved.

    Parameters
    ----------
    hyperopt : module
        Hyperopt.
    path : Path
        The file.

    Returns
    -------
    trials : hyperopt.Trials
        Without any if there is no file, or it is damaged.

    Raises
    ------
    ValueError
        If it is a file of something else, or one cannot be written there.

    Warns
    -----
    StoreWarning
        If it is damaged.
    """
    trials = hyperopt.Trials()
    rule = "The 'trials' parameter of HyperoptSearchCV must be"
    if not path.parent.is_dir():
        raise ValueError(
            f"{rule} a file in a folder that exists. Got {str(path)!r}. Make the "
            f"folder {str(path.parent)!r}, or name a file in another."
        )
    if path.is_dir():
        raise ValueError(
            f"{rule} a file. Got the folder {str(path)!r}. Name a file in it, such as "
            f"{str(path / 'trials.json')!r}."
        )
    if not path.exists():
        return trials
    content = path.read_text(errors="replace")
    digest, _, text = content.partition("\n")
    if content and not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(
            f"{rule} a file that such a search has written, or none that exists. Got "
            f"{str(path)!r}, which is a file of something else. Name another; a Trials "
            "object that was pickled there is to be loaded and given itself."
        )
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        warnings.warn(
            f"{str(path)!r} is damaged and is not used: its checksum is wrong. The "
            "search begins anew, and the file is written over.",
            StoreWarning,
            stacklevel=2,
        )
        return trials
    docs = [
        hyperopt.base.Trials.new_trial_docs(
            trials, [misc["tid"]], [None], [result], [misc]
        )[0]
        for misc, result in json.loads(text)
    ]
    for doc in docs:
        doc["state"] = hyperopt.JOB_STATE_DONE
    trials.insert_trial_docs(docs)
    trials.refresh()
    return trials


def _save(trials: Any, path: Path) -> None:
    """Write trials to a file, with a checksum in its first line."""
    pairs = [[trial["misc"], trial["result"]] for trial in trials.trials]
    text = json.dumps(pairs, default=_plain)
    digest = hashlib.sha256(text.encode()).hexdigest()
    write_whole(path, f"{digest}\n{text}".encode())


def _plain(value: Any) -> Any:
    """Turn a number or an array of numpy into what JSON knows."""
    return value.tolist()
