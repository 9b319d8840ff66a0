"""The plans that pages draw and compare, each measured from its actions by the certificate's means.

A plan is its scenario, its actions and the month in which each is done. Who is in reach is counted
on the cells, along the roads and in a straight line, whatever the plan's own metric is, so that
plans of different metrics stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kwev.certify import ActionKey, Evaluation
from kwev.model.demand import share_of
from kwev.report import registry
from kwev.report.region import town_names
from kwev.report.timing import as_written
from kwev.studies.rows import actions_in, actions_of
from kwev.units import CAD_PER_MILLION, DEGREE_DECIMALS
from kwev.vocabulary import ACTION_KIND, LANDS, LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.certify import Measure, Points
    from kwev.certify.actions import Level, Row
    from kwev.config import Config, Metric
    from kwev.data.tables import Tables
    from kwev.report.scenario import Report
    from kwev.studies.rows import Action

RECOMMENDED: Final = "recommended"
SPECIFICATION: Final = "spec"
METRICS: Final[tuple[Metric, ...]] = ("network", "straight_line")

BEST: Final = "The best timetable within the limits of money, crews and power."
WRITTEN: Final = "The specification's months. It names no limit of money, crews or power."
UNTIMED: Final = "No timetable was made for this plan: it is shown whole."


@dataclass(frozen=True, eq=False)
class ShownPlan:
    """One plan.

    Attributes
    ----------
    key, title
        In addresses and file names, and in words.
    config
        Its scenario.
    actions
        Ids with the ports that each adds.
    study, row
        The row of a study that holds what was found about it.
    month
        Last month of each action's period, by id; empty where no timetable was made.
    timing
        In words, where the months come from.
    """

    key: str
    title: str
    config: Config
    actions: tuple[Action, ...]
    study: str
    row: str
    month: Mapping[str, int]
    timing: str

    @cached_property
    def ports(self) -> dict[ActionKey, int]:
        """Ports that each action adds."""
        found = {}
        for name, added in self.actions:
            key = ActionKey.from_id(name)
            if key is None:
                raise ValueError(f"{name!r} is no action")
            found[key] = added
        return found

    @property
    def last_month(self) -> int:
        """The month at whose end all is done."""
        return self.config.phasing.periods * self.config.phasing.months_per_period

    @cached_property
    def steps(self) -> list[int]:
        """Months at whose end something may be done, 0 for today."""
        each = self.config.phasing.months_per_period if self.month else self.last_month
        return list(range(0, self.last_month + 1, each))

    def done_by(self, month: int) -> dict[ActionKey, int]:
        """Return the actions that are done by the end of a month, with their ports."""
        last = self.last_month
        return {k: n for k, n in self.ports.items() if self.month.get(k.id, last) <= month}


def shown_plans(report: Report) -> list[ShownPlan]:
    """Return the plans that pages show, the recommended one first.

    Raises
    ------
    KwevError
        If a row of a study is missing, damaged or stale.
    """
    months = report.config.phasing.months_per_period
    best = {key: months * period for key, period in report.timetable.periods("best").items()}
    spec = report.specification
    phasing = spec.config.phasing
    written = (as_written(spec.plan, phasing) * phasing.months_per_period).tolist()
    of_spec = {a.id: month for a, month in zip(spec.plan.actions, written, strict=True)}
    return [
        ShownPlan(RECOMMENDED, "Recommended plan", report.config, actions_in(report.plan),
                  "land", "all", best, BEST),
        ShownPlan(SPECIFICATION, "Plan of the specification", spec.config, actions_in(spec.plan),
                  "scenarios", "base", of_spec, WRITTEN),
        *_of_studies(report),
    ]  # fmt: skip


def _of_studies(report: Report) -> Iterable[ShownPlan]:
    """Return the plans of the studies, in the order in which they are compared."""
    rows = {study: report.study(study).set_index("name") for study in ("land", "budget")}
    rows["scenarios"] = report.study("scenarios").set_index("name")
    configs = {study: _configs(report, study) for study in rows}
    wanted = [
        ("land", "own", "own-land", "Public land: councils' own land only"),
        ("land", "own-and-partner", "public-land", "Public land: councils and public partners"),
        *(
            ("budget", name, f"budget-{name}", f"Budget of ${cad / CAD_PER_MILLION:g} million")
            for name, cad in rows["budget"]["budget_cad"].items()
        ),
        *(
            ("scenarios", name, name, f"Scenario: {name}")
            for name in ("aggressive", "balanced", "conservative")
        ),
    ]
    for study, point, key, title in wanted:
        name = str(point)
        actions = actions_of(str(rows[study].loc[name, "actions"]))
        yield ShownPlan(key, title, configs[study][name], actions, study, name, {}, UNTIMED)


def _configs(report: Report, study: str) -> dict[str, Config]:
    return {point.name: point.case.config for point in registry.points(report.project, study)}


@lru_cache(maxsize=1)
def measured(report: Report) -> tuple[Gauge, list[ShownPlan]]:
    """Return what measures plans, and the plans: pages that follow each other share the work."""
    return Gauge(report.tables), shown_plans(report)


class Gauge:
    """Measures plans; what a place reaches is worked out once for all of them.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._towns = town_names(tables)
        self._measures: dict[tuple[str, float, float], Measure] = {}
        self._found: dict[tuple[str, str], Evaluation] = {}
        self._reached: dict[tuple[str, float, str, str, str], NDArray[np.int64]] = {}

    def evaluation(self, config: Config, metric: Metric) -> Evaluation:
        """Return the certificate's evaluation of a scenario, by a metric of choice."""
        asked = (config.planning_sha256(), metric)
        if asked not in self._found:
            found = Evaluation(self._tables, config.with_values(coverage__metric=metric), "cell")
            reach = found.config.coverage
            key = (metric, reach.l2_radius_m, reach.l3_radius_m)
            found.measure = self._measures.setdefault(key, found.measure)
            self._found[asked] = found
        return self._found[asked]

    def town(self, row: Row) -> str:
        """Return the name of the municipality of a site or station."""
        return str(self._towns.get(row["municipality_id"], "outside the Region"))

    def reach(
        self, found: Evaluation, level: Level, rows: Sequence[Row]
    ) -> list[NDArray[np.int64]]:
        """Return for each place (row of a site or station) the numbers of the cells in reach."""
        reach = found.config.coverage
        radius_m = reach.l2_radius_m if level == "l2" else reach.l3_radius_m
        keys = [(reach.metric, radius_m, level, *_place(row)) for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._reached}
        cells = found.measure.reach(level, found.points("cell"), list(new.values()))
        self._reached |= dict(zip(new, cells, strict=True))
        return [self._reached[key] for key in keys]

    def counts(
        self, found: Evaluation, level: Level, ports: Mapping[ActionKey, int]
    ) -> NDArray[np.int64]:
        """Return how many places of a level each cell has in reach once actions are done, (n,)."""
        rows = found.offering(level, ports)
        if level == "l2" and found.config.coverage.l3_counts_for_l2:
            rows = rows + found.offering("l3", ports)
        count = np.zeros(len(found.points("cell").ids), np.int64)
        for cells in self.reach(found, level, rows):
            count[cells] += 1
        return count


def _place(row: Row) -> tuple[str, str]:
    kind = "site" if "site_id" in row else "station"
    return kind, str(row[f"{kind}_id"])


HEADS: Final = (
    "id", "kind", "name", "municipality", "lat", "lon", "ports", "kw", "cad", "people", "only",
    "month", "place", "land",
)  # fmt: skip
"""What a row of a plan's data tells of an action.

``ports`` are those added, ``kw`` the power added less what is taken away, ``cad`` the net cost;
``people`` live in reach of the place and have no charger of its level in reach today, ``only``
those of its reach who have no other one once all is done; ``month`` is the last of its period.
"""


def plan_data(gauge: Gauge, plan: ShownPlan) -> dict[str, Any]:
    """Return what a page draws of a plan: plain values, by its own metric.

    Returns
    -------
    dict
        ``key``, ``title``, ``timing``, ``metric``, ``radius_m`` (by level), ``timed``, ``steps``
        (``month``, ``actions``, ``cad``, and shares of people in reach by level), ``heads`` and
        ``rows`` (:data:`HEADS`), in the plan's order.
    """
    reach, told = plan.config.coverage, _Told(gauge, plan)
    return {
        "key": plan.key,
        "title": plan.title,
        "timing": plan.timing,
        "timed": bool(plan.month),
        "metric": reach.metric,
        "radius_m": {"l2": reach.l2_radius_m, "l3": reach.l3_radius_m},
        "steps": [told.step(month) for month in plan.steps],
        "heads": list(HEADS),
        "rows": [told.row(key) for key in plan.ports],
    }


@dataclass(frozen=True, eq=False)
class _Told:
    """What is told of a plan by its own metric; counts of places are of shape (n,)."""

    gauge: Gauge
    plan: ShownPlan

    @cached_property
    def found(self) -> Evaluation:
        return self.gauge.evaluation(self.plan.config, self.plan.config.coverage.metric)

    @cached_property
    def people(self) -> NDArray[np.float64]:
        return self.found.points("cell").people

    @cached_property
    def today(self) -> dict[Level, NDArray[np.int64]]:
        return {level: self.gauge.counts(self.found, level, {}) for level in LEVEL_KEYS}

    @cached_property
    def after(self) -> dict[Level, NDArray[np.int64]]:
        ports = self.plan.ports
        return {level: self.gauge.counts(self.found, level, ports) for level in LEVEL_KEYS}

    def step(self, month: int) -> dict[str, Any]:
        """Return what is done by the end of a month, what it costs and whom it reaches."""
        done = self.plan.done_by(month)
        reached = {level: self.gauge.counts(self.found, level, done) > 0 for level in LEVEL_KEYS}
        shares: dict[str, float] = {
            level: round(share_of(self.people, cells), _SHARE_DECIMALS)
            for level, cells in reached.items()
        }
        cad = sum(self.found.effect(key, ports).net_cad for key, ports in done.items())
        return {"month": month, "actions": len(done), "cad": round(cad), **shares}

    def row(self, key: ActionKey) -> list[Any]:
        """Return what :data:`HEADS` names of an action."""
        plan, row = self.plan, self.found.row(key)
        effect = self.found.effect(key, plan.ports[key])
        return [
            key.id,
            key.kind,
            str(row["name"]),
            self.gauge.town(row),
            round(float(row["latitude"]), DEGREE_DECIMALS),
            round(float(row["longitude"]), DEGREE_DECIMALS),
            plan.ports[key],
            round(float(effect.kw), 1),
            round(float(effect.net_cad)),
            *self._people(key),
            plan.month.get(key.id, plan.last_month),
            str(row.get("category", "existing_station")).replace("_", " "),
            _land(row),
        ]

    def _people(self, key: ActionKey) -> tuple[int, int]:
        """Return whom an action newly reaches, and who has no other place once all is done."""
        level = ACTION_KIND[key.kind].adds
        if level is None:
            return 0, 0
        cells = self.gauge.reach(self.found, level, [self.found.row(key)])[0]
        new, only = self.today[level][cells] == 0, self.after[level][cells] == 1
        return round(float(self.people[cells[new]].sum())), round(
            float(self.people[cells[only]].sum())
        )


_SHARE_DECIMALS: Final = 4


def _land(row: Row) -> str:
    land = LANDS.get(row.get("land", ""))
    if land:
        return land.name
    owner = str(row["owner"] or "")
    return f"{owner} owner of the station, as recorded" if owner else "owner not recorded"


# -- Who is in reach of what, cell by cell.


def reach_data(gauge: Gauge, plan: ShownPlan) -> dict[str, Any]:
    """Return which cells have each level in reach at each step of a plan, by both metrics.

    Returns
    -------
    dict
        By ``l2``, ``l3`` (along the roads), ``l2-line``, ``l3-line`` (in a straight line):
        ``patterns``, each a text with ``1`` for a step at which a cell is in reach, and ``runs``:
        pairs of a pattern's number and how many cells in a row have it, in the order of
        :func:`cells_data`.
    """
    made = {}
    for metric in METRICS:
        found = gauge.evaluation(plan.config, metric)
        for level in LEVEL_KEYS:
            states = [gauge.counts(found, level, plan.done_by(m)) > 0 for m in plan.steps]
            name = level if metric == "network" else f"{level}-line"
            made[name] = _in_runs(np.stack(states, axis=1))
    return made


def _in_runs(states: NDArray[np.bool_]) -> dict[str, Any]:
    patterns, number = np.unique(states, axis=0, return_inverse=True)
    number = number.reshape(-1)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    lengths = np.diff(starts, append=len(number))
    runs = np.column_stack([number[starts], lengths]).ravel()
    texts = ["".join("01"[int(is_in)] for is_in in row) for row in patterns]
    return {"patterns": texts, "runs": runs.tolist()}


def cells_data(points: Points, size_m: float) -> dict[str, Any]:
    """Return the cells: where they lie on their grid, and who lives there.

    Parameters
    ----------
    points
        The cells, sorted by id (``c_<column>_<row>``).
    size_m
        Side of a cell (m).

    Returns
    -------
    dict
        ``size_m``, ``origin`` (column, row) and ``cells``: for each cell its column and row less
        those of the cell before, and its people (whole).
    """
    grid = np.array([name.split("_")[1:] for name in points.ids], np.int64).reshape(-1, 2)
    first = grid.min(axis=0)
    steps = np.diff(grid, axis=0, prepend=first[None, :])
    cells = np.column_stack([steps, np.rint(points.people).astype(np.int64)])
    return {"size_m": size_m, "origin": first.tolist(), "cells": cells.ravel().tolist()}
