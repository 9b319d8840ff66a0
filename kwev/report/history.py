"""What was measured when: a file that only grows, and what a new line in it says.

Lines are compared within one series alone, a source filtered alike. The measure is that of every
headline figure: people, or vehicles, on the cells, by the metric of the targets.
"""

from __future__ import annotations

import io
import re
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
from kwev.report.targets import passes
from kwev.units import POINTS
from kwev.vocabulary import TARGET_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

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
DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True)
class Line:
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


COLUMNS: Final = tuple(field.name for field in fields(Line))
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


def read_history(path: Path) -> list[Line]:
    """Return the lines of a history, in their order; none where there is no file yet.

    Raises
    ------
    KwevError
        Naming the first line that is not one of a history.
    """
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise KwevError(f"history cannot be read: {error}", where=str(path), hint=_HINT) from error
    if tuple(table.columns) != COLUMNS or not text.endswith("\n"):
        raise KwevError("not a whole history", where=str(path), hint=_HINT)
    lines = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        try:
            line = _line({str(key): str(value) for key, value in row.items()})
            if line.text() != text.splitlines()[number - 1]:
                raise ValueError("it is not as it was written")  # noqa: TRY301
        except (ValueError, KwevError) as error:
            words = f"line {number} is not one of a history: {error}"
            raise KwevError(words, where=str(path), hint=_HINT) from error
        lines.append(line)
    return lines


_HINT: Final = "Restore it from git; `kwev monitor --from-processed` writes its first lines anew."


def _line(row: dict[str, str]) -> Line:
    whole = {name: int(row[name]) if row[name] else None for name in _COUNTS}
    real = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    if real["evs"] is None or real["ev_owners"] is None:
        raise ValueError("no vehicles")
    shares = [real[name] for name in ("l2", "l3", "ev_owners")]
    if not all(value is None or 0 <= value <= 1 for value in shares):
        raise ValueError("a share is not between 0 and 1")
    texts = {name: row[name] for name in ("series", "content", "metric", "ev_quarter")}
    return Line(date=snapshots.last_day(row["date"]), **texts, **whole, **real)  # type: ignore[arg-type]


def added(lines: list[Line], line: Line) -> list[Line]:
    """Return the lines with one more; the same ones where it is among them already.

    Raises
    ------
    KwevError
        If its series has other content for that date, or a later date already.
    """
    same = [other for other in lines if other.series == line.series]
    for other in same:
        if other.date == line.date and other.content == line.content:
            return lines
        if other.date == line.date:
            raise KwevError(
                f"the history has another {line.series} for {line.date}",
                where="kwev monitor",
                hint="Give another --series or --date; nothing was written.",
            )
    if same and line.date < same[-1].date:
        raise KwevError(
            f"the history of {line.series} has {same[-1].date} already; {line.date} is older",
            where="kwev monitor",
            hint="A history only grows at its end; nothing was written.",
        )
    return [*lines, line]


def write(path: Path, before: list[Line], after: list[Line]) -> bool:
    """Append what is new, whole or not at all; return whether anything was written.

    Raises
    ------
    KwevError
        If the lines of before are not the file's any more: somebody else wrote meanwhile.
    """
    if after == before and path.exists():
        return False
    if read_history(path) != before or after[: len(before)] != before:
        hint = "Run the command again."
        raise KwevError("the history changed meanwhile", where=str(path), hint=hint)
    text = "\n".join([",".join(COLUMNS), *(line.text() for line in after)]) + "\n"
    write_text(path, text)
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
        return replace(self.cells, ev=_scaled(ev, total))


def of_stations(ground: Ground, snapshot: Snapshot) -> Line:
    """Measure a network, with the vehicles of the quarter that its date lies in.

    Where that quarter's vehicles are not counted yet, the newest before it stand; where none were
    counted that early, the first.
    """
    quarter = _quarter_of(ground.tables, snapshot.date)
    cells = ground.with_vehicles(_counts(ground.tables, quarter))
    reached = ground.reached(snapshot.network, cells)
    stations = snapshot.stations
    return Line(
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


def of_vehicles(ground: Ground, counted: Counted) -> Line:
    """Measure a quarter's vehicles against the network that plans count on."""
    cells = ground.with_vehicles(counted.ev)
    reached = ground.merged
    return Line(
        date=counted.date,
        series=REGISTRATIONS,
        content=_hash(sorted(counted.ev.round(6).to_dict().items())),
        metric=ground.config.coverage.metric,
        stations=None,
        l2_ports=None,
        l3_ports=None,
        ev_quarter=counted.quarter,
        evs=_round(cells.ev.sum()),
        l2=None,
        l3=None,
        ev_owners=_round(reached.share(cells, "ev_owners")),
    )


def _content_of(stations: pd.DataFrame) -> str:
    """Return the hash of places and ports, whatever their order and layout."""
    rows = stations[["latitude", "longitude", "l2_ports", "l3_ports"]]
    rows = rows.round({"latitude": PLACE_DECIMALS, "longitude": PLACE_DECIMALS})
    return _hash(rows.sort_values(list(rows.columns)).to_numpy().tolist())


def _scaled(values: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    whole = float(values.sum())
    return values * (total / whole) if whole > 0 else values


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


def from_processed(ground: Ground) -> list[Line]:
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


# -- judging ---------------------------------------------------------------------------------


def judged(lines: list[Line], line: Line, watched: Targets) -> pd.DataFrame:
    """Return what a line says of each target that it measures.

    Returns
    -------
    pandas.DataFrame
        ``target``, ``wanted``, ``measured`` (shares), ``passes``, ``since`` (date of the line
        before in its series, empty where it is the first), ``change`` (points since then),
        ``per_year`` (points a year, a straight line through the series by least squares) and
        ``regressed``: met before and not now, or ``regression_points`` lower.
    """
    own = [other for other in lines if other.series == line.series and other.date <= line.date]
    before = own[-2] if len(own) > 1 else None
    rows = []
    for target in watched.targets:
        now = getattr(line, target.name)
        if now is None:
            continue
        then = None if before is None else getattr(before, target.name)
        change = np.nan if then is None else POINTS * (now - then)
        met, was_met = passes(now, target.share), then is not None and passes(then, target.share)
        rows.append(
            {
                "target": target.name,
                "wanted": target.share,
                "measured": now,
                "passes": met,
                "since": "" if before is None else before.date,
                "change": change,
                "per_year": _per_year(own, target.name),
                "regressed": (was_met and not met) or change <= -watched.regression_points + 1e-9,
            }
        )
    return pd.DataFrame(rows)


def _per_year(lines: list[Line], name: str) -> float:
    """Return the slope of a series (points a year); NaN where there is one date alone."""
    if len(lines) < 2:  # noqa: PLR2004 -- a slope needs two
        return float("nan")
    days = pd.to_datetime([line.date for line in lines]).to_numpy().astype("datetime64[D]")
    years = (days - days[0]).astype(float) / DAYS_PER_YEAR
    shares = np.array([getattr(line, name) for line in lines], float)
    apart = years - years.mean()
    return float(POINTS * (apart @ shares) / (apart @ apart))


def as_frame(lines: list[Line]) -> pd.DataFrame:
    """Return a history as a table of :data:`COLUMNS`; what a line does not have is NaN."""
    frame = pd.DataFrame([asdict(line) for line in lines], columns=list(COLUMNS))
    return frame.astype(dict.fromkeys((*_COUNTS, *_NUMBERS), float))


# -- One run of ``kwev monitor``: read, measure, append, tell.

RESERVED: Final = (OPENED, "merged", REGISTRATIONS)
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
        As in :func:`kwev.report.observations.read`.
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
    kept = path or path_of(project)
    before = read_history(kept)
    rules = targets.of_project(project)
    tables = load_tables(project.processed)
    if snapshot is None:
        found = from_processed(Ground.of(tables, rules.config(project)))
        after = before
        for line in found:
            after = added(after, line)
        done = dry_run or not write(kept, before, after)
        told = f"{len(after) - len(before)} of {len(found)} measurements of data/processed are new"
        return Told([told, _written(kept, dry_run=dry_run, unchanged=done)], regressed=False)
    read = observations.read(project, tables, snapshot, date=date, series=series)
    line = _measured(Ground.of(tables, rules.config(project)), read)
    after = added(before, line)
    verdict = judged(after, line, rules)
    done = dry_run or not write(kept, before, after)
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
        return of_stations(ground, read.snapshot)
    return of_vehicles(ground, read)


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
