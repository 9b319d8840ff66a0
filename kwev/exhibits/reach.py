"""Tables and figures of roads and reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import reach
from kwev.exhibits.common import category_name, table
from kwev.figures import origins, reachmap
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report

LEVEL_NAMES = {"l2": "Level 2, on foot", "l3": "Level 3, by car"}


def roads(report: Report) -> Table:
    """Return the roads by class: how many, how long, who may go there, how fast."""
    columns = [
        Column("road_class", "Class"),
        Column("edges", "Roads", format=",d"),
        Column("km", "Length", "km", ",.0f"),
        Column("walk_km", "Walked", "km", ",.0f"),
        Column("drive_km", "Driven", "km", ",.0f"),
        Column("one_way_km", "One-way", "km", ",.0f"),
        Column("speed_kmh", "Speed limit, median", "km/h", ",.0f"),
    ]
    frame = reach.roads_by_class(report.tables)
    frame = frame.assign(road_class=frame["road_class"].map(category_name))
    return table("roads", frame, columns, origins.ROADS)


def coverage_now(report: Report) -> Table:
    """Return today's coverage for each set of demand points, on both metrics."""
    columns = [
        Column("geography", "Demand points"),
        Column("points", "Points", format=",d"),
        Column("l2_straight_line", "Level 2, straight", format=".1%"),
        Column("l2_network", "Level 2, roads", format=".1%"),
        Column("l3_straight_line", "Level 3, straight", format=".1%"),
        Column("l3_network", "Level 3, roads", format=".1%"),
        Column("ev_owners_straight_line", "EVs, straight", format=".1%"),
        Column("ev_owners_network", "EVs, roads", format=".1%"),
    ]
    frame = reach.by_geography(report.tables, report.config)
    return table("coverage-now", frame, columns, origins.reach(report.tables))


def coverage_by_radius(report: Report) -> Table:
    """Return today's coverage by level and radius, on both metrics."""
    frame = reach.by_radius(report.tables, report.config)
    frame = frame.assign(level=frame["level"].map(LEVEL_NAMES))
    frame["ratio"] = frame["network"] / frame["straight_line"]
    columns = [
        Column("level", "Level"),
        Column("radius_m", "Radius", "m", ",.0f"),
        Column("straight_line", "Straight line", format=".1%"),
        Column("network", "Along the roads", format=".1%"),
        Column("ratio", "Roads to straight", format=".0%"),
    ]
    return table("coverage-by-radius", frame, columns, origins.reach(report.tables))


def reach_map(report: Report) -> Figure:
    """Return the map of who reaches a charger along the roads, and who only as the crow flies."""
    cells = reach.of_cells(report.tables, report.config)
    return reachmap.reach(report.tables, report.config, cells)
