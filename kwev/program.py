"""A cvxpy problem as the arrays of a mixed-integer linear program, and values back into it.

The search (:mod:`kwev.search`) solves one problem several times with other bounds; compiled once,
it is handed to the solver as arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cvxpy as cp
import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Program:
    """Minimise ``cost @ x + offset`` under ``row_lower <= matrix @ x <= row_upper`` and bounds.

    Attributes
    ----------
    problem
        The cvxpy problem it was compiled from.
    cost
        Shape (n,). A maximum is the minimum of its negative.
    offset
        Constant of the objective, in the sense of the minimum: a relative gap needs it.
    matrix
        Shape (rows, n).
    row_lower, row_upper
        Shape (rows,); infinite where there is no bound.
    lower, upper
        Shape (n,): bounds of the variables.
    integer
        Shape (n,): which variables are whole.
    columns
        By variable id: the first column and the number of columns of a cvxpy variable.
    """

    problem: cp.Problem
    cost: NDArray[np.float64]
    offset: float
    matrix: sparse.csc_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]
    columns: dict[int, slice]

    @classmethod
    def of(cls, problem: cp.Problem) -> Program:
        """Compile a problem."""
        data = problem.get_problem_data(cp.HIGHS)[0]
        matrix = sparse.csc_array(data["A"])
        n = matrix.shape[1]
        equal = data["dims"].zero
        upper_rows = np.asarray(data["b"], np.float64)
        lower_rows = np.where(np.arange(len(upper_rows)) < equal, upper_rows, -np.inf)
        lower = _or_else(data["lower_bounds"], -np.inf, n)
        upper = _or_else(data["upper_bounds"], np.inf, n)
        binary = np.asarray(data["bool_vars_idx"], np.int64)
        lower[binary] = np.maximum(lower[binary], 0.0)
        upper[binary] = np.minimum(upper[binary], 1.0)
        integer = np.zeros(n, bool)
        integer[binary] = True
        integer[np.asarray(data["int_vars_idx"], np.int64)] = True
        first = data["param_prob"].var_id_to_col
        columns = {
            variable.id: slice(first[variable.id], first[variable.id] + variable.size)
            for variable in problem.variables()
            if variable.id in first and variable.size > 0
        }
        cost = np.asarray(data["c"], np.float64)
        program = cls(
            problem, cost, 0.0, matrix, lower_rows, upper_rows, lower, upper, integer, columns
        )
        constant = program.store(np.zeros(n))
        return replace(program, offset=-constant if program.maximises else constant)

    @property
    def maximises(self) -> bool:
        """Whether the problem is a maximum."""
        return isinstance(self.problem.objective, cp.Maximize)

    def where(self, variables: Iterable[cp.Variable]) -> NDArray[np.int64]:
        """Return the columns of some variables, those of the problem."""
        parts = [self.columns[v.id] for v in variables if v.id in self.columns]
        found = [np.arange(part.start, part.stop) for part in parts]
        return np.concatenate([*found, np.empty(0, np.int64)])

    def store(self, x: NDArray[np.float64]) -> float:
        """Put values into the variables of the problem; return its objective."""
        for variable in self.problem.variables():
            # a variable without an entry is no column
            part = x[self.columns.get(variable.id, slice(0))]
            variable.save_value(part.reshape(variable.shape, order="F"))
        return float(np.asarray(self.problem.objective.value))


def _or_else(bounds: NDArray[np.float64] | None, default: float, n: int) -> NDArray[np.float64]:
    return np.full(n, default) if bounds is None else np.array(bounds, np.float64)
