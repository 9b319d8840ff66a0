"""A linear program written block by block, solved again and again under other bounds of rows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from kwev.solve.highs import LinearProgram, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "solver": "simplex",
    "threads": 1,
    "random_seed": 0,
    "time_limit": 120.0,
}
"""Of HiGHS. The time limit only says when to go without a bound."""


class BlockProgram:
    """A linear program, written block by block: a maximum over variables from 0 up."""

    def __init__(self) -> None:
        self._upper: list[NDArray[np.float64]] = []
        self._gain: list[NDArray[np.float64]] = []
        self._rows: list[tuple[str, dict[range, sparse.coo_array], NDArray[np.float64], int]] = []
        self._size = 0

    def variables(self, upper: NDArray[np.float64], gain: NDArray[np.float64]) -> range:
        """Add variables with their upper bounds and what each gains; return where they stand."""
        start, self._size = self._size, self._size + len(upper)
        self._upper.append(upper)
        self._gain.append(gain)
        return range(start, self._size)

    def at_most(self, name: str, blocks: dict[range, Any], right: Any) -> None:
        """Add rows ``sum blocks <= right``."""
        self._add(name, blocks, right, 1)

    def at_least(self, name: str, blocks: dict[range, Any], right: Any) -> None:
        """Add rows ``sum blocks >= right``."""
        self._add(name, blocks, right, -1)

    def _add(self, name: str, blocks: dict[range, Any], right: Any, sign: int) -> None:
        matrices = {
            at: sparse.coo_array(np.atleast_2d(m) if isinstance(m, np.ndarray) else m)
            for at, m in blocks.items()
        }
        count = next(iter(matrices.values())).shape[0]
        self._rows.append((name, matrices, np.broadcast_to(right, (count,)).astype(float), sign))

    def _matrix(self) -> sparse.csc_array:
        start, data, row, column = 0, [], [], []
        for _, blocks, right, _ in self._rows:
            for at, block in blocks.items():
                data.append(block.data.astype(float))
                row.append(block.coords[0] + start)
                column.append(block.coords[1] + at.start)
            start += len(right)
        triples = (np.concatenate(data), (np.concatenate(row), np.concatenate(column)))
        matrix = sparse.csc_array(sparse.coo_array(triples, shape=(start, self._size)))
        matrix.eliminate_zeros()
        return matrix

    def between(self, name: str, low: float, high: float) -> None:
        """Bound the rows of a name on both sides, before the next solve."""
        at = self._starts[name]
        for row in range(at.start, at.stop):
            self._solver.changeRowBounds(row, low, high)

    @cached_property
    def _starts(self) -> dict[str, range]:
        found, start = {}, 0
        for name, _, right, _ in self._rows:
            found[name] = range(start, start + len(right))
            start += len(right)
        return found

    @cached_property
    def _solver(self) -> Any:
        """The program as HiGHS has it; it starts each solve from where the last one ended."""
        matrix = self._matrix()
        lower, upper = [], []
        for _, _, right, sign in self._rows:
            lower.append(np.full(len(right), -np.inf) if sign > 0 else right)
            upper.append(right if sign > 0 else np.full(len(right), np.inf))
        program = LinearProgram(
            cost=-np.concatenate(self._gain),
            offset=0.0,
            matrix=matrix,
            row_lower=np.concatenate(lower),
            row_upper=np.concatenate(upper),
            lower=np.zeros(self._size),
            upper=np.concatenate(self._upper),
            integer=np.zeros(self._size, bool),
        )
        return load(program, OPTIONS)

    def solve(self) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]] | None:
        """Solve, and return by row what a unit more on its right gains, and the variables' values.

        None where no optimum was found.
        """
        # HiGHS keeps the threads of a process's first solve: others here may ask for more
        self._solver.resetGlobalScheduler(True)
        self._solver.run()
        self._solver.resetGlobalScheduler(True)
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        dual = -np.array(solution.row_dual)
        sign = {name: sign for name, _, _, sign in self._rows}
        duals = {name: sign[name] * dual[at.start : at.stop] for name, at in self._starts.items()}
        return duals, np.array(solution.col_value)
