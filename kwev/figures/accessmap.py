"""The map of accessibility: how many ports people have for themselves, by dissemination area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.layers import Layer, graded
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.figures.figure import Figure
    from kwev.plan import Plan
    from kwev.tables import Tables

_FACTS: Final = (
    Column("municipality", "Municipality"),
    Column("people", "People", format=",.0f"),
    Column("l2_before", "Level 2 ports per 1,000 people, today", format=",.2f"),
    Column("l2_after", "with the plan", format=",.2f"),
    Column("l3_before", "Level 3 ports per 1,000 people, today", format=",.2f"),
    Column("l3_after", "with the plan", format=",.2f"),
)


def accessibility(
    tables: Tables, plan: Plan, found: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map Level 2 ports within reach per 1,000 people with the plan; areas have all four figures.

    Parameters
    ----------
    found
        As from :func:`kwev.analysis.catchment.by_area`.
    """
    shape = shapes.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
    towns = cartography.named(tables, tables.das[["da_id", "municipality_id"]])
    frame = shape.merge(towns, on="da_id", validate="one_to_one")
    frame = frame.merge(found, on="da_id", validate="one_to_one").reset_index(drop=True)
    frame["mark"], marks = graded(frame["l2_after"].tolist(), style.SEQUENCE, ",.3g", style.PAPER)
    layer = Layer(
        "Accessibility", frame, marks, title="da_id", facts=_FACTS,
        heading="Level 2 ports per 1,000 people, with the plan",
    )  # fmt: skip
    none = int((frame["l2_after"] <= 0).sum())
    alt = (
        f"Map of Level 2 ports within reach per 1,000 people with the plan in {len(frame)} "
        f"dissemination areas: none in {none}, median {frame['l2_after'].median():.2f}, most "
        f"{frame['l2_after'].max():.1f}."
    )
    return cartography.build(
        "map-accessibility",
        alt,
        origins.plan(tables, plan),
        [layer, *cartography.borders(tables, folder)],
    )
