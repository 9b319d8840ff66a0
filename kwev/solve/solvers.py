"""Solvers: which one may run, how it is set up, and the account of what it did.

A problem is written in cvxpy. :func:`run` hands it to a solver; :class:`Program` holds it as
arrays for the search of :mod:`kwev.solve.branch_and_bound`, which solves it many times.
"""

from __future__ import annotations

import os
import platform
import tempfile
import warnings
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from kwev.errors import KwevError
from kwev.solve.highs import LinearProgram
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from kwev.config import Config, Solver
    from kwev.model.inputs import Inputs
    from kwev.solve.presolve import Reduced


@dataclass(frozen=True, eq=False)
class Program(LinearProgram):
    """A cvxpy problem as the arrays of a mixed-integer linear program, and values back into it.

    Attributes
    ----------
    problem
        The cvxpy problem that it was compiled from.
    columns
        By variable id: the columns of a cvxpy variable.
    """

    problem: cp.Problem
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
            cost, 0.0, matrix, lower_rows, upper_rows, lower, upper, integer, problem, columns
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


GUROBI_FREE_LIMIT = 2_000
"""Variables, and constraints, that gurobipy solves with the licence of its wheel."""

PACKAGES = {"highs": "highspy", "gurobi": "gurobipy", "scip": "pyscipopt"}


@dataclass(frozen=True)
class Engine:
    """A solver that may run here.

    Attributes
    ----------
    name
        ``highs``, ``gurobi`` or ``scip``.
    version
        Version of its Python package.
    licence
        ``open source``, ``full`` or ``size-limited, non-production``.
    reason
        Why this one was chosen, in words.
    """

    name: str
    version: str
    licence: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """What a solver returned for one problem.

    Attributes
    ----------
    status
        ``optimal``, ``limit``, ``infeasible`` or ``no_solution``.
    value, bound
        Objective found and proven bound, in the problem's own sense and unit.
    nodes
        Branch-and-bound nodes.
    seconds
        Wall time (s), compiling included.
    log
        The solver's own log.
    """

    status: str
    value: float
    bound: float
    nodes: int
    seconds: float
    log: str

    @property
    def found(self) -> bool:
        """Whether there is a solution to read."""
        return self.status in ("optimal", "limit")


def gurobi_licence() -> str:
    """Probe Gurobi.

    cvxpy lists Gurobi as installed whether or not it may solve anything, so a model one variable
    over the free limit is tried.

    Returns
    -------
    str
        ``full``, ``size-limited, non-production`` or ``none``.
    """
    try:
        import gurobipy as gp  # noqa: PLC0415 -- an import that may fail is the probe
    except ImportError:
        return "none"
    try:
        with gp.Env(params={"OutputFlag": 0}) as env, gp.Model(env=env) as probe:
            probe.addVars(GUROBI_FREE_LIMIT + 1, ub=1.0)
            probe.optimize()
    except gp.GurobiError as error:
        size_limited = error.errno == gp.GRB.Error.SIZE_LIMIT_EXCEEDED
        return "size-limited, non-production" if size_limited else "none"
    return "full"


def choose_engine(name: str) -> Engine:
    """Choose a solver: the one asked for, or with ``auto`` Gurobi under a full licence, else HiGHS.

    Parameters
    ----------
    name
        ``auto``, ``highs``, ``gurobi`` or ``scip``.

    Returns
    -------
    Engine
        The solver with its version, its licence and why it was chosen.

    Raises
    ------
    KwevError
        If the solver asked for is unknown or cannot run here.
    """
    if name == "auto":
        licence = gurobi_licence()
        if licence == "full":
            return Engine("gurobi", _version("gurobi"), licence, "a full Gurobi licence was found")
        found = f"Gurobi has a {licence} licence here" if licence != "none" else "no Gurobi is here"
        reason = f"{found}, and a published plan needs a full one"
        return Engine("highs", _version("highs"), "open source", reason)
    if name not in PACKAGES:
        known = ", ".join(["auto", *PACKAGES])
        raise KwevError(f"unknown solver {name!r}", where="--solver", hint=f"Known: {known}.")
    licence = gurobi_licence() if name == "gurobi" else "open source"
    if licence == "none" or cp_name(name) not in cp.installed_solvers():
        hint = f"Install {PACKAGES[name]}, or use --solver highs."
        raise KwevError(f"solver {name!r} cannot run here", where="--solver", hint=hint)
    return Engine(name, _version(name), licence, "asked for")


def cp_name(name: str) -> str:
    """Return cvxpy's name of a solver."""
    names = {"highs": cp.HIGHS, "gurobi": cp.GUROBI, "scip": cp.SCIP}
    return str(names[name])


def _version(name: str) -> str:
    try:
        return version(PACKAGES[name])
    except PackageNotFoundError:
        return "missing"


def run(problem: cp.Problem, engine: Engine, settings: Solver) -> Answer:
    """Solve a problem; the values are left in its variables.

    Raises
    ------
    KwevError
        If the problem is too large for the licence, or the solver breaks down.
    """
    started = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder) / "solver.log"
        options = _OPTIONS[engine.name](settings, log_path)
        try:
            with warnings.catch_warnings():
                # a stop at a limit is in the answer's status
                warnings.filterwarnings("ignore", message="Solution may be inaccurate")
                problem.solve(solver=cp_name(engine.name), **options)
        except cp.error.SolverError as error:
            # cvxpy keeps Gurobi's own reason to itself
            if engine.licence.startswith("size-limited") and _is_large(problem):
                raise KwevError(
                    f"Gurobi refuses a problem of over {GUROBI_FREE_LIMIT} variables or rows",
                    where=f"licence: {engine.licence}",
                    hint="Use --solver highs, or a smaller geography.",
                ) from error
            raise KwevError(
                f"{engine.name} failed: {error}", where="solver", hint="Try --solver highs."
            ) from error
        log = log_path.read_text(errors="replace") if log_path.exists() else ""
    status = _status(problem)
    value, bound, nodes = _account(problem, engine.name, found=status in ("optimal", "limit"))
    return Answer(status, value, bound, nodes, perf_counter() - started, log)


def out_of_time(what: str) -> KwevError:
    """Return the error of a search that found nothing in its time."""
    return KwevError(
        f"no {what} within the time limit",
        where="solver.time_limit_s",
        hint="Raise it, or take a smaller geography.",
    )


def _is_large(problem: cp.Problem) -> bool:
    size = problem.size_metrics
    rows = size.num_scalar_eq_constr + size.num_scalar_leq_constr
    return bool(max(size.num_scalar_variables, rows) > GUROBI_FREE_LIMIT)


def _highs_options(settings: Solver, log_path: Path) -> dict[str, Any]:
    return {
        "mip_rel_gap": settings.mip_gap,
        "mip_abs_gap": 1e-9,
        "time_limit": settings.time_limit_s,
        "threads": settings.threads,
        "random_seed": settings.seed,
        "mip_feasibility_tolerance": 1e-7,
        "output_flag": True,
        "log_to_console": False,
        "log_file": str(log_path),
    }


def _gurobi_options(settings: Solver, log_path: Path) -> dict[str, Any]:
    """Gurobi's settings, the specification's five parameters among them.

    For a MIP they do little: DualReductions=0 only makes "infeasible" and "unbounded" told apart,
    PreDual=0 keeps presolve from dualising the relaxation, Method=2 solves the root by barrier,
    and BarHomogeneous=1 makes that barrier detect infeasibility.
    """
    return {
        # cvxpy silences Gurobi: a log needs the console off first, then the output on
        "LogToConsole": 0,
        "LogFile": str(log_path),
        "OutputFlag": 1,
        "MIPGap": settings.mip_gap,
        "MIPGapAbs": 1e-9,
        "TimeLimit": settings.time_limit_s,
        "Threads": settings.threads,
        "Seed": settings.seed,
        "IntFeasTol": 1e-7,
        "DualReductions": 0,
        "PreDual": 0,
        "Method": 2,
        "BarHomogeneous": 1,
    }


def _scip_options(settings: Solver, log_path: Path) -> dict[str, Any]:
    del log_path  # cvxpy's SCIP interface keeps no log file
    return {
        "scip_params": {
            "limits/gap": settings.mip_gap,
            "limits/time": settings.time_limit_s,
            "randomization/randomseedshift": settings.seed,
            "numerics/feastol": 1e-7,
        }
    }


_OPTIONS: dict[str, Callable[[Solver, Path], dict[str, Any]]] = {
    "highs": _highs_options,
    "gurobi": _gurobi_options,
    "scip": _scip_options,
}


def _status(problem: cp.Problem) -> str:
    if problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        # cvxpy calls SCIP's stop at the time limit "inaccurate", as it does one at the gap
        return "limit" if _scip_status(problem) == "timelimit" else "optimal"
    if problem.status == cp.USER_LIMIT:
        value = problem.value
        return "limit" if value is not None and np.isfinite(value) else "no_solution"
    if problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE, "infeasible_or_unbounded"):
        return "infeasible"
    return "no_solution"


def _scip_status(problem: cp.Problem) -> str:
    stats = problem.solver_stats.extra_stats
    return str(stats.get("scip_status", "")) if isinstance(stats, dict) else ""


def _account(problem: cp.Problem, name: str, *, found: bool) -> tuple[float, float, int]:
    """Return value, bound and nodes; a problem without integers is its own bound."""
    if not found:
        return float("nan"), float("nan"), 0
    value = float(problem.value)
    stats = problem.solver_stats.extra_stats
    inner_value, inner_bound, nodes = value, value, 0
    if name == "highs":
        inner_value = stats.objective_function_value
        inner_bound, nodes = stats.mip_dual_bound, int(stats.mip_node_count)
        if nodes < 0:  # a problem without integers
            return value, value, 0
    elif name == "gurobi":
        inner_value, nodes = stats.ObjVal, int(stats.NodeCount)
        inner_bound = stats.ObjBound if stats.IsMIP else stats.ObjVal
    elif name == "scip":
        scip = stats["model"]
        inner_value, inner_bound = scip.getPrimalbound(), scip.getDualbound()
        nodes = int(scip.getNTotalNodes())
    # the solver minimises, without the constant: only the distance carries over
    distance = abs(inner_value - inner_bound)
    maximise = isinstance(problem.objective, cp.Maximize)
    return value, value + distance if maximise else value - distance, nodes


def solver_account(
    engine: Engine, inputs: Inputs, config: Config, answer: Answer
) -> dict[str, Any]:
    """Return the solver's account of itself, as it stands in the plan file."""
    most = _most_points(inputs, config)
    bound = max(min(answer.bound, most), answer.value)
    return {
        "name": engine.name,
        "version": engine.version,
        "licence": engine.licence,
        "reason": engine.reason,
        "status": answer.status,
        "objective": answer.value,
        "bound": bound,
        "gap_solver": gap(answer.value, bound),
    }


def _most_points(inputs: Inputs, config: Config) -> float:
    """Return an objective that no plan exceeds: everybody covered, all that saves money done."""
    columns, w = inputs.columns, config.weights
    saved = (columns.resale_cad - columns.fixed_cad) * w.cost_points_per_million_cad
    saved -= columns.yearly_cad * config.operating.years * w.operating_points_per_million_cad
    return POINTS * (w.l2 + w.l3) + float(np.maximum(saved, 0.0).sum()) / CAD_PER_MILLION


def gap(objective: float, bound: float) -> float:
    """Return ``|bound - objective| / |objective|`` (share; 0 where both are equal)."""
    distance = abs(bound - objective)
    return distance / max(abs(objective), 1e-9) if distance > 0 else 0.0


def solve_account(
    inputs: Inputs, engine: Engine, answers: dict[str, Answer], reduced: Reduced | None = None
) -> dict[str, Any]:
    """Return seconds, nodes and log by solve, sizes and the machine: the content of solve.json."""
    return {
        "solver": engine.name,
        "solver_version": engine.version,
        "seconds": sum(answer.seconds for answer in answers.values()),
        "nodes": sum(answer.nodes for answer in answers.values()),
        "log": answers["plan"].log if "plan" in answers else "",
        "solves": {
            name: {
                "status": answer.status,
                "seconds": answer.seconds,
                "nodes": answer.nodes,
                "value": answer.value if answer.found else None,
                "bound": answer.bound if answer.found and np.isfinite(answer.bound) else None,
                "log": answer.log,
            }
            for name, answer in answers.items()
        },
        "size": {
            "points": len(inputs.points),
            "columns": len(inputs.columns),
            **{f"rows_{level}": len(rows.base) for level, rows in inputs.rows.items()},
            **({} if reduced is None else reduced.sizes()),
        },
        "machine": {
            "system": platform.system(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    }
