"""A bound that needs no trust: Lagrangian relaxation in whole numbers, from multipliers alone.

The rows that tie places and points together are relaxed: each costs its multiplier times what it
lacks. What is left falls apart, and each piece is maximised by looking at all it can do:

- a demand point is covered or not;
- a place takes none of its actions, one, or two that go together, each with its fewest or its most
  ports (the price is linear in the ports);
- a shortfall, and the energy a municipality lacks, lies between nothing and all there is to lack.

The sum is at least the objective of every plan, *whatever the multipliers are*, as long as those
of inequalities are not negative [Geoffrion, 1974]: a forged multiplier can only weaken the bound.

Rounding. A quotient is rounded up to the next 10^-12 points, and enters the bound as the profit of
something that may be left out or as a constant, so it can only raise the bound. The profit of
covering a point is the sharpest case: it enters as ``max(0, profit - multiplier)``, which never
falls as the profit grows. The multiplier of a covering row is stated as a part of that rounded
profit, in millionths of it, and rounded down; another one, not a wrong bound, is what comes of
that. Sums are of Python's integers, or of 64-bit ones that are checked to be far from their limit.

The plans may be told apart by how many stations come to offer each level, a whole number: then each
such branch has multipliers of its own, two more rows, ``least <= count <= most``, and the largest
bound of all branches is the bound, if no count is left out.

Besides the model's rows there is one that follows from them, for each target: what an action adds
alone, on top of today, is the most it can add to any plan, so
``shortfall + sum_k min(alone_k, missing today) x_k >= missing today`` holds in every plan with
whole actions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kwev.certify.actions import LEVELS, TARGETS
from kwev.certify.exact import UncheckedError, exact, over_one, up
from kwev.certify.exact_model import POINT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.certify.actions import Level, Ports
    from kwev.certify.exact_model import ExactModel, Problem
    from kwev.plan.format import Branch, Optimality

MULTIPLIER = 10**9
"""Units of a row's multiplier in one point."""
PART = 10**6
"""Units of a covering row's multiplier in the whole profit of its point."""
RUN = re.compile(r"([0-9]{1,7})(?:\*([0-9]{1,8}))?")
"""One run of equal parts, as :func:`read_parts` reads them."""
RUNS = re.compile(f"{RUN.pattern}(?: {RUN.pattern})*")
SAFE = 2**62
"""64-bit sums are refused above it."""
CAD_PER_MILLION = 10**6
DECIMALS = 10**9
"""Bounds are stated with nine decimals, rounded to the weaker side."""


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
    least_budget_cad
        No plan that meets every target, within ``HOLD``, costs less (CAD).
    """

    shortfall_points: float | None
    objective: float | None
    attainable: dict[str, float | None]
    least_budget_cad: float | None

    def lacks(self, *, least_budget: bool) -> bool:
        """Return whether a bound is missing, that of a least budget only where it is asked for."""
        found = [self.shortfall_points, self.objective, *self.attainable.values()]
        return None in found or (least_budget and self.least_budget_cad is None)

    def optimality(self) -> Optimality:
        """Return what is proven of the plan: within a gap of the best, or nothing."""
        shown = self.objective is not None and self.shortfall_points is not None
        return "within_gap" if shown else "not_proven"


NO_BOUNDS = Bounds(None, None, dict.fromkeys(TARGETS), None)
"""What no multipliers prove."""


def checked_bounds(
    model: ExactModel, given: Mapping[str, Sequence[Branch]], ports: Ports
) -> Bounds:
    """Return the bounds that multipliers prove.

    Parameters
    ----------
    model
        The scenario.
    given
        By problem, as in a plan file (``proof.branches``).
    ports
        The plan's actions, with the ports that each adds.

    Raises
    ------
    UncheckedError
        If a multiplier is none, or an action of the plan is none of the scenario.
    """
    missing = model.missing(ports)
    names = ["shortfall", "plan", *(f"attainable_{target}" for target in TARGETS), "least_budget"]
    stray = sorted(given.keys() - set(names))
    if stray:
        raise UncheckedError(f"no problem {stray[0]!r} to bound")
    found = {
        name: upper_bound(model, model.problem(name, missing), given[name])
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
        least_budget_cad=_down_cad(-found["least_budget"]) if "least_budget" in found else None,
    )


def upper_bound(model: ExactModel, problem: Problem, branches: Sequence[Branch]) -> int:
    """Return an upper bound on a problem's maximum, in units of ``POINT``.

    Parameters
    ----------
    model
        The scenario.
    problem
        One of its problems.
    branches
        Multipliers; together they must leave out no plan.

    Raises
    ------
    UncheckedError
        If the branches leave out a plan, or a multiplier is none of a row of the problem.
    """
    if not leave_out_nothing(branches):
        raise UncheckedError(f"the branches of {problem.name} leave out some plans")
    return max(branch_bound(model, problem, branch) for branch in branches)


def branch_bound(model: ExactModel, problem: Problem, branch: Branch) -> int:
    """Return an upper bound on a problem's maximum among the plans of one branch.

    Parameters
    ----------
    model
        The scenario.
    problem
        One of its problems.
    branch
        The plans, and the multipliers for them.

    Raises
    ------
    UncheckedError
        If a multiplier is negative, or none of a row of the problem.
    """
    return _RelaxedProblem(model, problem, branch).maximum()


class _RelaxedProblem:
    """A problem whose rows cost their multipliers, for the plans of one branch.

    ``multipliers`` are those of rows (points per million CAD, or per share), 0 where none is given.
    """

    def __init__(self, model: ExactModel, problem: Problem, branch: Branch) -> None:
        names = model.row_names(problem)
        stray = sorted(branch.rows.keys() - set(names))
        stray += sorted(branch.cover.keys() - set(problem.cover_names))
        if stray:
            raise UncheckedError(f"multiplier of no row: {', '.join(stray)}")
        if any(value < 0 for value in branch.rows.values()):
            raise UncheckedError("a multiplier is negative")
        for level in LEVELS:
            if branch.rows.get(f"most_{level}", 0) and level not in branch.most:
                raise UncheckedError(f"multiplier of no row: most_{level}")
        self._model, self._problem, self._branch = model, problem, branch
        self._multipliers = {name: Fraction(branch.rows.get(name, 0), MULTIPLIER) for name in names}
        self._known_prices: dict[tuple[str, tuple[int, ...]], tuple[int, list[int]]] = {}

    def maximum(self) -> int:
        """Return the largest value, rounded up, in units of ``POINT``."""
        kept, paid = self._points_profit()
        total = kept + self._places_profit(paid)
        return total + self._shortfall_profit() + self._right_hand_sides()

    # -- points ----------------------------------------------------------------------------------

    def _points_profit(self) -> tuple[int, list[int]]:
        """Return what the points keep for themselves, and what covering rows pay each option."""
        model, kept = self._model, 0
        paid_options = [0] * len(model.options)
        for target in self._problem.cover_names:
            cover, profit = model.covers[target], self._cover_profit(target)
            if sum(profit) >= SAFE:
                raise UncheckedError("multipliers too large for whole numbers of 64 bits")
            values = np.array(profit, np.int64)
            parts = read_parts(self._branch.cover.get(target, ""), len(values))
            paid = np.where(cover.open_points, _portion(values, parts), 0)
            kept += int(values[cover.always | cover.open_points].sum()) - int(paid.sum())
            kept += _dot(paid, cover.losable)
            for level in model.levels_of(target):
                which, starts, near = model.changes[level]
                if which:
                    # no sum is above that of all points, which is below SAFE
                    sums = np.add.reduceat(paid[near], starts).tolist()
                    for k, total in zip(which, sums, strict=True):
                        paid_options[k] += model.options[k].gives[level] * total
        return kept, paid_options

    def _cover_profit(self, target: str) -> list[int]:
        """Return what covering each point is worth, rounded up."""
        model, problem = self._model, self._problem
        profit = [0] * len(model.counts(target))
        if problem.objective and target in LEVELS:
            profit = model.weighted(exact(getattr(model.config.weights, target)))
        counts = model.counts(target)
        per_share = self._multipliers.get(f"target_{target}", Fraction(0))
        per_share += 100 if problem.share == target else 0
        factor = per_share * POINT / max(sum(counts), 1)
        if factor:
            top, bottom = factor.numerator, factor.denominator
            profit = [p - (-n * top // bottom) for p, n in zip(profit, counts, strict=True)]
        return profit

    # -- places ----------------------------------------------------------------------------------

    def _places_profit(self, paid: list[int]) -> int:
        """Return the most that all places can gain, each from its best options."""
        places: dict[str, list[tuple[frozenset[Level], int]]] = {}
        equipment: dict[int, int] = {}
        # rounded up in whole numbers: a fraction would be reduced only to be rounded
        deficits = [
            (rate.numerator * POINT, rate.denominator * deficit.total, deficit.alone)
            for target in self._problem.short_targets
            for rate, deficit in [
                (self._multipliers[f"alone_{target}"], self._model.deficit(target))
            ]
            if rate > 0
        ]
        for k, option in enumerate(self._model.options):
            alike = self._model.alike[k]
            if alike not in equipment:
                equipment[alike] = self._equipment_profit(alike)
            profit = paid[k] + equipment[alike]
            profit += sum(-(-per_unit * alone[k] // whole) for per_unit, whole, alone in deficits)
            if profit > 0:
                places.setdefault(option.key.place_id, []).append((option.settles, profit))
        return sum(_best(options) for options in places.values())

    @cached_property
    def _per_cad(self) -> Fraction:
        """Points lost for a CAD spent."""
        weights = self._model.config.weights
        per_million = self._multipliers.get("budget", Fraction(0)) + self._problem.cost
        if self._problem.objective:
            per_million += exact(weights.cost_points_per_million_cad)
        return per_million / CAD_PER_MILLION

    @cached_property
    def _per_yearly_cad(self) -> Fraction:
        """Points lost for a CAD of operating cost a year."""
        config = self._model.config
        rate = exact(config.weights.operating_points_per_million_cad)
        years = config.operating.years if self._problem.objective else 0
        return rate * exact(years) / CAD_PER_MILLION

    def _equipment_profit(self, k: int) -> int:
        """Return what power and the count of stations bring, less the cost, at the best ports."""
        option, (unit, changes) = self._model.options[k], self._model.equipment
        below, prices = self._prices(option.area, tuple(option.gives.values()))
        sums = (
            sum(n * price for n, price in zip((unit, *numbers), prices, strict=True))
            for numbers in changes[k]
        )
        return max(-(-POINT * brought // (unit * below)) for brought in sums)

    def _prices(self, area: str, gives: tuple[int, ...]) -> tuple[int, list[int]]:
        """Return what an action itself, a kW, a CAD and a CAD a year bring, over one whole number.

        Of an action of a municipality that brings or takes away so many stations by level.
        """
        if (area, gives) not in self._known_prices:
            rate = self._multipliers.get(f"unserved_{area}", Fraction(0))
            counted = sum(
                (
                    self._multipliers[f"least_{level}"] - self._multipliers[f"most_{level}"]
                    for level, given in zip(LEVELS, gives, strict=True)
                    if given > 0
                ),
                Fraction(0),
            )
            per_kw = rate * self._model.share_per_kw if rate else Fraction(0)
            self._known_prices[area, gives] = over_one(
                [counted, per_kw, -self._per_cad, -self._per_yearly_cad]
            )
        return self._known_prices[area, gives]

    # -- shortfalls and constants ----------------------------------------------------------------

    def _shortfall_profit(self) -> int:
        """Return the most that shortfalls and unserved energy can gain."""
        problem, rows, zero, total = self._problem, self._multipliers, Fraction(0), 0
        for target, most in problem.most_missing.items():
            rate = rows[f"target_{target}"] + rows.get(f"alone_{target}", 0)
            total += up(max(zero, (rate - problem.shortfall_points) * most * POINT))
        if "demand" in problem.most_missing:
            for area, need in self._model.need.items():
                rate = rows[f"unserved_{area}"] - rows["target_demand"]
                total += up(max(zero, rate * need * POINT))
        return total

    def _right_hand_sides(self) -> int:
        """Return what the right-hand sides of the relaxed rows add."""
        model, rows, branch = self._model, self._multipliers, self._branch
        paid = rows.get("budget", Fraction(0))
        total = paid * exact(model.config.budget.limit_cad) / CAD_PER_MILLION
        for level in LEVELS:
            if rows[f"most_{level}"] > 0:
                total += rows[f"most_{level}"] * branch.most[level]
            total -= rows[f"least_{level}"] * branch.least.get(level, 0)
        for target in self._problem.short_targets:
            total -= rows[f"target_{target}"] * model.targets[target]
            total -= rows[f"alone_{target}"] * model.deficit(target).missing
        if "demand" in self._problem.most_missing:
            for area, need in model.need.items():
                total += rows[f"unserved_{area}"] * (model.supply[area] - need)
        return up(total * POINT)


def _best(options: list[tuple[frozenset[Level], int]]) -> int:
    """Return the most that one place gains: nothing, one option, or two that share no level."""
    best = max(profit for _, profit in options)
    for i, (settles, profit) in enumerate(options):
        for other, more in options[i + 1 :]:
            if not settles & other:
                best = max(best, profit + more)
    return best


def _portion(values: NDArray[np.int64], parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``values * parts / PART``, rounded down, without an overflow between."""
    high, low = np.divmod(values, PART)
    return high * parts + low * parts // PART


def _dot(values: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    some = np.flatnonzero(counts)
    return sum(v * c for v, c in zip(values[some].tolist(), counts[some].tolist(), strict=True))


def read_parts(text: str, size: int) -> NDArray[np.int64]:
    """Read the parts of the points' profits that their covering rows take, in units of ``PART``.

    Parameters
    ----------
    text
        Runs separated by spaces: ``0*12`` is twelve zeros, ``250000`` one quarter. An empty text is
        nothing of any point.
    size
        Number of points.

    Returns
    -------
    ndarray
        Shape (size,).

    Raises
    ------
    UncheckedError
        If the text is no such list, has not one part a point, or a part is not in [0, PART].
    """
    if not text:
        return np.zeros(size, np.int64)
    if not RUNS.fullmatch(text):
        stray = next(run for run in text.split(" ") if not RUN.fullmatch(run))
        raise UncheckedError(f"{stray[:20]!r} is no part of a covering row's profit")
    runs = RUN.findall(text)
    values, counts = [int(value) for value, _ in runs], [int(count or 1) for _, count in runs]
    if sum(counts) != size:
        raise UncheckedError(f"{sum(counts)} covering rows for {size} points")
    if max(values) > PART:
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


def _up_points(value: int, per: int = 1) -> float:
    return up(Fraction(value * DECIMALS, POINT * per)) / DECIMALS


def _down_points(value: int) -> float:
    return max(0, -up(Fraction(-value * DECIMALS, POINT))) / DECIMALS


def _down_cad(value: int) -> float:
    """Return money in whole cents, a point of the bound being a million CAD."""
    return -up(Fraction(-value * CAD_PER_MILLION * 100, POINT)) / 100
