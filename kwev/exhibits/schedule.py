"""Tables and figures of when the plan is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.analysis import timing
from kwev.exhibits.common import table
from kwev.figures import gantt, origins, timechart
from kwev.figures.tables import Column
from kwev.files import read_json

IN_CHART: Final[dict[str, str]] = {
    "best": timing.NAMES["best"],
    "greedy": timing.NAMES["greedy"],
    "order": "The specification's order",
    "written": timing.NAMES["written"],
}
"""Schedules that the chart shows, with the words of its legend."""

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report


def calendar(report: Report) -> Figure:
    """Return the best schedule by municipality and kind, as bars over the months."""
    return gantt.gantt(report.timetable.calendar(), origin=origins.plan(report.tables, report.plan))


def coverage_over_time(report: Report) -> Figure:
    """Return who is within reach month by month, under each schedule."""
    return timechart.over_time(
        report.timetable.curves(),
        IN_CHART,
        origin=origins.plan(report.tables, report.plan),
    )


def schedules(report: Report) -> Table:
    """Return what each schedule gains over today, and what it asks of a period."""
    columns = [
        Column("name", "Schedule"),
        Column("l2", "Level 2 gained", "person-months", ",.0f"),
        Column("l3", "Level 3 gained", "person-months", ",.0f"),
        Column("share", "Of the best gain, weighted", format=".1%"),
        Column("most_jobs", "Most jobs in a period", format=",d"),
        Column("most_kw", "Most power in a period", "kW", ",.0f"),
        Column("most_cad", "Most spent in a period", "CAD", ",.0f"),
        Column("keeps", "Keeps the limits"),
    ]
    frame = report.timetable.compared()
    return table("schedules", frame, columns, origins.plan(report.tables, report.plan))


def limits(report: Report) -> Table:
    """Return what the best schedule gains where a limit is narrower or wider."""
    names = {
        entry["key"]: entry["what"]
        for entry in read_json(report.project.root / "data" / "assumptions.json")
    }
    frame = report.timetable.swings()
    frame = frame.assign(
        what=frame["key"].map(names),
        over=frame["best"] - frame["order"],
        # what does not fit is told in the column of the gain
        shown=frame["best"].astype(object).where(frame["best"].notna(), frame["reason"]),
    )
    columns = [
        Column("what", "Limit"),
        Column("value", "Set to", format=",.10g"),
        Column("shown", "Best schedule gains", "point-months", ",.1f", align="right"),
        Column("over", "More than the specification's order", "point-months", ",.1f"),
    ]
    return table("limits", frame, columns, origins.plan(report.tables, report.plan))
