"""The proof that the repository makes what it holds: everything anew, in a scratch clone, compared.

No second machinery: the clone of the last commit runs the ordinary commands, ``kwev data``,
``kwev sweep --check``, ``kwev expect`` and ``kwev render``, and what they leave is compared with
what is committed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kwev.book import expected
from kwev.errors import KwevError, nearest
from kwev.outcome import EXIT_VIOLATIONS
from kwev.project import Project
from kwev.release.checkout import git
from kwev.report.edition import changes
from kwev.sets import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCRATCH: Final = "verify"
"""Folder below ``build/`` with the clone; the last one stays, to be looked at."""
_SHOWN: Final = 20

Command = Callable[["Path", "Sequence[str]"], tuple[int, str]]


@dataclass(frozen=True)
class Verified:
    """One step: what was compared, how long it took (s), and what differs, a line each."""

    step: str
    seconds: float
    differs: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """Return it as lines of text."""
        word = "the same" if not self.differs else f"{len(self.differs)} differences"
        more = len(self.differs) - _SHOWN
        return [
            f"{self.step:<8} {word:<16} {self.seconds:>8.0f} s",
            *(f"  {line}" for line in self.differs[:_SHOWN]),
            *([f"  and {more} more"] if more > 0 else []),
        ]


@dataclass(frozen=True)
class Scratch:
    """A clone of the last commit, beside the project that it is held against.

    Attributes
    ----------
    command
        Runs ``kwev`` with arguments in a folder; returns its exit code and what it printed.
    """

    project: Project
    clone: Project
    command: Command

    def kwev(self, *arguments: str, may: Sequence[int] = ()) -> tuple[int, list[str]]:
        """Run a command in the clone; return its code, and the lines that it printed.

        Raises
        ------
        KwevError
            If it ends with a code that is neither 0 nor in ``may``.
        """
        code, told = self.command(self.clone.root, arguments)
        lines = told.strip().splitlines()
        if code != 0 and code not in may:
            said = (lines or ["no message"])[-1].removeprefix("error: ")
            raise KwevError(f"it ended with {code}: {said}", where=f"kwev {' '.join(arguments)}")
        return code, lines


def _data(scratch: Scratch) -> list[str]:
    """Compute the tables from the raw files and compare each byte."""
    scratch.kwev("data", "--raw", str(scratch.project.raw.resolve()))
    said = git(scratch.clone.root, "status", "--porcelain").decode()
    return [f"{line[3:]} is another one" for line in said.splitlines()]


def _results(scratch: Scratch) -> list[str]:
    """Measure every committed row of the studies again."""
    code, lines = scratch.kwev("sweep", "--check", may=[EXIT_VIOLATIONS])
    return lines if code else []


def _numbers(scratch: Scratch) -> list[str]:
    """Solve the plans and hold the numbers of the book against those expected."""
    scratch.kwev("expect")
    return expected.problems(expected.read(scratch.project), expected.read(scratch.clone))


def _book(scratch: Scratch) -> list[str]:
    """Render twice, the second time with every plan solved again, and compare each byte."""
    scratch.kwev("render")
    first = _made(scratch)
    scratch.kwev("render", "--fresh")
    found = changes(first, _made(scratch))
    return [
        *(f"{name} is another one in the second render" for name in found.changed),
        *(f"{name} is in one render alone" for name in (*found.gone, *found.new)),
    ]


def _made(scratch: Scratch) -> dict[str, str]:
    files = listed(scratch.clone.root / "_book") or {}
    return {name: str(entry["sha256"]) for name, entry in files.items()}


STEPS: Final[dict[str, Callable[[Scratch], list[str]]]] = {
    "data": _data,
    "results": _results,
    "numbers": _numbers,
    "book": _book,
}
"""Steps by name, in their order: each makes something anew and returns what differs."""


def run_kwev(root: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """Run a command of a clone's own code; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "kwev.cli", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def verify(
    project: Project,
    steps: Sequence[str] = (),
    *,
    command: Command = run_kwev,
) -> Iterator[Verified]:
    """Make everything anew from the raw files and compare it with what is committed.

    Parameters
    ----------
    steps
        Names of :data:`STEPS`; all of them where none is named.
    command
        Runs ``kwev`` in the clone.

    Yields
    ------
    Verified
        Each step as it ends.

    Raises
    ------
    KwevError
        If a step is unknown, there are no raw files, or a command fails.
    """
    for name in steps:
        if name not in STEPS:
            hint = nearest(name, list(STEPS))
            raise KwevError(f"unknown step {name!r}", where="kwev verify", hint=hint)
    chosen = [name for name in STEPS if name in steps or not steps]
    if "data" in chosen and not project.raw.is_dir():
        hint = "Set KWEV_RAW to a folder that has them, or leave the step out."
        raise KwevError("no raw files", where=str(project.raw), hint=hint)
    scratch = Scratch(project, _clone(project), command)
    for name in chosen:
        started = time.monotonic()
        differs = STEPS[name](scratch)
        yield Verified(name, time.monotonic() - started, tuple(differs))


def _clone(project: Project) -> Project:
    """Return a fresh clone of the last commit, in the place of that of the last run."""
    folder = project.build / SCRATCH
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    git(project.root, "clone", "--quiet", "--shared", ".", str(folder))
    return Project(folder)
