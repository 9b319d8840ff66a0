"""What a council could decide: the values behind the recommendations that the chapter states.

Each follows from the certified plan and the studies: other numbers give other words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.display.values import Number, Numbers, named
from kwev.report import equity, readings
from kwev.report import plan as plans
from kwev.report.sensitivity import SMALL_POINTS, step_at
from kwev.studies.rows import actions_of
from kwev.units import KW_PER_MW, POINTS
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

HALF: Final = 0.5
"""Part of the money from which a level is where it goes."""
TELLS_POINTS: Final = 1.0
"""A change of coverage that is less than this is within what plans as good differ by (points)."""


def numbers(report: Report) -> Numbers:
    """Return the values of the recommendations, ``rec_<what>``."""
    business, plan, config = report.business, report.plan, report.config
    base, roads = (
        _actions(report.study(study), name)
        for study, name in (("geography", "da"), ("cases", "network"))
    )
    lean = business.at(business.supported()).cash_cad_per_year
    running = (
        "Budget for running the chargers: they do not carry themselves yet"
        if lean < 0
        else "Put the yearly surplus aside for repairs: the chargers carry their running cost"
    )
    kept = len(base & roads) / len(base) if base else 0.0
    step = step_at(readings.next_money(report), plan.cost.budget_cad)
    return Numbers(
        [
            *level_first(plan, report.people, readings.break_even(readings.ladders(report))),
            *promise(plan, config, readings.along(report, "l2-radius", "coverage.l2_radius_m")),
            *named("next-100k", text={"rec_more": more(step)}),
            Number("rec_core_roads", kept, "share", "study cases", "{:.0%}"),
            *utilities(plan, config, readings.along(report, "grid", "siting.grid_factor")),
            *named("returns.Business", text={"rec_running": running}),
            *named("floors.prices", text={"rec_floor": floor(report.floor_prices)}),
        ]
    )


def level_first(plan: Plan, people: float, break_even: pd.DataFrame) -> list[Number]:
    """Return which level the money goes to, and from which price on it would go to Level 3."""
    spent = plans.cost_per_point(plan)
    l2_cad, total_cad = spent["l2"]["net_cost_cad"], spent["together"]["net_cost_cad"]
    share = l2_cad / total_cad if total_cad > 0 else 0.0
    first, other = ("l2", "l3") if share >= HALF else ("l3", "l2")
    reached = getattr(plan.coverage, first)
    crossings = readings.crossings_words(break_even[break_even["kind"] == "new_l3"])
    words = {
        "level": LEVEL_NAMES[first],
        "other": LEVEL_NAMES[other],
        "other_verdict": plans.verdict(plan, other),
        "price": "; ".join(crossings)
        or "no price that was tried, from half to twice, makes the plan buy a Level 3 station "
        "where it buys none",
    }
    part = share if first == "l2" else 1 - share
    return [
        Number("rec_level_share", part, "share", "plan.cost_per_point", "{:.0%}"),
        *named("plan.coverage", None, "rec_level_",
               people={"people": people * (reached.after - reached.before)}),
        *named("plan.cost_per_point, readings", None, "rec_", text=words),
    ]  # fmt: skip


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


def more(step: dict[str, float]) -> str:
    """Return whether more money would buy coverage (see :func:`sensitivity.step_at`)."""
    if step["proven"] and max(step["l2_points"], step["l3_points"]) >= SMALL_POINTS:
        return "More money would still be well spent on coverage"
    return "More money would buy no coverage here: do not ask for it"


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
        if max(map(abs, moves.values())) >= TELLS_POINTS
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
        return "Decide openly whether every municipality gets a floor, since it has a price"
    return "Ask for a floor in every municipality: it costs next to nothing"


def _actions(rows: pd.DataFrame, name: str) -> frozenset[str]:
    """Return the action ids of one plan of a study."""
    (text,) = rows.loc[rows["name"] == name, "actions"]
    return frozenset(action for action, _ in actions_of(str(text)))
