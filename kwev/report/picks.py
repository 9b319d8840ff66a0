"""How often each site is chosen over the sweeps: a robust core against fragile picks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, NEW, ActionKey
from kwev.display import cartography, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column, Table, category_name, table
from kwev.display.values import Number, named
from kwev.errors import KwevError
from kwev.report import sweeps
from kwev.report.readings import KIND_WORDS
from kwev.studies.rows import actions_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure, Origin
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

STUDIES: Final = (
    "l2-radius", "l3-radius", "prices", "resale", "weights", "grid", "energy", "ports",
    "cases",
)  # fmt: skip
"""Sweeps that are counted, all on dissemination areas: assumptions that may be wrong, not choices
of budget and targets."""

KIND_TITLES: Final = {kind: words[0].upper() + words[1:] for kind, words in KIND_WORDS.items()}

CORE_SHARE, FRAGILE_SHARE = 0.9, 0.5
"""Chosen in so many plans a pick is part of the robust core; in fewer than the second, fragile."""


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
    known = _facts(tables, counted)
    found = []
    for action, number in counted.items():
        where = known[action]
        spot = {name: where.pop(name) for name in ("latitude", "longitude")}
        share = number / len(plans)
        found.append(
            {
                "action": action,
                **where,
                "plans": number,
                "share": share,
                "in_base": action in own,
                "in_published": action in shown,
                "class": _class(share, in_base=action in own),
                **spot,
            }
        )
    table = pd.DataFrame(found)
    return table.sort_values(["plans", "action"], ascending=[False, True], ignore_index=True)


def of_report(report: Report) -> pd.DataFrame:
    """Return the :func:`picks` of the sweeps that are counted."""
    areas = report.study("geography")
    base = areas[areas["name"] == sweeps.GEOGRAPHY]
    return picks(map(report.study, STUDIES), base, report.plan, report.tables)


def plans_counted(report: Report) -> int:
    """Return the number of different plans over which picks are counted."""
    return len({key for name in STUDIES for key in report.study(name)["key"]})


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


def _facts(tables: Tables, actions: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return kind, name, place and category of each action's site or station."""
    towns = tables.municipalities.set_index("municipality_id")["name"]
    sites, stations = tables.sites.set_index("site_id"), tables.stations.set_index("station_id")
    found = {}
    for action in actions:
        key = ActionKey.from_id(action)
        if key is None:
            raise KwevError(f"no action {action!r}", where="kwev.report.picks")
        at_site = key.kind in NEW
        row: Any = (sites if at_site else stations).loc[key.place_id]
        found[action] = {
            "kind": key.kind,
            "place_id": key.place_id,
            "name": str(row["name"]),
            "municipality": towns.get(row["municipality_id"], ""),
            "category": str(row["category"]) if at_site else "existing_station",
            "latitude": float(row["latitude"]),
            "longitude": float(row["longitude"]),
        }
    return found


# -- named values, tables and map ---------------------------------------------------------------

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


def map_of(tables: Tables, table: pd.DataFrame, origin: Origin) -> Figure:
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
    return cartography.build("map-picks", alt, origin, [*cartography.land(tables, None), layer])


PRINTED: Final = 20


def numbers(report: Report) -> list[Number]:
    """Return how many picks are core and fragile."""
    table: Any = report.picks
    kinds, core = summary(table), table[table["class"] == "core"]
    both = core["in_published"].mean() if len(core) else 0.0
    counts = {name: int(kinds[name].sum()) for name in ("chosen", "core", "fragile")}
    return [
        Number("core_published", float(both), "share", "picks", "{:.0%}"),
        Number("core_share", CORE_SHARE, "share", "picks.CORE_SHARE", "{:.0%}"),
        *named("picks", None, "picks_", count=counts),
        *named("picks", count={"others_tried": int((~table["in_base"]).sum()),
                               "plans_counted": plans_counted(report)}),
    ]  # fmt: skip


def core_table(report: Report) -> Table:
    """Return how many actions of each kind are core, usual and fragile."""
    frame = summary(report.picks)
    frame = frame.assign(words=[KIND_TITLES[kind] for kind in frame["kind"]])
    columns = "words chosen core usual fragile"
    return table("robust-core", frame, columns, sweeps.origin(report))


def picks_table(report: Report) -> Table:
    """Return each place with how often it is chosen."""
    frame = _worded(report)
    columns = (
        "name municipality words category",
        Column("share", "Share of the plans", format=".0%"),
        "in_base in_published",
    )
    origin = sweeps.origin(report)
    return Table("picks", frame, columns, origin.source, origin.vintage, PRINTED)


def picks_map(report: Report) -> Figure:
    """Return the map of the robust core and the fragile picks."""
    return map_of(report.tables, _worded(report), sweeps.origin(report))


def _worded(report: Report) -> pd.DataFrame:
    frame = report.picks
    plain: dict[str, Any] = {
        "words": [KIND_TITLES[kind] for kind in frame["kind"]],
        "category": [category_name(category) for category in frame["category"]],
    }
    return frame.assign(**plain)
