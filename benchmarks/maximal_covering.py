"""Maximal covering at scale: a choice near the best, and a bound that says how near.

The parts of :mod:`benchmarks.covering` and :mod:`benchmarks.interchange` around HiGHS, each on
what the one before left over: the relaxation gives prices and a first bound; choices drawn from
it and improved by interchange name the few sites that good choices are made of; the program over
these alone is small enough to be solved; with its value, most sites are ruled out by their
prices; what is left is searched until the gap asked for is proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from benchmarks.covering import SLACK, Covering, Dual, dual_bound, greedy, subgradient
from benchmarks.interchange import Exchange
from kwev.errors import KwevError
from kwev.solve.highs import LinearProgram, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DRAWS, STEPS, TENURE = 30, 400, 10
"""Choices drawn from the relaxation, exchanges on each, and for how long one is tabu."""

POOL = 15
"""Best choices whose sites the restricted program may use."""

LIKELY = 0.05
"""Sites of at least this value in the relaxation are in the restricted program too."""

RESTRICTED_GAP, RESTRICTED_SHARE = 1e-4, 0.4
"""Gap at which the restricted program stops, and its most of the time that is left."""

MARGIN = 0.95
"""Part of the gap asked for at which sites are ruled out and the search stops."""


@dataclass(frozen=True)
class Effort:
    """How far and how long to search.

    Attributes
    ----------
    gap
        Relative gap at which to stop (share); 0 proves the optimum.
    seconds
        Longest time (s) by the clock, set-up included; the answer then is the best so far with its
        honest gap.
    clock
        What the seconds are counted by: wall time, or process time on a machine that is shared.
    seed
        Of draws and solver.
    threads
        Of the solver.
    """

    gap: float = 1e-4
    seconds: float = 150.0
    clock: Callable[[], float] = perf_counter
    seed: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Step:
    """Where the search stood after one of its parts.

    Attributes
    ----------
    name
        The part.
    value, bound
        Weight covered by the best choice so far, and the bound.
    sites
        Sites the part worked on.
    seconds, process_seconds
        Wall and process time since the start (s).
    """

    name: str
    value: float
    bound: float
    sites: int
    seconds: float
    process_seconds: float


@dataclass(frozen=True)
class Covered:
    """A choice of sites and what is known of it.

    Attributes
    ----------
    chosen
        Sites, sorted.
    value
        Weight they cover.
    bound
        No choice within the budget covers more (floating point, widened for rounding).
    gap
        ``(bound - value) / value`` (share; 0 where nothing can be covered).
    seconds, process_seconds
        Wall and process time (s).
    steps
        How the search went.
    """

    chosen: NDArray[np.int64]
    value: float
    bound: float
    gap: float
    seconds: float
    process_seconds: float
    steps: tuple[Step, ...]


def solve_covering(
    covering: Covering,
    effort: Effort | None = None,
    progress: Callable[[Step], None] = lambda _: None,
) -> Covered:
    """Choose sites that cover the most weight within the budget.

    Parameters
    ----------
    covering
        The problem.
    effort
        When to stop; the defaults of :class:`Effort` where it is None.
    progress
        Called after each part of the search.

    Returns
    -------
    Covered
        Always a choice within the budget; choosing nothing is one. The same for the same problem
        and effort, unless the time ran out.

    Raises
    ------
    KwevError
        If HiGHS breaks down.
    """
    effort = effort or Effort()
    began = _Began(perf_counter(), process_time(), effort.clock())
    search = _Search(covering.grouped(), effort, progress, began)
    # HiGHS keeps the first number of threads it is given for the process, and refuses another
    highspy.Highs.resetGlobalScheduler(True)
    try:
        search.run()
    finally:
        highspy.Highs.resetGlobalScheduler(True)
    value = covering.value(search.chosen)
    # the sum over groups and over points may differ in the last digits
    bound = max(search.bound, value)
    return Covered(
        chosen=search.chosen,
        value=value,
        bound=bound,
        gap=gap_of(value, bound),
        seconds=search.steps[-1].seconds,
        process_seconds=search.steps[-1].process_seconds,
        steps=tuple(search.steps),
    )


def gap_of(value: float, bound: float) -> float:
    """Return ``(bound - value) / value`` (share; 0 where both are equal)."""
    return 0.0 if bound <= value else (bound - value) / value if value > 0 else float("inf")


@dataclass(frozen=True)
class _Began:
    """When a search began, set-up included: by wall, by process, and by the clock of its limit."""

    wall: float
    process: float
    clock: float


@dataclass
class _Search:
    """The best choice and bound so far; each method is one part of the search."""

    covering: Covering
    effort: Effort
    progress: Callable[[Step], None]
    began: _Began
    steps: list[Step] = field(default_factory=list)
    chosen: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    value: float = 0.0
    bound: float = float("inf")

    def __post_init__(self) -> None:
        self.bound = float(self.covering.weight.sum())

    def run(self) -> None:
        """Go from part to part until the gap is proven or the time is over."""
        self._start()
        if self._done():
            return
        dual, likely = self._relax()
        if self._done():
            return
        kept = self._draw(dual, likely)
        if self._done():
            return
        self._restricted(kept)
        if self._done():
            return
        self._close(dual)

    def _left(self) -> float:
        return self.effort.seconds - (self.effort.clock() - self.began.clock)

    def _over(self) -> bool:
        return self._left() <= 0

    def _done(self) -> bool:
        proven = gap_of(self.value, self.bound) <= max(self.effort.gap, 10 * SLACK)
        return proven or self._over()

    def _note(self, name: str, sites: int) -> None:
        wall, process = perf_counter() - self.began.wall, process_time() - self.began.process
        self.steps.append(Step(name, self.value, self.bound, sites, wall, process))
        self.progress(self.steps[-1])

    def _offer(self, chosen: NDArray[np.int64]) -> None:
        value = self.covering.value(chosen)
        if value > self.value and self.covering.affords(chosen):
            self.chosen, self.value = np.sort(chosen), value

    def _start(self) -> None:
        choice = Exchange(self.covering, greedy(self.covering))
        choice.descend(self._over)
        self._offer(choice.chosen)
        self._note("greedy with swaps", self.covering.sites)

    def _relax(self) -> tuple[Dual, NDArray[np.float64]]:
        """Solve the relaxation for prices; without an answer in time the subgradient method."""
        relaxed = _relaxation(self.covering, self.effort, self._left())
        if relaxed is None:
            dual = subgradient(self.covering, self.value, steps=200, over=self._over)
            likely = (dual.reduced >= 0).astype(np.float64)
        else:
            price, likely = relaxed
            dual = dual_bound(self.covering, price)
        self.bound = min(self.bound, dual.bound)
        self._note("relaxation", self.covering.sites)
        return dual, likely

    def _draw(self, dual: Dual, likely: NDArray[np.float64]) -> NDArray[np.int64]:
        """Draw choices from the relaxation, improve each, and return the sites of the best."""
        covering = self.covering
        near = np.argsort(-dual.reduced, kind="stable")[: 2 * max(len(self.chosen), 1)]
        candidates = np.union1d(np.union1d(near, self.chosen), np.flatnonzero(likely > SLACK))
        part, here = covering.only(candidates), likely[candidates]
        draw = np.random.default_rng(self.effort.seed)
        found: dict[tuple[int, ...], float] = {}
        for k in range(DRAWS):
            first = -here if k == 0 else np.log(draw.random(len(here))) / np.maximum(here, 1e-3)
            # the first is the relaxation rounded, the others are drawn without replacement
            order = np.argsort(first if k == 0 else -first, kind="stable")
            choice = Exchange(part, _within_budget(part, order))
            choice.descend(self._over)
            steps = min(STEPS, 4 * len(candidates))
            choice.search(steps, TENURE, self.effort.seed + k, self._over)
            sites = candidates[choice.chosen]
            found[tuple(sites.tolist())] = choice.value
            self._offer(sites)
            if self._done():
                break
        self._note("draws with tabu search", len(candidates))
        best = sorted(found, key=lambda sites: (-found[sites], sites))[:POOL]
        pool = np.array(sorted({i for sites in best for i in sites}), np.int64)
        return np.union1d(np.union1d(pool, self.chosen), np.flatnonzero(likely > LIKELY))

    def _restricted(self, kept: NDArray[np.int64]) -> None:
        """Solve the program over a few sites: a better choice, and no bound."""
        seconds = RESTRICTED_SHARE * self._left()
        program = _Program(self.covering, kept, np.zeros(len(kept)))
        found, _ = program.solve(self.effort, RESTRICTED_GAP, seconds, self.chosen, {})
        self._offer(found)
        self._note("restricted program", len(kept))

    def _close(self, dual: Dual) -> None:
        """Rule sites out by their prices and search the rest until the gap is proven.

        A choice that the prices rule out is worth ``target`` at most, and any other is worth the
        bound of the program over the rest at most: the larger of the two bounds them all.
        """
        gap = MARGIN * self.effort.gap
        target = self.value * (1 + gap)
        closed, forced = dual.closed(target), dual.forced(target)
        if (closed & forced).any():  # no choice is worth more than the target
            self.bound = min(self.bound, target)
            self._note("closing search", 0)
            return
        kept = np.flatnonzero(~closed | np.isin(np.arange(self.covering.sites), self.chosen))
        program = _Program(self.covering, kept, forced[kept].astype(np.float64))
        found, bound = program.solve(self.effort, gap, self._left(), self.chosen, _CLOSING)
        self._offer(found)
        self.bound = max(min(self.bound, max(bound, target)), self.value)
        self._note("closing search", len(kept))


_CLOSING: dict[str, Any] = {
    # the choice at hand is good: all effort goes into the bound, and strong branching ends early
    "mip_heuristic_effort": 0.0,
    "mip_pscost_minreliable": 2,
    "mip_allow_restart": False,
}


def _within_budget(covering: Covering, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sites taken in order as long as each still fits the budget."""
    spent, limit = 0.0, covering.budget * (1 + SLACK)
    taken = []
    for i in order:
        if spent + covering.cost[i] <= limit:
            spent += covering.cost[i]
            taken.append(int(i))
    return np.array(sorted(taken), np.int64)


def _relaxation(
    covering: Covering, effort: Effort, seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return prices of the points and values of the sites, or None where time ran out.

    The interior point method without crossover: prices need not be a corner, since
    :func:`benchmarks.covering.dual_bound` makes a valid bound of any.
    """
    program = _Program(covering, np.arange(covering.sites), np.zeros(covering.sites))
    options = {"solver": "ipm", "run_crossover": "off"}
    limits = {"threads": effort.threads, "random_seed": effort.seed, **_wall_limit(effort, seconds)}
    solver = program.loaded({**options, **limits}, whole=False)
    ends = effort.clock() + seconds
    solver.cbIpmInterrupt += lambda event: event.interrupt(effort.clock() > ends)
    solver.run()
    if solver.getInfo().dual_solution_status == highspy.kSolutionStatusNone:
        return None
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    price = program.prices(np.array(solution.row_dual, np.float64))
    return price, np.clip(np.array(solution.col_value[: covering.sites]), 0.0, 1.0)


def _wall_limit(effort: Effort, seconds: float) -> dict[str, float]:
    """Return HiGHS's own limit where the clock is its own.

    It looks there more often than it lets itself be interrupted. By process time, on a machine that
    is shared, it may take several times as long as the wall says.
    """
    return {"time_limit": max(seconds, 0.0)} if effort.clock is perf_counter else {}


class _Program:
    """The covering program over some of the sites, as HiGHS takes it.

    A group of points that one site alone reaches needs no variable: its weight goes to the site.
    """

    def __init__(
        self, covering: Covering, kept: NDArray[np.int64], lower: NDArray[np.float64]
    ) -> None:
        part = covering.only(kept)
        single = np.diff(part.points.indptr) == 1
        self._whole, self._kept, self._lower = covering, kept, lower
        self._worth = np.asarray(part.points[single].T @ part.weight[single])
        self._rows, self._weight = sparse.csr_array(part.points[~single]), part.weight[~single]
        self._cost, self._budget, self._single = part.cost, part.budget, single

    def loaded(self, options: dict[str, Any], *, whole: bool) -> Any:
        """Return a solver that holds the program, or its relaxation."""
        m, g = len(self._kept), len(self._weight)
        cover = sparse.hstack([self._rows, -sparse.eye_array(g)])
        spend = sparse.csr_array(np.concatenate([self._cost, np.zeros(g)]).reshape(1, -1))
        program = LinearProgram(
            # minimised: the interior point method returns the duals of a maximum with mixed signs
            cost=-np.concatenate([self._worth, self._weight]),
            offset=0.0,
            matrix=sparse.csc_array(sparse.vstack([cover, spend])),
            row_lower=np.append(np.zeros(g), -np.inf),
            row_upper=np.append(np.full(g, np.inf), self._budget),
            lower=np.concatenate([self._lower, np.zeros(g)]),
            upper=np.ones(m + g),
            integer=np.arange(m + g) < m,
        )
        return load(program, {"output_flag": False, **options}, whole=whole)

    def prices(self, row_dual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the multiplier of each group of the whole problem, all sites being kept."""
        price = np.zeros(len(self._single))
        price[~self._single] = np.abs(row_dual[:-1])
        # what one site alone reaches is worth to it what it weighs
        price[self._single] = self._whole.weight[self._single]
        return price

    def solve(
        self,
        effort: Effort,
        gap: float,
        seconds: float,
        start: NDArray[np.int64],
        options: dict[str, Any],
    ) -> tuple[NDArray[np.int64], float]:
        """Return the best choice found, in sites of the whole problem, and the bound."""
        limits = {
            "mip_rel_gap": gap,
            "mip_abs_gap": 1e-9,
            "mip_feasibility_tolerance": 1e-7,
            "threads": effort.threads,
            "random_seed": effort.seed,
            **_wall_limit(effort, seconds),
        }
        solver = self.loaded({**limits, **options}, whole=True)
        given = highspy.HighsSolution()
        build = np.isin(self._kept, start).astype(np.float64)
        given.col_value = np.concatenate([build, np.minimum(1.0, self._rows @ build)]).tolist()
        solver.setSolution(given)
        ends = effort.clock() + seconds
        solver.cbMipInterrupt += lambda event: event.interrupt(effort.clock() > ends)
        if solver.run() == highspy.HighsStatus.kError:
            raise KwevError(
                "HiGHS failed", where="benchmarks.maximal_covering", hint="Try fewer sites."
            )
        info = solver.getInfo()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            # nothing holds every forced site: no choice beats the target they were forced by
            return start, float("-inf")
        if info.primal_solution_status != highspy.kSolutionStatusFeasible:
            return start, -float(info.mip_dual_bound)
        values = np.array(solver.getSolution().col_value[: len(self._kept)])
        return self._kept[values > 0.5], -float(info.mip_dual_bound)  # noqa: PLR2004 -- 0 or 1
