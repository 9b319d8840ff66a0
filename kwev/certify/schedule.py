"""A schedule kept to the clock again, apart from the code that makes it.

Which limits it keeps and whom it reaches month by month is worked out here from the tables, the
actions of the plan and a period for each, by the certificate's own means: actions are those of
:mod:`kwev.certify.actions`, distances are measured in :mod:`kwev.certify.reach`. An import
contract keeps solver
and model away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kwev.certify import weights
from kwev.certify.actions import KINDS, NEW, ActionKey, ActionRules, Done
from kwev.certify.reach import Measure, Points
from kwev.certify.weights import place_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

Level = Literal["l2", "l3"]
LEVELS: tuple[Level, ...] = ("l2", "l3")

ROUNDING = 1e-6
"""What a sum of money (CAD) or power (kW) may be over its limit by, of the limit."""


@dataclass(frozen=True)
class Moment:
    """How things stand at the end of a period; the first moment is the start of the works.

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
class Gathered:
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


class Timekeeper(ActionRules):
    """The actions of a plan, and what any schedule of them does.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario, with its section ``phasing``.
    plan
        The plan that is scheduled.
    """

    def __init__(self, tables: Tables, config: Config, plan: Plan) -> None:
        super().__init__(tables, config)
        self._tables = tables
        self._measure = Measure(tables, config)
        self._reached: dict[tuple[Level, str, str], NDArray[np.int64]] = {}
        self.done: dict[ActionKey, int] = {}
        for action in plan.actions:
            place = ActionKey.from_id(action.id)
            if place is not None and self.known(place):
                self.done[place] = action.ports_added

    @property
    def total_people(self) -> float:
        """People of the Region, on the cells."""
        return float(self._cells.people.sum())

    # -- who is reached when -----------------------------------------------------------------

    def moments(self, periods: Mapping[str, int]) -> list[Moment]:
        """Return how things stand at the start and at the end of each period.

        Parameters
        ----------
        periods
            Period of each action, by its id, 1 for the first.
        """
        last = self.config.phasing.periods
        return [self._moment(t, periods) for t in range(last + 1)]

    def gathered(self, moments: list[Moment]) -> Gathered:
        """Return what is gathered over the periods: what stands at the start of each, held."""
        months = self.config.phasing.months_per_period
        held = moments[:-1]
        return Gathered(
            months * sum(m.l2 for m in held),
            months * sum(m.l3 for m in held),
            months * sum(m.points for m in held),
        )

    def _moment(self, period: int, periods: Mapping[str, int]) -> Moment:
        until = {p: n for p, n in self.done.items() if periods[_id(p)] <= period}
        now = {p: n for p, n in until.items() if periods[_id(p)] == period}
        people, points = {}, 0.0
        for level in LEVELS:
            covered = self._covered(level, until)
            people[level] = float(self._cells.people[covered].sum())
            weight = getattr(self.config.weights, level)
            points += 100.0 * weight * float(self._place_weight[covered].sum())
        crews = [_crew(place.kind) for place in now]
        return Moment(
            period=period,
            month=period * self.config.phasing.months_per_period,
            l2=people["l2"],
            l3=people["l3"],
            points=points,
            spent_cad=sum(self._net_cad(p) for p in until),
            jobs_l2=crews.count("l2"),
            jobs_l3=crews.count("l3"),
            connected_kw=sum(self._connected_kw(p) for p in now),
        )

    def _covered(self, level: Level, until: Done) -> NDArray[np.bool_]:
        rows = self._offering(level, until)
        if level == "l2" and self.config.coverage.l3_counts_for_l2:
            rows = rows + self._offering("l3", until)
        covered = np.zeros(len(self._cells.ids), bool)
        for row in rows:
            covered[self._reach(level, row)] = True
        return covered

    def _reach(self, level: Level, row: dict[str, Any]) -> NDArray[np.int64]:
        kind = "site" if "site_id" in row else "station"
        key = (level, kind, str(row[f"{kind}_id"]))
        if key not in self._reached:
            self._reached[key] = self._measure.reach(level, self._cells, [row])[0]
        return self._reached[key]

    @cached_property
    def _cells(self) -> Points:
        year = self.config.demand.ev_year
        return Points.read(self._tables, "cell", weights.evs(self._tables, year, "cell"))

    @cached_property
    def _place_weight(self) -> NDArray[np.float64]:
        cells = self._cells
        return place_weights(self._tables, self.config, "cell", cells.ids, cells.people, cells.ev)

    # -- limits ------------------------------------------------------------------------------

    def problems(self, periods: Mapping[str, int]) -> list[str]:
        """Return what a schedule breaks, in words; empty where it keeps every rule and limit."""
        wrong = list(self._misplaced(periods))
        if wrong:
            return wrong
        return [*self._over(periods), *self._out_of_order(periods)]

    def _misplaced(self, periods: Mapping[str, int]) -> Iterator[str]:
        ids = {_id(place) for place in self.done}
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
        budget = sum(max(0.0, self._net_cad(place)) for place in self.done)
        spent = 0.0
        for t in range(1, rule.periods + 1):
            now = [place for place in self.done if periods[_id(place)] == t]
            spent += sum(max(0.0, self._net_cad(place)) for place in now)
            allowed = min(1.0, rule.budget_share_per_period * t) * budget
            if spent > allowed + ROUNDING * max(1.0, budget):
                yield f"${spent:,.2f} are spent by the end of period {t}, allowed ${allowed:,.2f}"
            crews = [_crew(place.kind) for place in now]
            caps: dict[Level, int] = {"l2": rule.crews.l2, "l3": rule.crews.l3}
            for level, most in caps.items():
                jobs = crews.count(level)
                if jobs > most:
                    yield f"{jobs} {level.upper()} jobs in period {t}, crews do {most}"
            yield from self._power(t, now)

    def _power(self, t: int, now: list[ActionKey]) -> Iterator[str]:
        rule = self.config.phasing
        by_area: dict[str, float] = {}
        for place in now:
            area = str(self.row(place)["area_id"] or "")
            by_area[area] = by_area.get(area, 0.0) + self._connected_kw(place)
        total, most = sum(by_area.values()), rule.connected_kw_per_period
        if total > most * (1 + ROUNDING):
            yield f"{total:,.1f} kW are connected in period {t}, allowed {most:,.1f}"
        cap = rule.area_kw_per_period
        for area, kw in sorted(by_area.items()):
            if cap is not None and area and kw > cap * (1 + ROUNDING):
                yield f"{kw:,.1f} kW are connected in area {area} in period {t}, allowed {cap:,.1f}"

    def _out_of_order(self, periods: Mapping[str, int]) -> Iterator[str]:
        at_place: dict[str, list[ActionKey]] = {}
        for place in sorted(self.done, key=lambda p: KINDS.index(p.kind)):
            if place.kind not in NEW:
                at_place.setdefault(place.place_id, []).append(place)
        for group in at_place.values():
            for first, second in pairwise(group):
                if periods[_id(first)] > periods[_id(second)]:
                    yield f"{_id(first)} comes after {_id(second)}, which needs it"
        for gone in (place for place in self.done if place.kind == "remove"):
            for place in self.done:
                late = periods[_id(place)] > periods[_id(gone)]
                if late and self._replaces(place, gone):
                    yield f"{_id(gone)} comes before {_id(place)}, which serves whom it served"

    def _replaces(self, place: ActionKey, gone: ActionKey) -> bool:
        """Return whether an action brings a level to some cell that a removed station served."""
        brings = {"new_l2": "l2", "new_l3": "l3", "upgrade": "l3"}.get(place.kind)
        station = self.row(gone)
        levels: list[Level] = [level for level in LEVELS if station[f"{level}_ports"] > 0]
        served = {"l2"} if brings == "l2" else set()
        if brings == "l3":
            served = {"l3", "l2"} if self.config.coverage.l3_counts_for_l2 else {"l3"}
        if self.config.coverage.l3_counts_for_l2 and "l3" in levels and "l2" not in levels:
            levels = [*levels, "l2"]
        return any(
            len(np.intersect1d(self._reach(level, self.row(place)), self._reach(level, station)))
            for level in levels
            if level in served
        )

    def _net_cad(self, place: ActionKey) -> float:
        effect = self.effect(place, self.done[place])
        return effect.purchase_cad - effect.resale_cad

    def _connected_kw(self, place: ActionKey) -> float:
        return max(0.0, self.effect(place, self.done[place]).kw)


def _id(place: ActionKey) -> str:
    return f"{place.kind}_{place.place_id}"


def _crew(kind: str) -> Level:
    """Return whose job an action is: conversions and Level 3 are one crew's, the rest another's."""
    return "l3" if kind in ("upgrade", "new_l3", "add_l3") else "l2"
