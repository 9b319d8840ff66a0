"""A scenario's model in whole numbers: options, covering rows, targets and energy, for the bound.

Every number of the data and of the scenario is a decimal and is read as one. Constraints that a
scenario adds are left out, and so is what idle energy costs: with fewer constraints, or fewer
costs, the maximum is no smaller. Written apart from the model on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kwev.certify.actions import LEVELS, TARGETS, Level, Ports, Row
from kwev.certify.evaluation import wanted_shares
from kwev.certify.exact import UncheckedError, exact, over_one, up, whole
from kwev.certify.options import ExactActions, unknown
from kwev.certify.reach import Measure, Points
from kwev.certify.weights import evs, point_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables

POINT = 10**12
"""Units of the bound in one point."""
HOLD = Fraction(1, 10**6)
"""Share by which another plan may miss a target by more than this one and still compare, or by
which a plan that meets a target may miss it."""


@dataclass(frozen=True)
class Problem:
    """What is bounded: a problem of the model, as a maximum.

    Attributes
    ----------
    name
        ``shortfall``, ``plan``, ``attainable_<target>`` or ``least_budget``.
    objective
        Whether the weighted coverage less cost counts.
    cost
        Whether net cost alone counts, a point for a million CAD; no budget limits it.
    share
        The target whose share alone counts; empty for none.
    shortfall_points
        Points lost for a share of shortfall.
    most_missing
        By target, ``demand`` included: the largest shortfall that a plan may have (share). Targets
        that are not named have no row.
    """

    name: str
    objective: bool = False
    cost: bool = False
    share: str = ""
    shortfall_points: Fraction = Fraction(0)
    most_missing: dict[str, Fraction] = field(default_factory=dict)

    @property
    def short_targets(self) -> list[str]:
        """Coverage targets that may be missed."""
        return [target for target in self.most_missing if target != "demand"]

    @property
    def cover_names(self) -> list[str]:
        """Targets whose covering rows the problem has."""
        names = self.short_targets
        names += [level for level in LEVELS if self.objective and level not in names]
        return [*names, self.share] if self.share else names


@dataclass(frozen=True)
class CoverRows:
    """The covering rows of one target, on the model's n points.

    Attributes
    ----------
    always
        Shape (n,): points covered whatever is done.
    open_points
        Shape (n,): points that may be covered or not.
    losable
        Shape (n,): stations within reach that an action may take away; 0 where always covered.
    """

    always: NDArray[np.bool_]
    open_points: NDArray[np.bool_]
    losable: NDArray[np.int64]


@dataclass(frozen=True)
class Deficit:
    """What is missing of a target today, and what each option adds alone.

    Attributes
    ----------
    alone
        By option: people or EVs, in whole units, no more than are missing (rounded up).
    total
        All of them.
    missing
        Share missing today, 0 where the target is met.
    """

    alone: list[int]
    total: int
    missing: Fraction


class ExactModel:
    """A scenario's model in whole numbers.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The resolved scenario.
    geography
        The model's geography: ``tract``, ``da`` or ``cell``.

    Attributes
    ----------
    config
        The scenario.
    options
        The actions that it allows.
    targets
        The coverage targets that are rows of the model (shares).

    Raises
    ------
    UncheckedError
        If the scenario has a setting that is not known here, or people or EVs are no decimals.
    """

    def __init__(self, tables: Tables, config: Config, geography: str) -> None:
        reason = unknown(config)
        if reason:
            raise UncheckedError(reason)
        self._tables, self.config = tables, config
        self._points = Points.read(tables, geography, evs(tables, config.demand.ev_year, geography))
        self._people = whole(self._points.people, "people").numerators
        self._ev = whole(self._points.ev, "EVs").numerators
        self._actions = ExactActions(tables, config)
        self.options = self._actions.options()
        self.targets = wanted_shares(config, exact)
        self._measure = Measure(tables, config)
        self._deficits: dict[str, Deficit] = {}
        self._weighted: dict[Fraction, list[int]] = {}

    # -- covering --------------------------------------------------------------------------------

    def counts(self, target: str) -> list[int]:
        """Return the people, or for ``ev_owners`` the EVs, of each point, in whole units."""
        return self._ev if target == "ev_owners" else self._people

    @cached_property
    def weights(self) -> list[int]:
        """Weight of each point, times 100, in units of the bound, rounded up."""
        weights = point_weights(self._tables, self.config, self._points)
        return [-(-100 * POINT * part // weights.denominator) for part in weights.numerators]

    def weighted(self, factor: Fraction) -> list[int]:
        """Return the weight of each point times a factor, rounded up again; kept by factor."""
        if factor not in self._weighted:
            top, bottom = factor.numerator, factor.denominator
            self._weighted[factor] = [-(-units * top // bottom) for units in self.weights]
        return self._weighted[factor]

    @cached_property
    def _always(self) -> dict[Level, NDArray[np.bool_]]:
        """By level: the points that have a station in reach which no option takes away."""
        return {
            level: self._measure.reached(level, self._points, self._staying(level))
            for level in LEVELS
        }

    def _staying(self, level: Level) -> list[Row]:
        """Return the stations of a level that no option takes away."""
        ends = {option.key.place_id for option in self.options if option.gives[level] < 0}
        return [
            row
            for row in self._actions.counted()
            if self._actions.offers(row["l2_ports"], row["l3_ports"])[level]
            and row["station_id"] not in ends
        ]

    @cached_property
    def reach(self) -> dict[Level, list[NDArray[np.int64]]]:
        """By level and option: the points it changes the level for, without those always covered.

        Of each, indices into the n points, rising.
        """
        found: dict[Level, list[NDArray[np.int64]]] = {}
        none = np.empty(0, np.int64)
        for level in LEVELS:
            places = {o.key.place_id: o.row for o in self.options if o.gives[level] != 0}
            asked, rows = ~self._always[level], list(places.values())
            near = self._measure.reach(level, self._points, rows, asked)
            by_place = dict(zip(places, near, strict=True))
            found[level] = [
                by_place[option.key.place_id] if option.gives[level] else none
                for option in self.options
            ]
        return found

    @cached_property
    def changes(self) -> dict[Level, tuple[list[int], NDArray[np.int64], NDArray[np.int64]]]:
        """By level: options that change it for a point, where the points of each start, points."""
        found: dict[Level, tuple[list[int], NDArray[np.int64], NDArray[np.int64]]] = {}
        for level in LEVELS:
            which = [k for k, near in enumerate(self.reach[level]) if len(near)]
            parts = [self.reach[level][k] for k in which]
            starts = np.cumsum([0, *(len(near) for near in parts)])[:-1].astype(np.int64)
            found[level] = which, starts, np.concatenate([np.empty(0, np.int64), *parts])
        return found

    @cached_property
    def covers(self) -> dict[str, CoverRows]:
        """The covering rows of each target."""
        found: dict[str, CoverRows] = {}
        for level in LEVELS:
            always, losable = self._always[level], np.zeros(len(self._points.ids), np.int64)
            gained = np.zeros(len(losable), bool)
            taken: dict[str, NDArray[np.int64]] = {}
            for option, near in zip(self.options, self.reach[level], strict=True):
                gained[near] |= option.gives[level] > 0
                if option.gives[level] < 0:
                    taken[option.key.place_id] = near
            for near in taken.values():
                losable[near] += 1
            found[level] = CoverRows(always, ~always & (gained | (losable > 0)), losable)
        l2, l3 = found["l2"], found["l3"]
        always = l2.always | l3.always
        open_points = ~always & (l2.open_points | l3.open_points)
        found["ev_owners"] = CoverRows(always, open_points, l2.losable + l3.losable)
        return found

    @cached_property
    def alike(self) -> list[int]:
        """For each option the first one with the same area, ports, prices and power."""
        first: dict[object, int] = {}
        return [
            first.setdefault((o.key.kind, o.area, o.fewest, o.most, o.fixed, *o.gives.values()), k)
            for k, o in enumerate(self.options)
        ]

    @cached_property
    def equipment(self) -> tuple[int, dict[int, list[list[int]]]]:
        """A whole number, and over it what options change, by the first of those that are alike.

        Of each kW, net CAD and CAD a year, at its fewest and at its most ports.
        """
        first = sorted(set(self.alike))
        numbers = [
            fixed + ports * each
            for option in (self.options[k] for k in first)
            for ports in (option.fewest, option.most)
            for fixed, each in (
                (option.fixed.kw, option.per_port.kw),
                (option.fixed.net_cad, option.per_port.net_cad),
                (option.fixed.yearly_cad, option.per_port.yearly_cad),
            )
        ]
        below, above = over_one(numbers)
        parts = [above[at : at + 3] for at in range(0, len(above), 3)]
        return below, {k: parts[2 * i : 2 * i + 2] for i, k in enumerate(first)}

    @staticmethod
    def levels_of(target: str) -> tuple[Level, ...]:
        """Return the levels that serve a target."""
        return tuple(level for level in LEVELS if target in (level, "ev_owners"))

    def deficit(self, target: str) -> Deficit:
        """Return what each option adds alone on top of today, and what is missing today.

        A point that no station reaches today is covered by a plan only if one of its actions brings
        more stations to it than it takes away, so a plan covers no more than today's points and
        those that its actions reach alone.
        """
        if target not in self._deficits:
            cover, counts = self.covers[target], self.counts(target)
            total = max(sum(counts), 1)
            today = cover.always | (cover.losable > 0)
            new = np.where(today, 0, np.array(counts, np.int64))
            missing = self.targets[target] - Fraction(sum(counts) - int(new.sum()), total)
            most = max(0, up(missing * total))
            alone = []
            for k, option in enumerate(self.options):
                reached = np.zeros(0, np.int64)
                for level in self.levels_of(target):
                    if option.gives[level] > 0:
                        near = self.reach[level][k]
                        reached = np.union1d(reached, near) if len(reached) else near
                alone.append(min(most, int(new[reached].sum())))
            self._deficits[target] = Deficit(alone, total, max(Fraction(0), missing))
        return self._deficits[target]

    # -- energy ----------------------------------------------------------------------------------

    @cached_property
    def _need_kwh(self) -> Fraction:
        return sum(self._actions.need_kwh.values(), Fraction(0))

    @cached_property
    def need(self) -> dict[str, Fraction]:
        """What each municipality needs of the Region's energy (share); empty where no row asks."""
        if not self.config.demand.enforce or self._need_kwh == 0:
            return {}
        return {area: kwh / self._need_kwh for area, kwh in self._actions.need_kwh.items()}

    @cached_property
    def share_per_kw(self) -> Fraction:
        """What a kW of ports gives in a year, in shares of the Region's need."""
        return self._actions.kwh_per_kw / self._need_kwh

    @cached_property
    def supply(self) -> dict[str, Fraction]:
        """What each municipality's ports give today, in shares of the Region's need."""
        supply = self._actions.supply_kwh({})
        return {area: supply[area] / self._need_kwh for area in self.need}

    # -- problems --------------------------------------------------------------------------------

    def missing(self, ports: Ports) -> dict[str, Fraction]:
        """Return by how much a plan misses each target, exactly (share).

        Raises
        ------
        UncheckedError
            If an action is none that the scenario allows.
        """
        index = {option.key: k for k, option in enumerate(self.options)}
        stray = [key.id for key in ports if key not in index]
        if stray:
            raise UncheckedError(f"{stray[0]} is no action of the scenario")
        ports = {key: max(0, added) for key, added in ports.items()}
        found = {}
        for target, wanted in self.targets.items():
            cover, counts = self.covers[target], self.counts(target)
            stations = cover.losable.copy()
            for level in self.levels_of(target):
                for k in (index[key] for key in ports):
                    stations[self.reach[level][k]] += self.options[k].gives[level]
            covered = np.flatnonzero(cover.always | (stations > 0))
            share = Fraction(sum(counts[j] for j in covered.tolist()), max(sum(counts), 1))
            found[target] = max(Fraction(0), wanted - share)
        if self.need:
            found["demand"] = self._actions.unserved_share(ports)
        return found

    def problem(self, name: str, missing: Mapping[str, Fraction]) -> Problem:
        """Return a problem of the model by name.

        Parameters
        ----------
        name
            ``shortfall``, ``plan``, ``attainable_<target>`` or ``least_budget``.
        missing
            By how much the plan misses each target, which another plan must not exceed in ``plan``.

        Raises
        ------
        UncheckedError
            If there is no such problem.
        """
        everything = {**self.targets, **({"demand": Fraction(1)} if self.need else {})}
        if name == "shortfall":
            return Problem(name, shortfall_points=Fraction(100), most_missing=everything)
        if name == "plan" and self.config.objective.mode == "weighted":
            price = 100 * exact(self.config.objective.shortfall_points_per_point)
            return Problem(name, objective=True, shortfall_points=price, most_missing=everything)
        if name == "plan":
            held = {target: share + HOLD for target, share in missing.items()}
            return Problem(name, objective=True, most_missing=held)
        if name == "least_budget":
            return Problem(name, cost=True, most_missing=dict.fromkeys(everything, HOLD))
        target = name.removeprefix("attainable_")
        if target not in TARGETS or target == name:
            raise UncheckedError(f"no problem {name!r} to bound")
        return Problem(name, share=target)

    def row_names(self, problem: Problem) -> list[str]:
        """Return the names of the rows that may have a multiplier, covering rows apart."""
        names = [f"{end}_{level}" for end in ("least", "most") for level in LEVELS]
        names += [] if problem.cost else ["budget"]
        for target in problem.most_missing:
            names.append(f"target_{target}")
            names += [f"alone_{target}"] if target != "demand" else []
        if "demand" in problem.most_missing:
            names += [f"unserved_{area}" for area in sorted(self.need)]
        return names
