"""Transit: who lives near a stop, how dense the routes are, and what stands near a stop.

Distances are straight lines. People are those of the address cells, each cell at the mean of its
addresses; no polygon is counted whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark, breaks
from kwev.display.table import Column, Columns, Table, table
from kwev.display.values import Number, Numbers
from kwev.model.siting import counted
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.transit import access

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.report.scenario import Report

REGION = "Region"
"""Name of the row of totals."""


def near_stop(
    points_m: NDArray[np.float64], stops: pd.DataFrame, reach_m: float
) -> NDArray[np.bool_]:
    """Return whether each of (N, 2) points lies within ``reach_m`` of a stop."""
    if stops.empty:
        return np.zeros(len(points_m), bool)
    tree = cKDTree(stops[["easting_m", "northing_m"]].to_numpy(float))
    return np.asarray(tree.query(points_m)[0] <= reach_m)


def is_frequent(stops: pd.DataFrame, per_h: float) -> pd.Series:
    """Return which stops have ``per_h`` departures an hour or more, in the peak and at midday."""
    return stops[["trips_peak_per_h", "trips_midday_per_h"]].min(axis=1) >= per_h


def near_by_cell(tables: Tables, parameters: Parameters | None = None) -> pd.DataFrame:
    """Return for each cell its municipality, people, and what is within a walk.

    Returns
    -------
    pandas.DataFrame
        ``municipality_id``, ``population``; flags ``bus`` and ``ion`` (each within its own
        walk), ``either``, ``frequent`` (a frequent stop of either within its walk); ``access``
        in [0, 1].
    """
    chosen = parameters or Parameters()
    cells, stops = tables.cells, tables.transit_stops
    points = _metres(cells)
    often = is_frequent(stops, chosen.frequent_per_h)
    reach = {"bus": chosen.bus_walk_m, "ion": chosen.ion_walk_m}
    near = {
        mode: near_stop(points, stops[stops["mode"] == mode], walk) for mode, walk in reach.items()
    }
    frequent = [
        near_stop(points, stops[(stops["mode"] == mode) & often], walk)
        for mode, walk in reach.items()
    ]
    return cells[["municipality_id", "population"]].assign(
        **near,
        either=near["bus"] | near["ion"],
        frequent=np.logical_or(*frequent),
        access=access(points, stops, chosen),
    )


def by_municipality(tables: Tables, parameters: Parameters | None = None) -> pd.DataFrame:
    """Return transit by municipality, and for the Region in the last row.

    Returns
    -------
    pandas.DataFrame
        ``municipality``; ``population``; shares of it ``bus``, ``ion``, ``either``,
        ``frequent``; mean ``access`` over the people; ``route_km`` and ``street_km``, and both
        per km² of land.
    """
    cells = near_by_cell(tables, parameters)
    shares = ["bus", "ion", "either", "frequent", "access"]
    people = cells[shares].mul(cells["population"], axis=0)
    people = people.assign(municipality_id=cells["municipality_id"], population=cells["population"])
    counts = people.groupby("municipality_id").sum()
    places = tables.municipalities.set_index("municipality_id")
    counts = counts.join(tables.transit_lengths.set_index("municipality_id"))
    counts = counts.join(places["land_area_km2"]).set_index(
        pd.Index(places["name"].reindex(counts.index), name="municipality")
    )
    counts = pd.concat([counts.sort_index(), counts.sum().to_frame(REGION).T])
    counts[shares] = counts[shares].div(counts["population"], axis=0)
    for length in ("route", "street"):
        counts[f"{length}_km_per_km2"] = counts[f"{length}_km"] / counts["land_area_km2"]
    return counts.rename_axis("municipality").reset_index()


def places_near(
    tables: Tables, config: Config, parameters: Parameters | None = None
) -> dict[str, float]:
    """Return the shares of candidate ``sites`` and of ``stations`` within a walk of any stop.

    The walk is that to a bus stop; stations are those that count in the scenario.
    """
    walk = (parameters or Parameters()).bus_walk_m
    tables_of = {"sites": tables.sites, "stations": counted(tables.stations, config)}
    return {
        name: float(near_stop(_metres(table), tables.transit_stops, walk).mean())
        for name, table in tables_of.items()
    }


def best_places(
    tables: Tables, most: int = 10, parameters: Parameters | None = None
) -> pd.DataFrame:
    """Return the best stops, one in each neighbourhood.

    From the best score down, a stop is left out where a better one is within a walk.

    Returns
    -------
    pandas.DataFrame
        Rows of ``transit_stops`` with the name of the ``municipality``, best first.
    """
    walk = (parameters or Parameters()).bus_walk_m
    order = tables.transit_stops.sort_values(["score", "stop_id"], ascending=[False, True])
    metres = _metres(order)
    kept: list[int] = []
    for i, place in enumerate(metres):
        if len(kept) == most:
            break
        if not kept or np.hypot(*(metres[kept] - place).T).min() > walk:
            kept.append(i)
    names = tables.municipalities.set_index("municipality_id")["name"]
    best = order.iloc[kept]
    return best.assign(municipality=best["municipality_id"].map(names)).reset_index(drop=True)


def _metres(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["easting_m", "northing_m"]].to_numpy(float)


# -- The map of transit: routes by mode, stops by score, hubs, and the stops that are planned.

_LINES = {
    "bus": Mark("Bus", line=style.EXISTING, width=1.2),
    "ixpress": Mark("iXpress", line=style.GOOD, width=2.4),
    "ion": Mark("ION", line=style.L3, width=4.5),
}
_PLANNED = Mark("Planned ION stop", fill=style.PAPER, line=style.L3, width=2, radius=5.5)
_HUB = Mark("Hub", line=style.INK, width=1.8, radius=7.5)
_STATION = Mark("ION station", fill=style.L3, line=style.PAPER, width=1, radius=4.2)
_SHADES = style.SEQUENCE[1::2]
_CLASSES = 3

_STOP_FACTS = (
    "municipality routes trips_peak_per_h trips_midday_per_h trips_weekday",
    "trips_saturday trips_sunday",
    Column("score", "Accessibility score, 0 to 1", format=".2f"),
)
_ROUTE_FACTS = (
    "short_name headway_peak_min",
    Column("trips_weekday", "Trips on a weekday", format=",.0f"),
    "length_km",
)


def transit(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the routes, the stops by score, the hubs and the planned ION stops."""
    stops = cartography.places(cartography.named(tables, tables.transit_stops))
    planned = cartography.places(cartography.named(tables, tables.transit_planned)).assign(mark=0)
    hubs = stops[stops["hub"]].assign(mark=0)
    bus, ixpress, ion = _lines(tables, folder)
    rail = stops["mode"] == "ion"
    drawn = [
        bus,
        *cartography.land(tables, folder),
        _stops(stops[~rail]),
        ixpress,
        ion,
        _spots("ION stations", stops[rail].assign(mark=0), _STATION, _STOP_FACTS),
        _spots("Hubs", hubs, _HUB, _STOP_FACTS),
        _spots("Planned ION stops", planned, _PLANNED, "municipality"),
    ]
    modes = tables.transit_routes["mode"].value_counts()
    alt = (
        f"Map of {len(tables.transit_routes)} transit routes ({modes['ion']} of ION, "
        f"{modes['ixpress']} of iXpress) and {len(stops):,} stops by accessibility score: median "
        f"{stops['score'].median():.2f}, highest {stops['score'].max():.2f}; {len(hubs)} hubs; "
        f"{len(planned)} planned ION stops without service."
    )
    # the lines of the buses come first, because the first layer sets the view
    height = {layer.name: order for order, layer in enumerate(drawn)}
    layers = [replace(layer, above=height[layer.name]) for layer in drawn]
    layers[0] = replace(layers[0], above=layers[1].above)
    layers[1] = replace(layers[1], above=0)
    return cartography.build("map-transit", alt, origins.transit(tables), layers, canvas=True)


def _spots(name: str, frame: gpd.GeoDataFrame, mark: Mark, facts: Columns) -> Layer:
    return Layer(name, frame, (mark,), title="name", facts=facts)


def _lines(tables: Tables, folder: Path | None) -> list[Layer]:
    lines = cartography.lines("transit_lines", "route_id", folder)[["route_id", "geometry"]]
    frame = lines.merge(tables.transit_routes, on="route_id", validate="one_to_one")
    return [
        Layer(
            f"Lines: {mark.label}",
            frame[frame["mode"] == mode].assign(mark=0),
            (mark,),
            title="long_name",
            facts=_ROUTE_FACTS,
        )
        for mode, mark in _LINES.items()
    ]


def _stops(stops: gpd.GeoDataFrame) -> Layer:
    limits = [round(limit, 2) for limit in breaks(stops["score"].tolist(), _CLASSES)]
    stops = stops.sort_values(["score", "stop_id"])
    stops["mark"] = sum((stops["score"] >= limit).astype(int) for limit in limits)
    edges = ["0", *(f"{limit:g}" for limit in limits), "1"]
    marks = tuple(
        Mark(f"{low}{style.DASH}{high}", colour, line=style.QUIET, width=0.4, radius=1.4 + 0.6 * i)
        for i, (low, high, colour) in enumerate(zip(edges, edges[1:], _SHADES, strict=False))
    )
    return Layer(
        "Bus stops", stops, marks, title="name", facts=_STOP_FACTS, heading="Score of a bus stop"
    )


# -- Numbers of transit: service, stops, who lives near them.

_MINUTES_PER_HOUR = 60


def of_transit(report: Report) -> Numbers:
    """Return the numbers of transit."""
    return Numbers([*_service(report), *_reach(report), *_choices()])


def _service(report: Report) -> list[Number]:
    t = report.tables
    stops, routes = t.transit_stops, t.transit_routes
    rail = stops["mode"] == "ion"
    days = t.transit_days.set_index("day").to_dict("index")
    (best,) = stops.nlargest(1, "score").to_dict("records")
    ion = routes.loc[routes["mode"] == "ion", "headway_peak_min"]
    silent = t.transit_lengths.loc[t.transit_lengths["route_km"] == 0, "municipality_id"]
    names = t.municipalities.set_index("municipality_id")["name"]
    weekday = pd.Timestamp(days["weekday"]["date"])
    return [
        Number("transit_day", f"{weekday.day} {weekday:%B %Y}", "text", "transit_days"),
        Number("bus_stops", int(stops.loc[~rail, "platforms"].sum()), "count", "transit_stops"),
        Number("bus_terminals", int((~rail & (stops["platforms"] > 1)).sum()), "count",
               "transit_stops: bus stops with one parent"),
        Number("ion_stations", int(rail.sum()), "count", "transit_stops.mode"),
        Number("ion_platforms", int(stops.loc[rail, "platforms"].sum()), "count", "transit_stops"),
        Number("bus_routes", int((routes["mode"] != "ion").sum()), "count", "transit_routes"),
        Number("ixpress_routes", int((routes["mode"] == "ixpress").sum()), "count",
               "transit_routes"),
        Number("bus_trips", int(days["weekday"]["bus_trips"]), "count", "transit_days"),
        Number("ion_trips", int(days["weekday"]["ion_trips"]), "count", "transit_days"),
        Number("bus_trips_sunday", int(days["sunday"]["bus_trips"]), "count", "transit_days"),
        Number("sunday_service", float(days["sunday"]["bus_trips"]
                                       / days["weekday"]["bus_trips"]), "share",
               "transit_days: bus trips of Sunday per weekday"),
        Number("ion_headway", float(ion.iloc[0]), "count", "transit_routes.headway_peak_min",
               "{:.0f} minutes"),
        Number("best_place", str(best["name"]), "text", "transit_stops.score"),
        Number("best_departures", int(best["trips_weekday"]), "count", "transit_stops"),
        Number("median_score", float(stops["score"].median()), "ratio", "transit_stops.score"),
        Number("hubs", int(stops["hub"].sum()), "count", "transit_stops.hub"),
        Number("ion_hubs", int((stops["hub"] & rail).sum()), "count", "transit_stops.hub"),
        Number("planned_stops", len(t.transit_planned), "count", "transit_planned"),
        Number("without_transit", " and ".join(sorted(names[silent])), "text", "transit_lengths"),
        Number("ion_copy_trips", _rule(t.quality, "trips of ION"), "count", "quality"),
        Number("ion_unequal_days", _rule(t.quality, "day on which the bus feed"), "count",
               "quality"),
        Number("ion_moved_platforms", _rule(t.quality, "platform placed"), "count", "quality"),
    ]  # fmt: skip


def _reach(report: Report) -> list[Number]:
    by_place = by_municipality(report.tables).set_index("municipality")
    region = by_place.to_dict("index")[REGION]
    towns = by_place.drop(index=REGION)
    near = places_near(report.tables, report.config)
    cells = "cells within a straight line"
    return [
        Number("near_bus", float(region["bus"]), "share", cells),
        Number("near_ion", float(region["ion"]), "share", cells),
        Number("near_transit", float(region["either"]), "share", cells),
        Number("near_frequent", float(region["frequent"]), "share", cells),
        Number("near_frequent_best", float(towns["frequent"].max()), "share", cells),
        Number("near_frequent_best_place", str(towns["frequent"].idxmax()), "text", cells),
        Number("mean_access", float(region["access"]), "ratio", cells),
        Number("route_km", float(region["route_km"]), "km", "transit_lengths", "{:,.0f} km"),
        Number("street_km", float(region["street_km"]), "km", "transit_lengths", "{:,.0f} km"),
        Number("sites_near_stop", near["sites"], "share", "sites within a walk of a stop"),
        Number("stations_near_stop", near["stations"], "share", "stations within a walk"),
    ]


def _choices() -> list[Number]:
    p = Parameters()
    choice = "pipeline.parameters"
    return [
        Number("bus_walk", p.bus_walk_m, "m", choice),
        Number("ion_walk", p.ion_walk_m, "m", choice),
        Number("frequent", p.frequent_per_h, "count", choice),
        Number("half_service", p.half_service_per_h, "count", choice),
        Number(
            "half_headway",
            _MINUTES_PER_HOUR / p.half_service_per_h,
            "count",
            choice,
            "{:.0f} minutes",
        ),
        Number("hub_reach", p.hub_reach_m, "m", choice),
        Number("hub_bus_routes", p.hub_bus_routes, "count", choice),
        Number("hub_routes", p.hub_routes, "count", choice),
        *(
            Number(f"weight_{name}", value, "share", choice, "{:.0%}")
            for name, value in zip(
                ("peak", "midday", "saturday", "sunday"), p.service_weights, strict=True
            )
        ),
        *(
            Number(f"weight_{mode}", value, "ratio", choice, "{:g}")
            for mode, value in zip(("bus", "ixpress", "ion"), p.mode_weights, strict=True)
        ),
    ]


def _rule(quality: pd.DataFrame, start: str) -> int:
    """Return the rows that a rule of the transit stage met."""
    ours = (quality["stage"] == "transit") & quality["rule"].str.startswith(start)
    return int(quality.loc[ours, "rows"].sum())


# -- Tables and figures of transit.


def transit_map(report: Report) -> Figure:
    """Return the map of routes, stops, hubs and planned stops."""
    return transit(report.tables)


def transit_days(report: Report) -> Table:
    """Return the representative days with their trips."""
    frame = report.tables.transit_days
    frame = frame.assign(kind=frame["day"].str.capitalize())
    columns = (
        Column("kind", "Kind of day"),
        Column("date", "Day that stands for it"),
        "days_alike days bus_trips ion_trips",
    )
    return table("transit-days", frame, columns, origins.transit(report.tables))


def transit_coverage(report: Report) -> Table:
    """Return people near transit and the density of routes by municipality."""
    columns = (
        "municipality bus ion",
        Column("frequent", "near frequent service", format=".1%"),
        Column("access", "Mean accessibility", format=".2f"),
        "street_km route_km route_km_per_km2",
    )
    frame = by_municipality(report.tables)
    return table("transit-coverage", frame, columns, origins.transit(report.tables))


def transit_best(report: Report) -> Table:
    """Return the ten best stops, terminals and stations, one in each neighbourhood."""
    modes = {"ion": "ION", "bus": "Bus"}
    frame = best_places(report.tables)
    frame = frame.assign(
        mode=frame["mode"].map(modes), hub=frame["hub"].map({True: "yes", False: "no"})
    )
    columns = (
        "name mode municipality routes trips_peak_per_h",
        Column("trips_weekday", "on a weekday", format=",d"),
        Column("trips_sunday", "on a Sunday", format=",d"),
        "score hub",
    )
    return table("transit-best", frame, columns, origins.transit(report.tables))
