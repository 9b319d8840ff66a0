"""Demand points: where people and EVs are, at one of three geographies, and their groups.

Groups, which optional rules read, are municipalities, quintiles of deprivation and kinds of
household; places stand in areas of the grid proxy: census tracts, and places that have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kwev.config import GEOGRAPHIES
from kwev.errors import KwevError, nearest
from kwev.model.need import public_share, share_of_points
from kwev.model.network import Places
from kwev.model.notation import Formula
from kwev.model.scores import demand_scores, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config, Geography
    from kwev.data.tables import Tables


@dataclass(frozen=True)
class DemandPoints:
    """Demand points of one geography; every array has one entry per point, sorted by id.

    Attributes
    ----------
    ids
        Point ids, text.
    xy_m
        Shape (n, 2), easting and northing in metres, rounded to 0.01 m.
    people, ev
        Residents, and EVs of the year that the scenario plans for, of the place the point stands
        for.
    score
        Demand score, 0 to 1: how urgent the place is.
    weight
        Objective weight, dimensionless, sums to 1.
    municipality
        Municipality id of the point, text.
    """

    geography: Geography
    ids: NDArray[np.str_]
    xy_m: NDArray[np.float64]
    people: NDArray[np.float64]
    ev: NDArray[np.float64]
    score: NDArray[np.float64]
    weight: NDArray[np.float64]
    municipality: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def places(self) -> Places:
        """The points as places to measure from."""
        return Places.of_kind(self.geography, self.ids, self.xy_m)


def table_of(tables: Tables, geography: str) -> tuple[pd.DataFrame, str]:
    """Return the table of a geography and the name of its id column.

    Raises
    ------
    KwevError
        If the geography is not one of tract, da and cell.
    """
    if geography == "tract":
        return tables.tracts, "tract_id"
    if geography == "da":
        return tables.das, "da_id"
    if geography == "cell":
        return tables.cells, "cell_id"
    hint = nearest(geography, list(GEOGRAPHIES))
    raise KwevError(f"unknown geography {geography!r}", where="--geography", hint=hint)


def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values`` divided by their sum, or zeros where the sum is zero."""
    total = float(values.sum())
    return values / total if total > 0 else np.zeros_like(values)


def share_of(values: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    """Return the part of the total of ``values`` where ``mask`` holds (0 where there is none)."""
    total = float(values.sum())
    return float(values[mask].sum()) / total if total > 0 else 0.0


WEIGHT = Formula(
    r"<weight> = <people_weight> \frac{<people>}{\sum_{j \in <points>} <people>}"
    r" + <vehicle_weight> \frac{<vehicles>}{\sum_{j \in <points>} <vehicles>}"
    r" + <score_weight> \frac{<score> <people>}{\sum_{j \in <points>} <score> <people>}"
)
"""Objective weight of a point; a term whose total is zero gives its share to nobody."""


def demand_points(tables: Tables, config: Config, geography: str) -> DemandPoints:
    """Return the demand points of a geography with their objective weights.

    The weight of point j is ``a P_j / sum P + b EV_j / sum EV + c s_j P_j / sum (s P)`` with its
    demand score s_j, and a + b + c rescaled to 1 (a term whose total is zero gives its share to
    nobody).

    Raises
    ------
    KwevError
        If the geography is unknown, or a point has no facts.
    """
    table, id_column = table_of(tables, geography)
    table = table.sort_values(id_column, kind="stable")
    people = table["population"].to_numpy(np.float64)
    by_id = vehicles(tables, config, geography)
    ids = table[id_column].to_numpy(str)
    ev = np.asarray(by_id.loc[ids], np.float64)
    score = demand_scores(point_facts(tables, config, geography, ids), config.scores.demand)
    a, b, c = config.weights.people, config.weights.ev, config.weights.score
    weight = shares(a * shares(people) + b * shares(ev) + c * shares(score * people))
    return DemandPoints(
        geography=geography,  # type: ignore[arg-type]
        ids=ids,
        xy_m=table[["easting_m", "northing_m"]].to_numpy(np.float64),
        people=people,
        ev=ev,
        score=score,
        weight=weight,
        municipality=table["municipality_id"].to_numpy(str),
    )


def point_facts(
    tables: Tables, config: Config, geography: str, ids: NDArray[np.str_]
) -> pd.DataFrame:
    """Return the facts behind the demand score of the given points, in their order.

    With ``demand.home_access`` among them ``public_share``, the public share of a vehicle's energy:
    who can charge at home counts by that, and no longer by the share of apartments alone.
    """
    facts = facts_of(tables, geography, ids)
    if config.demand.home_access is None:
        return facts
    shares = share_of_points(tables, public_share(tables, config.demand), geography)
    return facts.assign(public_share=shares.loc[ids.tolist()].to_numpy())


def vehicles(tables: Tables, config: Config, geography: str) -> pd.Series[float]:
    """Return the EVs of each place by id: registered, or forecast for the scenario's year."""
    table, id_column = table_of(tables, geography)
    year = config.demand.ev_year
    if year == "now":
        return table.set_index(id_column)["ev"]
    growth = {"tract": tables.tract_growth, "da": tables.da_growth, "cell": tables.cell_growth}
    return growth[geography].set_index(id_column)[f"ev_{year}"]


def energy_need_kwh(tables: Tables, config: Config) -> dict[str, float]:
    """Return the public-charging energy each municipality needs in a year (kWh), by id."""
    demand = config.demand
    public = tables.das["da_id"].map(vehicles(tables, config, "da"))
    per_ev = demand.kwh_per_ev_year
    if demand.home_access is None:
        per_ev *= demand.public_share
    else:
        public *= tables.das["da_id"].map(public_share(tables, demand))
    ev = public.groupby(tables.das["municipality_id"], sort=True).sum()
    return {str(key): float(value) * per_ev for key, value in ev.items()}


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
