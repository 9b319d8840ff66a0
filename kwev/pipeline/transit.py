"""Transit stops: where they are, what departs there, their score, and access to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.pipeline.geometry import place, project, within_index
from kwev.pipeline.parameters import Parameters
from kwev.schemas import PROCESSED
from kwev.schemas.transit import DAYS, MODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.feeds import Feed
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.service import Service

WINDOWS: Final = ("peak", "midday", "saturday", "sunday")
"""The parts of a week of which a stop's service is the weighted mean."""

_SUFFIX: Final = re.compile(r"\s*-\s*(?:North|South)bound$|\s*\((?:bus|lrt)\)$")
_MISPLACED_M: Final = 25.0
"""Platforms of one id farther apart than this in the two feeds are counted (m)."""


def platforms(bus: Feed, ion: Feed, ledger: Ledger) -> pd.DataFrame:
    """Return one row for each stop of either feed and the stop or station that it belongs to.

    Platforms of ION with one name are a station; bus stops with one parent are a terminal, which
    stands where the feed puts the parent. Where the bus feed has a platform of the ION feed, its
    coordinates are taken: they agree with the Region's list of ION stops to a few metres, those
    of the ION feed only to tens of metres.

    Returns
    -------
    pandas.DataFrame
        ``platform_id``, ``stop_id``, ``name``, ``mode``, ``easting_m``, ``northing_m`` (of the
        stop, terminal or station).
    """
    known = bus.stops.assign(**_metres(bus.stops)).set_index("stop_id")
    rail = _stations(ion.stops.assign(**_metres(ion.stops)), known, ledger)
    parent = known["location_type"] == "1"
    own = known[~parent & ~known.index.isin(ion.stops["stop_id"])]
    home = own["parent_station"].where(own["parent_station"].isin(known.index))
    home = home.fillna(pd.Series(own.index, own.index))
    # A parent of a single stop is that stop.
    alone = home.map(home.value_counts()) == 1
    home = home.where(~alone, own.index.to_series())
    at = known.loc[home]
    buses = pd.DataFrame(
        {
            "platform_id": own.index,
            "stop_id": home.to_numpy(),
            "name": [_SUFFIX.sub("", str(name)) for name in at["stop_name"]],
            "mode": "bus",
            "easting_m": at["easting_m"].to_numpy(),
            "northing_m": at["northing_m"].to_numpy(),
        }
    )
    ledger.add(
        "transit",
        "grt_feed",
        "stops of a terminal stand as one",
        "kept",
        int((~alone & (home != own.index)).sum()),
        f"{int(home.nunique() - (home == own.index).sum())} terminals",
    )
    return pd.concat([buses, rail], ignore_index=True)


def _metres(stops: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    east, north = project(stops["stop_lon"], stops["stop_lat"]).T
    return {"easting_m": east, "northing_m": north}


def _stations(rail: pd.DataFrame, known: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    spot = ["easting_m", "northing_m"]
    better = known.reindex(rail["stop_id"])[spot].to_numpy()
    own = rail[spot].to_numpy()
    found = ~np.isnan(better).any(axis=1)
    apart = np.hypot(*(better - own)[found].T)
    ledger.add(
        "transit",
        "ion_feed",
        "platform placed as in the bus feed",
        "repaired",
        int((apart > _MISPLACED_M).sum()),
        f"the feeds differ by more than {_MISPLACED_M:g} m",
    )
    names = [re.sub(r"(?: Station)+$", " Station", _SUFFIX.sub("", n)) for n in rail["stop_name"]]
    table = rail.assign(name=names, platform_id=rail["stop_id"])
    table[spot] = np.where(found[:, None], better, own)
    group = table.groupby("name")
    table["stop_id"] = group["platform_id"].transform("min")
    table[spot] = group[spot].transform("mean").round(2)
    return table[["platform_id", "stop_id", "name", *spot]].assign(mode="ion")


def transit_stops(
    service: Service, calls: pd.DataFrame, bounds: Boundaries, parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:  # fmt: skip
    """Return ``transit_stops``; ``calls`` is what :func:`platforms` returns.

    Raises
    ------
    KwevError
        If no stop has a departure.
    """
    stops = calls.groupby("stop_id", sort=True).agg(
        name=("name", "first"),
        mode=("mode", "first"),
        easting_m=("easting_m", "first"),
        northing_m=("northing_m", "first"),
        platforms=("platform_id", "size"),
    )
    departures = _known(service, calls)
    stops = stops.join(_counts(departures, parameters)).fillna(dict.fromkeys(_COUNTED, 0.0))
    whole = [f"trips_{day}" for day in DAYS]
    stops = stops.astype(dict.fromkeys(whole, "int64"))
    numbers = departures.groupby("stop_id")["short_name"].agg(_listed)
    silent = ~stops.index.isin(numbers.index)
    ledger.add("transit", "stops", "no departure on a representative day", "dropped",
               int(silent.sum()))  # fmt: skip
    stops = stops[~silent].assign(routes=numbers)
    stops["service_per_h"] = stops["service_per_h"].round(4)
    stops["score"] = stop_score(stops["service_per_h"].to_numpy(), parameters).round(6)
    stops["bus_routes_near"] = _near(stops, departures, parameters)
    rail = stops["mode"] == "ion"
    own = stops["routes"].str.count(" ") + 1
    stops["hub"] = (rail & (stops["bus_routes_near"] >= parameters.hub_bus_routes)) | (
        ~rail & (own >= parameters.hub_routes)
    )
    metres = stops[["easting_m", "northing_m"]].to_numpy(float)
    inside = within_index(metres, bounds.das.geometry.to_numpy())
    towns = np.append(bounds.das["municipality_id"].to_numpy(), "")
    stops["municipality_id"] = towns[inside]
    ledger.add("transit", "stops", "outside the Region", "flagged", int((inside < 0).sum()))
    table = place(stops.reset_index(), metres)
    return table[list(PROCESSED["transit_stops"].columns)]


_COUNTED: Final = (
    "trips_peak_per_h", "trips_midday_per_h", *(f"trips_{day}" for day in DAYS), "service_per_h",
)  # fmt: skip


def _known(service: Service, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the departures with their stop, route and days."""
    trips = service.trips.merge(service.routes[["route_id", "short_name", "mode"]], on="route_id")
    stops = calls.rename(columns={"platform_id": "platform"})[["platform", "stop_id"]]
    return (
        service.departures.rename(columns={"stop_id": "platform"})
        .merge(stops, on="platform")
        .merge(trips, on="trip_id")
    )


def _counts(departures: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return departures by stop: whole days, an hour of each window, and the weighted service."""
    hour = departures["hour"]
    frame = departures[["stop_id", *DAYS]].copy()
    for name, spans in (("peak", parameters.peak_hours), ("midday", parameters.midday_hours)):
        within = np.logical_or.reduce([(hour >= start) & (hour < end) for start, end in spans])
        frame[name] = departures["weekday"] & within
    weight = departures["mode"].map(dict(zip(MODES, parameters.mode_weights, strict=True)))
    plain = frame.groupby("stop_id").sum()
    hours = window_hours(parameters)
    heavy = frame[list(WINDOWS)].mul(weight, axis=0).groupby(frame["stop_id"]).sum()
    rate = heavy.div(hours) @ pd.Series(parameters.service_weights, WINDOWS)
    return pd.DataFrame(
        {
            "trips_peak_per_h": (plain["peak"] / hours["peak"]).round(4),
            "trips_midday_per_h": (plain["midday"] / hours["midday"]).round(4),
            **{f"trips_{day}": plain[day] for day in DAYS},
            "service_per_h": rate,
        }
    )


def window_hours(parameters: Parameters) -> pd.Series[float]:
    """Return the length of each of :data:`WINDOWS` (h)."""
    peak, midday = (
        sum(end - start for start, end in spans)
        for spans in (parameters.peak_hours, parameters.midday_hours)
    )
    whole = parameters.service_day_h
    return pd.Series([peak, midday, whole, whole], list(WINDOWS))


def stop_score(service_per_h: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """Return the score in [0, 1) of stops with this weighted service (departures an hour).

    The score is s / (s + h), where h is the service that scores one half: it rises with every
    departure, and by less the more there are.
    """
    return np.asarray(service_per_h / (service_per_h + parameters.half_service_per_h))


def _listed(names: pd.Series[str]) -> str:
    """Return route numbers once each, in order of number."""
    return " ".join(sorted(set(names), key=lambda name: (len(name), name)))


def _near(
    stops: pd.DataFrame, departures: pd.DataFrame, parameters: Parameters
) -> NDArray[np.int64]:
    """Return how many bus routes call within the reach of a hub of each stop, itself included."""
    metres = stops[["easting_m", "northing_m"]].to_numpy(float)
    bus = departures[departures["mode"] != "ion"].groupby("stop_id")["short_name"].agg(set)
    routes = bus.reindex(stops.index).to_list()
    pairs = cKDTree(metres).query_pairs(parameters.hub_reach_m, output_type="ndarray")
    found = [set(own) if isinstance(own, set) else set() for own in routes]
    for one, other in pairs.tolist():
        for here, there in ((one, other), (other, one)):
            if isinstance(routes[there], set):
                found[here] |= routes[there]
    return np.array([len(numbers) for numbers in found], np.int64)


def access(
    points_m: NDArray[np.float64], stops: pd.DataFrame, parameters: Parameters | None = None
) -> NDArray[np.float64]:
    """Return the transit accessibility in [0, 1] of points.

    It is the greatest score of a stop within a walk, times one minus the share of that walk that
    it takes: a point at a stop has the stop's score, one at the end of the walk has 0. The walk
    is longer to an ION station than to a bus stop. Stops are not added up, because the stops
    along one street are served by the same buses. It never falls when a stop is added, moved
    nearer or served better.

    Parameters
    ----------
    points_m
        (N, 2) eastings and northings (m).
    stops
        ``transit_stops``: ``mode``, ``easting_m``, ``northing_m`` and ``score``.
    parameters
        Lengths of the walks (m); the pipeline's own if none are given.

    Returns
    -------
    numpy.ndarray
        (N,) shares, rounded to 1e-6.
    """
    chosen = parameters or Parameters()
    best = np.zeros(len(points_m))
    for mode, reach in (("bus", chosen.bus_walk_m), ("ion", chosen.ion_walk_m)):
        ours = stops[stops["mode"] == mode]
        if ours.empty or not len(points_m):
            continue
        score = ours["score"].to_numpy(float)
        tree = cKDTree(ours[["easting_m", "northing_m"]].to_numpy(float))
        pairs = cKDTree(points_m).sparse_distance_matrix(tree, reach, output_type="ndarray")
        near = score[pairs["j"]] * (1 - pairs["v"] / reach)
        np.maximum.at(best, pairs["i"], near)
    return np.round(best, 6)
