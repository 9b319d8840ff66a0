"""What a part of the bench measured: printed as it comes, and kept as a file when the part ends."""

from __future__ import annotations

import math
import os
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from time import process_time
from typing import TYPE_CHECKING, Any, Self

import psutil

from kwev.book.provenance import commit_of
from kwev.files import dump_json, read_json, write_text
from kwev.pipeline.build import Meter

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "benchmarks/results"
PACKAGES = ("highspy", "cvxpy", "numpy", "scipy", "gurobipy", "pyscipopt", "spopt")

HEAD = f"{'what':<52}{'wall s':>8}{'CPU s':>8}{'gap':>10}{'peak MB':>9}  goal"


@dataclass(frozen=True)
class Time:
    """Wall and processor time (s) of something, and the most memory (MB) while it ran."""

    wall_s: float
    cpu_s: float
    peak_mb: float


class Watch:
    """Measures a block."""

    def __enter__(self) -> Self:
        """Start."""
        self._meter, self._stack, self._cpu = Meter(("",), shown=False), ExitStack(), process_time()
        self._stack.enter_context(self._meter.stage(""))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stack.close()
        cost = self._meter.costs[-1]
        self.time = Time(cost.seconds, process_time() - self._cpu, cost.peak_mb)


class Sheet:
    """The rows of one part.

    Parameters
    ----------
    part
        What ``--only`` calls it: the name of its file.
    root
        The checkout.
    """

    def __init__(self, part: str, root: Path) -> None:
        self._path, self._root = path_of(part, root), root
        self._head = {"part": part, **circumstances(root)}
        self._rows: list[dict[str, Any]] = []

    def add(
        self, what: str, time: Time, gap: float | None = None, goal: str = "", **facts: Any
    ) -> None:
        """Print one row and keep it.

        Parameters
        ----------
        what
            What was done.
        time
            What it took.
        gap
            Relative gap (share); None, or infinite, where nothing is proven.
        goal
            The goal and whether it was kept, or the ratio, in words.
        **facts
            More of the row, for its file.
        """
        proven = gap if gap is not None and math.isfinite(gap) else None
        shown = "" if proven is None else f"{proven:.2e}"
        print(
            f"{what:<52}{time.wall_s:8.2f}{time.cpu_s:8.2f}{shown:>10}{time.peak_mb:9,.0f}  {goal}",
            flush=True,
        )
        spent = {name: round(value, 3) for name, value in vars(time).items()}
        self._rows.append({"what": what, **spent, "gap": proven, "goal": goal, **facts})

    def write(self) -> None:
        """Write the file, whole or not at all; a part that was left out keeps its old one."""
        if not self._rows:
            return
        load = round(os.getloadavg()[0], 1)
        write_text(self._path, dump_json({**self._head, "load_after": load, "rows": self._rows}))


def verdict(kept: bool, goal: str) -> str:  # noqa: FBT001 -- read as "kept: the goal"
    """Return a goal and whether it was kept."""
    return f"{goal}: {'kept' if kept else 'MISSED'}"


def path_of(part: str, root: Path) -> Path:
    """Return the file of a part."""
    return root / FOLDER / f"{part}.json"


def measured_here(part: str, root: Path) -> bool:
    """Return whether the file of a part is of this very code."""
    path = path_of(part, root)
    return path.is_file() and read_json(path)["commit"] == commit_of(root, FOLDER)


def circumstances(root: Path) -> dict[str, Any]:
    """Return where and by what it is measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit_of(root, FOLDER),
        "machine": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
