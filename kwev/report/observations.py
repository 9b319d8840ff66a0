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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from kwev.data.links import crs_of
from kwev.data.schemas import WATCHED
from kwev.errors import KwevError, nearest
from kwev.files import MOST_BYTES, dump_json, read_json
from kwev.pipeline.geometry import project as to_metres
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import checked, power_columns, read_csv, read_geojson
from kwev.pipeline.station_records import (
    SAME,
    comparable,
    connectors,
    guests_only,
    in_another,
    opens_later,
    repeats,
    serves_others,
    teslas,
)
from kwev.report.snapshots import COLUMNS, DATE, DATED, Snapshot, for_all_cars, last_day

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.project import Project

ALL_CARS: Final = "public"
STANDING: Final = "available"
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
    powers
        Columns of power: none is read.
    """

    snapshot: Snapshot
    outside: int
    closed: int
    repeated: int
    powers: tuple[str, ...]


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
    dates = [match.group() for match in DATE.finditer(path.name)]
    if not (date or dates):
        hint = "Give --date 2026-03-31, 2026-03 or 2026Q1."
        raise KwevError("no date in the name of the file", where=str(path), hint=hint)
    shown = date or dates[-1]
    last_day(shown)  # refuses what is no date
    if pd.Period(shown).start_time > pd.Timestamp.now():
        hint = "Nothing was written. Give the day that it shows with --date."
        raise KwevError(f"{shown} lies in the future", where=str(path), hint=hint)
    if "fsa" in table.columns:
        return _vehicles(tables, table, shown, path)
    layout, plain = _plain(table, path)
    if layout == "nrcan":
        plain = _opened_since(plain, tables)
    named = series or _SERIES[layout]
    metres = to_metres(plain["longitude"], plain["latitude"], crs_of(tables.das))
    placed = plain.assign(easting_m=metres[:, 0], northing_m=metres[:, 1])
    return _stations(project, placed, last_day(shown), named, path, power_columns(table))


_HINT: Final = "Nothing was written; `kwev monitor --help` shows the layouts."


def _table(path: Path) -> pd.DataFrame:
    """Read CSV, or the points of GeoJSON, as text without blanks around it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise KwevError("file is too large", where=str(path), hint="Check the file.")
        content = path.read_bytes()
        points = path.suffix.lower() in (".geojson", ".json")
        table = _points(content, path) if points else read_csv(content)
    except FileNotFoundError as error:
        raise KwevError("file not found", where=str(path), hint="Check the path.") from error
    except (OSError, ValueError) as error:
        hint = "It must be CSV in UTF-8, or GeoJSON; see `kwev monitor --help`."
        raise KwevError(f"file cannot be read: {error}", where=str(path), hint=hint) from error
    plain = table.rename(columns=lambda name: str(name).strip()).fillna("").astype(str)
    return pd.DataFrame(plain.apply(lambda cells: cells.str.strip())).replace("", None)


def _points(content: bytes, path: Path) -> pd.DataFrame:
    frame = read_geojson(content, str(path), hint=_HINT)
    if not (frame.geometry.geom_type == "Point").all() or frame.geometry.is_empty.any():
        hint = "Each feature needs properties and the coordinates of a point."
        raise KwevError("not GeoJSON of points", where=str(path), hint=hint)
    return pd.DataFrame(frame.drop(columns="geometry")).assign(
        longitude=frame.geometry.x, latitude=frame.geometry.y
    )


# -- lists of stations -----------------------------------------------------------------------


def _plain(table: pd.DataFrame, path: Path) -> tuple[str, pd.DataFrame]:
    """Return the layout of a list, and the list in kwev's own."""
    layouts = {"EV Level2 EVSE Num": "nrcan", "num_chargers": "ocm"}
    layout = next((name for key, name in layouts.items() if key in table.columns), "own")
    read = checked(table, WATCHED[layout], str(path), _HINT)
    made = {"nrcan": _from_nrcan, "ocm": _from_ocm, "own": _from_own}[layout](read)
    texts = ("station_id", "name", "opened", "access", "status")
    plain = made.assign(**{name: "" for name in texts if name not in made})
    counts = ("l2_ports", "l3_ports")
    plain = plain.fillna({**dict.fromkeys(texts, ""), **dict.fromkeys(counts, 0)})
    return layout, plain.astype(dict.fromkeys(counts, "int64")).reset_index(drop=True)


def _from_own(table: pd.DataFrame) -> pd.DataFrame:
    return table


def _from_nrcan(table: pd.DataFrame) -> pd.DataFrame:
    names = {
        "Station Name": "name", "Latitude": "latitude", "Longitude": "longitude",
        "EV Level2 EVSE Num": "l2_ports", "EV DC Fast Count": "l3_ports", "Open Date": "opened",
        "ID": "station_id",
    }  # fmt: skip
    plugs = table["EV Connector Types"].fillna("").map(connectors)
    tesla = teslas(table["EV Network"].fillna(""), table["Station Name"]) & ~serves_others(plugs)
    stands = comparable(table) & ~in_another(table["State"])
    return table.rename(columns=names)[list(names.values())].assign(
        access=np.where(tesla, "tesla_only", ALL_CARS),
        status=np.where(stands, STANDING, "closed"),
    )


def _opened_since(table: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return the list with Tesla's stations open that are known, by another list, to be open."""
    records = tables.station_records
    own = records[records["source"].isin(DATED)]
    known = own.loc[for_all_cars(own, tables), "record_id"].str.split("_").str[1]
    teslas_alone = table["access"] == "tesla_only"
    found = table["station_id"].isin(set(known))
    return table.assign(access=table["access"].mask(teslas_alone & found, ALL_CARS))


def _from_ocm(table: pd.DataFrame) -> pd.DataFrame:
    plugs = table["num_chargers"].fillna(Parameters().unstated_ports)
    operator = table["operator"].fillna("")
    open_to = operator.str.contains("including non-tesla", case=False)
    tesla = teslas(operator, table["name"]) & ~open_to
    closed = guests_only(table["usage_cost"].fillna(""))
    fast, slow = (table["charger_type"] == f"Level {level}" for level in (3, 2))
    return table[["name", "latitude", "longitude"]].assign(
        l2_ports=plugs.where(slow, 0),
        l3_ports=plugs.where(fast, 0),
        access=np.select([closed, tesla], ["private", "tesla_only"], ALL_CARS),
    )


def _stations(  # noqa: PLR0913, PLR0917 -- what a list is known by
    project: Project, table: pd.DataFrame, date: str, series: str, path: Path, powers: list[str]
) -> Listed:
    inside = in_region(project, table["longitude"], table["latitude"])
    counts = table["access"].isin(["", ALL_CARS]) & table["status"].isin(["", STANDING])
    counts &= table["l2_ports"] + table["l3_ports"] > 0
    counts &= ~opens_later(table["opened"], date)
    kept = table[inside & counts]
    once = kept[~repeats(kept, SAME)]
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
        powers=tuple(powers),
    )


def in_region(project: Project, longitude: pd.Series, latitude: pd.Series) -> pd.Series:
    """Return which places (degrees) lie in the Region, its border included."""
    shape = read_json(project.processed / "region.geojson")["features"][0]["geometry"]
    region = shapely.from_geojson(dump_json(shape))
    shapely.prepare(region)
    points = shapely.points(longitude.to_numpy(np.float64), latitude.to_numpy(np.float64))
    return pd.Series(shapely.intersects(region, points), index=longitude.index)


# -- a quarter's vehicles --------------------------------------------------------------------


def _vehicles(tables: Tables, table: pd.DataFrame, date: str, path: Path) -> Counted:
    parts = ["ev"] if "ev" in table.columns else ["bev", "phev"]
    lost = [name for name in parts if name not in table.columns]
    if lost:
        hint = f"It needs fsa and ev, or fsa, bev and phev. {nearest(lost[0], list(table.columns))}"
        raise KwevError(f"no column {lost[0]!r}", where=str(path), hint=hint)
    table = checked(table, WATCHED["vehicles"], str(path), _HINT)
    wanted = sorted(tables.fsas["fsa"])
    known = table[table["fsa"].isin(wanted)].reset_index(drop=True)
    if known["fsa"].duplicated().any():
        twice = str(known.loc[known["fsa"].duplicated(), "fsa"].iloc[0])
        raise KwevError(f"area {twice!r} stands twice", where=str(path), hint="One row an area.")
    missing = sorted(set(wanted) - set(known["fsa"]))
    if missing:
        hint = f"The Region has {len(wanted)} of them."
        raise KwevError(f"no row for area {missing[0]!r}", where=str(path), hint=hint)
    ev = known[parts].sum(axis=1, skipna=False)
    if ev.isna().any():
        area = known.loc[ev.isna(), "fsa"].iloc[0]
        hint = "Nothing was written. Enter what was counted."
        raise KwevError(f"area {area!r} has no count", where=str(path), hint=hint)
    if not ev.sum() > 0:
        raise KwevError("no vehicle in any area", where=str(path), hint="Nothing was written.")
    quarter = str(pd.Period(last_day(date), "Q"))
    return Counted(quarter, pd.Series(ev.to_numpy(np.float64), index=known["fsa"].to_numpy(str)))
