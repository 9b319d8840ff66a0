"""Parallel tempering: choices of sites at several temperatures, which change places.

A step of the heat bath [Geman and Geman, 1984] takes a site out and draws one for it from all:
given the other sites, each has the chance that it has at the temperature, so that no step is
proposed in vain. Hot choices move far, cold ones settle; neighbours in temperature change places
by the rule of Metropolis [Swendsen and Wang, 1986; Geyer, 1991], so that the coldest is offered
arrangement after arrangement where one that is cooled once stays in the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit
from scipy import sparse

from benchmarks.covering import SLACK, Covering

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

HOT, MOST = 0.2, 24
"""The first temperature tried, in parts of what a site covers on average, and how many are kept at
most: the coldest."""

APART, STEEPEST = 1.5, 1.6
"""How far the next temperature is: in its inverse, this by the spread of the value, so that about
every fourth exchange is made; and what it is divided by at most."""

MOLTEN, FROZEN = 0.5, 0.03
"""Share of steps that change the value: above, it is too hot to be kept; below, none is colder."""

SETTLING, QUENCHED = 40, 15
"""Rounds to settle at a temperature as they are looked for, and as many to measure the spread; and
rounds at the lowest one in which a copy of a choice settles."""

BLOCK = 128
"""Sites in a block: only where the best of a block is near the best of all is each looked at."""

NEVER = -1e30
"""What is added by what fills the last block: it is never drawn."""

FAR = 12.0
"""Temperatures below the best site at which one is not drawn: its chance is 6 in a million."""


class Problem(NamedTuple):
    """A covering problem as plain arrays: whom each site reaches, who reaches each point.

    One more site stands for none, which reaches nothing, costs nothing and may be in several slots.
    ``others`` are the sites whose gain hangs on a site: those that reach a point that it reaches.
    Sites are looked at in blocks; ``dearest`` is the highest cost in each. The last three are room
    to work in. Places are unsigned: a compiled loop need not ask whether one counts from the end.
    """

    points: NDArray[np.uint32]
    first_point: NDArray[np.uint32]
    sites: NDArray[np.uint32]
    first_site: NDArray[np.uint32]
    others: NDArray[np.uint32]
    first_other: NDArray[np.uint32]
    weight: NDArray[np.float64]
    cost: NDArray[np.float64]
    dearest: NDArray[np.float64]
    shares: NDArray[np.float64]
    best: NDArray[np.float64]
    kept: NDArray[np.float64]


class Choices(NamedTuple):
    """Choices of sites, each at its temperature ``warmth``, and what is known of them.

    ``slots`` has the sites; ``times`` how many of them reach each point; ``gain`` what each site
    would add; ``value`` what they cover; ``room`` what is left of the budget.
    """

    slots: NDArray[np.int64]
    times: NDArray[np.int32]
    gain: NDArray[np.float64]
    value: NDArray[np.float64]
    room: NDArray[np.float64]
    warmth: NDArray[np.float64]


class Best(NamedTuple):
    """The best choice met: its sites, and what they cover in an array of one."""

    slots: NDArray[np.int64]
    value: NDArray[np.float64]


class Tempering:
    """Choices at temperatures that are found as the first one is cooled down.

    Parameters
    ----------
    covering
        The problem.
    chosen
        Sites to start from, within the budget.
    seed
        Of the draws.
    """

    def __init__(self, covering: Covering, chosen: NDArray[np.int64], seed: int = 1) -> None:
        self._covering, self._draw = covering, np.random.default_rng(seed)
        self._problem = _problem(covering)
        self._slots = len(chosen) + _spare_slots(covering, chosen)
        value = np.array([covering.value(chosen)])
        self._choices = self._known(chosen, HOT * value / max(len(chosen), 1))
        self._best = Best(self._choices.slots[0].copy(), value)

    def _known(self, chosen: NDArray[np.int64], warmth: NDArray[np.float64]) -> Choices:
        """Return one choice, and what is known of it, at a temperature."""
        covering = self._covering
        slots = np.full(self._slots, covering.sites)
        slots[: len(chosen)] = chosen
        times = np.asarray(covering.reach[:, chosen].sum(axis=1)).reshape(-1)
        missed = covering.weight * (times == 0)
        return Choices(
            slots=slots.astype(np.int64)[None],
            times=times.astype(np.int32)[None],
            gain=_in_blocks(np.asarray(covering.reach.T @ missed), NEVER)[None],
            value=np.array([covering.value(chosen)]),
            room=np.array([covering.budget * (1 + SLACK) - covering.cost[chosen].sum()]),
            warmth=warmth,
        )

    @property
    def chosen(self) -> NDArray[np.int64]:
        """The best choice met, sorted."""
        return self._sites(self._best.slots)

    @property
    def value(self) -> float:
        """What the best choice met covers."""
        return float(self._best.value[0])

    def settled(self, number: int) -> list[NDArray[np.int64]]:
        """Return the sites of copies of some choices, drawn, settled at the lowest temperature.

        The choices themselves stay as they are; what is met on the way counts.
        """
        drawn = self._draw.permutation(len(self._choices.slots))[:number]
        copies = Choices._make(part[drawn] for part in self._choices)
        copies.warmth[:] = self._choices.warmth.min()
        if copies.slots.size and copies.warmth[0] > 0:
            _sweep(self._problem, copies, self._best, QUENCHED, self._draw)
        return [self._sites(slots) for slots in copies.slots]

    def put(self, chosen: NDArray[np.int64]) -> None:
        """Go on from a choice at the lowest temperature, where there are slots for its sites."""
        if len(chosen) > self._slots:
            return
        coldest = int(np.argmin(self._choices.warmth))
        known = self._known(chosen, self._choices.warmth[[coldest]])
        for part in Choices._fields:
            getattr(self._choices, part)[coldest] = getattr(known, part)[0]
        if known.value[0] > self.value:
            self._best.value[0] = known.value[0]
            self._best.slots[:] = known.slots[0]

    def _sites(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.setdiff1d(slots, [self._covering.sites])

    def run(self, rounds: int, over: Callable[[], bool]) -> None:
        """Go on for some rounds, or until ``over``.

        A round is a step for each slot at each temperature, after which neighbours may change
        temperatures.
        """
        if not self._choices.slots.size or self._choices.warmth[0] <= 0:
            return
        if len(self._choices.warmth) == 1:
            self._cool(over)
        for _ in range(rounds):
            if over():
                break
            self._round(1)

    def _cool(self, over: Callable[[], bool]) -> None:
        """Find the temperatures, and leave at each a choice that has settled there."""
        choice, values = self._choices, np.empty(SETTLING)
        kept: list[list[NDArray[Any]]] = []
        for _ in range(3 * MOST):
            share = self._round(SETTLING)
            for k in range(SETTLING):
                self._round(1)
                values[k] = choice.value[0]
            kept = [] if share > MOLTEN else kept
            kept.append([part.copy() for part in choice])
            if share < FROZEN or over():
                break
            colder = 1 / (1 / choice.warmth + APART / max(values.std(), SLACK))
            choice.warmth[:] = np.maximum(colder, choice.warmth / STEEPEST)
        self._choices = Choices._make(
            np.concatenate(parts) for parts in zip(*kept[-MOST:], strict=True)
        )

    def _round(self, sweeps: int) -> float:
        """Take a step for each slot so many times, and exchange; return the share that changed."""
        changes = _sweep(self._problem, self._choices, self._best, sweeps, self._draw)
        _exchange(self._choices, self._draw)
        return float(changes / (sweeps * self._choices.slots.size))


def compiled() -> None:
    """Compile the steps, or load what was compiled before: no time measured should hold that."""
    two = Covering.of(sparse.eye_array(2), np.ones(2), 1.0)
    Tempering(two, np.array([0])).run(1, lambda: False)


def _problem(covering: Covering) -> Problem:
    touches = covering.reach.astype(bool)
    points, first_point = _lists(covering.reach)
    sites, first_site = _lists(covering.points)
    others, first_other = _lists(sparse.csr_array(touches.T @ touches))
    cost = _in_blocks(covering.cost, 0.0)
    return Problem(
        points=points,
        first_point=first_point,
        sites=sites,
        first_site=first_site,
        others=others,
        first_other=first_other,
        weight=covering.weight,
        cost=cost,
        dearest=cost.reshape(-1, BLOCK).max(axis=1),
        shares=np.empty((len(cost) // BLOCK, BLOCK)),
        best=np.empty(len(cost) // BLOCK),
        kept=np.empty(covering.sites),
    )


def _lists(matrix: Any) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return what each row (or column, as it is stored) holds, and where its part begins."""
    firsts = np.append(matrix.indptr, matrix.indptr[-1])  # none holds nothing
    return matrix.indices.astype(np.uint32), firsts.astype(np.uint32)


def _in_blocks(of_sites: NDArray[np.float64], else_: float) -> NDArray[np.float64]:
    """Return values of sites, 0 for none, and something else to the end of its block."""
    empty = -(len(of_sites) + 1) % BLOCK
    return np.concatenate([of_sites, [0.0], np.full(empty, else_)])


def _spare_slots(covering: Covering, chosen: NDArray[np.int64]) -> int:
    """Return how many more sites than the chosen ones the search may come to hold."""
    sites = covering.sites
    cheapest = np.cumsum(np.sort(covering.cost))
    affordable = int(np.searchsorted(cheapest, covering.budget * (1 + SLACK), side="right"))
    return max(0, min(affordable - len(chosen), sites - len(chosen), 2 + len(chosen) // 4))


@njit(cache=True, fastmath=True)
def _count(problem: Problem, choices: Choices, k: int, site: int, change: int) -> None:
    """Count a site of choice ``k`` in (1) or out (-1), and what that leaves for each to add."""
    times, gain = choices.times[k], choices.gain[k]
    for a in range(problem.first_point[site], problem.first_point[site + 1]):
        point = problem.points[a]
        if times[point] == (change < 0):
            worth = change * problem.weight[point]
            for b in range(problem.first_site[point], problem.first_site[point + 1]):
                gain[problem.sites[b]] -= worth
        times[point] += change


@njit(cache=True, fastmath=True)
def _step(problem: Problem, choices: Choices, k: int, draw: np.random.Generator) -> bool:
    """Take one site of choice ``k`` out, draw one for it; return whether the value changed."""
    slot = draw.integers(0, choices.slots.shape[1])
    gain, old = choices.gain[k], choices.slots[k, slot]
    first, last = problem.first_other[old], problem.first_other[old + 1]
    for a in range(first, last):
        problem.kept[a - first] = gain[problem.others[a]]
    _count(problem, choices, k, old, -1)
    room = choices.room[k] + problem.cost[old]
    new = _drawn(problem, gain, room, choices.warmth[k], draw.random())
    if new == old:  # most cold steps: what was is put back, instead of counted anew
        for a in range(first, last):
            gain[problem.others[a]] = problem.kept[a - first]
        for a in range(problem.first_point[old], problem.first_point[old + 1]):
            choices.times[k, problem.points[a]] += 1
        return False
    gained = gain[new] - gain[old]
    choices.value[k] += gained
    choices.room[k] = room - problem.cost[new]
    choices.slots[k, slot] = new
    _count(problem, choices, k, new, 1)
    return bool(gained != 0)


@njit(cache=True, fastmath=True)
def _drawn(
    problem: Problem, gain: NDArray[np.float64], room: float, warmth: float, at: float
) -> int:
    """Return the site at a part of the whole (``at``, below 1) of what each is likely.

    Those that the room is enough for are as likely as what they would add at the temperature is.
    """
    gains, shares, best = gain.reshape(-1, BLOCK), problem.shares, problem.best
    cost = problem.cost.reshape(-1, BLOCK)
    _look(problem, gains.view(np.int64), room)
    top, colder, total = best.max(), 1 / warmth, 0.0  # none is always able, and adds nothing
    for b in range(len(best)):
        share = 0.0
        if best[b] >= top - FAR * warmth:
            for i in range(BLOCK):
                shares[b, i] = _power((gains[b, i] - top) * colder)
            if room < problem.dearest[b]:
                for i in range(BLOCK):
                    shares[b, i] *= cost[b, i] <= room
            for i in range(BLOCK):
                share += shares[b, i]
        best[b] = share
        total += share
    b, left = _at(best, at * total)
    return b * BLOCK + _at(shares[b], left)[0]


@njit(cache=True)
def _at(shares: NDArray[np.float64], left: float) -> tuple[int, float]:
    """Return into which share a part of their sum falls, and how far into it."""
    at = 0
    for i in range(len(shares)):
        if shares[i] > 0:
            at = i
            if left < shares[i]:
                break
            left -= shares[i]
    return at, left


@njit(cache=True, fastmath=True)
def _look(problem: Problem, gains: NDArray[np.int64], room: float) -> None:
    """Note what the best site of each block adds, of those that the room is enough for.

    The gains are told by their bits: of numbers that are not negative, both have one order, and a
    processor finds the largest of integers eight at a time.
    """
    best, cost = problem.best.view(np.int64), problem.cost.reshape(-1, BLOCK)
    for b in range(len(best)):
        most = 0
        if room >= problem.dearest[b]:
            for i in range(BLOCK):
                most = max(most, gains[b, i])
        else:
            for i in range(BLOCK):
                if cost[b, i] <= room:
                    most = max(most, gains[b, i])
        best[b] = most


@njit(inline="always", fastmath=True)
def _power(exponent: float) -> float:
    """Return e to a negative exponent, to within one part in fifty: it is only drawn by."""
    part = exponent / 32
    power = 1 + part * (1 + part * (0.5 + part / 6))
    power = power if exponent > -2 * FAR else 0.0
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return power


@njit(cache=True, fastmath=True)
def _sweep(
    problem: Problem, choices: Choices, best: Best, sweeps: int, draw: np.random.Generator
) -> int:
    """Take ``sweeps`` steps for each slot of each choice; return how many changed the value."""
    number, slots = choices.slots.shape
    changes = 0
    for k in range(number):
        for _ in range(sweeps * slots):
            changes += _step(problem, choices, k, draw)
            if choices.value[k] > best.value[0]:
                best.value[0] = choices.value[k]
                best.slots[:] = choices.slots[k]
    return changes


@njit(cache=True)
def _exchange(choices: Choices, draw: np.random.Generator) -> None:
    """Let neighbours change temperatures, by the chance that keeps all in balance."""
    value, warmth = choices.value, choices.warmth
    order = np.argsort(-warmth)
    for k in range(len(order) - 1):
        hot, cold = order[k], order[k + 1]
        better = (value[hot] - value[cold]) * (1 / warmth[cold] - 1 / warmth[hot])
        if better >= 0 or draw.random() < np.exp(better):
            warmth[hot], warmth[cold] = warmth[cold], warmth[hot]
            order[k], order[k + 1] = cold, hot
