"""Wards of the seven municipalities, and which of them a place lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from kwev.display import cartography
from kwev.errors import KwevError
from kwev.pipeline.geometry import nearest_index

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray


def wards(crs: str, folder: Path | None = None) -> gpd.GeoDataFrame:
    """Return the wards as the Region published them in 2017, simplified.

    Parameters
    ----------
    crs
        The region's metric projection.
    folder
        Where ``wards.geojson`` lies; the project's processed data by default.

    Returns
    -------
    geopandas.GeoDataFrame
        ``ward_id``, ``municipality_id``, ``number`` and the outline (m), by id.

    Raises
    ------
    KwevError
        If the file is missing.
    """
    frame = cartography.areas("wards", "ward_id", folder, tolerance_m=0.0).to_crs(crs)
    return frame.assign(municipality_id=frame["municipality_id"].astype(str))


def ward_of(
    xy_m: NDArray[np.float64], municipality: NDArray[np.str_], known: gpd.GeoDataFrame
) -> NDArray[np.str_]:
    """Return the ward of each place: the one of its municipality that holds it, else the nearest.

    The municipality is the census's, so that wards add up to it: where the outlines of both differ
    by metres, or a ward's edge was simplified, a place goes to the nearest ward of its own.

    Parameters
    ----------
    xy_m
        (n, 2) eastings and northings (m).
    municipality
        (n,) ids; a place outside every municipality has an empty one, and no ward.
    known
        As from :func:`wards`.

    Returns
    -------
    numpy.ndarray
        (n,) ids of wards.

    Raises
    ------
    KwevError
        If a municipality has no wards.
    """
    found = np.full(len(xy_m), "", dtype="U16")
    for town in np.unique(municipality[municipality != ""]).tolist():
        own = known[known["municipality_id"] == town]
        if own.empty:
            raise KwevError(f"no wards of municipality {town!r}", where="wards.geojson")
        here = municipality == town
        nearest, _ = nearest_index(xy_m[here], _outlines(own))
        found[here] = own["ward_id"].to_numpy(str)[nearest]
    return found


def _outlines(frame: gpd.GeoDataFrame) -> NDArray[Any]:
    shapes = frame.geometry.to_numpy()
    shapely.prepare(shapes)
    return np.asarray(shapes)
