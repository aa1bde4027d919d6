"""Simulated annealing for a given number of steps, whatever is being planned.

The temperature falls geometrically. Seed and number of steps determine the result. The clock only caps the
work: if the steps will not be done in time, the rest cools down faster.
"""

import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final, Protocol

# Pairs of an elapsed part of the time, and how many times the time left the rest may take from then on; work
# that would take longer is capped. Generous at first, since other work may slow the machine for a moment.
PACE_LIMITS: Final = ((0.6, 1.0), (0.1, 1.5))

type Layout = list[int] | list[list[int]]
"""A plan as the problem encodes it: a cell for each session, or the submissions of each block."""


class Annealer(ABC):
    """Improve a plan step by step; `best_total` and `best_layout` are the best seen."""

    chunk_steps: ClassVar[int]
    steps_per_second: ClassVar[int]

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 (no secret: it must repeat)
        self.best_total = 0
        self.best_layout: Layout = []
        self.is_capped = False

    @abstractmethod
    def find_temperatures(self) -> tuple[float, float]:
        """Return the first and the last temperature, after trial steps if needed."""

    @abstractmethod
    def take_steps(self, steps: int, temperature: float) -> int:
        """Try that many moves at one temperature and return how many were accepted."""

    def is_accepted(self, delta: int, temperature: float) -> bool:
        """Decide whether to accept a move that raises the cost by `delta`."""
        # 1 - random() is never 0, which has no logarithm.
        return delta <= 0 or delta < -temperature * math.log(1.0 - self.random.random())

    def run(self, *, steps: int, deadline: float, start: float, end: float) -> Iterator[None]:
        """Anneal between two temperatures with that many steps, or fewer to end by `deadline`.

        End early at a cost of 0. Yield after each chunk. The deadline is in seconds of the monotonic clock,
        which all processes share.
        """
        began_at = time.monotonic()
        seconds = deadline - began_at
        planned = advance = self.chunk_steps / max(self.chunk_steps, steps)
        chunks, progress = 0, 0.0
        while progress < 1.0 and self.best_total != 0:
            self.take_steps(self.chunk_steps, start * (end / start) ** progress)
            progress += advance
            chunks += 1
            yield
            elapsed = time.monotonic() - began_at
            needed = (1.0 - progress) / max(1.0, (seconds - elapsed) * chunks / elapsed)
            self.is_capped = self.is_capped or is_too_slow(needed / planned, elapsed, seconds)
            if self.is_capped:
                advance = max(planned, needed)


def is_too_slow(slowness: float, elapsed: float, seconds: float) -> bool:
    """Return whether work that would take `slowness` times the time left exceeds PACE_LIMITS."""
    return any(elapsed > part * seconds and slowness > limit for part, limit in PACE_LIMITS)


class SearchProblem(Protocol):
    """Something to plan. It is pickled for the child processes."""

    @property
    def steps_per_second(self) -> int:
        """Return the steps of each process for each second of budget."""

    def create_annealer(self, layout: Layout, seed: int) -> Annealer:
        """Return an annealer that starts with this plan."""
