"""The account of the solves behind a plan: bounds and gaps, seconds, sizes, the machine."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from kwev import __version__
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.model.inputs import Inputs
    from kwev.solve.presolve import Reduced
    from kwev.solve.solvers import Answer, Engine


def solver_says(
    engine: Engine, inputs: Inputs, config: Config, answer: Answer, shortfall_bound_points: float
) -> dict[str, Any]:
    """Return the solver's word, as it stands in the plan file."""
    most = _most_points(inputs, config)
    return {
        "kwev_version": __version__,
        "name": engine.name,
        "version": engine.version,
        "licence": engine.licence,
        "reason": engine.reason,
        "ended": "limit" if answer.status == "limit" else "gap",
        "bound": max(min(answer.bound, most), answer.value),
        "shortfall_bound_points": shortfall_bound_points,
        "settings": config.solver.model_dump(),
    }


def _most_points(inputs: Inputs, config: Config) -> float:
    """Return an objective that no plan exceeds: everybody covered, all that saves money done."""
    columns, w = inputs.columns, config.weights
    saved = (columns.resale_cad - columns.fixed_cad) * w.cost_points_per_million_cad
    saved -= columns.yearly_cad * config.operating.years * w.operating_points_per_million_cad
    return POINTS * (w.l2 + w.l3) + float(np.maximum(saved, 0.0).sum()) / CAD_PER_MILLION


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
