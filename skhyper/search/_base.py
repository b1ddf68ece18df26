"""The fit that all searches share."""

import secrets
import warnings
from copy import deepcopy
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.callback import CallbackContext
from sklearn.utils import Tags, check_random_state, get_tags, indexable
from sklearn.utils.validation import check_is_fitted

from skhyper._sklearn import (
    BaseSearchCV,
    MultimetricScorer,
    check_method_params,
    fit_context,
)
from skhyper.exceptions import did_you_mean
from skhyper.search._assembly import ENSEMBLES, N_KEPT, NO_REFIT
from skhyper.search._budget import Budget
from skhyper.search._candidate import Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._fit_arguments import check_fit_arguments
from skhyper.search._fold import make_folds, splitter_of
from skhyper.search._fold_models import FoldModels
from skhyper.search._fusion import joblib_options
from skhyper.search._interrupt import how_to_go_on
from skhyper.search._leg import Leg
from skhyper.search._planned import PlannedSearch
from skhyper.search._refit import (
    check_refit,
    check_refit_of_callable,
    check_single_metric,
    refit_best,
)
from skhyper.search._results import (
    cv_results,
    mean_score,
    metric_names,
    results_frame,
    warn_of_failures,
)
from skhyper.search._simplest import ONE_SE, simplest_within_error
from skhyper.search._target import Parameters
from skhyper.search._task import Procedure, last_words
from skhyper.training import store_at

__all__ = ["NO_FITS", "BaseSearch"]

NO_FITS = "No fits were performed. Was the CV iterator empty? Were there no candidates?"


class BaseSearch(PlannedSearch):
    """A search whose candidates come from a strategy.

    To be named before the class of scikit-learn or skopt that a search extends. The
    method ``_run_search`` of that class is not used.
    """

    keeps_models: ClassVar[bool] = True

    # The arguments that together name what a search goes on with.
    kept_by: ClassVar[tuple[str, ...]] = ()

    random_state: Any
    refit_epochs: Any
    fused: Any
    memory: Any
    max_time: Any

    def _strategy(self, parameters: Parameters) -> Any:
        """Make what ``_search`` goes by; a Strategy, unless that is overridden."""
        raise NotImplementedError

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search for the best parameters, and fit the estimator with them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target; None for unsupervised learning.
        **params : dict of str to object
            Passed on to the estimator's ``fit``, the scorer and the splitter: arrays
            with one entry per sample are cut along with `X`, ``groups`` goes to the
            splitter.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        InvalidParameterError
            If an argument of the search is wrong; it is a ValueError and a TypeError.
        TypeError
            If a part of the space is none, the estimator can neither score nor is there
            a scoring, or its ``fit`` does not take an argument, or `X` has no rows.
        ValueError
            If a parameter to search does not exist, its domain cannot be read, the data
            are unfit, nothing was there to fit, or every fit failed. With
            ``error_score="raise"``, whatever a fit raises.
        TimeoutError
            If `max_time` of a :class:`RayTuneSearchCV` has passed before any trial has
            begun to train.
        KeyboardInterrupt
            At Ctrl-C. The candidates that had finished are in ``cv_results_``; the best
            is fitted if ``refit`` says so, unless Ctrl-C comes again. A note of the
            error says how to go on.
        """
        self._forget_last_fit()
        budget = Budget(self)
        scorer, _ = self._get_scorers()
        if y is None and get_tags(self).target_tags.required:
            raise ValueError(
                f"{type(self).__name__} over {type(self.estimator).__name__} requires "
                "y to be passed, but the target y is None."
            )
        X, y = indexable(X, y)
        check_fit_arguments(self, "fit", X, params)
        params = check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        weight = params.get("sample_weight")
        data = {
            "estimator": self,
            "X": X,
            "y": y,
            "metadata": None if weight is None else {"sample_weight": weight},
        }
        context = self._init_callback_context(
            max_subtasks=1 + (self.refit not in NO_REFIT)
        ).call_on_fit_task_begin(**data)
        folds = make_folds(splitter_of(self, y), X, y, routed.splitter.split)
        self.n_splits_ = len(folds)
        estimator = clone(self.estimator)
        parameters = Parameters(estimator)
        check_refit(self, parameters, len(folds))
        strategy = self._strategy(parameters)
        procedure = Procedure(
            scorer=scorer,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            return_train_score=self.return_train_score,
            error_score=self.error_score,
            verbose=self.verbose,
            n_splits=len(folds),
            seed=self._draw_seed(),
            search=self,
            store=store_at(
                self.memory,
                type(self).__name__,
                has_seed=self.random_state is not None or parameters.have_seeds,
            ),
            keeps_models=self.refit in ENSEMBLES,
        )
        options = joblib_options(self, parameters)
        evaluation = Evaluation(estimator, X, y, folds, procedure, options)
        if procedure.keeps_models:
            evaluation.fold_models = FoldModels(self._objective, N_KEPT[self.refit])
        try:
            self._search(strategy, evaluation, budget, context)
        except BaseException as error:
            outcomes = self._keep_finished(evaluation)
            if isinstance(error, KeyboardInterrupt):
                words = how_to_go_on(self, len(outcomes), bool(parameters.networks))
                error.add_note(words)
                try:
                    self._finish(evaluation, outcomes, context, data)
                except (Exception, KeyboardInterrupt) as reason:
                    error.add_note(f"The best is not fitted: {last_words(reason)}")
            raise
        finally:
            self._evaluation_seconds = evaluation.seconds
            if parameters.networks or evaluation.report.n_runs:
                self.evaluation_time_ = evaluation.seconds
                self.fusion_report_ = evaluation.report.frame()
        if self.fused:
            name = type(self).__name__
            evaluation.report.warn(name, "See fusion_report_.", stacklevel=3)
        warn_of_failures(evaluation.outcomes, self.error_score)
        self._keep(evaluation.outcomes, scorer)
        with budget.for_refit():
            self._finish(evaluation, evaluation.outcomes, context, data)
        context.call_on_fit_task_end(**data)
        return self

    def _forget_last_fit(self) -> None:
        """Remove what an earlier fit has learned, lest it outlive a fit that fails."""
        for name in [*vars(self)]:
            if name.endswith("_") and not name.startswith("_"):
                delattr(self, name)

    def _generator(self) -> Any:
        """Give what candidates are drawn by; never numpy's global generator."""
        if self.random_state is None:
            return np.random.RandomState()
        return self.random_state

    def _draw_seed(self) -> int:
        if self.random_state is None:
            return secrets.randbits(31)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _search(
        self,
        strategy: Any,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        """Ask for candidates, evaluate them and tell, until there are none."""
        n_splits = len(evaluation.folds)
        count = strategy.n_evaluations
        search_context = context.subcontext(
            task_name="search",
            max_subtasks=None if count is None else count * n_splits,
            sequential_subtasks=False,
        ).call_on_fit_task_begin(estimator=self)
        while not evaluation.is_over:
            with budget.for_engine(evaluation):
                asks = strategy.ask()
            if not asks:
                break
            budget.begin(evaluation, asks[0].params, self._whole_leg())
            if self.verbose > 0:
                print(  # noqa: T201
                    f"Fitting {n_splits} folds for each of {len(asks)} "
                    f"candidates, totalling {len(asks) * n_splits} fits"
                )
            outcomes = evaluation.run(asks, search_context)
            if callable(self.scoring):
                check_refit_of_callable(self, outcomes)
            if all(outcome.finished for outcome in outcomes):
                with budget.for_engine(evaluation):
                    strategy.tell(outcomes)
        evaluation.drop_unfinished()
        if not evaluation.outcomes or not n_splits:
            raise ValueError(NO_FITS)
        search_context.call_on_fit_task_end(estimator=self)

    def _objective(self, outcome: Outcome) -> float:
        """Score a candidate by the metric that ``refit`` names, else by the first."""
        names = metric_names([outcome], self.scoring)
        if names is None:
            return mean_score(outcome, "score")
        return mean_score(outcome, self.refit if self.refit in names else names[0])

    def _keep(self, outcomes: list[Outcome], scorer: Any) -> None:
        """Set the attributes that the finished candidates give."""
        is_multimetric = isinstance(scorer, MultimetricScorer)
        self.scorer_ = scorer._scorers if is_multimetric else scorer
        self.multimetric_ = metric_names(outcomes, scorer) is not None
        self.cv_results_ = cv_results(self, outcomes, scorer)

    def _choose(self) -> None:
        """Set the attributes of the best candidate."""
        if self.refit or not self.multimetric_:
            metric = self.refit if self.multimetric_ else "score"
            index = self._select_best_index(self.refit, metric, self.cv_results_)
            self.best_index_ = index
            if not callable(self.refit):
                self.best_score_ = self.cv_results_[f"mean_test_{metric}"][index]
            self.best_params_ = self.cv_results_["params"][index]

    def _check_refit_for_multimetric(self, scores: Any) -> None:
        check_single_metric(self, scores)
        try:
            # skopt's allows the name of a metric only.
            BaseSearchCV._check_refit_for_multimetric(self, scores)
        except ValueError as error:
            hint = did_you_mean(self.refit, scores)
            raise ValueError(f"{error} There are {sorted(scores)}.{hint}") from None

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: str, results: Any) -> int:
        if refit == ONE_SE:
            return simplest_within_error(results)
        return BaseSearchCV._select_best_index(refit, refit_metric, results)

    def _keep_finished(self, evaluation: Evaluation) -> list[Outcome]:
        """Keep what was finished when something ended the search, and return it."""
        outcomes = evaluation.finished() if evaluation.folds else []
        if outcomes:
            with warnings.catch_warnings():
                # Nothing may take the place of what ended the search.
                warnings.simplefilter("ignore")
                self._keep(outcomes, evaluation.procedure.scorer)
        return outcomes

    def _finish(
        self,
        evaluation: Evaluation,
        outcomes: list[Outcome],
        context: CallbackContext,
        data: dict[str, Any],
    ) -> None:
        """Choose the best of some candidates, and make ``best_estimator_``."""
        if outcomes:
            self._choose()
        if outcomes and self.refit:
            leg = self._whole_leg()
            refit_best(self, evaluation, outcomes, leg, context, data)

    def _whole_leg(self) -> Leg | None:
        """Say how the best candidate is fitted; None for as it says itself."""
        return None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Several outputs, for one, a search can handle where its estimator does.
        tags.target_tags = deepcopy(get_tags(self.estimator).target_tags)
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_estimator_" if self.refit else "scorer_")

    def results_frame(self, *, splits: bool = False) -> pd.DataFrame:
        """Show ``cv_results_`` as a table, the best candidate first.

        Parameters
        ----------
        splits : bool, default=False
            Whether to add what is known of each split: its scores, and why training
            stopped.

        Returns
        -------
        frame : DataFrame
            One row per candidate, indexed by its place in ``cv_results_``. The first
            column is the rank, by the metric that ``refit`` names or else the first;
            then come the parameters under their last names (``net__lr`` is ``lr``
            unless another one ends so too), why training stopped or what failed, then
            scores and times.

        Raises
        ------
        NotFittedError
            If no candidate has been evaluated.
        """
        check_is_fitted(self, "cv_results_")
        ranks = [name for name in self.cv_results_ if name.startswith("rank_test_")]
        named = f"rank_test_{self.refit}"
        rank = named if named in ranks else ranks[0]
        return results_frame(self.cv_results_, rank, splits)
