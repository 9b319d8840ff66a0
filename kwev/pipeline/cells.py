"""Adding address points up to cells, dissemination areas, tracts and municipalities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.schemas import PROCESSED
from kwev.pipeline.geometry import place
from kwev.pipeline.population import from_micro

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points
    from kwev.pipeline.raw import Ledger
    from kwev.pipeline.vehicles import Vehicles

_COUNTS = ["population", "households", "bev", "phev"]


def point_table(
    points: Points, vehicles: Vehicles, bounds: Boundaries, parameters: Parameters
) -> pd.DataFrame:
    """Return one row for each address point: ids, metres, and counts in millionths."""
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


def _as_counts(table: pd.DataFrame, *, whole: tuple[str, ...] = ()) -> pd.DataFrame:
    """Turn millionths into counts and add ``ev`` (exact at six decimals)."""
    table["ev"] = table["bev"] + table["phev"]
    for name in [*_COUNTS, "ev"]:
        if name in table:
            table[name] = from_micro(table[name])
    return table.astype(dict.fromkeys(whole, "int64"))


def _ordered(table: pd.DataFrame, name: str, key: list[str]) -> pd.DataFrame:
    return table.sort_values(key, ignore_index=True)[list(PROCESSED[name].columns)]


def cell_tables(points: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``cells`` and ``cell_parts``; a cell belongs where most of its people live."""
    sums = ["addresses", *_COUNTS]
    parts = points.groupby(["cell_id", "da_id", "municipality_id", "area_id"], as_index=False)[
        sums
    ].sum()
    cells = points.groupby("cell_id", as_index=False)[sums].sum()
    mean = points.groupby("cell_id")[["easting_m", "northing_m"]].mean()
    for level in ("municipality_id", "area_id"):
        people = parts.groupby(["cell_id", level], as_index=False)[["population"]].sum()
        people["fewest"] = -people["population"]
        people = people.sort_values(["cell_id", "fewest", level])
        first = people.drop_duplicates("cell_id").set_index("cell_id")[level]
        cells[level] = cells["cell_id"].map(first)
    cells = place(_as_counts(cells), mean.loc[cells["cell_id"]].to_numpy())
    return (
        _ordered(cells, "cells", ["cell_id"]),
        _ordered(_as_counts(parts), "cell_parts", ["cell_id", "da_id"]),
    )


def da_table(points: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``das``: census counts, EVs, and the people-weighted mean of its addresses."""
    people = points["population"].to_numpy(float)
    moved = pd.DataFrame(
        {
            "da_id": points["da_id"],
            "east": points["easting_m"] * people,
            "north": points["northing_m"] * people,
            "people": people,
            "easting_m": points["easting_m"],
            "northing_m": points["northing_m"],
        }
    ).groupby("da_id")
    total, mean = moved.sum(), moved.mean()
    inhabited = total["people"] > 0
    east = (total["east"] / total["people"]).where(inhabited, mean["easting_m"])
    north = (total["north"] / total["people"]).where(inhabited, mean["northing_m"])
    metres = np.column_stack([east, north])
    evs = points.groupby("da_id")[["addresses", "bev", "phev"]].sum()
    table = pd.DataFrame(bounds.das.drop(columns="geometry"))
    table = table.merge(evs, left_on="da_id", right_index=True, validate="1:1")
    table["ev"] = from_micro(table["bev"] + table["phev"])
    table["bev"], table["phev"] = from_micro(table["bev"]), from_micro(table["phev"])
    return _ordered(place(table, metres), "das", ["da_id"])


def tract_table(points: pd.DataFrame, das: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``tracts``: sums over dissemination areas at the polygon's centroid."""
    named = set(bounds.tracts["tract_id"])
    tract_of = das["area_id"].where(das["area_id"].isin(named), das["da_id"])
    groups = das.assign(tract_id=tract_of).groupby("tract_id")
    table = groups[["population", "households", "dwellings"]].sum()
    table["municipality_id"] = groups["municipality_id"].first()
    to_tract = dict(zip(das["da_id"], tract_of, strict=True))
    micro = points.groupby(points["da_id"].map(to_tract))[["bev", "phev"]].sum()
    table["bev"], table["phev"] = from_micro(micro["bev"]), from_micro(micro["phev"])
    table["ev"] = from_micro(micro["bev"] + micro["phev"])
    shapes = bounds.tracts.set_index("tract_id").loc[table.index]
    table["area_id"] = shapes["area_id"]
    table["area_km2"] = (shapes.area / 1e6).round(6)
    centre = shapes.geometry.centroid
    table = place(table.reset_index(), np.column_stack([centre.x, centre.y]))
    return _ordered(table, "tracts", ["tract_id"])


def municipality_table(points: pd.DataFrame, das: pd.DataFrame, bounds: Boundaries) -> pd.DataFrame:
    """Return ``municipalities``: sums over dissemination areas, area of the polygon."""
    groups = das.groupby("municipality_id")
    table = groups[["population", "households", "dwellings", "land_area_km2"]].sum()
    micro = points.groupby("municipality_id")[["bev", "phev"]].sum()
    table["bev"], table["phev"] = from_micro(micro["bev"]), from_micro(micro["phev"])
    table["ev"] = from_micro(micro["bev"] + micro["phev"])
    shapes = bounds.municipalities.set_index("municipality_id").loc[table.index]
    table["name"], table["kind"] = shapes["name"], shapes["kind"]
    table["area_km2"] = (shapes.area / 1e6).round(6)
    table["land_area_km2"] = table["land_area_km2"].round(4)
    return _ordered(table.reset_index(), "municipalities", ["municipality_id"])


# -- What the score of a demand point is made of, at each of the three geographies.

M2_PER_KM2: Final = 1_000_000
_OF_AREA: Final = ["old_dwelling_share", "multi_unit_share"]
_DECIMALS: Final = {
    "density_per_km2": 2, "transit": 4, "old_dwelling_share": 4, "grid_kw": 2,
    "multi_unit_share": 4,
}  # fmt: skip


def point_facts(  # noqa: PLR0913, PLR0917 - the facts come from every table before
    cells: pd.DataFrame,
    parts: pd.DataFrame,
    das: pd.DataFrame,
    tracts: pd.DataFrame,
    profiles: tuple[pd.DataFrame, pd.DataFrame],
    grid: pd.Series[float],
    access: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``point_facts``: one row for each cell, dissemination area and tract.

    Parameters
    ----------
    profiles
        ``da_profiles`` and ``tract_profiles``.
    grid
        Grid proxy for each household of an area (kW), by ``area_id``.
    access
        Transit access in [0, 1] of (n, 2) metres.
    """
    da_profiles, tract_profiles = (_filled(profile, ledger) for profile in profiles)
    density = cells["population"] / (parameters.cell_m**2 / M2_PER_KM2)
    cell = cells.assign(density_per_km2=density).merge(
        shares_of_cells(parts, da_profiles), on="cell_id", validate="1:1"
    )
    known = ["density_per_km2", *_OF_AREA]
    da = das.merge(da_profiles[["da_id", *known]], on="da_id", validate="1:1")
    tract = tracts.merge(tract_profiles[["tract_id", *known]], on="tract_id", validate="1:1")
    tables = []
    for geography, frame in (("cell", cell), ("da", da), ("tract", tract)):
        metres = frame[["easting_m", "northing_m"]].to_numpy(float)
        facts = frame.assign(
            geography=geography,
            id=frame[f"{geography}_id"],
            transit=access(metres),
            grid_kw=frame["area_id"].map(grid),
        )
        tables.append(facts[list(PROCESSED["point_facts"].columns)].sort_values("id"))
    return pd.concat(tables, ignore_index=True).round(_DECIMALS)


def _filled(profiles: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return profiles with the median share where none is published, and count these places."""
    missing = profiles["multi_unit_share"].isna()
    key = str(profiles.columns[0])
    ledger.add(
        "facts", key.replace("_id", "_profiles"), "no type of dwelling published", "repaired",
        int(missing.sum()), "takes the median share of apartments",
    )  # fmt: skip
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


def grid_per_household(areas: pd.DataFrame) -> pd.Series[float]:
    """Return the grid proxy for each household (kW), by ``area_id``, from ``area_grid``.

    A large area has a large proxy because it is large: what tells areas apart is the part of a
    household.
    """
    homes = areas["households"].clip(lower=1)
    return pd.Series((areas["proxy_kw"] / homes).to_numpy(float), areas["area_id"].to_numpy())
