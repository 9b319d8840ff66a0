"""The map of reach: where a charger is near along the roads, and where only as the crow flies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from kwev.figures import cartography, origins, shapes, style
from kwev.figures.layers import Layer, Mark
from kwev.figures.tables import Column
from kwev.pipeline.parameters import Parameters
from kwev.siting import counted
from kwev.units import CRS_DEGREES, CRS_METRES

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kwev.config import Config
    from kwev.figures.figure import Figure
    from kwev.tables import Tables

LEVELS = {
    "l3": ("Level 3", "by car", style.L3, "#f3c7a5"),
    "l2": ("Level 2", "on foot", style.L2, "#e69f00"),
}
"""By level, from the ground up: name, way to go, colours where reached and where not by road."""


def reach(
    tables: Tables, config: Config, cells: pd.DataFrame, *, folder: Path | None = None
) -> Figure:
    """Map the inhabited cells in reach of Level 2, and of Level 3 on a layer to switch on.

    Parameters
    ----------
    tables
        The processed tables.
    config
        The scenario: its radii, and which stations count.
    cells
        As from :func:`kwev.analysis.reach.of_cells`.
    """
    radius_m = {"l2": config.coverage.l2_radius_m, "l3": config.coverage.l3_radius_m}
    areas = [_areas(cells, level, radius_m[level], above=int(level == "l2")) for level in LEVELS]
    stations = shapes.places(cartography.named(tables, counted(tables.stations, config)))
    points = []
    for level, (name, *_) in reversed(LEVELS.items()):
        part = stations[stations[f"{level}_ports"] > 0].assign(mark=0)
        size = 4.5 if level == "l3" else 2.2
        look = Mark(f"{name} station", style.INK, style.PAPER, 0.5, radius=size)
        shown = level == "l2"
        points.append(
            Layer(
                f"{name} stations", part, (look,), title="name",
                facts=cartography.STATION_FACTS, above=2, show=shown, printed=shown,
            )
        )  # fmt: skip
    words = "; ".join(
        f"{LEVELS[level][0]} within {radius_m[level]:,.0f} m is reached {LEVELS[level][1]} along "
        f"the roads by {_people(cells, level, 'network'):,.0f} people, and by "
        f"{_people(cells, level, 'straight_line') - _people(cells, level, 'network'):,.0f} more "
        "only as the crow flies"
        for level in ("l2", "l3")
    )
    layers = [*cartography.land(tables, folder), *areas, *points]
    return cartography.build("map-reach", f"Map of reach: {words}.", origins.reach(tables), layers)


def _people(cells: pd.DataFrame, level: str, metric: str) -> float:
    return float(cells.loc[cells[f"{level}_{metric}"], "people"].sum())


def _areas(cells: pd.DataFrame, level: str, radius_m: float, *, above: int) -> Layer:
    """Return the cells in reach as two areas: along the roads, and only as the crow flies."""
    name, way, near, far = LEVELS[level]
    by_road = cells[cells[f"{level}_network"]]
    by_air = cells[cells[f"{level}_straight_line"] & ~cells[f"{level}_network"]]
    radius = f"{radius_m:,.0f} m" if radius_m < 1_000 else f"{radius_m / 1_000:g} km"  # noqa: PLR2004
    marks = (
        Mark(f"within {radius} {way} along the roads", near, near, 0.4),
        Mark(f"within {radius} only as the crow flies", far, far, 0.4),
    )
    parts = [(i, part) for i, part in enumerate((by_road, by_air)) if len(part)]
    frame = gpd.GeoDataFrame(
        {
            "reach": [f"{name} {marks[i].label}" for i, _ in parts],
            "people": [float(part["people"].sum()) for _, part in parts],
            "cells": [len(part) for _, part in parts],
            "mark": [i for i, _ in parts],
        },
        geometry=[_joined(part["cell_id"]) for _, part in parts],
        crs=CRS_METRES,
    ).to_crs(CRS_DEGREES)
    return Layer(
        f"{name} reach", frame, marks, title="reach",
        facts=(
            Column("people", "People", "people", ",.0f"), Column("cells", "Cells", "count", ",d"),
        ),
        heading=f"Homes near {name}", show=above > 0, printed=above > 0, above=above,
    )  # fmt: skip


def _joined(cell_ids: pd.Series) -> shapely.Geometry:
    """Return the area of cells; an id holds the column and the row of the floor grid."""
    size = Parameters().cell_m
    west, south = np.array([name.split("_")[1:] for name in cell_ids], int).T * size
    return shapely.union_all(shapely.box(west, south, west + size, south + size))
