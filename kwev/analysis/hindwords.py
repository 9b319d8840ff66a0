"""What hindsight says, in sentences derived from its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS = {"l2": "Level 2", "l3": "Level 3"}
CLOSE_POINTS = 0.5
"""Differences up to this are told as none (points)."""


def against(shares: Mapping[str, Mapping[str, float]], level: str) -> str:
    """Return how the plan stands to what was built at a level."""
    built, plan = shares["built"][level], shares["plan"][level]
    more = POINTS * (plan - built)
    who = "people near a charger"
    if abs(more) <= CLOSE_POINTS:
        return f"what was built and the plan bring about as many {who}, {built:.1%} and {plan:.1%}"
    side = "more" if more > 0 else "less"
    return (
        f"what was built brings {built:.1%} of the {who}; the plan would have brought {plan:.1%}, "
        f"{abs(more):.1f} points {side}"
    )


def by_lot(shares: Mapping[str, Mapping[str, float]], level: str) -> str:
    """Return how what was built stands to sites chosen by lot at a level."""
    built = shares["built"][level]
    low, mid, high = (shares[f"random_{end}"][level] for end in ("low", "mid", "high"))
    who, among = f"at {LEVELS[level]}", "people than nearly all choices by lot"
    if built < low:
        return f"{who} it reaches fewer {among}, whose middle is {mid:.1%}"
    if built > high:
        return f"{who} it reaches more {among}, whose middle is {mid:.1%}"
    return (
        f"{who} it reaches as many people as choices by lot may, nine tenths of which lie between "
        f"{low:.1%} and {high:.1%}"
    )


def simple_rule(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Return what the model adds to the rule of most people first."""
    gaps = {level: POINTS * (shares["plan"][level] - shares["greedy"][level]) for level in LEVELS}
    if all(abs(gap) <= CLOSE_POINTS for gap in gaps.values()):
        return (
            "taking the site that reaches most people, time after time, does as well as the model "
            "where neither budget nor energy binds"
        )
    parts = [
        f"{abs(gap):.1f} points {'more' if gap > 0 else 'fewer'} at {LEVELS[level]}"
        for level, gap in gaps.items()
    ]
    return (
        f"against taking the site that reaches most people, time after time, the model reaches "
        f"{' and '.join(parts)}"
    )


def clustered(near: Mapping[str, Any]) -> str:
    """Return why: how many new Level 2 stations stand within reach of another."""
    built, plan = float(near["built"]), float(near["plan"])
    if built > plan:
        return (
            f"{built:.0%} of the new Level 2 stations that were built stand within the radius of "
            f"another one, and {plan:.0%} of those planned: what stands close together reaches the "
            f"same people"
        )
    return (
        f"{built:.0%} of the new Level 2 stations that were built stand within the radius of "
        f"another one, and {plan:.0%} of those planned"
    )
