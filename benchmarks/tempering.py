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

MOLTEN, FROZEN = 0.6, 0.03
"""Share of steps that change the value: above, it is too hot to be kept; below, none is colder."""

SETTLING = 40
"""Rounds to settle at a temperature as they are looked for, and as many to measure the spread."""

FAR = 12.0
"""Temperatures below the best site at which one is not drawn: its chance is 6 in a million."""


class Problem(NamedTuple):
    """A covering problem as plain arrays: whom each site reaches, who reaches each point.

    One more site stands for none, which reaches nothing, costs nothing and may be in several slots.
    ``shares`` and ``near`` are room to draw a site in.
    """

    points: NDArray[np.int32]
    first_point: NDArray[np.int32]
    sites: NDArray[np.int32]
    first_site: NDArray[np.int32]
    weight: NDArray[np.float64]
    cost: NDArray[np.float64]
    shares: NDArray[np.float64]
    near: NDArray[np.int64]


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
        self._none, self._draw = covering.sites, np.random.default_rng(seed)
        self._problem = _problem(covering)
        slots = np.append(chosen, np.full(_spare_slots(covering, chosen), self._none))
        times = np.asarray(covering.reach[:, chosen].sum(axis=1)).reshape(-1)
        missed = covering.weight * (times == 0)
        value = np.array([covering.value(chosen)])
        self._choices = Choices(
            slots.astype(np.int64).reshape(1, -1),
            times.astype(np.int32).reshape(1, -1),
            np.append(np.asarray(covering.reach.T @ missed), 0.0).reshape(1, -1),
            value,
            np.array([covering.budget * (1 + SLACK) - float(covering.cost[chosen].sum())]),
            HOT * value / max(len(chosen), 1),
        )
        self._best = Best(self._choices.slots[0].copy(), value.copy())

    @property
    def chosen(self) -> NDArray[np.int64]:
        """The best choice met, sorted."""
        return np.setdiff1d(self._best.slots, [self._none])

    @property
    def value(self) -> float:
        """What the best choice met covers."""
        return float(self._best.value[0])

    def run(self, patience: int, over: Callable[[], bool]) -> None:
        """Go on until ``over``, or for ``patience`` rounds without a better choice.

        A round is a step for each slot at each temperature, after which neighbours may change
        temperatures.
        """
        if not self._choices.slots.size or self._choices.warmth[0] <= 0:
            return
        if len(self._choices.warmth) == 1:
            self._cool(over)
        since = 0
        while since < patience and not over():
            most = self._best.value[0]
            self._round(1)
            since = 0 if self._best.value[0] > most else since + 1

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
    reach, rows, size = covering.reach, covering.points, covering.sites + 1
    return Problem(
        reach.indices.astype(np.int32),
        np.append(reach.indptr, reach.indptr[-1]).astype(np.int32),
        rows.indices.astype(np.int32),
        rows.indptr.astype(np.int32),
        covering.weight,
        np.append(covering.cost, 0.0),
        np.empty(size),
        np.empty(size, np.int64),
    )


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
    gain, old, warmth = choices.gain[k], choices.slots[k, slot], choices.warmth[k]
    _count(problem, choices, k, old, -1)
    room, top = choices.room[k] + problem.cost[old], 0.0  # none is always able
    for i in range(len(gain)):
        if problem.cost[i] <= room and gain[i] > top:
            top = gain[i]
    total, able = 0.0, 0
    for i in range(len(gain)):
        if gain[i] >= top - FAR * warmth and problem.cost[i] <= room:
            total += np.exp((gain[i] - top) / warmth)
            problem.shares[able], problem.near[able] = total, i
            able += 1
    drawn = int(np.searchsorted(problem.shares[:able], draw.random() * total))
    new = problem.near[min(drawn, able - 1)]
    gained = gain[new] - gain[old]
    choices.value[k] += gained
    choices.room[k] = room - problem.cost[new]
    choices.slots[k, slot] = new
    _count(problem, choices, k, new, 1)
    return bool(gained != 0)


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
