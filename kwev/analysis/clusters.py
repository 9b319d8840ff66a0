"""Spatial clustering of electric vehicles: Moran's I, and local clusters with a correction.

Neighbours share a border or a corner (queen contiguity), each area's neighbours weigh alike.
Significance comes from permutations under a fixed seed; local clusters are tested once for each
area, so the share of false ones among those found is held down (Benjamini and Hochberg, 1995).

Below the forward sortation area the vehicles are estimates, spread by households and kind of
dwelling: clusters of dissemination areas mirror the areas' own rates and the kinds of dwelling.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from esda import Moran, Moran_Local
from esda.significance import calculate_significance
from libpysal.weights import Queen
from statsmodels.stats.multitest import fdrcorrection

from kwev.pipeline.adoption import propensity
from kwev.pipeline.parameters import Parameters
from kwev.project import find_project
from kwev.units import CRS_METRES

if TYPE_CHECKING:
    from pathlib import Path

    from libpysal.weights import W
    from numpy.typing import NDArray

    from kwev.tables import Tables

    Numbers = NDArray[np.float64]

PERMUTATIONS: Final = 9_999
"""Shuffles of the values; the smallest p-value is one over one more."""

SEED: Final = 2_026
"""Start of the shuffles, so that the same data give the same answer."""

FALSE_SHARE: Final = 0.05
"""Share of false clusters that is accepted among those found."""

PER_THOUSAND: Final = 1_000

KINDS: Final = (
    "Many among many",
    "Few among many",
    "Few among few",
    "Many among few",
    "No cluster",
)
"""Kinds of area: its own value against the mean, among its neighbours' values."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """What was found for one set of areas.

    Attributes
    ----------
    areas
        One row an area: id, ``value``, ``i`` (local Moran), ``p`` (two-sided), ``kind``.
    i, expected, p
        Moran's I, its mean without any pattern, and its p-value (two-sided).
    """

    areas: pd.DataFrame
    i: float
    expected: float
    p: float

    def count(self, kind: str) -> int:
        """Return how many areas are of a kind."""
        return int((self.areas["kind"] == kind).sum())


def clustering(ids: pd.Series[str], values: Numbers, neighbours: W) -> Clustering:
    """Test areas for clusters.

    Parameters
    ----------
    ids
        (n,) ids of the areas, in the order of ``neighbours``.
    values
        (n,) what is tested.
    neighbours
        Who borders whom.
    """
    # the library shuffles with numpy's global state, so the shuffles of the whole are made here
    whole = Moran(values, neighbours, permutations=0)
    with warnings.catch_warnings():
        # it announces another kind of p-value; ours is made below from its shuffles
        warnings.simplefilter("ignore", DeprecationWarning)
        local = Moran_Local(values, neighbours, permutations=PERMUTATIONS, seed=SEED)
    p = calculate_significance(local.Is, local.sim.T, alternative="two-sided")
    is_found, _ = fdrcorrection(p, FALSE_SHARE)
    kinds = np.where(is_found, local.q - 1, len(KINDS) - 1)
    areas = pd.DataFrame(
        {
            ids.name: ids.to_numpy(),
            "value": values,
            "i": local.Is,
            "p": p,
            "kind": [KINDS[k] for k in kinds],
        }
    )
    return Clustering(areas, float(whole.I), float(whole.EI), _shuffled(values, neighbours))


def _shuffled(values: Numbers, neighbours: W) -> float:
    """Return the share of shuffles at least as far from the mean as the values, two-sided."""
    deviation = values - values.mean()
    rng = np.random.default_rng(SEED)
    weights = neighbours.sparse
    shuffles = rng.permuted(np.tile(deviation, (PERMUTATIONS, 1)), axis=1)
    statistic = np.einsum("ij,ij->i", shuffles, (weights @ shuffles.T).T)
    actual = float(deviation @ (weights @ deviation))
    # rounded, so that a shuffle that gives the values back counts
    over = int((np.round(statistic - actual, 9) >= 0).sum())
    under = int((np.round(statistic - actual, 9) <= 0).sum())
    return min(1.0, 2 * (min(over, under) + 1) / (PERMUTATIONS + 1))


def contiguity(shapes: gpd.GeoDataFrame) -> W:
    """Return who shares a border or a corner with whom, each area's neighbours weighing alike."""
    neighbours = Queen.from_dataframe(shapes, use_index=False, silence_warnings=True)
    neighbours.transform = "r"
    return neighbours


def by_fsa(tables: Tables, folder: Path | None = None) -> Clustering:
    """Test EVs per thousand residents by forward sortation area, its part inside the Region."""
    shapes = _shapes("fsas", "fsa", folder)
    fsas = tables.fsas.set_index("fsa").loc[shapes["fsa"]]
    values = (PER_THOUSAND * fsas["ev_inside"] / fsas["population_inside"]).to_numpy(float)
    return clustering(shapes["fsa"], values, contiguity(shapes))


@lru_cache(maxsize=2)
def by_da(tables: Tables, folder: Path | None = None) -> Clustering:
    """Test EVs per thousand households by dissemination area; those without any are left out."""
    shapes, das = _inhabited(tables, folder)
    values = (PER_THOUSAND * das["ev"] / das["households"]).to_numpy(float)
    return clustering(shapes["da_id"], values, contiguity(shapes))


def dwelling_i(tables: Tables, folder: Path | None = None) -> float:
    """Return Moran's I of the kind of dwelling by which EVs are spread below the FSA.

    What clusters of dissemination areas owe to the way of spreading.
    """
    shapes, das = _inhabited(tables, folder)
    values = propensity(das.reset_index(), Parameters())
    return float(Moran(values, contiguity(shapes), permutations=0).I)


def area_km2(name: str, key: str, folder: Path | None = None) -> pd.Series[float]:
    """Return the area of each place by id (km²), as far as it lies inside the Region."""
    shapes = _shapes(name, key, folder)
    return pd.Series((shapes.area / 1e6).to_numpy(), index=shapes[key])


def _inhabited(tables: Tables, folder: Path | None) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    das = tables.das.set_index("da_id")
    das = das[das["households"] > 0]
    shapes = _shapes("das", "da_id", folder)
    shapes = shapes[shapes["da_id"].isin(das.index)].reset_index(drop=True)
    return shapes, das.loc[shapes["da_id"]]


def _shapes(name: str, key: str, folder: Path | None) -> gpd.GeoDataFrame:
    frame = gpd.read_file((folder or find_project().processed) / f"{name}.geojson")
    frame[key] = frame[key].astype(str)
    return frame.to_crs(CRS_METRES).sort_values(key, ignore_index=True)
