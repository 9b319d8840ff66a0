"""What changes with the assumptions: every point is a plan solved and certified again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.store import plan_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.project import Project

BUDGETS_CAD = (2_000_000.0, 3_000_000.0, 4_000_000.0, 5_000_000.0, 6_000_000.0)
"""Budgets tested (client's specification, section 3.4.1: two to six million dollars)."""


def budget_sweep(
    project: Project,
    *,
    scenario: str = "base",
    geography: str = "da",
    budgets_cad: Iterable[float] = BUDGETS_CAD,
) -> pd.DataFrame:
    """Solve a scenario at several budgets.

    Returns
    -------
    pandas.DataFrame
        One row a budget: ``budget_cad``, ``net_cad``, coverage ``l2``, ``l3``, ``ev_owners``
        (shares, on the cells), ``shortfall_points`` (on the model's geography), ``upgrade``,
        ``new_l3``, ``new_l2`` (counts), ``gap`` (share), ``violations``.
    """
    rows = []
    for budget in budgets_cad:
        plan = plan_for(project, scenario, geography, budget__limit_cad=float(budget)).plan
        kinds = [action.kind for action in plan.actions]
        rows.append(
            {
                "budget_cad": float(budget),
                "net_cad": plan.cost.net_cad,
                "l2": plan.coverage.l2.after,
                "l3": plan.coverage.l3.after,
                "ev_owners": plan.coverage.ev_owners.after,
                "shortfall_points": plan.shortfall.total_points,
                "upgrade": kinds.count("upgrade"),
                "new_l3": kinds.count("new_l3"),
                "new_l2": kinds.count("new_l2"),
                "gap": plan.solver.gap_solver,
                "violations": len(plan.certificate.violations) if plan.certificate else -1,
            }
        )
    return pd.DataFrame(rows)
