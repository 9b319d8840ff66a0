"""An exact search around HiGHS: branch and bound on a relaxation that is hot, fixed by costs.

HiGHS presolves, cuts and dives on the whole program; on a covering model of this size it spends
most of its time on cuts that close little. Here the relaxation stays loaded and each node starts
from the last one's basis, at some hundredths of a second a node:

1. The relaxation gives a bound and the reduced cost of every variable.
2. Whole variables are made whole best bound first: the counts before all others (see
   :mod:`kwev.solve.presolve`), then the one whose two branches raise the bound most,
   by trial where it was never branched on and by its own record after that (pseudo-costs
   [Achterberg, Koch and Martin, 2005]).
3. **Reduced-cost fixing.** Let z be the value of a node's relaxation and U the cut-off. Moving a
   variable by t from the bound at which its reduced cost d holds it raises the relaxation by at
   least |d| t, so a solution below the cut-off moves it by at most ``(U - z) / |d|``: a bound on
   the variable in every solution worth finding, which shuts most columns.
4. Solutions come from dives (round, solve again) and from HiGHS's own search on the neighbourhood
   of the relaxation and the best solution known.

The cut-off is the best value known less the gap asked for. The bound of the whole is the least of
the bounds of the open nodes, of the nodes that were dropped, and of every cut-off used: steps 2
and 3 lose no solution below these, so it is a bound for the program as given. A program with few
whole variables goes to HiGHS as it is, and one whose tree grows beyond its limit is handed over
to HiGHS with all that is known.

Everything but the time limit is counted in nodes and steps, never in seconds: the same solver,
version and seed give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from kwev.solve.highs import (
    HUGE,
    VAST,
    Bounds,
    Effort,
    Found,
    Relaxation,
    Relaxed,
    clock,
    search,
)
from kwev.solve.shrunk import Shrunk
from kwev.solve.solvers import Answer, Program, run

if TYPE_CHECKING:
    from collections.abc import Callable

    import cvxpy as cp
    from numpy.typing import NDArray

    from kwev.config import Solver
    from kwev.solve.solvers import Engine

SMALL = 400
"""Programs with no more whole variables go to the solver as they are."""

MOST_NODES = 2_000
"""Relaxations solved in the tree, at most; what is left goes to the solver's own search."""

ASK_AFTER, ASK_NODES = 400, 20
"""Relaxations after which the solver's own search is asked once, and its nodes, at most: where
hundreds of small decisions are open at once, its presolve and cuts end what a tree does not."""

SOON = 5
"""The same where shortfall has its price: the relaxation is near the plan then, and presolve ends
it (on the cells, along the roads, 13 s of processor time instead of 94)."""


LARGE = 5_000
"""Rows of a program whose relaxation is shrunk once a solution is known: smaller ones are fast, and
between equal optima the smaller relaxation may choose another."""

NEAR_PART = 0.1
"""Part of the gap at which the neighbourhood of the relaxation is searched before there is any
branch, as each of a vast program takes minutes: what is found may end the search."""

TRIALS = 8
"""Variables tried at a node, at most, among those never branched on."""

DIVE_EVERY = 60
"""Nodes between dives."""

NEAR_ZERO, NEAR_ONE = 150, 60
"""Variables at zero, and at one, of the smallest reduced cost that a neighbourhood leaves open."""

NEAR_NODES = 20
"""Nodes of the search of a neighbourhood, at most."""

POLISH_S = 60.0
"""Time for the last relaxation, with all whole variables fixed: it takes hundredths (s)."""

INSIDE = 0.9999
"""Part of the gap asked for at which a search stops: what is stated of a plan afterwards, from its
whole numbers, may be a rounding away from the solver's own value."""

WHOLE = 1e-6
MARGIN = 1e-9
"""Relative to the value: what a relaxation may be off by when variables are fixed."""


@dataclass
class _Going:
    """A search under way: what is known so far, in the program's own sense (a minimum)."""

    program: Program
    settings: Solver
    left: Callable[[], float]
    watch: Callable[[float, float], None] | None
    enough: int | None
    ask_after: int
    x: NDArray[np.float64] | None = None
    value: float = np.inf
    nodes: int = 0
    log: list[str] = field(default_factory=list)

    def effort(self, **changes: Any) -> Effort:
        plain = {
            "gap": INSIDE * self.settings.mip_gap,
            "seconds": self.left(),
            "threads": self.settings.threads,
            "seed": self.settings.seed,
        }
        return Effort(**{**plain, **changes})

    def offer(self, x: NDArray[np.float64] | None, value: float) -> None:
        if x is not None and value < self.value:
            self.x, self.value = x, value
            self.note(f"solution: {value:.9g}")

    def note(self, text: str) -> None:
        self.log.append(text if text.endswith("\n") else text + "\n")

    def room(self) -> float:
        return max(INSIDE * self.settings.mip_gap * abs(self.value), 1e-9)

    def cut_off(self) -> float:
        """Value below which a solution is worth finding."""
        return self.value - self.room() if np.isfinite(self.value) else np.inf

    def close_enough(self, bound: float) -> bool:
        return bool(np.isfinite(self.value) and bound >= self.cut_off())


@dataclass(frozen=True)
class Hints:
    """What a search may be given beside its problem.

    Attributes
    ----------
    counts
        Whole variables to branch on first.
    start
        Values of the whole variables of a known solution, by variable id.
    watch
        Called with the best value and the bound, in the problem's own sense.
    enough
        Relaxations after which the best solution known is taken with its honest gap; without one,
        or where this is None, the search goes on.
    ask_after
        Relaxations after which the solver's own search is asked once.
    """

    counts: tuple[cp.Variable, ...] = ()
    start: dict[int, NDArray[np.float64]] | None = None
    watch: Callable[[float, float], None] | None = None
    enough: int | None = None
    ask_after: int = ASK_AFTER


def ask_after(mode: str) -> int:
    """Return after how many relaxations the solver's own search is asked, by the mode."""
    return SOON if mode == "weighted" else ASK_AFTER


def solve(problem: cp.Problem, engine: Engine, settings: Solver, hints: Hints) -> Answer:
    """Solve a problem by the search where HiGHS is the engine, else by the engine alone.

    Parameters
    ----------
    problem
        A mixed-integer linear problem; the values are left in its variables.
    engine
        The solver; only HiGHS takes hints.
    settings
        Gap, time limit, threads and seed.
    hints
        Where to branch, what to start from, when to stop.

    Raises
    ------
    KwevError
        If the solver breaks down, or the problem is too large for its licence.
    """
    if engine.name == "highs":
        return search_tree(problem, settings, hints)
    return run(problem, engine, settings)


def search_tree(problem: cp.Problem, settings: Solver, hints: Hints | None = None) -> Answer:
    """Solve a problem with HiGHS around the tree of this module (see :func:`solve`)."""
    hints = hints or Hints()
    started = perf_counter()
    program = Program.of(problem)
    watch = _sensed(program, hints.watch)
    going = _Going(
        program, settings, clock(settings.time_limit_s), watch, hints.enough, hints.ask_after
    )
    bounds = Bounds(program.lower, program.upper)
    going.note(f"{int(program.integer.sum())} whole variables, {program.matrix.shape[0]} rows")
    hot = program.matrix.shape[0] > HUGE
    relaxation = Relaxation(program, settings.threads, settings.seed, hot=hot)
    if hints.start is not None:
        _complete(going, relaxation, bounds, hints.start)
    if going.left() <= 0:
        bound, feasible = -np.inf, True
    elif program.integer.sum() <= SMALL:
        bound, feasible = _finish(going, bounds)
    else:
        bound, feasible = _search(going, relaxation, bounds, program.where(hints.counts))
    _polish(going, relaxation, bounds)
    return _answer(going, bound, feasible=feasible, seconds=perf_counter() - started)


def _sensed(
    program: Program, watch: Callable[[float, float], None] | None
) -> Callable[[float, float], None] | None:
    if watch is None:
        return None
    sign = -1.0 if program.maximises else 1.0
    return lambda value, bound: watch(sign * value, sign * bound)


def _complete(
    going: _Going,
    relaxation: Relaxation,
    bounds: Bounds,
    start: dict[int, NDArray[np.float64]],
) -> None:
    """Work out the other variables of a start: with the whole ones fixed it is a small LP."""
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    for variable, values in start.items():
        if variable in going.program.columns:
            part = going.program.columns[variable]
            lower[part] = upper[part] = np.asarray(values, np.float64).ravel(order="F")
    found = relaxation.solve(Bounds(lower, upper), POLISH_S)
    if isinstance(found, Relaxed) and _is_whole(going.program, found.x):
        going.offer(found.x, found.value)
        going.note(f"start: {found.value:.9g}")


def _polish(going: _Going, relaxation: Relaxation, bounds: Bounds) -> None:
    """Round the whole variables of the best solution and work out the others again."""
    if going.x is None:
        return
    which = np.flatnonzero(going.program.integer)
    values = np.rint(going.x[which])
    found = relaxation.solve(bounds.within(which, values, values), POLISH_S)
    if isinstance(found, Relaxed):
        going.x, going.value = found.x, found.value


def _is_whole(program: Program, x: NDArray[np.float64]) -> bool:
    whole = x[program.integer]
    return bool(np.abs(whole - np.rint(whole)).max(initial=0.0) <= WHOLE)


def _finish(going: _Going, bounds: Bounds) -> tuple[float, bool]:
    """Search under bounds to the gap; return the bound and whether anything is feasible."""
    found = search(going.program, bounds, going.effort(), going.x, going.watch)
    going.nodes += found.nodes
    going.note(found.log)
    going.offer(found.x, found.value)
    return found.bound, found.status != "infeasible"


def _search(
    going: _Going, relaxation: Relaxation, bounds: Bounds, counts: NDArray[np.int64]
) -> tuple[float, bool]:
    root = relaxation.solve(bounds, going.left())
    if root is None:
        return np.inf, False
    if isinstance(root, str):  # out of time: nothing is known of the bound
        return -np.inf, True
    going.note(f"relaxation: {root.value:.9g}")
    tree = _Tree(going, relaxation, counts)
    return tree.grow(root)


@dataclass
class _Tree:
    """Branch and bound, best bound first.

    Attributes
    ----------
    counts
        Variables that are made whole before all others.
    dropped
        Least bound of what was cut off: nodes, and the cut-offs that fixed variables.
    asked
        Bound of the solver's own search on the whole, minus infinity before it is asked.
    record
        By variable: rise of the bound per unit down and up, summed, and the number of branchings.
    """

    going: _Going
    relaxation: Relaxation | Shrunk
    counts: NDArray[np.int64]
    open: list[tuple[float, int, Relaxed]] = field(default_factory=list)
    dropped: float = np.inf
    pushed: int = 0
    solved: int = 0
    record: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    dived_at: int | None = None
    asked: float = -np.inf

    def grow(self, root: Relaxed) -> tuple[float, bool]:
        """Grow the tree from its root; return its bound and whether anything is feasible."""
        going = self.going
        self._plant(root)
        while self.open:
            bound = max(min(self.open[0][0], self.dropped), self.asked)
            if going.close_enough(bound) or going.left() <= 0 or self._is_enough():
                going.nodes += self.solved
                return bound, True
            if self.solved > MOST_NODES:
                return self._hand_over(root, bound), True
            if going.watch is not None:
                going.watch(going.value, bound)
            if self.solved > self.going.ask_after and self.asked == -np.inf:
                self._ask(root)
                continue
            if self._is_to_shrink():
                self._shrink(root)
            node = self._fixed(heappop(self.open)[2])
            split = self._fractional(node)
            if len(split) == 0:
                going.offer(node.x, node.value)
                self.dropped = min(self.dropped, node.value)
                continue
            for child in self._next(node, split):
                self._push(child)
        going.nodes += self.solved
        bound = max(min(self.dropped, going.value), min(self.asked, going.value))
        return bound, bool(np.isfinite(bound))

    def _plant(self, root: Relaxed) -> None:
        self._push(root)
        if self.going.program.matrix.shape[0] > VAST:
            self._look_near(root, NEAR_PART)

    def _push(self, node: Relaxed) -> None:
        if node.value >= self.going.cut_off():
            self.dropped = min(self.dropped, node.value)
        else:
            self.pushed += 1
            heappush(self.open, (node.value, self.pushed, node))

    def _solve(self, bounds: Bounds) -> Relaxed | None:
        """Solve a relaxation; out of time, the caller's node stays open with its own bound."""
        self.solved += 1
        found = self.relaxation.solve(bounds, self.going.left(), self.going.cut_off())
        if isinstance(found, str):
            raise TimeoutError
        return found

    def _fractional(self, node: Relaxed) -> NDArray[np.int64]:
        """Return the variables to choose from: the first count that is not whole, else others."""
        apart = np.abs(node.x - np.rint(node.x)) > WHOLE
        first = self.counts[apart[self.counts]][:1]
        return first if len(first) else np.flatnonzero(apart & self.going.program.integer)

    def _fixed(self, node: Relaxed) -> Relaxed:
        """Tighten a node's bounds by reduced costs to what may lie below the cut-off."""
        cut_off = self.going.cut_off()
        if not np.isfinite(cut_off):
            return node
        self.dropped = min(self.dropped, cut_off)
        room = cut_off - node.value + MARGIN * max(1.0, abs(node.value))
        lower, upper = node.bounds.lower.copy(), node.bounds.upper.copy()
        whole, steps = self.going.program.integer, np.maximum(np.abs(node.reduced), 1e-12)
        steps = np.floor(room / steps + WHOLE)
        low = whole & (node.reduced > 0) & np.isfinite(lower) & (node.x <= lower + WHOLE)
        high = whole & (node.reduced < 0) & np.isfinite(upper) & (node.x >= upper - WHOLE)
        upper[low] = np.minimum(upper[low], lower[low] + steps[low])
        lower[high] = np.maximum(lower[high], upper[high] - steps[high])
        return replace(node, bounds=Bounds(lower, upper))

    def _next(self, node: Relaxed, split: NDArray[np.int64]) -> list[Relaxed]:
        """Return what stands in a node's place, once solutions were looked for where it is time."""
        if self._is_time_to_dive(split):
            self._look_for_solutions(node)
            if self._is_huge():  # the relaxation shrinks before anything is branched on
                return [node]
        return self._branch(node, split)

    def _branch(self, node: Relaxed, split: NDArray[np.int64]) -> list[Relaxed]:
        """Return the children of the branching that promises most; the node itself if late."""
        apart = np.abs(node.x[split] - np.rint(node.x[split]))
        split = split[np.argsort(-apart, kind="stable")]
        fresh = [j for j in split.tolist() if j not in self.record][:TRIALS]
        children: dict[int, list[Relaxed | None]] = {}
        try:
            for j in fresh:
                children[j] = self._children(node, j)
            known = [j for j in split.tolist() if j in self.record]
            best = max(known, key=lambda j: (self._promise(node, j), -j))
            if best not in children:
                children[best] = self._children(node, best)
        except TimeoutError:
            return [node]
        return [child for child in children[best] if child is not None]

    def _children(self, node: Relaxed, j: int) -> list[Relaxed | None]:
        at = np.array([j])
        down, up = np.floor(node.x[j]), np.ceil(node.x[j])
        children = [
            self._solve(node.bounds.within(at, -np.inf, down)),
            self._solve(node.bounds.within(at, up, np.inf)),
        ]
        most = max(abs(node.value) * 1e-3, 1e-6)  # what an empty branch counts for
        rise = [most if child is None else max(child.value - node.value, 0.0) for child in children]
        part = node.x[j] - down
        sums = self.record.get(j, (0.0, 0.0, 0))
        self.record[j] = (
            sums[0] + rise[0] / part, sums[1] + rise[1] / (1 - part), sums[2] + 1,
        )  # fmt: skip
        return children

    def _promise(self, node: Relaxed, j: int) -> float:
        """Return the product of the rises that a branching on j is expected to bring."""
        down, up, times = self.record[j]
        part = node.x[j] - np.floor(node.x[j])
        least = 1e-9
        return float(max(down / times * part, least) * max(up / times * (1 - part), least))

    def _is_enough(self) -> bool:
        enough = self.going.enough
        return enough is not None and self.solved >= enough and self.going.x is not None

    def _is_huge(self) -> bool:
        return self.going.program.matrix.shape[0] > HUGE

    def _is_time_to_dive(self, split: NDArray[np.int64]) -> bool:
        """Return whether solutions are due: at first, once the counts are whole.

        In a huge program at once, so that a branch that is worth nothing ends at the cut-off.
        """
        if self.dived_at is None and self._is_huge():
            return True
        due = self.dived_at is None or self.solved - self.dived_at >= DIVE_EVERY
        return due and not np.isin(split, self.counts).any()

    def _look_for_solutions(self, node: Relaxed) -> None:
        first = self.dived_at is None
        try:
            self._dive(node)
        except TimeoutError:
            return
        self.dived_at = self.solved
        going = self.going
        if first and going.x is not None and not going.close_enough(node.value):
            self._look_near(node)

    def _is_to_shrink(self) -> bool:
        """Return whether a solution is known and it is the tree that has to end the search."""
        going = self.going
        known = self.dived_at is not None and going.x is not None
        large = going.program.matrix.shape[0] > LARGE and isinstance(self.relaxation, Relaxation)
        return known and large and going.ask_after > SOON

    def _shrink(self, root: Relaxed) -> None:
        """Leave out of the relaxation what the cut-off fixes at the root, for all that is open."""
        settings, bounds = self.going.settings, self._fixed(root).bounds
        self.relaxation = Shrunk.of(self.going.program, bounds, settings.threads, settings.seed)
        shape = self.relaxation.small.matrix.shape
        self.going.note(f"relaxation of {shape[0]} rows and {shape[1]} columns from here on")

    def _dive(self, node: Relaxed) -> None:
        """Round the largest fractions up and solve again, until all is whole or hope is gone."""
        whole = self.going.program.integer
        while node.value < self.going.cut_off():
            part = node.x - np.floor(node.x)
            open_parts = np.flatnonzero(whole & (part > WHOLE) & (part < 1 - WHOLE))
            if len(open_parts) == 0:
                self.going.offer(node.x, node.value)
                self.going.note(f"dive: {node.value:.9g} after {self.solved} relaxations")
                return
            largest = open_parts[np.argsort(-part[open_parts], kind="stable")]
            up = largest[: max(1, len(largest) // 5)]
            child = self._solve(node.bounds.within(up, np.ceil(node.x[up]), np.inf))
            if child is None:
                one = largest[:1]
                child = self._solve(node.bounds.within(one, -np.inf, np.floor(node.x[one])))
            if child is None:
                return
            node = child

    def _look_near(self, node: Relaxed, part: float = 1.0) -> None:
        """Search with HiGHS where the relaxation and the best solution agree least clearly.

        It stops at that part of the gap asked for.
        """
        going, program = self.going, self.going.program
        best = going.x
        if best is None:
            return
        lower, upper = node.bounds.lower.copy(), node.bounds.upper.copy()
        agree = program.integer & (np.abs(node.x - best) <= WHOLE)
        cost = np.abs(node.reduced)
        for side, many in ((lower, NEAR_ZERO), (upper, NEAR_ONE)):
            held = np.flatnonzero(agree & (np.abs(node.x - side) <= WHOLE))
            held = held[np.argsort(cost[held], kind="stable")][many:]
            lower[held] = upper[held] = np.rint(node.x[held])
        found = self._searched(Bounds(lower, upper), best, part)
        going.note("neighbourhood of the relaxation:")
        going.note(found.log)
        going.nodes += found.nodes
        going.offer(found.x, found.value)

    def _searched(self, bounds: Bounds, best: NDArray[np.float64], part: float) -> Found:
        """Search a neighbourhood, and shrink it before where the program is huge.

        Once few columns are open, most points of so many are held back alike: at every address
        HiGHS takes 7 s of processor time instead of 124.
        """
        going, program, effort = self.going, self.going.program, self.going.effort(nodes=NEAR_NODES)
        effort = replace(effort, gap=part * effort.gap)
        if program.matrix.shape[0] <= HUGE:
            return search(program, bounds, effort, best)
        shrunk = Shrunk.of(program, bounds, effort.threads, effort.seed)
        small = shrunk.small
        own = Bounds(small.lower, small.upper)
        found = search(small, own, effort, shrunk.gathered(best))
        going.note(f"shrunk to {small.matrix.shape[0]} rows and {small.matrix.shape[1]} columns")
        return found if found.x is None else replace(found, x=shrunk.spread(found.x))

    def _ask(self, root: Relaxed) -> None:
        """Ask HiGHS once, with all that is known, for a better solution and a bound."""
        going = self.going
        bounds = self._fixed(root).bounds
        found = search(going.program, bounds, going.effort(nodes=ASK_NODES), going.x, going.watch)
        going.note(f"asked after {self.solved} relaxations:")
        going.note(found.log)
        going.nodes += found.nodes
        going.offer(found.x, found.value)
        self.asked = min(found.bound, self.dropped)

    def _hand_over(self, root: Relaxed, bound: float) -> float:
        """Let HiGHS finish: all that the tree knows is a bound and the best solution."""
        self.going.note(f"tree of {self.solved} relaxations handed over at bound {bound:.9g}")
        own, feasible = _finish(self.going, self._fixed(root).bounds)
        return max(bound, min(own if feasible else np.inf, self.dropped))


def _answer(going: _Going, bound: float, *, feasible: bool, seconds: float) -> Answer:
    program, log = going.program, "".join(going.log)
    if not feasible and going.x is None:
        return Answer("infeasible", np.nan, np.nan, going.nodes, seconds, log)
    if going.x is None:
        return Answer("no_solution", np.nan, np.nan, going.nodes, seconds, log)
    x = going.x.copy()
    x[program.integer] = np.rint(x[program.integer])
    value = program.store(x)
    distance = max(0.0, going.value - bound)
    status = "optimal" if distance <= going.room() + 1e-12 else "limit"
    proven = value + distance if program.maximises else value - distance
    return Answer(status, value, proven, going.nodes, seconds, log)
