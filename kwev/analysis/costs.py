"""What a plan builds and sells, item by item, and what a point of coverage costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Config
    from kwev.plan import Action, Plan

STATION_ITEMS: Final = {
    "new_l2": "new_l2_stations",
    "new_l3": "new_l3_stations",
    "upgrade": "upgrades",
}
"""Item of the client's section 3.3.2 by kind of action; other kinds go to ``other_actions``."""

LEAST_GAIN_POINTS: Final = 1e-9
"""A gain below this is none (points)."""


def ports_added(action: Action, level: str) -> int:
    """Return the ports of ``l2`` or ``l3`` that an action adds (0 where it removes some)."""
    before, after = (getattr(action, f"{level}_ports_{when}") for when in ("before", "after"))
    return max(int(after) - int(before), 0)


def infrastructure(plan: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and cost (CAD) of each item: stations by kind of action, ports by level.

    A port costs what the configuration says; the station is what is left of an action's purchase,
    so that the items add up to all purchases.
    """
    prices = {"l2": config.costs.l2_port_cad, "l3": config.costs.l3_port_cad}
    names = (*STATION_ITEMS.values(), "other_actions", "l2_ports", "l3_ports")
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "cost_cad": 0.0} for name in names
    }
    for action in plan.actions:
        left_cad = action.purchase_cad
        for level, price in prices.items():
            added = ports_added(action, level)
            items[f"{level}_ports"]["count"] += added
            items[f"{level}_ports"]["cost_cad"] += added * price
            left_cad -= added * price
        item = items[STATION_ITEMS.get(action.kind, "other_actions")]
        item["count"] += 1
        item["cost_cad"] += left_cad
    return items


def resale(plan: Plan, config: Config) -> dict[str, dict[str, float | int]]:
    """Return count and revenue (CAD) of what is sold: Level 2 ports, and whole stations."""
    per_port = config.costs.resale_factor * config.costs.l2_port_cad
    items: dict[str, dict[str, float | int]] = {
        name: {"count": 0, "revenue_cad": 0.0} for name in ("l2_stations", "l2_ports")
    }
    for action in plan.actions:
        removed = max(action.l2_ports_before - action.l2_ports_after, 0)
        items["l2_ports"]["count"] += removed
        items["l2_ports"]["revenue_cad"] += removed * per_port
        items["l2_stations"]["count"] += removed > 0 and action.l2_ports_after == 0
        items["l2_stations"]["revenue_cad"] += action.resale_cad - removed * per_port
    return items


def is_level3(action: Action) -> bool:
    """Return whether an action's money goes to Level 3: it changes the ports of that level."""
    return action.l3_ports_after != action.l3_ports_before


def per_point(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what a point of coverage gained costs, by level and together.

    An action that changes Level 3 ports counts for Level 3 with all it costs, every other for
    Level 2; a Level 2 station that a conversion takes away lowers the gain of Level 2. Together is
    the client's formula: net cost over the sum of both gains.

    Returns
    -------
    dict
        For ``l2``, ``l3`` and ``together``: ``net_cost_cad``, ``gain_points``, ``cad_per_point``
        (None where nothing is gained) and ``reason`` (why there is none; else empty).
    """
    gains = {
        level: POINTS * (reached.after - reached.before)
        for level, reached in (("l2", plan.coverage.l2), ("l3", plan.coverage.l3))
    }
    gains["together"] = gains["l2"] + gains["l3"]
    belongs: dict[str, Callable[[Action], bool]] = {
        "l2": lambda action: not is_level3(action),
        "l3": is_level3,
        "together": lambda _: True,
    }
    found = {}
    for name, gain in gains.items():
        net_cad = sum(a.net_cad for a in plan.actions if belongs[name](a))
        some = gain > LEAST_GAIN_POINTS
        found[name] = {
            "net_cost_cad": net_cad,
            "gain_points": gain,
            "cad_per_point": net_cad / gain if some else None,
            "reason": "" if some else "the plan gains no coverage here",
        }
    return found
