"""Tables of what stands in the way of the targets, and of who is left without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import constraints as listed
from kwev.analysis import outofreach
from kwev.exhibits.common import table
from kwev.figures import origins
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from kwev.figures.tables import Table
    from kwev.report import Report
    from kwev.symbols import Markdown


def conflict(report: Report) -> Table:
    """Return every constraint group and whether it is in the irreducible set."""
    columns = [
        Column("name", "What a plan has to keep"),
        Column("part", "Part of the conflict"),
    ]
    frame = outofreach.group_table(report.conflict, report.config)
    return table("conflict", frame, columns, origins.plan(report.tables, report.plan))


def left_without(report: Report) -> Table:
    """Return by municipality how far the plan stays below each target, on the cells."""
    columns = [
        Column("municipality", "Municipality"),
        Column("people", "People", format=",.0f"),
        Column("l2", "Near Level 2", format=".1%"),
        Column("l2_missing", "Missing to the target of Level 2", format=",.0f"),
        Column("l3", "Near Level 3", format=".1%"),
        Column("l3_missing", "Missing to the target of Level 3", format=",.0f"),
    ]
    return table(
        "left-without", report.left_without, columns, origins.plan(report.tables, report.plan)
    )


def constraints(report: Report) -> Markdown:
    """Return every constraint with its formula and the instances that show it."""
    return listed.table(report.project)
