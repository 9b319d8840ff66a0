"""Timetables in GTFS: one feed with the tables that kwev uses, checked, and its service by day."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.data.columns import DAYS
from kwev.data.schemas import CALENDAR, FEED, check, text_columns
from kwev.errors import KwevError
from kwev.files import MOST_BYTES, require_even_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.data.schemas import Schema
    from kwev.pipeline.raw import Ledger

_LINKS: Final = (
    ("trips", "route_id", "routes"),
    ("stop_times", "trip_id", "trips"),
    ("stop_times", "stop_id", "stops"),
)

_HINT: Final = "Fetch the feed again; its tables and sha256 are in data/sources.json."
MOST_DAYS: Final = 1_100
"""A feed covers three years at most: a day farther off is a slip of a digit."""
MOST_TRIPS: Final = 200_000
"""Trips of a feed at most, those that headways stand for among them."""


@dataclass(frozen=True, eq=False)
class Feed:
    """One GTFS feed.

    Parameters
    ----------
    stops, routes, trips, stop_times, shapes
        The tables with the columns of :data:`FEED`. Trips given by a headway stand as ordinary
        trips; trips without calls are left out.
    services
        For each date (YYYYMMDD) the services that run on it, from ``calendar.txt``, where there
        is one, and ``calendar_dates.txt``.
    silent
        Trips that were left out because they call nowhere, or at a single stop.
    """

    stops: pd.DataFrame
    routes: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    shapes: pd.DataFrame
    services: dict[str, frozenset[str]]
    silent: int = 0

    def shape(self) -> tuple[int, int]:
        """Return the rows of all tables, and the columns that were checked."""
        rows = sum(len(getattr(self, name)) for name in FEED)
        return rows, sum(len(schema.columns) for schema in FEED.values())


def read_feed(path: Path, content: bytes | None = None) -> Feed:
    """Read a zipped feed.

    Parameters
    ----------
    content
        The bytes of the file, where they are read already.

    Raises
    ------
    KwevError
        If it is no zip file, would be too large unpacked, has a table missing or empty, breaks the
        schema, names an id that is in no other table, has no day of service, or covers more than
        :data:`MOST_DAYS`.
    """
    import gtfs_kit

    content = _attempt(path.read_bytes, path) if content is None else content
    with tempfile.TemporaryDirectory() as folder:
        _attempt(lambda: _unpack(content, Path(folder), path), path)
        source = _attempt(lambda: gtfs_kit.read_feed(folder, dist_units="m"), path)
    for name in FEED:
        if getattr(source, name) is None:
            raise KwevError(
                f"feed without {name}.txt, or with an empty one", where=str(path), hint=_HINT
            )
    when = {
        name: _table(source, name, schema, path)
        for name, schema in CALENDAR.items()
        if getattr(source, name) is not None
    }
    _refuse_many(source.trips, when, path)
    services = _services(when, path)
    source = _attempt(source.expand_frequencies, path)
    tables = {name: _table(source, name, schema, path) for name, schema in FEED.items()}
    _check_links(tables, path)
    if not any(services.values()):
        raise KwevError("feed without a day of service", where=str(path), hint=_HINT)
    calls = tables["trips"]["trip_id"].map(tables["stop_times"]["trip_id"].value_counts())
    silent = ~(calls >= LEAST_CALLS)
    if silent.all():
        raise KwevError("feed without a trip that calls twice", where=str(path), hint=_HINT)
    tables["trips"] = tables["trips"][~silent].reset_index(drop=True)
    return Feed(**tables, services=services, silent=int(silent.sum()))


LEAST_CALLS: Final = 2
"""A trip with fewer goes nowhere."""


def _unpack(content: bytes, folder: Path, path: Path) -> None:
    """Write the tables of a zipped feed to a folder, none larger than it may be."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tables = [item for item in archive.infolist() if Path(item.filename).name in _TABLES]
        left = MOST_BYTES
        if sum(item.file_size for item in tables) > left:
            _refuse_large(path)
        for item in tables:
            name = Path(item.filename).name
            if (folder / name).exists():
                raise KwevError(f"feed with two {name}", where=str(path), hint=_HINT)
            with archive.open(item) as stream:
                text = stream.read(left + 1)  # what it says of its size need not be true
            left -= len(text)
            if left < 0:
                _refuse_large(path)
            require_even_rows(text)
            head, end, rows = text.partition(b"\n")
            (folder / name).write_bytes(_BLANKS.sub(b",", head.strip()) + end + rows)


def _refuse_large(path: Path) -> None:
    words = f"feed is larger than {MOST_BYTES / 1e6:,.0f} MB when unpacked"
    raise KwevError(words, where=str(path), hint=_HINT)


_TABLES: Final = {f"{name}.txt" for name in (*FEED, *CALENDAR, "agency")}
_BLANKS: Final = re.compile(rb"[ \t]*,[ \t]*")
"""Around the names of columns, where they say nothing."""


def _seconds(times: pd.Series) -> pd.Series:
    """Return times of a feed (``25:10:00`` is after midnight) as seconds of its day."""
    from gtfs_kit.helpers import timestr_to_seconds

    return times.map(timestr_to_seconds, na_action="ignore").astype(float)


def _refuse_many(trips: pd.DataFrame, when: dict[str, pd.DataFrame], path: Path) -> None:
    """Refuse more trips than any feed has, before headways are written out as trips."""
    many = float(len(trips) + len(when.get("calendar", ())))
    if "frequencies" in when:
        table = when["frequencies"]
        start, end = (_seconds(table[name]) for name in ("start_time", "end_time"))
        many += float(((end - start) / table["headway_secs"]).clip(lower=0).sum())
    if many > MOST_TRIPS:
        raise KwevError(f"feed with {many:,.0f} trips", where=str(path), hint=_HINT)


def _services(when: dict[str, pd.DataFrame], path: Path) -> dict[str, frozenset[str]]:
    """Return the services of each date: those of its weekday and those added, less those removed.

    Only dates between the first and the last that are named.
    """
    week, single = when.get("calendar"), when.get("calendar_dates")
    named = [
        *([] if week is None else [week["start_date"], week["end_date"]]),
        *([] if single is None else [single["date"]]),
    ]
    if not named:
        return {}
    days = pd.to_datetime(pd.concat(named), format="%Y%m%d")
    first, last = days.min(), days.max()
    if (last - first).days > MOST_DAYS:
        words = f"feed from {first:%Y-%m-%d} to {last:%Y-%m-%d}: one of them is a slip"
        raise KwevError(words, where=str(path), hint=_HINT)
    dates = pd.date_range(first, last)
    texts = dates.strftime("%Y%m%d")
    found: dict[str, set[str]] = {text: set() for text in texts}
    for row in () if week is None else week.to_dict("records"):
        for text, weekday in zip(texts, dates.day_name().str.lower(), strict=True):
            if row[weekday] and row["start_date"] <= text <= row["end_date"]:
                found[text].add(row["service_id"])
    changes = [] if single is None else single.sort_values("exception_type").to_dict("records")
    for row in changes:  # additions before removals
        change = (
            found[row["date"]].add if row["exception_type"] == 1 else found[row["date"]].discard
        )
        change(row["service_id"])
    return {text: frozenset(all_day) for text, all_day in found.items()}


def _attempt(step: Callable[[], Any], path: Path) -> Any:
    try:
        return step()
    except (
        ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError, EOFError,
        ArithmeticError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise KwevError(
            f"raw file cannot be read, it may be cut off: {reason}", where=str(path), hint=_HINT
        ) from error


def _table(source: Any, name: str, schema: Schema, path: Path) -> pd.DataFrame:
    found = getattr(source, name)
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
        :data:`kwev.data.columns.DAYS`; trips of other days are among them, with no flag.
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

    Raises
    ------
    KwevError
        If nothing departs on any of them, or the feeds share no such day.
    """
    days = service_days(buses, ion)
    trips = pd.concat([_trips(feed, days) for feed in (buses, ion)], ignore_index=True)
    times = pd.concat([buses.stop_times, ion.stop_times], ignore_index=True)
    used = trips.loc[trips[list(DAYS)].any(axis=1), "trip_id"]
    departures = _departures(times[times["trip_id"].isin(used)], ledger)
    if departures.empty:
        hint = "Fetch the feeds again."
        raise KwevError("nothing departs on a representative day", where="transit", hint=hint)
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
    seconds = _seconds(times["departure_time"])
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
