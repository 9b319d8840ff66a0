"""The map of transit: routes by mode, stops by score, hubs, and the stops that are planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.layers import Layer, Mark, breaks
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.figures.figure import Figure
    from kwev.tables import Tables

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
    Column("municipality", "Municipality"),
    Column("routes", "Routes"),
    Column("trips_peak_per_h", "Departures in the peak", "an hour", ",.1f"),
    Column("trips_midday_per_h", "Departures at midday", "an hour", ",.1f"),
    Column("trips_weekday", "Departures on a weekday", format=",.0f"),
    Column("trips_saturday", "on a Saturday", format=",.0f"),
    Column("trips_sunday", "on a Sunday", format=",.0f"),
    Column("score", "Accessibility score, 0 to 1", format=".2f"),
)
_ROUTE_FACTS = (
    Column("short_name", "Route"),
    Column("headway_peak_min", "Time between vehicles in the peak", "min", ",.0f"),
    Column("trips_weekday", "Trips on a weekday", format=",.0f"),
    Column("length_km", "Length one way", "km", ",.1f"),
)


def transit(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the routes, the stops by score, the hubs and the planned ION stops."""
    stops = shapes.places(cartography.named(tables, tables.transit_stops))
    planned = shapes.places(cartography.named(tables, tables.transit_planned)).assign(mark=0)
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
        _spots("Planned ION stops", planned, _PLANNED, (Column("municipality", "Municipality"),)),
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


def _spots(name: str, frame: gpd.GeoDataFrame, mark: Mark, facts: tuple[Column, ...]) -> Layer:
    return Layer(name, frame, (mark,), title="name", facts=facts)


def _lines(tables: Tables, folder: Path | None) -> list[Layer]:
    lines = shapes.lines("transit_lines", "route_id", folder)[["route_id", "geometry"]]
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
