"""What a schedule of a plan does month by month, and which limits it breaks, recomputed.

From the tables, the actions of the plan and a period for each, by the certificate's own means; an
import contract keeps solver and model away.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from kwev.certify.actions import ADDS, BUILDS, KINDS, LEVELS, NEW, ActionKey, Level, Ports, Row
from kwev.certify.evaluation import Evaluation
from kwev.certify.reach import place_of
from kwev.vocabulary import ACTION_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

ROUNDING = 1e-6
"""What a sum of money (CAD) or power (kW) may be over its limit by, of the limit."""


@dataclass(frozen=True)
class PeriodEnd:
    """How things stand at the end of a period; the first one is the start of the works.

    Attributes
    ----------
    period
        0 at the start.
    month
        Months since the start.
    l2, l3
        People within reach of each level.
    points
        Weighted coverage, as the objective of the plan counts it (points).
    spent_cad
        Net cost of what is done (CAD).
    jobs_l2, jobs_l3
        Jobs of the crews of each level in the period that ends.
    connected_kw
        Power connected in the period that ends (kW).
    """

    period: int
    month: int
    l2: float
    l3: float
    points: float
    spent_cad: float
    jobs_l2: int
    jobs_l3: int
    connected_kw: float


@dataclass(frozen=True)
class PersonMonths:
    """What a schedule gathers over all its months: people within reach, and weighted coverage.

    Attributes
    ----------
    l2, l3
        Person-months within reach of each level.
    points
        Weighted coverage (point-months).
    """

    l2: float
    l3: float
    points: float


class ScheduleCheck(Evaluation):
    """The actions of a plan on the cells, and what any schedule of them does.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario, with its section ``phasing``.
    plan
        The plan that is scheduled.

    Attributes
    ----------
    ports
        The plan's actions, with the ports that each adds.
    """

    def __init__(self, tables: Tables, config: Config, plan: Plan) -> None:
        super().__init__(tables, config, "cell")
        self._reached: dict[tuple[Level, str, str], NDArray[np.int64]] = {}
        self.ports: dict[ActionKey, int] = {}
        for action in plan.actions:
            key = ActionKey.from_id(action.id)
            if key is not None and self.known(key):
                self.ports[key] = action.ports_added

    @property
    def total_people(self) -> float:
        """People of the Region, on the cells."""
        return float(self.points("cell").people.sum())

    # -- who is reached when -----------------------------------------------------------------

    def period_ends(self, periods: Mapping[str, int]) -> list[PeriodEnd]:
        """Return how things stand at the start and at the end of each period.

        Parameters
        ----------
        periods
            Period of each action, by its id, 1 for the first.
        """
        last = self.config.phasing.periods
        return [self._period_end(t, periods) for t in range(last + 1)]

    def gathered(self, ends: list[PeriodEnd]) -> PersonMonths:
        """Return what is gathered over the periods: what stands at the start of each, held."""
        months = self.config.phasing.months_per_period
        held = ends[:-1]
        return PersonMonths(
            months * sum(m.l2 for m in held),
            months * sum(m.l3 for m in held),
            months * sum(m.points for m in held),
        )

    def _period_end(self, period: int, periods: Mapping[str, int]) -> PeriodEnd:
        until = {key: n for key, n in self.ports.items() if periods[key.id] <= period}
        now = [key for key in until if periods[key.id] == period]
        people, points = {}, 0.0
        for level in LEVELS:
            covered = self._covered(level, until)
            people[level] = float(self.points("cell").people[covered].sum())
            weight = getattr(self.config.weights, level)
            points += 100.0 * weight * float(self.point_weight[covered].sum())
        crews = [ACTION_KIND[key.kind].crew for key in now]
        return PeriodEnd(
            period=period,
            month=period * self.config.phasing.months_per_period,
            l2=people["l2"],
            l3=people["l3"],
            points=points,
            spent_cad=sum(self._net_cad(key) for key in until),
            jobs_l2=crews.count("l2"),
            jobs_l3=crews.count("l3"),
            connected_kw=sum(self._connected_kw(key) for key in now),
        )

    def _covered(self, level: Level, until: Ports) -> NDArray[np.bool_]:
        rows = self.offering(level, until)
        if level == "l2" and self.config.coverage.l3_counts_for_l2:
            rows = rows + self.offering("l3", until)
        covered = np.zeros(len(self.points("cell").ids), bool)
        for near in self._reach(level, rows):
            covered[near] = True
        return covered

    def _reach(self, level: Level, rows: list[Row]) -> list[NDArray[np.int64]]:
        """Return the cells within reach of each place; those not asked before are searched now."""
        keys = [(level, *place_of(row)) for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._reached}
        if new:
            near = self.measure.reach(level, self.points("cell"), list(new.values()))
            self._reached.update(zip(new, near, strict=True))
        return [self._reached[key] for key in keys]

    # -- limits ------------------------------------------------------------------------------

    def problems(self, periods: Mapping[str, int]) -> list[str]:
        """Return what a schedule breaks, in words; empty where it keeps every rule and limit."""
        wrong = list(self._misplaced(periods))
        return wrong or [*self._over(periods), *self._out_of_order(periods)]

    def _misplaced(self, periods: Mapping[str, int]) -> Iterator[str]:
        ids = {key.id for key in self.ports}
        for name in sorted(ids - periods.keys()):
            yield f"{name} has no period"
        for name in sorted(periods.keys() - ids):
            yield f"{name} is no action of the plan"
        last = self.config.phasing.periods
        for name in sorted(ids & periods.keys()):
            if not 1 <= periods[name] <= last:
                yield f"{name} is done in period {periods[name]} of {last}"

    def _over(self, periods: Mapping[str, int]) -> Iterator[str]:
        rule = self.config.phasing
        # what a removal earns pays for nothing else
        budget = sum(max(0.0, self._net_cad(key)) for key in self.ports)
        spent = 0.0
        for t in range(1, rule.periods + 1):
            now = [key for key in self.ports if periods[key.id] == t]
            spent += sum(max(0.0, self._net_cad(key)) for key in now)
            allowed = min(1.0, rule.budget_share_per_period * t) * budget
            if spent > allowed + ROUNDING * max(1.0, budget):
                yield f"${spent:,.2f} are spent by the end of period {t}, allowed ${allowed:,.2f}"
            crews = [ACTION_KIND[key.kind].crew for key in now]
            caps: dict[Level, int] = {"l2": rule.crews.l2, "l3": rule.crews.l3}
            for level, most in caps.items():
                jobs = crews.count(level)
                if jobs > most:
                    yield f"{jobs} {level.upper()} jobs in period {t}, crews do {most}"
            yield from self._power(t, now)

    def _power(self, t: int, now: list[ActionKey]) -> Iterator[str]:
        rule = self.config.phasing
        by_area: dict[str, float] = {}
        for key in now:
            area = str(self.row(key)["area_id"] or "")
            by_area[area] = by_area.get(area, 0.0) + self._connected_kw(key)
        total, most = sum(by_area.values()), rule.connected_kw_per_period
        if total > most * (1 + ROUNDING):
            yield f"{total:,.1f} kW are connected in period {t}, allowed {most:,.1f}"
        cap = rule.area_kw_per_period
        for area, kw in sorted(by_area.items()):
            if cap is not None and area and kw > cap * (1 + ROUNDING):
                yield f"{kw:,.1f} kW are connected in area {area} in period {t}, allowed {cap:,.1f}"

    def _out_of_order(self, periods: Mapping[str, int]) -> Iterator[str]:
        at_place: dict[str, list[ActionKey]] = {}
        for key in sorted(self.ports, key=lambda p: KINDS.index(p.kind)):
            if key.kind not in NEW:
                at_place.setdefault(key.place_id, []).append(key)
        for group in at_place.values():
            for first, second in pairwise(group):
                if periods[first.id] > periods[second.id]:
                    yield f"{first.id} comes after {second.id}, which needs it"
        for gone in (key for key in self.ports if key.kind == "remove"):
            for key in self.ports:
                late = periods[key.id] > periods[gone.id]
                if late and self._replaces(key, gone):
                    yield f"{gone.id} comes before {key.id}, which serves whom it served"

    def _replaces(self, key: ActionKey, gone: ActionKey) -> bool:
        """Return whether an action brings a level to some cell that a removed station served."""
        if key.kind not in BUILDS:
            return False
        station = self.row(gone)
        had = self._serves({level for level in LEVELS if station[f"{level}_ports"] > 0})
        for level in had & self._serves({ADDS[key.kind]}):
            one, other = self._reach(level, [self.row(key), station])
            if len(np.intersect1d(one, other)) > 0:
                return True
        return False

    def _serves(self, levels: set[Level]) -> set[Level]:
        """Return the levels whose drivers ports of some levels serve."""
        either = "l3" in levels and self.config.coverage.l3_counts_for_l2
        return {*levels, "l2"} if either else levels

    def _net_cad(self, key: ActionKey) -> float:
        return self.effect(key, self.ports[key]).net_cad

    def _connected_kw(self, key: ActionKey) -> float:
        return max(0.0, self.effect(key, self.ports[key]).kw)
