"""Slack, right-hand side and use of each limit of a plan, with one sign convention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.display import origins
from kwev.display.table import Column, Table, table
from kwev.units import HOURS_PER_YEAR, POINTS

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

RELATIVE_TOL: Final = 1e-6
"""Part of the right-hand side within which a limit is used to the full."""

COLUMNS: Final = ("name", "sense", "used", "rhs", "unit", "slack", "utilisation", "state")

Row = tuple[str, str, float, float, str, float, float, str]


def slack(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return one row a limit or requirement of a plan.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``sense`` (``at most`` or ``at least``), ``used`` and ``rhs`` (in ``unit``),
        ``slack``, ``utilisation`` (share; NaN where the right-hand side is 0) and ``state``
        (``room left``, ``at the limit``, ``missed``). Of limits that hold place by place, the
        place with least room stands for all.
    """
    config = plan.config.as_config()
    evaluation = Evaluation(tables, config, plan.geography)
    cover = plan.coverage
    found = [
        _row("Budget", "at most", plan.cost.net_cad, plan.cost.budget_cad, "CAD"),
        *(
            _row(name, "at least", POINTS * reached.after, POINTS * reached.target, "points")
            for name, reached in (
                ("People near Level 2, on the cells", cover.l2),
                ("People near Level 3, on the cells", cover.l3),
                ("EVs near either level, on the cells", cover.ev_owners),
            )
        ),
        *_energy(tables, plan, evaluation),
        *_places(plan, config.ports.max_new_l2, config.ports.max_new_l3),
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _row(name: str, sense: str, used: float, rhs: float, unit: str) -> Row:
    slack = rhs - used if sense == "at most" else used - rhs
    near = RELATIVE_TOL * max(1.0, abs(rhs))
    state = "at the limit" if abs(slack) <= near else "room left" if slack > 0 else "missed"
    return name, sense, used, rhs, unit, slack, used / rhs if rhs else float("nan"), state


def _energy(tables: Tables, plan: Plan, evaluation: Evaluation) -> list[Row]:
    """Return, by municipality, the energy that ports can give against what EVs need (MWh)."""
    need = evaluation.need_kwh
    names = dict(
        zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True)
    )
    kw = dict.fromkeys(need, 0.0)
    for station in evaluation.counted():
        if station["municipality_id"] in kw:
            kw[station["municipality_id"]] += evaluation.standing_kw(station)
    for action in plan.actions:
        place = ActionKey(action.kind, action.place_id)
        area = evaluation.row(place)["municipality_id"]
        if area in kw:
            kw[area] += evaluation.effect(place, action.ports_added).kw
    per_kw = HOURS_PER_YEAR * evaluation.config.demand.utilisation / 1000
    return [
        _row(
            f"Energy from public ports, {names[area]}",
            "at least",
            per_kw * kw[area],
            need[area] / 1000,
            "MWh a year",
        )
        for area in sorted(need)
    ]


def _places(plan: Plan, most_l2: int, most_l3: int) -> list[Row]:
    rows = []
    sited = [a for a in plan.actions if a.grid_kw > 0]
    if sited:
        tight = min(sited, key=lambda a: (a.grid_kw - a.kw_after, a.id))
        name = "Power of the place with least room, proxy"
        rows.append(_row(name, "at most", tight.kw_after, tight.grid_kw, "kW"))
    for level, most, kinds in (
        ("Level 2", most_l2, ("new_l2", "add_l2")),
        ("Level 3", most_l3, ("new_l3", "upgrade", "add_l3")),
    ):
        added = [a.ports_added for a in plan.actions if a.kind in kinds]
        if added:
            name = f"{level} ports added at one place, the most"
            rows.append(_row(name, "at most", float(max(added)), float(most), "ports"))
    return rows


def slack_table(report: Report, found: pd.DataFrame) -> Table:
    """Return slack, right-hand side and use of each limit of the published plan."""
    columns = (
        Column("name", "Limit or requirement"),
        "sense used rhs unit slack utilisation",
        Column("state", "State"),
    )
    origin = origins.plan(report.tables, report.plan)
    return table("slack", found, columns, origin)
