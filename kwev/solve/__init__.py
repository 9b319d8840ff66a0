"""Solving: a scenario to its plan, near-optimal and robust plans, reasons why none can be.

The package is called by its own name: ``kwev.solve(model, tables)`` is :func:`solve`. Other public
names are loaded when they are asked for: most of them bring cvxpy, and what only reads a plan
should not wait for it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from kwev.config import Case
from kwev.rooms import Room

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.data.tables import Tables
    from kwev.model.formulation import Model
    from kwev.plan.format import Plan
    from kwev.solve.infeasibility import Conflict, explain
    from kwev.solve.near_optimal import Near, alternatives
    from kwev.solve.record import Choice, Network, action_id, choice_of, network
    from kwev.solve.schedule import Jobs, Schedule, Worth
    from kwev.solve.solvers import Engine, choose_engine, gurobi_licence
    from kwev.solve.stages import SOLVES, Solved, solve_scenario


__all__ = [
    "SOLVES",
    "Choice",
    "Conflict",
    "Engine",
    "Jobs",
    "Near",
    "Network",
    "Schedule",
    "Solved",
    "Worth",
    "action_id",
    "alternatives",
    "choice_of",
    "choose_engine",
    "explain",
    "gurobi_licence",
    "network",
    "solve",
    "solve_scenario",
]

_MODULES = {
    "infeasibility": ("Conflict", "explain"),
    "near_optimal": ("Near", "alternatives"),
    "record": ("Choice", "Network", "action_id", "choice_of", "network"),
    "schedule": ("Jobs", "Schedule", "Worth"),
    "solvers": ("Engine", "choose_engine", "gurobi_licence"),
    "stages": ("SOLVES", "Solved", "solve_scenario"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def solve(
    model: Model,
    tables: Tables,
    *,
    scenario: str = "base",
    plain: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Solve a model: least total shortfall first, then the largest objective at that shortfall.

    Unless ``plain``, the model is first written again over fewer columns and with valid rows
    beside its own. That changes no optimum.

    Parameters
    ----------
    model
        What :func:`kwev.build_model` returned.
    tables
        ``data/processed``, read: names and places of the plan's record.
    scenario
        Name of the scenario that the model was written from.
    plain
        Solve the model as it stands, row by row.
    progress
        Called with the name of each solve before it starts.

    Returns
    -------
    Plan
        Actions with ports, cost (CAD), coverage and shortfall (shares), objective and bound
        (points), and the multipliers that prove a bound; not yet certified.

    Raises
    ------
    KwevError
        If the scenario's solver is not installed, fails, or finds nothing in its time.
    """
    from kwev.solve.highs import own_threads  # noqa: PLC0415 -- loads only where it solves
    from kwev.solve.stages import solve_inputs  # noqa: PLC0415 -- loads only where it solves

    case = Case(scenario, model.config, model.inputs.points.geography)
    with own_threads():  # the caller may have solved with others
        return solve_inputs(tables, case, model.inputs, progress=progress, plain=plain).plan


sys.modules[__name__].__class__ = Room
