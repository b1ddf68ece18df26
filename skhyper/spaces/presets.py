"""Ready-made search spaces for the estimators, each range with its source.

A preset is a :class:`~skhyper.spaces.Preset`: a search space with a name, and with a
twin for convolutional nets where they differ. ``presets.dropout`` and
``presets.get("dropout")`` are the same; searches take the name alone.

Ranges that no publication fixed are marked as our own choice. Learning rates that were
tuned under another parametrization of the weights [4]_ are not taken over.

No preset sets ``max_epochs``: how long to train is the estimator's to say. The nets of
[1]_ and [2]_ train until their patience is spent, those of [3]_ for 105 epochs.

References
----------
Gorishniy et al. 2021 is [1]_, Gorishniy et al. 2024 is [2]_, Kadra et al. 2021 is [3]_,
in the ranges of the code published with each; pytabkit is the code of [4]_.

.. [1] Y. Gorishniy, I. Rubachev, V. Khrulkov and A. Babenko, "Revisiting Deep Learning
   Models for Tabular Data", Advances in Neural Information Processing Systems 34, 2021.
   https://arxiv.org/abs/2106.11959
.. [2] Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: Advancing Tabular Deep
   Learning with Parameter-Efficient Ensembling", International Conference on Learning
   Representations, 2025. https://arxiv.org/abs/2410.24210
.. [3] A. Kadra, M. Lindauer, F. Hutter and J. Grabocka, "Well-tuned Simple Nets Excel
   on Tabular Datasets", Advances in Neural Information Processing Systems 34, 2021.
   https://arxiv.org/abs/2106.11189
.. [4] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
   Pre-Tuned MLPs and Boosted Trees on Tabular Data", Advances in Neural Information
   Processing Systems 37, 2024. https://arxiv.org/abs/2407.04491
"""

import pandas as pd

from skhyper.exceptions import did_you_mean
from skhyper.spaces import _literature, _tables
from skhyper.spaces._preset import Preset

__all__ = [
    "architecture",
    "describe",
    "dropout",
    "early_stopping",
    "full",
    "get",
    "gorishniy2021",
    "kadra2021",
    "names",
    "normalizer",
    "optimizer",
    "quick",
    "regularization",
    "scheduler",
    "tabm2024",
]

_BY_NAME = {preset.name: preset for preset in (*_tables.PRESETS, *_literature.PRESETS)}

architecture = _BY_NAME["architecture"]
dropout = _BY_NAME["dropout"]
early_stopping = _BY_NAME["early_stopping"]
full = _BY_NAME["full"]
gorishniy2021 = _BY_NAME["gorishniy2021"]
kadra2021 = _BY_NAME["kadra2021"]
normalizer = _BY_NAME["normalizer"]
optimizer = _BY_NAME["optimizer"]
quick = _BY_NAME["quick"]
regularization = _BY_NAME["regularization"]
scheduler = _BY_NAME["scheduler"]
tabm2024 = _BY_NAME["tabm2024"]


def names() -> list[str]:
    """List the names of all presets.

    Returns
    -------
    names : list of str
        The names.

    Examples
    --------
    >>> from skhyper.spaces import presets
    >>> presets.names()[:3]
    ['quick', 'regularization', 'dropout']
    """
    return list(_BY_NAME)


def get(name: str) -> Preset:
    """Find a preset by its name.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    preset : Preset
        The preset.

    Raises
    ------
    ValueError
        If there is no such preset.

    Examples
    --------
    >>> from skhyper.spaces import presets
    >>> list(presets.get("optimizer"))
    ['optimizer', 'lr', 'momentum', 'nesterov']
    """
    if name not in names():
        raise ValueError(
            f"The name of a preset must be one of {names()!r}. "
            f"Got {name!r}.{did_you_mean(name, names())}"
        )
    return _BY_NAME[name]


def describe() -> pd.DataFrame:
    """Tabulate all presets with their sources.

    Returns
    -------
    table : pandas.DataFrame
        One row per parameter with the columns ``preset``, ``family`` ("mlp", "cnn", or
        "both" where the two agree), ``parameter`` (each case of a Switch by itself),
        ``domain``, ``default`` and ``source``.

    Examples
    --------
    >>> from skhyper.spaces import presets
    >>> table = presets.describe()
    >>> table.loc[table["preset"] == "dropout", ["parameter", "domain"]].values
    array([['dropout', 'Float(0.0, 0.5, zero=True)']], dtype=object)
    """
    tables = [preset.describe() for preset in _BY_NAME.values()]
    return pd.concat(tables, ignore_index=True)
