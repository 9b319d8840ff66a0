"""What each stage of the pipeline costs: wall time and peak memory, with a bar that moves."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

SAMPLE_S = 0.02
"""Time between two looks at the memory (s)."""


@dataclass(frozen=True)
class StageCost:
    """One stage: its name, wall time (s) and peak memory of the process (MB)."""

    stage: str
    seconds: float
    peak_mb: float


class Meter:
    """Moves the bar, and notes the time and the peak memory of each stage.

    Memory is the resident set of this process, sampled every 20 ms while a stage runs.

    Parameters
    ----------
    stages
        All stages in order: the length of the bar.
    shown
        Whether to draw the bar.
    on_stage
        Told the name of each stage as it begins.
    """

    def __init__(
        self,
        stages: tuple[str, ...],
        *,
        shown: bool,
        on_stage: Callable[[str], None] = lambda _: None,
    ) -> None:
        columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
        self.costs: list[StageCost] = []
        self._on_stage = on_stage
        self._bar = Progress(*columns, transient=True, disable=not shown)
        self._task = self._bar.add_task("", total=len(stages))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run one stage: what is inside the ``with`` block."""
        self._on_stage(name)
        self._bar.update(self._task, description=name)
        start = time.perf_counter()
        with _peak_memory() as peak:
            yield
        seconds = round(time.perf_counter() - start, 3)
        self.costs.append(StageCost(name, seconds, peak[0] / 1e6))
        self._bar.advance(self._task)


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Sample the resident memory (bytes) until the block ends; the peak stands in the list."""
    process = psutil.Process()
    peak = [process.memory_info().rss]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak[0] = max(peak[0], process.memory_info().rss)
