"""A plan's codes and numbers in words: made here by the reader, never read from the file."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from kwev.units import POINTS
from kwev.vocabulary import TARGET_KEYS

if TYPE_CHECKING:
    from kwev.plan.format import Cost, Plan, Reached

TARGET_STATUS: Final = {
    "met": "met",
    "unmet_proven": "out of reach of any plan",
    "unmet_unproven": "not met by this plan",
    "nobody": "nobody to reach",
}
SOLVER_REASON: Final = {
    "asked_for": "asked for",
    "full_licence": "a full Gurobi licence was found",
    "gurobi_size_limited": "Gurobi has a size-limited, non-production licence here, and a "
    "published plan needs a full one",
    "no_gurobi": "no Gurobi is here, and a published plan needs a full one",
}
NO_PROOF: Final = {
    "not_asked": "no bound was asked for",
    "no_exact_model": "the bound does not know all that the scenario sets",
    "no_multipliers": "a linear relaxation was not solved",
}
NO_LEAST_BUDGET: Final = {
    "infeasible_unproven": "by the solver's word the targets cannot be met together, unproven",
    "not_found": "none found before a limit, unproven",
    "not_sought": "none searched for",
}
HUNDREDTHS: Final = 10_000
"""Hundredths of a percent in one: a gap is rounded up to them."""
LEAST_SHOWN: Final = 1e-9
"""A smaller shortfall is none (share)."""


def optimality(plan: Plan) -> str:
    """Return how near a plan is to the best, by the checked bound; else that nothing is proven."""
    gap = plan.quality.gap_checked
    if plan.quality.status == "within_gap" and gap is not None:
        return f"within {ceil(gap * HUNDREDTHS) / HUNDREDTHS:.2%} of the best"
    return f"not proven: {NO_PROOF.get(plan.proof.missing or '', 'a bound is missing')}"


def attainable(reached: Reached) -> str:
    """Return what a target alone can have within the budget: at least, unless it is proven."""
    shown, most = reached.attainable, reached.bound_checked
    if shown is None:
        return "unknown"
    exact = most is not None and f"{most:.1%}" == f"{shown:.1%}"
    return f"{shown:.1%}" if exact else f"at least {shown:.1%}"


def least_budget(cost: Cost) -> str:
    """Return what is enough to meet every target and what is not, or why nothing is."""
    why, least = cost.no_least_budget, cost.least_budget_cad
    low = cost.least_budget_bound_checked_cad or 0.0
    if least is not None:
        if low <= 0:
            return f"{least:,.0f} CAD are enough; no less is ruled out"
        if least - low < 1:
            return f"{least:,.0f} CAD, proven"
        return f"{least:,.0f} CAD are enough; less than {low:,.0f} CAD is ruled out"
    if why is None:
        return "unknown"
    if why.code != "out_of_reach":
        return NO_LEAST_BUDGET[why.code]
    return (
        f"none, proven: target {why.target} is {why.wanted:.1%}, and with every possible site "
        f"built {why.most:.1%} is the most"
    )


def missed(plan: Plan) -> dict[str, float]:
    """Return what a plan misses on the model's demand points, by target and rule (points)."""
    short = plan.shortfall
    parts = {name: getattr(short, name) for name in (*TARGET_KEYS, "demand")} | short.rules
    return {name: POINTS * share for name, share in parts.items() if (share or 0.0) > LEAST_SHOWN}
