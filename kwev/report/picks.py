"""How often each site is chosen over the sweeps: a robust core against fragile picks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, NEW, ActionKey
from kwev.display import cartography, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column
from kwev.errors import KwevError
from kwev.studies.rows import actions_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.plan.format import Plan

STUDIES: Final = (
    "l2-radius", "l3-radius", "prices", "resale", "weights", "grid", "energy", "ports",
    "cases",
)  # fmt: skip
"""Sweeps that are counted, all on dissemination areas: assumptions that may be wrong, not choices
of budget and targets."""

CORE_SHARE, FRAGILE_SHARE = 0.9, 0.5
"""Chosen in so many plans a pick is part of the robust core; in fewer than the second, fragile."""

COLUMNS: Final = (
    "action", "kind", "place_id", "name", "municipality", "category", "plans", "share",
    "in_base", "in_published", "class", "latitude", "longitude",
)  # fmt: skip


def picks(
    studies: Iterable[pd.DataFrame], base: pd.DataFrame, published: Plan, tables: Tables
) -> pd.DataFrame:
    """Return in how many plans each action is taken, most often first.

    Plans that stand in several sweeps are counted once. Ports are left aside: a site counts as
    chosen whatever the number.

    Parameters
    ----------
    studies
        Rows of the sweeps.
    base
        The one row of the plan that the sweeps start from.
    published
        The plan that the book publishes.

    Returns
    -------
    pandas.DataFrame
        ``action`` (id), ``kind``, ``place_id``, ``name``, ``municipality``, ``category``,
        ``plans`` (count), ``share`` (of all plans), ``in_base``, ``in_published``, ``class``
        (``core``, ``usual``, ``fragile`` for what the base plan takes; ``other`` for what only
        other plans take) and where it is (degrees).

    Raises
    ------
    KwevError
        If there is no plan to count.
    """
    plans = pd.concat([frame[["key", "actions"]] for frame in studies], ignore_index=True)
    plans = plans.drop_duplicates("key")
    if plans.empty or len(base) != 1:
        raise KwevError("no plans to count picks over", where="kwev.report.picks")
    counted = Counter(
        action for text in plans["actions"] for action in {a for a, _ in actions_of(text)}
    )
    own = {action for action, _ in actions_of(str(base["actions"].iloc[0]))}
    shown = {action.id for action in published.actions}
    facts = _Facts(tables)
    found = [
        {
            "action": action,
            **facts.of(action),
            "plans": number,
            "share": number / len(plans),
            "in_base": action in own,
            "in_published": action in shown,
            "class": _class(number / len(plans), in_base=action in own),
        }
        for action, number in counted.items()
    ]
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table.sort_values(["plans", "action"], ascending=[False, True], ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each kind of action of the base plan, how many are core, usual and fragile."""
    own = table[table["in_base"]]
    counts = pd.crosstab(own["kind"], own["class"])
    counts = counts.reindex(columns=["core", "usual", "fragile"], fill_value=0)
    counts = counts.reindex([kind for kind in KINDS if kind in counts.index])
    return counts.assign(chosen=counts.sum(axis=1)).reset_index()


def _class(share: float, *, in_base: bool) -> str:
    if not in_base:
        return "other"
    return "core" if share >= CORE_SHARE else "usual" if share >= FRAGILE_SHARE else "fragile"


class _Facts:
    """Name, place and category of an action's site or station."""

    def __init__(self, tables: Tables) -> None:
        towns = tables.municipalities.set_index("municipality_id")["name"]
        self._towns = {str(k): str(v) for k, v in towns.items()}
        self._sites = _by_id(tables.sites, "site_id")
        self._stations = _by_id(tables.stations, "station_id")

    def of(self, action: str) -> dict[str, object]:
        place = ActionKey.from_id(action)
        if place is None:
            raise KwevError(f"no action {action!r}", where="kwev.report.picks")
        at_site = place.kind in NEW
        row = (self._sites if at_site else self._stations)[place.place_id]
        return {
            "kind": place.kind,
            "place_id": place.place_id,
            "name": str(row["name"]),
            "municipality": self._towns.get(str(row["municipality_id"]), ""),
            "category": str(row["category"]) if at_site else "existing_station",
            "latitude": float(row["latitude"]),
            "longitude": float(row["longitude"]),
        }


def _by_id(table: pd.DataFrame, key: str) -> dict[str, dict[Any, Any]]:
    return {str(row[key]): row for row in table.to_dict("records")}


# -- The map of how often each place is chosen over the sweeps.

CLASSES: Final = {
    "fragile": Mark("in fewer than half", fill="#f3c78a", line=style.QUIET, radius=4.5),
    "usual": Mark("in half or more", fill="#9ac8e1", line=style.QUIET, radius=5),
    "core": Mark("in nine of ten or more", fill="#08306b", line=style.INK, radius=6),
}
"""Looks of the classes of what the base plan takes, the core drawn last."""

_FACTS: Final = (
    "words category municipality",
    Column("share", "Share of the plans", format=".0%"),
    "in_published",
)


def picks_drawn(
    tables: Tables, table: pd.DataFrame, origin: Origin, *, folder: Path | None = None
) -> Figure:
    """Map the actions of the base plan by how many plans of the sweeps take them.

    Parameters
    ----------
    table
        As from :func:`kwev.report.picks.picks`, with the kind in ``words``.
    """
    own = pd.DataFrame(table[table["in_base"]]).reset_index(drop=True)
    rank = {name: number for number, name in enumerate(CLASSES)}
    own["mark"] = [rank[name] for name in own["class"]]
    frame = cartography.places(own.sort_values("mark", kind="stable"))
    layer = Layer(
        "Actions of the base plan",
        frame,
        tuple(CLASSES.values()),
        title="name",
        facts=_FACTS,
        heading="Chosen in how many plans",
        focus=True,
    )
    counts = ", ".join(
        f"{int((own['class'] == name).sum())} {mark.label}" for name, mark in CLASSES.items()
    )
    alt = (
        f"Map of the {len(own)} actions of the base plan by the share of the sweeps' plans that "
        f"take them: {counts}."
    )
    return cartography.build("map-picks", alt, origin, [*cartography.land(tables, folder), layer])
