"""What became of runs that were handed in: which were stacked, which were not."""

import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skhyper.exceptions import FusionWarning

__all__ = [
    "MET_NOBODY",
    "MET_NO_LIKE",
    "Report",
    "Training",
    "report_here",
    "report_in_force",
    "tell_reports",
]

# Reasons to be trained alone that do not lie in the run itself. The first is nobody's
# choice, unless a limit has kept others away.
MET_NOBODY = "it met no other run"
MET_NO_LIKE = "no other run has its structure and kind of rows"
LIMITS = {
    limit: f"{limit} lets too few runs meet"
    for limit in ("pre_dispatch", "max_tasks", "memory")
}

# What to do where a limit has kept runs from each other.
REMEDIES = {
    "pre_dispatch": "Raise pre_dispatch; its default, '2*n_jobs', is enough.",
    "max_tasks": "Raise it: joblib.parallel_config('fused', max_tasks=...).",
    "memory": (
        "Raise it above half of what is free, its default, or use fewer rows: "
        "joblib.parallel_config('fused', memory=...)."
    ),
}

COLUMNS = {
    "group": "int64",
    "lanes": "int64",
    "structure": "object",
    "tile": "int64",
    "seconds": "float64",
    "lane_steps_per_second": "float64",
    "reason": "object",
}


class Report:
    """Tells how the networks were trained that are fitted while it is in force.

    Attributes
    ----------
    n_runs : int
        Runs that it has heard of.
    limit : str or None
        The argument of the backend that has kept others from the latest meeting.

    Examples
    --------
    >>> import joblib
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from skhyper import MLPClassifier
    >>> from skhyper.fused import Report, report_in_force
    >>> X, y = load_iris(return_X_y=True)
    >>> report = Report()
    >>> with report_in_force(report), joblib.parallel_config("fused", n_jobs=1):
    ...     scores = cross_val_score(MLPClassifier((8,), max_epochs=2), X, y)
    >>> report.frame()[["group", "lanes", "structure"]]
       group  lanes                                structure
    0      0      5  MLP 4-8-3 relu, adam, batch 64, float64
    """

    def __init__(self) -> None:
        self.n_runs = 0
        self.limit: str | None = None
        self._n_groups = 0
        self._n_looked_at = 0
        self._rows: list[dict[str, Any]] = []

    def add_group(self, trainings: Sequence["Training"]) -> None:
        """Add what has come of one meeting.

        Parameters
        ----------
        trainings : sequence of Training
            Those of them that trained a run of this report.
        """
        for tile, training in enumerate(trainings):
            self.n_runs += training.reports.count(self)
            self._rows.append(
                {
                    "group": self._n_groups,
                    "lanes": len(training.reports),
                    "structure": training.structure,
                    "tile": tile,
                    "seconds": training.seconds,
                    "lane_steps_per_second": training.n_steps / training.seconds,
                    "reason": training.reason,
                    "limit": self.limit,
                }
            )
        self._n_groups += 1

    def take(self, other: "Report") -> None:
        """Add what another report has heard of, such as that of a worker.

        Parameters
        ----------
        other : Report
            It hears of runs that this one does not hear of.
        """
        self.n_runs += other.n_runs
        self._rows += [
            {**row, "group": row["group"] + self._n_groups} for row in other._rows
        ]
        self._n_groups += other._n_groups

    def look_back(self, n_tasks: int, n_at_once: int) -> None:
        """Find the runs of a call that were kept apart, and give that as their reason.

        They could have been stacked with each other had they met. A single one is what
        is left over, and the runs of a single task may follow each other.

        Parameters
        ----------
        n_tasks : int
            Tasks of the call that has just ended.
        n_at_once : int
            Those of them that were handed out before any had ended.
        """
        rows = [
            row
            for row in self._rows[self._n_looked_at :]
            if row["reason"] in (MET_NOBODY, MET_NO_LIKE)
        ]
        self._n_looked_at = len(self._rows)
        alike = Counter(row["structure"] for row in rows)
        held_back = "pre_dispatch" if n_at_once < n_tasks else None
        for row in rows:
            limit = row["limit"] or held_back
            if limit and n_tasks > 1 and alike[row["structure"]] > 1:
                row["reason"] = LIMITS[limit]

    def warn(self, who: str, see: str = "", *, stacklevel: int = 1) -> None:
        """Warn if runs were trained alone that need not have been, and say what to do.

        A run that was the only one at its time had nothing to be stacked with, like
        each of a Bayesian search that asks for one point and has one split: no fault of
        anyone. One that was kept from others by `pre_dispatch` or by a limit of the
        backend had.

        Parameters
        ----------
        who : str
            Whose runs they were.
        see : str, default=""
            Where there is more about it.
        stacklevel : int, default=1
            As of ``warnings.warn``; 1 is the caller's line.

        Warns
        -----
        FusionWarning
            Once, with the number of such runs and the reasons.
        """
        reasons = self.reasons()
        if not reasons:
            return
        parts = (f"{count} because {why}" for why, count in reasons.most_common())
        remedies = (REMEDIES[limit] for limit in LIMITS if LIMITS[limit] in reasons)
        message = (
            f"{who}: {reasons.total()} of {self.n_runs} fits were trained one after "
            f"the other: {', '.join(parts)}."
        )
        text = " ".join(filter(None, [message, *remedies, see]))
        warnings.warn(text, FusionWarning, stacklevel=stacklevel + 1)

    def reasons(self) -> Counter[str]:
        """Count the runs that were trained alone although others were there.

        Returns
        -------
        counts : Counter of str
            Runs by the reason why they were not stacked, but for those that could meet
            no other.
        """
        reasons = (row["reason"] for row in self._rows)
        return Counter(r for r in reasons if r not in (None, MET_NOBODY))

    def frame(self) -> pd.DataFrame:
        """Show it as a table.

        Returns
        -------
        frame : DataFrame
            One row for each tile, the runs that are trained at once, or run that is
            trained alone: ``group`` counts the meetings, ``lanes`` the runs in the
            tile, those of others that have met with them included, and ``tile`` the
            tiles of a group; ``structure`` says what was trained on what kind of rows,
            in the same words for all that can be stacked, ``seconds`` for how long,
            ``lane_steps_per_second`` how many steps the lanes took together (NaN
            if a run failed that was trained alone), and ``reason`` why a run was
            trained alone (None for those that were stacked).
        """
        frame = pd.DataFrame(self._rows, columns=list(COLUMNS), dtype=object)
        return frame.astype(COLUMNS)


@dataclass(frozen=True)
class Training:
    """Runs that were trained at once: the lanes of a tile, or one run alone.

    Parameters
    ----------
    reports : tuple of (Report or None)
        The report of each run.
    structure : str
        What was trained.
    seconds : float
        For how long.
    n_steps : float
        Steps of the runs, added up; NaN if that is not known.
    reason : str or None
        Why a run was trained alone; None for those that were stacked.
    """

    reports: tuple[Report | None, ...]
    structure: str
    seconds: float
    n_steps: float
    reason: str | None


def tell_reports(trainings: Sequence[Training]) -> None:
    """Add what has come of one meeting to the reports of all runs.

    Parameters
    ----------
    trainings : sequence of Training
        What was trained.
    """
    reports = {report for training in trainings for report in training.reports}
    for report in reports:
        if report is not None:
            report.add_group([t for t in trainings if report in t.reports])


class _Here(threading.local):
    report: Report | None = None


_here = _Here()


def report_here() -> Report | None:
    """Give the report that is in force in this thread.

    Returns
    -------
    report : Report or None
        The report; None if there is none.
    """
    return _here.report


@contextmanager
def report_in_force(report: Report | None) -> Iterator[None]:
    """Let a report hear of the fits of this thread, and of the tasks it submits.

    Parameters
    ----------
    report : Report or None
        The report, in the place of one that is in force; None for none.

    Yields
    ------
    None
        Nothing.
    """
    before, _here.report = _here.report, report
    try:
        yield
    finally:
        _here.report = before
