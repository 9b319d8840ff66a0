"""Geometry in metres: projecting, repairing, clipping, linking, measuring, writing maps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from kwev.errors import KwevError
from kwev.units import CM_PER_M, CRS_DEGREES, DEGREE_DECIMALS, METRE_DECIMALS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray
    from shapely.geometry.base import BaseGeometry

MAP_DECIMALS = 6
"""Decimals of degrees in map geometry (about 0.1 m)."""


def project(longitude: ArrayLike, latitude: ArrayLike, crs: str) -> NDArray[np.float64]:
    """Return (N, 2) eastings and northings (m, rounded to 0.01) of degrees.

    Parameters
    ----------
    longitude, latitude
        (N,) degrees, WGS 84.
    crs
        The region's metric projection (:func:`kwev.units.crs_metres`).

    Returns
    -------
    numpy.ndarray
        (N, 2) metres in it.
    """
    to_metres = Transformer.from_crs(CRS_DEGREES, crs, always_xy=True)
    points = to_metres.transform(np.asarray(longitude, float), np.asarray(latitude, float))
    return np.round(np.column_stack(points), METRE_DECIMALS)


def unproject(metres: NDArray[np.float64], crs: str) -> NDArray[np.float64]:
    """Return (N, 2) longitudes and latitudes (degrees, rounded to 1e-7) of metres.

    Parameters
    ----------
    metres
        (N, 2) eastings and northings (m).
    crs
        Their projection.

    Returns
    -------
    numpy.ndarray
        (N, 2) degrees, WGS 84.
    """
    to_degrees = Transformer.from_crs(crs, CRS_DEGREES, always_xy=True)
    points = to_degrees.transform(metres[:, 0], metres[:, 1])
    return np.round(np.column_stack(points), DEGREE_DECIMALS)


def metres_of(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return (N, 2) eastings and northings (m) of a table."""
    return table[["easting_m", "northing_m"]].to_numpy(float)


def place(table: pd.DataFrame, metres: NDArray[np.float64], crs: str) -> pd.DataFrame:
    """Return ``table`` with latitude, longitude, easting_m and northing_m set from metres."""
    metres = np.round(metres, METRE_DECIMALS)
    degrees = unproject(metres, crs)
    return table.assign(
        latitude=degrees[:, 1],
        longitude=degrees[:, 0],
        easting_m=metres[:, 0],
        northing_m=metres[:, 1],
    )


def repair(frame: gpd.GeoDataFrame, most_share: float) -> tuple[gpd.GeoDataFrame, int]:
    """Return ``frame`` with valid polygons and how many were mended.

    Lines and points that mending leaves are dropped; a polygon that has no area then stays, empty,
    for :func:`drop_slivers`.

    Raises
    ------
    KwevError
        If mending changes a polygon's area by more than ``most_share`` of it.
    """
    bad = np.flatnonzero(~frame.geometry.is_valid)
    shapes = frame.geometry.to_numpy().copy()
    before = shapely.area(shapes[bad])
    for i in bad:
        parts = [p for p in shapely.get_parts(shapely.make_valid(shapes[i])) if p.area > 0]
        shapes[i] = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    after = shapely.area(shapes[bad])
    worst = bad[np.abs(after - before) > most_share * after]
    if len(worst):
        raise KwevError(
            f"{len(worst)} polygon(s) cross themselves: making them valid would change their area "
            f"by more than {most_share:.1%}, first: feature {worst[0] + 1}",
            hint="Fetch the file again, or mend the polygon.",
        )
    return frame.set_geometry(shapes, crs=frame.crs), int((after > 0).sum())


def drop_slivers(frame: gpd.GeoDataFrame, least_m2: float) -> tuple[gpd.GeoDataFrame, int]:
    """Return ``frame`` (in metres) without polygons of less area, and how many those were."""
    sliver = frame.area < least_m2
    return frame[~sliver].reset_index(drop=True), int(sliver.sum())


def within_index(metres: NDArray[np.float64], polygons: NDArray[Any]) -> NDArray[np.int64]:
    """Return for each point the first polygon that holds it (borders included), else -1."""
    tree = shapely.STRtree(polygons)
    points, hits = tree.query(shapely.points(metres), predicate="intersects")
    found = np.full(len(metres), len(polygons), dtype=np.int64)
    np.minimum.at(found, points, hits)
    return np.where(found == len(polygons), -1, found)


def nearest_index(
    metres: NDArray[np.float64], polygons: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each point the nearest polygon (first of equals) and the distance (m)."""
    apart, first = nearest_lines(metres, polygons, -np.arange(len(polygons), dtype=np.float64))
    return (-first).astype(np.int64), apart


def clip(polygons: NDArray[Any], region: BaseGeometry) -> list[BaseGeometry]:
    """Return the part of each polygon inside ``region``.

    Slivers below 1 m2, lines and points that an intersection leaves are dropped.
    """
    clipped = []
    for shape in shapely.intersection(polygons, region):
        parts = [part for part in shapely.get_parts(shape) if part.area >= 1]
        clipped.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    return clipped


def farther(metres: NDArray[np.float64], region: BaseGeometry, reach_m: float) -> NDArray[np.bool_]:
    """Return whether each point lies more than ``reach_m`` outside ``region`` (to 0.01 m).

    Parameters
    ----------
    metres
        (N, 2) eastings and northings (m).
    region
        Polygon in the same metres.
    reach_m
        Distance (m); 0 asks for all that is outside.

    Returns
    -------
    numpy.ndarray
        (N,) true or false.
    """
    apart = np.round(shapely.distance(shapely.points(metres), region), METRE_DECIMALS)
    return np.asarray(apart > reach_m)


def simplify(polygons: NDArray[Any], tolerance_m: float) -> list[BaseGeometry]:
    """Return the polygons with fewer vertices; shared borders stay shared (maps only)."""
    # The tolerance of coverage_simplify is the square root of an area.
    return list(shapely.coverage_simplify(polygons, tolerance_m))


def geojson(frame: gpd.GeoDataFrame, properties: list[str]) -> str:
    """Return a frame in metres as GeoJSON in degrees, one feature a line, in the frame's order.

    Parameters
    ----------
    frame
        Polygons or lines in metres, in the order to write.
    properties
        Columns that each feature keeps.

    Returns
    -------
    str
        The text of the file.
    """
    degrees = frame.to_crs(CRS_DEGREES)
    # Rounding each vertex keeps shared borders shared; where it makes a ring touch itself, the
    # polygon is put on the grid as a whole.
    rounded = shapely.set_precision(
        degrees.geometry.to_numpy(), 10**-MAP_DECIMALS, mode="pointwise"
    )
    bad = ~shapely.is_valid(rounded)
    rounded[bad] = shapely.set_precision(degrees.geometry.to_numpy()[bad], 10**-MAP_DECIMALS)
    rows = pd.DataFrame(degrees)[properties].to_dict("records")
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": row,
                "geometry": json.loads(shape, parse_float=_decimals),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row, shape in zip(rows, shapely.to_geojson(rounded), strict=True)
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def _decimals(number: str) -> float:
    return round(float(number), MAP_DECIMALS)


def components(
    one: NDArray[np.int64], other: NDArray[np.int64], size: int, *, directed: bool = False
) -> NDArray[np.int64]:
    """Return (size,) number of the component of each of ``size`` things.

    Parameters
    ----------
    one, other
        (M,) index of the first and second thing of each link.
    size
        How many things there are.
    directed
        Whether a link leads from one to the other only: a component then has a way there and back.
    """
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    _, found = connected_components(graph, directed=directed, connection="strong")
    return np.asarray(found, dtype=np.int64)


def clusters(metres: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """Return (N,) cluster of each point: points linked by steps of at most ``reach``."""
    pairs = cKDTree(metres).query_pairs(reach, output_type="ndarray")
    return components(pairs[:, 0], pairs[:, 1], len(metres))


def to_cm(metres: Any) -> NDArray[np.int64]:
    """Return metres as whole centimetres."""
    return np.rint(np.asarray(metres, np.float64) * CM_PER_M).astype(np.int64)


def sums_within(
    places: NDArray[np.float64],
    points: NDArray[np.float64],
    values: NDArray[np.float64],
    radius_m: float,
) -> NDArray[np.float64]:
    """Return for each place the sums of the points' values within a radius, inclusive.

    Distances are compared in whole centimetres, so that a point on the circle counts on every
    machine.

    Parameters
    ----------
    places, points
        Shapes (n, 2) and (m, 2), metres in one projection (on 0.01).
    values
        Shape (m, k).
    radius_m
        Reach (m).

    Returns
    -------
    numpy.ndarray
        Shape (n, k).
    """
    here, there = to_cm(places), to_cm(points)
    reach_cm = radius_m * CM_PER_M
    near = cKDTree(there).query_ball_point(here, reach_cm + 1.0, return_sorted=True)
    total = np.zeros((len(places), values.shape[1]))
    for i, found in enumerate(near):
        index = np.asarray(found, np.int64)
        squared = ((there[index] - here[i]) ** 2).sum(axis=1)
        total[i] = values[index[squared <= reach_cm**2]].sum(axis=0)
    return total


def distance_m(places: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each place to the nearest point (m, rounded to 0.01)."""
    return np.asarray(np.round(cKDTree(points).query(places)[0], 2))


def nearest_lines(
    places: NDArray[np.float64], lines: NDArray[np.object_], value: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance to the nearest line (m, rounded to 0.01) and that line's value.

    Where several are nearest, as where roads meet, the highest value counts.

    Parameters
    ----------
    places
        (N, 2) eastings and northings (m).
    lines
        (M,) lines in the same metres.
    value
        (M,) value of each line.

    Returns
    -------
    tuple
        (N,) distances (m) and (N,) values.
    """
    tree = shapely.STRtree(lines)
    (place, line), apart = tree.query_nearest(
        shapely.points(places), return_distance=True, all_matches=True
    )
    best = np.full(len(places), -np.inf)
    np.maximum.at(best, place, value[line])
    distance = np.zeros(len(places))
    distance[place] = np.round(apart, 2)
    return distance, best
