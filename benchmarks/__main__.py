"""Times of the solves on this machine, as ratios within one run.

Absolute seconds depend on the machine; the ratio of a geography to tracts, and of grouped rows to
one row a point, is what a change of the code should be judged by.
"""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter

from kwev import config as configuration
from kwev.config import Case
from kwev.inputs import build_inputs
from kwev.project import find_project
from kwev.store import solve_certified
from kwev.tables import load_tables

RUNS = 3


def main() -> None:
    """Print one line a measurement."""
    project = find_project()
    settings = configuration.load("base", project.config)
    started = perf_counter()
    tables = load_tables(project.processed)
    print(f"load data/processed          {perf_counter() - started:8.2f} s")
    times = {}
    for geography in ("tract", "da"):
        case = Case("base", settings, geography)
        seconds = []
        for _ in range(RUNS):
            started = perf_counter()
            entry = solve_certified(tables, case)
            seconds.append(perf_counter() - started)
        times[geography] = median(seconds)
        plan = entry.plan
        print(
            f"base at {geography:<6} to certificate {times[geography]:8.2f} s   "
            f"gap {plan.solver.gap_solver:.2e}   {len(plan.actions)} actions"
        )
    print(f"da / tract                   {times['da'] / times['tract']:8.2f} times")
    for geography in ("da", "cell"):
        started = perf_counter()
        inputs = build_inputs(tables, settings, geography)
        seconds_inputs = perf_counter() - started
        points, rows = len(inputs.points), inputs.rows
        print(
            f"inputs at {geography:<6}             {seconds_inputs:8.2f} s   {points:,} points -> "
            f"{len(rows['l2'].base):,} L2 rows, {len(rows['l3'].base):,} L3 rows"
        )


if __name__ == "__main__":
    sys.exit(main())
