"""Generated instances of Cordeau, Furini and Ljubić [2019], to 20 million customers, exactly.

A hundred sites and any number of customers lie on a square; a customer is covered within the
radius. Customers that the same sites reach are one point of the problem, and their demands add
up: a hundred circles cut the square into a few thousand pieces, however many customers there are.
So the work is to find each customer's piece. That is done in blocks whose distances stay in the
cache, in threads; which sites reach a customer is a hundred bits, kept as two words, and what is
joined is joined again, so that memory is little more than what was drawn.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from benchmarks.covering import Covering, joined
from benchmarks.effort import Effort
from benchmarks.maximal_covering import solve_covering
from benchmarks.record import Watch, verdict
from benchmarks.rivals import RIVALS, against

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.record import Sheet

SITES, SIDE, HEAVIEST = 100, 30, 100
LAGS = (3, 31)
"""glibc's ``rand`` is half of ``r[i] = r[i - 3] + r[i - 31]`` modulo 2 to the 32."""

SKIPPED = 310
"""Numbers that ``srand`` throws away."""

LANE = 1 << 12
"""Numbers that a lane of the generator makes one after the other; lanes go on side by side."""

BLOCK, CHUNK = 1 << 13, 1 << 20
"""Customers whose distances stay in the cache of a core, and whose words are joined at once."""

RAND_MAX, DECIMALS = 2_147_483_647, 6


@dataclass(frozen=True)
class Generated:
    """Places as whole numbers, by which the side of the square is ``RAND_MAX``, and demands.

    Attributes
    ----------
    sites, customers
        Shapes (100, 2) and (n, 2).
    demand
        Shape (n,), 1 to 100.
    """

    sites: NDArray[np.uint32]
    customers: NDArray[np.uint32]
    demand: NDArray[np.uint8]


def rand(seed: int, size: int) -> NDArray[np.uint32]:
    """Return the first numbers of glibc's ``rand`` after ``srand(seed)``, shape (size,).

    Any number is a linear form, modulo 2 to the 32, of 31 that lie before. The matrix of a lane's
    length gives the state at the start of each lane; then all lanes go on side by side.
    """
    lag = max(LAGS)
    step = np.eye(lag, k=1, dtype=np.uint32)
    step[-1, [lag - each for each in LAGS]] = 1
    lanes = -(-size // LANE)
    starts = _jump(step, SKIPPED) @ _seeded(seed)[:, None]
    jump = _jump(step, LANE)
    while starts.shape[1] < lanes:  # twice as many lanes by one product
        starts, jump = np.hstack([starts, jump @ starts]), jump @ jump
    made = np.empty((lag + LANE, lanes), np.uint32)
    made[:lag] = starts[:, :lanes]
    for i in range(lag, lag + LANE):
        np.add(made[i - LAGS[0]], made[i - LAGS[1]], out=made[i])
    return np.asarray((made[lag:].T.reshape(-1)[:size]) >> 1)


def _seeded(seed: int) -> NDArray[np.uint32]:
    """Return the 31 numbers that ``srand`` starts from, oldest first."""
    state = [seed or 1]
    for _ in range(max(LAGS) - 1):
        state.append(16_807 * state[-1] % 2_147_483_647)
    # the first three are used again before the sums begin
    return np.roll(np.array(state, np.uint32), -LAGS[0])


def _jump(step: NDArray[np.uint32], times: int) -> NDArray[np.uint32]:
    return np.asarray(np.linalg.matrix_power(step, times), np.uint32)


def generate(customers: int, seed: int = 1) -> Generated:
    """Generate the instance of a number of customers: sites, customers, costs, then demands."""
    places = 2 * (SITES + customers)
    drawn = rand(seed, places + SITES + customers)
    demand = (drawn[places + SITES :] % HEAVIEST + 1).astype(np.uint8)
    sites, places_of = drawn[: 2 * SITES], drawn[2 * SITES : places]
    return Generated(sites.reshape(-1, 2), places_of.reshape(-1, 2), demand)


def covering_of(made: Generated, radius: float, count: int, threads: int = 2) -> Covering:
    """Return the problem, with the customers that the same sites reach as one point."""

    def part(start: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        here = slice(start, start + CHUNK)
        words = _words(made.customers[here], made.sites, radius)
        first, total = joined(words, made.demand[here])
        return words[first], total

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(part, range(0, len(made.demand), CHUNK)))
    words, weight = (np.concatenate(each) for each in zip(*parts, strict=True))
    first, total = joined(words, weight)
    bits = np.unpackbits(words[first].view(np.uint8), axis=1, count=SITES, bitorder="little")
    return Covering.of(sparse.csr_array(bits), total, float(count))


def _words(
    customers: NDArray[np.uint32], sites: NDArray[np.uint32], radius: float
) -> NDArray[np.uint64]:
    """Return which sites reach each customer, as bits of two words, shape (n, 2)."""
    at = _at(sites)
    words = np.empty((len(customers), 2), np.uint64)
    bits = np.zeros((8 * words.itemsize * 2, BLOCK), bool)
    for start in range(0, len(customers), BLOCK):
        x, y = _at(customers[start : start + BLOCK]).T.copy()
        east, north = np.empty_like(x), np.empty_like(y)
        for site in range(SITES):
            np.subtract(x, at[site, 0], out=east)
            np.subtract(y, at[site, 1], out=north)
            east *= east
            north *= north
            east += north
            np.less_equal(east, radius**2, out=bits[site, : len(x)])
        packed = np.packbits(bits[:, : len(x)], axis=0, bitorder="little")
        words[start : start + BLOCK] = packed.T.copy().view(np.uint64)
    return words


def _at(drawn: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return places to six decimals, as the generator writes them.

    Without, one of 20 million customers lies on the other side of a circle.
    """
    return np.round(drawn / RAND_MAX * SIDE, DECIMALS)


ANSWERS = {
    (10_000, 5.5, 10): 441_545, (10_000, 4.25, 15): 423_845, (10_000, 3.25, 20): 356_433,
    (100_000, 5.5, 10): 4_431_761, (100_000, 4.25, 15): 4_237_334, (100_000, 3.25, 20): 3_563_611,
    (1_000_000, 5.5, 10): 44_433_492, (1_000_000, 4.25, 15): 42_491_058,
    (1_000_000, 3.25, 20): 35_556_588,
    (20_000_000, 5.5, 10): 888_211_777,
}  # fmt: skip
"""By customers, radius and number of sites: the most demand covered, for seed 1."""

SMALLEST = min(customers for customers, _, _ in ANSWERS)

GOAL_S, GOAL_MB = 90.0, 4_000.0
"""For everything but the draw, in processor seconds, and for all stages, in memory."""


def scale(customers: int, sheet: Sheet) -> None:
    """Time the stages of all instances of a size: draw, join, and solve to the proven optimum."""
    with Watch() as watch:
        made = generate(customers)
    sheet.add(f"{customers:,} customers: drawn", watch.time, stage="draw", customers=customers)
    for (size, radius, count), answer in ANSWERS.items():
        if size != customers:
            continue
        about: dict[str, Any] = {"customers": customers, "radius": radius, "count": count}
        what = f"{customers:,} customers, r = {radius:g}, p = {count}"
        with Watch() as watch:
            covering = covering_of(made, radius, count)
        join, points = watch.time, len(covering.weight)
        sheet.add(f"{what}: joined", join, stage="join", points=points, **about)
        with Watch() as watch:
            effort = Effort(gap=0.0, seconds=4 * GOAL_S, clock=process_time)
            found = solve_covering(covering, effort)
        spent, most = join.cpu_s + watch.time.cpu_s, max(join.peak_mb, watch.time.peak_mb)
        kept = found.value == answer and spent < GOAL_S and most < GOAL_MB
        goal = verdict(kept, f"{answer:,} in {GOAL_S:g} s and {GOAL_MB:,.0f} MB")
        proof = {"value": found.value, "bound": found.bound, "known": answer}
        sheet.add(f"{what}: solved", watch.time, found.gap, goal, stage="solve", **proof, **about)


def rivals(radius: float, count: int, sheet: Sheet) -> None:
    """Solve one of the smallest by everyone: joined, so that Gurobi's free licence allows it."""
    covering = covering_of(generate(SMALLEST), radius, count)
    name = f"{SMALLEST:,} customers, r = {radius:g}, p = {count}"
    limits = (GOAL_S, GOAL_S)
    against(name, covering, rivals=RIVALS, gap=0.0, limits_s=limits, sheet=sheet)
