"""Areas that optional rules read: who lives in which, and which place stands where.

Groups of people are municipalities and quintiles of deprivation; places stand in areas of the grid
proxy: census tracts, with Wellesley as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.demand import DemandPoints
    from kwev.tables import Tables

GROUPINGS = ("municipality", "quintile")
"""Ways to group people."""


@dataclass(frozen=True)
class Groups:
    """People by group.

    Attributes
    ----------
    names
        Shape (a,), sorted: municipality ids, or quintiles ``1`` (least deprived) to ``5``.
    people
        Shape (a, n): people of each group at each demand point. Who belongs to no group, as in an
        area without an index of deprivation, is left out.
    """

    names: NDArray[np.str_]
    people: sparse.csr_array


@dataclass(frozen=True)
class Areas:
    """What optional rules read beside reach; empty where no rule is on.

    Attributes
    ----------
    groups
        By grouping: people of each group.
    area_of
        Area id of each site and station; stations outside the Region have none.
    proxy_kw
        Grid proxy of each area (kW).
    """

    groups: dict[str, Groups]
    area_of: dict[str, str]
    proxy_kw: dict[str, float]

    def index(self, place_ids: Iterable[str]) -> tuple[list[str], NDArray[np.int64]]:
        """Return the areas' ids, sorted, and for each place the index of its area (-1: none)."""
        ids = sorted(set(self.area_of.values()) - {""})
        number = {area: i for i, area in enumerate(ids)}
        of_place = [number.get(self.area_of[str(place)], -1) for place in place_ids]
        return ids, np.array(of_place, np.int64)


NONE = Areas({}, {}, {})


def any_rule(config: Config) -> bool:
    """Return whether any optional rule is on."""
    rules = config.rules.model_dump()
    del rules["redundancy"]["stations"]  # how many, not whether
    return any(value is not None for value in _leaves(rules))


def _leaves(node: object) -> list[object]:
    if not isinstance(node, dict):
        return [node]
    return [leaf for below in node.values() for leaf in _leaves(below)]


def areas(tables: Tables, config: Config, points: DemandPoints) -> Areas:
    """Return the areas of a geography's demand points, where a rule needs them."""
    if not any_rule(config):
        return NONE
    places = [
        table[[key, "area_id"]].set_axis(["place", "area"], axis=1)
        for table, key in ((tables.sites, "site_id"), (tables.stations, "station_id"))
    ]
    return Areas(
        groups={
            "municipality": _by_municipality(points),
            "quintile": _by_quintile(tables, points),
        },
        area_of={
            str(place): str(area)
            for table in places
            for place, area in zip(table["place"], table["area"], strict=True)
        },
        proxy_kw={
            str(area): float(kw)
            for area, kw in zip(
                tables.area_grid["area_id"], tables.area_grid["proxy_kw"], strict=True
            )
        },
    )


def _by_municipality(points: DemandPoints) -> Groups:
    at = np.arange(len(points), dtype=np.int64)
    return _groups(points.municipality, at, points.people, len(points))


def _by_quintile(tables: Tables, points: DemandPoints) -> Groups:
    """Group by the quintile of the point's area, of a cell by those of its parts."""
    number = {str(place): i for i, place in enumerate(points.ids)}
    if points.geography == "cell":
        parts = tables.cell_parts
        at = np.array([number[str(cell)] for cell in parts["cell_id"]], np.int64)
        quintile = parts["da_id"].map(_quintiles(tables.da_profiles, "da_id"))
        people = parts["population"].to_numpy(np.float64)
    else:
        profiles = tables.da_profiles if points.geography == "da" else tables.tract_profiles
        by_id = _quintiles(profiles, f"{points.geography}_id")
        at, people = np.arange(len(points), dtype=np.int64), points.people
        quintile = by_id.reindex(points.ids)
    known = quintile.notna().to_numpy(bool)
    names = quintile[known].astype(int).astype(str).to_numpy(str)
    return _groups(names, at[known], people[known], len(points))


def _quintiles(profiles: pd.DataFrame, key: str) -> pd.Series[float]:
    return profiles.set_index(key)["deprivation_quintile"]


def _groups(
    group: NDArray[np.str_], at: NDArray[np.int64], people: NDArray[np.float64], size: int
) -> Groups:
    names, row = np.unique(group, return_inverse=True)
    matrix = sparse.csr_array((people, (row, at)), shape=(len(names), size))
    return Groups(names, matrix)
