"""Maps of electric vehicles: how dense, how fast they grow, where they cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.figure import Figure, rows
from kwev.figures.layers import Layer, Mark, graded
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.tables import Tables

_LOOKS = (
    Mark("Many among many", fill="#d55e00", line=style.PAPER, width=0.5),
    Mark("Few among many", fill="#56b4e9", line=style.INK, width=1.5),
    Mark("Few among few", fill="#0072b2", line=style.PAPER, width=0.5),
    Mark("Many among few", fill="#e69f00", line=style.INK, width=1.5),
    Mark("No cluster", fill="#eceff1", line=style.PAPER, width=0.5),
)
"""One look for each kind of cluster; the odd ones out have a dark outline."""


def growth(tables: Tables, areas: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map growth over the last four quarters by forward sortation area.

    Parameters
    ----------
    areas
        One row a forward sortation area: ``kwev.analysis.vehicles.by_fsa``.
    """
    shape = shapes.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(areas, on="fsa", validate="one_to_one")
    frame["percent"] = 100 * frame["growth_4q_per_year"]
    frame["mark"], marks = graded(frame["percent"].tolist(), style.SEQUENCE, ",.3g", style.PAPER)
    facts = (
        Column("growth_4q_per_year", "Growth, last four quarters", format=".1%"),
        Column("growth_8q_per_year", "Growth a year, last eight quarters", format=".1%"),
        Column("ev_inside", "EVs inside the Region", "count", ",.0f"),
        Column("per_km2", "Density", "EVs per km²", ",.1f"),
        Column("bev_per_phev", "BEVs for each PHEV", format=".1f"),
        Column("ev_2030", "Forecast for 2030", "count", ",.0f"),
        Column("ev_2035", "Forecast for 2035", "count", ",.0f"),
    )
    layer = Layer(
        "EV growth", frame, marks, title="fsa", facts=facts,
        heading="Growth over the last four quarters (%)", focus=True,
    )  # fmt: skip
    (most,) = rows(frame.nlargest(1, "percent"))
    (least,) = rows(frame.nsmallest(1, "percent"))
    alt = (
        f"Map of the growth of EVs over the last four quarters in {len(frame)} forward sortation "
        f"areas: highest in {most.fsa} ({most.percent:.0f} %), lowest in {least.fsa} "
        f"({least.percent:.0f} %)."
    )
    return cartography.build(
        "map-ev-growth",
        alt,
        origins.vehicles(tables),
        [layer, *cartography.borders(tables, folder)],
    )


def density(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per square kilometre of land by dissemination area, estimated below the FSA."""
    frame = cartography.density(tables, folder)
    land = frame["land_area_km2"].where(frame["land_area_km2"] > 0)
    frame["evs_per_km2"] = (frame["ev"] / land).fillna(0)
    frame["mark"], marks = graded(frame["evs_per_km2"].tolist(), style.SEQUENCE, ",.3g")
    facts = (
        Column("municipality", "Municipality"),
        Column("ev", "EVs, estimated", "count", ",.1f"),
        Column("evs_per_km2", "Density", "EVs per km² of land", ",.1f"),
        Column("households", "Households", "count", ",.0f"),
    )
    layer = Layer(
        "EV density", frame, marks, title="da_id", facts=facts,
        heading="EVs per km² of land (estimated)",
    )  # fmt: skip
    (most,) = rows(frame.nlargest(1, "evs_per_km2"))
    alt = (
        f"Map of estimated EVs per square kilometre of land in {len(frame)} dissemination areas: "
        f"highest in {most.municipality} ({most.evs_per_km2:,.0f}), median "
        f"{frame['evs_per_km2'].median():,.0f}."
    )
    return cartography.build(
        "map-ev-density",
        alt,
        origins.vehicles(tables),
        [layer, *cartography.borders(tables, folder)],
    )


def clusters(tables: Tables, found: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map local clusters of EVs per household by dissemination area.

    Parameters
    ----------
    found
        Columns ``da_id``, ``value`` (EVs per thousand households), ``p``, ``kind``.
    """
    shape = shapes.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
    columns = ["da_id", "municipality_id"]
    frame = shape.merge(cartography.named(tables, tables.das[columns]), on="da_id")
    frame = frame.merge(found, on="da_id", validate="one_to_one")
    kinds = [mark.label for mark in _LOOKS]
    frame["mark"] = frame["kind"].map(kinds.index)
    facts = (
        Column("municipality", "Municipality"),
        Column("kind", "Cluster"),
        Column("value", "EVs per 1,000 households, estimated", format=",.0f"),
        Column("p", "p-value of the area alone", format=".4f"),
    )
    layer = Layer(
        "Clusters", frame, _LOOKS, title="da_id", facts=facts,
        heading="EVs per household, among neighbours",
    )  # fmt: skip
    outline = shapes.areas("fsas", "fsa", folder)[["fsa", "geometry"]].assign(mark=0)
    borders = Layer(
        "Forward sortation areas", outline, (Mark("Forward sortation area", line=style.INK),)
    )
    counts = "; ".join(f"{kind} {(frame['kind'] == kind).sum()}" for kind in kinds)
    alt = f"Map of local clusters of EVs per household in {len(frame)} areas: {counts}."
    return cartography.build("map-ev-clusters", alt, origins.vehicles(tables), [layer, borders])
