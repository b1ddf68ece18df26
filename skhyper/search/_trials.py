"""Trials of an Optuna study, evaluated a batch at a time."""

import math
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import ModuleType
from typing import Any

from skhyper._optuna import add_running, begin, complete, enqueue_again, stoppable
from skhyper.search._candidate import Ask, Outcome, put_in_order
from skhyper.search._origin import Origin
from skhyper.search._ownership import (
    HERE,
    PROCESS,
    has_asked,
    is_left_behind,
    process_of,
)
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._study import is_in_space, replay
from skhyper.search._told import add_told, is_told
from skhyper.search._written import read_outcome, write_outcome

__all__ = ["Trials"]

# What is noted of a trial, from what it is made and what came of it; and of a study,
# which trials were left behind.
ORIGIN, RESULTS, REDONE = "skhyper:origin", "skhyper:results", "skhyper:redone"

# The place of a trial among all of a search, by which the sampler is made ready, and
# the number of the trial of which it is another try.
PLACE, AGAIN = "skhyper:place", "skhyper:again"

# Of two threads that ask a database at once, both may be given the same trial.
TAKING = threading.Lock()


class Trials:
    """Asks a study for trials, and tells it what came of them.

    The results are kept in the study too, so that one is gone on with that another
    process has begun: its trials count, and those that a process of this machine has
    left behind when it ended are evaluated.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    suggest : callable
        Gives the candidate that a trial suggests.
    prepare : callable
        Called with the number of trials before a new one is asked for; tells whether
        what it then suggests depends on that alone.
    n_iter : int
        Trials of the study, those included that it has.
    n_points : int
        How many to ask for at once.
    scores : callable
        Gives the values of an outcome, one for each direction of the study.
    epochs : sequence of int, default=()
        Epochs after which the study may prune a trial, the last of them its end; empty
        where it prunes none.
    goes_on : bool, default=False
        Whether trials for which the time was up are left to be gone on with.
    known : iterable of (dict, list of float), default=()
        What Optuna keeps of the candidates of another search, and their values; they
        are added when the study is joined.
    """

    def __init__(
        self,
        optuna: ModuleType,
        study: Any,
        suggest: Callable[[Any], dict[str, Any]],
        prepare: Callable[[int], bool],
        n_iter: int,
        n_points: int,
        scores: Callable[[Outcome], list[float]],
        epochs: Sequence[int] = (),
        goes_on: bool = False,
        known: Iterable[tuple[dict[str, Any], list[float]]] = (),
    ) -> None:
        self.optuna = optuna
        self.study = study
        self.suggest = suggest
        self.prepare = prepare
        self.n_iter = n_iter
        self.n_points = n_points
        self.scores = scores
        self.epochs = epochs
        self.goes_on = goes_on
        self.known = known
        self.n_evaluations = None
        self.origin: Origin | None = None
        self._name = secrets.token_hex(8)
        self._asked: list[tuple[Any, Ask]] = []
        self._going_on: list[tuple[Any, Ask]] = []
        self._redone: set[int] = set()
        self._left: dict[int, Any] = {}
        self._is_stopped = False
        self._stopwatch = Stopwatch()

    @contextmanager
    def joined(self, origin: Origin) -> Iterator[None]:
        """Take up what was left behind, and let others know that this search runs.

        Parameters
        ----------
        origin : Origin
            What the trials are made from.

        Raises
        ------
        ValueError
            If the study has trials that were made from something else.
        """
        self.origin = origin
        self._check_origin(thoroughly=True)
        HERE.add(self._name)
        try:
            with TAKING:
                for trial in filter(is_left_behind, self._trials()):
                    self._do_over(trial)
            self._redone = set(self.study.user_attrs.get(REDONE, []))
            add_told(self.optuna, self.study, self.known, self.suggest)
            yield
        finally:
            HERE.discard(self._name)

    def _check_origin(self, *, thoroughly: bool = False) -> None:
        """Refuse a study with trials of others, which may have joined it meanwhile."""
        if self.origin is not None:
            own = [trial for trial in self._trials() if ORIGIN in trial.user_attrs]
            others = [trial.user_attrs[ORIGIN] for trial in own]
            fits = partial(is_in_space, self.optuna, self.suggest)
            in_space = not thoroughly or all(map(fits, filter(has_asked, own)))
            self.origin.check(others, in_space=in_space)

    def front(self) -> set[int]:
        """Find the trials than which none is better, those of another search aside.

        Returns
        -------
        front : set of int
            The numbers.
        """
        study, trials = self.study, self._trials()
        own = [trial for trial in trials if not is_told(trial)]
        if len(own) < len(trials) or self._left:
            # Optuna knows best what is better, by the constraints of a sampler too.
            study = self.optuna.create_study(directions=study.directions)
            study.add_trials(self._left.get(trial.number, trial) for trial in own)
        return {own[trial.number].number for trial in study.best_trials}

    def add_finished(self, outcomes: list[Outcome], n_splits: int) -> None:
        """Add the candidates that the study knows besides: from before, or of others.

        Parameters
        ----------
        outcomes : list of Outcome
            All candidates so far, to which those are added that were evaluated on as
            many splits. They are brought into the order of their places.
        n_splits : int
            Splits of the search.
        """
        self._check_origin(thoroughly=True)
        own = {outcome.notes["trial"] for outcome in outcomes}
        trials = self._trials()
        for trial in trials:
            text = trial.user_attrs.get(RESULTS)
            if trial.number in own or text is None or not self._counts(trial):
                continue
            _, params = replay(self.optuna, self.suggest, trial.params)
            outcome = read_outcome(text, params, n_splits, len(outcomes))
            if outcome is not None:
                outcomes.append(outcome)
        put_in_order(outcomes, {one.number: _place(one) for one in trials}.__getitem__)

    def ask(self) -> list[Ask]:
        """Return those that go on, and new ones, as many as are evaluated at once."""
        self._check_origin()
        self._asked, self._going_on = self._going_on, []
        while len(self._asked) < self.n_points and self._may_go_on():
            # Others may have begun some meanwhile.
            n_known = sum(map(self._counts, self._trials()))
            if n_known >= self.n_iter:
                break
            with self._stopwatch.running(), stoppable(self.study) as is_stopped:
                self._asked.append(self._new(n_known))
                self._is_stopped = self._is_stopped or is_stopped()
            if (n_known + 1) % self.n_points == 0:
                # A batch that was cut off is completed, so that the next one knows as
                # much as if it had not been.
                break
        self._asked.sort(key=lambda pair: _place(pair[0]))
        return [ask for _, ask in self._asked]

    def _may_go_on(self) -> bool:
        return not self._is_stopped and self._stopwatch.has_time()

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell how the last batch did; `tell_rest` goes on if this is cut off."""
        for (trial, ask), outcome in zip([*self._asked], outcomes, strict=True):
            self._tell_one(trial, ask, outcome)
            del self._asked[0]

    def tell_rest(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the study of the last batch what was finished when the search ended.

        Parameters
        ----------
        outcomes : sequence of Outcome
            The candidates that were finished.
        """
        known = {outcome.notes["trial"]: outcome for outcome in outcomes}
        for trial, ask in self._asked:
            outcome = known.get(trial.number)
            if outcome and outcome.notes.get("rung") == ask.notes.get("rung"):
                self._tell_one(trial, ask, outcome)

    def _tell_one(self, trial: Any, ask: Ask, outcome: Outcome) -> None:
        try:
            self._tell(trial, ask, outcome)
        except self.optuna.exceptions.UpdateFinishedTrialError:
            # One that waited may have been given to two processes: the first counts.
            outcome.legs.clear()

    def _end(self, trial: Any, name: str, values: Any = None) -> None:
        """Tell the study how a trial ended; the sampler may then stop the study."""
        state = self.optuna.trial.TrialState[name]
        with stoppable(self.study) as is_stopped:
            self.study.tell(trial, values, state=state, skip_if_finished=True)
            # As those do that try each candidate once.
            self._is_stopped = self._is_stopped or is_stopped()

    def _tell(self, trial: Any, ask: Ask, outcome: Outcome) -> None:
        values = self.scores(outcome)
        has_failed = any(map(math.isnan, values))
        if self.goes_on and outcome.cut_short and not has_failed:
            self._left[trial.number] = self.optuna.trial.create_trial(
                params=trial.params, distributions=trial.distributions, values=values
            )
            return
        trial.set_user_attr(RESULTS, write_outcome(outcome))
        is_last = ask.n_epochs is None or ask.n_epochs == self.epochs[-1]
        if has_failed:
            self._end(trial, "FAIL")
        elif is_last or outcome.cut_short:
            self._end(trial, "COMPLETE", values)
        else:
            trial.report(values[0], ask.n_epochs)
            if not trial.should_prune():
                self._going_on.append((trial, self._ask(trial, outcome)))
                return
            self._end(trial, "PRUNED")
        outcome.legs.clear()

    def _new(self, n_known: int) -> tuple[Any, Ask]:
        while True:
            # One that another process was given too, and has finished, is left to it.
            with suppress(self.optuna.exceptions.UpdateFinishedTrialError):
                return self._begin(n_known)

    def _begin(self, n_known: int) -> tuple[Any, Ask]:
        with TAKING:
            waiting = [one for one in self._trials() if one.state.name == "WAITING"]
            process = process_of(self._name, has_asked=False)
            if waiting:
                self.prepare(_place(waiting[0]))
                trial = self.study.ask()
                trial.set_user_attr(PROCESS, process)
            else:
                trial = self._add({PROCESS: process, PLACE: n_known})
        if self.origin is not None:
            trial.set_user_attr(ORIGIN, self.origin.prints)
        try:
            params = self.suggest(trial)
        except ValueError as error:
            if not waiting:
                raise
            self._end(trial, "FAIL")
            raise ValueError(
                f"Trial {trial.number} of the study, which was enqueued, must lie in "
                f"the space of the search: {error} The next fit goes on without it."
            ) from error
        trial.set_user_attr(PROCESS, process_of(self._name, has_asked=True))
        return trial, self._ask(trial, Outcome(params, 0))

    def _add(self, notes: dict[str, Any]) -> Any:
        """Begin a trial of which it is noted at any moment whose it is."""
        added = add_running(self.optuna, self.study, notes)
        # Other processes may have added some meanwhile, but none has the same number.
        before = (one for one in self._trials() if one.number < added.number)
        place = sum(map(self._counts, before))
        self.prepare(place)
        trial = begin(self.optuna, self.study, added)
        if place != notes[PLACE]:
            trial.set_user_attr(PLACE, place)
        return trial

    def _do_over(self, trial: Any) -> None:
        """Let a trial that was left behind be asked for again, as another one.

        Whatever ends this process meanwhile, the trial is neither lost nor doubled.
        """
        trials = self._trials()
        if not any(one.user_attrs.get(AGAIN) == trial.number for one in trials):
            params = trial.params
            if not trial.user_attrs[PROCESS]["has_asked"]:
                params = {}
                if not self.prepare(_place(trial)):
                    params = complete(self.optuna, self.study, trial, self.suggest)
            process = process_of(self._name, has_asked=False)
            notes = {AGAIN: trial.number, PLACE: _place(trial), PROCESS: process}
            enqueue_again(self.optuna, self.study, trial, params, notes)
        redone = self.study.user_attrs.get(REDONE, [])
        self.study.set_user_attr(REDONE, [*redone, trial.number])
        self.study.tell(trial.number, state=self.optuna.trial.TrialState.FAIL)

    def _ask(self, trial: Any, outcome: Outcome) -> Ask:
        """Ask for the next rung of a candidate, or for all of its epochs."""
        notes: dict[str, Any] = {"trial": trial.number}
        begun = outcome if outcome.results else None
        if not self.epochs:
            return Ask(outcome.params, notes=notes)
        rung = 0 if begun is None else outcome.notes["rung"] + 1
        n_epochs = self.epochs[rung]
        notes |= {"n_resources": n_epochs, "rung": rung}
        return Ask(outcome.params, begun, n_epochs, self.epochs[-1], notes)

    def _trials(self) -> list[Any]:
        trials: list[Any] = self.study.get_trials(deepcopy=False)
        return trials

    def _counts(self, trial: Any) -> bool:
        """Tell whether a trial is one of ``n_iter``: it runs, or has come to an end."""
        if not trial.state.is_finished() or trial.number in self._redone:
            return bool(trial.state == self.optuna.trial.TrialState.RUNNING)
        is_foreign = PROCESS not in trial.user_attrs and not is_told(trial)
        return RESULTS in trial.user_attrs or is_foreign


def _place(trial: Any) -> int:
    """Give the place of a trial; that of one of others is its number."""
    return trial.user_attrs.get(PLACE, trial.number)
