"""Tables and figures of the sweeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.analysis import picks as picking
from kwev.analysis import studies, targetgrid
from kwev.analysis.insights import KIND_WORDS, PRICE_NAMES
from kwev.analysis.metrics import STATUS_WORDS
from kwev.exhibits.common import category_name, table
from kwev.figures import origins, pickmap, sweepcharts
from kwev.figures.figure import Figure, Origin
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.report import Report

SHOWN_ASSUMPTIONS: Final = 12
"""Assumptions of a tornado chart, the widest."""
PRINTED_PICKS: Final = 20


def _origin(report: Report) -> Origin:
    seen = origins.plan(report.tables, report.plan)
    return Origin(f"kwev, sweeps of scenario {report.scenario}; open data", seen.vintage)


def next_money(report: Report) -> Table:
    """Return what the next step of money buys from each budget."""
    columns = [
        Column("budget_cad", "Budget", "CAD", ",.0f"),
        Column("spent_cad", "Spent more", "CAD", ",.0f"),
        Column("l2_people", "People near Level 2", format="+,.0f"),
        Column("l3_people", "People near Level 3", format="+,.0f"),
        Column("shortfall_points", "Less missing in the model", "points", ".2f"),
    ]
    return table("next-money", report.readings.steps, columns, _origin(report))


def budget_phases(report: Report) -> Table:
    """Return what each budget puts into the three phases."""
    heads = {1: "Conversions", 2: "Level 3", 3: "Level 2"}
    columns = [Column("budget_cad", "Budget", "CAD", ",.0f")]
    for number, words in heads.items():
        columns += [
            Column(f"phase{number}_actions", f"{words}, actions", format=",.0f"),
            Column(f"phase{number}_cad", f"{words}, net cost", "CAD", ",.0f"),
        ]
    return table("budget-phases", report.readings.phases_by_budget, columns, _origin(report))


def target_grid(report: Report) -> Table:
    """Return what is known of each pair of targets."""
    frame = targetgrid.cross(report.readings.target_grid)
    columns = [Column("l2_target", "Level 2 target", format=".1%")]
    columns += [
        Column(str(key), f"Level 3 {float(str(key).removeprefix('l3_')):.0%}")
        for key in frame.columns[1:]
    ]
    return table("target-grid", frame, columns, _origin(report))


def l2_radius_chart(report: Report) -> Figure:
    """Return coverage along the reach of Level 2."""
    return _along(report, "l2-radius", "coverage.l2_radius_m", "Reach of Level 2 (m)")


def l3_radius_chart(report: Report) -> Figure:
    """Return coverage along the reach of Level 3."""
    return _along(report, "l3-radius", "coverage.l3_radius_m", "Reach of Level 3 (m)")


def _along(report: Report, name: str, key: str, title: str) -> Figure:
    columns = ["name", "value", "l2", "l3", "ev_owners", "net_cad", "shortfall_points"]
    frame = report.readings.along(name, key)[columns]
    return sweepcharts.along(frame, "value", title, origin=_origin(report), name=f"sweep-{name}")


def tornado_l2(report: Report) -> Figure:
    """Return what moves Level 2 coverage."""
    return _tornado(report, "l2", "Change of people near Level 2 (points)")


def tornado_l3(report: Report) -> Figure:
    """Return what moves Level 3 coverage."""
    return _tornado(report, "l3", "Change of people near Level 3 (points)")


def _tornado(report: Report, measure: str, title: str) -> Figure:
    frame = report.readings.tornado(measure).head(SHOWN_ASSUMPTIONS)
    return sweepcharts.tornado(frame, title, origin=_origin(report), name=f"tornado-{measure}")


def prices(report: Report) -> Table:
    """Return the sweep of prices."""
    frame = report.readings.worth.assign(
        name=[_upper(PRICE_NAMES[price]) for price in report.readings.worth["price"]],
        worth=[
            _between(low, high)
            for low, high in zip(
                report.readings.worth["budget_from_cad"],
                report.readings.worth["budget_to_cad"],
                strict=True,
            )
        ],
    )
    counts = report.readings.prices[["new_l3", "upgrade", "new_l2", "price_cad"]]
    columns = (
        Column("factor", "Times the base price", format="g"),
        Column("price_cad", "Price", "CAD", ",.0f"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("new_l2", "New Level 2", format=",d"),
        Column("new_l3", "New Level 3", format=",d"),
        Column("upgrade", "Conversions", format=",d"),
        Column("worth", "As good as this budget at base prices", "million CAD"),
    )
    origin = _origin(report)
    frame = pd.concat([frame, counts], axis=1)
    return Table("prices", frame, columns, origin.source, origin.vintage, group="name")


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _between(low: float, high: float) -> str:
    if math.isnan(low):
        return f"below {high / 1e6:g}"
    if math.isnan(high):
        return f"above {low / 1e6:g}"
    least, most = sorted((low / 1e6, high / 1e6))
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"


OTHERS: Final = {
    "power": "Power of ports (Level 2 and Level 3, kW), on census tracts",
    "resale": "Resale factor",
    "weights": "Weights",
    "grid": "Factor on the grid proxy",
    "energy": "Energy",
    "ports": "Ports",
    "growth": "Vehicles planned for, on census tracts",
    "cases": "Named scenarios and cases",
    "hard-cases": "Named cases on census tracts",
    "geography": "Demand points",
}
"""Sweeps that one table shows, in order."""


def other_sweeps(report: Report) -> Table:
    """Return every other sweep, a row a plan."""
    frames = [report.readings.study(name).assign(group=words) for name, words in OTHERS.items()]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(
        name=[_plan_words(name) for name in frame["name"]],
        gap=frame["gap_checked"].fillna(frame["gap"]),
    )
    columns = (
        Column("name", "Plan"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("ev_owners", "EVs near either", format=".1%"),
        Column("new_l2", "New Level 2", format=",d"),
        Column("new_l3", "New Level 3", format=",d"),
        Column("upgrade", "Conversions", format=",d"),
        Column("gap", "Gap", format=".2%"),
    )
    shown = frame[["group", *(column.key for column in columns)]]
    origin = _origin(report)
    return Table(
        "other-sweeps", shown, columns, origin.source, origin.vintage, len(shown), group="group"
    )


_SHORT: Final = {"l2": "Level 2", "l3": "Level 3", "ev": "EV", "da": "dissemination areas"}


def _plan_words(name: str) -> str:
    """Return the name of a point as words: ``min_l3-2`` becomes ``min Level 3 2``."""
    return " ".join(_SHORT.get(word, word) for word in name.replace("_", "-").split("-"))


def slack(report: Report) -> Table:
    """Return slack, right-hand side and use of each limit of the published plan."""
    columns = [
        Column("name", "Limit or requirement"),
        Column("sense", "Sense"),
        Column("used", "Used", format=",.1f"),
        Column("rhs", "Allowed or required", format=",.1f"),
        Column("unit", "Unit"),
        Column("slack", "Slack", format="+,.1f"),
        Column("utilisation", "Use", format=".0%"),
        Column("state", "State"),
    ]
    origin = origins.plan(report.tables, report.plan)
    return table("slack", report.readings.slack, columns, origin)


def robust_core(report: Report) -> Table:
    """Return how many actions of each kind are core, usual and fragile."""
    frame = picking.summary(report.readings.picks)
    frame = frame.assign(words=[_upper(KIND_WORDS[kind]) for kind in frame["kind"]])
    columns = [
        Column("words", "Action"),
        Column("chosen", "In the base plan", format=",d"),
        Column("core", "In nine of ten plans or more", format=",d"),
        Column("usual", "In half or more", format=",d"),
        Column("fragile", "In fewer than half", format=",d"),
    ]
    return table("robust-core", frame, columns, _origin(report))


def pick_list(report: Report) -> Table:
    """Return each place with how often it is chosen."""
    frame = _picks(report)
    columns = (
        Column("name", "Place"),
        Column("municipality", "Municipality"),
        Column("words", "Action"),
        Column("category", "Category"),
        Column("share", "Share of the plans", format=".0%"),
        Column("in_base", "In the base plan"),
        Column("in_published", "In the published plan"),
    )
    origin = _origin(report)
    return Table("picks", frame, columns, origin.source, origin.vintage, PRINTED_PICKS)


def pick_map(report: Report) -> Figure:
    """Return the map of the robust core and the fragile picks."""
    return pickmap.picks(report.tables, _picks(report), _origin(report))


def _picks(report: Report) -> pd.DataFrame:
    frame = report.readings.picks
    plain: dict[str, Any] = {
        "words": [_upper(KIND_WORDS[kind]) for kind in frame["kind"]],
        "category": [category_name(category) for category in frame["category"]],
    }
    return frame.assign(**plain)


def scenario_plans(report: Report) -> Table:
    """Return the client's scenarios and both test configurations, planned on the cells."""
    asked = [point.case.config.targets for point in studies.points(report.project, "scenarios")]
    rows = report.study("scenarios")
    frame = rows.assign(
        scenario=rows["name"].str.replace("_", " "),
        l2_target=[targets.l2 for targets in asked],
        l3_target=[targets.l3 for targets in asked],
        l2_words=rows["l2_status"].map(STATUS_WORDS),
        l3_words=rows["l3_status"].map(STATUS_WORDS),
    )
    columns = [
        Column("scenario", "Scenario"),
        Column("budget_cad", "Budget", "CAD", ",.0f"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        Column("l2_target", "Level 2 target", format=".0%"),
        Column("l2", "Level 2", format=".1%"),
        Column("l2_words", "Level 2 is"),
        Column("l3_target", "Level 3 target", format=".0%"),
        Column("l3", "Level 3", format=".1%"),
        Column("l3_words", "Level 3 is"),
        Column("gap_checked", "Gap, checked", format=".2%"),
    ]
    return table("scenario-plans", frame, columns, _origin(report))


def cell_check(report: Report) -> Table:
    """Return five budgets planned on the cells beside the same on dissemination areas."""
    frame = report.readings.on_cells
    columns = [
        Column("budget_cad", "Budget", "CAD", ",.0f"),
        Column("l2_da", "Level 2, planned on areas", format=".1%"),
        Column("l2", "Level 2, planned on cells", format=".1%"),
        Column("l3_da", "Level 3, planned on areas", format=".1%"),
        Column("l3", "Level 3, planned on cells", format=".1%"),
        Column("shared", "Actions in common", format=".0%"),
        Column("gap", "Gap on cells", format=".3%"),
    ]
    return table("cell-check", frame, columns, _origin(report))
