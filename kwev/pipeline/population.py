"""People and households: spread over address points, summed over every kind of place.

A dasymetric split of the census counts. Whole totals are split in millionths into parts that sum
back exactly. The facts of demand points, from which their scores are made, stand here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from kwev.data.schemas import arrange
from kwev.pipeline.geometry import metres_of, place, within_index
from kwev.units import DEGREE_DECIMALS, PEOPLE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw
    from kwev.pipeline.vehicles import Vehicles

MICRO = 10**PEOPLE_DECIMALS
"""Parts of one person, household or vehicle: sums of whole micro-units are exact."""


def to_micro(values: ArrayLike) -> NDArray[np.int64]:
    """Return counts as whole millionths, rounded half to even."""
    return np.asarray(np.rint(np.asarray(values, dtype=float) * MICRO), dtype=np.int64)


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
    """Return every address with easting_m and northing_m; several may share a point.

    Parameters
    ----------
    raw
        ``addresses``: Statistics Canada's Open Database of Addresses (``oda_addresses_row_2021``).
    ledger
        Takes how many share a point.

    Returns
    -------
    pandas.DataFrame
        The list with longitude, latitude (degrees) and metres.
    """
    table = raw.read("addresses")
    degrees = table[["longitude", "latitude"]].round(DEGREE_DECIMALS)
    metres = raw.project(degrees["longitude"], degrees["latitude"])
    distinct = len(degrees.drop_duplicates())
    note = f"{distinct} distinct points"
    rule = "several addresses at one point count as one point"
    ledger.add("addresses", rule, "kept", len(table) - distinct, note)
    return table.assign(**degrees, easting_m=metres[:, 0], northing_m=metres[:, 1])


def spread_population(addresses: pd.DataFrame, bounds: Boundaries, ledger: Ledger) -> Points:
    """Spread people and households of each dissemination area over its address points.

    Parameters
    ----------
    addresses
        As :func:`read_addresses` returns it.
    bounds
        People and households of each dissemination area (census of 2021).
    ledger
        Takes addresses outside, and areas without one.

    Returns
    -------
    Points
        Distinct points with people and households in millionths.
    """
    distinct = addresses.drop_duplicates(["longitude", "latitude"])
    distinct = distinct.sort_values(["easting_m", "northing_m", "longitude", "latitude"])
    metres = metres_of(distinct)
    da = within_index(metres, bounds.das.geometry.to_numpy())
    ledger.add("addresses", "outside every dissemination area", "dropped", da < 0)
    metres, da = metres[da >= 0], da[da >= 0]
    empty = np.setdiff1d(np.arange(len(bounds.das)), da)
    ledger.add("das", "no address: one pseudo address at a point inside", "repaired", len(empty))
    inner = shapely.get_coordinates(
        shapely.point_on_surface(bounds.das.geometry.to_numpy()[empty])
    ).round(2)
    real = np.concatenate([np.ones(len(da), bool), np.zeros(len(empty), bool)])
    metres, da = np.vstack([metres, inner]), np.concatenate([da, empty])
    even = np.ones(len(da))
    people = split_largest_remainder(to_micro(bounds.das["population"]), da, even)
    households = split_largest_remainder(to_micro(bounds.das["households"]), da, even)
    return Points(metres, da, people, households, real)


def point_table(
    points: Points, vehicles: Vehicles, bounds: Boundaries, parameters: Parameters
) -> pd.DataFrame:
    """Return one row for each address point: ids, metres, and counts in millionths.

    Parameters
    ----------
    points
        People and households at points.
    vehicles
        EVs at the same points.
    bounds
        Names the dissemination areas.
    parameters
        ``cell_m`` (m) is used.

    Returns
    -------
    pandas.DataFrame
        Columns cell_id, da_id, municipality_id, area_id, metres, addresses (whole) and
        population, households, bev, phev (millionths).
    """
    das = bounds.das
    floor = np.floor(points.metres / parameters.cell_m).astype(int)
    return pd.DataFrame(
        {
            "cell_id": [f"c_{east}_{north}" for east, north in floor],
            "da_id": das["da_id"].to_numpy()[points.da],
            "municipality_id": das["municipality_id"].to_numpy()[points.da],
            "area_id": das["area_id"].to_numpy()[points.da],
            "easting_m": points.metres[:, 0],
            "northing_m": points.metres[:, 1],
            "addresses": points.real.astype("int64"),
            "population": points.people,
            "households": points.households,
            "bev": vehicles.bev,
            "phev": vehicles.phev,
        }
    )


@dataclass(frozen=True)
class Places:
    """The processed tables of places, each sorted by its id.

    Parameters
    ----------
    municipalities, das, tracts, cells, cell_parts
        Columns and units as in :data:`kwev.data.schemas.PROCESSED`.
    cell_m
        Side of a cell (m).
    """

    municipalities: pd.DataFrame
    das: pd.DataFrame
    tracts: pd.DataFrame
    cells: pd.DataFrame
    cell_parts: pd.DataFrame
    cell_m: int


def place_tables(points: pd.DataFrame, bounds: Boundaries, parameters: Parameters) -> Places:
    """Return what lies in each place: sums over address points.

    Parameters
    ----------
    points
        As :func:`point_table` returns it.
    bounds
        Outlines and counts of the 2021 census (Statistics Canada).
    parameters
        ``cell_m`` is used.
    """
    cells, parts = cell_tables(points, bounds.crs)
    das = da_table(points, bounds)
    return Places(
        municipalities=municipality_table(points, das, bounds),
        das=das,
        tracts=tract_table(points, das, bounds),
        cells=cells,
        cell_parts=parts,
        cell_m=parameters.cell_m,
    )


def _with_evs(table: pd.DataFrame, micro: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with bev, phev and ev from millionths (exact at six decimals)."""
    return table.assign(
        bev=from_micro(micro["bev"]),
        phev=from_micro(micro["phev"]),
        ev=from_micro(micro["bev"] + micro["phev"]),
    )


def _counts(micro: pd.DataFrame) -> pd.DataFrame:
    """Return a table in millionths as counts."""
    people, homes = from_micro(micro["population"]), from_micro(micro["households"])
    return _with_evs(micro.assign(population=people, households=homes), micro)


def cell_tables(points: pd.DataFrame, crs: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``cells`` and ``cell_parts``; a cell belongs where most of its people live."""
    sums = ["addresses", "population", "households", "bev", "phev"]
    key = ["cell_id", "da_id", "municipality_id", "area_id"]
    parts = points.groupby(key, as_index=False)[sums].sum()
    cells = points.groupby("cell_id", as_index=False)[sums].sum()
    mean = points.groupby("cell_id")[["easting_m", "northing_m"]].mean()
    for level in ("municipality_id", "area_id"):
        people = parts.groupby(["cell_id", level], as_index=False)[["population"]].sum()
        people["fewest"] = -people["population"]
        people = people.sort_values(["cell_id", "fewest", level])
        first = people.drop_duplicates("cell_id").set_index("cell_id")[level]
        cells[level] = cells["cell_id"].map(first)
    cells = place(_counts(cells), mean.loc[cells["cell_id"]].to_numpy(), crs)
    return (
        arrange(cells, "cells", "cell_id"),
        arrange(_counts(parts), "cell_parts", "cell_id", "da_id"),
    )


def da_table(points: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``das``: census counts, EVs, and the people-weighted mean of its addresses.

    Where nobody lives, the plain mean.
    """
    people = points["population"].to_numpy(float)
    moved = points[["da_id", "easting_m", "northing_m"]].assign(
        east=points["easting_m"] * people, north=points["northing_m"] * people, people=people
    )
    total, mean = moved.groupby("da_id").sum(), moved.groupby("da_id").mean()
    inhabited = total["people"] > 0
    east = (total["east"] / total["people"]).where(inhabited, mean["easting_m"])
    north = (total["north"] / total["people"]).where(inhabited, mean["northing_m"])
    sums = points.groupby("da_id")[["addresses", "bev", "phev"]].sum()
    table = pd.DataFrame(bounds.das.drop(columns="geometry"))
    table = table.merge(sums, left_on="da_id", right_index=True, validate="1:1")
    placed = place(_with_evs(table, table), np.column_stack([east, north]), bounds.crs)
    return arrange(placed, "das", "da_id")


def tract_table(points: pd.DataFrame, das: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``tracts``: sums over dissemination areas at the polygon's centroid."""
    to_tract = tract_of(das, bounds.tracts)
    groups = das.assign(tract_id=das["da_id"].map(to_tract)).groupby("tract_id")
    table = groups[["population", "households", "dwellings"]].sum()
    table["municipality_id"] = groups["municipality_id"].first()
    micro = points.groupby(points["da_id"].map(to_tract))[["bev", "phev"]].sum()
    shapes = bounds.tracts.set_index("tract_id").loc[table.index]
    table["area_id"] = shapes["area_id"]
    table["area_km2"] = (shapes.area / 1e6).round(6)
    centre = shapes.geometry.centroid
    table = place(_with_evs(table, micro), np.column_stack([centre.x, centre.y]), bounds.crs)
    return arrange(table.reset_index(), "tracts", "tract_id")


def tract_of(das: pd.DataFrame, tracts: pd.DataFrame) -> dict[str, str]:
    """Return the tract of each dissemination area: itself, where the township has no tracts."""
    named = das["area_id"].isin(set(tracts["tract_id"]))
    return dict(zip(das["da_id"], das["area_id"].where(named, das["da_id"]), strict=True))


def municipality_table(points: pd.DataFrame, das: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``municipalities``: sums over dissemination areas, area of the polygon."""
    groups = das.groupby("municipality_id")
    table = groups[["population", "households", "dwellings", "land_area_km2"]].sum()
    table = _with_evs(table, points.groupby("municipality_id")[["bev", "phev"]].sum())
    shapes = bounds.municipalities.set_index("municipality_id").loc[table.index]
    table["name"], table["kind"] = shapes["name"], shapes["kind"]
    table["area_km2"] = (shapes.area / 1e6).round(6)
    table["land_area_km2"] = table["land_area_km2"].round(4)
    return arrange(table.reset_index(), "municipalities", "municipality_id")


# -- What the score of a demand point is made of, at each of the three geographies.

M2_PER_KM2: Final = 1_000_000
_OF_AREA: Final = ["old_dwelling_share", "multi_unit_share"]
_DECIMALS: Final = {
    "density_per_km2": 2, "transit": 4, "old_dwelling_share": 4, "grid_kw": 2,
    "multi_unit_share": 4,
}  # fmt: skip


def point_facts(
    places: Places,
    profiles: tuple[pd.DataFrame, pd.DataFrame],
    grid: pd.Series[float],
    access: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``point_facts``: one row for each cell, dissemination area and tract.

    Parameters
    ----------
    places
        The demand points of three geographies.
    profiles
        ``da_profiles`` and ``tract_profiles``.
    grid
        Grid proxy for each household of an area (kW), by ``area_id``.
    access
        Transit access in [0, 1] of (n, 2) metres.
    """
    da_profiles, tract_profiles = (_filled(profile, ledger) for profile in profiles)
    density = places.cells["population"] / (places.cell_m**2 / M2_PER_KM2)
    cell = places.cells.assign(density_per_km2=density).merge(
        shares_of_cells(places.cell_parts, da_profiles), on="cell_id", validate="1:1"
    )
    known = ["density_per_km2", *_OF_AREA]
    da = places.das.merge(da_profiles[["da_id", *known]], on="da_id", validate="1:1")
    tract = places.tracts.merge(tract_profiles[["tract_id", *known]], on="tract_id", validate="1:1")
    tables = []
    for geography, frame in (("cell", cell), ("da", da), ("tract", tract)):
        facts = frame.assign(
            geography=geography,
            id=frame[f"{geography}_id"],
            transit=access(metres_of(frame)),
            grid_kw=frame["area_id"].map(grid),
        )
        tables.append(arrange(facts, "point_facts", "id"))
    return pd.concat(tables, ignore_index=True).round(_DECIMALS)


def _filled(profiles: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return profiles with the median share where none is published, and count these places."""
    missing = profiles["multi_unit_share"].isna()
    key = str(profiles.columns[0])
    note = "takes the median share of apartments"
    ledger.add(
        key.replace("_id", "_profiles"), "no type of dwelling published", "repaired", missing, note
    )
    share = profiles["multi_unit_share"].fillna(profiles["multi_unit_share"].median())
    return profiles.assign(multi_unit_share=share)


def shares_of_cells(parts: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """Return the shares of each cell: means of its dissemination areas, weighted by addresses.

    A cell's households are spread evenly over its addresses, so an address is the weight that no
    cell lacks.
    """
    joined = parts.merge(profiles[["da_id", *_OF_AREA]], on="da_id", validate="m:1")
    weight = joined["addresses"].clip(lower=1)
    sums = joined[_OF_AREA].mul(weight, axis=0).assign(weight=weight)
    total = sums.groupby(joined["cell_id"]).sum()
    shares = total[_OF_AREA].div(total["weight"], axis=0)
    return shares.reset_index()
