"""Pure covering: which sites reach the most weight for a budget, and bounds on what any reach.

The maximal covering location problem [Church and ReVelle, 1974] with prices: choose sites whose
cost is within a budget, and count the weight of every point within reach of one. With each cost
one and the budget p it is the problem of the paper. The planning model is this with ports, power,
upgrades and targets; here is the part of it that all of these share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SLACK = 1e-9
"""Share by which sums of floating-point numbers may be off: bounds are widened by it."""

CHECKED_EVERY = 15
"""Steps without a better bound after which the subgradient method halves its stride and returns."""


@dataclass(frozen=True)
class Covering:
    """One covering problem; :meth:`of` makes it and checks what it is given.

    Attributes
    ----------
    reach
        Shape (n, m), 1 where site i is within reach of point j, by site (CSC), indices sorted.
    points
        The same by point (CSR).
    weight
        Shape (n,), not negative: what covering a point is worth.
    cost
        Shape (m,), not negative: what a site costs.
    budget
        The most that the chosen sites may cost together.
    """

    reach: sparse.csc_array
    points: sparse.csr_array
    weight: NDArray[np.float64]
    cost: NDArray[np.float64]
    budget: float

    @classmethod
    def of(
        cls,
        reach: sparse.sparray,
        weight: NDArray[np.float64],
        budget: float,
        cost: NDArray[np.float64] | None = None,
    ) -> Covering:
        """Make a problem; without ``cost`` each site costs one and ``budget`` is their number.

        Raises
        ------
        KwevError
            If the shapes do not agree, or a weight, a cost, the budget or an entry of ``reach`` is
            negative or no number.
        """
        matrix = sparse.csc_array(reach, copy=True).astype(np.float64)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        matrix.sort_indices()
        n, m = matrix.shape
        worth = np.asarray(weight, np.float64)
        price = np.ones(m) if cost is None else np.asarray(cost, np.float64)
        for name, values, size in (("weight", worth, n), ("cost", price, m)):
            if values.shape != (size,):
                raise KwevError(
                    f"{name} has shape {values.shape}, but reach is {n:,} points x {m:,} sites",
                    where="benchmarks.covering",
                    hint="Give one weight a point and one cost a site.",
                )
        if not (matrix.data > 0).all() or not np.isfinite(matrix.data).all():
            raise KwevError(
                "an entry of reach is negative or no number",
                where="benchmarks.covering",
                hint="Give 1 where a site is within reach of a point, and 0 elsewhere.",
            )
        matrix.data[:] = 1.0
        given = np.concatenate([worth, price, [budget]])
        if not (np.isfinite(given).all() and (given >= 0).all()):
            raise KwevError(
                "a weight, a cost or the budget is negative or no number",
                where="benchmarks.covering",
                hint="Drop points and sites that have none.",
            )
        return cls(matrix, sparse.csr_array(matrix), worth, price, float(budget))

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(self.reach.shape[1])

    def covered_by(self, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which points the chosen sites reach, shape (n,)."""
        return np.asarray(self.reach[:, chosen].sum(axis=1) > 0).reshape(-1)

    def value(self, chosen: NDArray[np.int64]) -> float:
        """Return the weight that the chosen sites cover."""
        return float(self.weight[self.covered_by(chosen)].sum())

    def affords(self, chosen: NDArray[np.int64]) -> bool:
        """Return whether the chosen sites are within the budget."""
        return bool(self.cost[chosen].sum() <= self.budget * (1 + SLACK))

    def only(self, kept: NDArray[np.int64]) -> Covering:
        """Return the problem with some of the sites, in the order given, points grouped.

        Points within reach of the same sites are one, with their weights summed; a point out of
        every site's reach goes. Both are exact: such points are covered together or never.
        """
        rows = sparse.csr_array(sparse.csc_array(self.reach[:, kept]))
        reached = np.flatnonzero((np.diff(rows.indptr) > 0) & (self.weight > 0))
        first, total = joined(words_of(rows[reached]), self.weight[reached])
        points = sparse.csr_array(rows[reached[first]])
        points.sort_indices()
        return Covering(sparse.csc_array(points), points, total, self.cost[kept], self.budget)

    def grouped(self) -> Covering:
        """Return the same problem, same sites, with its points grouped."""
        return self.only(np.arange(self.sites))

    def undominated(self) -> NDArray[np.int64]:
        """Return the sites that some best choice is made of, sorted.

        A site is left out where another, no dearer, reaches all that it does; of sites alike the
        first stays, and one that reaches nothing goes.
        """
        both = sparse.coo_array(self.reach.T @ self.reach)
        size = np.diff(self.reach.indptr)
        one, other = both.coords
        inside = (both.data == size[one]) & (self.cost[other] <= self.cost[one])
        alike = (size[other] == size[one]) & (self.cost[other] == self.cost[one])
        beaten = inside & np.where(alike, other < one, one != other)
        return np.setdiff1d(np.flatnonzero(size), one[beaten])


def words_of(rows: sparse.csr_array) -> NDArray[np.uint64]:
    """Return which columns each row of a matrix has, as bits of as many words as it takes."""
    n, m = rows.shape
    words = np.zeros((n, max(1, -(-m // 64))), np.uint64)
    row = np.repeat(np.arange(n), np.diff(rows.indptr))
    bit = np.uint64(1) << (rows.indices % 64).astype(np.uint64)
    np.bitwise_or.at(words, (row, rows.indices // 64), bit)
    return words


def joined(
    words: NDArray[np.uint64], weight: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Join rows of equal words and add up their weights.

    Rows are sorted by a hash and compared in full with the row before. Should two rows that differ
    have one hash, rows are sorted by their words instead, which takes longer.

    Parameters
    ----------
    words
        Shape (n, k): each row a set, as bits.
    weight
        Shape (n,): whole numbers up to 2 to the 53 in sum are added exactly.

    Returns
    -------
    tuple
        The first row of each group, in order, and the group's weight.
    """
    hashed = _hash(words)
    order = np.argsort(hashed)
    new = _unlike(words, order)
    if (new[1:] & ~np.diff(hashed[order]).astype(bool)).any():
        order = np.lexsort(words.T)
        new = _unlike(words, order)
    starts = np.flatnonzero(new)
    if not len(starts):
        return starts, np.zeros(0)
    first = np.minimum.reduceat(order, starts)
    total = np.add.reduceat(weight[order], starts, dtype=np.float64)
    at = np.argsort(first)
    return first[at], total[at]


def _hash(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a number for each row that every bit of its words changes, shape (n,)."""
    odd = np.random.default_rng(0).integers(2**63, size=words.shape[1], dtype=np.uint64) * 2 + 1
    mixed = words ^ (words >> np.uint64(32))  # a product keeps little of the high bits
    mixed *= odd
    mixed ^= mixed >> np.uint64(29)
    mixed *= odd
    return np.asarray(mixed.sum(axis=1, dtype=np.uint64))


def _unlike(words: NDArray[np.uint64], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows, in an order, differ from the row before; the first one does."""
    new = np.ones(len(order), bool)
    new[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    return new


@dataclass(frozen=True)
class Dual:
    """A bound on every choice, proven by a price for each point's cover and one for money.

    Attributes
    ----------
    price
        Shape (n,), between 0 and the point's weight: the multiplier u of its cover row.
    money
        The multiplier of the budget, not negative: weight per unit of cost.
    bound
        No choice within the budget covers more.
    reduced
        Shape (m,): what a site's points are worth at their prices, less its cost at its price.
    """

    price: NDArray[np.float64]
    money: float
    bound: float
    reduced: NDArray[np.float64]

    def closed(self, target: float) -> NDArray[np.bool_]:
        """Return the sites that no choice worth more than ``target`` contains, shape (m,)."""
        return self.bound + np.minimum(self.reduced, 0.0) <= target

    def forced(self, target: float) -> NDArray[np.bool_]:
        """Return the sites that every choice worth more than ``target`` contains, shape (m,)."""
        return self.bound - np.maximum(self.reduced, 0.0) <= target


def dual_bound(covering: Covering, price: NDArray[np.float64]) -> Dual:
    r"""Return the bound that any prices prove, by weak duality.

    With ``y_j <= sum_i a_ji x_i`` relaxed at u_j, and the budget at a multiplier t,

    .. math:: L(u, t) = \sum_j (w_j - u_j) + t B + \sum_i \max(0, \sum_j a_{ji} u_j - t c_i)

    for 0 <= u <= w (clipped here, so prices from anywhere do). The best t for given u is the
    ratio at which the budget runs out when sites are bought by worth per cost; with costs of one,
    the bound is then the sum over the p sites worth most. A choice that contains a site of
    negative reduced cost d is worth L + d at most, and one without a site of positive d is worth
    L - d at most: so sites are closed or forced open without losing a better choice.

    Parameters
    ----------
    covering
        The problem.
    price
        Shape (n,): a multiplier for each point.

    Returns
    -------
    Dual
        Its bound is widened by ``SLACK``, more than the rounding of the sums.
    """
    weight, cost = covering.weight, covering.cost
    # a point that no site reaches costs the bound nothing at the price of its weight
    reached = np.diff(covering.points.indptr) > 0
    u = np.where(reached, np.clip(price, 0.0, weight), weight)
    worth = np.asarray(covering.reach.T @ u)
    money = _price_of_money(worth, cost, covering.budget)
    reduced = worth - money * cost
    bound = (weight - u).sum() + money * covering.budget + np.maximum(reduced, 0.0).sum()
    return Dual(u, money, float(bound) + SLACK * float(weight.sum()), reduced)


def _price_of_money(worth: NDArray[np.float64], cost: NDArray[np.float64], budget: float) -> float:
    """Return the worth per cost at which the budget runs out; 0 where it never does."""
    priced = np.flatnonzero(cost > 0)
    ratio = worth[priced] / cost[priced]
    order = np.argsort(-ratio, kind="stable")
    spent = np.cumsum(cost[priced][order])
    last = int(np.searchsorted(spent, budget * (1 - SLACK)))
    return float(ratio[order[last]]) if last < len(order) else 0.0


def never() -> bool:
    """Return that time is not over: the search that has no limit."""
    return False


def subgradient(
    covering: Covering, value: float, steps: int = 600, over: Callable[[], bool] = never
) -> Dual:
    """Return a bound by the subgradient method on the relaxed cover rows [Held et al., 1974].

    No solver is needed. The Lagrangian has the bound of the linear relaxation as its least value;
    the method comes within a few parts in a thousand of it.

    Parameters
    ----------
    covering
        The problem.
    value
        Weight that some choice covers: sets the stride.
    steps
        Steps, each two products with the reach matrix.
    over
        Whether time is over: the best bound so far then stands.
    """
    weight = covering.weight
    best = dual_bound(covering, weight / 2)
    price, direction = best.price, np.zeros(len(weight))
    stride, since = 1.0, 0
    for _ in range(steps):
        if over():
            break
        here = dual_bound(covering, price)
        if here.bound < best.bound:
            best, since = here, 0
        else:
            since += 1
        if since >= CHECKED_EVERY:
            here, stride, since = best, stride / 2, 0
            direction[:] = 0.0
        bought = _bought(covering, here)
        # deflected: part of the last direction damps the zigzag [Camerini et al., 1975]
        direction = (covering.points @ bought - 1.0) + 0.7 * direction
        stuck = (here.price <= 0) & (direction > 0) | (here.price >= weight) & (direction < 0)
        step = np.where(stuck, 0.0, direction)
        length = float(step @ step)
        if length == 0 or here.bound <= value:
            break
        price = np.clip(here.price - stride * (here.bound - value) / length * step, 0.0, weight)
    return best


def _bought(covering: Covering, dual: Dual) -> NDArray[np.float64]:
    """Return how much of each site the relaxed problem buys: the last one in part."""
    bought = (dual.reduced > 0).astype(np.float64)
    left = covering.budget - float(covering.cost @ bought)
    edge = np.flatnonzero((dual.reduced == 0) & (covering.cost > 0))
    if len(edge) and left > 0:
        total = float(covering.cost[edge].sum())
        bought[edge] = min(1.0, left / total)
    return bought


def greedy(covering: Covering) -> NDArray[np.int64]:
    """Return the sites bought one by one, each time the one with the most new weight per cost.

    With costs of one this covers at least 1 - 1/e of the most [Nemhauser et al., 1978]; with
    others, the better of it and the best single site covers half of that share at least.
    """
    free = np.flatnonzero(covering.cost <= 0)
    gain = np.asarray(covering.reach.T @ covering.weight)
    new = np.ones(len(covering.weight), bool)
    chosen: list[int] = []
    left = covering.budget * (1 + SLACK)
    able = covering.cost <= left
    single = int(np.argmax(np.where(able, gain, -1.0))) if able.any() else -1
    for one in free.tolist():
        _take(covering, one, gain, new, chosen)
    scale = np.where(covering.cost > 0, covering.cost, 1.0)
    while True:
        fits = (covering.cost <= left) & (gain > 0)
        fits[chosen] = False
        if not fits.any():
            break
        i = int(np.argmax(np.where(fits, gain / scale, -1.0)))
        left -= covering.cost[i]
        _take(covering, i, gain, new, chosen)
    found = np.array(sorted(chosen), np.int64)
    alone = np.array(sorted({single, *free.tolist()} - {-1}), np.int64)
    better = covering.affords(alone) and covering.value(alone) > covering.value(found)
    return alone if better else found


def _take(
    covering: Covering,
    site: int,
    gain: NDArray[np.float64],
    new: NDArray[np.bool_],
    chosen: list[int],
) -> None:
    """Add a site to the chosen ones and take what it covers off every site's gain."""
    reach = covering.reach
    points = reach.indices[reach.indptr[site] : reach.indptr[site + 1]]
    fresh = points[new[points]]
    gain -= np.asarray(covering.points[fresh].T @ covering.weight[fresh])
    new[fresh] = False
    chosen.append(site)
