"""Electric vehicles by place: how many, how dense, how fast they grow, where they cluster.

Clusters are found by Moran's I and its local form. Neighbours share a border or a corner (queen
contiguity), each area's neighbours weigh alike. Significance comes from permutations under a fixed
seed; local clusters are tested once for each area, so the share of false ones among those found is
held down (Benjamini and Hochberg, 1995).

Below the forward sortation area the vehicles are estimates, spread by households and kind of
dwelling: clusters of dissemination areas mirror the areas' own rates and the kinds of dwelling.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from libpysal.weights import Queen
from statsmodels.stats.multitest import fdrcorrection

from kwev.data.links import crs_of
from kwev.data.tables import read_held
from kwev.display import cartography, origins, style
from kwev.display.figure import rows
from kwev.display.layers import Layer, Mark, graded
from kwev.display.values import Number, Numbers, named, some
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.vehicles import propensity
from kwev.project import find_project
from kwev.report.forecast import quarter_words
from kwev.report.memory import once

with warnings.catch_warnings():
    # in a kernel without widgets it warns of its progress bars, which nothing here shows
    warnings.filterwarnings("ignore", "IProgress not found")
    from esda import Moran, Moran_Local

if TYPE_CHECKING:
    from pathlib import Path

    from libpysal.weights import W
    from numpy.typing import NDArray

    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.report.scenario import Report

    Values = NDArray[np.float64]

PERMUTATIONS: Final = 9_999
"""Shuffles of the values; the smallest p-value is one over one more."""

SEED: Final = 2_026
"""Start of the shuffles, so that the same data give the same answer."""

FALSE_SHARE: Final = 0.05
"""Share of false clusters that is accepted among those found."""

PER_THOUSAND: Final = 1_000

_CLUSTER_MARKS: Final = (
    Mark("Many among many", fill="#d55e00", line=style.PAPER, width=0.5),
    Mark("Few among many", fill="#56b4e9", line=style.INK, width=1.5),
    Mark("Few among few", fill="#0072b2", line=style.PAPER, width=0.5),
    Mark("Many among few", fill="#e69f00", line=style.INK, width=1.5),
    Mark("No cluster", fill="#eceff1", line=style.PAPER, width=0.5),
)
"""Kinds of area, its own value against the mean among its neighbours' values, and their looks; the
odd ones out have a dark outline."""

KINDS: Final = tuple(mark.label for mark in _CLUSTER_MARKS)


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


def clustering(ids: pd.Series[str], values: Values, neighbours: W) -> Clustering:
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
    # shuffled here: the library does it with numpy's global state, and compiles it for 19 s
    whole = Moran(values, neighbours, permutations=0)
    local = Moran_Local(values, neighbours, permutations=0)
    p = _drawn(values, neighbours)
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


def _shuffled(values: Values, neighbours: W) -> float:
    """Return the share of shuffles at least as far from the mean as the values, two-sided."""
    deviation = values - values.mean()
    rng = np.random.default_rng(SEED)
    weights = neighbours.sparse
    shuffles = rng.permuted(np.tile(deviation, (PERMUTATIONS, 1)), axis=1)
    statistic = np.einsum("ij,ij->i", shuffles, (weights @ shuffles.T).T)
    beyond = _beyond(statistic, float(deviation @ (weights @ deviation)))
    return min(1.0, 2 * (beyond + 1) / (PERMUTATIONS + 1))


def _drawn(values: Values, neighbours: W) -> Values:
    """Return for each area the same of its neighbours' mean, drawn from all other areas.

    Draws and p-values are those of esda's conditional permutation [Anselin, 1995].
    """
    draw, others = np.random.RandomState(SEED), len(values) - 1
    most = max(neighbours.cardinalities.values())
    drawn = np.array([draw.choice(others, most, replace=False) for _ in range(PERMUTATIONS)])
    weights, found = neighbours.sparse, []
    for k in range(len(values)):
        weight = weights.data[weights.indptr[k] : weights.indptr[k + 1]]
        means = np.delete(values, k)[drawn[:, : len(weight)]] @ weight
        beyond = _beyond(means, float((weights[[k]] @ values)[0]))
        found.append(min(1.0, (2 * beyond + 1) / (PERMUTATIONS + 1)))
    return np.array(found)


def _beyond(shuffled: Values, actual: float) -> int:
    """Return how many shuffled values are at least as far out as the actual one, on its side."""
    # rounded, so that a shuffle that gives the values back counts
    over = int((np.round(shuffled - actual, 9) >= 0).sum())
    under = int((np.round(shuffled - actual, 9) <= 0).sum())
    return min(over, under)


def contiguity(shapes: gpd.GeoDataFrame) -> W:
    """Return who shares a border or a corner with whom, each area's neighbours weighing alike."""
    neighbours = Queen.from_dataframe(shapes, use_index=False, silence_warnings=True)
    neighbours.transform = "r"
    return neighbours


def fsa_clusters(tables: Tables, folder: Path | None = None) -> Clustering:
    """Test EVs per thousand residents by forward sortation area, its part inside the Region."""
    shapes = _shapes("fsas", "fsa", folder, crs_of(tables.das))
    fsas = tables.fsas.set_index("fsa").loc[shapes["fsa"]]
    values = (PER_THOUSAND * fsas["ev_inside"] / fsas["population_inside"]).to_numpy(float)
    return clustering(shapes["fsa"], values, contiguity(shapes))


@lru_cache(maxsize=2)
def da_clusters(tables: Tables, folder: Path | None = None) -> Clustering:
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


def _inhabited(tables: Tables, folder: Path | None) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    das = tables.das.set_index("da_id")
    das = das[das["households"] > 0]
    shapes = _shapes("das", "da_id", folder, crs_of(tables.das))
    shapes = shapes[shapes["da_id"].isin(das.index)].reset_index(drop=True)
    return shapes, das.loc[shapes["da_id"]]


def _shapes(name: str, key: str, folder: Path | None, crs: str) -> gpd.GeoDataFrame:
    path = (folder or find_project().processed) / f"{name}.geojson"
    frame = gpd.read_file(io.BytesIO(read_held(path)))
    frame[key] = frame[key].astype(str)
    return frame.to_crs(crs).sort_values(key, ignore_index=True)


def by_fsa(tables: Tables, folder: Path | None = None) -> pd.DataFrame:
    """Return one row a forward sortation area, its part inside: counts, density, growth, forecast.

    Columns of ``fsas`` and ``fsa_growth``, and ``area_km2`` (inside the Region), ``per_km2``,
    ``per_thousand`` (residents), ``bev_per_phev``.
    """
    shapes = _shapes("fsas", "fsa", folder, crs_of(tables.das)).set_index("fsa")
    table = tables.fsas.merge(tables.fsa_growth, on="fsa", validate="one_to_one")
    table["area_km2"] = table["fsa"].map(shapes.area / 1e6)
    table["per_km2"] = table["ev_inside"] / table["area_km2"]
    table["per_thousand"] = PER_THOUSAND * table["ev_inside"] / table["population_inside"]
    table["bev_per_phev"] = table["bev"] / table["phev"].where(table["phev"] > 0)
    return table


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of electric vehicles by place, and of their clusters."""
    return Numbers([*_of_places(report.tables), *_of_clusters(report.tables)])


def _of_places(t: Tables) -> list[Number]:
    fsas, das = t.fsas, t.das
    areas = by_fsa(t).set_index("fsa")
    grown, dense = areas["growth_4q_per_year"], areas["per_km2"]
    shares = {"ev_fastest_growth:.0%": grown.max(), "ev_slowest_growth:.0%": grown.min()}
    names = {
        "ev_fastest": grown.idxmax(), "ev_slowest": grown.idxmin(), "ev_densest": dense.idxmax()
    }  # fmt: skip
    counts = {"fsas": len(fsas), "fsas_crossing": (fsas["inside_share"] < 1).sum()}
    evs = {"ev_published": float(fsas["ev"].sum()), "ev_inside": das["ev"].sum()}
    return [
        *named("fsas", count=counts, text={"quarter": quarter_words(str(fsas["quarter"].iloc[0]))}),
        *named("fsas, das", ev=evs, share={"bev_share": das["bev"].sum() / das["ev"].sum()}),
        *named(
            "fsa_growth", text=names, share=shares, ratio={"ev_densest_per_km2:.0f": dense.max()}
        ),
    ]


def _of_clusters(t: Tables) -> list[Number]:
    wide, fine = fsa_clusters(t), da_clusters(t)
    ratios = {
        "moran_fsa": wide.i,
        "moran_fsa_p": wide.p,
        "moran_da": fine.i,
        "moran_dwellings": dwelling_i(t),
    }
    counts = {
        "moran_da_many": fine.count("Many among many"),
        "moran_da_few": fine.count("Few among few"),
        "moran_shuffles": PERMUTATIONS,
    }
    shares = {"moran_false:.0%": FALSE_SHARE}
    out = len(wide.areas) - wide.count("No cluster")
    words = {"moran_fsa_words": some(out, "area stands out", "areas stand out")}
    return named("vehicles.clustering", ratio=ratios, count=counts, share=shares, text=words)


# -- Maps.


def area_map(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per thousand residents by forward sortation area, as far as it lies inside."""
    shape = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(tables.fsas, on="fsa", validate="one_to_one")
    people = frame["population_inside"].where(frame["population_inside"] > 0)
    frame["per_thousand"] = 1_000 * frame["ev_inside"] / people
    frame["mark"], marks = graded(
        frame["per_thousand"].fillna(0).tolist(), style.SEQUENCE, ",.3g", style.PAPER
    )
    layer = Layer(
        "EVs",
        frame,
        marks,
        title="fsa",
        facts="per_thousand ev:area bev:area phev:area inside_share:region ev_inside:count",
        heading="EVs per 1,000 residents",
    )
    (most,) = rows(frame.nlargest(1, "per_thousand"))
    (least,) = rows(frame.nsmallest(1, "per_thousand"))
    alt = (
        f"Map of EVs per 1,000 residents in {len(frame)} forward sortation areas: highest in "
        f"{most.fsa} ({most.per_thousand:.1f}), lowest in {least.fsa} "
        f"({least.per_thousand:.1f}); {frame['ev_inside'].sum():,.0f} EVs inside the Region."
    )
    origin = origins.vehicles(tables)
    return cartography.build(
        "map-ev-by-fsa", alt, origin, [layer, *cartography.borders(tables, folder)]
    )


def density_map(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per square kilometre of land by dissemination area, estimated below the FSA."""
    frame = cartography.density(tables, folder)
    frame["mark"], marks = graded(frame["evs_per_km2"].tolist(), style.SEQUENCE, ",.3g")
    facts = "municipality ev:estimated evs_per_km2 households"
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


def growth_map(tables: Tables, areas: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map growth over the last four quarters by forward sortation area.

    Parameters
    ----------
    areas
        One row a forward sortation area: ``by_fsa``.
    """
    shape = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(areas, on="fsa", validate="one_to_one")
    frame["percent"] = 100 * frame["growth_4q_per_year"]
    frame["mark"], marks = graded(frame["percent"].tolist(), style.SEQUENCE, ",.3g", style.PAPER)
    facts = (
        "growth_4q_per_year:exact growth_8q_per_year:exact ev_inside:count per_km2 bev_per_phev",
        "ev_2030:count ev_2035:count",
    )
    layer = Layer(
        "EV growth", frame, marks, title="fsa", facts=facts,
        heading="Growth over the last four quarters (%)",
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


def cluster_map(tables: Tables, found: pd.DataFrame, *, folder: Path | None = None) -> Figure:
    """Map local clusters of EVs per household by dissemination area.

    Parameters
    ----------
    found
        Columns ``da_id``, ``value`` (EVs per thousand households), ``p``, ``kind``.
    """
    frame = cartography.with_facts(tables, found, folder)
    frame["mark"] = frame["kind"].map(KINDS.index)
    facts = "municipality kind:cluster value:evs p"
    layer = Layer(
        "Clusters", frame, _CLUSTER_MARKS, title="da_id", facts=facts,
        heading="EVs per household, among neighbours",
    )  # fmt: skip
    outline = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]].assign(mark=0)
    borders = Layer(
        "Forward sortation areas", outline, (Mark("Forward sortation area", line=style.INK),)
    )
    counts = "; ".join(f"{kind} {(frame['kind'] == kind).sum()}" for kind in KINDS)
    alt = f"Map of local clusters of EVs per household in {len(frame)} areas: {counts}."
    return cartography.build("map-ev-clusters", alt, origins.vehicles(tables), [layer, borders])
