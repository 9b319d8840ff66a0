"""Adding address points up to cells, dissemination areas, tracts and municipalities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.pipeline.geometry import place
from kwev.pipeline.split import from_micro
from kwev.schemas import PROCESSED

if TYPE_CHECKING:
    from kwev.pipeline.adoption import Vehicles
    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points

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
