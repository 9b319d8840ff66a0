"""One run of ``kwev monitor``: read, measure, append, tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from kwev.analysis import history, observations, targets
from kwev.analysis.metrics import TARGET_NAMES
from kwev.analysis.observations import Listed
from kwev.errors import KwevError
from kwev.tables import load_tables

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.analysis.history import Ground, Line
    from kwev.analysis.observations import Counted
    from kwev.analysis.targets import Targets
    from kwev.project import Project

RESERVED: Final = (history.OPENED, "merged", history.REGISTRATIONS)
"""Series that only the processed tables, or counts of vehicles, give."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
"""How a series may be named."""


@dataclass(frozen=True)
class Told:
    """What a run says, and whether a target went back."""

    lines: list[str]
    regressed: bool


def watched(  # noqa: PLR0913 -- the options of the command
    project: Project,
    snapshot: Path | None,
    *,
    date: str = "",
    series: str = "",
    path: Path | None = None,
    dry_run: bool = False,
) -> Told:
    """Measure a snapshot, or what the processed tables know, and append it to the history.

    Parameters
    ----------
    project
        The checkout.
    snapshot
        File to read; None takes every list and quarter of ``data/processed``.
    date, series
        As in :func:`kwev.analysis.observations.read`.
    path
        History to append to; None takes that of the checkout.
    dry_run
        Write nothing.

    Raises
    ------
    KwevError
        If the file, its date or the history cannot be used; nothing is written then.
    """
    _refuse_name(series)
    kept = path or history.path_of(project)
    before = history.read(kept)
    rules = targets.of_project(project)
    tables = load_tables(project.processed)
    if snapshot is None:
        found = history.from_processed(history.Ground.of(tables, rules.config(project)))
        after = before
        for line in found:
            after = history.added(after, line)
        done = dry_run or not history.write(kept, before, after)
        told = f"{len(after) - len(before)} of {len(found)} measurements of data/processed are new"
        return Told([told, _written(kept, dry_run=dry_run, unchanged=done)], regressed=False)
    read = observations.read(project, tables, snapshot, date=date, series=series)
    line = _measured(history.Ground.of(tables, rules.config(project)), read)
    after = history.added(before, line)
    verdict = history.judged(after, line, rules)
    done = dry_run or not history.write(kept, before, after)
    said = [*_heading(read, line), *_table(verdict, rules)]
    return Told(
        [*said, _written(kept, dry_run=dry_run, unchanged=done)], bool(verdict["regressed"].any())
    )


def _refuse_name(series: str) -> None:
    if series in RESERVED:
        words = f"the name {series!r} is kept for what data/processed gives"
        raise KwevError(words, where="--series", hint="Take another name.")
    if series and not NAME.fullmatch(series):
        hint = "Use lower-case letters, digits, hyphens and underscores."
        raise KwevError(f"not a name of a series: {series!r}", where="--series", hint=hint)


def _measured(ground: Ground, read: Listed | Counted) -> Line:
    if isinstance(read, Listed):
        return history.of_stations(ground, read.snapshot)
    return history.of_vehicles(ground, read)


def _heading(read: Listed | Counted, line: Line) -> list[str]:
    if not isinstance(read, Listed):
        return [f"{line.date} {line.series}: {line.evs:,.0f} vehicles of the Region"]
    return [
        (
            f"{line.date} {line.series}: {line.stations} stations with {line.l2_ports} Level 2 "
            f"and {line.l3_ports} Level 3 ports in the Region"
        ),
        (
            f"left out: {read.outside} outside the Region, {read.closed} not for all cars or not "
            f"standing, {read.repeated} said twice"
        ),
        f"vehicles: {line.evs:,.0f}, of {line.ev_quarter}; distance: {line.metric}",
    ]


def _table(verdict: pd.DataFrame, rules: Targets) -> list[str]:
    every: dict[str, str] = {target.name: target.every for target in rules.targets}
    lines = [
        (
            f"{'target':<22} {'every':<8} {'wanted':>7} {'now':>7} {'':<5} {'since':<11} "
            f"{'change':>7} {'a year':>7}"
        )
    ]
    for row in verdict.to_dict("records"):
        name = str(row["target"])
        passed = "pass" if row["passes"] else "fail"
        went = "  went back" if row["regressed"] else ""
        lines.append(
            f"{TARGET_NAMES[name]:<22} {every[name]:<8} {row['wanted']:>7.1%} "
            f"{row['measured']:>7.1%} {passed:<5} {row['since'] or 'first':<11} "
            f"{_points(row['change'])} {_points(row['per_year'])}{went}"
        )
    return lines


def _points(value: float) -> str:
    return f"{'-':>7}" if np.isnan(value) else f"{value:>+7.2f}"


def _written(path: Path, *, dry_run: bool, unchanged: bool) -> str:
    if dry_run:
        return "dry run: nothing was written"
    return "nothing new: the history stays as it is" if unchanged else f"wrote {path}"
