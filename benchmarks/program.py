"""The covering program in HiGHS, over all sites or some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from kwev.errors import KwevError
from kwev.solve.highs import LinearProgram, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.covering import Covering
    from benchmarks.effort import Effort


class Program:
    """The covering program over some of the sites, as HiGHS takes it.

    A group of points that one site alone reaches needs no variable: its weight goes to the site.

    Parameters
    ----------
    covering
        The whole problem.
    kept
        Sites that may be chosen.
    lower
        Shape of ``kept``: 1 for a site that must be chosen, 0 for another.
    """

    def __init__(
        self, covering: Covering, kept: NDArray[np.int64], lower: NDArray[np.float64]
    ) -> None:
        part = covering.only(kept)
        single = np.diff(part.points.indptr) == 1
        self._whole, self._kept, self._lower = covering, kept, lower
        self._worth = np.asarray(part.points[single].T @ part.weight[single])
        self._rows, self._weight = sparse.csr_array(part.points[~single]), part.weight[~single]
        self._cost, self._budget, self._single = part.cost, part.budget, single

    def loaded(self, options: dict[str, Any], *, whole: bool) -> Any:
        """Return a solver that holds the program, or its relaxation."""
        m, g = len(self._kept), len(self._weight)
        cover = sparse.hstack([self._rows, -sparse.eye_array(g)])
        spend = sparse.csr_array(np.concatenate([self._cost, np.zeros(g)]).reshape(1, -1))
        program = LinearProgram(
            # minimised: the interior point method returns the duals of a maximum with mixed signs
            cost=-np.concatenate([self._worth, self._weight]),
            offset=0.0,
            matrix=sparse.csc_array(sparse.vstack([cover, spend])),
            row_lower=np.append(np.zeros(g), -np.inf),
            row_upper=np.append(np.full(g, np.inf), self._budget),
            lower=np.concatenate([self._lower, np.zeros(g)]),
            upper=np.ones(m + g),
            integer=np.arange(m + g) < m,
        )
        return load(program, {"output_flag": False, **options}, whole=whole)

    def prices(self, row_dual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the multiplier of each group of the whole problem, all sites being kept."""
        price = np.zeros(len(self._single))
        price[~self._single] = np.abs(row_dual[:-1])
        # what one site alone reaches is worth to it what it weighs
        price[self._single] = self._whole.weight[self._single]
        return price

    def solve(
        self,
        effort: Effort,
        gap: float,
        seconds: float,
        start: NDArray[np.int64],
        options: dict[str, Any],
    ) -> tuple[NDArray[np.int64], float]:
        """Return the best choice found, in sites of the whole problem, and the bound.

        Parameters
        ----------
        effort
            Clock, seed and threads.
        gap
            Relative gap (share) at which to stop.
        seconds
            Longest time (s), by the clock of ``effort``.
        start
            A choice to start from.
        options
            Of HiGHS, besides.

        Raises
        ------
        KwevError
            If HiGHS breaks down.
        """
        limits = {
            "mip_rel_gap": gap,
            "mip_abs_gap": 1e-9,
            "mip_feasibility_tolerance": 1e-7,
            "threads": effort.threads,
            "random_seed": effort.seed,
        }
        solver = self.loaded({**limits, **options}, whole=True)
        given = highspy.HighsSolution()
        build = np.isin(self._kept, start).astype(np.float64)
        given.col_value = np.concatenate([build, np.minimum(1.0, self._rows @ build)]).tolist()
        solver.setSolution(given)
        ends = effort.clock() + seconds
        solver.cbMipInterrupt += lambda event: event.interrupt(effort.clock() > ends)
        if solver.run() == highspy.HighsStatus.kError:
            raise KwevError("HiGHS failed", where="benchmarks.program", hint="Try fewer sites.")
        info = solver.getInfo()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            # nothing holds every forced site: no choice beats the target they were forced by
            return start, float("-inf")
        if info.primal_solution_status != highspy.kSolutionStatusFeasible:
            return start, -float(info.mip_dual_bound)
        values = np.array(solver.getSolution().col_value[: len(self._kept)])
        return self._kept[values > 0.5], -float(info.mip_dual_bound)  # noqa: PLR2004 -- 0 or 1
