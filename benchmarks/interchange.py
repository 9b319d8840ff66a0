"""Interchange: one chosen site against another, as long as it helps, and past where it stops.

The vertex substitution of Teitz and Bart [1968] for covering, with the effect of every exchange
known at every moment, and a tabu search [Glover, 1989] around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.covering import SLACK, never

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.covering import Covering

EMPTY = -1
"""A slot without a site: filling it is a purchase, not an exchange."""

TOLERANCE = 1e-9
"""A change of value below this share of all weight is none."""


class Exchange:
    """A choice of sites in slots, and what every exchange would change.

    The gain of putting site i into slot k is ``gain[i] - loss[k] + kept[i, k]``: what i covers and
    nobody does, less what k's site alone covers, save the part of that which i covers too.
    Exchanges update the three for the points they touch.

    Parameters
    ----------
    covering
        The problem.
    chosen
        Sites to start from, within the budget; the slots they leave free are filled as they pay.
    """

    def __init__(self, covering: Covering, chosen: NDArray[np.int64]) -> None:
        self._covering = covering
        self._least = TOLERANCE * max(float(covering.weight.sum()), 1e-300)
        free = _spare_slots(covering, chosen)
        self.slots = np.concatenate([chosen, np.full(free, EMPTY)]).astype(np.int64)
        n, m, size = len(covering.weight), covering.sites, len(self.slots)
        self._times = np.zeros(n, np.int64)
        self._owner = np.zeros(n, np.int64)  # sum of the slots that cover a point: the one, if one
        for k, site in enumerate(self.slots):
            self._times[self._points(site)] += 1
            self._owner[self._points(site)] += k
        weight = covering.weight
        self._gain = np.asarray(covering.reach.T @ (weight * (self._times == 0)))
        self._loss = np.zeros(size)
        self._kept = np.zeros((m, size))
        self._own(np.flatnonzero(self._times == 1), 1.0)
        self.spent = float(covering.cost[chosen].sum())
        self.value = float(weight[self._times > 0].sum())

    @property
    def chosen(self) -> NDArray[np.int64]:
        """The chosen sites, sorted."""
        return np.sort(self.slots[self.slots != EMPTY])

    def changes(self) -> NDArray[np.float64]:
        """Return what each exchange changes, shape (m, slots); -inf where it may not be done."""
        change = self._kept + self._gain[:, None]
        change -= self._loss
        change[self.slots[self.slots != EMPTY]] = -np.inf
        cost, budget = self._covering.cost, self._covering.budget
        freed = np.where(self.slots == EMPTY, 0.0, cost[self.slots])
        room = budget * (1 + SLACK) - self.spent + freed
        if len(room) and cost.max(initial=0.0) > room.min():
            change[cost[:, None] > room[None, :]] = -np.inf
        return np.asarray(change)

    def descend(self, over: Callable[[], bool] = never) -> None:
        """Do the best exchange until none helps or time is over."""
        while len(self.slots) and self._covering.sites and not over():
            change = self.changes()
            site, slot = divmod(int(change.argmax()), len(self.slots))
            if change[site, slot] <= self._least:
                return
            self.exchange(site, slot)

    def search(self, steps: int, tenure: int, seed: int, over: Callable[[], bool] = never) -> None:
        """Do the best exchange that is not tabu, helpful or not; keep the best choice met.

        Parameters
        ----------
        steps
            Exchanges.
        tenure
            Steps for which a site that left may not come back, and half as long the other way;
            up to twice that, drawn at random.
        seed
            Of the draws.
        over
            Whether time is over: the best choice met then stands.
        """
        if len(self.slots) == 0 or self._covering.sites == 0:
            return
        draw = np.random.default_rng(seed)
        until = np.zeros(self._covering.sites, np.int64)
        best, slots = self.value, self.slots.copy()
        for step in range(steps):
            if over():
                break
            change = self.changes()
            if self.value + change.max() <= best + self._least:
                change[until > step] = -np.inf
                held = np.where(self.slots == EMPTY, 0, until[self.slots]) > step
                change[:, held] = -np.inf
            site, slot = divmod(int(change.argmax()), len(self.slots))
            if change[site, slot] == -np.inf:
                continue  # all is tabu: wait
            left = self.slots[slot]
            self.exchange(site, slot)
            if left != EMPTY:
                until[left] = step + tenure + int(draw.integers(0, tenure))
            until[site] = step + tenure // 2 + int(draw.integers(0, tenure))
            if self.value > best + self._least:
                best, slots = self.value, self.slots.copy()
        moved = np.flatnonzero(slots != self.slots).tolist()
        for slot in moved:
            self.exchange(EMPTY, slot)
        for slot in moved:
            self.exchange(int(slots[slot]), slot)

    def exchange(self, site: int, slot: int) -> None:
        """Put a site, or ``EMPTY``, into a slot in place of the one there."""
        covering, weight = self._covering, self._covering.weight
        left = int(self.slots[slot])
        old, new = self._points(left), self._points(site)
        touched = np.union1d(old, new)
        before = self._times[touched].copy()
        self._own(touched[before == 1], -1.0)
        self._times[old] -= 1
        self._owner[old] -= slot
        self._times[new] += 1
        self._owner[new] += slot
        after = self._times[touched]
        self._own(touched[after == 1], 1.0)
        reached = touched[(before == 0) & (after > 0)]
        dropped = touched[(before > 0) & (after == 0)]
        for points, sign in ((reached, -1.0), (dropped, 1.0)):
            sites, counts = self._sites_of(points)
            share = np.repeat(sign * weight[points], counts)
            self._gain += np.bincount(sites, weights=share, minlength=covering.sites)
        self.value += float(weight[reached].sum() - weight[dropped].sum())
        self.spent += self._price(site) - self._price(left)
        self.slots[slot] = site

    def _price(self, site: int) -> float:
        return 0.0 if site == EMPTY else float(self._covering.cost[site])

    def _points(self, site: int) -> NDArray[np.int64]:
        reach = self._covering.reach
        if site == EMPTY:
            return np.empty(0, np.int64)
        return np.asarray(reach.indices[reach.indptr[site] : reach.indptr[site + 1]], np.int64)

    def _sites_of(self, points: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the sites that reach each of the points, one after the other, and their counts."""
        rows = self._covering.points
        first = rows.indptr[points].astype(np.int64)
        counts = rows.indptr[points + 1].astype(np.int64) - first
        ends = np.cumsum(counts)
        index = np.repeat(first - (ends - counts), counts) + np.arange(int(counts.sum()))
        return np.asarray(rows.indices[index], np.int64), counts

    def _own(self, points: NDArray[np.int64], sign: float) -> None:
        """Add or take points that one slot alone covers to its loss and to who would keep them."""
        sites, counts = self._sites_of(points)
        owner, weight = self._owner[points], sign * self._covering.weight[points]
        size = len(self.slots)
        self._loss += np.bincount(owner, weights=weight, minlength=size)
        np.add.at(self._kept.reshape(-1), sites * size + np.repeat(owner, counts),
                  np.repeat(weight, counts))  # fmt: skip


def _spare_slots(covering: Covering, chosen: NDArray[np.int64]) -> int:
    """Return how many more sites than the chosen ones the search may come to hold."""
    sites = covering.sites
    cheapest = np.cumsum(np.sort(covering.cost))
    affordable = int(np.searchsorted(cheapest, covering.budget * (1 + SLACK), side="right"))
    return max(0, min(affordable - len(chosen), sites - len(chosen), 2 + len(chosen) // 4))
