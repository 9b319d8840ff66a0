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
from kwev.display.values import Number, Numbers, named
from kwev.model.siting import candidates, counted
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.report.region import metres, town_names

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Columns
    from kwev.report.scenario import Report

REGION = "Region"
"""Name of the row of totals."""


def near_stop(
    points_m: NDArray[np.float64], stops: pd.DataFrame, reach_m: float
) -> NDArray[np.bool_]:
    """Return which points lie within a straight line of a stop.

    Parameters
    ----------
    points_m
        Points (m), shape (n, 2).
    stops
        Columns ``easting_m`` and ``northing_m`` (m).
    reach_m
        Longest way to a stop (m), itself included.

    Returns
    -------
    numpy.ndarray
        Shape (n,), true and false.
    """
    if stops.empty:
        return np.zeros(len(points_m), bool)
    return np.asarray(cKDTree(metres(stops)).query(points_m)[0] <= reach_m)


def is_frequent(stops: pd.DataFrame, per_h: float) -> pd.Series:
    """Return which stops have frequent service, in the peak and at midday.

    Parameters
    ----------
    stops
        Columns ``trips_peak_per_h`` and ``trips_midday_per_h`` (departures an hour).
    per_h
        Fewest departures an hour in both.

    Returns
    -------
    pandas.Series
        True and false, indexed as ``stops``.
    """
    return stops[["trips_peak_per_h", "trips_midday_per_h"]].min(axis=1) >= per_h


def near_by_cell(tables: Tables) -> pd.DataFrame:
    """Return for each cell its municipality, people, and what is within a walk.

    Returns
    -------
    pandas.DataFrame
        ``municipality_id``, ``population``; flags ``bus`` and ``ion`` (each within its own
        walk), ``either``, ``frequent`` (a frequent stop of either within its walk); ``access``
        in [0, 1].
    """
    from kwev.pipeline.transit import access  # noqa: PLC0415 -- brings geopandas and the schemas

    chosen = Parameters()
    cells, stops = tables.cells, tables.transit_stops
    points = metres(cells)
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


def by_municipality(tables: Tables) -> pd.DataFrame:
    """Return transit by municipality, and for the Region in the last row.

    Returns
    -------
    pandas.DataFrame
        ``municipality``; ``population``; shares of it ``bus``, ``ion``, ``either``,
        ``frequent``; mean ``access`` over the people; ``route_km`` and ``street_km``, and both
        per km² of land.
    """
    cells = near_by_cell(tables)
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


def places_near(tables: Tables, config: Config) -> dict[str, float]:
    """Return the shares of candidate ``sites`` and of ``stations`` within a walk of any stop.

    The walk is that to a bus stop; stations are those that count in the scenario.
    """
    walk = Parameters().bus_walk_m
    tables_of = {"sites": candidates(tables, config), "stations": counted(tables.stations, config)}
    return {
        name: float(near_stop(metres(table), tables.transit_stops, walk).mean())
        for name, table in tables_of.items()
    }


def best_places(tables: Tables, most: int = 10) -> pd.DataFrame:
    """Return the best stops, one in each neighbourhood.

    From the best score down, a stop is left out where a better one is within a walk.

    Returns
    -------
    pandas.DataFrame
        Rows of ``transit_stops`` with the name of the ``municipality``, ``mode`` and ``hub`` in
        words, best first.
    """
    walk = Parameters().bus_walk_m
    order = tables.transit_stops.sort_values(["score", "stop_id"], ascending=[False, True])
    xy_m = metres(order)
    kept: list[int] = []
    for i, place in enumerate(xy_m):
        if len(kept) == most:
            break
        if not kept or np.hypot(*(xy_m[kept] - place).T).min() > walk:
            kept.append(i)
    best = order.iloc[kept].reset_index(drop=True)
    return best.assign(
        municipality=best["municipality_id"].map(town_names(tables)),
        mode=best["mode"].map({"ion": "ION", "bus": "Bus"}),
        hub=best["hub"].map({True: "yes", False: "no"}),
    )


# -- Named values.

_MINUTES_PER_HOUR = 60


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of transit: service, stops, who lives near them, and the choices."""
    return Numbers([*_of_service(report.tables), *_of_people(report), *_of_choices()])


def _of_service(t: Tables) -> list[Number]:
    stops, routes = t.transit_stops, t.transit_routes
    rail = stops["mode"] == "ion"
    days = t.transit_days.set_index("day").to_dict("index")
    weekday, sunday = days["weekday"], days["sunday"]
    best = stops.nlargest(1, "score").iloc[0]
    silent = t.transit_lengths.loc[t.transit_lengths["route_km"] == 0, "municipality_id"]
    date = pd.Timestamp(weekday["date"])
    counts = {
        "bus_stops": stops.loc[~rail, "platforms"].sum(),
        "bus_terminals": (~rail & (stops["platforms"] > 1)).sum(),
        "ion_stations": rail.sum(),
        "ion_platforms": stops.loc[rail, "platforms"].sum(),
        "hubs": stops["hub"].sum(),
        "ion_hubs": (stops["hub"] & rail).sum(),
        "best_departures": int(best["trips_weekday"]),
    }
    of_routes = {
        "bus_routes": (routes["mode"] != "ion").sum(),
        "ixpress_routes": (routes["mode"] == "ixpress").sum(),
        "planned_stops": len(t.transit_planned),
    }
    trips = {
        "bus_trips": weekday["bus_trips"],
        "ion_trips": weekday["ion_trips"],
        "bus_trips_sunday": sunday["bus_trips"],
    }
    rules = {
        "ion_copy_trips": _rule(t.quality, "trips of ION"),
        "ion_unequal_days": _rule(t.quality, "day on which the bus feed"),
        "ion_moved_platforms": _rule(t.quality, "platform placed"),
    }
    headway = float(routes.loc[routes["mode"] == "ion", "headway_peak_min"].iloc[0])
    without = " and ".join(sorted(town_names(t)[silent]))
    return [
        *named("transit_stops", count=counts, text={"best_place": best["name"]},
               ratio={"median_score": stops["score"].median()}),
        *named("transit_routes, transit_planned", count=of_routes),
        *named("transit_days", count=trips, text={"transit_day": f"{date.day} {date:%B %Y}"},
               share={"sunday_service": sunday["bus_trips"] / weekday["bus_trips"]}),
        *named("transit_lengths", text={"without_transit": without}),
        *named("quality", count=rules),
        Number("ion_headway", headway, "count", "transit_routes", "{:.0f} minutes"),
    ]  # fmt: skip


def _rule(quality: pd.DataFrame, start: str) -> int:
    """Return the rows that a rule of the transit stage met."""
    ours = (quality["stage"] == "transit") & quality["rule"].str.startswith(start)
    return int(quality.loc[ours, "rows"].sum())


def _of_people(report: Report) -> list[Number]:
    by_place = by_municipality(report.tables).set_index("municipality")
    region, frequent = by_place.loc[REGION], by_place["frequent"].drop(REGION)
    near = places_near(report.tables, report.config)
    shares = {
        "near_bus": region["bus"],
        "near_ion": region["ion"],
        "near_transit": region["either"],
        "near_frequent": region["frequent"],
        "near_frequent_best": frequent.max(),
        "sites_near_stop": near["sites"],
        "stations_near_stop": near["stations"],
    }
    return named(
        "transit.by_municipality", region, share=shares, ratio={"mean_access": region["access"]},
        km="route_km:,.0f street_km:,.0f", text={"near_frequent_best_place": frequent.idxmax()},
    )  # fmt: skip


def _of_choices() -> list[Number]:
    p = Parameters()
    times = zip(("peak", "midday", "saturday", "sunday"), p.service_weights, strict=True)
    modes = zip(("bus", "ixpress", "ion"), p.mode_weights, strict=True)
    counts = {"frequent": p.frequent_per_h, "half_service": p.half_service_per_h}
    lengths = {"bus_walk": p.bus_walk_m, "ion_walk": p.ion_walk_m, "hub_reach": p.hub_reach_m}
    origin = "pipeline.parameters"
    headway = _MINUTES_PER_HOUR / p.half_service_per_h
    return [
        *named(origin, p, count="hub_bus_routes hub_routes"),
        *named(origin, count=counts, m=lengths),
        *named(origin, prefix="weight_", share={f"{name}:.0%": value for name, value in times},
               ratio={f"{name}:g": value for name, value in modes}),
        Number("half_headway", headway, "count", origin, "{:.0f} minutes"),
    ]  # fmt: skip


# -- Map.

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
    "trips_saturday trips_sunday score:access",
)
_ROUTE_FACTS = "short_name headway_peak_min trips_weekday:trips length_km"


def transit_map(tables: Tables, *, folder: Path | None = None) -> Figure:
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
