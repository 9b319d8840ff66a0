"""Two small GTFS feeds made by hand: buses with a copy of ION in them, and ION itself."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
from home_region import CRS

from kwev.pipeline.geometry import unproject

WEST, SOUTH = 540_000.0, 4_810_000.0
WEEKDAYS = ("20260106", "20260107", "20260113", "20260114", "20260120", "20260121")
HOLIDAY = WEEKDAYS[0]
SATURDAYS = ("20260110", "20260117")
SUNDAYS = ("20260111", "20260118")
STARTS = {
    "WD": ("07:00", "07:30", "08:00", "08:59", "09:00", "12:00", "16:00", "17:59", "18:00",
           "25:10"),
    "SA": ("10:00", "24:30"),
    "SU": ("11:00",),
}  # fmt: skip
"""Departures of route 1 from stop 0A by service."""


def later(clock: str, minutes: int) -> str:
    hours, past = divmod(int(clock[:2]) * 60 + int(clock[3:]) + minutes, 60)
    return f"{hours:02d}:{past:02d}:00"


def calls(trip, stops, start, *, step=5):
    return [(trip, stop, i, later(start, i * step)) for i, stop in enumerate(stops)]


def stops_table(places):
    rows = [
        (key, name, kind, parent, *unproject(np.array([[WEST + x, SOUTH + y]]), CRS)[0][::-1])
        for key, name, kind, parent, x, y in places
    ]
    names = ["stop_id", "stop_name", "location_type", "parent_station", "stop_lat", "stop_lon"]
    return pd.DataFrame(rows, columns=names)


def shape(key, xs, y):
    spots = unproject(np.array([[WEST + x, SOUTH + y] for x in xs]), CRS)
    return pd.DataFrame(
        {
            "shape_id": key,
            "shape_pt_sequence": range(len(xs)),
            "shape_pt_lat": spots[:, 1],
            "shape_pt_lon": spots[:, 0],
        }
    )


def times_table(rows):
    table = pd.DataFrame(rows, columns=["trip_id", "stop_id", "stop_sequence", "departure_time"])
    return table.assign(arrival_time=table["departure_time"])


def bus_feed():
    """Route 1 runs 0A, 0B, 0C; 201 T1, 0A, 0C by headway; 2 T2, 0B once; 301 is a copy of ION."""
    trips, times = [], []
    for service, starts in STARTS.items():
        for i, start in enumerate(starts):
            trip = f"1-{service}-{i}"
            trips.append((trip, "1", service, 0, "s1"))
            times += calls(trip, ["0A", "0B", "0C"], start)
    trips += [("x", "201", "WD", 0, "s201"), ("y", "2", "WD", 0, None), ("z", "301", "WD", 0, None)]
    times += calls("x", ["T1", "0A", "0C"], "05:00")
    times += calls("y", ["T2", "0B"], "13:00")
    times += calls("z", ["6001", "6003"], "08:00")
    blank = [(t, s, i, None if (t, s) == ("1-WD-3", "0B") else at) for t, s, i, at in times]
    days = {"WD": WEEKDAYS[1:], "SA": SATURDAYS, "SU": (*SUNDAYS, HOLIDAY)}
    return {
        "agency": pd.DataFrame({"agency_name": ["Bus"], "agency_timezone": ["America/Toronto"]}),
        "stops": stops_table(
            [
                ("0A", "First", 0, None, 100, 500),
                ("0B", "Second", 0, None, 600, 500),
                ("0C", "Third", 0, None, 1100, 500),
                ("place_T", "Terminal (bus)", 1, None, 1500, 500),
                ("T1", "Bay one", 0, "place_T", 1480, 500),
                ("T2", "Bay two", 0, "place_T", 1520, 500),
                ("6001", "Alpha Station", 0, None, 110, 560),
                ("6002", "Alpha Station", 0, None, 130, 560),
                ("6003", "Beta Station", 0, None, 1900, 900),
                ("6004", "Beta Station", 0, None, 1900, 900),
            ]
        ),
        "routes": pd.DataFrame(
            [("1", "1", "Main", 3), ("2", "2", "Side", 3), ("201", "201", "iXpress Fast", 3),
             ("301", "301", "ION light rail", 2)],
            columns=["route_id", "route_short_name", "route_long_name", "route_type"],
        ),
        "trips": pd.DataFrame(
            trips, columns=["trip_id", "route_id", "service_id", "direction_id", "shape_id"]
        ),
        "stop_times": times_table(blank),
        "shapes": pd.concat(
            [shape("s1", (100, 1100), 500), shape("s201", (100, 1500), 500)], ignore_index=True
        ),
        "calendar_dates": pd.DataFrame(
            [(service, date, 1) for service, dates in days.items() for date in dates],
            columns=["service_id", "date", "exception_type"],
        ),
        "frequencies": pd.DataFrame(
            {"trip_id": ["x"], "start_time": ["07:00:00"], "end_time": ["09:00:00"],
             "headway_secs": [900], "exact_times": [0]}
        ),
    }  # fmt: skip


def ion_feed():
    """One trip each way between Alpha and Beta each day; the week stands in ``calendar.txt``."""
    feed = bus_feed()
    places = [
        ("6001", "Alpha Station - Northbound", 0, None, 170, 560),
        ("6002", "Alpha Station Station - Southbound", 0, None, 130, 560),
        ("6003", "Beta Station - Northbound", 0, None, 1900, 900),
        ("6004", "Beta Station - Southbound", 0, None, 1900, 900),
    ]
    trips = [("n", "301", "ALL", 0, "rail"), ("s", "301", "ALL", 1, "liar")]
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    week = pd.DataFrame([["ALL", *[1] * 7, "20260105", "20260131"]])
    return {
        "agency": feed["agency"],
        "stops": stops_table(places),
        "routes": feed["routes"].tail(1).assign(route_type=0),
        "trips": pd.DataFrame(trips, columns=feed["trips"].columns),
        "stop_times": times_table(
            calls("n", ["6001", "6003"], "08:00") + calls("s", ["6004", "6002"], "24:10")
        ),
        "shapes": pd.concat(
            [shape("rail", (110, 1900), 900), shape("liar", (1900, 110), 903)], ignore_index=True
        ),
        "calendar": week.set_axis(["service_id", *days, "start_date", "end_date"], axis=1),
    }


def write_feed(path, feed, *, bom=False, newline="\n"):
    """Zip a feed's tables as ``path``; leave out those that are None."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, table in feed.items():
            if table is not None:
                text = table.to_csv(index=False, lineterminator=newline)
                archive.writestr(f"{name}.txt", text.encode("utf-8-sig" if bom else "utf-8"))
    return path
