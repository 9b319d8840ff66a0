"""The map of the grid proxy: areas by kW, and candidate sites with and without room for L3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.layers import Layer, Mark, graded
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.config import Config
    from kwev.figures.figure import Figure
    from kwev.tables import Tables

_AREA_FACTS = (
    Column("municipality", "Municipality"),
    Column("proxy_kw", "Grid proxy, no utility's figure", "kW", ",.0f"),
    Column("households", "Households", "count", ",.0f"),
    Column("density_per_km2", "Density", "people per km² of land", ",.0f"),
    Column("old_dwelling_share", "Homes built before 1981, bridged", format=".0%"),
    Column("multi_unit_share", "Households in apartments", format=".0%"),
    Column("age_factor", "Factor for age", format=".2f"),
    Column("type_factor", "Factor for apartments", format=".2f"),
    Column("density_factor", "Factor for density", format=".2f"),
)
_SITE_FACTS = (
    Column("category", "Category"),
    Column("municipality", "Municipality"),
    Column("kw", "Grid proxy, no utility's figure", "kW", ",.0f"),
)
_ROOM = Mark("Site with room for Level 3, by proxy", fill=style.L3, width=0.4, radius=2.4)
_NO_ROOM = Mark("Site without, by proxy", fill=style.PAPER, line=style.QUIET, width=0.8, radius=2)


def grid(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the proxy of the areas and of the free candidate sites."""
    areas = _areas(tables, folder)
    needed = config.ports.min_l3 * config.power.l3_kw
    frame = shapes.places(
        cartography.named(tables, tables.sites[tables.sites["station_id"] == ""])
    ).assign(mark=0)
    frame["kw"] = frame["grid_kw"] * config.siting.grid_factor
    frame["category"] = frame["category"].str.replace("_", " ").str.capitalize()
    room = frame["kw"] >= needed
    drawn = [
        Layer(
            name, frame[which], (mark,), title="name", facts=_SITE_FACTS
        )
        for name, which, mark in (
            ("Sites without room for Level 3, by proxy", ~room, _NO_ROOM),
            ("Sites with room for Level 3, by proxy", room, _ROOM),
        )
    ]  # fmt: skip
    alt = (
        f"Map of the grid proxy, no utility's figure, in {len(areas.frame)} areas: from "
        f"{areas.frame['proxy_kw'].min():,.0f} to {areas.frame['proxy_kw'].max():,.0f} kW, median "
        f"{areas.frame['proxy_kw'].median():,.0f}; by the proxy {room.sum():,} of {len(room):,} "
        f"candidate sites can host Level 3 ({needed:,.0f} kW)."
    )
    layers = [areas, *cartography.borders(tables, folder), *drawn]
    return cartography.build("map-grid-proxy", alt, origins.GRID, layers, canvas=True)


def _areas(tables: Tables, folder: Path | None) -> Layer:
    frame = _dissolved(tables, folder).merge(tables.area_grid, on="area_id", validate="1:1")
    frame["title"] = frame["area_id"].where(frame["area_id"] != "wellesley", "Wellesley")
    frame["mark"], marks = graded(
        frame["proxy_kw"].tolist(), style.SEQUENCE[:-1], ",.0f", style.PAPER
    )
    return Layer(
        "Grid proxy of areas", frame, marks, title="title", facts=_AREA_FACTS,
        heading="Grid proxy of an area (kW), no utility's figure",
    )  # fmt: skip


def _dissolved(tables: Tables, folder: Path | None) -> gpd.GeoDataFrame:
    """Return one shape an area: the tracts, and Wellesley as a whole."""
    shape = shapes.areas("tracts", "tract_id", folder)[["tract_id", "geometry"]]
    ids = cartography.named(tables, tables.tracts)[["tract_id", "area_id", "municipality"]]
    joined = shape.merge(ids, on="tract_id", validate="one_to_one")
    return joined.dissolve("area_id", as_index=False)[["area_id", "municipality", "geometry"]]
