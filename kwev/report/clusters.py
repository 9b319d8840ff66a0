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
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from esda import Moran, Moran_Local
from esda.significance import calculate_significance
from libpysal.weights import Queen, W
from numpy.typing import NDArray
from statsmodels.stats.multitest import fdrcorrection

from kwev.display import cartography, origins, style
from kwev.display.figure import Figure, rows
from kwev.display.layers import Layer, Mark, graded
from kwev.display.table import Column
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.vehicles import propensity
from kwev.project import find_project
from kwev.units import CRS_METRES

if TYPE_CHECKING:
    from pathlib import Path

    from libpysal.weights import W
    from numpy.typing import NDArray

    from kwev.data.tables import Tables

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


# -- Maps of electric vehicles: how dense, how fast they grow, where they cluster.

_LOOKS = (
    Mark("Many among many", fill="#d55e00", line=style.PAPER, width=0.5),
    Mark("Few among many", fill="#56b4e9", line=style.INK, width=1.5),
    Mark("Few among few", fill="#0072b2", line=style.PAPER, width=0.5),
    Mark("Many among few", fill="#e69f00", line=style.INK, width=1.5),
    Mark("No cluster", fill="#eceff1", line=style.PAPER, width=0.5),
)
"""One look for each kind of cluster; the odd ones out have a dark outline."""


def growth(tables: Tables, areas: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map growth over the last four quarters by forward sortation area.

    Parameters
    ----------
    areas
        One row a forward sortation area: ``kwev.report.vehicles.by_fsa``.
    """
    shape = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(areas, on="fsa", validate="one_to_one")
    frame["percent"] = 100 * frame["growth_4q_per_year"]
    frame["mark"], marks = graded(frame["percent"].tolist(), style.SEQUENCE, ",.3g", style.PAPER)
    facts = (
        Column("growth_4q_per_year", "Growth, last four quarters", format=".1%"),
        Column("growth_8q_per_year", "Growth a year, last eight quarters", format=".1%"),
        Column("ev_inside", "EVs inside the Region", "count", ",.0f"),
        "per_km2 bev_per_phev",
        Column("ev_2030", "Forecast for 2030", "count", ",.0f"),
        Column("ev_2035", "Forecast for 2035", "count", ",.0f"),
    )
    layer = Layer(
        "EV growth", frame, marks, title="fsa", facts=facts,
        heading="Growth over the last four quarters (%)", focus=True,
    )  # fmt: skip
    (most,) = rows(frame.nlargest(1, "percent"))
    (least,) = rows(frame.nsmallest(1, "percent"))
    alt = (
        f"Map of the growth of EVs over the last four quarters in {len(frame)} forward sortation "
        f"areas: highest in {most.fsa} ({most.percent:.0f} %), lowest in {least.fsa} "
        f"({least.percent:.0f} %)."
    )
    return cartography.build(
        "map-ev-growth",
        alt,
        origins.vehicles(tables),
        [layer, *cartography.borders(tables, folder)],
    )


def density(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per square kilometre of land by dissemination area, estimated below the FSA."""
    frame = cartography.density(tables, folder)
    land = frame["land_area_km2"].where(frame["land_area_km2"] > 0)
    frame["evs_per_km2"] = (frame["ev"] / land).fillna(0)
    frame["mark"], marks = graded(frame["evs_per_km2"].tolist(), style.SEQUENCE, ",.3g")
    facts = (
        "municipality",
        Column("ev", "EVs, estimated", "count", ",.1f"),
        "evs_per_km2 households",
    )
    layer = Layer(
        "EV density", frame, marks, title="da_id", facts=facts,
        heading="EVs per km² of land (estimated)",
    )  # fmt: skip
    (most,) = rows(frame.nlargest(1, "evs_per_km2"))
    alt = (
        f"Map of estimated EVs per square kilometre of land in {len(frame)} dissemination areas: "
        f"highest in {most.municipality} ({most.evs_per_km2:,.0f}), median "
        f"{frame['evs_per_km2'].median():,.0f}."
    )
    return cartography.build(
        "map-ev-density",
        alt,
        origins.vehicles(tables),
        [layer, *cartography.borders(tables, folder)],
    )


def clusters(tables: Tables, found: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map local clusters of EVs per household by dissemination area.

    Parameters
    ----------
    found
        Columns ``da_id``, ``value`` (EVs per thousand households), ``p``, ``kind``.
    """
    shape = cartography.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
    columns = ["da_id", "municipality_id"]
    frame = shape.merge(cartography.named(tables, tables.das[columns]), on="da_id")
    frame = frame.merge(found, on="da_id", validate="one_to_one")
    kinds = [mark.label for mark in _LOOKS]
    frame["mark"] = frame["kind"].map(kinds.index)
    facts = (
        "municipality",
        Column("kind", "Cluster"),
        Column("value", "EVs per 1,000 households, estimated", format=",.0f"),
        "p",
    )
    layer = Layer(
        "Clusters", frame, _LOOKS, title="da_id", facts=facts,
        heading="EVs per household, among neighbours",
    )  # fmt: skip
    outline = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]].assign(mark=0)
    borders = Layer(
        "Forward sortation areas", outline, (Mark("Forward sortation area", line=style.INK),)
    )
    counts = "; ".join(f"{kind} {(frame['kind'] == kind).sum()}" for kind in kinds)
    alt = f"Map of local clusters of EVs per household in {len(frame)} areas: {counts}."
    return cartography.build("map-ev-clusters", alt, origins.vehicles(tables), [layer, borders])
