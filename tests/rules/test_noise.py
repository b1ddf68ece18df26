"""Random numbers as a function of seed, purpose and epoch."""

import threading

import pytest
import torch

from skhyper.rules import Noise


def test_numbers_depend_on_seed_purpose_and_epoch_only():
    again = Noise(3)
    again.order(50, epoch=9)
    assert torch.equal(Noise(3).order(50, epoch=2), again.order(50, epoch=2))
    assert not torch.equal(Noise(3).order(50, epoch=2), Noise(3).order(50, epoch=1))
    assert not torch.equal(Noise(3).order(50, epoch=2), Noise(4).order(50, epoch=2))


def test_purposes_have_streams_of_their_own():
    seeds = {
        Noise(seed).seed_for(purpose, epoch)
        for seed in range(10)
        for purpose in ("weights", "order", "dropout")
        for epoch in range(10)
    }
    assert len(seeds) == 300
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_order_visits_every_row_once():
    assert sorted(Noise(0).order(100, epoch=0).tolist()) == list(range(100))


def test_the_global_state_is_neither_read_nor_changed():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = Noise(0).order(20, epoch=0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(Noise(0).order(20, epoch=0), first)


@pytest.mark.parametrize("n_threads", [2, 4])
def test_threads_draw_what_one_thread_draws(n_threads):
    expected = [Noise(seed).order(200, epoch=0) for seed in range(n_threads)]
    drawn = [None] * n_threads

    def draw(seed):
        drawn[seed] = Noise(seed).order(200, epoch=0)

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(map(torch.equal, drawn, expected))
