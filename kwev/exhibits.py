"""The tables and figures of the book: one function each, so that a chapter's cell is one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev import ledger
from kwev.analysis import baseline, metrics, monitoring, phasing, reconciliation
from kwev.export import as_frame
from kwev.figures import charts, maps, origins, planmap
from kwev.figures.dashboard import dashboard
from kwev.figures.figure import Figure, Origin
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.report import Report

OWN = Origin("kwev, computed from the sources of the data catalogue", "the dates given there")
"""Origin of what is derived from several sources at once."""


def _table(name: str, frame: pd.DataFrame, columns: list[Column], origin: Origin) -> Table:
    return Table(name, frame, tuple(columns), origin.source, origin.vintage)


# -- scope and data ---------------------------------------------------------------------------


def municipalities(report: Report) -> Table:
    """Return the seven municipalities: kind, people, households, area, EVs."""
    frame = report.tables.municipalities.sort_values("name")
    frame = frame.assign(density=frame["population"] / frame["land_area_km2"])
    columns = [
        Column("name", "Municipality"),
        Column("kind", "Kind"),
        Column("population", "People", format=",.0f"),
        Column("households", "Households", format=",.0f"),
        Column("area_km2", "Area", "km²", ",.0f"),
        Column("density", "Density", "people/km² of land", ",.0f"),
        Column("ev", "EVs", format=",.0f"),
    ]
    return _table("municipalities", frame, columns, origins.CENSUS)


def density_map(report: Report) -> Figure:
    """Return the map of people by dissemination area."""
    return maps.population_density(report.tables)


def vehicle_map(report: Report) -> Figure:
    """Return the map of electric vehicles by forward sortation area."""
    return maps.ev_by_fsa(report.tables)


def station_map(report: Report) -> Figure:
    """Return the map of existing stations."""
    return maps.stations(report.tables)


def candidate_map(report: Report) -> Figure:
    """Return the map of candidate sites."""
    return maps.candidates(report.tables)


def plan_map(report: Report) -> Figure:
    """Return the map of the plan."""
    return planmap.plan(report.tables, report.plan)


def reconciled(report: Report) -> Table:
    """Return what became of each station snapshot's records."""
    columns = [
        Column("source", "Snapshot"),
        Column("snapshot", "Date"),
        Column("records", "Records", format=",d"),
        Column("kept", "Lead a station", format=",d"),
        Column("merged", "Merged into one", format=",d"),
        Column("dropped", "Dropped", format=",d"),
        Column("places", "Stations known", format=",d"),
    ]
    return _table(
        "reconciliation",
        reconciliation.by_source(report.tables),
        columns,
        origins.stations(report.tables),
    )


def dropped_records(report: Report) -> Table:
    """Return why station records were dropped."""
    columns = [
        Column("source", "Snapshot"),
        Column("snapshot", "Date"),
        Column("reason", "Reason"),
        Column("records", "Records", format=",d"),
    ]
    return _table(
        "dropped-records",
        reconciliation.dropped(report.tables),
        columns,
        origins.stations(report.tables),
    )


def network(report: Report) -> Table:
    """Return stations and ports by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("stations", "Stations", format=",d"),
        Column("l2_stations", "with Level 2", format=",d"),
        Column("l3_stations", "with Level 3", format=",d"),
        Column("l2_ports", "Level 2 ports", format=",d"),
        Column("l3_ports", "Level 3 ports", format=",d"),
    ]
    frame = baseline.stations_by_municipality(report.tables, report.config)
    return _table("network", frame, columns, origins.stations(report.tables))


def candidates(report: Report) -> Table:
    """Return candidate sites by category and municipality."""
    frame = baseline.candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    places = [name for name in frame.columns if name not in ("category", "total")]
    columns = [
        Column("category", "Category"),
        *(Column(name, name, format=",d") for name in places),
        Column("total", "Region", format=",d"),
    ]
    return _table("candidates", frame, columns, origins.SITES)


def candidate_rates(report: Report) -> Table:
    """Return candidate sites per 10,000 residents by municipality."""
    columns = [
        Column("name", "Municipality"),
        Column("population", "People", format=",.0f"),
        Column("sites", "Candidate sites", format=",d"),
        Column("per_10000", "Sites per 10,000 residents", format=".1f"),
    ]
    return _table(
        "candidate-rates", baseline.candidates_per_10000(report.tables), columns, origins.SITES
    )


def candidate_chart(report: Report) -> Figure:
    """Return candidate sites by category as bars."""
    frame = baseline.candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    frame = frame[["category", "total"]].rename(columns={"total": "sites"})
    return charts.candidates_by_category(frame, origin=origins.SITES)


def vehicles(report: Report) -> Table:
    """Return EVs by forward sortation area: published, and the part inside the Region."""
    columns = [
        Column("fsa", "Area"),
        Column("bev", "Battery electric", format=",.0f"),
        Column("phev", "Plug-in hybrid", format=",.0f"),
        Column("ev", "EVs", format=",.0f"),
        Column("inside_share", "Share inside", format=".0%"),
        Column("ev_inside", "EVs inside", format=",.0f"),
    ]
    return _table("vehicles", report.tables.fsas, columns, origins.vehicles(report.tables))


def quality(report: Report) -> Table:
    """Return the data-quality ledger: every rule, how many rows it met, what was done."""
    frame = report.tables.quality
    columns = [
        Column("stage", "Stage"),
        Column("dataset", "Data set"),
        Column("rule", "Rule"),
        Column("action", "Action"),
        Column("rows", "Rows", format=",d"),
        Column("note", "Note"),
    ]
    return Table("quality", frame, tuple(columns), OWN.source, OWN.vintage, pdf_rows=len(frame))


def coverage_now(report: Report) -> Table:
    """Return today's coverage at each geography."""
    frame = baseline.coverage_by_geography(report.tables, report.config)
    columns = [
        Column("geography", "Demand points"),
        Column("points", "Points", format=",d"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("ev_owners", "EVs near either", format=".1%"),
    ]
    return _table("coverage-now", frame, columns, origins.stations(report.tables))


def catalogue(report: Report) -> Table:
    """Return the register of sources."""
    frame = pd.DataFrame(report.sources)
    columns = [
        Column("title", "Data set"),
        Column("publisher", "Publisher"),
        Column("vintage", "Vintage"),
        Column("licence_name", "Licence"),
        Column("rows", "Rows"),
    ]
    return Table("catalogue", frame, tuple(columns), OWN.source, OWN.vintage, pdf_rows=len(frame))


def category_name(category: str) -> str:
    """Return a site category as words: ``fuel_station`` becomes ``Fuel station``."""
    return category.replace("_", " ").capitalize()


# -- the plan -----------------------------------------------------------------------------------


def coverage(report: Report) -> Table:
    """Return each target before and after the plan, with what is attainable."""
    columns = [
        Column("name", "Target"),
        Column("before", "Today", format=".1%"),
        Column("after", "With the plan", format=".1%"),
        Column("target", "Target share", format=".0%"),
        Column("attainable", "Attainable", format=".1%"),
        Column("ceiling", "Ceiling", format=".1%"),
        Column("status", "Verdict"),
    ]
    return _table(
        "coverage", metrics.coverage(report.plan), columns, origins.plan(report.tables, report.plan)
    )


def coverage_chart(report: Report) -> Figure:
    """Return each target before and after the plan as a chart."""
    return charts.coverage(
        metrics.coverage(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def target_chart(report: Report) -> Figure:
    """Return the distance to the monitored targets as a chart."""
    origin = origins.plan(report.tables, report.plan)
    return charts.coverage(metrics.coverage(report.plan), origin=origin, name="targets")


def actions_by_kind(report: Report) -> Table:
    """Return what the plan builds, by kind."""
    columns = [
        Column("kind", "Action"),
        Column("stations", "Stations", format=",d"),
        Column("ports_added", "Ports added", format=",d"),
        Column("l2_ports_removed", "Level 2 ports removed", format=",d"),
        Column("purchase_cad", "Purchase", "CAD", ",.0f"),
        Column("resale_cad", "Resale", "CAD", ",.0f"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
    ]
    return _table(
        "actions",
        metrics.actions_by_kind(report.plan),
        columns,
        origins.plan(report.tables, report.plan),
    )


def actions_by_municipality(report: Report) -> Table:
    """Return what the plan builds, by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("upgrade", "Conversions", format=",d"),
        Column("new_l3", "New Level 3", format=",d"),
        Column("new_l2", "New Level 2", format=",d"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
    ]
    frame = metrics.actions_by_municipality(report.plan)
    return _table(
        "actions-by-municipality", frame, columns, origins.plan(report.tables, report.plan)
    )


def costs(report: Report) -> Figure:
    """Return what the money buys as bars."""
    return charts.cost_breakdown(
        metrics.cost_breakdown(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def budget_table(report: Report) -> Table:
    """Return the budget sweep."""
    columns = [
        Column("budget_cad", "Budget", "CAD", ",.0f"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("ev_owners", "EVs near either", format=".1%"),
        Column("upgrade", "Conversions", format=",d"),
        Column("new_l3", "New Level 3", format=",d"),
        Column("new_l2", "New Level 2", format=",d"),
        Column("gap", "Gap", format=".3%"),
    ]
    return _table("budgets", report.budgets, columns, origins.plan(report.tables, report.plan))


def budget_chart(report: Report) -> Figure:
    """Return the budget sweep as a chart."""
    return charts.budget_sweep(report.budgets, origin=origins.plan(report.tables, report.plan))


def phases_table(report: Report) -> Table:
    """Return the three phases."""
    columns = [
        Column("phase", "Phase"),
        Column("name", "What"),
        Column("month_from", "From month"),
        Column("month_to", "To month"),
        Column("actions", "Actions", format=",d"),
        Column("stations", "Stations", format=",d"),
        Column("ports", "Ports", format=",d"),
        Column("cost_cad", "Net cost", "CAD", ",.0f"),
    ]
    return _table(
        "phases", phasing.phases(report.plan), columns, origins.plan(report.tables, report.plan)
    )


def phases_chart(report: Report) -> Figure:
    """Return the three phases on a time line."""
    return charts.phases(
        phasing.phases(report.plan), origin=origins.plan(report.tables, report.plan)
    )


def plan_dashboard(report: Report) -> Figure:
    """Return the plan on four axes: infrastructure, cost, coverage, time line."""
    origin = origins.plan(report.tables, report.plan)
    return dashboard(report.plan, phasing.phases(report.plan), origin=origin)


def action_list(report: Report) -> Table:
    """Return every action of the plan; the CSV has all columns."""
    frame = as_frame(report.plan)
    frame = frame.assign(
        what=frame["kind"].map(metrics.KIND_NAMES), place=frame["category"].map(category_name)
    )
    columns = [
        Column("name", "Place"),
        Column("municipality", "Municipality"),
        Column("what", "Action"),
        Column("place", "Category"),
        Column("l2_ports_after", "Level 2 ports"),
        Column("l3_ports_after", "Level 3 ports"),
        Column("kw_after", "Power", "kW", ",.1f"),
        Column("grid_kw", "Grid proxy", "kW", ",.0f"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
    ]
    return _table("action-list", frame, columns, origins.plan(report.tables, report.plan))


def targets(report: Report) -> Table:
    """Return the monitored targets with pass or fail."""
    columns = [
        Column("target", "Target"),
        Column("radius_m", "Radius", "m", align="right"),
        Column("wanted", "Wanted", format=".0%"),
        Column("measured", "Measured"),
        Column("before", "Today", format=".1%"),
        Column("passes_before", "Passes today"),
        Column("after", "With the plan", format=".1%"),
        Column("passes_after", "Passes with the plan"),
        Column("missing_points", "Missing", "points", ".1f"),
    ]
    frame = monitoring.targets(report.plan, report.config)
    return _table("targets", frame, columns, origins.plan(report.tables, report.plan))


def claims(report: Report) -> Table:
    """Return the client's figures beside the computed ones."""
    columns = [
        Column("claim", "Claim"),
        Column("section", "Section"),
        Column("stated", "Stated", align="right"),
        Column("computed", "Computed", align="right"),
        Column("verdict", "Verdict"),
    ]
    return _table("claims", ledger.claims(report), columns, OWN)


def assumptions(report: Report) -> Table:
    """Return every planning choice with its range and source."""
    frame = ledger.assumptions(report)
    columns = [
        Column("what", "Assumption"),
        Column("value", "Value", format=",g", align="right"),
        Column("unit", "Unit"),
        Column("range", "Range", align="right"),
        Column("source", "Source"),
        Column("enters", "Enters"),
    ]
    return Table("assumptions", frame, tuple(columns), OWN.source, OWN.vintage, len(frame))
