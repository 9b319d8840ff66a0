"""Maps: each takes the processed tables and returns a :class:`Figure` with both forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.figure import Figure, rows
from kwev.figures.layers import Layer, Mark, graded
from kwev.figures.planmap import plan
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.tables import Tables

__all__ = ["candidates", "ev_by_fsa", "plan", "population_density", "region", "stations"]

PER_THOUSAND = 1_000
"""Residents to whom a count of vehicles is put in relation."""


def region(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the Region: seven municipalities with people, households and area."""
    frame = cartography.municipalities(tables, folder)
    facts = (
        Column("kind", "Kind"),
        Column("population", "Population", "people", ",.0f"),
        Column("households", "Households", "count", ",.0f"),
        Column("area_km2", "Area", "km²", ",.1f"),
    )
    layer = Layer(
        "Municipalities",
        frame,
        (Mark("City", fill="#d2e3f3", line=style.BORDER), Mark("Township", fill=style.LAND,
                                                            line=style.BORDER)),
        title="name",
        facts=facts,
        labels=True,
        focus=True,
    )  # fmt: skip
    alt = (
        f"Map of the Region: {', '.join(sorted(frame['name']))}; "
        f"{frame['population'].sum():,.0f} people on {frame['area_km2'].sum():,.0f} km²."
    )
    return cartography.build("map-region", alt, origins.CENSUS, [layer])


def population_density(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map people per square kilometre of land by dissemination area."""
    frame = cartography.density(tables, folder)
    (dense,) = rows(frame.nlargest(1, "per_km2"))
    alt = (
        f"Map of people per square kilometre of land in {len(frame)} dissemination areas: highest "
        f"in {dense.municipality} ({dense.per_km2:,.0f}), median "
        f"{frame['per_km2'].median():,.0f}."
    )
    layer = cartography.density_layer(frame, style.SEQUENCE)
    return cartography.build(
        "map-population-density", alt, origins.CENSUS, [layer, *cartography.borders(tables, folder)]
    )


def ev_by_fsa(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per thousand residents by forward sortation area, as far as it lies inside."""
    shape = shapes.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(tables.fsas, on="fsa", validate="one_to_one")
    people = frame["population_inside"].where(frame["population_inside"] > 0)
    frame["per_thousand"] = PER_THOUSAND * frame["ev_inside"] / people
    frame["mark"], marks = graded(
        frame["per_thousand"].fillna(0).tolist(), style.SEQUENCE, ",.3g", style.PAPER
    )
    layer = Layer(
        "EVs",
        frame,
        marks,
        title="fsa",
        facts=(
            Column("per_thousand", "EVs per 1,000 residents", format=",.1f"),
            Column("ev", "EVs, whole area", "count", ",.0f"),
            Column("bev", "of these BEV", "count", ",.0f"),
            Column("phev", "of these PHEV", "count", ",.0f"),
            Column("inside_share", "Share inside the Region", format=".0%"),
            Column("ev_inside", "EVs inside the Region", "count", ",.0f"),
        ),
        heading="EVs per 1,000 residents",
        focus=True,
    )
    (most,) = rows(frame.nlargest(1, "per_thousand"))
    (least,) = rows(frame.nsmallest(1, "per_thousand"))
    alt = (
        f"Map of EVs per 1,000 residents in {len(frame)} forward sortation areas: highest in "
        f"{most.fsa} ({most.per_thousand:.1f}), lowest in {least.fsa} "
        f"({least.per_thousand:.1f}); {frame['ev_inside'].sum():,.0f} EVs inside the Region."
    )
    origin = origins.vehicles(tables)
    return cartography.build(
        "map-ev-by-fsa", alt, origin, [layer, *cartography.borders(tables, folder)]
    )


def stations(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the existing stations by level; those outside the Region and Tesla-only apart."""
    frame = shapes.places(cartography.named(tables, tables.stations))
    is_tesla = (tables.stations["access"] == "tesla_only").to_numpy()
    both = (frame["l2_ports"] > 0) & (frame["l3_ports"] > 0)
    frame["mark"] = (frame["l3_ports"] > 0).astype(int) + both.astype(int)
    marks = (
        Mark("L2 only", fill=style.EXISTING_L2, line=style.INK),
        Mark("L3 only", fill=style.EXISTING_L3, line=style.INK, radius=6.5),
        Mark("L2 and L3", fill=style.EXISTING_L3, line=style.L2, width=3, radius=6.5),
    )
    parts = {
        "Public stations": frame["in_region"] & ~is_tesla,
        "Stations for Teslas only": frame["in_region"] & is_tesla,
        "Stations outside the Region": ~frame["in_region"],
    }
    hollow = {
        "Stations for Teslas only": Mark("Teslas only", fill="#ffffff", line=style.EXISTING),
        "Stations outside the Region": Mark("Outside the Region", fill=style.LINE, line="#5b6470"),
    }
    drawn = []
    for name, which in parts.items():
        part = frame[which].copy()
        if name in hollow:
            part["mark"] = 0
        looks = (hollow[name],) if name in hollow else marks
        drawn.append(
            Layer(name, part, looks, title="name", facts=cartography.STATION_FACTS, focus=True)
        )
    public = frame.loc[parts["Public stations"], "mark"]
    counts = ", ".join(f"{(public == i).sum()} with {m.label}" for i, m in enumerate(marks))
    alt = (
        f"Map of {len(public)} public charging stations in the Region: {counts}; "
        f"{parts['Stations for Teslas only'].sum()} more serve Teslas only."
    )
    return cartography.build(
        "map-stations", alt, origins.stations(tables), [*cartography.land(tables, folder), *drawn]
    )


def candidates(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites, one layer a category."""
    frame = shapes.places(cartography.named(tables, tables.sites))
    frame["mark"] = 0
    facts = (
        Column("site_id", "Site"),
        Column("category", "Category"),
        Column("municipality", "Municipality"),
        Column("source", "Source"),
        Column("owner", "Owner"),
    )
    drawn = []
    sizes = frame["category"].value_counts()
    # the most numerous category lies at the ground
    for category in sorted(cartography.CATEGORY_MARKS, key=lambda name: -int(sizes.get(name, 0))):
        mark = cartography.CATEGORY_MARKS[category]
        part = frame[frame["category"] == category].copy()
        part["category"] = mark.label
        look = Mark(mark.label, mark.fill, mark.line, mark.width, 0.9, radius=4)
        drawn.append(Layer(mark.label, part, (look,), title="name", facts=facts))
    counts = "; ".join(f"{layer.name} {len(layer.frame):,}" for layer in drawn)
    alt = f"Map of {len(frame):,} candidate sites by category: {counts}."
    layers = [*cartography.land(tables, folder), *drawn]
    return cartography.build("map-candidates", alt, origins.SITES, layers, canvas=True)
