"""A relaxation over fewer variables: what bounds fix is left out, what is always equal is one.

Once a good solution is known, reduced costs shut many columns, and the relaxation of a search
carries them along in every basis. Here they go, and with them:

- a whole variable that two rows tie to another one (``ports = fewest build``);
- rows with one variable left, which are bounds, and rows that no values can break;
- of continuous variables that the same whole ones hold back in the same way, all but one: where
  raising each helps and only its own row is against it, they are equal in some optimum.

Every optimum of the smaller relaxation is one of the whole at the same value, under all bounds of
whole variables within those that it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import sparse

from kwev.solve.highs import Bounds, LinearProgram, Relaxation, Relaxed

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOL = 1e-9
"""By how much a row may be broken and still count as one that cannot be."""

ROUNDS = 8
"""Times that rows with one variable left are made bounds, at most."""


@dataclass(frozen=True, eq=False)
class Shrunk:
    """The relaxation of a program within bounds, over fewer variables.

    Attributes
    ----------
    within
        The bounds, shape (n,) each.
    column
        Shape (n,): the smaller program's column of each variable, -1 where it is fixed.
    factor
        Shape (n,): how many times that column a variable is.
    fixed
        Shape (n,): value of each fixed variable, 0 elsewhere.
    small
        The smaller program.
    relaxation
        Its relaxation.
    """

    within: Bounds
    column: NDArray[np.int64]
    factor: NDArray[np.float64]
    fixed: NDArray[np.float64]
    small: LinearProgram
    relaxation: Relaxation

    @classmethod
    def of(cls, program: LinearProgram, bounds: Bounds, threads: int, seed: int) -> Self:
        """Shrink a program within bounds."""
        tied, factor, rows = _tied(program)
        n = len(tied)
        tie = sparse.csr_array((factor, (np.arange(n), tied)), shape=(n, n))
        matrix = sparse.csr_array(sparse.csr_array(program.matrix)[rows] @ tie)
        own = _own_bounds(bounds, np.where(tied >= 0, tied, 0), factor, n)
        tied_away = tied != np.arange(n)
        for side in (own.lower, own.upper):
            side[tied_away] = 0.0
        whole = replace(
            program, cost=np.asarray(tie.T @ program.cost), matrix=sparse.csc_array(matrix),
            row_lower=program.row_lower[rows], row_upper=program.row_upper[rows],
            lower=own.lower, upper=own.upper,
        )  # fmt: skip
        left, kept = _without_fixed(whole)
        joined, first = _joined(left)
        column = np.full(n, -1)
        column[kept] = joined
        column = np.where(column[tied] >= 0, column[tied], -1)
        values = np.where(whole.lower < whole.upper, 0.0, whole.lower)
        fixed = np.where(column < 0, factor * values[tied], 0.0)
        relaxation = Relaxation(first, threads, seed, hot=True)
        return cls(bounds, column, factor, fixed, first, relaxation)

    def solve(
        self, bounds: Bounds, seconds: float, cut_off: float = np.inf
    ) -> Relaxed | str | None:
        """Solve under bounds, as :meth:`kwev.solve.highs.Relaxation.solve` does for the whole."""
        lower = np.maximum(bounds.lower, self.within.lower)
        upper = np.minimum(bounds.upper, self.within.upper)
        gone, left = self.column < 0, self.column >= 0
        off = (self.fixed < lower - TOL) | (self.fixed > upper + TOL)
        if (gone & off).any():
            return None
        if gone.all():  # HiGHS has no answer where there is no variable
            small, idle = self.small, np.zeros(len(gone))
            kept = (small.row_lower <= TOL).all() and (small.row_upper >= -TOL).all()
            alone = Relaxed(Bounds(lower, upper), small.offset, self.fixed.copy(), idle)
            return alone if kept else None
        part = Bounds(lower[left], upper[left])
        own = _own_bounds(part, self.column[left], self.factor[left], len(self.small.cost))
        low = np.maximum(own.lower, self.small.lower)
        high = np.minimum(own.upper, self.small.upper)
        if (low > high + TOL).any():
            return None
        found = self.relaxation.solve(Bounds(np.minimum(low, high), high), seconds, cut_off)
        if not isinstance(found, Relaxed):
            return found
        x, reduced = self.spread(found.x), np.zeros(len(self.fixed))
        reduced[left] = found.reduced[self.column[left]] / self.factor[left]
        return Relaxed(Bounds(lower, upper), found.value, x, reduced)

    def spread(self, small: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of all variables, shape (n,), from those of the smaller program."""
        x, left = self.fixed.copy(), self.column >= 0
        x[left] = self.factor[left] * small[self.column[left]]
        return x

    def gathered(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of the smaller program at a solution, shape (n,), within the bounds.

        Where variables became one, the least of them stands: it breaks no row that held each back.
        """
        left = self.column >= 0
        small = np.full(len(self.small.cost), np.inf)
        np.minimum.at(small, self.column[left], x[left] / self.factor[left])
        return small


def _own_bounds(
    bounds: Bounds, column: NDArray[np.int64], factor: NDArray[np.float64], size: int
) -> Bounds:
    """Return the bounds of columns from those of the variables that are so many times each."""
    lower, upper = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(lower, column, bounds.lower / factor)
    np.minimum.at(upper, column, bounds.upper / factor)
    return Bounds(lower, upper)


def _tied(
    program: LinearProgram,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return of each variable the one it is tied to, how many times that it is, and rows left.

    Two rows ``x - f y <= 0`` and ``f y - x <= 0`` tie x to y.
    """
    matrix = sparse.csr_array(program.matrix)
    matrix.sort_indices()
    n, ends = matrix.shape[1], matrix.indptr
    tied, factor, rows = np.arange(n), np.ones(n), np.ones(matrix.shape[0], bool)
    leads = np.zeros(n, bool)
    seen: dict[tuple[int, int, float, bool], int] = {}
    two = (np.diff(ends) == 2) & np.isneginf(program.row_lower) & (program.row_upper == 0)  # noqa: PLR2004 -- a pair
    for row in np.flatnonzero(two).tolist():
        y, x = matrix.indices[ends[row] : ends[row] + 2].tolist()
        of_y, of_x = matrix.data[ends[row] : ends[row] + 2].tolist()
        ratio = -of_y / of_x  # the row says x <= ratio y, or x >= ratio y
        seen[y, x, ratio, of_x > 0] = row
        other = seen.get((y, x, ratio, of_x <= 0))
        free = tied[x] == x and tied[y] == y and not leads[x]
        if other is None or ratio <= 0 or not free or not program.integer[[x, y]].all():
            continue
        tied[x], factor[x], leads[y] = y, ratio, True
        rows[[row, other]] = False
    return tied, factor, rows


def _without_fixed(program: LinearProgram) -> tuple[LinearProgram, NDArray[np.int64]]:
    """Return a program without its fixed variables and idle rows, and which variables it keeps.

    Bounds of the program that was given are tightened in place by rows with one variable.
    """
    matrix = sparse.csr_array(program.matrix)
    lower, upper = program.lower, program.upper
    for _ in range(ROUNDS):
        kept = np.flatnonzero(lower < upper)
        part, done = sparse.csr_array(matrix[:, kept]), _done(program)
        one = np.flatnonzero(np.diff(part.indptr) == 1)
        at, by = kept[part.indices[part.indptr[one]]], part.data[part.indptr[one]]
        ends = ((program.row_lower - done)[one] / by, (program.row_upper - done)[one] / by)
        low, high = np.where(by > 0, ends, ends[::-1])
        before = (lower.copy(), upper.copy())
        np.maximum.at(lower, at, low)
        np.minimum.at(upper, at, high)
        if np.array_equal(before, (lower, upper)):
            break
    kept = np.flatnonzero(lower < upper)
    part, done = sparse.csr_array(matrix[:, kept]), _done(program)
    rise, fall = part.maximum(0), part.minimum(0)
    big = np.finfo(np.float64).max / 1e100
    low, high = (np.clip(side[kept], -big, big) for side in (lower, upper))
    most, least = rise @ high + fall @ low, rise @ low + fall @ high
    row_lower, row_upper = program.row_lower - done, program.row_upper - done
    idle = (most <= row_upper + TOL) & (least >= row_lower - TOL)
    rows = ~idle  # one that is broken without any variable stays, for the solver to find
    fixed = np.where(lower < upper, 0.0, lower)
    return LinearProgram(
        cost=program.cost[kept],
        offset=program.offset + float(program.cost @ fixed),
        matrix=sparse.csc_array(part[rows]),
        row_lower=row_lower[rows],
        row_upper=row_upper[rows],
        lower=lower[kept],
        upper=upper[kept],
        integer=program.integer[kept],
    ), kept


def _done(program: LinearProgram) -> NDArray[np.float64]:
    """Return what the fixed variables add to each row."""
    fixed = np.where(program.lower < program.upper, 0.0, program.lower)
    return np.asarray(sparse.csr_array(program.matrix) @ fixed)


def _joined(program: LinearProgram) -> tuple[NDArray[np.int64], LinearProgram]:
    """Return the column of each variable once those held back alike are one, and the program."""
    matrix = sparse.csr_array(program.matrix)
    matrix.sort_indices()
    n, ends = matrix.shape[1], matrix.indptr.tolist()
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    against = np.where(
        matrix.data > 0,
        np.isfinite(program.row_upper[row_of]),
        np.isfinite(program.row_lower[row_of]),
    )
    held = np.bincount(matrix.indices[against], minlength=n)
    may = ~program.integer & (program.cost <= 0) & (held == 1)
    same, rows = np.arange(n), np.ones(matrix.shape[0], bool)
    seen: dict[tuple[object, ...], int] = {}
    for row in range(matrix.shape[0]):
        here = slice(ends[row], ends[row + 1])
        columns, values = matrix.indices[here], matrix.data[here]
        own = ~program.integer[columns]
        if own.sum() != 1 or not (may[columns[own]] & against[here][own]).all():
            continue
        j = int(columns[own][0])
        key = (
            columns[~own].tobytes(), values.tobytes(), int(np.argmax(own)),
            program.row_lower[row], program.row_upper[row], program.lower[j], program.upper[j],
        )  # fmt: skip
        same[j] = seen.setdefault(key, j)
        rows[row] = same[j] == j
    kept = np.flatnonzero(same == np.arange(n))
    column = np.searchsorted(kept, same)
    join = sparse.csr_array((np.ones(n), (np.arange(n), column)), shape=(n, len(kept)))
    return column, replace(
        program, cost=np.asarray(join.T @ program.cost),
        matrix=sparse.csc_array(matrix[rows] @ join),
        row_lower=program.row_lower[rows], row_upper=program.row_upper[rows],
        lower=program.lower[kept], upper=program.upper[kept], integer=program.integer[kept],
    )  # fmt: skip
