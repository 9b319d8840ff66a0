"""Solving a toy by hand and by model: certified clean, with formulas that say what the rows do."""

from __future__ import annotations

from formulas import hold
from toy import case

from kwev.certify import certify
from kwev.solve.stages import solve_scenario


def solve(tables, given=None, **changes):
    """Solve a toy and insist on a clean certificate, and on the formulas of its constraints."""
    given = given or case(**changes)
    hold(tables, given)
    plan = solve_scenario(tables, given).plan
    certificate = certify(plan, tables, given)
    assert certificate.violations == []
    return plan.model_copy(update={"certificate": certificate})


def done(plan):
    """Return ports of its level after, by kind and place."""
    return {(a.kind, a.place_id): max(a.l2_ports_after, a.l3_ports_after) for a in plan.actions}
