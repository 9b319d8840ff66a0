"""Questions of the page "Change the plan": what a reader may set, and the case that comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.plan.format import Plan

QUESTION_KEYS: Final = (
    "budget.limit_cad",
    "coverage.l2_radius_m",
    "coverage.l3_radius_m",
    "objective.shortfall_points_per_point",
    "ports.min_l2",
    "ports.min_l3",
    "siting.land",
    "weights.l2",
    "weights.l3",
)
"""Keys of a scenario that a reader may set on the page; all others are the scenario's own."""

BROWSER: Final = "browser"
"""What a plan of the page names as its solver."""


def asked(plan: Plan, config: Config) -> tuple[Config, dict[str, Any]]:
    """Return the scenario that a plan must be of, and what a reader has set in it.

    A plan that a reader's browser made states the question that it answers: what the page offers
    to set is taken from the plan, all else stays the scenario's, and is held against it.

    Parameters
    ----------
    plan
        The plan.
    config
        The scenario of its name, from ``config/``.

    Returns
    -------
    tuple
        The scenario, and by dotted key what differs from ``config``; nothing for other plans.

    Raises
    ------
    KwevError
        If a value is out of range.
    """
    if plan.solver_says.name != BROWSER:
        return config, {}
    stated, own = plan.config.as_dict(), config.as_dict()
    values = {}
    for key in QUESTION_KEYS:
        section, leaf = key.split(".")
        if stated[section][leaf] != own[section][leaf]:
            values[key] = stated[section][leaf]
    return config.with_values(**{k.replace(".", "__"): v for k, v in values.items()}), values
