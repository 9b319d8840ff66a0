"""The targets that are watched once the plan is built, and whether they are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis.metrics import TARGET_NAMES

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.plan import Plan

MEASURED = {"l2": "monthly", "l3": "monthly", "ev_owners": "quarterly"}
"""How often each target is measured (client's specification, section 3.9.1)."""


def targets(plan: Plan, config: Config) -> pd.DataFrame:
    """Return one row a target: share wanted, radius, share before and after, pass or fail.

    Columns: ``target``, ``radius_m`` (text; both radii for EVs), ``wanted``, ``measured``,
    ``before``, ``after``, ``passes_before``, ``passes_after`` and ``missing_points``.
    """
    reach = config.coverage
    radius = {
        "l2": f"{reach.l2_radius_m:,.0f}",
        "l3": f"{reach.l3_radius_m:,.0f}",
        "ev_owners": f"{reach.l2_radius_m:,.0f} or {reach.l3_radius_m:,.0f}",
    }
    rows = []
    for key, name in TARGET_NAMES.items():
        reached = getattr(plan.coverage, key)
        rows.append(
            {
                "target": name,
                "radius_m": radius[key],
                "wanted": reached.target,
                "measured": MEASURED[key],
                "before": reached.before,
                "after": reached.after,
                "passes_before": passes(reached.before, reached.target),
                "passes_after": passes(reached.after, reached.target),
                "missing_points": max(0.0, 100 * (reached.target - reached.after)),
            }
        )
    return pd.DataFrame(rows)


def passes(share: float, target: float) -> bool:
    """Return whether a measured share meets its target."""
    return share >= target - 1e-12
