"""Transit routes: their lines, lengths and headways; and the stops that are only planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from kwev.pipeline.geometry import place, project, within_index
from kwev.pipeline.service import buses_only, flag_unequal_days, transit_service
from kwev.pipeline.transit import platforms, transit_stops, window_hours
from kwev.schemas import PROCESSED
from kwev.schemas.transit import DAYS
from kwev.units import CRS_METRES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.feeds import Feed
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw
    from kwev.pipeline.service import Service

_MINUTES_PER_HOUR: Final = 60
_PLACES: Final = 3
"""Decimals of lengths in km."""


@dataclass(frozen=True, eq=False)
class Transit:
    """The processed tables of transit, and the map layer of the lines with its columns."""

    stops: pd.DataFrame
    routes: pd.DataFrame
    days: pd.DataFrame
    lengths: pd.DataFrame
    planned: pd.DataFrame
    lines: tuple[gpd.GeoDataFrame, list[str]]


def transit_tables(raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger) -> Transit:
    """Return what the two timetables and the list of ION stops hold."""
    bus, ion = raw.read_feed("grt_feed"), raw.read_feed("ion_feed")
    flag_unequal_days(bus, ion, ledger)
    buses = buses_only(bus, ion, ledger)
    service = transit_service(buses, ion, ledger)
    calls = platforms(bus, ion, ledger)
    stops = transit_stops(service, calls, bounds, parameters, ledger)
    lines = route_lines(service, (buses, ion))
    routes = transit_routes(service, lines, parameters)
    return Transit(
        stops=stops,
        routes=routes,
        days=service.days,
        lengths=transit_lengths(lines, bounds, parameters),
        planned=planned_stops(raw, bounds, ledger),
        lines=lines_layer(routes, lines, parameters),
    )


def route_lines(service: Service, feeds: tuple[Feed, ...]) -> gpd.GeoDataFrame:
    """Return the lines that trips follow on the representative days.

    Returns
    -------
    geopandas.GeoDataFrame
        ``route_id``, ``direction_id``, a line in EPSG:26917, and ``main``: whether most trips of
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
    shapes = pd.concat([_shapes(feed) for feed in feeds])
    return gpd.GeoDataFrame(
        lines, geometry=shapes.loc[counts["shape_id"]].to_numpy(), crs=CRS_METRES
    )


def _shapes(feed: Feed) -> pd.Series:
    points = feed.shapes.sort_values(["shape_id", "shape_pt_sequence"])
    codes, ids = pd.factorize(points["shape_id"])
    metres = project(points["shape_pt_lon"], points["shape_pt_lat"])
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
    return table[list(PROCESSED["transit_routes"].columns)]


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
    table = pd.DataFrame(rows, columns=list(PROCESSED["transit_lengths"].columns))
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
    return gpd.GeoDataFrame(named, geometry="geometry", crs=CRS_METRES), properties


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
    ledger.add("transit", "ion_stops", "planned for the second stage: no service", "flagged",
               int(planned.sum()))  # fmt: skip
    table = listed[planned]
    metres = project(table["longitude"], table["latitude"])
    inside = within_index(metres, bounds.das.geometry.to_numpy())
    towns = np.append(bounds.das["municipality_id"].to_numpy(), "")
    names = table["StopName"].str.replace(r"\s*\(LRT\)$", "", regex=True)
    spots = np.rint(metres).astype(int)
    table = pd.DataFrame(
        {
            "stop_id": [f"planned_{east}_{north}" for east, north in spots],
            "name": names.to_numpy(),
            "municipality_id": towns[inside],
        }
    )
    table = place(table, metres).sort_values("stop_id", ignore_index=True)
    return table[list(PROCESSED["transit_planned"].columns)]
