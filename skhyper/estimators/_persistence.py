"""A fitted estimator in one file, without pickle."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Self

import sklearn
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from skhyper._encoding import Encoder, decode
from skhyper._version import __version__
from skhyper.estimators._archive import read_archive, write_archive
from skhyper.training import (
    Knobs,
    NetState,
    Outcome,
    Recipe,
    StopReason,
    Structure,
    restore_net,
)
from skhyper.training.alone import outcome_of
from skhyper.training.net import Net, device_here

__all__ = ["Persistent", "VersionWarning"]

FORMAT = 1
DTYPES = {"float32": torch.float32, "float64": torch.float64}
# Stands in the file as the net's state, from which it is made again.
REBUILT = ("_net_recipe", "_outcome")


class VersionWarning(InconsistentVersionWarning):
    """Warning about an estimator that other versions have stored.

    Parameters
    ----------
    estimator_name : str
        The estimator's class.
    stored : mapping of str to str
        Version of each package when it was stored.
    current : mapping of str to str
        Version of each package now.
    """

    def __init__(
        self, estimator_name: str, stored: Mapping[str, str], current: Mapping[str, str]
    ) -> None:
        super().__init__(
            estimator_name=estimator_name,
            current_sklearn_version=current["scikit-learn"],
            original_sklearn_version=stored["scikit-learn"],
        )
        self.stored = stored
        self.current = current

    def __str__(self) -> str:
        before, now = (
            " and ".join(f"{name} {versions[name]}" for name in ("skhyper", "torch"))
            for versions in (self.stored, self.current)
        )
        return (
            f"This {self.estimator_name} was stored by {before}, and this is {now}. "
            "Its predictions may differ; check them, or fit it again."
        )


class Persistent(BaseEstimator):
    """Base class of estimators that are stored as a file or a pickle."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a file.

        The file holds the arguments, what was learned, and the net with its
        optimizer and its schedule, but no training data. It appears under its
        name when it is complete; until then, a file that was there before stays.

        Parameters
        ----------
        path : str or path-like
            Where to write. An existing file is replaced.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If an argument or a learned attribute is not made of None, bool, int,
            float, str, numpy's scalars and arrays, tuples, lists and dicts, such
            as a callback; all of them are named.
        OSError
            If the file cannot be written.

        See Also
        --------
        load : Read such a file.

        Notes
        -----
        The file is an archive of ``numpy.savez``: the tensors, and as ``document``
        a text in JSON. The archive's comment is the SHA-256 of all bytes before
        it.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from sklearn.datasets import load_iris
        >>> from skhyper import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = MLPClassifier(max_epochs=5, random_state=0).fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     net.save(Path(folder) / "iris.npz")
        ...     again = MLPClassifier.load(Path(folder) / "iris.npz")
        >>> bool((again.predict_proba(X) == net.predict_proba(X)).all())
        True
        """
        check_is_fitted(self)
        parameters = self.get_params(deep=False)
        learned = {
            name: value
            for name, value in vars(self).items()
            if name not in parameters and name not in REBUILT
        }
        content = Encoder()
        state = {
            "format": FORMAT,
            "class": type(self).__name__,
            "versions": _versions(),
            "parameters": content.encode_each(parameters),
            "learned": content.encode_each(learned),
            "net": content.encode_each(_net_state(self._net_recipe, self.net_)),
        }
        if content.refused:
            raise ValueError(
                f"{type(self).__name__}.save keeps None, bool, int, float, str, "
                "numpy's scalars and arrays, and tuples, lists and dicts of them. Got "
                f"{', '.join(content.refused)}. Set such arguments to None with "
                "set_params, which leaves the trained net as it is, or use pickle for "
                "files that nobody else can write."
            )
        write_archive(Path(path), state, content.arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator that `save` has written.

        Nothing in the file is executed, and none of it is used before its
        checksum was found to be right. That tells damage; whether a file is from
        somebody you trust, it does not tell.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        estimator : estimator
            The fitted estimator. On the same device it predicts the same bits,
            and `partial_fit` goes on where it was. It lies on the device it was
            trained on if this machine has it, else on the CPU. Callbacks are not
            part of it.

        Raises
        ------
        ValueError
            If the file is damaged, holds something else or an estimator of
            another class.
        OSError
            If the file cannot be read.

        Warns
        -----
        InconsistentVersionWarning
            If another version of skhyper or torch has written the file.

        See Also
        --------
        save : Write such a file, with an example.
        """
        state, arrays = read_archive(Path(path), f"{cls.__name__}.save")
        if state["format"] != FORMAT:
            raise ValueError(
                f"{str(path)!r} must be of the format {FORMAT}, which this version of "
                f"skhyper reads. Got the format {state['format']}; install skhyper "
                f"{state['versions']['skhyper']}."
            )
        if state["class"] != cls.__name__:
            raise ValueError(
                f"{str(path)!r} holds a {state['class']}. Got {cls.__name__}.load; use "
                f"{state['class']}.load instead."
            )
        _compare_versions(cls.__name__, state["versions"])
        parameters, learned, net = (
            {key: decode(value, arrays) for key, value in state[part].items()}
            for part in ("parameters", "learned", "net")
        )
        estimator = cls(**parameters)
        estimator.__dict__.update(learned)
        module, _ = estimator._module()
        outcome, recipe = _outcome(
            net, module, estimator.best_epoch_, estimator.stop_reason_
        )
        return estimator._adopt(outcome, recipe)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_versions": _versions()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        _compare_versions(type(self).__name__, state.pop("_versions"))
        super().__setstate__(state)
        if "_outcome" in state:
            self.device_ = self._outcome.net.device


def _versions() -> dict[str, str]:
    # What follows a plus sign names a build for one device, not a version.
    return {
        "skhyper": __version__,
        "torch": torch.__version__.split("+")[0],
        "scikit-learn": sklearn.__version__,
    }


def _compare_versions(name: str, stored: Mapping[str, str]) -> None:
    current = _versions()
    if any(stored[package] != current[package] for package in ("skhyper", "torch")):
        warnings.warn(VersionWarning(name, stored, current), stacklevel=3)


def _net_state(recipe: Recipe, net: Net) -> dict[str, Any]:
    """Say in plain values and tensors how to make a net again."""
    knobs = recipe.knobs
    schedule = dict(net.callbacks_).get("schedule")
    if schedule is not None:
        # All its arguments, as those left open depended on the training rows.
        knobs = replace(knobs, scheduler_params=tuple(schedule.kwargs.items()))
    structure = {**_values(recipe.structure), "device": net.device}
    del structure["module"]
    structure["dtype"] = str(structure["dtype"]).removeprefix("torch.")
    return {
        "structure": structure,
        "knobs": _values(knobs),
        "verbose": recipe.verbose,
        "history": list(net.history),
        "validated": any("valid_loss" in row for row in net.history),
        "module": dict(net.module_.state_dict()),
        "optimizer": net.optimizer_.state_dict(),
        "schedule": None if schedule is None else schedule.__getstate__()["state_"],
    }


def _values(record: Structure | Knobs) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _outcome(
    state: dict[str, Any], module: type[torch.nn.Module], best_epoch: int, reason: str
) -> tuple[Outcome, Recipe]:
    """Make a net again, as the outcome of its recipe."""
    values = state["structure"]
    structure = Structure(
        **{
            **values,
            "module": module,
            "dtype": DTYPES[values["dtype"]],
            "device": device_here(values["device"]),
        }
    )
    recipe = Recipe(structure, Knobs(**state["knobs"]), verbose=state["verbose"])
    net = restore_net(
        recipe,
        NetState(
            history=state["history"],
            is_validated=state["validated"],
            module=state["module"],
            optimizer=state["optimizer"],
            schedule=state["schedule"],
            best_epoch=best_epoch,
        ),
    )
    return outcome_of(net, StopReason(reason)), recipe
