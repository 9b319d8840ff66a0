"""Maximal covering at scale: a choice near the best, and a bound that says how near.

The parts of :mod:`benchmarks.covering`, :mod:`benchmarks.tempering` and :mod:`benchmarks.merging`
around HiGHS, each on what the one before left over. The relaxation gives prices and a first bound;
parallel tempering looks for the best choice, and HiGHS for the best one of the sites of several
that were met; with the value found, sites are ruled out by their prices; what is left is searched
until the gap asked for is proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from benchmarks.covering import SLACK, Covering, Dual, dual_bound, greedy, subgradient
from benchmarks.effort import Effort
from benchmarks.merging import LONGEST_S, OTHERS, merged
from benchmarks.program import Program
from benchmarks.tempering import Tempering
from kwev.solve.highs import own_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

EPOCH = 200
"""Rounds of tempering after which choices are merged."""

BRIEFLY, PATIENCE, EASY = 3, 90, 2_000
"""Epochs without a better choice after which tempering ends: as few where the prices then leave so
many sites at most, so that the time is better spent on the proof."""

MARGIN = 0.95
"""Part of the gap asked for at which sites are ruled out and the search stops."""


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
        and effort where no time ran out, that of a merge included.

    Raises
    ------
    KwevError
        If HiGHS breaks down.
    """
    effort = effort or Effort()
    began = _Began(perf_counter(), process_time(), effort.clock())
    sites = covering.undominated()
    search = _Search(covering.only(sites), effort, progress, began)
    with own_threads():
        search.run()
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
        dual = self._relax()
        if self._done():
            return
        self._temper(dual)
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

    def _done(self, value: float = 0.0) -> bool:
        """Return whether the best choice, or one of this value, is proven, or time is over."""
        best = max(self.value, value)
        proven = gap_of(best, self.bound) <= max(self.effort.gap, 10 * SLACK)
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
        self._offer(greedy(self.covering))
        self._note("greedy", self.covering.sites)

    def _relax(self) -> Dual:
        """Solve the relaxation for prices; without an answer in time the subgradient method."""
        left = self._left()
        price = _prices(self.covering, self.effort, left, self._limit(left))
        if price is None:
            dual = subgradient(self.covering, self.value, steps=200, over=self._over)
        else:
            dual = dual_bound(self.covering, price)
        self.bound = min(self.bound, dual.bound)
        self._note("relaxation", self.covering.sites)
        return dual

    def _temper(self, dual: Dual) -> None:
        """Search at several temperatures, and on where the prices leave the proof no hope."""
        search = Tempering(self.covering, self.chosen, self.effort.seed)
        for patience in (BRIEFLY, PATIENCE):
            since = 0
            while since < patience and not self._done():
                since = 0 if self._epoch(search) else since + 1
            self._note("tempering and merging", self.covering.sites)
            if self._done() or (~dual.closed(self._target())).sum() <= EASY:
                break

    def _epoch(self, search: Tempering) -> bool:
        """Temper for some rounds, merge what was met; return whether a better choice was found."""
        search.run(EPOCH, lambda: self._done(search.value))
        settled = search.settled(OTHERS)
        better = self._offer(search.chosen)
        if self._done():
            return better
        seconds = min(self._left(), LONGEST_S)
        choices, limit = [self.chosen, *settled], self._limit(seconds)
        if not self._offer(merged(self.covering, choices, self.effort, seconds, limit)):
            return better
        search.put(self.chosen)
        return True

    def _target(self) -> float:
        """Return the worth that a choice must exceed to matter."""
        return self.value * (1 + MARGIN * self.effort.gap)

    def _close(self, dual: Dual) -> None:
        """Rule sites out by their prices and search the rest until the gap is proven.

        A choice that the prices rule out is worth ``target`` at most, and any other is worth the
        bound of the program over the rest at most: the larger of the two bounds them all.
        """
        target = self._target()
        closed, forced = dual.closed(target), dual.forced(target)
        if (closed & forced).any():  # no choice is worth more than the target
            self.bound = min(self.bound, target)
            self._note("closing search", 0)
            return
        kept = np.flatnonzero(~closed | np.isin(np.arange(self.covering.sites), self.chosen))
        program = Program(self.covering, kept, forced[kept].astype(np.float64))
        # where nothing is ruled out the first relaxation is the whole one, which simplex is slow at
        first = {} if closed.any() else {"mip_lp_solver": "ipm"}
        options = {**_CLOSING, **first, **self._limit(self._left())}
        found, bound = program.solve(
            self.effort, MARGIN * self.effort.gap, self._left(), self.chosen, options
        )
        self._offer(found)
        self.bound = max(min(self.bound, max(bound, target)), self.value)
        self._note("closing search", len(kept))


_CLOSING: dict[str, Any] = {
    # the choice at hand is good: all effort goes into the bound, and strong branching ends early
    "mip_heuristic_effort": 0.0,
    "mip_pscost_minreliable": 2,
    "mip_allow_restart": False,
}


def _prices(
    covering: Covering, effort: Effort, seconds: float, limit: dict[str, float]
) -> NDArray[np.float64] | None:
    """Return prices of the points by the relaxation, or None where time ran out.

    The interior point method without crossover: prices need not be a corner, since
    :func:`benchmarks.covering.dual_bound` makes a valid bound of any.
    """
    program = Program(covering, np.arange(covering.sites), np.zeros(covering.sites))
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
    return program.prices(np.array(solver.getSolution().row_dual, np.float64))
