"""Tables and figures of transit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import transit
from kwev.exhibits.common import table
from kwev.figures import origins, transitmap
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report


def transit_map(report: Report) -> Figure:
    """Return the map of routes, stops, hubs and planned stops."""
    return transitmap.transit(report.tables)


def transit_days(report: Report) -> Table:
    """Return the representative days with their trips."""
    frame = report.tables.transit_days
    frame = frame.assign(kind=frame["day"].str.capitalize())
    columns = [
        Column("kind", "Kind of day"),
        Column("date", "Day that stands for it"),
        Column("days_alike", "Days with the same service", format=",d"),
        Column("days", "of", format=",d"),
        Column("bus_trips", "Bus trips", format=",d"),
        Column("ion_trips", "ION trips", format=",d"),
    ]
    return table("transit-days", frame, columns, origins.transit(report.tables))


def transit_coverage(report: Report) -> Table:
    """Return people near transit and the density of routes by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("bus", "People near a bus stop", format=".1%"),
        Column("ion", "near an ION station", format=".1%"),
        Column("frequent", "near frequent service", format=".1%"),
        Column("access", "Mean accessibility", format=".2f"),
        Column("street_km", "Streets with service", "km", ",.0f"),
        Column("route_km", "Routes on them", "km", ",.0f"),
        Column("route_km_per_km2", "Routes per km² of land", "km", ".2f"),
    ]
    frame = transit.by_municipality(report.tables)
    return table("transit-coverage", frame, columns, origins.transit(report.tables))


def transit_best(report: Report) -> Table:
    """Return the ten best stops, terminals and stations, one in each neighbourhood."""
    modes = {"ion": "ION", "bus": "Bus"}
    frame = transit.best_places(report.tables)
    frame = frame.assign(
        mode=frame["mode"].map(modes), hub=frame["hub"].map({True: "yes", False: "no"})
    )
    columns = [
        Column("name", "Place"),
        Column("mode", "Mode"),
        Column("municipality", "Municipality"),
        Column("routes", "Routes"),
        Column("trips_peak_per_h", "Departures in the peak", "an hour", ",.1f"),
        Column("trips_weekday", "on a weekday", format=",d"),
        Column("trips_sunday", "on a Sunday", format=",d"),
        Column("score", "Score", format=".2f"),
        Column("hub", "Hub"),
    ]
    return table("transit-best", frame, columns, origins.transit(report.tables))
