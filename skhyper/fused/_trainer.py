"""Runs that were handed in together, trained together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import torch
from torch import Tensor

from skhyper.fused._alignment import aligned
from skhyper.fused._feed import Source
from skhyper.fused._grouping import group_requests
from skhyper.fused._lanes import Lane
from skhyper.fused._network import Network
from skhyper.fused._outcomes import outcome_of
from skhyper.fused._request import Request
from skhyper.fused._tile import Tile
from skhyper.fused._tiling import cut_tiles
from skhyper.rules import Noise
from skhyper.training import (
    Halt,
    Outcome,
    Rows,
    heed_halt,
    heeding_run,
    one_thread,
    train_alone,
)

__all__ = ["train_together"]

Results = dict[int, Outcome | BaseException]


def train_together(
    requests: Sequence[Request], n_threads: int, halt: Halt
) -> list[Outcome | BaseException]:
    """Train runs, those of one structure in stacks.

    Parameters
    ----------
    requests : sequence of Request
        The runs.
    n_threads : int
        How many stacks are trained side by side.
    halt : Halt
        What ends the training early.

    Returns
    -------
    results : list of Outcome or BaseException
        What each run gave, in the order of the requests.

    Raises
    ------
    KeyboardInterrupt
        When the halt is called.
    """
    results: Results = {}
    tasks: list[partial[None]] = []
    for group in group_requests(requests):
        if group.reason is not None:
            tasks += [partial(_train_one, requests, n, results) for n in group.numbers]
            continue
        lanes = make_lanes(requests, group.numbers)
        tasks += [
            partial(_train_tile, requests, tile, results)
            for tile in cut_tiles(lanes, n_threads)
        ]

    def run(task: partial[None]) -> None:
        with halt.in_force(), heeding_run(), one_thread():
            heed_halt()
            task()

    with ThreadPoolExecutor(n_threads) as pool:
        for future in [pool.submit(run, task) for task in tasks]:
            future.result()
    return [results[number] for number in range(len(requests))]


def make_lanes(requests: Sequence[Request], numbers: Sequence[int]) -> list[Lane]:
    """Make the lanes of runs that are stacked.

    Parameters
    ----------
    requests : sequence of Request
        All runs.
    numbers : sequence of int
        Those that are stacked.

    Returns
    -------
    lanes : list of Lane
        Their lanes, the most rows first and those of the same rows beside each other.
    """
    sources: dict[Any, list[Source]] = {}
    lanes = []
    for number in numbers:
        recipe, data = requests[number].recipe, requests[number].data
        seed, batch_size = recipe.knobs.seed, recipe.structure.batch_size
        key = (seed, len(data.train), float(data.train.X[0].sum()))
        known = sources.setdefault(key, [])
        source = next((s for s in known if _has_rows(s, data.train, data.valid)), None)
        if source is None:
            source = Source(data.train, data.valid, seed, batch_size)
            known.append(source)
        lanes.append(Lane(number, recipe, source))
    order = {lane.source: place for place, lane in enumerate(lanes)}
    return sorted(lanes, key=lambda lane: (-lane.source.n_rows, order[lane.source]))


def _has_rows(source: Source, train: Rows, valid: Rows | None) -> bool:
    return _same(source.train, train) and _same(source.valid, valid)


def _same(one: Rows | None, other: Rows | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = ((one.X, other.X), (one.y, other.y), (one.weight, other.weight))
    return all(a is b or _is_equal(a, b) for a, b in pairs)


def _is_equal(a: Tensor | None, b: Tensor | None) -> bool:
    return a is not None and b is not None and torch.equal(a, b)


def _train_one(requests: Sequence[Request], number: int, results: Results) -> None:
    request = requests[number]
    try:
        results[number] = train_alone(request.recipe, request.data, request.start)
    except Exception as error:
        results[number] = error


def _train_tile(
    requests: Sequence[Request], lanes: Sequence[Lane], results: Results
) -> None:
    def at_end(lane: Lane, place: int, tile: Tile) -> None:
        results[lane.number] = outcome_of(lane, place, tile)

    try:
        Tile(lanes, _make_network(requests, lanes), at_end).train()
    except Exception as error:
        for lane in lanes:
            results.setdefault(lane.number, error)


def _make_network(requests: Sequence[Request], lanes: Sequence[Lane]) -> Network:
    """Stack the networks as they start."""
    structure = lanes[0].recipe.structure
    drawn: dict[int, torch.nn.Module] = {}
    states = []
    for lane in lanes:
        seed, start = lane.recipe.knobs.seed, requests[lane.number].start
        if seed not in drawn:
            drawn[seed] = structure.module(
                **dict(structure.module_params),
                dtype=structure.dtype,
                generator=Noise(seed).generator("weights"),
            ).to(structure.device)
        states.append((drawn[seed] if start is None else start.module).state_dict())
    stacks = {
        name: aligned(torch.stack([state[name] for state in states]))
        for name in states[0]
    }
    dropout = [lane.recipe.knobs.dropout for lane in lanes]
    template = next(iter(drawn.values()))
    return Network(template, stacks, dropout, structure.autocast)
