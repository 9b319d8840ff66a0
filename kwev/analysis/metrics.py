"""What a plan does, in tables: coverage, actions, money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kwev.plan import Plan

TARGET_NAMES = {
    "l2": "People near Level 2",
    "l3": "People near Level 3",
    "ev_owners": "EVs near either level",
}
KIND_NAMES = {
    "upgrade": "Level 2 station converted to Level 3",
    "new_l3": "New Level 3 station",
    "new_l2": "New Level 2 station",
    "add_l3": "Level 3 ports added at a station",
    "add_l2": "Level 2 ports added at a station",
    "remove": "Station removed",
}
ALWAYS_SHOWN = ("upgrade", "new_l3", "new_l2")
"""Kinds of the specification's phases: a table has them even where a plan has none."""
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
