"""The map of how often each place is chosen over the sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.figures import cartography, shapes, style
from kwev.figures.layers import Layer, Mark
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.figures.figure import Figure, Origin
    from kwev.tables import Tables

CLASSES: Final = {
    "fragile": Mark("in fewer than half", fill="#f3c78a", line=style.QUIET, radius=4.5),
    "usual": Mark("in half or more", fill="#9ac8e1", line=style.QUIET, radius=5),
    "core": Mark("in nine of ten or more", fill="#08306b", line=style.INK, radius=6),
}
"""Looks of the classes of what the base plan takes, the core drawn last."""

_FACTS: Final = (
    Column("words", "Action"),
    Column("category", "Category"),
    Column("municipality", "Municipality"),
    Column("share", "Share of the plans", format=".0%"),
    Column("in_published", "In the published plan"),
)


def picks(
    tables: Tables, table: pd.DataFrame, origin: Origin, *, folder: Path | None = None
) -> Figure:
    """Map the actions of the base plan by how many plans of the sweeps take them.

    Parameters
    ----------
    table
        As from :func:`kwev.analysis.picks.picks`, with the kind in ``words``.
    """
    own = pd.DataFrame(table[table["in_base"]]).reset_index(drop=True)
    rank = {name: number for number, name in enumerate(CLASSES)}
    own["mark"] = [rank[name] for name in own["class"]]
    frame = shapes.places(own.sort_values("mark", kind="stable"))
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
