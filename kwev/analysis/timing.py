"""When the plan is built: the best schedule, and three to hold it against.

Each schedule is a period for every action; what it does month by month is worked out apart from
the model, by :mod:`kwev.timekeeper`, each time it is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from kwev.analysis.effects import effects
from kwev.analysis.phasing import PHASES
from kwev.errors import KwevError
from kwev.schedule import CREW_OF, Jobs, best, greedy, listed, point_months, worth
from kwev.timekeeper import Timekeeper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects
    from kwev.config import Config, Phasing
    from kwev.plan import Plan
    from kwev.tables import Tables
    from kwev.timekeeper import Gathered, Moment

Name = Literal["best", "greedy", "order", "written"]
NAMES: Final[dict[Name, str]] = {
    "best": "Best schedule",
    "greedy": "Most gain for the money first",
    "order": "The specification's order",
    "written": "The specification's months",
}
"""Schedules, the model's first: all but the last keep the limits of every period."""

WITHIN_LIMITS: Final[tuple[Name, ...]] = ("best", "greedy", "order")


def jobs_of(found: Effects) -> tuple[Jobs, NDArray[np.int64]]:
    """Return the actions of a plan as jobs, and the column of each.

    Two actions at one place keep their order, and a station goes no sooner than what serves those
    whom it served.
    """
    columns = found.columns
    known = {
        f"{kind}_{place}": k
        for k, (kind, place) in enumerate(zip(columns.kind, columns.place_id, strict=True))
    }
    actions = found.plan.actions
    chosen = np.array([known[action.id] for action in actions], np.int64)
    kw = columns.port_kw[chosen] * found.choice.ports[chosen] - columns.lost_kw[chosen]
    areas = _areas(found.tables)
    jobs = Jobs(
        ids=tuple(action.id for action in actions),
        kind=tuple(action.kind for action in actions),
        net_cad=np.array([action.net_cad for action in actions], np.float64),
        kw=np.maximum(kw, 0.0),
        area=tuple(areas.get(action.place_id, "") for action in actions),
        before=(*_at_one_place(found.plan), *_before_removals(found, chosen)),
    )
    return jobs, chosen


def _areas(tables: Tables) -> dict[str, str]:
    """Return the area of each site and station, by its id."""
    found: dict[str, str] = {}
    for table, key in ((tables.sites, "site_id"), (tables.stations, "station_id")):
        area = table["area_id"].fillna("").astype(str)
        found |= dict(zip(table[key].astype(str), area, strict=True))
    return found


def _at_one_place(plan: Plan) -> list[tuple[int, int]]:
    last: dict[str, int] = {}
    pairs = []
    for k, action in enumerate(plan.actions):
        if action.place_id in last:
            pairs.append((last[action.place_id], k))
        last[action.place_id] = k
    return pairs


def _before_removals(found: Effects, chosen: NDArray[np.int64]) -> list[tuple[int, int]]:
    pairs: set[tuple[int, int]] = set()
    removals = [k for k, a in enumerate(found.plan.actions) if a.kind == "remove"]
    for reach in found.reach.values():
        change = reach.change[:, chosen].tocsc() if removals else None
        for k in removals:
            assert change is not None  # noqa: S101 - there are removals
            served = change[:, [k]].tocoo().coords[0]
            brings = np.asarray((change[served] > 0).sum(axis=0)).ravel() > 0
            pairs |= {(int(other), k) for other in np.flatnonzero(brings)}
    return sorted(pairs)


def as_written(plan: Plan, phasing: Phasing) -> NDArray[np.int64]:
    """Return the period of each action by the specification's months, spread evenly over them.

    It names no limit of money, crews or power, so this schedule keeps none.
    """
    period = np.zeros(len(plan.actions), np.int64)
    for phase in PHASES:
        done = [k for k, a in enumerate(plan.actions) if a.kind in (phase.kind, *phase.also)]
        first = (phase.month_from - 1) // phasing.months_per_period + 1
        last = math.ceil(phase.month_to / phasing.months_per_period)
        for at, k in enumerate(done):
            period[k] = first + (last - first + 1) * at // len(done)
    return period


def stages(plan: Plan) -> list[int]:
    """Return the number of the phase that each action belongs to."""
    of_kind = {kind: phase.number for phase in PHASES for kind in (phase.kind, *phase.also)}
    return [of_kind[action.kind] for action in plan.actions]


def make(tables: Tables, plan: Plan, config: Config) -> dict[str, Any]:
    """Solve for the best schedule and make the others; return plain JSON values.

    Raises
    ------
    KwevError
        If the limits leave no schedule, or one that should keep them does not.
    """
    found = effects(tables, plan)
    jobs, chosen = jobs_of(found)
    phasing = config.phasing
    level_weights = {"l2": config.weights.l2, "l3": config.weights.l3}
    gains = worth(found.reach, found.cells, chosen, level_weights)  # type: ignore[arg-type]
    top = best(jobs, gains, phasing, config.solver)
    in_order = sorted(range(len(jobs)), key=lambda k: (stages(plan)[k], k))
    periods = {
        "best": top.period,
        "greedy": greedy(jobs, gains, phasing),
        "order": listed(jobs, phasing, in_order, stages=stages(plan)),
        "written": as_written(plan, phasing),
    }
    value = {name: point_months(gains, period, phasing) for name, period in periods.items()}
    today = point_months(gains, np.full(len(jobs), phasing.periods + 1), phasing)
    return {
        "periods": {
            name: dict(zip(jobs.ids, period.tolist(), strict=True))
            for name, period in periods.items()
        },
        "points": {**value, "today": today},
        "bound": top.bound,
        "status": top.status,
    }
