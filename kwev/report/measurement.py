"""Lists of stations and counts of vehicles, measured and held against the targets.

The measure is that of every headline figure: people, or vehicles, on the cells. What was measured
when is kept by :mod:`kwev.report.history`.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import sha256_bytes
from kwev.model.demand import demand_points
from kwev.report import history, observations, snapshots, targets
from kwev.report.history import COUNTS, DECIMALS, DIGITS, OPENED, REGISTRATIONS, Measured
from kwev.report.observations import Counted, Listed
from kwev.report.snapshots import MERGED
from kwev.sets import locked
from kwev.vocabulary import METRIC_WORDS, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints
    from kwev.project import Project
    from kwev.report.snapshots import Snapshot
    from kwev.report.targets import Targets
    from kwev.solve.record import Covered, Network

PLACE_DECIMALS: Final = 5
"""Degrees to which places are alike (about a metre)."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What a network is measured on: the tables, the configuration of the targets, the cells."""

    tables: Tables
    config: Config
    cells: DemandPoints

    @classmethod
    def of(cls, tables: Tables, config: Config) -> Ground:
        """Return the ground of a configuration, with the vehicles registered in the newest quarter.

        Parameters
        ----------
        config
            Of the targets (:meth:`kwev.report.targets.Targets.config`).
        """
        config = config.with_values(demand__ev_year="now")
        return cls(tables, config, demand_points(tables, config, "cell"))

    @cached_property
    def merged(self) -> Covered:
        """Which cells the network that plans count on covers."""
        network = snapshots.merged(self.tables, self.config).network
        return self.reached(network, self.cells)

    def reached(self, network: Network, cells: DemandPoints) -> Covered:
        """Return which cells a network covers."""
        tables = snapshots.on_the_roads(self.tables, network)
        return snapshots.measured(tables, self.config, network, cells)

    def with_vehicles(self, counts: pd.Series[float]) -> DemandPoints:
        """Return the cells with the vehicles of other counts.

        Each cell's vehicles grow or shrink as those of the forward sortation area that most people
        of its dissemination area live in; then all are brought to the Region's total.

        Parameters
        ----------
        counts
            Vehicles by forward sortation area, those outside the Region with them.
        """
        tables, areas = self.tables, self.tables.fsas.set_index("fsa")
        grown = (counts / areas["ev"]).reindex(areas.index).fillna(0.0)
        total = float((counts.reindex(areas.index) * areas["inside_share"]).sum())
        parts = tables.cell_parts
        fsa = parts["da_id"].map(tables.da_profiles.set_index("da_id")["fsa"])
        at = pd.Index(self.cells.ids).get_indexer(pd.Index(parts["cell_id"]))
        driven = parts["ev"].to_numpy(np.float64) * fsa.map(grown).to_numpy(np.float64)
        ev = np.bincount(at, driven, len(self.cells)).astype(np.float64)
        whole = float(ev.sum())
        return replace(self.cells, ev=ev * (total / whole) if whole > 0 else ev)


def of_stations(ground: Ground, snapshot: Snapshot) -> Measured:
    """Measure a network, with the vehicles of the quarter that its date lies in.

    Where that quarter's vehicles are not counted yet, the newest before it stand; where none were
    counted that early, the first.
    """
    quarter = _quarter_of(ground.tables, snapshot.date)
    cells = ground.with_vehicles(_counts(ground.tables, quarter))
    reached, stations = ground.reached(snapshot.network, cells), snapshot.stations
    return Measured(
        date=snapshot.date,
        series=snapshot.series,
        content=_content_of(stations),
        metric=ground.config.coverage.metric,
        stations=len(stations),
        l2_ports=int(stations["l2_ports"].sum()),
        l3_ports=int(stations["l3_ports"].sum()),
        ev_quarter=quarter,
        evs=_round(cells.ev.sum()),
        **{name: _round(reached.share(cells, name)) for name in ("l2", "l3", "ev_owners")},
    )


def of_vehicles(ground: Ground, counted: Counted) -> Measured:
    """Measure a quarter's vehicles against the network that plans count on."""
    cells = ground.with_vehicles(counted.ev)
    return Measured(
        date=counted.date,
        series=REGISTRATIONS,
        content=_hash(sorted(counted.ev.round(6).to_dict().items())),
        metric=ground.config.coverage.metric,
        ev_quarter=counted.quarter,
        evs=_round(cells.ev.sum()),
        ev_owners=_round(ground.merged.share(cells, "ev_owners")),
        **dict.fromkeys((*COUNTS, "l2", "l3")),
    )


def _content_of(stations: pd.DataFrame) -> str:
    """Return the hash of places and ports, whatever their order and layout."""
    rows = stations[["latitude", "longitude", "l2_ports", "l3_ports"]]
    rows = rows.round({"latitude": PLACE_DECIMALS, "longitude": PLACE_DECIMALS})
    return _hash(rows.sort_values(list(rows.columns)).to_numpy().tolist())


def _counts(tables: Tables, quarter: str) -> pd.Series[float]:
    table = tables.ev_quarters[tables.ev_quarters["quarter"] == quarter]
    return table.set_index("fsa")["ev"].astype(float)


def _quarter_of(tables: Tables, date: str) -> str:
    known = sorted(tables.ev_quarters["quarter"].unique())
    wanted = str(pd.Period(date, "Q"))
    earlier = [str(quarter) for quarter in known if quarter <= wanted]
    return earlier[-1] if earlier else str(known[0])


def _round(value: float) -> float:
    return round(float(value), DECIMALS)


def _hash(value: object) -> str:
    return sha256_bytes(repr(value).encode())[:DIGITS]


def from_processed(ground: Ground) -> list[Measured]:
    """Return what the processed tables know: every list, the openings between, every quarter.

    A region may lack a list, or have no station in one.
    """
    tables, config = ground.tables, ground.config
    dated = [
        snapshots.listed(tables, source)
        for source in snapshots.DATED
        if snapshots.has(tables, source)
    ]
    undated = [snapshots.undated(tables)] if snapshots.has(tables, "ocm") else []
    lists = [*dated, *_opened(dated), *undated, snapshots.merged(tables, config)]
    quarters = sorted(str(quarter) for quarter in tables.ev_quarters["quarter"].unique())
    return [
        *(of_stations(ground, snapshot) for snapshot in lists if len(snapshot.stations)),
        *(of_vehicles(ground, Counted(q, _counts(tables, q))) for q in quarters),
    ]


def _opened(lists: list[Snapshot]) -> list[Snapshot]:
    """Return the newest of dated lists as it stood at the quarters' ends since the oldest."""
    if not lists:
        return []
    older, newer = lists[0], lists[-1]
    ends = (
        str(quarter.end_time.date())
        for quarter in pd.period_range(older.date, newer.date, freq="Q")
    )
    return [replace(newer.opened_by(day), series=OPENED) for day in ends if day <= newer.date]


# -- One run of ``kwev monitor``: read, measure, append, tell.

RESERVED: Final = (OPENED, MERGED, REGISTRATIONS)
"""Series that only the processed tables, or counts of vehicles, give."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
"""How a series may be named."""


@dataclass(frozen=True)
class Outcome:
    """What a run says, and whether a target went back."""

    lines: list[str]
    regressed: bool


def monitor(  # noqa: PLR0913 -- the options of the command
    project: Project,
    snapshot: Path | None,
    *,
    date: str = "",
    series: str = "",
    path: Path | None = None,
    begin: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Measure a snapshot, or what the processed tables know, and append it to the history.

    Parameters
    ----------
    project
        The checkout.
    snapshot
        File to read; None takes every list and quarter of ``data/processed``.
    date, series
        As in :func:`kwev.report.observations.read`.
    path
        History to append to; None takes that of the checkout.
    begin
        Begin the history where there is none, as ``data/processed`` always may.
    dry_run
        Write nothing.

    Raises
    ------
    KwevError
        If the file, its date or the history cannot be used; nothing is written then.
    """
    _refuse_name(series)
    kept = path or history.path_of(project)
    begin = begin or snapshot is None
    history.read_history(kept, begin=begin)  # refused, where it is, before the slow part
    rules, tables = targets.of_project(project), load_tables(project.processed)
    read = None
    if snapshot is not None:
        read = observations.read(project, tables, snapshot, date=date, series=series)
    found = _measured(tables, rules.configs(project), read)
    with nullcontext() if dry_run else locked(kept.resolve().parent):
        before = history.read_history(kept, begin=begin)
        if read is None:
            after, otherwise = history.grown(before, found)
        else:
            after, otherwise = reduce(history.added, found, before), []
        written = not dry_run and history.write(kept, before, after)
    if read is None:
        new = after[len(before) :]
        said, judged = _news(found, new, otherwise), [one for one in new if one.series == MERGED]
    else:
        said, judged = _heading(read, found[0]), found
    regressed = False
    for line in judged:
        verdict = targets.judged(after, line, rules)
        said += ["", f"distance: {METRIC_WORDS[line.metric]}", *_table(verdict, rules)]
        regressed |= bool(verdict["regressed"].any())
    if dry_run:
        said.append("dry run: nothing was written")
    else:
        said.append(f"wrote {kept}" if written else "nothing new: the history stays as it is")
    return Outcome(said, regressed)


def _measured(
    tables: Tables, configs: Iterable[Config], read: Listed | Counted | None
) -> list[Measured]:
    """Measure what was read, or what the processed tables know, by each configuration."""
    found: list[Measured] = []
    for config in configs:
        if config.coverage.metric == "network" and tables.road_edges.empty:
            hint = "Take network out of its metrics, or give the region a road file."
            raise KwevError("no road to measure along", where=targets.FILE, hint=hint)
        ground = Ground.of(tables, config)
        if read is None:
            found += from_processed(ground)
        elif isinstance(read, Listed):
            found.append(of_stations(ground, read.snapshot))
        else:
            found.append(of_vehicles(ground, read))
    return found


def _refuse_name(series: str) -> None:
    if series in RESERVED:
        words = f"the name {series!r} is kept for what data/processed gives"
        raise KwevError(words, where="--series", hint="Take another name.")
    if series and not NAME.fullmatch(series):
        hint = "Use lower-case letters, digits, hyphens and underscores."
        raise KwevError(f"not a name of a series: {series!r}", where="--series", hint=hint)


def _news(found: list[Measured], new: list[Measured], otherwise: list[Measured]) -> list[str]:
    lines = [f"{len(new)} of {len(found)} measurements of data/processed are new"]
    if otherwise:
        first = f"the first {otherwise[0].series} of {otherwise[0].date}"
        many = f"{len(otherwise)} tell a date in another way than it was measured then"
        lines.append(f"{many}, which stays: {first}")
    return lines


def _heading(read: Listed | Counted, line: Measured) -> list[str]:
    if not isinstance(read, Listed):
        return [f"{line.date} {line.series}: {line.evs:,.0f} vehicles of the Region"]
    return [
        (f"{line.date} {line.series}: {line.stations} stations with {line.l2_ports} Level 2 "
         f"and {line.l3_ports} Level 3 ports in the Region"),
        (f"left out: {read.outside} outside the Region, {read.closed} not for all cars or not "
         f"standing, {read.repeated} said twice"),
        *(f"not read: {name}; where a level is offered counts, not its power"
          for name in read.powers),
        f"vehicles: {line.evs:,.0f}, of {line.ev_quarter}",
    ]  # fmt: skip


def _table(verdict: pd.DataFrame, rules: Targets) -> list[str]:
    every: dict[str, str] = {target.name: target.every for target in rules.targets}
    names = f"{'target':<22} {'every':<8} {'wanted':>7} {'now':>7} {'':<5} {'since':<11} "
    lines = [f"{names}{'change':>7} {'a year':>7}"]
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
