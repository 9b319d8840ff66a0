"""When the plan is built: the best schedule, and four to hold it against.

Each schedule is a period for every action; what it does month by month is worked out apart from
the model, by :mod:`kwev.certify.schedule`, each time it is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from kwev.certify import ScheduleCheck
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import sha256_json
from kwev.report.effects import effects
from kwev.report.phases import PHASES, phase_of
from kwev.report.sweeps import GEOGRAPHY, SCENARIO, ledger
from kwev.solve.schedule import Jobs, best, by_gain, listed, point_months, worth
from kwev.studies import store, study
from kwev.studies.study import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.certify import PeriodEnd, PersonMonths
    from kwev.config import Config, Phasing
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.report.effects import Effects
    from kwev.solve.schedule import Schedule, Worth
    from kwev.vocabulary import LevelKey

Name = Literal["best", "greedy", "phased", "order", "written"]
NAMES: Final[dict[Name, str]] = {
    "best": "Best schedule",
    "greedy": "Most gain for the money first",
    "phased": "The specification's order, most gain first in each phase",
    "order": "The specification's order, each phase in the plan's list",
    "written": "The specification's months",
}
"""Schedules, the model's first: all but the last keep the limits of every period."""


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
    areas: dict[str, str] = {}
    for table, key in ((found.tables.sites, "site_id"), (found.tables.stations, "station_id")):
        areas |= dict(zip(table[key], table["area_id"].fillna(""), strict=True))
    jobs = Jobs(
        ids=tuple(action.id for action in actions),
        kind=tuple(action.kind for action in actions),
        net_cad=np.array([action.net_cad for action in actions], np.float64),
        kw=np.maximum(kw, 0.0),
        area=tuple(areas.get(action.place_id, "") for action in actions),
        before=(*_at_one_place(found.plan), *_before_removals(found, chosen)),
    )
    return jobs, chosen


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
        done = [k for k, a in enumerate(plan.actions) if a.kind in phase.kinds]
        first = (phase.month_from - 1) // phasing.months_per_period + 1
        last = math.ceil(phase.month_to / phasing.months_per_period)
        for at, k in enumerate(done):
            period[k] = first + (last - first + 1) * at // len(done)
    return period


@dataclass(frozen=True, eq=False)
class Task:
    """A plan ready to be scheduled under any limits."""

    plan: Plan
    config: Config
    jobs: Jobs
    gains: Worth

    @classmethod
    def of(cls, tables: Tables, plan: Plan, config: Config) -> Task:
        """Return the task of a plan: its jobs, and what each gives the cells once it is done."""
        found = effects(tables, plan)
        jobs, chosen = jobs_of(found)
        weights: dict[LevelKey, float] = {"l2": config.weights.l2, "l3": config.weights.l3}
        return cls(plan, config, jobs, worth(found.reach, found.cells, chosen, weights))

    def best(self, phasing: Phasing) -> Schedule:
        """Return the schedule that gathers most within the limits; see the solver's docstring."""
        return best(self.jobs, self.gains, phasing, self.config.solver)

    def order(self, phasing: Phasing, inside: Sequence[int]) -> NDArray[np.int64]:
        """Return the schedule by phases, within the limits; ``inside`` is the order in a phase."""
        of_phase = [phase_of(action.kind).number for action in self.plan.actions]
        in_order = sorted(inside, key=lambda k: of_phase[k])
        return listed(self.jobs, phasing, in_order, stages=of_phase)

    def today(self, phasing: Phasing) -> float:
        """Return what is gathered where nothing is built (point-months)."""
        never = np.full(len(self.jobs), phasing.periods + 1)
        return point_months(self.gains, never, phasing)

    def named(self, period: NDArray[np.int64]) -> dict[str, int]:
        """Return the period of each action by its id."""
        return dict(zip(self.jobs.ids, period.tolist(), strict=True))


def make(
    tables: Tables, plan: Plan, config: Config, ranges: Mapping[str, tuple[float, float]] = {}
) -> dict[str, Any]:
    """Solve for the best schedule and make the others; return plain JSON values.

    Parameters
    ----------
    ranges
        Low and high value of dotted keys of the section ``phasing``: the best schedule is solved
        again at each, and held against the specification's order there.

    Returns
    -------
    dict
        ``periods`` (by schedule, the period of each action), ``points`` (point-months that each
        gathers, and what stands today would), ``bound`` (point-months), ``status``, ``size`` and
        ``swings``.

    Raises
    ------
    KwevError
        If the limits leave no schedule.
    """
    task, phasing = Task.of(tables, plan, config), config.phasing
    top, first = task.best(phasing), by_gain(task.jobs, task.gains)
    periods = {
        "best": top.period,
        "greedy": listed(task.jobs, phasing, first),
        "phased": task.order(phasing, first),
        "order": task.order(phasing, range(len(task.jobs))),
        "written": as_written(plan, phasing),
    }
    points = {name: point_months(task.gains, p, phasing) for name, p in periods.items()}
    swings = [
        _swing(task, key, end, value)
        for key, ends in ranges.items()
        for end, value in zip(("low", "high"), ends, strict=True)
        if value != _limit(phasing, key)
    ]
    return {
        "periods": {name: task.named(period) for name, period in periods.items()},
        "points": {**points, "today": task.today(phasing)},
        "bound": top.bound,
        "status": top.status,
        "rows": {level: len(rows.base) for level, rows in task.gains.rows.items()},
        "swings": swings,
    }


def _limit(phasing: Phasing, key: str) -> Any:
    """Return the value of a dotted key that begins with ``phasing``."""
    node: Any = phasing
    for part in key.split(".")[1:]:
        node = getattr(node, part)
    return node


def _swing(task: Task, key: str, end: str, value: float) -> dict[str, Any]:
    """Return what the best schedule and the specification's order gain at another limit."""
    found: dict[str, Any] = {"key": key, "end": end, "value": value}
    try:
        phasing = task.config.with_values(**{key.replace(".", "__"): value}).phasing
        top = task.best(phasing)
    except KwevError as error:
        return {**found, "best": None, "order": None, "last": None, "reason": error.what}
    in_list = task.order(phasing, range(len(task.jobs)))
    today, order = task.today(phasing), point_months(task.gains, in_list, phasing)
    return {
        **found,
        "best": top.value - today,
        "order": order - today,
        "last": int(top.period.max(initial=0)),
        "reason": "",
    }


# -- The record of a plan's schedules.

RECORD: Final = "schedule"
VERSION: Final = "1"
"""Version of the code behind the record (see :func:`kwev.studies.study.made_from`)."""


def ranges(project: Project) -> dict[str, tuple[float, float]]:
    """Return the ranges of the limits, by dotted key, from ``data/assumptions.json``."""
    return {
        entry["key"]: (entry["low"], entry["high"])
        for entry in ledger(project)
        if entry["key"].startswith("phasing.") and entry["low"] is not None
    }


def record(project: Project, scenario: str = SCENARIO, geography: str = GEOGRAPHY) -> Record:
    """Return the record of a plan's schedules: what `kwev sweep schedule` makes."""
    config = load_config(scenario, project.config)
    case, tables = Case(scenario, config, geography), load_tables(project.processed)
    parts = {
        **study.made_from(tables, case, VERSION),
        "limits": sha256_json([config.phasing.model_dump(mode="json"), ranges(project)]),
    }

    def work_out() -> dict[str, Any]:
        plan = store.stored(project, tables, case).plan
        return make(tables, plan, config, ranges(project))

    return Record(RECORD, parts, work_out)


# -- What the schedules do, by the clock.


@dataclass(frozen=True, eq=False)
class Timetable:
    """The schedules of a plan, each kept to the clock again by :mod:`kwev.certify.schedule`.

    Attributes
    ----------
    values
        What :func:`make` returned.
    """

    plan: Plan
    config: Config
    check: ScheduleCheck
    values: Mapping[str, Any]

    @classmethod
    def of(cls, tables: Tables, plan: Plan, config: Config, values: Mapping[str, Any]) -> Timetable:
        """Keep the schedules to the clock.

        Raises
        ------
        KwevError
            If the best schedule breaks a limit, or gathers another sum than it says.
        """
        made = cls(plan, config, ScheduleCheck(tables, config, plan), values)
        wrong = made.problems()
        if wrong:
            raise KwevError(
                f"the schedule is not one of this plan: {wrong[0]}",
                where=f"record {RECORD}, problems: {len(wrong)}",
                hint=f"Run `kwev sweep {RECORD}`.",
            )
        return made

    def problems(self) -> list[str]:
        """Return what is wrong with the schedules, a line each; empty where nothing."""
        wrong = self.check.problems(self.periods("best"))
        ids = {action.id for action in self.plan.actions}
        for name in NAMES:
            if self.periods(name).keys() != ids:
                wrong.append(f"schedule {name} has other actions than the plan")
        if wrong:
            return wrong
        for name in NAMES:
            stated, found = self.values["points"][name], self.gathered[name].points
            if not math.isclose(stated, found, rel_tol=1e-9):
                wrong.append(f"schedule {name} gathers {found} point-months, it says {stated}")
        if not self.values["bound"] >= self.values["points"]["best"] * (1 - 1e-9):
            wrong.append("the bound is below the best schedule")
        return wrong

    def periods(self, name: Name) -> dict[str, int]:
        """Return the period of each action in a schedule."""
        found: dict[str, int] = self.values["periods"][name]
        return found

    @cached_property
    def moments(self) -> dict[Name, list[PeriodEnd]]:
        """How things stand at the start and at the end of each period, by schedule."""
        return {name: self.check.period_ends(self.periods(name)) for name in NAMES}

    @cached_property
    def gathered(self) -> dict[Name, PersonMonths]:
        """What each schedule gathers over all months."""
        return {name: self.check.gathered(moments) for name, moments in self.moments.items()}

    @cached_property
    def today(self) -> PersonMonths:
        """What the stations of today would gather over all months."""
        start = self.moments["best"][0]
        return self.check.gathered([start] * (self.config.phasing.periods + 1))

    @property
    def months(self) -> int:
        """Months from the start of the works to the end of the last period."""
        return self.config.phasing.periods * self.config.phasing.months_per_period

    @property
    def gap(self) -> float:
        """How far the best schedule may be from the best possible, of what it gains (share)."""
        value = float(self.values["points"]["best"])
        gain = value - float(self.values["points"]["today"])
        return (float(self.values["bound"]) - value) / gain if gain > 0 else 0.0

    def gain(self, name: Name) -> PersonMonths:
        """Return what a schedule gathers above what stands today; points as the record states them.

        That these are what the certificate finds again is among the :meth:`problems`.
        """
        one, today, points = self.gathered[name], self.today, self.values["points"]
        gained = float(points[name]) - float(points["today"])
        return type(one)(one.l2 - today.l2, one.l3 - today.l3, gained)

    def window(self, action_id: str) -> tuple[int, int]:
        """Return the first and last month of an action's period in the best schedule."""
        period, months = self.periods("best")[action_id], self.config.phasing.months_per_period
        return (period - 1) * months + 1, period * months

    def curves(self) -> pd.DataFrame:
        """Return coverage over time, one row a schedule and month.

        Columns: ``schedule``, ``month`` (since the start), ``l2``, ``l3`` (shares of people),
        ``l2_people``, ``l3_people``, ``spent_cad``, ``connected_kw`` and ``jobs`` (in the period
        that ends).
        """
        people = self.check.total_people
        rows = [
            {"schedule": name, "month": m.month, "l2": m.l2 / people, "l3": m.l3 / people,
             "l2_people": m.l2, "l3_people": m.l3, "spent_cad": m.spent_cad,
             "connected_kw": m.connected_kw, "jobs": m.jobs_l2 + m.jobs_l3}
            for name, moments in self.moments.items()
            for m in moments
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def compared(self) -> pd.DataFrame:
        """Return one row a schedule: what it gains over today and what it asks of a period.

        Columns: ``schedule``, ``name``, ``keeps`` (whether it keeps every limit), ``points`` (gain,
        point-months), ``share`` (of the best gain), ``l2``, ``l3`` (person-months gained),
        ``most_jobs``, ``most_kw`` (in one period), ``most_cad`` (spent in one period),
        ``last_month`` (in which the last action is done).
        """
        rows, top = [], self.gain("best").points
        for name, words in NAMES.items():
            moments, gain = self.moments[name], self.gain(name)
            spent = np.diff([m.spent_cad for m in moments])
            last = max(self.periods(name).values(), default=0)
            row = {
                "schedule": name,
                "name": words,
                "keeps": not self.check.problems(self.periods(name)),
                "points": gain.points,
                "share": gain.points / top if top else 1.0,
                "l2": gain.l2,
                "l3": gain.l3,
                "most_jobs": max(m.jobs_l2 + m.jobs_l3 for m in moments),
                "most_kw": max(m.connected_kw for m in moments),
                "most_cad": float(spent.max(initial=0.0)),
                "last_month": last * self.config.phasing.months_per_period,
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def calendar(self) -> pd.DataFrame:
        """Return the best schedule by municipality and kind: one row a period with some actions.

        Columns: ``municipality``, ``kind``, ``period``, ``month_from``, ``month_to``, ``actions``,
        ``ports``, ``net_cad``.
        """
        period = self.periods("best")
        rows = [
            (a.municipality, a.kind, period[a.id], *self.window(a.id), 1, a.ports_added, a.net_cad)
            for a in self.plan.actions
        ]
        keys = ["municipality", "kind", "period", "month_from", "month_to"]
        columns = [*keys, "actions", "ports", "net_cad"]
        return pd.DataFrame(rows, columns=columns).groupby(keys, as_index=False).sum()

    def swings(self) -> pd.DataFrame:
        """Return what the schedules gain at either end of each limit's range.

        Columns: ``key``, ``end``, ``value``, ``best``, ``order`` (gains over today, point-months;
        NaN where nothing fits), ``last`` (period of the last action), ``reason``.
        """
        columns = ["key", "end", "value", "best", "order", "last", "reason"]
        frame = pd.DataFrame(self.values["swings"], columns=columns)
        return frame.astype({"value": float, "best": float, "order": float, "last": float})


def timetable(
    project: Project, tables: Tables, plan: Plan, config: Config, geography: str
) -> Timetable:
    """Return the schedules of a plan from the committed record.

    Raises
    ------
    KwevError
        If the record is missing, damaged or stale.
    """
    values = study.read_record(project, record(project, plan.scenario, geography))
    return Timetable.of(tables, plan, config, values)
