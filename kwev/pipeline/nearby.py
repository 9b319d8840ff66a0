"""Straight-line neighbourhoods: sums within a radius, distances to places and to roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

CM_PER_M = 100


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
        Shapes (n, 2) and (m, 2), EPSG:26917 (m, on 0.01).
    values
        Shape (m, k).
    radius_m
        Reach (m).

    Returns
    -------
    numpy.ndarray
        Shape (n, k).
    """
    here = np.rint(places * CM_PER_M).astype(np.int64)
    there = np.rint(points * CM_PER_M).astype(np.int64)
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
