"""Timetables in GTFS: one feed with the tables that kwev uses, checked, and its service by day."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import gtfs_kit
import numpy as np
import pandas as pd
from gtfs_kit.helpers import timestr_to_seconds

from kwev.data.schemas import DAYS, FEED, check, text_columns
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kwev.pipeline.raw import Ledger

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
    optional = [column for column, kind in schema.columns.items() if not kind.required]
    absent = {column: None for column in optional if column not in found}
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


# -- Transit service: the buses without ION, representative days, and what departs on them.

WEEKDAYS: Final = {"weekday": (1, 2), "saturday": (5,), "sunday": (6,)}
"""Days of the week (Monday 0) among which each representative day is chosen."""

_EXPRESS: Final = "iXpress|ION bus"
"""In the long names of routes with few stops; the ION bus stands in for the planned second stage
of ION."""

_SECONDS_PER_HOUR: Final = 3600


@dataclass(frozen=True, eq=False)
class Service:
    """What runs on the representative days.

    Parameters
    ----------
    days
        Columns ``day``, ``date``, ``days_alike``, ``days``, ``bus_trips``, ``ion_trips``.
    routes
        Columns ``route_id``, ``short_name``, ``long_name``, ``mode``.
    trips
        Columns ``trip_id``, ``route_id``, ``direction_id``, ``shape_id`` and a flag for each of
        :data:`kwev.data.schemas.DAYS`; trips of other days are among them, with no flag.
    departures
        Columns ``trip_id``, ``stop_id`` (of the platform), ``hour``: hours after the midnight
        that starts the day of service, 25 being one o'clock in the night after it.
    """

    days: pd.DataFrame
    routes: pd.DataFrame
    trips: pd.DataFrame
    departures: pd.DataFrame


def buses_only(bus: Feed, ion: Feed, ledger: Ledger) -> Feed:
    """Return the bus feed without the routes and platforms that the ION feed has."""
    routes = ~bus.routes["route_id"].isin(ion.routes["route_id"])
    trips = bus.trips["route_id"].isin(bus.routes.loc[routes, "route_id"])
    times = bus.stop_times["trip_id"].isin(bus.trips.loc[trips, "trip_id"])
    stops = ~bus.stops["stop_id"].isin(ion.stops["stop_id"])
    for what, kept in (("routes", routes), ("trips", trips), ("stops", stops)):
        rule = f"{what} of ION: taken from its own feed"
        ledger.add("grt_feed", rule, "dropped", ~kept)
    return replace(
        bus, routes=bus.routes[routes], trips=bus.trips[trips], stop_times=bus.stop_times[times],
        stops=bus.stops[stops],
    )  # fmt: skip


def service_days(bus: Feed, ion: Feed) -> pd.DataFrame:
    """Return for each kind of day a date on which its most usual services run.

    Only dates that both feeds serve count. Dates are alike if the same services run in both
    feeds. Of the largest group of alike dates the first stands for all; of equal groups the one
    with the earliest date. A holiday has other services, so it is not chosen.

    Raises
    ------
    KwevError
        If the feeds share no date of a kind.
    """
    shared = _shared_dates(bus, ion)
    rows = []
    for day in DAYS:
        dates = [date for date in shared if pd.Timestamp(date).weekday() in WEEKDAYS[day]]
        if not dates:
            raise KwevError(
                f"the bus feed and the ION feed share no {day} with service",
                where="transit",
                hint="Fetch feeds of the same season.",
            )
        # A Counter keeps the order of first sight, and the most common of equals is the first.
        groups = Counter((bus.services[date], ion.services[date]) for date in dates)
        usual, alike = groups.most_common(1)[0]
        first = next(d for d in dates if (bus.services[d], ion.services[d]) == usual)
        rows.append((day, first, alike, len(dates)))
    return pd.DataFrame(rows, columns=["day", "date", "days_alike", "days"])


def transit_service(buses: Feed, ion: Feed, ledger: Ledger) -> Service:
    """Return the routes, trips and departures of the representative days.

    ``buses`` has no ION in it, as :func:`buses_only` returns it.
    """
    days = service_days(buses, ion)
    trips = pd.concat([_trips(feed, days) for feed in (buses, ion)], ignore_index=True)
    times = pd.concat([buses.stop_times, ion.stop_times], ignore_index=True)
    used = trips.loc[trips[list(DAYS)].any(axis=1), "trip_id"]
    departures = _departures(times[times["trip_id"].isin(used)], ledger)
    rail = trips["route_id"].isin(ion.routes["route_id"])
    days = days.assign(
        date=pd.to_datetime(days["date"]).dt.strftime("%Y-%m-%d"),
        bus_trips=[int((trips[day] & ~rail).sum()) for day in days["day"]],
        ion_trips=[int((trips[day] & rail).sum()) for day in days["day"]],
    )
    return Service(days, _routes(buses, ion), trips, departures)


def flag_unequal_days(bus: Feed, ion: Feed, ledger: Ledger) -> None:
    """Record on how many days the bus feed lists another number of ION trips than ION's feed."""
    rail = bus.trips[bus.trips["route_id"].isin(ion.routes["route_id"])]
    theirs, own = (t["service_id"].value_counts() for t in (rail, ion.trips))
    differ = [
        date
        for date in _shared_dates(bus, ion)
        if theirs.reindex(sorted(bus.services[date])).sum()
        != own.reindex(sorted(ion.services[date])).sum()
    ]
    note = ", ".join(f"{date[:4]}-{date[4:6]}-{date[6:]}" for date in differ)
    rule = "day on which the bus feed lists another number of ION trips"
    ledger.add("ion_feed", rule, "flagged", len(differ), note)


def _shared_dates(bus: Feed, ion: Feed) -> list[str]:
    return sorted(
        date
        for date in bus.services.keys() & ion.services.keys()
        if bus.services[date] and ion.services[date]
    )


def _trips(feed: Feed, days: pd.DataFrame) -> pd.DataFrame:
    table = feed.trips[["trip_id", "route_id", "direction_id", "shape_id"]].copy()
    for day, date in zip(days["day"], days["date"], strict=True):
        table[day] = feed.trips["service_id"].isin(feed.services[date])
    return table


def _routes(buses: Feed, ion: Feed) -> pd.DataFrame:
    express = buses.routes["route_long_name"].str.contains(_EXPRESS, na=False)
    bus = buses.routes.assign(mode=np.where(express, "ixpress", "bus"))
    table = pd.concat([bus, ion.routes.assign(mode="ion")], ignore_index=True)
    names = {"route_short_name": "short_name", "route_long_name": "long_name"}
    table = table.rename(columns=names)[["route_id", "short_name", "long_name", "mode"]]
    table["short_name"] = table["short_name"].fillna(table["route_id"])
    table["long_name"] = table["long_name"].fillna(table["short_name"])
    return table


def _departures(times: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return each call but the last of its trip; a missing time lies between its neighbours'."""
    times = times.sort_values(["trip_id", "stop_sequence"], ignore_index=True)
    seconds = times["departure_time"].map(timestr_to_seconds, na_action="ignore").astype(float)
    blank = seconds.isna()
    if blank.any():
        seconds = seconds.groupby(times["trip_id"]).transform(
            lambda known: known.interpolate(limit_area="inside")
        )
    lost = seconds.isna()
    last = times["trip_id"] != times["trip_id"].shift(-1)
    rule = "no time given: put between the calls before and after"
    ledger.add("stop_times", rule, "repaired", blank & ~lost)
    ledger.add("stop_times", "no time given, nor before or after it", "dropped", lost)
    ledger.add("stop_times", "last call of a trip is no departure", "dropped", last & ~lost)
    kept = ~last & ~lost
    hour = seconds[kept] / _SECONDS_PER_HOUR
    return times.loc[kept, ["trip_id", "stop_id"]].assign(hour=hour).reset_index(drop=True)
