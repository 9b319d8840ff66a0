"""Tables and figures of the targets that are watched, of what was measured, and of drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.analysis import drift, history, monitoring
from kwev.exhibits.common import table
from kwev.figures import historychart, origins
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report

SERIES_NAMES: Final = {
    "nrcan": "Natural Resources Canada, filtered alike",
    "ocm": "OpenChargeMap, undated",
    "merged": "Merged network of the plan",
}
"""Series whose lines stand in the table: lists of stations, not their openings in between."""


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
    frame = monitoring.targets(report.plan, report.watched)
    return table("targets", frame, columns, origins.plan(report.tables, report.plan))


def measured_lists(report: Report) -> Table:
    """Return each list of stations with what it reached."""
    frame = history.as_frame(report.history)
    frame = frame[frame["series"].isin(SERIES_NAMES)].reset_index(drop=True)
    frame = frame.assign(source=frame["series"].map(SERIES_NAMES))
    columns = [
        Column("source", "List"),
        Column("date", "Date"),
        Column("stations", "Records", format=",.0f"),
        Column("l2_ports", "Level 2 ports", format=",.0f"),
        Column("l3_ports", "Level 3 ports", format=",.0f"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("evs", "EVs", format=",.0f"),
        Column("ev_owners", "EVs near either", format=".1%"),
    ]
    return table("measured-lists", frame, columns, origins.stations(report.tables))


def history_chart(report: Report) -> Figure:
    """Return coverage over time."""
    wanted: dict[str, float] = {
        target.name: target.share for target in report.watched.targets if target.measure == "people"
    }
    return historychart.history(
        history.as_frame(report.history), wanted, origin=origins.stations(report.tables)
    )


def drift_triggers(report: Report) -> Table:
    """Return what would call for a new plan, and whether it does."""
    frame = drift.triggers(report.tables, report.watched, report.history, report.plan)
    columns = [
        Column("what", "What is watched"),
        Column("calls", "Calls for a new plan when"),
        Column("present", "How it stands"),
        Column("state", "Calls now"),
    ]
    return table("drift-triggers", frame, columns, origins.plan(report.tables, report.plan))
