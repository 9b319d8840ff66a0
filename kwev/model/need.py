"""Who needs public charging: the public share of a vehicle's energy, from the homes of its area.

Vehicles are spread over an area's dwellings by kind (see :mod:`kwev.pipeline.vehicles`), so the
share of an area is a mean over the kinds, weighted by its vehicles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from kwev.config import Demand
    from kwev.data.tables import Tables

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "house": ("single_detached", "movable"),
    "row_or_duplex": ("semi_detached", "row_house", "duplex", "other_attached"),
    "apartment": ("apartment_low_rise", "apartment_high_rise"),
}
"""Types of dwelling of the census by kind of home access."""

SHARE_DECIMALS: Final = 12
POINT_DECIMALS: Final = 9
"""Shares of areas and of points are rounded, so that noise of arithmetic tells no two apart."""


def vehicles_by_kind(tables: Tables) -> pd.DataFrame:
    """Return the part of each area's vehicles kept at each kind of dwelling (0 to 1).

    Vehicles in apartments are those of the area's profile; the others go by households. An area
    without vehicles has the mix of its households.

    Returns
    -------
    pandas.DataFrame
        By ``da_id``, the columns of :data:`KINDS`; NaN where no dwelling is published.
    """
    das = tables.das.set_index("da_id")
    homes = pd.DataFrame({kind: das[list(types)].sum(axis=1) for kind, types in KINDS.items()})
    homes = homes.astype(np.float64)
    every = homes.sum(axis=1)
    in_flats = tables.da_profiles.set_index("da_id")["multi_unit_ev"].reindex(das.index)
    ev = das["ev"].astype(np.float64)
    flats = (in_flats / ev.where(ev > 0)).fillna(homes["apartment"] / every).clip(upper=1.0)
    ground = homes["house"] + homes["row_or_duplex"]
    houses = (homes["house"] / ground.where(ground > 0)).fillna(1.0)
    off_flats = 1.0 - flats
    parts = {"house": off_flats * houses, "row_or_duplex": off_flats * (1.0 - houses)}
    return pd.DataFrame({**parts, "apartment": flats}).where(every > 0)


def public_share(tables: Tables, demand: Demand) -> pd.Series[float]:
    """Return the public share of a vehicle's energy in each dissemination area (0 to 1).

    Where no dwelling is published, that of the vehicles of all other areas.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    demand
        The scenario's shares: one for all, or by kind of dwelling.

    Returns
    -------
    pandas.Series
        By ``da_id``.
    """
    if demand.home_access is None:
        return pd.Series(demand.public_share, index=pd.Index(tables.das["da_id"]))
    by_kind = demand.home_access.model_dump()
    parts = vehicles_by_kind(tables)
    weighted = pd.DataFrame({kind: parts[kind] * share for kind, share in by_kind.items()})
    # NaN where no dwelling is published
    share = weighted.sum(axis=1, skipna=False).round(SHARE_DECIMALS)
    known = share.notna()
    ev = tables.das.set_index("da_id")["ev"].astype(np.float64)[known]
    mean = float((ev * share[known]).sum() / ev.sum()) if ev.sum() > 0 else demand.public_share
    return share.fillna(round(mean, SHARE_DECIMALS))


def tract_of(tables: Tables) -> pd.Series[str]:
    """Return the tract of each dissemination area by id: itself, where its township has none."""
    das = tables.das.set_index("da_id", drop=False)
    own = das["da_id"].isin(set(tables.tracts["tract_id"]))
    return das["area_id"].where(~own, das["da_id"])


def parts_of_points(tables: Tables, geography: str) -> pd.DataFrame:
    """Return which part of each dissemination area belongs to which demand point.

    An area's homes are spread evenly over its addresses, so a cell has the part of its addresses.

    Returns
    -------
    pandas.DataFrame
        ``point``, ``da_id``, ``addresses`` (count, at least 1) and ``part`` of the area (0 to 1).
    """
    if geography == "cell":
        table = tables.cell_parts
        made = table[["da_id", "addresses"]].assign(point=table["cell_id"])
    else:
        table = tables.das
        at = table["da_id"] if geography == "da" else table["da_id"].map(tract_of(tables))
        made = table[["da_id", "addresses"]].assign(point=at)
    addresses = made["addresses"].clip(lower=1).astype(np.float64)
    total = addresses.groupby(made["da_id"]).transform("sum")
    return made.assign(addresses=addresses, part=addresses / total)


def share_of_points(tables: Tables, shares: pd.Series[float], geography: str) -> pd.Series[float]:
    """Return the mean of the areas' shares at each point, weighted by addresses, by its id."""
    parts = parts_of_points(tables, geography)
    weighted = (parts["addresses"] * parts["da_id"].map(shares)).groupby(parts["point"]).sum()
    return (weighted / parts["addresses"].groupby(parts["point"]).sum()).round(POINT_DECIMALS)
