"""Runs that were handed in together, trained together."""

import math
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from functools import partial

import numpy as np
import torch

from skhyper.fused._alignment import aligned
from skhyper.fused._description import describe
from skhyper.fused._grouping import group_requests
from skhyper.fused._lanes import Lane
from skhyper.fused._network import Network
from skhyper.fused._outcomes import outcome_of
from skhyper.fused._report import Training, tell_reports
from skhyper.fused._request import Request
from skhyper.fused._sharing import make_lanes
from skhyper.fused._tile import Tile
from skhyper.fused._tiling import cut_tiles
from skhyper.rules import Noise
from skhyper.training import (
    Halt,
    NetState,
    Outcome,
    OutOfTime,
    batch_bounds,
    heed_halt,
    heeding_run,
    one_thread,
    train_alone,
)

__all__ = ["train_together"]

Results = dict[int, Outcome | BaseException]


def train_together(
    requests: Sequence[Request],
    n_threads: int,
    halt: Halt,
    executor: Executor | None = None,
) -> list[Outcome | BaseException]:
    """Train runs, those of one structure in stacks, and tell their reports.

    Parameters
    ----------
    requests : sequence of Request
        The runs.
    n_threads : int
        How many stacks are trained side by side.
    halt : Halt
        What ends the training early.
    executor : Executor or None, default=None
        Its threads train, as many as `n_threads`; None for new ones. What is allocated
        again and again in the same threads takes the same memory each time.

    Returns
    -------
    results : list of Outcome or BaseException
        What each run gave, in the order of the requests. When the halt is called, that
        is KeyboardInterrupt for those that have not ended.
    """
    results: Results = {}
    tasks: list[partial[Training]] = []
    for group in group_requests(requests):
        if group.reason is not None:
            tasks += [
                partial(_train_one, requests, number, group.reason, results)
                for number in group.numbers
            ]
            continue
        lanes = make_lanes(requests, group.numbers)
        tasks += [
            partial(_train_tile, requests, tile, results)
            for tile in cut_tiles(lanes, n_threads)
        ]

    trainings: dict[int, Training] = {}
    claims = [threading.Lock() for _ in tasks]

    def run(number: int) -> None:
        if claims[number].acquire(blocking=False):
            with halt.in_force(), heeding_run(), one_thread():
                heed_halt()
                trainings[number] = tasks[number]()

    with nullcontext(executor) if executor else ThreadPoolExecutor(n_threads) as pool:
        futures = []
        for number in range(len(tasks)):
            try:
                futures.append(pool.submit(run, number))
            except RuntimeError:
                # The system has no more threads, so this one trains too.
                with suppress(KeyboardInterrupt):
                    run(number)
        wait(futures)
    tell_reports([trainings[number] for number in sorted(trainings)])
    return [results.get(n, KeyboardInterrupt()) for n in range(len(requests))]


def _train_one(
    requests: Sequence[Request], number: int, reason: str, results: Results
) -> Training:
    request = requests[number]
    recipe, data = request.recipe, request.data
    n_steps = math.nan
    began = time.perf_counter()
    try:
        outcome = train_alone(recipe, data, request.start)
        n_batches = len(batch_bounds(len(data.train), recipe.structure.batch_size))
        n_steps = (len(outcome.epochs) - request.n_behind) * n_batches
        results[number] = outcome
    except BaseException as error:
        results[number] = error
    seconds = time.perf_counter() - began
    text = describe(recipe.structure, data)
    return Training((request.report,), text, seconds, n_steps, reason)


def _train_tile(
    requests: Sequence[Request], lanes: Sequence[Lane], results: Results
) -> Training:
    began = time.perf_counter()
    in_time = _in_time(lanes, results)
    trained = _train_lanes(requests, in_time, results) if in_time else []
    seconds = time.perf_counter() - began
    reports = tuple(requests[lane.number].report for lane in lanes)
    n_steps = sum(
        (len(lane.history) - lane.n_behind) * len(lane.source.bounds)
        for lane in trained
    )
    first = requests[lanes[0].number]
    text = describe(first.recipe.structure, first.data)
    return Training(reports, text, seconds, n_steps, None)


def _in_time(lanes: Sequence[Lane], results: Results) -> list[Lane]:
    """Pick the lanes that are in time; the others end before they begin."""
    in_time = []
    for lane in lanes:
        try:
            lane.recipe.check_deadline()
        except OutOfTime as error:
            results[lane.number] = error
        else:
            in_time.append(lane)
    return in_time


def _train_lanes(
    requests: Sequence[Request], lanes: Sequence[Lane], results: Results
) -> list[Lane]:
    """Train lanes together, or in halves where that fails.

    So a device that has no memory for all goes on, and what goes wrong in one lane is
    the error of no other.

    Returns
    -------
    trained : list of Lane
        All of the lanes as they were trained.
    """

    def at_end(lane: Lane, place: int, tile: Tile) -> None:
        results[lane.number] = outcome_of(lane, place, tile)

    try:
        states = [requests[lane.number].paused for lane in lanes]
        paused = [state for state in states if state is not None]
        # The numbers of Python, by which a run alone computes, overflow in silence.
        with np.errstate(all="ignore"):
            Tile(lanes, _make_network(requests, lanes), at_end, paused).train()
    except Exception as error:
        # Its frames hold the tensors of the stack, and an error may be kept for long.
        traceback.clear_frames(error.__traceback__)
        unfinished = [lane.number for lane in lanes if lane.number not in results]
        if len(lanes) == 1:
            results[lanes[0].number] = error
            return list(lanes)
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        for lane in lanes:
            results.setdefault(lane.number, error)
        return list(lanes)
    else:
        return list(lanes)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trained = [lane for lane in lanes if lane.number in results]
    middle = (len(unfinished) + 1) // 2
    for half in filter(None, (unfinished[:middle], unfinished[middle:])):
        trained += _train_lanes(requests, make_lanes(requests, half), results)
    return trained


def _make_network(requests: Sequence[Request], lanes: Sequence[Lane]) -> Network:
    """Stack the networks as they start."""
    structure = lanes[0].recipe.structure
    drawn: dict[int, torch.nn.Module] = {}
    states: list[Mapping[str, torch.Tensor]] = []
    for lane in lanes:
        seed, start = lane.recipe.knobs.seed, requests[lane.number].start
        if seed not in drawn:
            drawn[seed] = structure.module(
                **dict(structure.module_params),
                dtype=structure.dtype,
                generator=Noise(seed).generator("weights"),
            ).to(structure.device)
        match start:
            case None:
                states.append(drawn[seed].state_dict())
            case NetState():
                states.append(start.module)
            case Outcome():
                states.append(start.module.state_dict())
    stacks = {
        name: aligned(torch.stack([state[name] for state in states]))
        for name in states[0]
    }
    dropout = [lane.recipe.knobs.dropout for lane in lanes]
    template = next(iter(drawn.values()))
    return Network(template, stacks, dropout, structure.autocast)
