"""The public share of a vehicle's energy in each dissemination area, from its dwellings.

Written apart from :mod:`kwev.model.need` on purpose, in exact fractions of the tables' decimals.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kwev.certify.exact import exact, over_one

if TYPE_CHECKING:
    from kwev.config import Demand
    from kwev.data.tables import Tables

DECIMALS, POINT_DECIMALS = 12, 9
"""Decimals of the share of an area and of a point, so that noise tells no two apart."""

HOUSES: Final = ("single_detached", "movable")
ROWS: Final = ("semi_detached", "row_house", "duplex", "other_attached")
FLATS: Final = ("apartment_low_rise", "apartment_high_rise")


@lru_cache(maxsize=4)
def public_shares(tables: Tables, demand: Demand) -> dict[str, Fraction]:
    """Return the public share of a vehicle's energy in each dissemination area, by its id.

    Vehicles are kept in apartments as the area's profile says, the others by households; an area
    without vehicles has the mix of its households. An area whose dwellings are not published has
    the mean of the vehicles of all others.

    Parameters
    ----------
    tables
        ``data/processed``, read: areas with their dwellings, and profiles.
    demand
        The scenario's shares.
    """
    ids, access = tables.das["da_id"].tolist(), demand.home_access
    if access is None:
        return dict.fromkeys(ids, exact(demand.public_share))
    columns = (tables.da_profiles[name].tolist() for name in ("da_id", "multi_unit_ev"))
    in_flats = dict(zip(*columns, strict=True))
    by = (exact(access.house), exact(access.row_or_duplex), exact(access.apartment))
    found: dict[str, Fraction] = {}
    cars = taken = Fraction(0)
    for row in tables.das[["da_id", "ev", *HOUSES, *ROWS, *FLATS]].to_dict("records"):
        homes = [sum(Fraction(int(row[kind])) for kind in kinds) for kinds in (HOUSES, ROWS, FLATS)]
        ground, every, ev = homes[0] + homes[1], sum(homes), exact(row["ev"])
        if every == 0:
            continue
        if ev > 0:
            flat = min(Fraction(1), exact(in_flats[row["da_id"]]) / ev)
        else:
            flat = Fraction(homes[2]) / every
        off_ground = by[0] if ground == 0 else (by[0] * homes[0] + by[1] * homes[1]) / ground
        share = round(flat * by[2] + (1 - flat) * off_ground, DECIMALS)
        found[row["da_id"]] = share
        cars, taken = cars + ev, taken + ev * share
    mean = round(taken / cars, DECIMALS) if cars > 0 else exact(demand.public_share)
    return {da: found.get(da, mean) for da in ids}


def of_points(tables: Tables, shares: dict[str, Fraction], kind: str) -> dict[str, float]:
    """Return the mean share of the areas of each point, weighted by their addresses, by its id.

    A mean is worked out in whole numbers and rounded, half to even, to ``POINT_DECIMALS``.
    """
    whole, numerators = over_one(list(shares.values()))
    parts = dict(zip(shares, numerators, strict=True))
    weight: dict[str, int] = {}
    total: dict[str, int] = {}
    for at, da, addresses in parts_of_points(tables, kind):
        weight[at] = weight.get(at, 0) + addresses
        total[at] = total.get(at, 0) + addresses * parts[da]
    units = 10**POINT_DECIMALS
    return {at: _quotient(units * total[at], whole * weight[at]) / units for at in weight}


def _quotient(above: int, below: int) -> int:
    """Return the whole number nearest to a ratio, of two the even one."""
    down, rest = divmod(above, below)
    return down + (2 * rest + down % 2 > below)


@lru_cache(maxsize=4)
def parts_of_points(tables: Tables, kind: str) -> tuple[tuple[str, str, int], ...]:
    """Return point, dissemination area and addresses, at least one, of every part of a point.

    An area is its own tract where its township has none.
    """
    known = set(tables.tracts["tract_id"].tolist())
    table = tables.cell_parts if kind == "cell" else tables.das
    point = {"cell": "cell_id", "da": "da_id", "tract": "area_id"}[kind]
    rows = zip(*(table[name].tolist() for name in (point, "da_id", "addresses")), strict=True)
    return tuple(
        (da if kind == "tract" and da in known else at, da, max(1, addresses))
        for at, da, addresses in rows
    )
