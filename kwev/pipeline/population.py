"""Splitting whole totals into parts that sum back exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from kwev.pipeline.geometry import project, within_index
from kwev.units import DEGREE_DECIMALS, PEOPLE_DECIMALS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.raw import Ledger, Raw

MICRO = 10**PEOPLE_DECIMALS
"""Parts of one person, household or vehicle: sums of whole micro-units are exact."""


def to_micro(values: ArrayLike) -> NDArray[np.int64]:
    """Return counts as whole millionths, rounded half to even."""
    scaled: NDArray[np.float64] = np.rint(np.asarray(values, dtype=float) * MICRO)
    return scaled.astype(np.int64)


def from_micro(values: ArrayLike) -> NDArray[np.float64]:
    """Return whole millionths as counts, each the nearest double to its six-decimal value."""
    return np.asarray(values, dtype=np.int64) / MICRO


def split_largest_remainder(
    totals: NDArray[np.int64], group: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Split each group's whole total over its members in proportion to their weights.

    Largest remainder: everyone gets the floor of the exact share; what is left goes one by one
    to the largest remainders, ties to the member that comes first. A group whose weights are all
    zero is split evenly.

    Parameters
    ----------
    totals
        (G,) whole totals, at least 0.
    group
        (N,) index of each member's group.
    weight
        (N,) weights, at least 0.

    Returns
    -------
    NDArray[np.int64]
        (N,) parts whose sums by group equal ``totals`` exactly.

    Raises
    ------
    ValueError
        If a group with a positive total has no member, or a weight is negative.
    """
    if (weight < 0).any() or not np.isfinite(weight).all():
        raise ValueError("weights must be finite and at least 0")
    size = len(totals)
    members = np.bincount(group, minlength=size)
    if ((members == 0) & (totals > 0)).any():
        raise ValueError("a positive total has no member to go to")
    even = np.bincount(group, weights=weight, minlength=size) == 0
    share = np.where(even[group], 1.0, weight)
    mass = np.bincount(group, weights=share, minlength=size)
    # Shrunk by more than rounding can add, so that the floors never exceed the total.
    exact = totals[group] * (share / mass[group]) * (1 - 1e-12)
    part = np.floor(exact).astype(np.int64)
    left = totals - np.bincount(group, weights=part, minlength=size).astype(np.int64)
    takes = share > 0
    order = np.lexsort((np.arange(len(group)), part - exact, ~takes, group))
    first = np.concatenate(([0], np.cumsum(members)))[:-1]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first[group[order]]
    # A member without weight takes nothing, however much the shrinking left over.
    takers = np.maximum(np.bincount(group, weights=takes, minlength=size).astype(np.int64), 1)
    base, extra = np.divmod(left, takers)
    return part + np.where(takes, base[group] + (rank < extra[group]), 0)


# -- People and households at address points: a dasymetric split of the census counts.


@dataclass(frozen=True)
class Points:
    """Distinct address points of the Region, sorted by easting and northing.

    Parameters
    ----------
    metres
        (N, 2) easting and northing (m).
    da
        (N,) index into ``Boundaries.das``.
    people, households
        (N,) millionths of a person or household; sums per dissemination area are exact.
    real
        (N,) False for the pseudo address of an area without any.
    """

    metres: NDArray[np.float64]
    da: NDArray[np.int64]
    people: NDArray[np.int64]
    households: NDArray[np.int64]
    real: NDArray[np.bool_]


def read_addresses(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Return every address with easting_m and northing_m; several may share a point."""
    table = raw.read("addresses")
    degrees = table[["longitude", "latitude"]].round(DEGREE_DECIMALS)
    metres = project(degrees["longitude"], degrees["latitude"])
    distinct = len(degrees.drop_duplicates())
    ledger.add(
        "population",
        "addresses",
        "several addresses at one point count as one point",
        "kept",
        len(table) - distinct,
        f"{distinct} distinct points",
    )
    return table.assign(**degrees, easting_m=metres[:, 0], northing_m=metres[:, 1])


def spread_population(addresses: pd.DataFrame, bounds: Boundaries, ledger: Ledger) -> Points:
    """Spread people and households of each dissemination area over its address points."""
    distinct = addresses.drop_duplicates(["longitude", "latitude"])
    distinct = distinct.sort_values(["easting_m", "northing_m", "longitude", "latitude"])
    metres = distinct[["easting_m", "northing_m"]].to_numpy()
    polygons = bounds.das.geometry.to_numpy()
    da = within_index(metres, polygons)
    ledger.add(
        "population",
        "addresses",
        "outside every dissemination area",
        "dropped",
        int((da < 0).sum()),
    )
    metres, da = metres[da >= 0], da[da >= 0]
    return _with_counts(metres, da, bounds, ledger)


def _with_counts(
    metres: NDArray[np.float64], da: NDArray[np.int64], bounds: Boundaries, ledger: Ledger
) -> Points:
    empty = np.setdiff1d(np.arange(len(bounds.das)), da)
    ledger.add(
        "population",
        "das",
        "no address: one pseudo address at a point inside",
        "repaired",
        len(empty),
    )
    inner = shapely.get_coordinates(
        shapely.point_on_surface(bounds.das.geometry.to_numpy()[empty])
    ).round(2)
    real = np.concatenate([np.ones(len(da), bool), np.zeros(len(empty), bool)])
    metres, da = np.vstack([metres, inner]), np.concatenate([da, empty])
    even = np.ones(len(da))
    people = split_largest_remainder(to_micro(bounds.das["population"]), da, even)
    households = split_largest_remainder(to_micro(bounds.das["households"]), da, even)
    return Points(metres, da, people, households, real)
