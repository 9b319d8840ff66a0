"""Small tables that the charts draw, taken from a plan or from the processed tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.figures import style
from kwev.figures.cartography import CATEGORY_MARKS

if TYPE_CHECKING:
    from kwev.plan import Plan
    from kwev.tables import Tables

TARGET_NAMES: Final = {"l2": "People, L2", "l3": "People, L3", "ev_owners": "EV owners"}
"""What each target counts."""


def coverage(made: Plan) -> pd.DataFrame:
    """Return a row per target: ``name``, ``before``, ``after``, ``target`` (shares), and more.

    ``attainable`` and ``ceiling`` are missing where the plan has none.
    """
    facts = {key: getattr(made.coverage, key).model_dump() for key in TARGET_NAMES}
    rows = [{"name": TARGET_NAMES[key], **values} for key, values in facts.items()]
    shown = ["before", "after", "target", "attainable", "ceiling"]
    frame = pd.DataFrame(rows)[["name", *shown]]
    frame[shown] = frame[shown].astype(float)
    return frame


def infrastructure(made: Plan) -> pd.DataFrame:
    """Return a row per kind of action: ``item``, ``actions``, ``l2_ports``, ``l3_ports`` added.

    Ports are counted after less before: an upgrade may take L2 ports away.
    """
    rows = []
    for kind, name in style.ACTION_NAMES.items():
        actions = [action for action in made.actions if action.kind == kind]
        rows.append(
            {
                "item": name,
                "actions": len(actions),
                "l2_ports": sum(a.l2_ports_after - a.l2_ports_before for a in actions),
                "l3_ports": sum(a.l3_ports_after - a.l3_ports_before for a in actions),
            }
        )
    return pd.DataFrame(rows)


def cost(made: Plan) -> pd.DataFrame:
    """Return what the money goes to: ``item``, ``cad`` (purchases by kind, then the credit)."""
    rows = [
        {
            "item": name,
            "cad": sum(action.purchase_cad for action in made.actions if action.kind == kind),
        }
        for kind, name in style.ACTION_NAMES.items()
    ]
    credit = sum(action.resale_cad for action in made.actions)
    return pd.DataFrame([*rows, {"item": "Resale credit", "cad": -credit}]).astype({"cad": float})


def candidates(tables: Tables) -> pd.DataFrame:
    """Return the number of candidate sites by category: ``category`` (in words), ``sites``."""
    counts = tables.sites["category"].value_counts()
    rows = [
        {"category": mark.label, "sites": int(counts.get(category, 0))}
        for category, mark in CATEGORY_MARKS.items()
    ]
    return pd.DataFrame(rows)
