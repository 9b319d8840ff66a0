"""People and households at address points: a dasymetric split of the census counts.

The people of a dissemination area are spread evenly over its distinct address coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from kwev.pipeline.geometry import project, within_index
from kwev.pipeline.split import split_largest_remainder, to_micro
from kwev.units import DEGREE_DECIMALS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw


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
