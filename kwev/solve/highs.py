"""HiGHS without cvxpy between: programs loaded, relaxations solved again, searches from a start.

cvxpy hands HiGHS neither a start nor other bounds of the same problem; a search that solves one
program several times needs both.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray


FEASIBILITY = 1e-7
"""Tolerance on rows and whole numbers, absolute."""

HUGE = 20_000
"""Rows of a program that no published plan has: every address of the Region, not its cells. Above
it, work is saved in ways that may end at another one of the good plans."""

VAST = 100_000
"""Rows of a program that is solved by interior point where it starts afresh: the steps of the
simplex method grow faster than the rows, those of the other hardly."""

WARM_ITERATIONS, WARM_HUGE = 1_000, 4_000
"""A relaxation that starts from the last one and takes more steps than this starts afresh. Afresh,
a huge one takes over 20,000."""


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Minimise ``cost @ x + offset`` under ``row_lower <= matrix @ x <= row_upper`` and bounds.

    Attributes
    ----------
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
    """

    cost: NDArray[np.float64]
    offset: float
    matrix: sparse.csc_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]


def load(program: LinearProgram, options: Mapping[str, Any], *, whole: bool = False) -> Any:
    """Return a HiGHS solver that holds a program, or its relaxation unless ``whole`` is set.

    Parameters
    ----------
    program
        What is minimised.
    options
        HiGHS's options by name, set in their order before the program is passed.
    whole
        Whether the whole variables are whole.

    Raises
    ------
    KwevError
        If HiGHS refuses an option or the program.
    """
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in options.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise KwevError(f"HiGHS refuses {name} = {value}", where="kwev.solve.highs")
    lp, matrix = highspy.HighsLp(), program.matrix
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_, lp.offset_ = program.cost, program.offset
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_ = matrix.indices
    lp.a_matrix_.value_ = matrix.data
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[is_whole] for is_whole in program.integer.tolist()]
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise KwevError("HiGHS refuses the program", where="kwev.solve.highs")
    return solver


@dataclass(frozen=True)
class Bounds:
    """Bounds of the variables of a program, shape (n,) each."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def within(self, which: NDArray[np.int64], low: Any, high: Any) -> Bounds:
        """Return bounds that are tighter for some variables."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[which] = np.maximum(lower[which], low)
        upper[which] = np.minimum(upper[which], high)
        return Bounds(lower, upper)


@dataclass(frozen=True)
class Relaxed:
    """The optimum of a relaxation.

    Attributes
    ----------
    bounds
        The bounds it was solved under.
    value
        Its objective: a lower bound on every whole solution under the bounds.
    x
        Shape (n,).
    reduced
        Shape (n,): reduced costs.
    """

    bounds: Bounds
    value: float
    x: NDArray[np.float64]
    reduced: NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """What a search returned.

    Attributes
    ----------
    status
        ``optimal``, ``limit`` or ``infeasible``.
    x
        Shape (n,), None where nothing was found.
    value, bound
        Objective found and proven lower bound (the program is a minimum).
    nodes
        Nodes of the branch-and-bound tree.
    log
        The solver's own log.
    """

    status: str
    x: NDArray[np.float64] | None
    value: float
    bound: float
    nodes: int
    log: str


@dataclass(frozen=True)
class Effort:
    """How long and how far a search goes.

    Attributes
    ----------
    gap
        Relative gap at which it stops (share).
    seconds
        Longest time (s).
    threads, seed
        As in the scenario's ``solver`` section.
    nodes
        Most nodes; None for no limit.
    """

    gap: float
    seconds: float
    threads: int
    seed: int
    nodes: int | None = None


class Relaxation:
    """The relaxation of a program, solved again and again under other bounds.

    Parameters
    ----------
    program
        The program; whole variables may be fractions.
    threads, seed
        Of HiGHS.
    hot
        After bounds that nothing keeps, go on from the last optimum instead of afresh: three times
        as fast, but of several equal optima another one may come out.
    """

    def __init__(
        self, program: LinearProgram, threads: int, seed: int, *, hot: bool = False
    ) -> None:
        quiet = {"output_flag": False, "log_to_console": False}
        self._solver = load(program, {**quiet, "threads": threads, "random_seed": seed})
        self._hot = hot
        self._basis: Any = None
        self._warm = WARM_HUGE if program.matrix.shape[0] > HUGE else WARM_ITERATIONS
        self._afresh = "ipm" if program.matrix.shape[0] > VAST else "choose"

    def solve(
        self, bounds: Bounds, seconds: float, cut_off: float = np.inf
    ) -> Relaxed | str | None:
        """Solve under bounds; None where nothing is feasible, ``limit`` where time ran out.

        Where it is hot, once the value is known to be above the cut-off, the answer has the cut-off
        as its value, and nothing else in it is to be read.
        """
        solver = self._solver
        solver.setOptionValue("objective_bound", cut_off if self._hot else np.inf)
        n = len(bounds.lower)
        columns = np.arange(n, dtype=np.int32)
        solver.changeColsBounds(n, columns, bounds.lower, bounds.upper)
        status = self._run(seconds, highspy.kHighsIInf if self._basis is None else self._warm)
        if status == highspy.HighsModelStatus.kIterationLimit:
            solver.clearSolver()
            status = self._run(seconds, highspy.kHighsIInf)
        if status == highspy.HighsModelStatus.kOptimal:
            self._basis, solution = solver.getBasis(), solver.getSolution()
            return Relaxed(
                bounds,
                float(solver.getInfo().objective_function_value),
                np.array(solution.col_value, np.float64),
                np.array(solution.col_dual, np.float64),
            )
        if status == highspy.HighsModelStatus.kObjectiveBound:
            self._basis = solver.getBasis()
            return Relaxed(bounds, cut_off, bounds.lower, np.zeros(n))
        solver.clearSolver()
        if self._hot and self._basis is not None:
            solver.setBasis(self._basis)
        else:
            self._basis = None
        infeasible = status in (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        )
        return None if infeasible else "limit"

    def _run(self, seconds: float, iterations: int) -> Any:
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(seconds, 0.0))
        self._solver.setOptionValue("simplex_iteration_limit", iterations)
        warm = iterations == self._warm
        self._solver.setOptionValue("solver", "choose" if warm else self._afresh)
        self._solver.run()
        return self._solver.getModelStatus()


def search(
    program: LinearProgram,
    bounds: Bounds,
    effort: Effort,
    start: NDArray[np.float64] | None = None,
    watch: Callable[[float, float], None] | None = None,
) -> Found:
    """Search for the best whole solution under bounds.

    Parameters
    ----------
    program
        What is minimised.
    bounds
        Bounds of the variables, within those of the program.
    effort
        When to stop.
    start
        Shape (n,): a solution to start from.
    watch
        Called with the best value and the bound as the search goes on.

    Raises
    ------
    KwevError
        If the solver breaks down.
    """
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder) / "highs.log"
        options: dict[str, Any] = {
            "log_to_console": False,
            "mip_rel_gap": effort.gap,
            "mip_abs_gap": 1e-9,
            "time_limit": max(effort.seconds, 0.01),
            "threads": effort.threads,
            "random_seed": effort.seed,
            "mip_feasibility_tolerance": FEASIBILITY,
            "log_file": str(log_path),
        }
        if effort.nodes is not None:
            options["mip_max_nodes"] = effort.nodes
        bounded = replace(program, lower=bounds.lower, upper=bounds.upper)
        solver = load(bounded, options, whole=True)
        if start is not None:
            given = highspy.HighsSolution()
            given.col_value = start.tolist()
            solver.setSolution(given)
        if watch is not None:
            solver.cbMipLogging += lambda event: watch(
                event.data_out.mip_primal_bound, event.data_out.mip_dual_bound
            )
        if solver.run() == highspy.HighsStatus.kError:
            raise KwevError("highs failed", where="solver", hint="Try --solver scip.")
        solver.setOptionValue("log_file", "")  # closes it
        log = log_path.read_text(errors="replace") if log_path.exists() else ""
    return _found(solver, log)


def _found(solver: Any, log: str) -> Found:
    status, info = solver.getModelStatus(), solver.getInfo()
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        return Found("infeasible", None, np.inf, np.inf, max(0, int(info.mip_node_count)), log)
    word = "optimal" if status == highspy.HighsModelStatus.kOptimal else "limit"
    has = info.primal_solution_status == 2  # noqa: PLR2004 -- HiGHS's kSolutionStatusFeasible
    x = np.array(solver.getSolution().col_value, np.float64) if has else None
    value = float(info.objective_function_value) if has else np.inf
    nodes = int(info.mip_node_count)
    bound = float(info.mip_dual_bound) if nodes >= 0 else value  # -1: no whole variable at all
    return Found(word, x, value, bound, max(0, nodes), log)


@contextmanager
def own_threads() -> Iterator[None]:
    """Let what is solved inside, and what is solved after, choose its number of threads.

    HiGHS keeps the number of a process's first solve, and refuses another one.
    """
    highspy.Highs.resetGlobalScheduler(True)
    try:
        yield
    finally:
        highspy.Highs.resetGlobalScheduler(True)


def clock(seconds: float) -> Callable[[], float]:
    """Return a function that tells how many of the seconds are left."""
    started = perf_counter()
    return lambda: seconds - (perf_counter() - started)


OPTIONS: dict[str, Any] = {
    "output_flag": False,
    "solver": "simplex",
    "threads": 1,
    "random_seed": 0,
    "time_limit": 120.0,
}
"""Of HiGHS. The time limit only says when to go without a bound."""


class BlockProgram:
    """A linear program, written block by block: a maximum over variables from 0 up.

    It is solved on one thread, inside :func:`own_threads`.
    """

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
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        dual = -np.array(solution.row_dual)
        sign = {name: sign for name, _, _, sign in self._rows}
        duals = {name: sign[name] * dual[at.start : at.stop] for name, at in self._starts.items()}
        return duals, np.array(solution.col_value)
