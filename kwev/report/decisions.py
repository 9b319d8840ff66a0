"""What a council could decide: the values behind the draft motions that the chapter states.

Each follows from the certified plan and the studies: other numbers give other words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.display.values import Number, Numbers, named
from kwev.report import comparison, equity, readings, sweeps
from kwev.report.memory import once
from kwev.studies.rows import actions_of
from kwev.units import KW_PER_MW, POINTS
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report


@once
def numbers(report: Report) -> Numbers:
    """Return the values of the draft motions, ``rec_<what>``."""
    business, plan, config = report.business, report.plan, report.config
    lean = business.at(business.supported()).cash_cad_per_year
    running = (
        "set money aside for running the chargers, which do not carry themselves yet"
        if lean < 0
        else "put the yearly surplus aside for repairs"
    )
    return Numbers(
        [
            *consent(report),
            *promise(plan, config, readings.along(report, "l2-radius", "coverage.l2_radius_m")),
            *utilities(plan, config, readings.along(report, "grid", "siting.grid_factor")),
            *named("returns.Business", text={"rec_run_words": running}),
            *named("floors.prices", text={"rec_floor": floor(report.floor_prices)}),
            Number("rec_straight_stay", stays(report, "straight_line"), "share", "study cases",
                   "{:.0%}"),
        ]
    )  # fmt: skip


def consent(report: Report) -> list[Number]:
    """Return how many new stations there are, and how many of them at the kerb."""
    sites = report.tables.sites
    at_kerb = set(sites.loc[sites["category"] == "kerbside", "site_id"])
    new = [a for a in report.plan.actions if a.kind in comparison.NEW_KINDS]
    kerbs = sum(action.place_id in at_kerb for action in new)
    return named("plan.actions", None, "rec_", count={"kerbs": kerbs, "new": len(new)})


def stays(report: Report, case: str) -> float:
    """Return the part of the plan's actions that a plan of the study ``cases`` takes too."""
    rows = report.study("cases")
    own, other = (_actions(rows, name) for name in (sweeps.SCENARIO, case))
    return len(own & other) / len(own) if own else 0.0


def promise(plan: Plan, config: Config, radii: pd.DataFrame) -> list[Number]:
    """Return the share near Level 2 to promise, in whole percent and never more than is reached.

    ``radii`` are rows of the study ``l2-radius`` with the radius (m) in ``value``.
    """
    reached, ordered = plan.coverage.l2, radii.sort_values("value")
    own = ordered[ordered["value"] == config.coverage.l2_radius_m].iloc[0]
    whole = min(int(POINTS * reached.after) / POINTS, reached.target)
    found = [Number("rec_promise", whole, "share", "plan.coverage.l2", "{:.0%}")]
    for name, row in (("own", own), ("far", ordered.iloc[-1])):
        found += [
            *named("study l2-radius", m={f"rec_{name}_walk": row["value"]}),
            Number(f"rec_{name}_l2", float(row["l2"]), "share", "study l2-radius", "{:.0%}"),
        ]
    return found


def utilities(plan: Plan, config: Config, grid: pd.DataFrame) -> list[Number]:
    """Return which part of the plan hangs on power that no utility has confirmed.

    ``grid`` are rows of the study ``grid`` with the factor on every proxy in ``value``.
    """
    least = float(grid["value"].min())
    low, own = (grid[grid["value"] == at].iloc[0] for at in (least, 1.0))
    moves = {name: POINTS * float(low[name] - own[name]) for name in LEVEL_NAMES}
    added_kw = sum(
        (action.l2_ports_after - action.l2_ports_before) * config.power.l2_kw
        + (action.l3_ports_after - action.l3_ports_before) * config.power.l3_kw
        for action in plan.actions
    )
    fast = sum(action.l3_ports_after > action.l3_ports_before for action in plan.actions)
    words = (
        "so the sites that it loses decide the plan"
        if max(map(abs, moves.values())) >= sweeps.TELLS_POINTS
        else "for the plan finds other places, and only a site without any supply would have to go"
    )
    return [
        *named("decisions.utilities", None, "rec_", count={"fast": fast},
               mw={"mw": added_kw / KW_PER_MW}),
        Number("rec_proxy", least, "share", "study grid", "{:.0%}"),
        *(Number(f"rec_proxy_{name}", points, "points", "study grid", "{:+.1f}")
          for name, points in moves.items()),
        *named("study grid", text={"rec_proxy_words": words}),
    ]  # fmt: skip


def floor(found: pd.DataFrame) -> str:
    """Return whether the floor for the townships has a price (see :func:`equity.prices`)."""
    told = equity.PRICED
    same = (found["grouping"] == told.grouping) & (found["level"] == told.level)
    row = found[same & (found["extra_cad"] == 0) & (found["floor"] == told.floor)].iloc[0]
    if round(max(float(row["l2_price"]), float(row["l3_price"])), 1) > 0:
        return "decide openly whether every municipality gets a floor, since it has a price"
    return "ask for a floor in every municipality, since it costs next to nothing"


def _actions(rows: pd.DataFrame, name: str) -> frozenset[str]:
    """Return the action ids of one plan of a study."""
    (text,) = rows.loc[rows["name"] == name, "actions"]
    return frozenset(action for action, _ in actions_of(str(text)))
