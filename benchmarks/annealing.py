"""Simulated annealing: one site taken out, and one drawn for it from all, by what each adds.

A step of the heat bath [Geman and Geman, 1984]: given the other sites, the one drawn has the
chance that it has at the temperature, so that no step is proposed in vain. Cooled slowly, the
choice settles near the best [Kirkpatrick et al., 1983].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.covering import SLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.covering import Covering

HOT, COLD = 0.03, 0.0012
"""Temperatures to cool from and to, in parts of what a site covers on average. Hotter, what was
drawn is soon lost; colder, the value hardly moves. Measured on the cities: at ``HOT`` the value
per temperature changes most, at ``COLD`` by a tenth of that."""

FAR = 12.0
"""Temperatures below the best site at which one is not drawn: its chance is 6 in a million."""

COLDER = 0.5
"""Part of the way after which choices are looked at: before, none is among the best."""

AT_ONCE = 64
"""Steps at one temperature, between two looks at the clock."""


class Annealing:
    """A choice of sites in slots, and what each site would add to it.

    Every site has its own column; one more stands for none, which reaches nothing, costs nothing
    and may be in several slots.

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
        reach, rows = covering.reach, covering.points
        self._weight, self._none = covering.weight, covering.sites
        self._cost = np.append(covering.cost, 0.0)
        self._dearest = float(self._cost.max())
        self._points = [*np.split(reach.indices.astype(np.int64), reach.indptr[1:])]
        self._indices, self._counts = rows.indices.astype(np.int64), np.diff(rows.indptr)
        self._first = rows.indptr[:-1].astype(np.int64)
        spare = np.full(_spare_slots(covering, chosen), self._none)
        self._slots = np.concatenate([chosen, spare]).astype(np.int64)
        self._times = np.asarray(reach[:, chosen].sum(axis=1)).reshape(-1).astype(np.int64)
        missed = covering.weight * (self._times == 0)
        self._gain = np.append(np.asarray(reach.T @ missed), 0.0)
        self._room = covering.budget * (1 + SLACK) - float(covering.cost[chosen].sum())
        self._draw = np.random.default_rng(seed)
        self._value = covering.value(chosen)
        self._scale = self._value / max(len(chosen), 1)

    def cool(self, steps: int, part: Callable[[], float] = lambda: 0.0) -> NDArray[np.int64]:
        """Heat up and cool down; return the best choice met in the colder half, sorted.

        Parameters
        ----------
        steps
            Steps, if time allows.
        part
            Which part of the time is over (share): where that is more than the part of the steps,
            it cools by time.
        """
        size, most, best = len(self._slots), -np.inf, self._slots.copy()
        for done in range(0, steps if size and self._scale > 0 else 0, AT_ONCE):
            over = max(done / steps, part())
            if over >= 1:
                break
            warmth = self._scale * HOT * (COLD / HOT) ** over
            slots, chances = self._draw.integers(0, size, AT_ONCE), self._draw.random(AT_ONCE)
            for slot, chance in zip(slots.tolist(), chances.tolist(), strict=True):
                self._step(slot, chance, warmth)
                if self._value > most and over >= COLDER:
                    most, best = self._value, self._slots.copy()
        return np.setdiff1d(best, [self._none])

    def _step(self, slot: int, chance: float, warmth: float) -> None:
        """Take the site of a slot out and draw one for it, perhaps the same."""
        old = int(self._slots[slot])
        left = self._points[old]
        gain = self._gain + self._worth(left[self._times[left] == 1])
        room = self._room + self._cost[old]
        able = gain if room >= self._dearest else np.where(self._cost <= room, gain, -np.inf)
        most = able.max()
        near = np.flatnonzero(able >= most - FAR * warmth)
        shares = np.exp((gain[near] - most) / warmth).cumsum()
        new = int(near[shares.searchsorted(chance * shares[-1])])
        if new == old:
            return
        self._times[left] -= 1
        points = self._points[new]
        fresh = points[self._times[points] == 0]
        self._times[points] += 1
        self._value += float(gain[new] - gain[old])
        self._gain = gain - self._worth(fresh)
        self._room = room - self._cost[new]
        self._slots[slot] = new

    def _worth(self, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what some points are worth to each site, all of them or those that it reaches."""
        counts = self._counts[points]
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        index = np.arange(total) + np.repeat(self._first[points] - ends + counts, counts)
        weight = np.repeat(self._weight[points], counts)
        worth = np.bincount(self._indices[index], weight, minlength=len(self._cost))
        # of no points at all the sums are whole numbers
        return worth.astype(np.float64, copy=False)


def _spare_slots(covering: Covering, chosen: NDArray[np.int64]) -> int:
    """Return how many more sites than the chosen ones the search may come to hold."""
    sites = covering.sites
    cheapest = np.cumsum(np.sort(covering.cost))
    affordable = int(np.searchsorted(cheapest, covering.budget * (1 + SLACK), side="right"))
    return max(0, min(affordable - len(chosen), sites - len(chosen), 2 + len(chosen) // 4))
