"""What was measured when: a file that only grows, and what a new line in it says.

Each line ends with a hash of all lines up to it, so that none can be changed, moved or taken out of
the midst unseen. One process at a time reads, measures and appends.

Lines are compared within one series alone, a source filtered alike. The measure is that of every
headline figure: people, or vehicles, on the cells, by the metric of the targets.
"""

from __future__ import annotations

import io
import math
import re
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import sha256_bytes, write_text
from kwev.model.demand import demand_points
from kwev.report import observations, snapshots, targets
from kwev.report.observations import Counted, Listed
from kwev.sets import locked
from kwev.vocabulary import TARGET_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints
    from kwev.project import Project
    from kwev.report.snapshots import Snapshot
    from kwev.report.targets import Targets
    from kwev.solve.record import Covered, Network

FILE: Final = "data/monitoring/history.csv"
REGISTRATIONS: Final = "registrations"
"""Series of vehicles counted, held against the network that plans count on."""
OPENED: Final = "nrcan_opened"
"""Series of the newest dated list by opening date: the least that stood at each quarter's end."""

DECIMALS: Final = 9
DIGITS: Final = 16
PLACE_DECIMALS: Final = 5
"""Degrees to which places are alike (about a metre)."""


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Attributes
    ----------
    date
        Day that it shows (YYYY-MM-DD).
    series
        Source; ``nrcan``, ``nrcan_opened``, ``ocm``, ``merged``, ``registrations`` or a name of
        the user's.
    content
        Hash of what was measured, whatever the layout it came in.
    metric
        How distance was measured.
    stations, l2_ports, l3_ports
        Records that counted and their ports; None in a line of vehicles.
    ev_quarter, evs
        Quarter whose vehicles weigh, and how many of them are the Region's (EV).
    l2, l3
        Shares of people in reach; None in a line of vehicles.
    ev_owners
        Share of vehicles with either level in reach.
    """

    date: str
    series: str
    content: str
    metric: str
    stations: int | None
    l2_ports: int | None
    l3_ports: int | None
    ev_quarter: str
    evs: float
    l2: float | None
    l3: float | None
    ev_owners: float

    def text(self) -> str:
        """Return the line as CSV, without its end."""
        return ",".join(_text(value) for value in asdict(self).values())


CHAIN: Final = "chain"
"""Last column: the hash of the line and of the hash before it."""
COLUMNS: Final = (*(field.name for field in fields(Measured)), CHAIN)
_COUNTS: Final = ("stations", "l2_ports", "l3_ports")
_NUMBERS: Final = ("evs", "l2", "l3", "ev_owners")


def _text(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else str(value)


# -- the file --------------------------------------------------------------------------------


def path_of(project: Project) -> Path:
    """Return where a checkout keeps its history."""
    return project.root / FILE


def read_history(path: Path, *, begin: bool = False) -> list[Measured]:
    """Return the lines of a history, in their order.

    Parameters
    ----------
    begin
        Whether a file that is not there is a history without lines.

    Raises
    ------
    KwevError
        If there is no file, or naming the first line that is not one of a history.
    """
    if not path.exists():
        if begin:
            return []
        hint = "Restore it from git; `kwev monitor --begin` begins a new one."
        raise KwevError("no history here", where=str(path), hint=hint)
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise KwevError(f"history cannot be read: {error}", where=str(path), hint=_HINT) from error
    if tuple(table.columns) != COLUMNS or not text.endswith("\n"):
        raise KwevError("not a whole history", where=str(path), hint=_HINT)
    lines: list[Measured] = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        try:
            lines = added(lines, _line({str(key): str(value) for key, value in row.items()}))
        except (ValueError, KwevError) as error:
            words = f"line {number} is not one of a history: {error}"
            raise KwevError(words, where=str(path), hint=_HINT) from error
    there = text.splitlines()
    for number, line in enumerate(_chained(lines), start=1):
        if there[number - 1] != line or len(there) != len(lines) + 1:
            words = f"line {number} is not one of a history: it is not as it was written"
            raise KwevError(words, where=str(path), hint=_HINT)
    return lines


def _chained(lines: list[Measured]) -> list[str]:
    """Return the lines of the file, its heading first."""
    found, chain = [",".join(COLUMNS)], ""
    for line in lines:
        chain = sha256_bytes(f"{chain},{line.text()}".encode())[:DIGITS]
        found.append(f"{line.text()},{chain}")
    return found


_HINT: Final = "Restore it from git; `kwev monitor --from-processed` writes its first lines anew."


def _line(row: dict[str, str]) -> Measured:
    whole = {name: int(row[name]) if row[name] else None for name in _COUNTS}
    real = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    if real["evs"] is None or real["ev_owners"] is None:
        raise ValueError("no vehicles")
    texts = {name: row[name] for name in ("series", "content", "metric", "ev_quarter")}
    return Measured(date=snapshots.last_day(row["date"]), **texts, **whole, **real)  # type: ignore[arg-type]


def _implausible(line: Measured) -> str:
    """Return what cannot be in a line, in words; empty where all can."""
    counts = [value for value in (line.stations, line.l2_ports, line.l3_ports) if value is not None]
    shares = [value for value in (line.l2, line.l3, line.ev_owners) if value is not None]
    if pd.Period(line.date, "Q").start_time > pd.Timestamp.now():
        return f"{line.date} lies in the future"
    if any(value < 0 for value in counts):
        return "a count is negative"
    if counts and sum(counts[1:]) < max(counts[0], 1):
        return "it has no stations, or fewer ports than stations"
    if not (math.isfinite(line.evs) and line.evs > 0):
        return "it has no vehicles"
    if not all(0 <= value <= 1 for value in shares):
        return "a share is not between 0 and 1"
    return ""


def added(lines: list[Measured], line: Measured) -> list[Measured]:
    """Return the lines with one more; the same ones where it is among them already.

    Raises
    ------
    KwevError
        If it cannot be, or its series has other content for that date, or a later date already.
    """
    wrong = _implausible(line)
    if wrong:
        hint = "Nothing was written."
        raise KwevError(f"not a measurement: {wrong}", where="kwev monitor", hint=hint)
    same = [other for other in lines if other.series == line.series]
    for other in same:
        if other.date == line.date and other.content == line.content:
            return lines
        if other.date == line.date:
            words = f"the history has another {line.series} for {line.date}"
            hint = "Give another --series or --date; nothing was written."
            raise KwevError(words, where="kwev monitor", hint=hint)
    if same and line.date < same[-1].date:
        words = f"the history of {line.series} has {same[-1].date} already; {line.date} is older"
        hint = "A history only grows at its end; nothing was written."
        raise KwevError(words, where="kwev monitor", hint=hint)
    return [*lines, line]


def write(path: Path, before: list[Measured], after: list[Measured]) -> bool:
    """Append what is new, whole or not at all; return whether anything was written.

    Raises
    ------
    KwevError
        If the lines of before are not the file's any more: somebody else wrote meanwhile.
    """
    if after == before and path.exists():
        return False
    if read_history(path, begin=True) != before or after[: len(before)] != before:
        hint = "Run the command again."
        raise KwevError("the history changed meanwhile", where=str(path), hint=hint)
    write_text(path.resolve(), "\n".join(_chained(after)) + "\n")  # a symbolic link stays one
    return True


# -- measuring -------------------------------------------------------------------------------


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
        return snapshots.measured(self.tables, self.config, network, cells)

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
        **dict.fromkeys((*_COUNTS, "l2", "l3")),
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
    """Return what the processed tables know: every list, the openings between, every quarter."""
    tables, config = ground.tables, ground.config
    older, newer = (snapshots.listed(tables, source) for source in snapshots.DATED)
    between = pd.period_range(older.date, newer.date, freq="Q")
    opened = [
        replace(newer.opened_by(day), series=OPENED)
        for day in (str(quarter.end_time.date()) for quarter in between)
        if day <= newer.date
    ]
    lists = [older, newer, *opened, snapshots.undated(tables), snapshots.merged(tables, config)]
    quarters = sorted(str(quarter) for quarter in tables.ev_quarters["quarter"].unique())
    return [
        *(of_stations(ground, snapshot) for snapshot in lists),
        *(of_vehicles(ground, Counted(q, _counts(tables, q))) for q in quarters),
    ]


# -- One run of ``kwev monitor``: read, measure, append, tell.

RESERVED: Final = (OPENED, "merged", REGISTRATIONS)
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
    kept = path or path_of(project)
    begin = begin or snapshot is None
    read_history(kept, begin=begin)  # refused, where it is, before the slow part
    rules, tables = targets.of_project(project), load_tables(project.processed)
    ground = Ground.of(tables, rules.config(project))
    read = None
    if snapshot is not None:
        read = observations.read(project, tables, snapshot, date=date, series=series)
    if read is None:
        found = from_processed(ground)
    else:
        found = [
            of_stations(ground, read.snapshot)
            if isinstance(read, Listed)
            else of_vehicles(ground, read)
        ]
    with nullcontext() if dry_run else locked(kept.resolve().parent):
        before = after = read_history(kept, begin=begin)
        for line in found:
            after = added(after, line)
        verdict = None if read is None else targets.judged(after, found[0], rules)
        written = not dry_run and write(kept, before, after)
    regressed = False
    if read is None or verdict is None:
        new = len(after) - len(before)
        said = [f"{new} of {len(found)} measurements of data/processed are new"]
    else:
        said = [*_heading(read, found[0]), *_table(verdict, rules)]
        regressed = bool(verdict["regressed"].any())
    if dry_run:
        said.append("dry run: nothing was written")
    else:
        said.append(f"wrote {kept}" if written else "nothing new: the history stays as it is")
    return Outcome(said, regressed)


def _refuse_name(series: str) -> None:
    if series in RESERVED:
        words = f"the name {series!r} is kept for what data/processed gives"
        raise KwevError(words, where="--series", hint="Take another name.")
    if series and not NAME.fullmatch(series):
        hint = "Use lower-case letters, digits, hyphens and underscores."
        raise KwevError(f"not a name of a series: {series!r}", where="--series", hint=hint)


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
        f"vehicles: {line.evs:,.0f}, of {line.ev_quarter}; distance: {line.metric}",
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
