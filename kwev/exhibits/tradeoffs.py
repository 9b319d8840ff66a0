"""Tables and figures of the frontier, of plans near the best, and of futures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis import frontier, metrics, nearoptimal
from kwev.exhibits.common import table
from kwev.figures import frontierchart, origins
from kwev.figures.tables import Column
from kwev.units import CAD_PER_MILLION

if TYPE_CHECKING:
    from kwev.figures.figure import Figure, Origin
    from kwev.figures.tables import Table
    from kwev.report import Report

GWH_PER_KWH = 1e-6


def _origin(report: Report) -> Origin:
    return origins.plan(report.tables, report.coarse_plan)


def _levels() -> list[Column]:
    return [
        Column("l2_model", "Level 2, as planned", format=".1%"),
        Column("l3_model", "Level 3, as planned", format=".1%"),
        Column("l2", "Level 2 on the cells", format=".1%"),
        Column("l3", "Level 3 on the cells", format=".1%"),
    ]


def frontier_chart(report: Report) -> Figure:
    """Return the frontier of cost, Level 2 and Level 3, a line for each share asked for."""
    frame = report.tradeoffs.frontier
    drawn = frame["efficient"] & frame["l3_asked"].isin(frontier.L3_SHARES)
    return frontierchart.frontier(frame[drawn], origin=_origin(report))


def frontier_table(report: Report) -> Table:
    """Return the plans of the frontier."""
    frame = report.tradeoffs.frontier
    kept = frame[frame["efficient"]].sort_values(["l3_asked", "net_cad"], ignore_index=True)
    columns = [
        Column("l3_asked", "Level 3 asked for", format=".1%"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        *_levels(),
        Column("gap_checked", "Checked gap", format=".2%"),
    ]
    return table("frontier-plans", kept, columns, _origin(report))


def levels_chart(report: Report) -> Figure:
    """Return the two levels at the scenario's budget, with what the weighted sum finds."""
    found = report.tradeoffs
    return frontierchart.levels(found.slice, found.weights, origin=_origin(report))


def power_table(report: Report) -> Table:
    """Return the frontier of new power against coverage."""
    frame = report.tradeoffs.power.sort_values("kw_allowed", ignore_index=True)
    frame = frame.assign(verdict=_verdicts(frame))
    columns = [
        Column("kw_allowed", "New power at most", "kW", ",.0f"),
        Column("kw_added", "New power", "kW", ",.0f"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        *_levels(),
        Column("verdict", "On the frontier"),
    ]
    return table("frontier-power", frame, columns, _origin(report))


def spacing_table(report: Report) -> Table:
    """Return the frontier of Level 3 spacing against coverage."""
    frame = report.tradeoffs.spacing.sort_values("spacing_asked_m", ignore_index=True)
    frame = frame.assign(verdict=_verdicts(frame), stations=frame["new_l3"] + frame["upgrade"])
    frame["spacing_m"] = frame["spacing_m"].where(frame["spacing_m"] < math.inf)
    columns = [
        Column("spacing_asked_m", "Asked for", "m", ",.0f"),
        Column("spacing_m", "Nearest other Level 3", "m", ",.0f"),
        Column("stations", "New Level 3", format=",d"),
        *_levels(),
        Column("verdict", "On the frontier"),
    ]
    return table("frontier-spacing", frame, columns, _origin(report))


def _verdicts(frame: pd.DataFrame) -> list[str]:
    words = {(True, True): "yes", (True, False): "no, beaten", (False, False): "not attained"}
    pairs = zip(frame["attained"], frame["efficient"], strict=True)
    return [words[bool(attained), bool(efficient)] for attained, efficient in pairs]


def alternatives_table(report: Report) -> Table:
    """Return the best plan and the plans near it."""
    frame = report.tradeoffs.alternatives.plans
    frame = frame.assign(plan=[name.replace("-", " ").capitalize() for name in frame["name"]])
    columns = [
        Column("plan", "Plan"),
        Column("actions", "Actions", format=",d"),
        Column("kept", "Shared with the best", format=",d"),
        Column("net_cad", "Net cost", "CAD", ",.0f"),
        Column("below", "Objective given up", format=".3%"),
        *_levels(),
        Column("gap_checked", "Checked gap", format=".2%"),
    ]
    return table("alternatives", frame, columns, _origin(report))


def exchangeable_table(report: Report) -> Table:
    """Return, by kind of action, what all near plans share and what can be exchanged."""
    found = report.tradeoffs.alternatives
    frame = found.frequency()
    rows = []
    for kind, words in metrics.KIND_NAMES.items():
        part = frame[frame["kind"] == kind]
        own = part[part["action"].isin(found.done[nearoptimal.BEST])]
        if len(part):
            always = int((own["plans"] == len(found.done)).sum())
            rows.append(
                {
                    "kind": words,
                    "best": len(own),
                    "always": always,
                    "exchangeable": len(own) - always,
                    "ever": len(part),
                }
            )
    columns = [
        Column("kind", "Action"),
        Column("best", "In the best plan", format=",d"),
        Column("always", "In every plan", format=",d"),
        Column("exchangeable", "Can be exchanged", format=",d"),
        Column("ever", "In some plan", format=",d"),
    ]
    return table("exchangeable", pd.DataFrame(rows), columns, _origin(report))


def must_have_table(report: Report) -> Table:
    """Return the actions that every near plan has; the CSV has all that some plan has."""
    found = report.tradeoffs.alternatives
    frame = found.frequency()
    frame = frame.assign(
        what=frame["kind"].map(metrics.KIND_NAMES),
        published=[
            "yes" if action in {a.id for a in report.plan.actions} else "no"
            for action in frame["action"]
        ],
    )
    columns = [
        Column("place", "Place"),
        Column("municipality", "Municipality"),
        Column("what", "Action"),
        Column("plans", "Plans with it", format=",d"),
        Column("published", "In the published plan"),
    ]
    return table("must-have", frame, columns, _origin(report))


def futures_table(report: Report) -> Table:
    """Return the futures and what the plan made for each misses."""
    frame = report.tradeoffs.robustness.futures
    frame = frame.assign(
        future=[name.replace("-", " ").capitalize() for name in frame["name"]],
        need_gwh=frame["need_kwh"] * GWH_PER_KWH,
    )
    columns = [
        Column("future", "Future"),
        Column("ev", "Vehicles", format=",.0f"),
        Column("utilisation", "Use of a port", format=".1%"),
        Column("public_share", "Public share", format=".1%"),
        Column("port_counts", "Count of ports"),
        Column("need_gwh", "Energy needed", "GWh a year", ",.1f"),
        Column("best_points", "Least that is missed", "points", ".1f"),
    ]
    return table("futures", frame, columns, _origin(report))


def regret_table(report: Report) -> Table:
    """Return what each plan regrets."""
    found = report.tradeoffs.robustness
    frame = found.plans.sort_values(["worst_points", "name"], ignore_index=True)
    frame = frame.assign(
        plan=[_plan_words(name) for name in frame["name"]],
        when=[name.replace("-", " ") for name in frame["worst_future"]],
        unserved_gwh=frame["worst_unserved_kwh"] * GWH_PER_KWH,
        over=frame["over_cad"] / CAD_PER_MILLION,
    )
    columns = [
        Column("plan", "Plan"),
        Column("worst_points", "Worst regret", "points", ".1f"),
        Column("when", "In"),
        Column("mean_points", "Mean regret", "points", ".1f"),
        Column("unserved_gwh", "Unserved then", "GWh a year", ",.1f"),
        Column("people_l2", "Without Level 2", "people", ",.0f"),
        Column("now_points", "Missed today", "points", ".1f"),
        Column("l2", "Level 2 today, on the cells", format=".1%"),
    ]
    return table("regret", frame, columns, _origin(report))


def _plan_words(name: str) -> str:
    known = {"base": "Made for today", "robust": "Least worst regret", "middle": "Made for 2030"}
    if name in known:
        return known[name]
    words = name.replace("-", " ")
    return f"Made for {words}" if words.startswith("future") else words.capitalize()
