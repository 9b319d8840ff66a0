"""Timetables in GTFS: one feed with the tables that kwev uses, checked, and its service by day."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import gtfs_kit
import pandas as pd

from kwev.errors import KwevError
from kwev.schemas import Schema, check, integer, latitude, longitude, table_of, text, text_columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FEED: Final[dict[str, Schema]] = {
    "stops": table_of(
        {
            "stop_id": text(unique=True),
            "stop_name": text(),
            "stop_lat": latitude(),
            "stop_lon": longitude(),
            "location_type": text(null=True),
            "parent_station": text(null=True),
        }
    ),
    "routes": table_of(
        {
            "route_id": text(unique=True),
            "route_short_name": text(null=True),
            "route_long_name": text(null=True),
            "route_type": text(),
        }
    ),
    "trips": table_of(
        {
            "trip_id": text(unique=True),
            "route_id": text(),
            "service_id": text(),
            "direction_id": text(null=True),
            "shape_id": text(null=True),
        }
    ),
    "stop_times": table_of(
        {
            "trip_id": text(),
            "stop_id": text(),
            "stop_sequence": integer(),
            "departure_time": text(null=True, pattern=r"^\s*\d{1,2}:\d{2}:\d{2}\s*$"),
        },
        unique=["trip_id", "stop_sequence"],
    ),
    "shapes": table_of(
        {
            "shape_id": text(),
            "shape_pt_sequence": integer(),
            "shape_pt_lat": latitude(),
            "shape_pt_lon": longitude(),
        }
    ),
}
"""Tables of a feed and their columns that are read; ids are text, whatever they look like."""

_OPTIONAL: Final = {
    "stops": ("location_type", "parent_station"),
    "routes": ("route_short_name", "route_long_name"),
    "trips": ("direction_id", "shape_id"),
}
"""Columns that a feed may leave out."""

_LINKS: Final = (
    ("trips", "route_id", "routes"),
    ("stop_times", "trip_id", "trips"),
    ("stop_times", "stop_id", "stops"),
)

_HINT: Final = "Fetch the feed again; its tables and sha256 are in data/sources.json."


@dataclass(frozen=True, eq=False)
class Feed:
    """One GTFS feed.

    Parameters
    ----------
    stops, routes, trips, stop_times, shapes
        The tables with the columns of :data:`FEED`. Trips given by a headway stand as ordinary
        trips.
    services
        For each date (YYYYMMDD) the services that run on it, from ``calendar.txt``, where there
        is one, and ``calendar_dates.txt``.
    """

    stops: pd.DataFrame
    routes: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    shapes: pd.DataFrame
    services: dict[str, frozenset[str]]

    def shape(self) -> tuple[int, int]:
        """Return the rows of all tables, and the columns that were checked."""
        rows = sum(len(getattr(self, name)) for name in FEED)
        return rows, sum(len(schema.columns) for schema in FEED.values())


def read_feed(path: Path) -> Feed:
    """Read a zipped feed.

    Raises
    ------
    KwevError
        If it is no zip file, has a table missing or empty, breaks the schema, names an id that
        is in no other table, or has no day of service.
    """
    source = _attempt(lambda: gtfs_kit.read_feed(path, dist_units="m"), path)
    for name in FEED:
        if getattr(source, name) is None:
            raise KwevError(
                f"feed without {name}.txt, or with an empty one", where=str(path), hint=_HINT
            )
    source = _attempt(source.expand_frequencies, path)
    tables = {name: _table(source, name, path) for name in FEED}
    _check_links(tables, path)
    services = {date: frozenset(source.get_active_services(date)) for date in source.get_dates()}
    if not any(services.values()):
        raise KwevError("feed without a day of service", where=str(path), hint=_HINT)
    return Feed(**tables, services=services)


def _attempt(step: Callable[[], Any], path: Path) -> Any:
    try:
        return step()
    except (
        ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise KwevError(
            f"raw file cannot be read, it may be cut off: {reason}", where=str(path), hint=_HINT
        ) from error


def _table(source: Any, name: str, path: Path) -> pd.DataFrame:
    found = getattr(source, name)
    schema = FEED[name]
    absent = {column: None for column in _OPTIONAL.get(name, ()) if column not in found}
    # The reader hands out pandas' nullable types; ours are plain ones.
    texts = [column for column in text_columns(schema) if column in {*found.columns, *absent}]
    table = pd.DataFrame(found.assign(**absent)).astype(dict.fromkeys(texts, "str"))
    table = check(table, schema, where=f"{path}: {name}.txt", hint=_HINT)
    return table[list(schema.columns)].reset_index(drop=True)


def _check_links(tables: dict[str, pd.DataFrame], path: Path) -> None:
    for table, key, other in _LINKS:
        lost = sorted(set(tables[table][key]) - set(tables[other][key]))
        if lost:
            raise KwevError(
                f"{key} {lost[0]!r} of {table}.txt is not in {other}.txt",
                where=str(path),
                hint=_HINT,
            )
