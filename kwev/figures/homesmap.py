"""The map of deprivation by dissemination area, with what is known of its homes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.layers import Layer, Mark
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.figures.figure import Figure
    from kwev.tables import Tables

_WORDS = ("1, least deprived", "2", "3", "4", "5, most deprived")
_UNKNOWN = Mark("No score published", fill=style.PAPER, line=style.QUIET, width=0.6)
_SOURCES = {"da": "the area itself", "fsa": "its forward sortation area"}

_FACTS = (
    Column("municipality", "Municipality"),
    Column("population", "Population", "people", ",.0f"),
    Column("deprivation_quintile", "Deprivation, fifth of the Region", format=".0f"),
    Column("multi_unit_share", "Households in apartments", format=".0%"),
    Column("renter_share", "Households that rent", format=".0%"),
    Column("renter_source", "Tenure from"),
    Column("median_income_cad", "Median household income", "CAD", ",.0f"),
    Column("income_source", "Income from"),
    Column("old_dwelling_share", "Homes built before 1981, bridged", format=".0%"),
)


def deprivation(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the fifths of deprivation by dissemination area."""
    shape = shapes.areas("das", "da_id", folder)[["da_id", "geometry"]]
    people = tables.das[["da_id", "population"]]
    profiles = cartography.named(tables, tables.da_profiles)
    frame = shape.merge(profiles, on="da_id", validate="one_to_one")
    frame = frame.merge(people, on="da_id", validate="one_to_one")
    for column in ("renter_source", "income_source"):
        frame[column] = frame[column].map(_SOURCES)
    fifth = frame["deprivation_quintile"]
    frame["mark"] = fifth.fillna(len(_WORDS) + 1).astype(int) - 1
    colours = style.SEQUENCE[1:]
    marks = tuple(
        Mark(word, colour, line=colour, width=0.6)
        for word, colour in zip(_WORDS, colours, strict=True)
    )
    layer = Layer(
        "Deprivation", frame, (*marks, _UNKNOWN), title="da_id", facts=_FACTS,
        heading="Fifth of the Region's people",
    )  # fmt: skip
    most = frame[fifth == len(_WORDS)].groupby("municipality")["population"].sum()
    shares = most / frame.groupby("municipality")["population"].sum()
    where = shares.dropna().sort_values(ascending=False)
    alt = (
        f"Map of deprivation in {len(frame)} dissemination areas, in five classes of equal "
        "numbers of people. Share of people in the most deprived fifth: "
        + "; ".join(f"{place} {value:.0%}" for place, value in where.items())
        + "."
    )
    return cartography.build(
        "map-deprivation", alt, origins.HOMES, [layer, *cartography.borders(tables, folder)]
    )
