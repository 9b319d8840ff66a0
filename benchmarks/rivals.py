"""Pure covering by others: the model as the paper writes it, a row a point, default settings.

All are given the same points. SCIP and Gurobi read the program that HiGHS holds; Gurobi's free
licence refuses all but small ones, and a solver that is not installed is said to be absent.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from benchmarks.effort import Effort
from benchmarks.maximal_covering import gap_of, solve_covering
from benchmarks.record import Watch
from kwev.solve.highs import LinearProgram, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.covering import Covering
    from benchmarks.record import Sheet


@dataclass(frozen=True)
class Result:
    """What a choice covers and what is proven; None where the solver tells no bound."""

    value: float
    bound: float | None

    @property
    def gap(self) -> float | None:
        """Relative gap (share)."""
        return None if self.bound is None else gap_of(self.value, self.bound)


def by_kwev(covering: Covering, gap: float, seconds: float) -> Result:
    """Solve by the search of this folder."""
    answer = solve_covering(covering, Effort(gap=gap, seconds=seconds, clock=process_time))
    return Result(answer.value, answer.bound)


def by_highs(covering: Covering, gap: float, seconds: float) -> Result:
    """Solve by HiGHS alone."""
    solver = _plain(covering, {"mip_rel_gap": gap, "threads": 1})
    ends = process_time() + seconds
    solver.cbMipInterrupt += lambda event: event.interrupt(process_time() > ends)
    solver.run()
    info = solver.getInfo()
    return Result(-info.objective_function_value, -info.mip_dual_bound)


def by_scip(covering: Covering, gap: float, seconds: float) -> Result:
    """Solve by SCIP."""
    from pyscipopt import Model  # noqa: PLC0415 -- only where it is installed

    model = Model()
    model.hideOutput()
    with tempfile.TemporaryDirectory() as folder:
        model.readProblem(_written(covering, folder))
    model.setParams({"limits/gap": gap, "limits/time": seconds, "timing/clocktype": 1})
    model.optimize()
    return Result(-model.getPrimalbound(), -model.getDualbound())


def by_gurobi(covering: Covering, gap: float, seconds: float) -> Result:
    """Solve by Gurobi under the licence that there is."""
    import gurobipy  # noqa: PLC0415 -- only where it is installed

    limits = {"OutputFlag": 0, "MIPGap": gap, "TimeLimit": seconds, "Threads": 1}
    with tempfile.TemporaryDirectory() as folder, gurobipy.Env(params=limits) as env:
        model = gurobipy.read(_written(covering, folder), env)
        model.optimize()
        return Result(-model.ObjVal, -model.ObjBound)


def by_spopt(covering: Covering, gap: float, seconds: float) -> Result:
    """Solve by spopt's MCLP [Feng et al., 2022] through PuLP's HiGHS, model building included.

    Its limit is of the clock alone, which a shared machine would make unjust: it has none.
    """
    del seconds
    import pulp  # noqa: PLC0415 -- only where spopt is installed
    from spopt.locate import MCLP  # noqa: PLC0415

    apart = 1.0 - covering.points.toarray()
    model = MCLP.from_cost_matrix(apart, covering.weight, 0.5, p_facilities=int(covering.budget))
    model = model.solve(pulp.HiGHS(msg=False, gapRel=gap, threads=1))
    return Result(float(pulp.value(model.problem.objective)), None)


RIVALS: dict[str, tuple[str, Callable[[Covering, float, float], Result]]] = {
    "HiGHS": ("highspy", by_highs),
    "spopt": ("spopt", by_spopt),
    "SCIP": ("pyscipopt", by_scip),
    "Gurobi": ("gurobipy", by_gurobi),
}
"""By name: the package, and what solves with it."""


def absent(name: str) -> bool:
    """Return whether a rival is not installed."""
    return importlib.util.find_spec(RIVALS[name][0]) is None


def against(  # noqa: PLR0913 -- what is solved by whom, and how long
    name: str,
    covering: Covering,
    *,
    rivals: Iterable[str],
    gap: float,
    limits_s: tuple[float, float],
    sheet: Sheet,
) -> None:
    """Solve a problem by the search of this folder and by others, with the ratios of their times.

    Parameters
    ----------
    limits_s
        Processor seconds for the search, and for each of the others.
    """
    with Watch() as watch:
        ours = by_kwev(covering, gap, limits_s[0])
    size: dict[str, Any] = {
        "points": len(covering.weight),
        "sites": covering.sites,
        "count": covering.budget,
    }
    sheet.add(f"{name}: kwev", watch.time, ours.gap, who="kwev", **vars(ours), **size)
    first = watch.time.cpu_s
    for rival in rivals:
        if absent(rival):
            print(f"{name}: {rival} is not installed")
            continue
        importlib.import_module(RIVALS[rival][0])  # its time is to solve, not to load
        with Watch() as watch:
            try:
                result = RIVALS[rival][1](covering, gap, limits_s[1])
            except Exception as refused:  # noqa: BLE001 -- Gurobi's refusal by size, among others
                print(f"{name}: {rival}: {refused}")
                continue
        ratio = watch.time.cpu_s / max(first, 1e-9)
        goal = f"{result.value:,.0f}; {ratio:.1f} times kwev's processor time"
        sheet.add(
            f"{name}: {rival}", watch.time, result.gap, goal,
            who=rival, ratio=ratio, **vars(result), **size,
        )  # fmt: skip


def _plain(covering: Covering, options: dict[str, Any]) -> Any:
    """Return HiGHS with the program: sites and points as variables, a row a point, the budget."""
    n, m = covering.points.shape
    cover = sparse.hstack([covering.points, -sparse.eye_array(n)])
    spend = sparse.csr_array(np.concatenate([covering.cost, np.zeros(n)]).reshape(1, -1))
    program = LinearProgram(
        cost=-np.concatenate([np.zeros(m), covering.weight]),
        offset=0.0,
        matrix=sparse.csc_array(sparse.vstack([cover, spend])),
        row_lower=np.append(np.zeros(n), -np.inf),
        row_upper=np.append(np.full(n, np.inf), covering.budget),
        lower=np.zeros(m + n),
        upper=np.ones(m + n),
        integer=np.arange(m + n) < m,
    )
    return load(program, {"output_flag": False, **options}, whole=True)


def _written(covering: Covering, folder: str) -> str:
    path = str(Path(folder) / "covering.mps")
    _plain(covering, {}).writeModel(path)
    return path
