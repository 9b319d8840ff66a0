"""Multipliers for the checked bound: the duals of a linear relaxation, rounded.

The relaxation is written from the data of :mod:`kwev.certify.exact_model`, so that a bound comes
out for whatever options stand there; what is proven is proven by :mod:`kwev.certify.dual_bound`,
whatever is found here. Demand points that the same options reach have one row. The row of what each
option adds alone stands beside each target: without it a fraction of one conversion meets a target
in the relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from kwev.certify.actions import LEVELS, TARGETS, ActionKey
from kwev.certify.dual_bound import MULTIPLIER, PART, branch_bound, checked_bounds
from kwev.certify.exact import UncheckedError
from kwev.certify.exact_model import POINT, ExactModel, Problem
from kwev.plan.format import Branch, Plan, Proof, relative_gap
from kwev.solve.highs import BlockProgram, own_threads
from kwev.units import CAD_PER_MILLION, CAD_SCALE, POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kwev.certify.actions import Ports
    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.vocabulary import LevelKey

MOST_BRANCHES = 8
"""Branches of one problem, at most: each adds its multipliers to the plan file."""
NEAR = 2e-5
"""A bound this near to the plan, in parts of its value, is good enough."""
WHOLE = 1e-6
"""A count this near to a whole number is one."""
BEYOND_POINTS = 1e3
"""What a station over or under a branch's counts costs in the relaxation (points)."""


def proven(plan: Plan, tables: Tables, case: Case) -> Plan:
    """Return a plan with its checked bounds and the multipliers that prove them.

    Where the scenario has a setting that the bound does not know, the bounds are missing and the
    proof says so.
    """
    try:
        model = ExactModel(tables, case.config, case.geography)
    except UncheckedError:
        return plan.model_copy(update={"proof": Proof(missing="no_exact_model", branches={})})
    ports = {ActionKey(a.kind, a.place_id): a.ports_added for a in plan.actions}
    try:
        given = multipliers(model, ports, _values(plan))
        bounds = checked_bounds(model, given, ports)
    except UncheckedError:
        return plan.model_copy(update={"proof": Proof(missing="no_multipliers", branches={})})
    quality, objective = plan.quality, bounds.objective
    lacks = bounds.lacks(least_budget=plan.cost.least_budget_cad is not None)
    parts: dict[str, dict[str, Any]] = {
        "proof": {"missing": "no_multipliers" if lacks else None, "branches": given},
        "quality": {
            "bound_checked": objective,
            "gap_checked": None
            if objective is None
            else relative_gap(quality.objective, objective),
            "status": bounds.optimality(),
        },
        "shortfall": {"bound_checked_points": bounds.shortfall_points},
        "cost": {"least_budget_bound_checked_cad": bounds.least_budget_cad},
        "coverage": {
            target: getattr(plan.coverage, target).model_copy(update={"bound_checked": most})
            for target, most in bounds.attainable.items()
        },
    }
    return plan.model_copy(
        update={name: getattr(plan, name).model_copy(update=new) for name, new in parts.items()}
    )


def multipliers(
    model: ExactModel, ports: Ports, wanted: Mapping[str, float]
) -> dict[str, list[Branch]]:
    """Return branches with multipliers for each problem whose relaxation can be solved.

    Parameters
    ----------
    model
        The scenario.
    ports
        A plan's actions, with the ports that each adds.
    wanted
        By problem, what a plan shows of its maximum (points): no bound is below it.
    """
    missing, relaxation = model.missing(ports), Relaxation(model)
    with own_threads():
        found = {
            name: relaxation.branches(model.problem(name, missing), value)
            for name, value in wanted.items()
        }
    return {name: branches for name, branches in found.items() if branches}


def _values(plan: Plan) -> dict[str, float]:
    """Return what the plan itself shows of each problem's maximum (points)."""
    shown = {
        f"attainable_{target}": POINTS * (getattr(plan.coverage, target).attainable or 0.0)
        for target in TARGETS
    }
    if plan.cost.least_budget_cad is not None:
        shown["least_budget"] = -plan.cost.least_budget_cad / CAD_PER_MILLION
    return {"shortfall": -plan.shortfall.total_points, "plan": plan.quality.objective, **shown}


@dataclass(frozen=True)
class _Groups:
    """Points of a target that the same options reach, and what reaches them.

    Attributes
    ----------
    of_point
        Shape (n,): group of each point, -1 where it is covered anyway or out of every reach.
    reach
        Shape (g, m): stations that an option brings or takes away.
    losable
        Shape (g,): stations within reach today.
    """

    of_point: NDArray[np.int64]
    reach: sparse.csr_array
    losable: NDArray[np.float64]


@dataclass(frozen=True)
class _Leaf:
    """A branch, what it proves (points), and where it may be split: a level and a count."""

    branch: Branch
    bound: float
    split: tuple[LevelKey, int] | None


class Relaxation:
    """The linear relaxations of a scenario's problems.

    Parameters
    ----------
    model
        The scenario, as the bound sees it.
    """

    def __init__(self, model: ExactModel) -> None:
        self._model = model
        self._groups: dict[str, _Groups] = {}
        options = model.options
        self._fewest = np.array([option.fewest for option in options], float)
        self._more = np.array([option.most - option.fewest for option in options], float)
        self._fixed_cad = np.array([float(option.fixed.net_cad) for option in options])
        self._port_cad = np.array([float(option.per_port.net_cad) for option in options])
        self._yearly_cad = np.array([float(option.fixed.yearly_cad) for option in options])
        self._port_yearly_cad = np.array([float(option.per_port.yearly_cad) for option in options])
        self._fixed_kw = np.array([float(option.fixed.kw) for option in options])
        self._port_kw = np.array([float(option.per_port.kw) for option in options])
        self._area = np.array([option.area for option in options], str)
        self._counted: dict[LevelKey, list[int]] = {
            level: [k for k, option in enumerate(model.options) if option.gives[level] > 0]
            for level in LEVELS
        }

    def branches(self, problem: Problem, wanted: float) -> list[Branch]:
        """Return branches with rounded duals, the worst of them split until ``wanted`` is near.

        A branch is split at a count of stations that its relaxation leaves fractional.

        Parameters
        ----------
        wanted
            The value of a plan (points): no bound is below it.
        """
        program = self._program(problem)
        first = self._leaf(problem, program, {}, {})
        leaves = [first] if first is not None else []
        while leaves and len(leaves) < MOST_BRANCHES:
            leaves.sort(key=lambda leaf: -leaf.bound)
            worst = leaves[0]
            if worst.split is None or worst.bound <= wanted + NEAR * max(1.0, abs(wanted)):
                break
            level, floor = worst.split
            least, most = worst.branch.least, worst.branch.most
            below = self._leaf(problem, program, least, {**most, level: floor})
            above = self._leaf(problem, program, {**least, level: floor + 1}, most)
            if below is None or above is None:
                break
            leaves[:1] = [below, above]
        return [leaf.branch for leaf in leaves]

    def _leaf(
        self,
        problem: Problem,
        program: BlockProgram,
        least: dict[LevelKey, int],
        most: dict[LevelKey, int],
    ) -> _Leaf | None:
        """Return the branch of some counts, or None where its relaxation was not solved."""
        for level in LEVELS:
            program.between(f"count_{level}", least.get(level, 0), most.get(level, np.inf))
        solution = program.solve()
        if solution is None:
            return None
        duals, values = solution
        rows = {
            name: _units(duals[name][0]) for name in self._model.row_names(problem) if name in duals
        }
        # duals of the budget are per CAD_SCALE, its multiplier is per million
        if not problem.cost:
            rows["budget"] = _units(duals["budget"][0] * (CAD_PER_MILLION / CAD_SCALE))
        for level in LEVELS:
            price = duals[f"count_{level}"][0]
            rows[f"least_{level}"] = _units(-price)
            rows[f"most_{level}"] = _units(price) if level in most else 0
        cover = {
            target: self._cover_parts(problem, target, rows, duals[f"cover_{target}"])
            for target in problem.cover_names
        }
        branch = Branch(
            least=least, most=most, rows={name: n for name, n in rows.items() if n}, cover=cover
        )
        counts = {level: float(sum(values[k] for k in self._counted[level])) for level in LEVELS}
        split = next(
            (
                (level, int(count))
                for level, count in reversed(counts.items())
                if abs(count - round(count)) > WHOLE
            ),
            None,
        )
        return _Leaf(branch, branch_bound(self._model, problem, branch) / POINT, split)

    def _cover_parts(
        self,
        problem: Problem,
        target: str,
        rows: Mapping[str, int],
        duals: NDArray[np.float64],
    ) -> str:
        """Return the parts of the points' profits that their covering rows take, as text."""
        groups = self._group(target)
        price = {f"target_{target}": rows.get(f"target_{target}", 0) / MULTIPLIER}
        profit = self._cover_profit(problem, target, price[f"target_{target}"])
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(profit > 0, np.clip(duals / profit, 0, 1), 1)
        of_group = np.rint(part * PART).astype(np.int64)
        hangs = groups.of_point >= 0
        of_point = np.full(len(hangs), -1)
        of_point[hangs] = of_group[groups.of_point[hangs]]
        return written(of_point)

    def _group(self, target: str) -> _Groups:
        if target not in self._groups:
            self._groups[target] = _grouped(self._model, target)
        return self._groups[target]

    def _cover_profit(self, problem: Problem, target: str, per_share: float) -> NDArray[np.float64]:
        """Return what covering each group is worth (points), a share of the target included."""
        groups, model = self._group(target), self._model
        counts = np.array(model.counts(target), np.float64)
        per_share += 100 if problem.share == target else 0
        profit = per_share * counts / max(counts.sum(), 1.0)
        if problem.objective and target in ("l2", "l3"):
            weight = getattr(model.config.weights, target)
            profit = profit + weight * (np.array(model.weights, np.float64) / POINT)
        hangs = groups.of_point >= 0
        sums = np.bincount(groups.of_point[hangs], profit[hangs], minlength=len(groups.losable))
        return sums.astype(np.float64)

    def _program(self, problem: Problem) -> BlockProgram:
        model = self._model
        program, options = BlockProgram(), model.options
        most, each = self._more, self._port_cad
        fixed = self._fixed_cad + self._fewest * each
        price_fixed, price_each = np.zeros(len(options)), np.zeros(len(options))
        if problem.cost:  # a point for a million
            price_each, price_fixed = each / CAD_PER_MILLION, self._fixed_cad / CAD_PER_MILLION
            price_fixed = price_fixed + self._fewest * price_each
        if problem.objective:
            weights = model.config.weights
            rate = weights.cost_points_per_million_cad / CAD_PER_MILLION
            run = weights.operating_points_per_million_cad / CAD_PER_MILLION
            run *= model.config.operating.years
            price_each = rate * each + run * self._port_yearly_cad
            price_fixed = rate * self._fixed_cad + run * self._yearly_cad
            price_fixed += self._fewest * price_each
        build = program.variables(np.ones(len(options)), -price_fixed)
        extra = program.variables(most, -price_each)
        program.at_most(
            "budget",
            {build: fixed / CAD_SCALE, extra: each / CAD_SCALE},
            np.inf if problem.cost else model.config.budget.limit_cad / CAD_SCALE,
        )
        spread = sparse.eye_array(len(options))
        program.at_most(
            "ports", {extra: spread, build: -sparse.diags_array(most)}, np.zeros(len(options))
        )
        for level in ("l2", "l3"):
            program.at_most(f"place_{level}", {build: _one_each(model, level)}, 1.0)
        for level in LEVELS:
            counted = np.zeros(len(options))
            counted[self._counted[level]] = 1.0
            # counts out of reach cost a lot, so that duals there speak of that
            beyond = program.variables(np.full(2, np.inf), np.full(2, -BEYOND_POINTS))
            program.at_most(
                f"count_{level}", {build: counted, beyond: np.array([1.0, -1.0])}, np.inf
            )
        for target in problem.cover_names:
            self._cover_rows(program, problem, target, build)
        if "demand" in problem.most_missing:
            self._energy_rows(program, problem, build, extra)
        return program

    def _cover_rows(
        self, program: BlockProgram, problem: Problem, target: str, build: range
    ) -> None:
        model, groups = self._model, self._group(target)
        covered = program.variables(
            np.ones(len(groups.losable)), self._cover_profit(problem, target, 0.0)
        )
        one = sparse.eye_array(len(groups.losable))
        program.at_most(f"cover_{target}", {covered: one, build: -groups.reach}, groups.losable)
        if target not in problem.most_missing:
            return
        short = program.variables(
            np.array([float(problem.most_missing[target])]),
            np.array([-float(problem.shortfall_points)]),
        )
        counts = np.array(model.counts(target), np.float64)
        share = counts / max(counts.sum(), 1.0)
        hangs = groups.of_point >= 0
        shares = np.bincount(groups.of_point[hangs], share[hangs], minlength=len(groups.losable))
        always = float(share[model.covers[target].always].sum())
        program.at_least(
            f"target_{target}",
            {covered: shares, short: np.ones(1)},
            float(model.targets[target]) - always,
        )
        row = model.deficit(target)
        program.at_least(
            f"alone_{target}",
            {build: np.array(row.alone, float) / row.total, short: np.ones(1)},
            float(row.missing),
        )

    def _energy_rows(
        self, program: BlockProgram, problem: Problem, build: range, extra: range
    ) -> None:
        model = self._model
        short = program.variables(
            np.array([float(problem.most_missing["demand"])]),
            np.array([-float(problem.shortfall_points)]),
        )
        areas = sorted(model.need)
        need = np.array([float(model.need[area]) for area in areas])
        unserved = program.variables(need, np.zeros(len(areas)))
        per_kw = float(model.share_per_kw)
        for i, area in enumerate(areas):
            here = (self._area == area).astype(float)
            program.at_least(
                f"unserved_{area}",
                {
                    build: here * (self._fewest * self._port_kw + self._fixed_kw) * per_kw,
                    extra: here * self._port_kw * per_kw,
                    unserved: (np.arange(len(areas)) == i).astype(float),
                },
                need[i] - float(model.supply[area]),
            )
        program.at_least("target_demand", {short: np.ones(1), unserved: -np.ones(len(areas))}, 0.0)


def _units(value: float) -> int:
    """Return a multiplier in whole units, none below 0."""
    return max(0, round(value * MULTIPLIER))


def written(parts: NDArray[np.int64]) -> str:
    """Return parts as text in runs; what is negative has no row and goes with its neighbour."""
    known = np.flatnonzero(parts >= 0)
    if len(known) == 0:
        return ""
    before = np.maximum.accumulate(np.where(parts >= 0, np.arange(len(parts)), known[0]))
    filled = parts[before]
    starts = np.flatnonzero(np.diff(filled, prepend=filled[0] - 1))
    lengths = np.diff(starts, append=len(filled))
    runs = zip(filled[starts].tolist(), lengths.tolist(), strict=True)
    return " ".join(str(value) if n == 1 else f"{value}*{n}" for value, n in runs)


def _one_each(model: ExactModel, level: str) -> sparse.csr_array:
    """Return rows by place: its options that settle a level, of which one may be taken."""
    places: dict[str, int] = {}
    row, column = [], []
    for k, option in enumerate(model.options):
        if level in option.settles:
            row.append(places.setdefault(option.key.place_id, len(places)))
            column.append(k)
    return sparse.csr_array(
        (np.ones(len(row)), (row, column)), shape=(len(places), len(model.options))
    )


def _grouped(model: ExactModel, target: str) -> _Groups:
    """Group the points of a target by what reaches them.

    The key of a point is a sum of random 64-bit numbers, one an option, modulo 2^64. Two different
    rows with one key would only weaken the bound.
    """
    cover = model.covers[target]
    size = len(cover.always)
    point, move, change = [], [], []
    for level in model.levels_of(target):
        for k, near in enumerate(model.reach[level]):
            sign = model.options[k].gives[level]
            if sign:
                point.append(near)
                move.append(np.full(len(near), k))
                change.append(np.full(len(near), sign))
    none = np.empty(0, np.int64)
    rows, columns, signs = (np.concatenate([none, *part]) for part in (point, move, change))
    hangs = cover.open_points[rows]
    triples = (signs[hangs].astype(float), (rows[hangs], columns[hangs]))
    matrix = sparse.csr_array(sparse.coo_array(triples, shape=(size, len(model.options))))
    matrix.eliminate_zeros()
    random = np.random.default_rng(0)
    names = random.integers(0, 2**63, len(model.options) + 1, np.int64).astype(np.uint64)
    key = matrix.astype(np.int64).astype(np.uint64) @ names[:-1]
    key = key + cover.losable.astype(np.uint64) * names[-1]
    open_points = np.flatnonzero(cover.open_points)
    _, first, group = np.unique(key[open_points], return_index=True, return_inverse=True)
    of_point = np.full(size, -1)
    of_point[open_points] = group
    chosen = open_points[first]
    return _Groups(of_point, sparse.csr_array(matrix[chosen]), cover.losable[chosen].astype(float))
