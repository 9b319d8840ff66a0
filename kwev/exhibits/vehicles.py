"""Tables and figures of electric vehicles: now, over time, in clusters, to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis import clusters
from kwev.analysis import vehicles as analysis
from kwev.exhibits.common import OWN, table
from kwev.figures import maps, origins, vehiclechart, vehiclemap
from kwev.figures.tables import Column, Table
from kwev.schemas.vehicles import BASES

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report


def vehicle_map(report: Report) -> Figure:
    """Return the map of electric vehicles by forward sortation area."""
    return maps.ev_by_fsa(report.tables)


def vehicle_density_map(report: Report) -> Figure:
    """Return the map of electric vehicles per square kilometre."""
    return vehiclemap.density(report.tables)


def vehicle_growth_map(report: Report) -> Figure:
    """Return the map of growth by forward sortation area."""
    return vehiclemap.growth(report.tables, analysis.by_fsa(report.tables))


def vehicle_cluster_map(report: Report) -> Figure:
    """Return the map of local clusters of EVs per household."""
    return vehiclemap.clusters(report.tables, clusters.by_da(report.tables).areas)


def vehicle_chart(report: Report) -> Figure:
    """Return the quarters counted and the forecast to 2035."""
    return vehiclechart.growth(
        analysis.totals(report.tables),
        report.tables.ev_forecast,
        analysis.FORM_NAMES,
        origin=origins.vehicles(report.tables),
    )


def vehicles(report: Report) -> Table:
    """Return EVs by forward sortation area: published, and the part inside the Region."""
    columns = [
        Column("fsa", "Area"),
        Column("bev", "Battery electric", format=",.0f"),
        Column("phev", "Plug-in hybrid", format=",.0f"),
        Column("ev", "EVs", format=",.0f"),
        Column("bev_per_phev", "Battery electric for each hybrid", format=".1f"),
        Column("inside_share", "Share inside", format=".0%"),
        Column("ev_inside", "EVs inside", format=",.0f"),
        Column("per_km2", "EVs per km²", format=",.1f"),
        Column("per_thousand", "EVs per 1,000 residents", format=".1f"),
    ]
    frame = analysis.by_fsa(report.tables)
    return table("vehicles", frame, columns, origins.vehicles(report.tables))


def vehicle_growth(report: Report) -> Table:
    """Return growth and forecast by forward sortation area, its part inside the Region."""
    columns = [
        Column("fsa", "Area"),
        Column("ev_inside", "EVs inside", format=",.0f"),
        Column("growth_4q_per_year", "Growth, last four quarters", format=".0%"),
        Column("growth_8q_per_year", "Growth a year, last eight quarters", format=".0%"),
        Column("ev_2030", "EVs in 2030", format=",.0f"),
        Column("ev_2035", "EVs in 2035", format=",.0f"),
    ]
    frame = analysis.by_fsa(report.tables)
    return table("vehicle-growth", frame, columns, origins.vehicles(report.tables))


def vehicle_quarters(report: Report) -> Table:
    """Return the sixteen quarters of all areas together."""
    columns = [
        Column("quarter", "Quarter"),
        Column("bev", "Battery electric", format=",.0f"),
        Column("phev", "Plug-in hybrid", format=",.0f"),
        Column("ev", "EVs", format=",.0f"),
        Column("bev_share", "Battery electric", "share", ".1%"),
        Column("ev_inside", "EVs inside the Region", format=",.0f"),
        Column("growth", "Growth since the quarter before", format=".1%"),
    ]
    frame = analysis.totals(report.tables)
    return table("vehicle-quarters", frame, columns, origins.vehicles(report.tables))


def vehicle_backtest(report: Report) -> Table:
    """Return the errors of each form on both histories."""
    words = dict(zip(BASES, ("recount taken out", "as published"), strict=True))
    parts = [analysis.errors(report.tables, basis).assign(basis=words[basis]) for basis in BASES]
    frame = pd.concat(parts, ignore_index=True)
    frame["form"] = frame["form"].map(analysis.FORM_NAMES)
    columns = [
        Column("form", "Form of growth"),
        Column("basis", "Counts"),
        *(Column(f"h{h}", f"{h} ahead", format=".1%") for h in (1, 2, 3, 4)),
        Column("mean", "Mean error", format=".1%"),
        Column("signed", "with its sign", format="+.1%"),
        Column("inside", "Counts in the interval", format=".0%"),
    ]
    return table("vehicle-backtest", frame, columns, origins.vehicles(report.tables))


def vehicle_assumptions(report: Report) -> Table:
    """Return what the forecast hangs on: form, market, and the recount."""
    frame = analysis.what_it_hangs_on(report.tables)
    frame["form"] = frame["form"].map(analysis.FORM_NAMES)
    columns = [
        Column("form", "Form of growth"),
        Column("base_2030", "2030", format=",.0f"),
        Column("market_base", "2035", format=",.0f"),
        Column("market_low", "2035, small market", format=",.0f"),
        Column("market_high", "2035, large market", format=",.0f"),
        Column("published_2030", "2030, recount left in", format=",.0f"),
        Column("published", "2035, recount left in", format=",.0f"),
    ]
    return table("vehicle-assumptions", frame, columns, origins.vehicles(report.tables))


def vehicle_plans(report: Report) -> Table:
    """Return the base plan beside the one made for the vehicles of 2030, on the same points."""
    frame = analysis.growth_plans(report.coarse_plan, report.growth_plan)
    columns = [
        Column("what", "Outcome"),
        Column("now", "Planned for today", format=".4g"),
        Column("later", "Planned for 2030", format=".4g"),
        Column("unit", "Unit"),
    ]
    return table("vehicle-plans", frame, columns, OWN)
