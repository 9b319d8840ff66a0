"""Tables and figures of the plan, its sweep, its phases and its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import metrics, phasing
from kwev.exhibits.common import table
from kwev.figures import charts, drawings, origins, planmap
from kwev.figures.dashboard import dashboard
from kwev.figures.figure import Figure
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report


def plan_map(report: Report) -> Figure:
    """Return the map of the plan."""
    return planmap.plan(report.tables, report.plan)


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
    return table(
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
    return table(
        "actions",
        metrics.actions_by_kind(report.plan),
        columns,
        origins.plan(report.tables, report.plan),
    )


def actions_by_municipality(report: Report) -> Table:
    """Return what the plan builds, by municipality."""
    frame = metrics.actions_by_municipality(report.plan)
    columns = [
        Column("municipality", "Municipality"),
        *_kind_columns(metrics.kinds_of(report.plan)),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
    ]
    return table(
        "actions-by-municipality", frame, columns, origins.plan(report.tables, report.plan)
    )


_KIND_HEADS = {
    "upgrade": "Conversions",
    "new_l3": "New Level 3",
    "new_l2": "New Level 2",
    "add_l3": "Level 3 ports added at",
    "add_l2": "Level 2 ports added at",
    "remove": "Removed",
}


def _kind_columns(kinds: list[str]) -> list[Column]:
    return [Column(kind, _KIND_HEADS[kind], format=",d") for kind in kinds]


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
        *_kind_columns(list(drawings.shown_actions(report.budgets))),
        Column("gap", "Gap", format=".3%"),
    ]
    return table("budgets", report.budgets, columns, origins.plan(report.tables, report.plan))


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
    return table(
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
