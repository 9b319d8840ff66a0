"""What the maps share: grounds, boundaries, population density, readable words, both forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.figures import atlas, page, shapes, style
from kwev.figures.canvas import picture
from kwev.figures.figure import Figure, Origin
from kwev.figures.layers import Layer, Mark, data_of, graded
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from kwev.tables import Tables

BORDERS = Mark("Municipality", line=style.BORDER, width=1.5)
_LAND = Mark("", fill=style.LAND, line=style.BORDER, width=1.5)
_HEIGHT_PX = 600
_HEIGHT_IN = 5.4

CATEGORY_MARKS = {
    "shopping_mall": Mark("Shopping mall", fill="#0072b2"),
    "retail_complex": Mark("Retail complex", fill="#56b4e9"),
    "business_park": Mark("Business park", fill="#000000"),
    "parking": Mark("Parking", fill="#8a8f98"),
    "transit_station": Mark("Transit station", fill="#d55e00"),
    "park_and_ride": Mark("Park and ride", fill="#ffffff", line="#d55e00", width=2.5),
    "community_centre": Mark("Community centre", fill="#009e73"),
    "library": Mark("Library", fill="#ffffff", line="#009e73", width=2.5),
    "recreation_centre": Mark("Recreation centre", fill="#f0e442", line="#5b6470"),
    "fuel_station": Mark("Fuel station", fill="#cc79a7"),
    "highway_corridor": Mark("Highway corridor", fill="#ffffff", line="#000000", width=2.5),
    "dense_residential": Mark("Dense residential", fill="#e69f00"),
}
"""Looks of the twelve categories; hollow ones share a colour with a kindred filled one."""

STATION_FACTS = (
    Column("station_id", "Station"),
    Column("operator", "Operator"),
    Column("municipality", "Municipality"),
    Column("l2_ports", "L2 ports"),
    Column("l2_span", "L2 ports, low to high"),
    Column("l3_ports", "L3 ports"),
    Column("l3_span", "L3 ports, low to high"),
    Column("l2_kw", "Recorded L2 power", "kW a port", ",.1f"),
    Column("l3_kw", "Recorded L3 power", "kW a port", ",.1f"),
    Column("access", "Access"),
    Column("owner", "Owner"),
    Column("opened", "Opened"),
    Column("hours", "Hours (2022)"),
    Column("sources", "Listed by"),
    Column("confidence", "Confidence"),
)
"""What a popup tells of an existing station."""
_LISTS = {"ocm+nrcan": "OpenChargeMap and NRCan", "ocm": "OpenChargeMap", "nrcan": "NRCan"}


def named(tables: Tables, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with names of municipalities and readable words for the coded columns."""
    names = tables.municipalities.set_index("municipality_id")["name"]
    made = table.copy()
    made["municipality"] = made["municipality_id"].map(names).fillna("outside the Region")
    for level in ("l2", "l3"):
        ends = [f"{level}_ports_low", f"{level}_ports_high"]
        if set(ends) <= set(made):
            made[f"{level}_span"] = [
                str(low) if low == high else f"{low} to {high}"
                for low, high in made[ends].to_numpy(int)
            ]
    if "sources" in made:
        made["sources"] = made["sources"].replace(_LISTS)
    for column in ("access", "owner", "operator", "opened", "source", "hours", "conditions"):
        if column in made:
            words = made[column].fillna("").astype(str).str.replace("_", " ")
            made[column] = words.where(words != "", style.DASH)
    return made


def density(tables: Tables, folder: Path | None, *, tolerance_m: float = 55.0) -> gpd.GeoDataFrame:
    """Return the dissemination areas with people per km² of land (0 where there is none)."""
    columns = ["da_id", "municipality_id", "population", "households", "ev", "land_area_km2"]
    shape = shapes.areas("das", "da_id", folder, tolerance_m=tolerance_m)[["da_id", "geometry"]]
    frame = shape.merge(named(tables, tables.das[columns]), on="da_id", validate="one_to_one")
    land = frame["land_area_km2"].where(frame["land_area_km2"] > 0)
    frame["per_km2"] = (frame["population"] / land).fillna(0)
    return frame


def density_layer(frame: gpd.GeoDataFrame, colours: Sequence[str], **more: Any) -> Layer:
    """Return the layer of people per km² in the given colours, light to dark."""
    frame = frame.copy()
    frame["mark"], marks = graded(frame["per_km2"].tolist(), colours)
    facts = (
        Column("municipality", "Municipality"),
        Column("population", "Population", "people", ",.0f"),
        Column("per_km2", "Density", "people per km² of land", ",.0f"),
        Column("ev", "EVs", "count", ",.0f"),
    )
    return Layer(
        "Population density", frame, marks, title="da_id", facts=facts,
        heading="People per km² of land", **more,
    )  # fmt: skip


def municipalities(tables: Tables, folder: Path | None) -> gpd.GeoDataFrame:
    """Return the municipalities with their facts; mark 0 is a city, 1 a township."""
    shape = shapes.areas("municipalities", "municipality_id", folder)
    frame = shape[["municipality_id", "geometry"]].merge(
        tables.municipalities, on="municipality_id", validate="one_to_one"
    )
    frame["mark"] = (frame["kind"] != "city").astype(int)
    return frame


def land(tables: Tables, folder: Path | None) -> list[Layer]:
    """Return the layer of land that points are drawn on."""
    frame = municipalities(tables, folder).assign(mark=0)
    return [Layer("Municipalities", frame, (_LAND,), control=False)]


def borders(tables: Tables, folder: Path | None) -> list[Layer]:
    """Return the layer of municipal boundaries."""
    frame = municipalities(tables, folder).assign(mark=0)
    return [Layer("Municipal boundaries", frame, (BORDERS,))]


def build(
    name: str,
    alt: str,
    origin: Origin,
    layers: Sequence[Layer],
    *,
    canvas: bool = False,
) -> Figure:
    """Return the figure that shows the layers, from the ground up, in both forms.

    Parameters
    ----------
    canvas
        As in :func:`kwev.figures.page.document`.
    """
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=data_of(layers),
        interactive=lambda: page.document(alt, layers, note=origin.line(), canvas=canvas),
        static=lambda: picture(
            lambda paper: atlas.draw(paper, layers),
            height_in=_HEIGHT_IN,
            alt=alt,
            note=origin.line(),
            arrange=False,
        ),
        kind="map",
        height_px=_HEIGHT_PX,
    )
