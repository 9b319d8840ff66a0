"""How far and how long to search."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Effort:
    """How far and how long to search.

    Attributes
    ----------
    gap
        Relative gap at which to stop (share); 0 proves the optimum.
    seconds
        Longest time (s) by the clock, set-up included; the answer then is the best so far with its
        honest gap.
    clock
        What the seconds are counted by: wall time, or process time on a machine that is shared.
    seed
        Of draws and solver.
    threads
        Of the solver.
    """

    gap: float = 1e-4
    seconds: float = 150.0
    clock: Callable[[], float] = perf_counter
    seed: int = 1
    threads: int = 1
