"""What a plan does, in tables: coverage, actions, money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.units import POINTS
from kwev.vocabulary import ALWAYS_SHOWN, KIND_NAMES, TARGET_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.config import Config
    from kwev.plan.format import Action, Plan

STATUS_WORDS = {
    "met": "met",
    "unmet_proven": "out of reach of any plan",
    "unmet_unproven": "not met by this plan",
}


def coverage(plan: Plan) -> pd.DataFrame:
    """Return one row a target: shares before and after on the cells, target, what is possible.

    Columns: ``name`` (of the target), ``before``, ``after``, ``target``, ``attainable``,
    ``ceiling`` (shares, the last two on the model's geography) and ``status`` (words).
    """
    rows = []
    for key, name in TARGET_NAMES.items():
        reached = getattr(plan.coverage, key)
        status = plan.certificate.targets[key] if plan.certificate else "unmet_unproven"
        rows.append(
            {
                "name": name,
                "before": reached.before,
                "after": reached.after,
                "target": reached.target,
                "attainable": reached.attainable,
                "ceiling": reached.ceiling,
                "status": STATUS_WORDS[status],
            }
        )
    table = pd.DataFrame(rows)
    shares = ["before", "after", "target", "attainable", "ceiling"]
    return table.astype(dict.fromkeys(shares, float))


def kinds_of(plan: Plan) -> list[str]:
    """Return the kinds of action that a table of the plan shows, in their order."""
    used = {action.kind for action in plan.actions}
    return [kind for kind in KIND_NAMES if kind in ALWAYS_SHOWN or kind in used]


def actions_by_kind(plan: Plan) -> pd.DataFrame:
    """Return one row a kind: stations, ports, power after (kW), purchase, resale, net (CAD)."""
    rows = []
    for kind in kinds_of(plan):
        done = [a for a in plan.actions if a.kind == kind]
        rows.append(
            {
                "kind": KIND_NAMES[kind],
                "stations": len(done),
                "ports_added": sum(a.ports_added for a in done),
                "l2_ports_removed": sum(max(a.l2_ports_before - a.l2_ports_after, 0) for a in done),
                "kw_after": sum(a.kw_after for a in done),
                "purchase_cad": sum(a.purchase_cad for a in done),
                "resale_cad": sum(a.resale_cad for a in done),
                "net_cad": sum(a.net_cad for a in done),
            }
        )
    return pd.DataFrame(rows)


def actions_by_municipality(plan: Plan) -> pd.DataFrame:
    """Return one row a municipality with the actions of each kind and the net cost (CAD)."""
    rows = [(a.municipality, a.kind, a.net_cad) for a in plan.actions]
    table = pd.DataFrame(rows, columns=["municipality", "kind", "net_cad"])
    counts = table.pivot_table(
        index="municipality", columns="kind", values="net_cad", aggfunc="count", fill_value=0
    ).reindex(columns=kinds_of(plan), fill_value=0)
    counts["net_cad"] = table.groupby("municipality")["net_cad"].sum()
    return counts.sort_index().reset_index().rename_axis(columns=None)


def cost_breakdown(plan: Plan) -> pd.DataFrame:
    """Return what the money buys: ``item`` and ``cad``, resale as a negative row."""
    kinds = actions_by_kind(plan)
    buys = kinds[kinds["kind"] != KIND_NAMES["remove"]]
    rows = [(str(row["kind"]), float(row["purchase_cad"])) for row in buys.to_dict("records")]
    rows.append(("Resale", -float(kinds["resale_cad"].sum())))
    return pd.DataFrame(rows, columns=["item", "cad"])


# -- What a plan is and does, in words that a sentence can take in.


def verdict(plan: Plan, name: str) -> str:
    """Return in words whether a target is met, and if not, what is possible."""
    reached = getattr(plan.coverage, name)
    who = "vehicles" if name == "ev_owners" else "people"
    status = plan.certificate.targets[name] if plan.certificate else "unmet_unproven"
    if status == "met":
        return f"met: {reached.after:.1%} of the {who}"
    if status == "unmet_proven" and (reached.ceiling or 0.0) >= reached.target > (
        1.0 if reached.bound_checked is None else reached.bound_checked
    ):
        return (
            f"out of reach of this budget: no plan within it reaches more than "
            f"{reached.bound_checked:.1%} of the {who}"
        )
    if status == "unmet_proven":
        return (
            f"out of reach of any budget: with every candidate site built, "
            f"{reached.ceiling:.1%} of the {who} would be near one"
        )
    return (
        f"not met by this plan, which gives weight to other things too: "
        f"for this target alone the budget allows {reached.attainable:.1%} of the {who}"
    )


def actions(plan: Plan) -> str:
    """Return how many actions of each kind there are: 151 new Level 2 stations, no ... .

    Kinds that the client's phases do not name are told only where there are some.
    """
    kinds: list[str] = [action.kind for action in plan.actions]
    nouns = {
        "new_l2": ("new Level 2 station", "new Level 2 stations"),
        "new_l3": ("new Level 3 station", "new Level 3 stations"),
        "upgrade": ("conversion of Level 2 to Level 3", "conversions of Level 2 to Level 3"),
        "add_l3": ("station with more Level 3 ports", "stations with more Level 3 ports"),
        "add_l2": ("station with more Level 2 ports", "stations with more Level 2 ports"),
        "remove": ("removed station", "removed stations"),
    }
    parts = []
    for kind, (one, many) in nouns.items():
        count = kinds.count(kind)
        if count == 0 and kind not in ALWAYS_SHOWN:
            continue
        noun = one if count == 1 else many
        parts.append(f"{'no' if count == 0 else format(count, ',')} {noun}")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def phases(table: pd.DataFrame) -> str:
    """Return the phases in order with their stations and cost (rows of ``phasing.phases``)."""
    parts = []
    for row in table.itertuples():
        what = str(row.name).replace("New", "new").replace("Level 2 to Level 3 con", "con")
        count = "none" if row.stations == 0 else f"{row.stations:,} for ${row.cost_cad:,.0f}"
        parts.append(f"{what} ({count})")
    return ", then ".join(parts)


def swaps(gaining: int, actions: int) -> str:
    """Return in a sentence how many actions a swap for their best alternative would better."""
    if gaining == 0:
        return "No such swap would bring more people on the cells within reach."
    where = "one case" if gaining == 1 else f"{gaining:,} cases"
    return (
        f"In {where} of {actions:,} the swap would bring more people on the cells within reach: "
        "the plan weighs vehicles and scores as well, and is proved to its gap only."
    )


# -- What a plan builds and sells, item by item, and what a point of coverage costs.

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
