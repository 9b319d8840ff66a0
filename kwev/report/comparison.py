"""The book's two plans side by side: the specification's, and the one that the book recommends.

Both are measured on the cells on both metrics, with the distances of
:mod:`kwev.report.distances`, whatever metric a plan was made on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.display import origins
from kwev.display.figure import Origin
from kwev.display.table import Column, table
from kwev.display.values import ASSUMED_DIGITS, Numbers, named
from kwev.model.demand import share_of
from kwev.report.distances import METRICS
from kwev.report.effects import WHENS
from kwev.report.memory import once
from kwev.units import CAD_PER_MILLION, M_PER_KM
from kwev.vocabulary import (
    LAND_KEYS,
    LANDS,
    LEVEL_KEYS,
    METRIC_WORDS,
    TARGET_KEYS,
    TARGET_NAMES,
)

if TYPE_CHECKING:
    from kwev.config import Metric
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.report.effects import When
    from kwev.report.scenario import Report
    from kwev.vocabulary import LandKey, TargetKey

PLANS: Final = {"spec": "The specification's plan", "rec": "The recommended plan"}
"""Prefix of a plan's named values, and its heading."""

NEW_KINDS: Final = tuple(f"new_{level}" for level in LEVEL_KEYS)

_ROWS: Final = {
    "new_l2": "New Level 2 stations",
    "new_l3": "New Level 3 stations",
    "upgrades": "Conversions of Level 2 to Level 3",
    "ports_l2": "Level 2 ports added",
    "ports_l3": "Level 3 ports added",
    **{f"land_{key}": f"New stations on {land.name}" for key, land in LANDS.items()},
    "net": "Money, net of resale",
    "running": "Running cost a year, energy apart",
    "l2_more": "People more within the Level 2 radius, along the roads",
    "l3_more": "People more within the Level 3 radius, along the roads",
}
"""Named values that both plans have beside reach, and the words of their rows."""

Shares = dict[tuple["TargetKey", "Metric", "When"], float]


def reached(report: Report) -> Shares:
    """Return what a plan reaches: people by level, vehicles at either, by metric and time."""
    found, cells = report.findings.distances, report.findings.effects.cells
    shares: Shares = {}
    for metric in METRICS:
        for when in WHENS:
            near = {
                level: found.metres[level, metric, when] <= report.config.coverage.radius_m(level)
                for level in LEVEL_KEYS
            }
            for level in LEVEL_KEYS:
                shares[level, metric, when] = share_of(cells.people, near[level])
            shares["ev_owners", metric, when] = share_of(cells.ev, near["l2"] | near["l3"])
    return shares


def land(report: Report) -> dict[LandKey, int]:
    """Return how many new stations stand on each class of land."""
    classes = report.tables.sites.set_index("site_id")["land"]
    whose = [str(classes[a.place_id]) for a in report.plan.actions if a.kind in NEW_KINDS]
    return {key: whose.count(key) for key in LAND_KEYS}


def counts(plan: Plan) -> dict[str, int]:
    """Return new stations and ports added, by level."""
    found = {f"new_{level}": sum(a.kind == f"new_{level}" for a in plan.actions)
             for level in LEVEL_KEYS}  # fmt: skip
    found["upgrades"] = sum(a.kind == "upgrade" for a in plan.actions)
    for level in LEVEL_KEYS:
        found[f"ports_{level}"] = sum(
            max(getattr(a, f"{level}_ports_after") - getattr(a, f"{level}_ports_before"), 0)
            for a in plan.actions
        )
    return found


def plans(report: Report) -> dict[str, Report]:
    """Return both plans' reports by prefix."""
    return {"spec": report.specification, "rec": report}


@once
def of_both(report: Report) -> Numbers:
    """Return what both plans reach, build and cost: ``spec_`` and ``rec_`` before each name.

    Reach is ``<level>_walk`` along the roads and ``<level>_line`` in a straight line.
    """
    numbers = []
    for prefix, one in plans(report).items():
        shares, people, plan = reached(one), one.people, one.plan
        for (target, metric, when), share in shares.items():
            short = target.removesuffix("_owners")
            name = f"{prefix}_{short}_{'road' if metric == 'network' else 'line'}_{when}"
            numbers += named("comparison.reached", share={name: share})
        for level in LEVEL_KEYS:
            gain = shares[level, "network", "after"] - shares[level, "network", "before"]
            more = {f"{prefix}_{level}_more": gain * people}
            numbers += named("comparison.reached", digits=ASSUMED_DIGITS, count=more)
        of_plan = {f"{prefix}_{key}": value for key, value in counts(plan).items()}
        numbers += named("plan.actions", count=of_plan)
        whose = {f"{prefix}_land_{key}": value for key, value in land(one).items()}
        numbers += named("comparison.land", count=whose)
        net, running = plan.cost.net_cad / CAD_PER_MILLION, plan.cost.operating_cad_per_year
        numbers += named("plan.cost", digits=ASSUMED_DIGITS, million_cad={f"{prefix}_net": net},
                         cad={f"{prefix}_running": running})  # fmt: skip
    return Numbers(numbers)


def both_table(report: Report) -> Table:
    """Return both plans side by side: reach on both metrics, what is built, land and money."""
    columns = (
        Column("what", "What"), Column("today", "Today", align="right"),
        *(Column(key, heading, align="right") for key, heading in PLANS.items()),
    )  # fmt: skip
    made = [origins.plan(report.tables, one.plan) for one in plans(report).values()]
    origin = Origin("; ".join(one.source for one in made), made[0].vintage)
    return table("two-plans", compared(report), columns, origin)


def compared(report: Report) -> pd.DataFrame:
    """Return the rows of :func:`both_table`: ``what``, ``today``, ``spec``, ``rec`` (texts)."""
    n, coverage = of_both(report), report.config.coverage
    rows = []
    for target in TARGET_KEYS:
        short = target.removesuffix("_owners")
        for metric in reversed(METRICS):
            way = METRIC_WORDS[metric]
            within = (
                ""
                if short == "ev"
                else (
                    f" within {coverage.radius_m(target) / M_PER_KM:g} km"  # type: ignore[arg-type]
                )
            )
            name = f"{short}_{'road' if metric == 'network' else 'line'}"
            rows.append(
                [
                    f"{TARGET_NAMES[target]}{within}, {way}",
                    str(getattr(n, f"spec_{name}_before")),
                    *(str(getattr(n, f"{prefix}_{name}_after")) for prefix in PLANS),
                ]
            )
    for name, what in _ROWS.items():
        rows.append([what, "", *(str(getattr(n, f"{prefix}_{name}")) for prefix in PLANS)])
    return pd.DataFrame(rows, columns=["what", "today", *PLANS])
