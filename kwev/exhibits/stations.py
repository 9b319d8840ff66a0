"""Tables and figures of the station network: ports, places, spacing, operators, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import reconciliation, spacing, stations
from kwev.exhibits.common import table
from kwev.figures import origins, stationchart
from kwev.figures.tables import Column
from kwev.numbers.stations import spacing_readings as readings

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report

READINGS_SHOWN = 6
"""Readings of the stated spacing that the table shows, the closest first."""


def port_ranges(report: Report) -> Table:
    """Return ports by level, low, base and high, by the reason for the range."""
    levels = (("l2", "Level 2"), ("l3", "Level 3"))
    columns = [
        Column("basis", "Why the counts differ"),
        Column("stations", "Stations", format=",d"),
        *(
            Column(f"{key}_{end}", f"{words}, {end}", format=",d")
            for key, words in levels
            for end in ("low", "base", "high")
        ),
    ]
    frame = stations.port_ranges(report.tables, report.config)
    return table("port-ranges", frame, columns, origins.stations(report.tables))


def station_places(report: Report) -> Table:
    """Return how the Region's stations stand to their own addresses."""
    columns = [
        Column("outcome", "Outcome"),
        Column("stations", "Stations", format=",d"),
        Column("share", "Share", format=".1%"),
        Column("median_m", "Distance, median", "m", ",.0f"),
        Column("largest_m", "Distance, largest", "m", ",.0f"),
    ]
    frame = stations.places(report.tables)
    return table("station-places", frame, columns, origins.stations(report.tables))


def misplaced_stations(report: Report) -> Table:
    """Return the stations whose place and address disagree, the farthest first."""
    columns = [
        Column("name", "Station"),
        Column("address", "Address listed"),
        Column("municipality", "Stands in"),
        Column("outcome", "Outcome"),
        Column("address_apart_m", "Distance to its address", "m", ",.0f"),
    ]
    frame = stations.misplaced(report.tables)
    return table("misplaced-stations", frame, columns, origins.stations(report.tables))


def station_conditions(report: Report) -> Table:
    """Return the Region's stations by published condition of use."""
    columns = [
        Column("condition", "Condition of use"),
        Column("stations", "Stations", format=",d"),
    ]
    frame = stations.conditions(report.tables)
    return table("station-conditions", frame, columns, origins.stations(report.tables))


def station_operators(report: Report) -> Table:
    """Return the counted stations by operator."""
    columns = [
        Column("operator", "Operator"),
        Column("stations", "Stations", format=",d"),
        Column("share", "Share", format=".1%"),
        Column("l2_ports", "Level 2 ports", format=",d"),
        Column("l3_ports", "Level 3 ports", format=",d"),
        Column("ports_per_station", "Ports per station", format=".1f"),
    ]
    frame = stations.operators(report.tables, report.config)
    return table("station-operators", frame, columns, origins.stations(report.tables))


def station_spacing(report: Report) -> Table:
    """Return the spacing of the counted stations by level."""
    columns = [
        Column("level", "Stations with"),
        Column("stations", "Stations", format=",d"),
        Column("nearest_mean_km", "To the next, mean", "km", ".2f"),
        Column("nearest_median_km", "To the next, median", "km", ".2f"),
        Column("nearest_max_km", "To the next, largest", "km", ".1f"),
        Column("pair_mean_km", "All pairs, mean", "km", ".1f"),
        Column("pair_median_km", "All pairs, median", "km", ".1f"),
    ]
    frame = spacing.by_level(report.tables, report.config)
    return table("station-spacing", frame, columns, origins.stations(report.tables))


def spacing_by_municipality(report: Report) -> Table:
    """Return the mean distance to the next station by municipality and level."""
    columns = [Column("municipality", "Municipality")]
    for key, words in spacing.LEVELS.items():
        columns += [
            Column(key, f"Stations, {words.lower()}", format=",d"),
            Column(f"{key}_km", f"To the next, {words.lower()}", "km", ".2f"),
        ]
    frame = spacing.by_municipality(report.tables, report.config)
    return table("spacing-by-municipality", frame, columns, origins.stations(report.tables))


def spacing_readings(report: Report) -> Table:
    """Return what "average distance between stations" may mean, the closest to the claim first."""
    columns = [
        Column("reading", "Reading"),
        Column("stations", "Stations", format=",d"),
        Column("km", "Distance", "km", ".2f"),
        Column("ratio", "Ratio to the claim", format=".2f"),
    ]
    shown = readings(report).head(READINGS_SHOWN)
    return table("spacing-readings", shown, columns, origins.stations(report.tables))


def station_snapshots(report: Report) -> Table:
    """Return the snapshots side by side, those of one source filtered alike."""
    frame = stations.growth(report.tables)
    frame = frame.assign(source=frame["source"].map(reconciliation.SOURCE_NAMES))
    columns = [
        Column("source", "Snapshot"),
        Column("snapshot", "Date"),
        Column("records", "Stations", format=",d"),
        Column("l2_ports", "Level 2 ports", format=",d"),
        Column("l3_ports", "Level 3 ports", format=",d"),
        Column("gone", "Not in the next", format=",.0f"),
        Column("fresh", "Opened since the last", format=",.0f"),
        Column("late", "Older, but not in the last", format=",.0f"),
    ]
    return table("station-snapshots", frame, columns, origins.stations(report.tables))


def station_growth(report: Report) -> Figure:
    """Return the chart of stations by month of opening."""
    names = reconciliation.SOURCE_NAMES
    curves, marks = stations.openings(report.tables), stations.growth(report.tables)
    curves = curves.assign(source=curves["source"].map(names))
    mark = marks[marks["source"] == "ocm"].iloc[0]
    mark = mark.where(mark.index != "source", names["ocm"])
    return stationchart.growth(curves, mark, origin=origins.stations(report.tables))
