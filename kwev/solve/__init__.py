"""Solving: a scenario to its plan, near-optimal and robust plans, reasons why none can be.

The public names are loaded when they are asked for: most of them bring cvxpy, and what only reads
a plan should not wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kwev.solve.infeasibility import Conflict, explain
    from kwev.solve.minimax_regret import Future, Robust, least_worst_regret
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
    "Future",
    "Jobs",
    "Near",
    "Network",
    "Robust",
    "Schedule",
    "Solved",
    "Worth",
    "action_id",
    "alternatives",
    "choice_of",
    "choose_engine",
    "explain",
    "gurobi_licence",
    "least_worst_regret",
    "network",
    "solve_scenario",
]

_MODULES = {
    "infeasibility": ("Conflict", "explain"),
    "minimax_regret": ("Future", "Robust", "least_worst_regret"),
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
