"""Numbers of transit: service, stops, who lives near them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis import transit
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    from kwev.report import Report

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
    by_place = transit.by_municipality(report.tables).set_index("municipality")
    region = by_place.to_dict("index")[transit.REGION]
    towns = by_place.drop(index=transit.REGION)
    near = transit.places_near(report.tables, report.config)
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
