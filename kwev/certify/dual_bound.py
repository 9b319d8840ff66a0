"""A bound that needs no trust: weak duality in whole numbers, from multipliers alone.

The rows that tie places and points together are relaxed: each costs its multiplier times what it
lacks. What is left falls apart, and each piece is maximised by looking at all it can do:

- a demand point is covered or not;
- a place takes none of its actions, one, or two that go together, each with its fewest or its most
  ports (the price is linear in the ports);
- a shortfall, and the energy a municipality lacks, lies between nothing and all there is to lack.

The sum is at least the objective of every plan, *whatever the multipliers are*, as long as those
of inequalities are not negative [Geoffrion, 1974]: a forged multiplier can only weaken the bound.

Rounding. Every number of the data and of the scenario is a decimal and is read as one. A quotient
is rounded up to the next 10^-12 points, and enters the bound as the gain of something that may be
left out or as a constant, so it can only raise the bound. The gain of covering a point is the
sharpest case: it enters as ``max(0, gain - multiplier)``, which never falls as the gain grows.
The multiplier of a covering row is stated as a part of that rounded gain, in millionths of it, and
rounded down; another one, not a wrong bound, is what comes of that. Sums are of Python's
integers, or of 64-bit ones that are checked to be far from their limit.

The plans may be told apart by how many stations come to offer each level, a whole number: then each
such branch has multipliers of its own, two more rows, ``least <= count <= most``, and the largest
bound of all branches is the bound, if no count is left out.

Besides the model's rows there is one that follows from them, for each target: what an action adds
alone, on top of today, is the most it can add to any plan, so
``shortfall + sum_k min(alone_k, missing today) x_k >= missing today`` holds in every plan with
whole actions. It is worked out here again from the data.

Constraints that a scenario adds are left out, and so is what idle energy costs: with fewer
constraints, or fewer costs, the maximum is no smaller.
Written apart from the model on purpose: an import contract keeps it so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kwev.certify import weights as certify_weights
from kwev.certify.exact import InexactError, exact, exact_weights, up, whole
from kwev.certify.exact_actions import (
    LEVELS,
    ExactAction,
    Level,
    Row,
    counting,
    moves,
    offers,
    standing_kw,
    unknown,
)
from kwev.certify.reach import Measure, Points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Branch, Plan

POINT = 10**12
"""Units of the bound in one point."""
MULTIPLIER = 10**9
"""Units of a row's multiplier in one point."""
THETA = 10**6
"""Units of a covering row's multiplier in the whole gain of its point."""
HOLD = Fraction(1, 10**6)
"""Share by which another plan may miss a target by more than this one and still compare."""
RUN = re.compile(r"([0-9]{1,7})(?:\*([0-9]{1,8}))?")
"""One run of equal parts, as :func:`thetas` reads them."""
SAFE = 2**62
"""64-bit sums are refused above it."""
CAD_PER_MILLION = 10**6
HOURS = 8_760

L2_KINDS = ("new_l2", "add_l2")
"""Kinds of action whose new ports are of Level 2."""
TARGETS = ("l2", "l3", "ev_owners")


class UncheckedError(ValueError):
    """There is no checked bound; the message says why."""


@dataclass(frozen=True)
class Question:
    """What is bounded: a problem of the model, as a maximum.

    Attributes
    ----------
    name
        ``shortfall``, ``plan`` or ``attainable_<target>``.
    objective
        Whether the weighted coverage less cost counts.
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
    share: str = ""
    shortfall_points: Fraction = Fraction(0)
    most_missing: dict[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Bounds:
    """Checked bounds of one plan; None where no multipliers were given.

    Attributes
    ----------
    shortfall_points
        No plan has a smaller total shortfall.
    objective
        No plan that misses no target by more than this one, within ``HOLD``, has a larger
        objective (points).
    attainable
        By target: no plan within the budget covers a larger share.
    """

    shortfall_points: float | None
    objective: float | None
    attainable: dict[str, float | None]


@dataclass(frozen=True)
class Cover:
    """One covering target on the model's points.

    Attributes
    ----------
    always
        Shape (n,): points covered whatever is done.
    open_points
        Shape (n,): points that may be covered or not.
    losable
        Shape (n,): stations within reach that an action may take away.
    """

    always: NDArray[np.bool_]
    open_points: NDArray[np.bool_]
    losable: NDArray[np.int64]


@dataclass(frozen=True)
class Lacking:
    """What is missing of a target today, and what each move adds alone.

    Attributes
    ----------
    alone
        By move: people or EVs, in whole units, no more than are missing (rounded up).
    total
        All of them.
    missing
        Share missing today, 0 where the target is met.
    """

    alone: list[int]
    total: int
    missing: Fraction


class Lagrangian:
    """A scenario's model in whole numbers, and the bounds that multipliers give for it.

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
    moves
        The actions that it allows.

    Raises
    ------
    UncheckedError
        If the scenario has a setting that is not known here.
    """

    def __init__(self, tables: Tables, config: Config, geography: str) -> None:
        reason = unknown(config)
        if reason:
            raise UncheckedError(reason)
        self._tables, self.config, self._geography = tables, config, geography
        self._points = Points.read(
            tables, geography, certify_weights.evs(tables, config.demand.ev_year, geography)
        )
        self.moves = moves(tables, config)
        self._stations = counting(tables, config)
        self._measure = Measure(tables, config)

    # -- data in whole numbers -----------------------------------------------------------------

    @cached_property
    def _people(self) -> list[int]:
        return _whole(self._points.people, "people")

    @cached_property
    def _ev(self) -> list[int]:
        return _whole(self._points.ev, "EVs")

    def mass(self, target: str) -> list[int]:
        """Return the people, or for ``ev_owners`` the EVs, of each point, in whole units."""
        return self._ev if target == "ev_owners" else self._people

    @cached_property
    def worth(self) -> list[int]:
        """Weight of each point, times 100, in units of the bound, rounded up."""
        ids = [str(i) for i in self._points.ids]
        try:
            weights = exact_weights(
                self._tables, self.config, self._geography, ids, self._people, self._ev
            )
        except InexactError as error:
            raise UncheckedError(str(error)) from error
        return [-(-100 * POINT * part // weights.whole) for part in weights.parts]

    @cached_property
    def _always(self) -> dict[str, NDArray[np.bool_]]:
        """By level: the points that have a station in reach which no move takes away."""
        found: dict[str, NDArray[np.bool_]] = {}
        for level in LEVELS:
            stay = self._offering(level, losable=False)
            found[level] = self._measure.reached(level, self._points, stay)
        return found

    def _offering(self, level: Level, *, losable: bool) -> list[Row]:
        """Return the stations of a level that a move may take away, or those that stay."""
        ends = {move.place_id for move in self.moves if move.gives[level] < 0}
        here = [s for s in self._stations if offers(s, self.config)[level]]
        return [s for s in here if (str(s["station_id"]) in ends) == losable]

    @cached_property
    def reach(self) -> dict[str, list[NDArray[np.int64]]]:
        """By level and move: the points it changes the level for, those covered anyway left out."""
        found: dict[str, list[NDArray[np.int64]]] = {}
        for level in LEVELS:
            places = {m.place_id: m.row for m in self.moves if m.gives[level] != 0}
            near = self._measure.reach(level, self._points, list(places.values()))
            hangs = ~self._always[level]
            by_place = {place: at[hangs[at]] for place, at in zip(places, near, strict=True)}
            none = np.empty(0, np.int64)
            found[level] = [by_place[m.place_id] if m.gives[level] else none for m in self.moves]
        return found

    @cached_property
    def covers(self) -> dict[str, Cover]:
        """The covering rows of each target."""
        found: dict[str, Cover] = {}
        for level in LEVELS:
            losable = np.zeros(len(self._people), np.int64)
            for near in self._measure.reach(
                level, self._points, self._offering(level, losable=True)
            ):
                losable[near] += 1
            gained = np.zeros(len(losable), bool)
            for move, near in zip(self.moves, self.reach[level], strict=True):
                gained[near] |= move.gives[level] > 0
            always = self._always[level]
            found[level] = Cover(always, ~always & (gained | (losable > 0)), losable)
        l2, l3 = found["l2"], found["l3"]
        always = l2.always | l3.always
        hangs = ~always & (l2.open_points | l3.open_points)
        found["ev_owners"] = Cover(always, hangs, l2.losable + l3.losable)
        return found

    @staticmethod
    def levels_of(target: str) -> tuple[Level, ...]:
        """Return the levels that serve a target."""
        return tuple(level for level in LEVELS if target in (level, "ev_owners"))

    # -- energy ----------------------------------------------------------------------------------

    @cached_property
    def need(self) -> dict[str, Fraction]:
        """What each municipality needs of the Region's energy (share); empty where no row asks."""
        config, das = self.config, self._tables.das
        if not config.demand.enforce:
            return {}
        evs = certify_weights.evs(self._tables, config.demand.ev_year, "da")
        ids = [str(i) for i in das["da_id"]]
        need: dict[str, int] = {}
        counts = _whole([evs[i] for i in ids], "EVs")
        for area, ev in zip(das["municipality_id"], counts, strict=True):
            need[str(area)] = need.get(str(area), 0) + ev
        per_ev = exact(config.demand.kwh_per_ev_year) * exact(config.demand.public_share)
        total = sum(need.values()) * per_ev
        if total == 0:
            return {}
        return {area: Fraction(ev, sum(need.values())) for area, ev in need.items()}

    @cached_property
    def share_per_kw(self) -> Fraction:
        """What a kW of ports gives in a year, in shares of the Region's need."""
        config, das = self.config, self._tables.das
        evs = certify_weights.evs(self._tables, config.demand.ev_year, "da")
        counts, places = whole([evs[str(i)] for i in das["da_id"]], "EVs")
        per_ev = exact(config.demand.kwh_per_ev_year) * exact(config.demand.public_share)
        need_kwh = Fraction(sum(counts), 10**places) * per_ev
        return HOURS * exact(config.demand.utilisation) / need_kwh

    @cached_property
    def supply(self) -> dict[str, Fraction]:
        """What each municipality's ports give today, in shares of the Region's need."""
        supply = dict.fromkeys(self.need, Fraction(0))
        for row in self._stations:
            area = str(row["municipality_id"])
            if area in supply:
                supply[area] += standing_kw(row, self.config) * self.share_per_kw
        return supply

    # -- questions -------------------------------------------------------------------------------

    def targets(self) -> dict[str, Fraction]:
        """Return the coverage targets that are rows of the model (shares)."""
        chosen = self.config.targets
        found = {"l2": exact(chosen.l2), "l3": exact(chosen.l3)}
        if chosen.ev_owners.enforce:
            found["ev_owners"] = exact(chosen.ev_owners.share)
        return found

    def missing(self, actions: Iterable[Action]) -> dict[str, Fraction]:
        """Return by how much a plan misses each target, exactly (share).

        Raises
        ------
        UncheckedError
            If an action is none that the scenario allows.
        """
        index = {(m.kind, m.place_id): k for k, m in enumerate(self.moves)}
        chosen: dict[int, int] = {}
        for action in actions:
            k = index.get((action.kind, action.place_id))
            if k is None:
                raise UncheckedError(f"{action.id} is no action of the scenario")
            level = "l2" if action.kind in L2_KINDS else "l3"
            before = getattr(action, f"{level}_ports_before")
            chosen[k] = max(0, getattr(action, f"{level}_ports_after") - before)
        found = {}
        for target, wanted in self.targets().items():
            cover, mass = self.covers[target], self.mass(target)
            count = cover.losable.copy()
            for level in self.levels_of(target):
                for k in chosen:
                    count[self.reach[level][k]] += self.moves[k].gives[level]
            got = sum(mass[j] for j in np.flatnonzero(cover.always | (count > 0)).tolist())
            found[target] = max(Fraction(0), wanted - Fraction(got, max(sum(mass), 1)))
        if self.need:
            supply = dict(self.supply)
            for k, ports in chosen.items():
                move = self.moves[k]
                kw = ports * move.port_kw - move.lost_kw
                if move.area in supply:
                    supply[move.area] += kw * self.share_per_kw
            found["demand"] = sum(
                (max(Fraction(0), need - supply[area]) for area, need in self.need.items()),
                Fraction(0),
            )
        return found

    def question(self, name: str, missing: Mapping[str, Fraction]) -> Question:
        """Return a problem of the model by name.

        Parameters
        ----------
        missing
            By how much the plan misses each target, which another plan must not exceed in ``plan``.

        Raises
        ------
        UncheckedError
            If there is no such problem.
        """
        everything = {**self.targets(), **({"demand": Fraction(1)} if self.need else {})}
        if name == "shortfall":
            return Question(name, shortfall_points=Fraction(100), most_missing=everything)
        if name == "plan" and self.config.objective.mode == "weighted":
            price = 100 * exact(self.config.objective.shortfall_points_per_point)
            return Question(name, objective=True, shortfall_points=price, most_missing=everything)
        if name == "plan":
            held = {target: share + HOLD for target, share in missing.items()}
            return Question(name, objective=True, most_missing=held)
        target = name.removeprefix("attainable_")
        if target not in TARGETS or target == name:
            raise UncheckedError(f"no problem {name!r} to bound")
        return Question(name, share=target)

    # -- the bound -------------------------------------------------------------------------------

    def bound(self, question: Question, branches: Sequence[Branch]) -> int:
        """Return an upper bound on a question's maximum, in units of ``POINT``.

        Raises
        ------
        UncheckedError
            If the branches leave out a plan, or a multiplier is none of a row of the question.
        """
        if not leave_out_nothing(branches):
            raise UncheckedError(f"the branches of {question.name} leave out some plans")
        return max(self.bound_of(question, branch) for branch in branches)

    def bound_of(self, question: Question, branch: Branch) -> int:
        """Return an upper bound on a question's maximum among the plans of one branch.

        Raises
        ------
        UncheckedError
            If a multiplier is negative, or none of a row of the question.
        """
        price = self._prices(question, branch)
        gain, kept = self._points_part(question, branch, price)
        total = sum(kept) + self._places_part(question, price, gain)
        total += self._missing_part(question, price)
        return total + self._constants(question, branch, price)

    def row_names(self, question: Question) -> list[str]:
        """Return the names of the rows that may have a multiplier, cover rows apart."""
        names = ["budget", *(f"{end}_{level}" for end in ("least", "most") for level in LEVELS)]
        for target in question.most_missing:
            names += [f"target_{target}"] if target == "demand" else [
                f"target_{target}", f"alone_{target}"
            ]  # fmt: skip
        if "demand" in question.most_missing:
            names += [f"unserved_{area}" for area in sorted(self.need)]
        return names

    def cover_names(self, question: Question) -> list[str]:
        """Return the targets whose cover rows a question has."""
        names = [target for target in question.most_missing if target != "demand"]
        names += [a for a in LEVELS if question.objective and a not in names]
        names += [question.share] if question.share else []
        return names

    def _prices(self, question: Question, branch: Branch) -> dict[str, Fraction]:
        """Return the multiplier of each row (points per million CAD, or per share), 0 if none."""
        names = self.row_names(question)
        stray = sorted(branch.rows.keys() - set(names))
        stray += sorted(branch.cover.keys() - set(self.cover_names(question)))
        if stray:
            raise UncheckedError(f"multiplier of no row: {', '.join(stray)}")
        if any(value < 0 for value in branch.rows.values()):
            raise UncheckedError("a multiplier is negative")
        for level in LEVELS:
            if branch.rows.get(f"most_{level}", 0) and level not in branch.most:
                raise UncheckedError(f"multiplier of no row: most_{level}")
        return {name: Fraction(branch.rows.get(name, 0), MULTIPLIER) for name in names}

    def _points_part(
        self, question: Question, branch: Branch, price: Mapping[str, Fraction]
    ) -> tuple[list[int], list[int]]:
        """Return what the covering rows pay each move, and what the points keep for themselves."""
        gain, kept = [0] * len(self.moves), [0]
        for target in self.cover_names(question):
            cover = self.covers[target]
            worth = self._gains(question, target, price)
            if sum(worth) >= SAFE:
                raise UncheckedError("multipliers too large for whole numbers of 64 bits")
            values = np.array(worth, np.int64)
            part = thetas(branch.cover.get(target, ""), len(values))
            paid = np.where(cover.open_points, _portion(values, part), 0)
            kept.append(_total(values[cover.always]))
            kept.append(_total(values[cover.open_points]) - _total(paid))
            kept.append(_dot(paid, cover.losable))
            for level in self.levels_of(target):
                which, starts, near = self._changes[level]
                if len(which):
                    # no sum is above that of all points, which is below SAFE
                    sums = np.add.reduceat(paid[near], starts).tolist()
                    for k, total in zip(which, sums, strict=True):
                        gain[k] += self.moves[k].gives[level] * total
        return gain, kept

    @cached_property
    def _changes(self) -> dict[str, tuple[list[int], NDArray[np.int64], NDArray[np.int64]]]:
        """By level: the moves that change it for a point, and their points one after the other."""
        found: dict[str, tuple[list[int], NDArray[np.int64], NDArray[np.int64]]] = {}
        for level in LEVELS:
            which = [k for k, near in enumerate(self.reach[level]) if len(near)]
            parts = [self.reach[level][k] for k in which]
            starts = np.cumsum([0, *(len(near) for near in parts)])[:-1].astype(np.int64)
            found[level] = which, starts, np.concatenate([np.empty(0, np.int64), *parts])
        return found

    def _gains(self, question: Question, target: str, price: Mapping[str, Fraction]) -> list[int]:
        """Return what covering each point is worth, rounded up."""
        gains = [0] * len(self._people)
        if question.objective and target in LEVELS:
            weight = exact(getattr(self.config.weights, target))
            top, bottom = weight.numerator, weight.denominator
            gains = [-(-worth * top // bottom) for worth in self.worth]
        mass = self.mass(target)
        per_share = price.get(f"target_{target}", Fraction(0))
        per_share += 100 if question.share == target else 0
        factor = per_share * POINT / max(sum(mass), 1)
        if factor:
            top, bottom = factor.numerator, factor.denominator
            gains = [g - (-m * top // bottom) for g, m in zip(gains, mass, strict=True)]
        return gains

    def _places_part(
        self, question: Question, price: Mapping[str, Fraction], gain: list[int]
    ) -> int:
        """Return the most that all places can gain, each from its best moves."""
        value = _Values(self, question, price)
        places: dict[str, list[tuple[frozenset[str], int]]] = {}
        for k, (move, covers) in enumerate(zip(self.moves, gain, strict=True)):
            best = covers + value(k)
            if best > 0:
                places.setdefault(move.place_id, []).append((move.uses, best))
        return sum(_best(options) for options in places.values())

    def _missing_part(self, question: Question, price: Mapping[str, Fraction]) -> int:
        """Return the most that shortfalls and unserved energy can gain."""
        total = 0
        for target, most in question.most_missing.items():
            rate = price[f"target_{target}"] + price.get(f"alone_{target}", 0)
            total += up(max(Fraction(0), (rate - question.shortfall_points) * most * POINT))
        if "demand" in question.most_missing:
            for area, need in self.need.items():
                rate = price[f"unserved_{area}"] - price["target_demand"]
                total += up(max(Fraction(0), rate * need * POINT))
        return total

    def _constants(self, question: Question, branch: Branch, price: Mapping[str, Fraction]) -> int:
        """Return what the right-hand sides of the relaxed rows add."""
        total = price["budget"] * exact(self.config.budget.limit_cad) / CAD_PER_MILLION
        for level in LEVELS:
            if price[f"most_{level}"] > 0:
                total += price[f"most_{level}"] * branch.most[level]
            total -= price[f"least_{level}"] * branch.least.get(level, 0)
        for target in question.most_missing:
            if target != "demand":
                total -= price[f"target_{target}"] * self.targets()[target]
                total -= price[f"alone_{target}"] * self.lacking(target).missing
        if "demand" in question.most_missing:
            for area, need in self.need.items():
                total += price[f"unserved_{area}"] * (self.supply[area] - need)
        return up(total * POINT)

    def lacking(self, target: str) -> Lacking:
        """Return what each move adds alone on top of today, and what is missing today.

        A point that no station reaches today is covered by a plan only if one of its moves brings
        more stations to it than it takes away, so a plan covers no more than today's points and
        those that its moves reach alone.
        """
        if target not in self._lacking:
            cover, mass = self.covers[target], self.mass(target)
            total = max(sum(mass), 1)
            today = cover.always | (cover.losable > 0)
            new = np.where(today, 0, np.array(mass, np.int64))
            missing = self.targets()[target] - Fraction(sum(mass) - int(new.sum()), total)
            most = max(0, up(missing * total))
            alone = []
            for k, move in enumerate(self.moves):
                reached = np.zeros(0, np.int64)
                for level in self.levels_of(target):
                    if move.gives[level] > 0:
                        near = self.reach[level][k]
                        reached = np.union1d(reached, near) if len(reached) else near
                alone.append(min(most, int(new[reached].sum())))
            self._lacking[target] = Lacking(alone, total, max(Fraction(0), missing))
        return self._lacking[target]

    @cached_property
    def _lacking(self) -> dict[str, Lacking]:
        return {}

    @cached_property
    def alike(self) -> list[int]:
        """The first move with the same prices, power, ports, area and counts, for each move."""
        first: dict[tuple[Fraction | str | int, ...], int] = {}
        return [
            first.setdefault(
                (
                    move.fixed_cad, move.port_cad, move.lost_kw, move.port_kw, move.area,
                    move.fewest, move.most, move.yearly_cad, move.port_yearly_cad,
                    *move.gives.values(),
                ),
                k,
            )
            for k, move in enumerate(self.moves)
        ]  # fmt: skip


class _Values:
    """What a move is worth apart from the points it covers, each different one worked out once."""

    def __init__(
        self, model: Lagrangian, question: Question, price: Mapping[str, Fraction]
    ) -> None:
        self._model, self._price = model, price
        per_million = price["budget"]
        if question.objective:
            per_million += exact(model.config.weights.cost_points_per_million_cad)
        self._per_cad = per_million / CAD_PER_MILLION
        self._per_yearly_cad = Fraction(0)
        if question.objective:
            rate = exact(model.config.weights.operating_points_per_million_cad)
            self._per_yearly_cad = rate * exact(model.config.operating.years) / CAD_PER_MILLION
        self._known: dict[int, int] = {}
        self._alone = [
            (rate.numerator * POINT, rate.denominator * row.total, row)
            for target in question.most_missing
            if target != "demand"
            for rate, row in [(price[f"alone_{target}"], model.lacking(target))]
            if rate > 0
        ]

    def __call__(self, k: int) -> int:
        """Return the value of a move at its best number of ports, rounded up."""
        like = self._model.alike[k]
        if like not in self._known:
            self._known[like] = self._equipment(self._model.moves[like])
        return self._known[like] + self._adds(k)

    def _adds(self, k: int) -> int:
        """Return what the rows of what each move adds alone pay a move."""
        # rounded up in whole numbers: a fraction would be reduced only to be rounded
        return sum(-(-per_unit * row.alone[k] // whole) for per_unit, whole, row in self._alone)

    def _equipment(self, move: ExactAction) -> int:
        """Return what power and the count of stations bring, less what the move costs."""
        rate = self._price.get(f"unserved_{move.area}", Fraction(0))
        per_kw = rate * self._model.share_per_kw if rate else Fraction(0)
        counted = sum(
            (self._price[f"least_{a}"] - self._price[f"most_{a}"])
            for a in LEVELS
            if move.gives[a] > 0
        )
        return max(
            up(
                POINT
                * (
                    counted
                    + per_kw * (ports * move.port_kw - move.lost_kw)
                    - self._per_cad * (move.fixed_cad + ports * move.port_cad)
                    - self._per_yearly_cad * (move.yearly_cad + ports * move.port_yearly_cad)
                )
            )
            for ports in (move.fewest, move.most)
        )


def _best(options: list[tuple[frozenset[str], int]]) -> int:
    """Return the most that one place gains: nothing, one move, or two that share no level."""
    best = max(value for _, value in options)
    for i, (uses, value) in enumerate(options):
        for other, more in options[i + 1 :]:
            if not uses & other:
                best = max(best, value + more)
    return best


def _whole(values: object, what: str) -> list[int]:
    try:
        return whole(np.asarray(values, np.float64), what)[0]
    except InexactError as error:
        raise UncheckedError(str(error)) from error


def _portion(values: NDArray[np.int64], part: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``values * part / THETA``, rounded down, without an overflow between."""
    high, low = np.divmod(values, THETA)
    return high * part + low * part // THETA


def _total(values: NDArray[np.int64]) -> int:
    """Return a sum of numbers that are not negative and together below ``SAFE``."""
    return int(values.sum())


def _dot(values: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    some = np.flatnonzero(counts)
    return sum(v * c for v, c in zip(values[some].tolist(), counts[some].tolist(), strict=True))


def thetas(text: str, size: int) -> NDArray[np.int64]:
    """Read the parts of the points' gains that their covering rows take, in units of ``THETA``.

    Runs are separated by spaces: ``0*12`` is twelve zeros, ``250000`` one quarter. An empty text
    is nothing of any point.

    Raises
    ------
    UncheckedError
        If the text is no such list, has not one part a point, or a part is not in [0, THETA].
    """
    if not text:
        return np.zeros(size, np.int64)
    values: list[int] = []
    counts: list[int] = []
    for run in text.split(" "):
        read = RUN.fullmatch(run)
        if read is None:
            raise UncheckedError(f"{run[:20]!r} is no part of a covering row's gain")
        values.append(int(read[1]))
        counts.append(int(read[2] or 1))
    if sum(counts) != size:
        raise UncheckedError(f"{sum(counts)} covering rows for {size} points")
    if max(values) > THETA:
        raise UncheckedError("a covering row takes more than its point gains")
    return np.repeat(np.array(values, np.int64), counts)


def leave_out_nothing(branches: Sequence[Branch]) -> bool:
    """Return whether every pair of counts, of L2 and of L3 stations, lies in a branch.

    Between two neighbouring ends of branches one pair stands for all.
    """
    starts = {
        level: sorted(
            {0}
            | {branch.least.get(level, 0) for branch in branches}
            | {branch.most[level] + 1 for branch in branches if level in branch.most}
        )
        for level in LEVELS
    }
    return all(
        any(_holds(branch, {"l2": l2, "l3": l3}) for branch in branches)
        for l2 in starts["l2"]
        for l3 in starts["l3"]
    )


def _holds(branch: Branch, counts: Mapping[Level, int]) -> bool:
    return all(
        branch.least.get(level, 0) <= count <= branch.most.get(level, count)
        for level, count in counts.items()
    )


def stated(plan: Plan, model: Lagrangian) -> Bounds:
    """Return the bounds that the multipliers in a plan file prove.

    Raises
    ------
    UncheckedError
        If a multiplier is none, or an action of the plan is none of the scenario.
    """
    given = plan.proof.branches
    missing = model.missing(plan.actions)
    names = ["shortfall", "plan", *(f"attainable_{target}" for target in TARGETS)]
    stray = sorted(given.keys() - set(names))
    if stray:
        raise UncheckedError(f"no problem {stray[0]!r} to bound")
    found = {
        name: model.bound(model.question(name, missing), given[name])
        for name in names
        if name in given
    }
    return Bounds(
        shortfall_points=_down_points(-found["shortfall"]) if "shortfall" in found else None,
        objective=_up_points(found["plan"]) if "plan" in found else None,
        attainable={
            target: min(1.0, _up_points(value, 100)) if value is not None else None
            for target in TARGETS
            for value in [found.get(f"attainable_{target}")]
        },
    )


DECIMALS = 10**9
"""Bounds are stated with nine decimals, rounded to the weaker side."""


def _up_points(value: int, per: int = 1) -> float:
    return up(Fraction(value * DECIMALS, POINT * per)) / DECIMALS


def _down_points(value: int) -> float:
    return max(0, -up(Fraction(-value * DECIMALS, POINT))) / DECIMALS
