"""The rows of the table, and what each of them is to reach on a processor."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from measures import (
    Measured,
    Settings,
    compare,
    lane_seconds,
    peak_memory,
    share_of_products,
    single_fits,
)
from searches import digits, images, many_lanes, regularized, tiny

__all__ = ["EXPERIMENTS", "Experiment", "chosen_rows"]

BOTH = ("cpu", "cuda")


class Experiment(NamedTuple):
    """Rows that are measured together.

    Parameters
    ----------
    title : str
        What is measured.
    rows : mapping of str to str
        What each row is to reach on the first of the devices.
    measure : callable
        Called with the settings and the names of the rows.
    devices : sequence of str
        Where it is measured.
    """

    title: str
    rows: Mapping[str, str]
    measure: Callable[[Settings, Sequence[str]], Measured]
    devices: Sequence[str] = BOTH

    def rows_on(self, device: str) -> list[str]:
        """Give the rows that are measured on a device."""
        if device not in self.devices:
            return []
        # Scikit-learn's nets train on a processor only.
        return [row for row in self.rows if (device, row) != ("cuda", "scikit-learn")]

    def aim(self, row: str, device: str) -> str:
        """Give what a row is to reach on a device."""
        return self.rows[row] if device == self.devices[0] else ""


def compare_images(settings: Settings, others: Sequence[str]) -> Measured:
    """Compare searches of images, which come from a folder."""
    if settings.mnist is None:
        return Measured({}, "Left out: --mnist gives the folder of the images.")
    return compare(partial(images, folder=settings.mnist), settings, others)


EXPERIMENTS = {
    "digits": Experiment(
        "Grid search of 64-100-10 nets, SGD",
        {"skorch": ">= 15", "scikit-learn": ">= 4", "bare": ">= 4"},
        partial(compare, digits),
    ),
    "two-cores": Experiment(
        "The same with n_jobs=2, wall time",
        {"skorch": ">= 12"},
        partial(compare, digits, n_jobs=2, wall=True),
        devices=("cpu",),
    ),
    "tiny": Experiment(
        "Grid search of 20-32-2 nets, SGD",
        {"skorch": ">= 40", "bare": ">= 15", "scikit-learn": ">= 12"},
        partial(compare, tiny),
    ),
    "regularized": Experiment(
        "64-100-10 nets with dropout, batch norm, Adam and early stopping",
        {"skorch": ">= 10"},
        partial(compare, regularized),
    ),
    "eta": Experiment(
        "Time of the bare matrix products / time of our step",
        {"digits": ">= 0.6", "tiny": ">= 0.4", "wide": ">= 0.7"},
        share_of_products,
    ),
    "lanes": Experiment(
        "Time per lane / time per lane of 8 lanes",
        {"32": "<= 1", "128": "<= 1", "512": "<= 1"},
        lane_seconds,
    ),
    "cnn": Experiment(
        "Grid search of convolutional nets on images of 28 x 28 pixels",
        {"skorch": ">= 1.8"},
        compare_images,
    ),
    "500-fits": Experiment(
        "Time of a search of 500 fits / time of one fit of skorch",
        {"skorch": "<= 30"},
        single_fits,
    ),
    "memory": Experiment(
        "Peak memory of a search / that of a search of 50 candidates",
        {"200": "<= 1.2", "1000": "<= 1.2"},
        peak_memory,
        devices=("cpu",),
    ),
    "card": Experiment(
        "Grid search with 256 lanes at once, on the same card",
        {"skorch": ">= 100"},
        partial(compare, many_lanes),
        devices=("cuda",),
    ),
}


def chosen_rows(asked: Sequence[str] | None, device: str) -> list[str]:
    """Find rows by their names, or by those of their groups.

    Parameters
    ----------
    asked : sequence of str or None
        The names; None for all that the device has.
    device : {"cpu", "cuda"}
        The device.

    Returns
    -------
    rows : list of str
        Their full names.

    Raises
    ------
    ValueError
        If the device has no such row.
    """
    groups = {
        name: [f"{name}/{row}" for row in experiment.rows_on(device)]
        for name, experiment in EXPERIMENTS.items()
    }
    known = [row for rows in groups.values() for row in rows]
    chosen = []
    for name in known if asked is None else asked:
        found = groups.get(name) or [row for row in known if row == name]
        if not found:
            raise ValueError(
                f"there is no row {name!r} on {device}; the rows are {', '.join(known)}"
            )
        chosen += found
    return chosen
