"""Public transit: its stops, what departs there, their score, access to them, and its routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from kwev.data.columns import DAYS, MODES
from kwev.data.schemas import PROCESSED, arrange, no_rows
from kwev.pipeline.geometry import metres_of, place, project
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.timetables import buses_only, flag_unequal_days, transit_service

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.raw import Ledger, Raw
    from kwev.pipeline.timetables import Feed, Service

WINDOWS: Final = ("peak", "midday", "saturday", "sunday")
"""The parts of a week of which a stop's service is the weighted mean."""

_SUFFIX: Final = re.compile(r"\s*-\s*(?:North|South)bound$|\s*\((?:bus|lrt)\)$")
_MISPLACED_M: Final = 25.0
"""Platforms of one id farther apart than this in the two feeds are counted (m)."""


def platforms(bus: Feed, ion: Feed, crs: str, ledger: Ledger) -> pd.DataFrame:
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
    known = bus.stops.assign(**_metres(bus.stops, crs)).set_index("stop_id")
    rail = _stations(ion.stops.assign(**_metres(ion.stops, crs)), known, ledger)
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
    note = f"{int(home.nunique() - (home == own.index).sum())} terminals"
    ledger.add(
        "grt_feed", "stops of a terminal stand as one", "kept", ~alone & (home != own.index), note
    )
    return pd.concat([buses, rail], ignore_index=True)


def _metres(stops: pd.DataFrame, crs: str) -> dict[str, NDArray[np.float64]]:
    east, north = project(stops["stop_lon"], stops["stop_lat"], crs).T
    return {"easting_m": east, "northing_m": north}


def _stations(rail: pd.DataFrame, known: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    spot = ["easting_m", "northing_m"]
    better = known.reindex(rail["stop_id"])[spot].to_numpy()
    own = rail[spot].to_numpy()
    found = ~np.isnan(better).any(axis=1)
    apart = np.hypot(*(better - own)[found].T)
    note = f"the feeds differ by more than {_MISPLACED_M:g} m"
    ledger.add(
        "ion_feed", "platform placed as in the bus feed", "repaired", apart > _MISPLACED_M, note
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
    ledger.add("stops", "no departure on a representative day", "dropped", silent)
    stops = stops[~silent].assign(routes=numbers)
    stops["service_per_h"] = stops["service_per_h"].round(4)
    stops["score"] = stop_score(stops["service_per_h"].to_numpy(), parameters).round(6)
    stops["bus_routes_near"] = _near(stops, departures, parameters)
    rail = stops["mode"] == "ion"
    own = stops["routes"].str.count(" ") + 1
    stops["hub"] = (rail & (stops["bus_routes_near"] >= parameters.hub_bus_routes)) | (
        ~rail & (own >= parameters.hub_routes)
    )
    metres = metres_of(stops)
    stops["municipality_id"] = bounds.locate(metres)["municipality_id"].to_numpy()
    ledger.add("stops", "outside the Region", "flagged", stops["municipality_id"] == "")
    table = place(stops.reset_index(), metres, bounds.crs)
    return arrange(table, "transit_stops")


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
    metres = metres_of(stops)
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
        tree = cKDTree(metres_of(ours))
        pairs = cKDTree(points_m).sparse_distance_matrix(tree, reach, output_type="ndarray")
        near = score[pairs["j"]] * (1 - pairs["v"] / reach)
        np.maximum.at(best, pairs["i"], near)
    return np.round(best, 6)


# -- Transit routes: their lines, lengths and headways; and the stops that are only planned.

_MINUTES_PER_HOUR: Final = 60
_PLACES: Final = 3
"""Decimals of lengths in km."""


def transit_tables(
    raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> tuple[dict[str, pd.DataFrame], tuple[gpd.GeoDataFrame, list[str]]]:
    """Return what the two timetables and the list of ION stops hold.

    Parameters
    ----------
    raw
        ``grt_feed``, ``ion_feed`` (GTFS of Grand River Transit) and ``ion_stops`` (the Region).
    bounds
        Outlines of the municipalities.
    parameters
        Hours, weights and reaches of service.
    ledger
        Takes what was placed otherwise, dropped or differs.

    Returns
    -------
    tuple
        The tables ``transit_…`` by the second word of their names, and the layer of lines with its
        columns.
    """
    if not raw.has("grt_feed", "ion_feed", "ion_stops"):
        return _no_transit(raw.crs)
    bus, ion = raw.read_feed("grt_feed"), raw.read_feed("ion_feed")
    for name, feed in (("grt_feed", bus), ("ion_feed", ion)):
        ledger.met(name, "trip that calls nowhere, or at one stop", "dropped", feed.silent)
    flag_unequal_days(bus, ion, ledger)
    buses = buses_only(bus, ion, ledger)
    service = transit_service(buses, ion, ledger)
    calls = platforms(bus, ion, raw.crs, ledger)
    stops = transit_stops(service, calls, bounds, parameters, ledger)
    lines = route_lines(service, (buses, ion), raw.crs)
    routes = transit_routes(service, lines, parameters)
    lengths = transit_lengths(lines, bounds, parameters)
    planned = planned_stops(raw, bounds, ledger)
    tables = {
        "stops": stops, "routes": routes, "days": service.days, "lengths": lengths,
        "planned": planned,
    }  # fmt: skip
    return tables, lines_layer(routes, lines, parameters)


def _no_transit(
    crs: str,
) -> tuple[dict[str, pd.DataFrame], tuple[gpd.GeoDataFrame, list[str]]]:
    """Return the tables and the layer of a region without public transit: no row."""
    words = ("stops", "routes", "days", "lengths", "planned")
    columns = ["route_id", "short_name", "long_name", "mode"]
    layer = gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=crs)
    return {word: no_rows(PROCESSED[f"transit_{word}"]) for word in words}, (layer, columns)


def route_lines(service: Service, feeds: tuple[Feed, ...], crs: str) -> gpd.GeoDataFrame:
    """Return the lines that trips follow on the representative days.

    Returns
    -------
    geopandas.GeoDataFrame
        ``route_id``, ``direction_id``, a line in metres, and ``main``: whether most trips of
        its direction follow it on the first representative day on which any run.
    """
    trips = service.trips[service.trips["shape_id"].notna()]
    key = ["route_id", "direction_id"]
    counts = (
        trips.fillna({"direction_id": ""}).groupby([*key, "shape_id"])[list(DAYS)].sum()
    ).reset_index()
    counts = counts[counts[list(DAYS)].any(axis=1)]
    order = [True, True, *[False] * len(DAYS), True]
    counts = counts.sort_values([*key, *DAYS, "shape_id"], ascending=order, ignore_index=True)
    lines = counts[key].assign(main=~counts.duplicated(key))
    shapes = pd.concat([_shapes(feed, crs) for feed in feeds])
    return gpd.GeoDataFrame(lines, geometry=shapes.loc[counts["shape_id"]].to_numpy(), crs=crs)


def _shapes(feed: Feed, crs: str) -> pd.Series:
    points = feed.shapes.sort_values(["shape_id", "shape_pt_sequence"])
    codes, ids = pd.factorize(points["shape_id"])
    metres = project(points["shape_pt_lon"], points["shape_pt_lat"], crs)
    # A single point is no line.
    many = np.bincount(codes)[codes] > 1
    kept, dense = np.unique(codes[many], return_inverse=True)
    return pd.Series(shapely.linestrings(metres[many], indices=dense), index=ids[kept])


def transit_routes(
    service: Service, lines: gpd.GeoDataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Return ``transit_routes``: the routes that run on a representative day.

    ``length_km`` is the mean of the directions' main lines; ``headway_peak_min`` is the mean time
    between the starts of trips in the peak, in the direction that has more of them.
    """
    main = lines[lines["main"]]
    length = (main.length / 1000).groupby(main["route_id"]).mean().round(_PLACES)
    trips = service.trips
    start = service.departures.groupby("trip_id")["hour"].min()
    hour = trips["trip_id"].map(start)
    peak = np.logical_or.reduce([(hour >= a) & (hour < b) for a, b in parameters.peak_hours])
    busy = trips[trips["weekday"] & peak].fillna({"direction_id": ""})
    most = busy.groupby(["route_id", "direction_id"]).size().groupby("route_id").max()
    minutes = _MINUTES_PER_HOUR * window_hours(parameters)["peak"]
    days = trips.groupby("route_id")[list(DAYS)].sum().add_prefix("trips_")
    table = service.routes.merge(days[days.any(axis=1)], on="route_id")
    table["length_km"] = table["route_id"].map(length)
    table["headway_peak_min"] = table["route_id"].map((minutes / most).round(2))
    order = table["route_id"].str.len()
    table = table.assign(order=order).sort_values(["order", "route_id"], ignore_index=True)
    return arrange(table, "transit_routes")


def transit_lengths(
    lines: gpd.GeoDataFrame, bounds: Boundaries, parameters: Parameters
) -> pd.DataFrame:
    """Return ``transit_lengths``: kilometres of street with a route, and of routes on them.

    ``street_km`` counts a street (or ION's track) once, however many routes run along it;
    ``route_km`` counts it once for each route. Lines are widened to a corridor, in which both
    directions of a street are one, and the corridor's area over its width is the length.
    """
    wide = lines.set_geometry(lines.buffer(parameters.corridor_m, cap_style="flat"))
    routes = wide.dissolve("route_id").geometry
    streets = shapely.union_all(routes.to_numpy())
    towns = bounds.municipalities
    per_km = 2 * parameters.corridor_m * 1000
    rows = [
        (key, float(routes.intersection(town).area.sum()), streets.intersection(town).area)
        for key, town in zip(towns["municipality_id"], towns.geometry, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["municipality_id", "route_km", "street_km"])
    kilometres = ["route_km", "street_km"]
    return table.assign(**(table[kilometres] / per_km).round(_PLACES))


def lines_layer(
    routes: pd.DataFrame, lines: gpd.GeoDataFrame, parameters: Parameters
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the map layer ``transit_lines``: one simplified feature for each route with a line."""
    drawn = [
        (key, _once(part.sort_values("main", ascending=False).geometry.to_numpy(), parameters))
        for key, part in lines.groupby("route_id")
    ]
    both = pd.DataFrame(drawn, columns=["route_id", "geometry"])
    properties = ["route_id", "short_name", "long_name", "mode"]
    named = routes[properties].merge(both, on="route_id")
    return gpd.GeoDataFrame(named, geometry="geometry", crs=lines.crs), properties


def _once(lines: NDArray[np.object_], parameters: Parameters) -> BaseGeometry:
    """Return the lines of a route, simplified; where they share a street the first is drawn."""
    drawn = shapely.simplify(lines[:1], parameters.line_simplify_m).tolist()
    for line in lines[1:]:
        corridor = shapely.union_all(lines[: len(drawn)])
        rest = line.difference(corridor.buffer(2 * parameters.corridor_m))
        drawn.append(rest.simplify(parameters.line_simplify_m))
    parts = shapely.get_parts(drawn)
    return shapely.MultiLineString(parts[~shapely.is_empty(parts)].tolist())


def planned_stops(raw: Raw, bounds: Boundaries, ledger: Ledger) -> pd.DataFrame:
    """Return ``transit_planned``: the stops of ION's second stage, which have no service."""
    listed = raw.read("ion_stops")
    planned = (listed["StopStatus"] == "Planned") & (listed["Stage2"] == "LRT")
    ledger.add("ion_stops", "planned for the second stage: no service", "flagged", planned)
    table = listed[planned]
    metres = raw.project(table["longitude"], table["latitude"])
    names = table["StopName"].str.replace(r"\s*\(LRT\)$", "", regex=True)
    spots = np.rint(metres).astype(int)
    table = pd.DataFrame(
        {
            "stop_id": [f"planned_{east}_{north}" for east, north in spots],
            "name": names.to_numpy(),
            "municipality_id": bounds.locate(metres)["municipality_id"],
        }
    )
    return arrange(place(table, metres, bounds.crs), "transit_planned", "stop_id")
