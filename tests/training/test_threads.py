"""One intra-op thread while a net trains."""

import threading

import pytest
import torch

from skhyper.training import one_thread


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_number_of_threads_is_restored():
    with one_thread():
        assert torch.get_num_threads() == 1
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_the_number_of_threads_is_restored_after_an_error():
    with pytest.raises(RuntimeError), one_thread():
        raise RuntimeError
    assert torch.get_num_threads() == 2


def test_simultaneous_runs_end_where_they_began():
    entered, leave = threading.Barrier(3, timeout=10), threading.Event()
    seen = []

    def run():
        with one_thread():
            entered.wait()
            seen.append(torch.get_num_threads())
            leave.wait(10)
        seen.append(torch.get_num_threads())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    with one_thread():
        entered.wait()
        seen.append(torch.get_num_threads())
    seen.append(torch.get_num_threads())
    leave.set()
    for thread in threads:
        thread.join()
    late = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    late.start()
    late.join()
    assert sorted(seen) == [1, 1, 1, 2, 2, 2, 2]
