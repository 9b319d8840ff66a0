"""Tables and figures of who is served, and of the price of a floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.analysis import catchment
from kwev.analysis.floors import LEVEL_NAMES
from kwev.analysis.households import NAMES
from kwev.exhibits.common import table
from kwev.figures import accessmap, lorenzchart, origins
from kwev.figures.figure import Origin
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from kwev.figures.figure import Figure
    from kwev.report import Report

WHEN_NAMES: Final = {"before": "Today", "after": "With the plan"}
ASKED_OF: Final = {
    "municipality": "Every municipality",
    "quintile": "Every fifth of deprivation",
    **{kind: names[0] for kind, names in NAMES.items()},
}


def _homes(report: Report) -> Origin:
    made = origins.plan(report.tables, report.plan)
    return Origin(f"{origins.HOMES.source}; {made.source}", made.vintage)


def served_households(report: Report) -> Table:
    """Return coverage before and after by kind of household."""
    columns = [
        Column("name", "Who"),
        Column("total", "People", format=",.0f"),
        Column("l2_before", "Level 2 today", format=".1%"),
        Column("l2_after", "Level 2 with the plan", format=".1%"),
        Column("l3_before", "Level 3 today", format=".1%"),
        Column("l3_after", "Level 3 with the plan", format=".1%"),
    ]
    return table("served-households", report.findings.households, columns, _homes(report))


def access_table(report: Report) -> Table:
    """Return ports in reach for themselves, and how evenly they are spread."""
    frame = report.findings.access
    frame = frame[frame["zones"] == "plain"].reset_index(drop=True)
    decay = report.findings.access
    decay = decay[decay["zones"] == "decay"].reset_index(drop=True)
    frame = frame.assign(
        what=frame["level"].map(LEVEL_NAMES) + ", " + frame["when"].map(WHEN_NAMES).str.lower(),
        gini_decay=decay["gini"],
    )
    columns = [
        Column("what", "What"),
        Column("mean", "Ports per 1,000 people", format=".2f"),
        Column("per_ev", "Ports per 1,000 EVs", format=".1f"),
        Column("none", "People with none", format=".1%"),
        Column("gini", "Gini", format=".2f"),
        Column("gini_reached", "Gini of those with some", format=".2f"),
        Column("gini_decay", "Gini, nearer counts more", format=".2f"),
        Column("by_income", "Concentration by income", format="+.2f"),
    ]
    return table("accessibility", frame, columns, _homes(report))


def lorenz_chart(report: Report) -> Figure:
    """Return the Lorenz curves of ports in reach."""
    origin = origins.plan(report.tables, report.plan)
    return lorenzchart.lorenz(report.findings.lorenz, origin=origin)


def access_map(report: Report) -> Figure:
    """Return the map of Level 2 ports in reach per 1,000 people with the plan."""
    found = catchment.by_area(report.findings.effects)
    return accessmap.accessibility(report.tables, report.plan, found)


def floor_table(report: Report) -> Table:
    """Return what each floor gives its group and takes from the Region."""
    frame = report.floor_prices
    frame = frame.assign(
        asked=frame["grouping"].map(ASKED_OF),
        kind=frame["level"].map(LEVEL_NAMES),
        gives=_signed(-frame["l2_price"]),
        takes=_signed(-frame["l3_price"]),
        more=frame["extra_cad"].where(frame["extra_cad"] > 0),
    )
    columns = (
        Column("asked", "Floor for"),
        Column("floor", "Floor", format=".0%"),
        Column("more", "More money", "CAD", ",.0f"),
        Column("who", "Who has least"),
        Column("before", "Base plan", format=".1%"),
        Column("after", "With the floor", format=".1%"),
        Column("most", "Every site built", format=".1%"),
        Column("gives", "Region, Level 2", "points", align="right"),
        Column("takes", "Region, Level 3", "points", align="right"),
        Column("missed", "Still below it", format=".1%"),
    )
    origin = _homes(report)
    return Table("floors", frame, columns, origin.source, origin.vintage, group="kind")


def _signed(values: pd.Series) -> list[str]:
    """Return points with their sign, a true minus; what rounds to nothing is 0.0."""
    texts = [f"{value:+.1f}" for value in values]
    return ["0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}") for text in texts]
