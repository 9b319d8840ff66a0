"""What is watched, read from a file: a list of stations, or a quarter's vehicles.

A list of stations is CSV or GeoJSON (points) in one of three layouts, told by its columns:

- kwev's own: ``latitude``, ``longitude`` (degrees), ``l2_ports``, ``l3_ports`` (counts), and where
  known ``station_id``, ``name``, ``opened`` (YYYY-MM-DD), ``access`` (``public``, ``tesla_only``,
  ``private``) and ``status`` (``available``, ``planned``, ``closed``); an empty access is public,
  an empty status available;
- that of Natural Resources Canada and the United States' alternative fuels data centre;
- OpenChargeMap's, one row a plug.

A quarter's vehicles are CSV: ``fsa`` and ``ev``, or ``bev`` and ``phev``, a row an area.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from kwev.data.schemas import CANADA
from kwev.errors import KwevError, nearest
from kwev.files import dump_json, read_json, require_whole_csv
from kwev.pipeline.geometry import project as to_metres
from kwev.pipeline.station_records import guests_only
from kwev.report.snapshots import COLUMNS, DATE, Snapshot, last_day

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.project import Project

NEEDED: Final = ("latitude", "longitude", "l2_ports", "l3_ports")
"""Columns that a list of stations must have."""

ALL_CARS: Final = "public"
ACCESS: Final = (ALL_CARS, "tesla_only", "private")
STANDING: Final = "available"
STATUS: Final = (STANDING, "planned", "closed")

MOST_PORTS: Final = 1_000
_SAME: Final = ["name", "latitude", "longitude", "l2_ports", "l3_ports", "opened"]
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_SERIES: Final = {"nrcan": "nrcan", "ocm": "ocm", "own": "stations"}


@dataclass(frozen=True, eq=False)
class Listed:
    """A list of stations as read.

    Attributes
    ----------
    snapshot
        Those in the Region that any car may use.
    outside, closed, repeated
        Rows left out: outside the Region, not for all cars or not standing, said twice.
    """

    snapshot: Snapshot
    outside: int
    closed: int
    repeated: int


@dataclass(frozen=True, eq=False)
class Counted:
    """A quarter's vehicles as read.

    Attributes
    ----------
    quarter
        At whose end they were counted (YYYYQn).
    ev
        Vehicles by forward sortation area, those outside the Region with them.
    """

    quarter: str
    ev: pd.Series[float]

    @property
    def date(self) -> str:
        """Last day of the quarter (YYYY-MM-DD)."""
        return last_day(self.quarter)


def read(
    project: Project, tables: Tables, path: Path, *, date: str, series: str
) -> Listed | Counted:
    """Read a list of stations or a quarter's vehicles.

    Parameters
    ----------
    date
        Day, month or quarter that it shows; empty takes it from the name of the file.
    series
        Name under which it is kept; empty takes that of its layout.

    Raises
    ------
    KwevError
        If the file cannot be read, has another layout or a value that cannot be, names no date,
        or has no station in the Region that counts.
    """
    table = _table(path)
    named = [match.group() for match in DATE.finditer(path.name)]
    if not (date or named):
        hint = "Give --date 2026-03-31, 2026-03 or 2026Q1."
        raise KwevError("no date in the name of the file", where=str(path), hint=hint)
    shown = date or named[-1]
    last_day(shown)  # refuses what is no date
    if pd.Period(shown).start_time > pd.Timestamp.now():
        hint = "Nothing was written. Give the day that it shows with --date."
        raise KwevError(f"{shown} lies in the future", where=str(path), hint=hint)
    if "fsa" in table.columns:
        return _vehicles(tables, table, shown, path)
    layout, plain = _plain(table, path)
    return _stations(project, plain, last_day(shown), series or _SERIES[layout], path)


def _table(path: Path) -> pd.DataFrame:
    """Read CSV, or the points of GeoJSON, as text."""
    if path.suffix.lower() in (".geojson", ".json"):
        return _points(path)
    try:
        content = path.read_bytes()
        require_whole_csv(content)
        return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise KwevError("file not found", where=str(path), hint="Check the path.") from error
    except (OSError, ValueError) as error:
        hint = "It must be CSV in UTF-8, or GeoJSON; see `kwev monitor --help`."
        raise KwevError(f"file cannot be read: {error}", where=str(path), hint=hint) from error


def _points(path: Path) -> pd.DataFrame:
    values = read_json(path)
    try:
        rows = [
            {
                **{key: "" if v is None else str(v) for key, v in feature["properties"].items()},
                "longitude": str(feature["geometry"]["coordinates"][0]),
                "latitude": str(feature["geometry"]["coordinates"][1]),
            }
            for feature in values["features"]
        ]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        hint = "Each feature needs properties and the coordinates of a point."
        raise KwevError(f"not GeoJSON of points: {error!r}", where=str(path), hint=hint) from error
    return pd.DataFrame(rows).fillna("").astype(str)


# -- lists of stations -----------------------------------------------------------------------


_HINT: Final = "`kwev monitor --help` shows the layouts."


def _plain(table: pd.DataFrame, path: Path) -> tuple[str, pd.DataFrame]:
    """Return the layout of a list, and the list in kwev's own."""
    if "EV Level2 EVSE Num" in table.columns:
        return "nrcan", _from_nrcan(table, path)
    if "num_chargers" in table.columns:
        return "ocm", _from_ocm(table, path)
    _need(table, NEEDED, path)
    return "own", table


def _need(table: pd.DataFrame, columns: Iterable[str], path: Path, hint: str = "") -> None:
    lost = [name for name in columns if name not in table.columns]
    if lost:
        known = f"has {', '.join(map(str, table.columns)) or 'no columns'}"
        hint = hint or nearest(lost[0], list(table.columns)) or _HINT
        raise KwevError(f"no column {lost[0]!r} ({known})", where=str(path), hint=hint)


def _from_nrcan(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    names = {
        "Station Name": "name", "Latitude": "latitude", "Longitude": "longitude",
        "EV Level2 EVSE Num": "l2_ports", "EV DC Fast Count": "l3_ports", "Open Date": "opened",
        "ID": "station_id",
    }  # fmt: skip
    _need(table, (*names, "Access Code", "Status Code", "Fuel Type Code"), path)
    tesla = table["Station Name"].str.contains("tesla", case=False)
    public = (table["Access Code"] == "public") & (table["Fuel Type Code"] == "ELEC")
    # the filter of the trend: electric, available, public and dated
    stands = (table["Status Code"] == "E") & (table["Open Date"] != "")
    plain = table.rename(columns=names)[list(names.values())]
    return plain.assign(
        access=np.select([~public, tesla], ["private", "tesla_only"], ALL_CARS),
        status=np.where(stands, STANDING, "closed"),
    )


def _from_ocm(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    _need(table, ("name", "latitude", "longitude", "charger_type", "operator"), path)
    plugs = table["num_chargers"].where(table["num_chargers"] != "", "1")
    operator = table["operator"].str.lower()
    tesla = operator.str.contains("tesla") & ~operator.str.contains("including non-tesla")
    price = table["usage_cost"] if "usage_cost" in table else pd.Series("", table.index)
    closed = guests_only(price)  # as the pipeline reads it
    fast, slow = (table["charger_type"] == f"Level {level}" for level in (3, 2))
    return table[["name", "latitude", "longitude"]].assign(
        l2_ports=plugs.where(slow, "0"),
        l3_ports=plugs.where(fast, "0"),
        access=np.select([closed, tesla], ["private", "tesla_only"], ALL_CARS),
    )


def _stations(project: Project, table: pd.DataFrame, date: str, series: str, path: Path) -> Listed:
    table = table.reset_index(drop=True)
    for name in ("station_id", "name", "opened", "access", "status"):
        if name not in table.columns:
            table[name] = ""
        table[name] = table[name].str.strip()
    degrees = {
        name: _numbers(table[name], path, low, high)
        for name, (low, high) in zip(("longitude", "latitude"), CANADA, strict=True)
    }
    ports = {name: _ports(table[name], path) for name in ("l2_ports", "l3_ports")}
    for name, words in (("access", ACCESS), ("status", STATUS)):
        wrong = ~table[name].isin(["", *words])
        _refuse(wrong, table[name], path, f"one of {', '.join(words)}")
    days = table["opened"].where(table["opened"].str.fullmatch(_DAY), "no day")
    wrong = (table["opened"] != "") & pd.to_datetime(
        days, format="%Y-%m-%d", errors="coerce"
    ).isna()
    _refuse(wrong, table["opened"], path, "a day of the calendar (YYYY-MM-DD) or empty")
    table = table.assign(**degrees, **ports)
    metres = to_metres(table["longitude"], table["latitude"])
    table = table.assign(easting_m=metres[:, 0], northing_m=metres[:, 1])
    inside = in_region(project, table["longitude"], table["latitude"])
    counts = table["access"].isin(["", ALL_CARS]) & table["status"].isin(["", STANDING])
    counts &= (table["l2_ports"] + table["l3_ports"] > 0) & (table["opened"] <= date)
    kept = table[inside & counts]
    once = kept.drop_duplicates(_SAME)
    if once.empty:
        hint = "Nothing was written. Is this the right file, and are its coordinates degrees?"
        raise KwevError("no station in the Region that counts", where=str(path), hint=hint)
    number = [f"row_{i + 1}" for i in once.index]
    named = once.assign(station_id=once["station_id"].where(once["station_id"] != "", number))
    return Listed(
        snapshot=Snapshot(series, date, named[list(COLUMNS)].reset_index(drop=True)),
        outside=int((~inside).sum()),
        closed=int((inside & ~counts).sum()),
        repeated=len(kept) - len(once),
    )


def in_region(project: Project, longitude: pd.Series, latitude: pd.Series) -> pd.Series:
    """Return which places (degrees) lie in the Region, its border included."""
    shape = read_json(project.processed / "region.geojson")["features"][0]["geometry"]
    region = shapely.from_geojson(dump_json(shape))
    shapely.prepare(region)
    points = shapely.points(longitude.to_numpy(np.float64), latitude.to_numpy(np.float64))
    return pd.Series(shapely.intersects(region, points), index=longitude.index)


def _numbers(column: pd.Series, path: Path, low: float, high: float) -> pd.Series:
    found = pd.to_numeric(column, errors="coerce")
    _refuse(~found.between(low, high), column, path, f"a number from {low:g} to {high:g}")
    return found


def _ports(column: pd.Series, path: Path) -> pd.Series:
    """Return counts; an empty one is none, 2.0 is 2."""
    found = pd.to_numeric(column.where(column != "", "0"), errors="coerce")
    wrong = ~found.between(0, MOST_PORTS) | (found != found.round())
    _refuse(wrong, column, path, f"a whole number from 0 to {MOST_PORTS}")
    return found.astype("int64")


def _refuse(wrong: pd.Series, column: pd.Series, path: Path, wanted: str) -> None:
    """Refuse the first wrong value, naming its row and column."""
    if wrong.any():
        i = int(np.flatnonzero(wrong.to_numpy())[0])
        raise KwevError(
            f"row {i + 1}: {column.name} is {column.iloc[i]!r}, not {wanted}",
            where=str(path),
            hint="Nothing was written.",
        )


# -- a quarter's vehicles --------------------------------------------------------------------


def _vehicles(tables: Tables, table: pd.DataFrame, date: str, path: Path) -> Counted:
    parts = ["ev"] if "ev" in table.columns else ["bev", "phev"]
    _need(table, parts, path, "It needs fsa and ev, or fsa, bev and phev.")
    wanted = sorted(tables.fsas["fsa"])
    known = table[table["fsa"].isin(wanted)].reset_index(drop=True)
    if known["fsa"].duplicated().any():
        twice = str(known.loc[known["fsa"].duplicated(), "fsa"].iloc[0])
        raise KwevError(f"area {twice!r} stands twice", where=str(path), hint="One row an area.")
    missing = sorted(set(wanted) - set(known["fsa"]))
    if missing:
        hint = f"The Region has {len(wanted)} of them."
        raise KwevError(f"no row for area {missing[0]!r}", where=str(path), hint=hint)
    ev = sum(
        (_numbers(known[name], path, 0, 1e6) for name in parts), start=pd.Series(0.0, known.index)
    )
    if not ev.sum() > 0:
        raise KwevError("no vehicle in any area", where=str(path), hint="Nothing was written.")
    quarter = str(pd.Period(last_day(date), "Q"))
    return Counted(quarter, pd.Series(ev.to_numpy(np.float64), index=known["fsa"].to_numpy(str)))
