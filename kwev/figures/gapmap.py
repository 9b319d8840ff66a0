"""The map of service gaps: places whose people have no charger in reach once the plan is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.analysis.remaining import gap_of_cells
from kwev.export import as_frame
from kwev.figures import cartography, origins, planmap, shapes, style
from kwev.figures.figure import Figure, rows
from kwev.figures.layers import Layer, Mark
from kwev.figures.tables import Column
from kwev.siting import counted

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.analysis.effects import Effects
    from kwev.coverage import Level

CELL_M: Final = 100
HALF: Final = 0.5
"""From this share on a gap counts as one that an action outside the plan would mostly reach."""

_LOOKS: Final[dict[Level, tuple[str, tuple[str, str], str, str]]] = {
    "l3": ("Level 3", ("#f7d9c2", "#e9a070"), style.L3, "5 4"),
    "l2": ("Level 2", ("#9ac8e1", "#08306b"), style.INK, ""),
}
"""By level, from the ground up: name, fills where a site is near and where none is, outline."""

_FACTS: Final = (
    Column("near", "Near"),
    Column("municipality", "Municipality"),
    Column("people", "People", "people", ",.0f"),
    Column("ev", "EVs", "count", ",.0f"),
    Column("nearest_m", "Mean way to the nearest station", "m", ",.0f"),
    Column("within_a_site", "People whom a site outside the plan would reach", format=".0%"),
)


def gaps(
    effects: Effects,
    table: pd.DataFrame,
    people_out: dict[str, float],
    *,
    folder: Path | None = None,
) -> Figure:
    """Map the gaps of both levels over the stations that stand once the plan is built.

    Parameters
    ----------
    table
        As from :func:`kwev.analysis.remaining.gaps`.
    people_out
        People without each level after the plan, in gaps or not.
    """
    tables, config = effects.tables, effects.config
    existing = shapes.places(cartography.named(tables, counted(tables.stations, config)))
    actions = as_frame(effects.plan)
    layers = cartography.land(tables, folder)
    for rank, level in enumerate(_LOOKS):
        part = pd.DataFrame(table[table["level"] == level])
        if len(part):
            layers.append(_layer(effects, part, level, above=rank))
    for level in reversed(_LOOKS):
        layers.append(_stations(existing, actions, level))
    each = []
    for level in reversed(_LOOKS):
        part = table[table["level"] == level]
        name, listed = _LOOKS[level][0], part["people"].sum()
        most = ", ".join(f"near {r.near} ({r.people:,.0f})" for r in rows(part.head(3)))
        each.append(
            f"{name} is out of reach of {people_out[level]:,.0f} people, {listed:,.0f}"
            f" of them in {len(part)} places" + (f", the largest {most}" if most else "")
        )
    alt = f"Map of the places without a charger in reach after the plan. {'. '.join(each)}."
    return cartography.build("map-gaps", alt, origins.plan(tables, effects.plan), layers)


def _layer(effects: Effects, part: pd.DataFrame, level: Level, *, above: int) -> Layer:
    name, (near, far), line, dash = _LOOKS[level]
    number = gap_of_cells(effects, level) + 1
    inside = number > 0
    outline = shapes.neighbourhoods(
        effects.cells.ids[inside].tolist(), number[inside], CELL_M
    ).rename(columns={"number": "gap"})
    frame = outline.merge(part, on="gap", validate="1:1")
    frame["mark"] = (frame["within_a_site"] < HALF).astype(int)
    frame["title"] = f"{name} gap " + frame["gap"].astype(str)
    marks = (
        Mark("most could be reached from a site not chosen", near, line, 0.7, 0.85, dash=dash),
        Mark("no site is near most of them", far, line, 0.7, 0.85, dash=dash),
    )
    return Layer(
        f"{name} gaps", frame, marks, title="title", facts=_FACTS,
        heading=f"People without {name}", focus=True, above=above,
    )  # fmt: skip


def _stations(existing: gpd.GeoDataFrame, actions: pd.DataFrame, level: Level) -> Layer:
    name = _LOOKS[level][0]
    frame = shapes.places(planmap.after(existing, actions, level)).assign(mark=0, title=name)
    fill = style.L2 if level == "l2" else style.L3
    look = Mark(f"{name} station", fill, style.PAPER, 0.6, radius=2.4 if level == "l2" else 5.0)
    return Layer(f"{name} stations with the plan", frame, (look,), title="title", above=3)
