"""Groups of people and areas that optional rules read.

Groups are municipalities, quintiles of deprivation and kinds of household; places stand in areas
of the grid proxy: census tracts, with Wellesley as one.
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
    from kwev.data.tables import Tables
    from kwev.model.demand import DemandPoints

HOUSEHOLDS = ("renters", "multi_unit", "low_income")
"""Kinds of household: each is a group by itself."""

LOW_INCOMES = 5
"""Low incomes are those of one person in so many."""


@dataclass(frozen=True)
class Groups:
    """What optional rules read beside reach; empty where no rule is on.

    Attributes
    ----------
    people
        By grouping, shape (g, n): people of each group at each demand point; groups are sorted by
        municipality id, by quintile from ``1`` (least deprived), or one for a kind of household.
        Who belongs to none, as in an area without an index of deprivation, is left out.
    area_of
        Area id of each site and station; stations outside the Region have none.
    proxy_kw
        Grid proxy of each area (kW).
    """

    people: dict[str, sparse.csr_array]
    area_of: dict[str, str]
    proxy_kw: dict[str, float]

    def index(self, place_ids: Iterable[str]) -> tuple[list[str], NDArray[np.int64]]:
        """Return the areas' ids, sorted, and for each place the index of its area (-1: none)."""
        ids = sorted(set(self.area_of.values()) - {""})
        number = {area: i for i, area in enumerate(ids)}
        of_place = [number.get(self.area_of[str(place)], -1) for place in place_ids]
        return ids, np.array(of_place, np.int64)


def any_rule(config: Config) -> bool:
    """Return whether any optional rule is on."""
    rules = config.rules.model_dump()
    del rules["redundancy"]["stations"]  # how many, not whether
    return any(value is not None for value in _leaves(rules))


def _leaves(node: object) -> list[object]:
    if not isinstance(node, dict):
        return [node]
    return [leaf for below in node.values() for leaf in _leaves(below)]


def groups(tables: Tables, config: Config, points: DemandPoints) -> Groups:
    """Return the groups and areas of a geography's demand points, where a rule needs them.

    Parameters
    ----------
    tables
        ``data/processed``, read: profiles, cell parts, grid proxy of areas, sites, stations.
    config
        The scenario; households are read only where they have a floor.
    points
        Demand points, n.
    """
    if not any_rule(config):
        return Groups({}, {}, {})
    places = ((tables.sites, "site_id"), (tables.stations, "station_id"))
    return Groups(
        people={
            "municipality": _by_municipality(points),
            "quintile": _by_quintile(tables, points),
            **{
                kind: _by_household(tables, points, kind)
                for kind, floors in config.rules.groups
                if floors.l2 is not None or floors.l3 is not None
            },
        },
        area_of={
            str(place): str(area)
            for table, key in places
            for place, area in zip(table[key], table["area_id"], strict=True)
        },
        proxy_kw={
            str(area): float(kw)
            for area, kw in zip(
                tables.area_grid["area_id"], tables.area_grid["proxy_kw"], strict=True
            )
        },
    )


def _by_municipality(points: DemandPoints) -> sparse.csr_array:
    at = np.arange(len(points), dtype=np.int64)
    return _groups(points.municipality, at, points.people, len(points))


def _by_quintile(tables: Tables, points: DemandPoints) -> sparse.csr_array:
    """Group by the quintile of the point's area, of a cell by those of its parts."""
    profiles, key = _profiles(tables, points)
    quintile, at, people = _parts(tables, points, profiles.set_index(key)["deprivation_quintile"])
    known = ~np.isnan(quintile)
    names = quintile[known].astype(int).astype(str)
    return _groups(names, at[known], people[known], len(points))


def _by_household(tables: Tables, points: DemandPoints, kind: str) -> sparse.csr_array:
    """Return one group: the people of each point who live in a kind of household."""
    profiles, key = _profiles(tables, points)
    share, at, people = _parts(tables, points, household_share(tables, profiles, key, kind))
    names = np.full(len(at), kind)
    return _groups(names, at, people * share, len(points))


def household_share(
    tables: Tables, profiles: pd.DataFrame, key: str, kind: str
) -> pd.Series[float]:
    """Return the part of each area's people in a kind of household, by id (0 to 1).

    Renters and apartments: the area's share of households, as if each had as many people; none
    where it is not known. Low incomes: all or nobody, see :func:`low_income_cad`.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    profiles, key
        ``da_profiles`` or ``tract_profiles``, and its id column.
    kind
        One of :data:`HOUSEHOLDS`.
    """
    by_id = profiles.set_index(key)
    if kind == "low_income":
        income = by_id["median_income_cad"]
        table = tables.das if key == "da_id" else tables.tracts
        people = table.set_index(key)["population"].reindex(income.index)
        low = income <= low_income_cad(income.to_numpy(np.float64), people.to_numpy(np.float64))
        return low.astype(np.float64)
    column = "renter_share" if kind == "renters" else "multi_unit_share"
    return by_id[column].astype(np.float64).fillna(0.0)


def low_income_cad(income_cad: NDArray[np.float64], people: NDArray[np.float64]) -> float:
    """Return the income up to which a fifth of all people live, whole areas counted (CAD).

    Areas with the same median income are taken together, so it may be more than a fifth.
    """
    order = np.argsort(income_cad, kind="stable")
    enough = LOW_INCOMES * np.cumsum(people[order]) >= people.sum()
    return float(income_cad[order][int(np.argmax(enough))])


def _profiles(tables: Tables, points: DemandPoints) -> tuple[pd.DataFrame, str]:
    """Return the profiles that a geography reads, cells those of their dissemination areas."""
    if points.geography == "tract":
        return tables.tract_profiles, "tract_id"
    return tables.da_profiles, "da_id"


def _parts(
    tables: Tables, points: DemandPoints, of_area: pd.Series[float]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the area's value, the number of the point and the people of each part of a point."""
    if points.geography != "cell":
        value = np.asarray(of_area.reindex(points.ids), np.float64)
        return value, np.arange(len(points), dtype=np.int64), points.people
    parts = tables.cell_parts
    number = {str(place): i for i, place in enumerate(points.ids)}
    at = np.array([number[str(cell)] for cell in parts["cell_id"]], np.int64)
    value = np.asarray(parts["da_id"].map(of_area), np.float64)
    return value, at, np.asarray(parts["population"], np.float64)


def _groups(
    group: NDArray[np.str_], at: NDArray[np.int64], people: NDArray[np.float64], size: int
) -> sparse.csr_array:
    names, row = np.unique(group, return_inverse=True)
    return sparse.csr_array((people, (row, at)), shape=(len(names), size))
