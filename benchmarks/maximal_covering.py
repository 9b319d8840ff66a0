"""Maximal covering at scale: a choice near the best, and a bound that says how near.

The parts of :mod:`benchmarks.covering` and :mod:`benchmarks.interchange` around HiGHS, each on
what the one before left over. The relaxation gives prices and a first bound; choices drawn from it
are improved by interchange; the sites of the best in one neighbourhood after the other are opened
again and chosen anew by HiGHS, more of them at a time as long as that is quick; with the value
found, most sites are ruled out by their prices; what is left is searched until the gap asked for
is proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from benchmarks.covering import SLACK, Covering, Dual, dual_bound, greedy, subgradient
from benchmarks.interchange import Exchange
from kwev.errors import KwevError
from kwev.solve.highs import LinearProgram, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STEPS, TENURE = 400, 10
"""Exchanges on a choice that was drawn from the relaxation, and for how long one is tabu."""

DRAWN_SHARE, SINCE = 0.4, 30
"""Most of the time that goes into draws. They end once so many, and as many as it took to what was
found last, find nothing better."""

LEAST, GROWTH, MOST = 12, 1.15, 0.9
"""Sites that a neighbourhood opens at first, by how much more where it was quick, and the most of
all chosen ones."""

QUICK_S, SLOW_S, LONGEST_S = 1.0, 4.0, 8.0
"""A neighbourhood that took less is made larger, one that took more smaller; none takes longer."""

OPENED_SHARE, PATIENCE, STALLED = 0.9, 2.0, 0.1
"""Most of the time that is left for neighbourhoods. They end once nothing was found for as long
again as it took to what was found last, and for a part of all the time at least."""

OPENED_GAP = 1e-6
"""Gap to which the program of a neighbourhood is solved: smaller than most weights."""

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


def told(step: Step) -> None:
    """Print a step."""
    print(
        f"    {step.name:<24} {step.value:>12,.0f} {step.bound:>14,.1f} "
        f"{gap_of(step.value, step.bound):>8.3%} {step.process_seconds:>8.1f} s",
        flush=True,
    )


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
        and effort where no more than ``LEAST`` sites are chosen and the time did not run out: how
        far neighbourhoods get hangs on the clock.

    Raises
    ------
    KwevError
        If HiGHS breaks down.
    """
    effort = effort or Effort()
    began = _Began(perf_counter(), process_time(), effort.clock())
    sites = covering.undominated()
    search = _Search(covering.only(sites), effort, progress, began)
    # HiGHS keeps the first number of threads it is given for the process, and refuses another
    highspy.Highs.resetGlobalScheduler(True)
    try:
        search.run()
    finally:
        highspy.Highs.resetGlobalScheduler(True)
    chosen = sites[search.chosen]
    value = covering.value(chosen)
    # the sum over groups and over points may differ in the last digits
    bound = max(search.bound, value)
    return Covered(
        chosen=chosen,
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
        self._draw(dual, likely)
        if self._done():
            return
        if len(self.chosen) > LEAST:
            self._open_again()
        if self._done():
            return
        self._close(dual)

    def _spent(self) -> float:
        return self.effort.clock() - self.began.clock

    def _left(self) -> float:
        return self.effort.seconds - self._spent()

    def _limit(self, seconds: float) -> dict[str, float]:
        """Return HiGHS's own limit, which it looks at more often than it lets itself be stopped.

        It counts by the wall. Of process time on a machine that is shared, as much of the wall is
        given as one second of it took until now.
        """
        wall, spent = perf_counter() - self.began.wall, self._spent()
        return {"time_limit": max(seconds, 0.0) * max(1.0, wall / max(spent, SLACK))}

    def _over(self) -> bool:
        return self._left() <= 0

    def _done(self) -> bool:
        proven = gap_of(self.value, self.bound) <= max(self.effort.gap, 10 * SLACK)
        return proven or self._over()

    def _note(self, name: str, sites: int) -> None:
        wall, process = perf_counter() - self.began.wall, process_time() - self.began.process
        self.steps.append(Step(name, self.value, self.bound, sites, wall, process))
        self.progress(self.steps[-1])

    def _offer(self, chosen: NDArray[np.int64]) -> bool:
        """Take a choice where it is better, and return whether it was."""
        value = self.covering.value(chosen)
        better = value > self.value and self.covering.affords(chosen)
        if better:
            self.chosen, self.value = np.sort(chosen), value
        return better

    def _start(self) -> None:
        choice = Exchange(self.covering, greedy(self.covering))
        choice.descend(self._over)
        self._offer(choice.chosen)
        self._note("greedy with swaps", self.covering.sites)

    def _relax(self) -> tuple[Dual, NDArray[np.float64]]:
        """Solve the relaxation for prices; without an answer in time the subgradient method."""
        left = self._left()
        relaxed = _relaxation(self.covering, self.effort, left, self._limit(left))
        if relaxed is None:
            dual = subgradient(self.covering, self.value, steps=200, over=self._over)
            likely = (dual.reduced >= 0).astype(np.float64)
        else:
            price, likely = relaxed
            dual = dual_bound(self.covering, price)
        self.bound = min(self.bound, dual.bound)
        self._note("relaxation", self.covering.sites)
        return dual, likely

    def _draw(self, dual: Dual, likely: NDArray[np.float64]) -> None:
        """Draw choices from the relaxation and improve each."""
        covering = self.covering
        near = np.argsort(-dual.reduced, kind="stable")[: 2 * max(len(self.chosen), 1)]
        candidates = np.union1d(np.union1d(near, self.chosen), np.flatnonzero(likely > SLACK))
        part, here = covering.only(candidates), likely[candidates]
        draw = np.random.default_rng(self.effort.seed)
        ends, found = (1 - DRAWN_SHARE) * self._left(), 0

        def over() -> bool:
            return self._left() <= ends

        for k in count():
            first = -here if k == 0 else np.log(draw.random(len(here))) / np.maximum(here, 1e-3)
            # the first is the relaxation rounded, the others are drawn without replacement
            order = np.argsort(first if k == 0 else -first, kind="stable")
            choice = Exchange(part, _within_budget(part, order))
            choice.descend(over)
            steps = min(STEPS, 4 * len(candidates))
            choice.search(steps, TENURE, self.effort.seed + k, over)
            if self._offer(candidates[choice.chosen]):
                found = k
            if k >= max(2 * found, found + SINCE) or over() or self._done():
                break
        self._note("draws with tabu search", len(candidates))

    def _open_again(self) -> None:
        """Choose the sites of one neighbourhood after the other anew, the others being kept."""
        near = sparse.csr_array(self.covering.reach.T @ self.covering.reach)
        draw = np.random.default_rng(self.effort.seed)
        size, most = float(LEAST), max(LEAST, MOST * len(self.chosen))
        ends, gained = (1 - OPENED_SHARE) * self._left(), self._spent()
        wait = STALLED * self.effort.seconds
        while self._spent() < max(PATIENCE * gained, gained + wait) and self._left() > ends:
            opened = _neighbours(near, self.chosen, min(int(size), len(self.chosen)), draw)
            kept = np.setdiff1d(self.chosen, opened)
            part = self.covering.without(kept)
            able = np.union1d(part.undominated(), opened)
            program = _Program(part, able, np.zeros(len(able)))
            before, limit = self.effort.clock(), min(LONGEST_S, self._left() - ends)
            found, _ = program.solve(self.effort, OPENED_GAP, limit, opened, self._limit(limit))
            spent = self.effort.clock() - before
            if self._offer(np.union1d(kept, found)):
                gained = self._spent()
            if spent < QUICK_S:
                size = min(size * GROWTH, most)
            elif spent > SLOW_S:
                size = max(size / GROWTH, LEAST)
        self._note("neighbourhoods", int(size))

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
        options = {**_CLOSING, **self._limit(self._left())}
        found, bound = program.solve(self.effort, gap, self._left(), self.chosen, options)
        self._offer(found)
        self.bound = max(min(self.bound, max(bound, target)), self.value)
        self._note("closing search", len(kept))


_CLOSING: dict[str, Any] = {
    # the choice at hand is good: all effort goes into the bound, and strong branching ends early
    "mip_heuristic_effort": 0.0,
    "mip_pscost_minreliable": 2,
    "mip_allow_restart": False,
}


def _neighbours(
    near: sparse.csr_array, chosen: NDArray[np.int64], size: int, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Return so many of the chosen sites around one of them, by the fewest steps of overlap.

    Parameters
    ----------
    near
        Shape (m, m): not zero where two sites reach a point in common.
    """
    (steps,) = csgraph.dijkstra(near, indices=[int(draw.choice(chosen))], unweighted=True)
    # among those as many steps away, chance
    return np.sort(chosen[np.argsort(steps[chosen] + draw.random(len(chosen)))[:size]])


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
    covering: Covering, effort: Effort, seconds: float, limit: dict[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return prices of the points and values of the sites, or None where time ran out.

    The interior point method without crossover: prices need not be a corner, since
    :func:`benchmarks.covering.dual_bound` makes a valid bound of any.
    """
    program = _Program(covering, np.arange(covering.sites), np.zeros(covering.sites))
    options = {"solver": "ipm", "run_crossover": "off"}
    limits = {"threads": effort.threads, "random_seed": effort.seed, **limit}
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
