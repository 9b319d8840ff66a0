"""The targets that are watched once the plan is built, and whether they are met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.analysis.metrics import TARGET_NAMES

if TYPE_CHECKING:
    from kwev.analysis.targets import Targets, Within
    from kwev.plan import Plan

OFTEN: Final = {"month": "monthly", "quarter": "quarterly"}


def targets(plan: Plan, watched: Targets) -> pd.DataFrame:
    """Return one row a target: share wanted, radius, share before and after, pass or fail.

    Columns: ``target``, ``radius_m`` (text; both radii for EVs), ``wanted``, ``measured``,
    ``before``, ``after``, ``passes_before``, ``passes_after`` and ``missing_points``.
    """
    rows = []
    for target in watched.targets:
        reached = getattr(plan.coverage, target.name)
        rows.append(
            {
                "target": TARGET_NAMES[target.name],
                "radius_m": _radius(target.within),
                "wanted": target.share,
                "measured": OFTEN[target.every],
                "before": reached.before,
                "after": reached.after,
                "passes_before": passes(reached.before, target.share),
                "passes_after": passes(reached.after, target.share),
                "missing_points": max(0.0, 100 * (target.share - reached.after)),
            }
        )
    return pd.DataFrame(rows)


def _radius(within: Within) -> str:
    known = [radius for radius in (within.l2_radius_m, within.l3_radius_m) if radius is not None]
    return " or ".join(f"{radius:,.0f}" for radius in known)


def passes(share: float, target: float) -> bool:
    """Return whether a measured share meets its target."""
    return share >= target - 1e-12
