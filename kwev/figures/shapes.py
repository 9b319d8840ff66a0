"""Geometry of maps: the processed GeoJSON files made light, points from tables, areas in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from kwev.errors import KwevError
from kwev.project import find_project
from kwev.units import CRS_DEGREES, CRS_METRES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

TOLERANCE_M = 25.0
"""Detail below this is not seen at the scale of the Region (m)."""

_SEGMENT_M = 500.0
"""Radius per segment of a quarter circle (m): a wider circle is drawn finer."""

_FEWEST_SEGMENTS = 5

_CLOSE_M = 120.0
"""Gaps narrower than twice this between the cells of a neighbourhood are drawn closed (m)."""


def areas(
    name: str, key: str, folder: Path | None = None, *, tolerance_m: float = TOLERANCE_M
) -> gpd.GeoDataFrame:
    """Read ``<name>.geojson`` of the processed data, simplified without gaps or overlaps.

    Parameters
    ----------
    name
        ``municipalities``, ``das``, ``tracts`` or ``fsas``.
    key
        Column of the ids, kept as text.
    folder
        Where the file lies; the project's processed data by default.
    tolerance_m
        Side of the smallest corner that is kept (m).

    Raises
    ------
    KwevError
        If the file is missing.
    """
    frame = _read(name, key, folder)
    metres = frame.geometry.to_crs(CRS_METRES)
    light = shapely.coverage_simplify(np.asarray(metres), tolerance_m)
    frame["geometry"] = gpd.GeoSeries(light, index=frame.index, crs=CRS_METRES).to_crs(CRS_DEGREES)
    return frame.set_crs(CRS_DEGREES, allow_override=True)


def lines(name: str, key: str, folder: Path | None = None) -> gpd.GeoDataFrame:
    """Read a file of lines, simplified; arguments and errors are those of :func:`areas`."""
    frame = _read(name, key, folder)
    light = frame.geometry.to_crs(CRS_METRES).simplify(TOLERANCE_M)
    return frame.set_geometry(light.to_crs(CRS_DEGREES))


def _read(name: str, key: str, folder: Path | None) -> gpd.GeoDataFrame:
    path = (folder or find_project().processed) / f"{name}.geojson"
    if not path.is_file():
        raise KwevError(
            "map geometry missing", where=str(path), hint="Build it again with `kwev data`."
        )
    frame = gpd.read_file(path)
    frame[key] = frame[key].astype(str)
    return frame.set_crs(CRS_DEGREES, allow_override=True)


def places(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table with ``latitude`` and ``longitude`` (degrees) as points."""
    where = gpd.points_from_xy(table["longitude"], table["latitude"])
    return gpd.GeoDataFrame(table.copy(), geometry=where, crs=CRS_DEGREES)


def neighbourhoods(
    cell_ids: Sequence[str], number: NDArray[np.int64], size_m: float
) -> gpd.GeoDataFrame:
    """Return the outline of each group of cells, narrow gaps between them closed.

    Parameters
    ----------
    cell_ids
        Ids hold the column and the row of the floor grid (``c_5109_48168``).
    number
        Group of each cell.
    size_m
        Side of a cell (m).

    Returns
    -------
    gpd.GeoDataFrame
        ``number`` and the outline, one row a group.
    """
    corner = np.array([name.split("_")[1:] for name in cell_ids], float).reshape(-1, 2) * size_m
    east, north = corner.T
    squares = shapely.box(east, north, east + size_m, north + size_m)
    cells = gpd.GeoDataFrame({"number": number}, geometry=squares, crs=CRS_METRES)
    frame = cells.dissolve("number").reset_index()
    # out and in again with square corners: gaps below twice the distance close
    wider = frame.buffer(_CLOSE_M, join_style="mitre")
    frame["geometry"] = wider.buffer(-_CLOSE_M, join_style="mitre")
    return frame.to_crs(CRS_DEGREES)


def reach(
    stations: gpd.GeoDataFrame, radius_m: float, within: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the part of ``within`` that lies within ``radius_m`` of a station, as the crow flies.

    Returns
    -------
    gpd.GeoDataFrame
        One row (none without stations): the area and its size ``area_km2``.
    """
    region = within.geometry.to_crs(CRS_METRES).union_all()
    segments = max(_FEWEST_SEGMENTS, round(radius_m / _SEGMENT_M))
    circles = stations.geometry.to_crs(CRS_METRES).buffer(radius_m, segments)
    covered = circles.union_all().intersection(region) if len(stations) else shapely.Polygon()
    rows = [] if covered.is_empty else [covered.simplify(TOLERANCE_M)]
    frame = gpd.GeoDataFrame({"area_km2": [covered.area / 1e6] * len(rows)}, geometry=rows)
    return frame.set_crs(CRS_METRES).to_crs(CRS_DEGREES)
