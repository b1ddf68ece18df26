"""The calls of a step, captured on a CUDA device and replayed at once.

What one small step costs there is the launching of its calls, one by one. A captured
graph launches all of them together.
"""

from collections.abc import Callable, Hashable, Iterable

import torch

__all__ = ["Graphs"]


class Graphs:
    """Plays functions whose tensors stay where they are, as graphs once they are known.

    Parameters
    ----------
    generators : iterable of torch.Generator
        Generators of the device that the functions draw from.
    """

    def __init__(self, generators: Iterable[torch.Generator]) -> None:
        self.generators = list(generators)
        self.captured: dict[Hashable, torch.cuda.CUDAGraph] = {}
        self.tried: set[Hashable] = set()

    def play(self, function: Callable[[], None], key: Hashable) -> None:
        """Do what a function does.

        Parameters
        ----------
        function : callable
            Works on the device alone, and does the same whenever the key is the same.
        key : hashable
            What it depends on.
        """
        if key not in self.tried:
            # Libraries make ready what they need when they are called first, which no
            # graph may hold.
            function()
            self.tried.add(key)
            return
        if key not in self.captured:
            self.captured[key] = self._capture(function)
        self.captured[key].replay()

    def _capture(self, function: Callable[[], None]) -> torch.cuda.CUDAGraph:
        # A generator that finds no memory for its state when a graph registers it ends
        # the process, in the destructor of the graph. Where there is no room for all of
        # them, and for the generator of the device, the error comes from here instead.
        default = torch.cuda.default_generators[torch.cuda.current_device()]
        generators = [*self.generators, default]
        room = [torch.empty(1, device=each.device) for each in generators for _ in "so"]
        graph = torch.cuda.CUDAGraph()
        del room
        for generator in generators:
            graph.register_generator_state(generator)
        # Other threads may use the device in the meantime.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            function()
        return graph
