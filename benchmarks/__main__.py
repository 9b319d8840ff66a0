"""What `make bench` prints and keeps; `python -m benchmarks --only da,scale` runs some parts.

Absolute seconds depend on the machine, and processor seconds stand beside them; ratios within one
run are what a change of the code should be judged by. Each part has a process of its own, so that
none counts the memory of another. It writes its file below ``benchmarks/results`` when it ends, and
a run that was stopped goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
import sys
from multiprocessing import get_context
from typing import TYPE_CHECKING

from benchmarks.parts import covering_folder, measure, parts_of
from benchmarks.record import HEAD, circumstances, measured_here
from kwev.project import find_project

if TYPE_CHECKING:
    from collections.abc import Iterable


def main() -> None:
    """Print the machine, then the parts asked for."""
    project = find_project()
    parts = parts_of(project)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"parts, or how they begin: {', '.join(parts)}")
    parser.add_argument("--resume", action="store_true", help="leave out what this commit has")
    given = parser.parse_args()
    wanted = chosen(parts, given.only)
    if not wanted:
        parser.error(f"unknown parts {given.only}; known: {', '.join(parts)}")
    print(*(f"{name} {told}" for name, told in circumstances(project.root).items()), sep=", ")
    print(HEAD)
    if not covering_folder(project).is_dir():
        print(f"cities: skipped, none in {covering_folder(project)}; see KWEV_RAW")
    for part in wanted:
        if given.resume and measured_here(part, project.root):
            continue
        alone = get_context("spawn").Process(target=measure, args=(part,))
        alone.start()
        alone.join()
        if alone.exitcode:
            sys.exit(alone.exitcode)


def chosen(parts: Iterable[str], asked: str) -> list[str]:
    """Return the parts that are asked for: by name, and what is no name by how parts begin."""
    names = asked.split(",")
    begin = tuple(name for name in names if name not in parts)
    return [part for part in parts if part in names or part.startswith(begin)]


if __name__ == "__main__":
    main()
