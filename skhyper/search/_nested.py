"""The score of a search on rows that it has not seen."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.model_selection import cross_validate
from sklearn.utils.metadata_routing import get_routing_for_object

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.fused import Report, report_in_force
from skhyper.search._arguments import mistakes_in_scoring
from skhyper.search._base import BaseSearch
from skhyper.search._fit_arguments import check_fit_arguments
from skhyper.search._fusion import joblib_options
from skhyper.search._origin import goes_on
from skhyper.search._splits import mistakes_in_splits
from skhyper.search._target import Parameters

__all__ = ["nested_score"]


def nested_score(
    search: BaseSearchCV,
    X: Any,
    y: Any = None,
    *,
    outer: Any = 5,
    scoring: Any = None,
    params: dict[str, Any] | None = None,
    verbose: bool = True,
) -> dict[str, NDArray[Any]]:
    """Cross-validate a search, for a score that its own choice has not raised.

    The best score of a search is the highest of many, and so too high a guess for new
    rows [1]_. Here the whole search runs on the training rows of each outer fold, and
    what it chooses is scored on the others. The searches of all outer folds are trained
    together where one of them would be.

    Parameters
    ----------
    search : BaseSearchCV
        The search: one of this package, or another that extends scikit-learn's. It is
        cloned, and must refit. One that keeps its trials (``storage`` with
        ``study_name`` or ``name``, or ``trials``) cannot be nested: the outer folds
        would share them, and so know of the rows that they are scored on.
    X : array-like of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Target.
    outer : int, splitter or iterable, default=5
        Outer folds, as ``cv`` of scikit-learn's ``cross_validate``. Those inside are
        the search's own.
    scoring : str, callable, list, tuple or dict, default=None
        How to score what a search has chosen; None for its own ``score``, which goes by
        the metric that it has chosen by.
    params : dict of str to object, default=None
        As for ``cross_validate``: arguments of the search's ``fit`` and, with metadata
        routing, of the splitters and scorers. Without it, ``groups`` go to those of
        `outer` and the search's own splitter that take them.
    verbose : bool, default=True
        Whether to print the mean score, with its standard deviation over the outer
        folds, beside what the searches say of themselves.

    Returns
    -------
    scores : dict of str to ndarray of shape (n_outer,)
        What ``cross_validate`` returns: ``test_score``, or one for each metric,
        ``fit_time`` and ``score_time``, with the fitted searches as ``estimator``. In
        ``inner_score`` is what the search of each outer fold says of its choice, NaN
        if a callable has chosen by several metrics.

    Raises
    ------
    TypeError
        If `search` is no search, or its ``fit`` does not take an argument.
    ValueError
        If it does not refit, keeps its trials, or chooses by a callable of several
        metrics where `scoring` is None; if `outer` does not split, `scoring` names no
        metric, `params` is no dict or `verbose` no bool; if there are groups that no
        splitter takes; or whatever ``cross_validate`` or the search raises.

    See Also
    --------
    sklearn.model_selection.cross_validate : Scores any estimator.

    References
    ----------
    .. [1] G. C. Cawley and N. L. C. Talbot, "On over-fitting in model selection and
       subsequent selection bias in performance evaluation", Journal of Machine Learning
       Research 11, 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import MLPClassifier, RandomizedSearchCV, nested_score
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(max_epochs=20)
    >>> search = RandomizedSearchCV(net, "optimizer", n_iter=3, cv=3, random_state=0)
    >>> scores = nested_score(search, X, y, outer=3, verbose=False)
    >>> sorted(scores)
    ['estimator', 'fit_time', 'inner_score', 'score_time', 'test_score']
    """
    _check(search, outer, scoring, params, verbose)
    params, groups = _shares(search, outer, params or {})
    is_routed = get_config()["enable_metadata_routing"]
    if isinstance(search, BaseSearch):
        # What is wrong with it is told here once, and not by the search of each fold.
        if is_routed:
            search._validate_params()
        else:
            clone(search).plan(X, y, groups=params.get("groups"))
            check_fit_arguments(search, "fit", X, params)
    with _backend_of(search):
        scores = cross_validate(
            search,
            X,
            y,
            groups=groups,
            scoring=scoring,
            cv=outer,
            params=params,
            return_estimator=True,
        )
    searches = scores["estimator"]
    scores["inner_score"] = np.array([_inner_score(search) for search in searches])
    if verbose:
        print(_beside(scores, search))  # noqa: T201
    return scores


def _check(search: Any, outer: Any, scoring: Any, params: Any, verbose: Any) -> None:
    """Name all that is wrong with the arguments."""
    if not isinstance(search, BaseSearchCV):
        raise TypeError(
            "The 'search' parameter of nested_score must be a search, such as "
            f"RandomizedSearchCV. Got {search!r}. For an estimator take "
            "sklearn.model_selection.cross_validate."
        )
    mistakes = []
    if not search.refit:
        mistakes.append(
            "The 'search' parameter of nested_score must refit, as what it chooses is "
            f"scored. Got {type(search).__name__} with refit={search.refit!r}. Set "
            "refit=True or, under several metrics, to the name of one."
        )
    has_several = isinstance(search.scoring, list | tuple | set | dict)
    if scoring is None and has_several and callable(search.refit):
        mistakes.append(
            "The 'search' parameter of nested_score must have one metric to be scored "
            f"by. Got {type(search).__name__} with several metrics and a callable as "
            "refit. Give nested_score a scoring, or set refit to the name of a metric."
        )
    if isinstance(search, BaseSearch) and goes_on(search):
        got = ", ".join(f"{name}={getattr(search, name)!r}" for name in search.kept_by)
        mistakes.append(
            "The 'search' parameter of nested_score must not keep its trials, which "
            "the outer folds would share and so know of the rows that they are scored "
            f"on. Got {type(search).__name__} with {got}. Leave that out."
        )
    mistakes += mistakes_in_scoring("nested_score", scoring)
    if not (callable(scoring) or isinstance(scoring, str | list | tuple | dict | None)):
        mistakes.append(
            "The 'scoring' parameter of nested_score must be a str, callable, list, "
            f"tuple, dict or None. Got {scoring!r}."
        )
    if not isinstance(params, Mapping | None):
        mistakes.append(
            "The 'params' parameter of nested_score must be a dict of arguments of "
            f"fit, or None. Got {params!r}."
        )
    if not isinstance(verbose, np.bool_ | Integral):
        mistakes.append(
            f"The 'verbose' parameter of nested_score must be a bool. Got {verbose!r}."
        )
    is_count = Interval(Integral, 2, None, closed="left").is_satisfied_by(outer)
    is_splitter = hasattr(outer, "split") and hasattr(outer, "get_n_splits")
    splits = isinstance(outer, Iterable) or is_splitter
    if isinstance(outer, type):
        mistakes.append(
            "The 'outer' parameter of nested_score must be an int of at least 2, a "
            f"splitter or an iterable of splits. Got the class {outer.__name__}. Make "
            f"a splitter of it: {outer.__name__}()."
        )
    elif told := list(mistakes_in_splits("nested_score", "outer", outer)):
        mistakes += told
    elif isinstance(outer, str) or not (is_count or splits):
        mistakes.append(
            "The 'outer' parameter of nested_score must be an int of at least 2, a "
            "splitter with split and get_n_splits, or an iterable of splits. Got "
            f"{outer!r}."
        )
    elif (
        isinstance(params, Mapping)
        and _has_groups(params)
        and not any(map(_takes_groups, (outer, search.cv)))
    ):
        mistakes.append(
            "The 'params' parameter of nested_score must not hold groups, which "
            f"neither outer={outer!r} nor cv={search.cv!r} of {type(search).__name__} "
            "takes. Set one of them to GroupKFold() or the like."
        )
    if mistakes:
        raise ValueError("\n".join(mistakes))


def _shares(
    search: BaseSearchCV, outer: Any, params: dict[str, Any]
) -> tuple[dict[str, Any], Any]:
    """Give the arguments of the search, and the groups of the outer splitter.

    Splitters of scikit-learn that do not take groups warn of them.
    """
    if not _has_groups(params):
        return params, None
    own = dict(params)
    groups = own.pop("groups")
    if _takes_groups(search.cv):
        own["groups"] = groups
    return own, groups if _takes_groups(outer) else None


def _has_groups(params: Mapping[str, Any]) -> bool:
    """Tell whether there are groups that are not routed by what is requested."""
    is_routed = get_config()["enable_metadata_routing"]
    return params.get("groups") is not None and not is_routed


def _takes_groups(splitter: Any) -> bool:
    """Tell whether a splitter splits by groups; one of another package may."""
    if not hasattr(splitter, "split"):
        return False
    if not type(splitter).__module__.startswith("sklearn."):
        return True
    return bool(get_routing_for_object(splitter).consumes("split", ["groups"]))


@contextmanager
def _backend_of(search: BaseSearchCV) -> Iterator[None]:
    """Choose for the outer folds the backend that the search would choose itself."""
    options: dict[str, Any] = {}
    if isinstance(search, BaseSearch):
        options = joblib_options(search, Parameters(clone(search.estimator)))
    if "backend" not in options:
        yield
        return
    # It hears of the refits, which nobody has asked to be trained together.
    unheard = report_in_force(Report())
    with unheard, joblib.parallel_config(options["backend"], n_jobs=options["n_jobs"]):
        yield


def _inner_score(search: BaseSearchCV) -> float:
    """Read the score of the choice, if the search has not failed and gives one.

    A callable that chooses by several metrics does not say which is the one.
    """
    if not hasattr(search, "best_index_"):
        return float("nan")
    metric = search.refit if search.multimetric_ else "score"
    if callable(metric):
        return float("nan")
    return float(search.cv_results_[f"mean_test_{metric}"][search.best_index_])


def _beside(scores: dict[str, NDArray[Any]], search: BaseSearchCV) -> str:
    inner = scores["inner_score"]
    lines = [
        f"{name.removeprefix('test_')}: {np.mean(values):.4f} ± {np.std(values):.4f} "
        f"over {len(values)} outer folds"
        for name, values in scores.items()
        if name.startswith("test_")
    ]
    if np.isnan(inner).all():
        return "\n".join(lines)
    figures = f"{np.mean(inner):.4f} ± {np.std(inner):.4f}"
    lines.append(f"{type(search).__name__} itself says {figures}")
    return "\n".join(lines)
