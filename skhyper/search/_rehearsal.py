"""What a search will evaluate, round by round, found out without evaluating."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skhyper._identity import identity
from skhyper.search._candidate import Ask, Outcome
from skhyper.search._pace import Work
from skhyper.search._rungs import Asynchronous, Hyperband
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["Rehearsal", "rehearse"]


@dataclass(frozen=True)
class Rehearsal:
    """What a search will evaluate.

    Parameters
    ----------
    asks : sequence of Ask
        New candidates, as far as they are known.
    whole : sequence of Work
        For each of them, what it is to train it to its end.
    rounds : sequence of sequence of Work
        What is evaluated side by side.
    share : float
        How many times all of the rounds take place.
    """

    asks: Sequence[Ask]
    whole: Sequence[Work]
    rounds: Sequence[Sequence[Work]]
    share: float


def rehearse(
    search: Any, estimator: BaseEstimator, n_candidates: int
) -> Rehearsal | None:
    """Let the strategy of a search ask, and tell it scores of no meaning.

    Only strategies that decide by the ranks of scores are told some. The candidates of
    one that another engine suggests are taken to be like its first batch, and none of
    them to be ended early.

    Parameters
    ----------
    search : BaseSearch
        The search; its ``random_state`` moves on.
    estimator : estimator object
        What it searches.
    n_candidates : int
        How many candidates there will be.

    Returns
    -------
    rehearsal : Rehearsal or None
        None for a search whose strategy evaluates by itself.
    """
    strategy = search._strategy(Parameters(estimator))
    if not hasattr(strategy, "ask"):
        return None
    if isinstance(strategy, Hyperband | Asynchronous):
        return _all_rungs(strategy, estimator, n_candidates)
    asks = strategy.ask()
    whole = [_whole_work(estimator, ask) for ask in asks]
    if isinstance(strategy, Listed):
        return Rehearsal(asks, whole, [whole], 1.0)
    stops = getattr(strategy, "epochs", ())
    steps = np.diff([0, *stops]).tolist()
    rounds = [[Work(work.structure, step) for work in whole] for step in steps]
    return Rehearsal(asks, whole, rounds or [whole], n_candidates / len(asks))


def _all_rungs(
    strategy: Hyperband | Asynchronous, estimator: BaseEstimator, n_candidates: int
) -> Rehearsal:
    luck = np.random.default_rng(0).permutation(n_candidates)
    strategy.score = lambda outcome: float(luck[outcome.number])
    begun: list[Ask] = []
    whole: list[Work] = []
    behind: list[int] = []
    rounds = []
    while asks := strategy.ask():
        outcomes, works = [], []
        for ask in asks:
            outcome = ask.outcome
            if outcome is None:
                outcome = Outcome(ask.params, 0, len(begun))
                begun.append(ask)
                whole.append(_whole_work(estimator, ask))
                behind.append(0)
            assert ask.n_epochs is not None, "a rung is so many epochs away"
            number, outcome.notes = outcome.number, ask.notes
            n_more = ask.n_epochs - behind[number]
            works.append(Work(whole[number].structure, n_more))
            behind[number] = ask.n_epochs
            outcomes.append(outcome)
        rounds.append(works)
        strategy.tell(outcomes)
    return Rehearsal(begun, whole, rounds, 1.0)


def _whole_work(estimator: BaseEstimator, ask: Ask) -> Work:
    """Read off a candidate what it is to train it to its end."""
    candidate = clone(estimator).set_params(**clone(ask.params, safe=False))
    networks = Parameters(candidate).networks.values()
    structure = tuple(
        (type(network).__name__, name, identity(getattr(network, name)))
        for network in networks
        for name in network.structure_parameters
        if name in network.get_params(deep=False)
    )
    if ask.max_epochs is not None:
        return Work(structure, ask.max_epochs)
    epochs = [network.max_epochs for network in networks]
    counts = [int(count) for count in epochs if isinstance(count, Integral)]
    return Work(structure, max(counts, default=0))
