"""Tables and figures of the grid proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import gridproxy
from kwev.exhibits.common import category_name, table
from kwev.figures import gridmap, origins
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report


def grid_categories(report: Report) -> Table:
    """Return the proxy of the candidate sites by category."""
    frame = gridproxy.by_category(report.tables, report.config)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = [
        Column("category", "Category"),
        Column("sites", "Sites", format=",d"),
        Column("base_kw", "Base of the proxy", "kW", ",.0f"),
        Column("low_kw", "Proxy, lowest", "kW", ",.0f"),
        Column("median_kw", "Proxy, median", "kW", ",.0f"),
        Column("high_kw", "Proxy, highest", "kW", ",.0f"),
        Column("l3_by_category", "Room for Level 3 by base", format=",d"),
        Column("l3", "by proxy", format=",d"),
    ]
    return table("grid-categories", frame, columns, origins.GRID)


def grid_choices(report: Report) -> Table:  # noqa: ARG001 - one signature for all exhibits
    """Return the choices of the proxy with range and source."""
    columns = [
        Column("what", "Choice in the proxy"),
        Column("value", "Value", format=",.10g", align="right"),
        Column("unit", "Unit"),
        Column("range", "Range", align="right"),
        Column("source", "Source"),
    ]
    return table("grid-choices", gridproxy.choices(), columns, origins.GRID)


def grid_map(report: Report) -> Figure:
    """Return the map of the proxy by area and by candidate site."""
    return gridmap.grid(report.tables, report.config)
