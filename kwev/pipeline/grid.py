"""A proxy for the power that the grid can give, by area and by place.

Ontario's regulator has ordered distributors to publish what their lines can host (EB-2019-0207); no
machine-readable file of the Region's utilities (Enova Power, GrandBridge Energy) is among the data.
What stands here is made of public figures and assumptions, and is called a proxy wherever it is
shown. With the factors of :func:`area_factors`:

- a place: ``grid_kw = base_kw[category] x age x type x density``, at least ``site_low_kw`` and at
  most ``site_high_kw``;
- an area: ``proxy_kw = households x spare_kw_per_household x age x type x density``, at least
  ``area_low_kw`` and at most ``area_high_kw``.

Area = census tract, or a municipality that has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.schemas import arrange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import GridRule

EXISTING: Final = "existing_station"
"""Category of a station on which no candidate stands."""

_DECIMALS: Final = 6


def area_grid(das: pd.DataFrame, profiles: pd.DataFrame, rule: GridRule) -> pd.DataFrame:
    """Return ``area_grid``: the proxy of each area (kW) and the pieces it is made of.

    Parameters
    ----------
    das, profiles
        ``das.csv`` and ``da_profiles.csv``.
    """
    columns = ["da_id", "multi_unit_households", "old_dwelling_share"]
    both = das.merge(profiles[columns], on="da_id", validate="1:1")
    homes = both["households"] + 1e-9  # keeps an area without households in
    both = both.assign(weight=homes, old=homes * both["old_dwelling_share"])
    sums = ["population", "households", "land_area_km2", "multi_unit_households", "weight", "old"]
    made = both.groupby("area_id")[sums].sum()
    made["density_per_km2"] = (made["population"] / made["land_area_km2"]).round(_DECIMALS)
    made["old_dwelling_share"] = (made["old"] / made["weight"]).round(_DECIMALS)
    share = made["multi_unit_households"] / made["weight"]
    made["multi_unit_share"] = share.clip(upper=1.0).round(_DECIMALS)
    factors = area_factors(made, rule).round(_DECIMALS)
    made = made.join(factors)
    made["factor"] = factors.prod(axis=1).round(_DECIMALS)
    spare = made["households"] * rule.spare_kw_per_household * made["factor"]
    made["proxy_kw"] = spare.clip(rule.area_low_kw, rule.area_high_kw).round(0)
    return arrange(made.reset_index(), "area_grid")


def area_factors(areas: pd.DataFrame, rule: GridRule) -> pd.DataFrame:
    """Return age_factor, type_factor and density_factor of each area.

    Each runs straight between two ends: age from ``age_new`` where no home is old to ``age_old``
    where all are, type from ``type_houses`` where there are no apartments to ``type_apartments``
    where there is nothing else, density, over its logarithm, from ``density_low`` at
    ``rural_per_km2`` and below to ``density_high`` at ``dense_per_km2`` and above.

    Parameters
    ----------
    areas
        Columns old_dwelling_share, multi_unit_share (0 to 1), density_per_km2.
    """
    ends = (rule.rural_per_km2, rule.dense_per_km2)
    density = areas["density_per_km2"].clip(*ends).to_numpy(float)
    step = np.log(density / ends[0]) / np.log(ends[1] / ends[0])
    return pd.DataFrame(
        {
            "age_factor": _between(areas["old_dwelling_share"], rule.age_new, rule.age_old),
            "type_factor": _between(
                areas["multi_unit_share"], rule.type_houses, rule.type_apartments
            ),
            "density_factor": rule.density_low + (rule.density_high - rule.density_low) * step,
        },
        index=areas.index,
    )


def site_grid(sites: pd.DataFrame, areas: pd.DataFrame, rule: GridRule) -> pd.DataFrame:
    """Return the candidate sites with ``grid_kw``, the proxy of each (kW).

    Parameters
    ----------
    areas
        ``area_grid.csv``.
    """
    base = np.array([rule.base_kw[category] for category in sites["category"]], dtype=np.float64)
    return sites.assign(grid_kw=_proxy(base, sites["area_id"], areas, rule))


def station_grid(
    stations: pd.DataFrame, sites: pd.DataFrame, areas: pd.DataFrame, rule: GridRule
) -> pd.DataFrame:
    """Return the stations with ``grid_kw``, the proxy of each (kW); empty outside the Region.

    A station on which candidates stand has the largest of theirs; what stands at a station
    already is not looked at here: that rule belongs to the scenario, which sets a port's power.

    Parameters
    ----------
    sites
        As :func:`site_grid` returns them.
    """
    own = _proxy(rule.base_kw[EXISTING], stations["area_id"], areas, rule)
    on_it = sites[sites["station_id"] != ""].groupby("station_id")["grid_kw"].max()
    given = stations["station_id"].map(on_it).to_numpy(float)
    return stations.assign(grid_kw=np.where(np.isnan(given), own, given))


def grid_per_household(areas: pd.DataFrame) -> pd.Series[float]:
    """Return the grid proxy for each household (kW), by ``area_id``, from ``area_grid``.

    A large area has a large proxy because it is large: what tells areas apart is the part of a
    household.
    """
    homes = areas["households"].clip(lower=1)
    return pd.Series((areas["proxy_kw"] / homes).to_numpy(float), areas["area_id"].to_numpy())


def _between(share: pd.Series[float], none: float, all_of_it: float) -> pd.Series[float]:
    return none + (all_of_it - none) * share


def _proxy(
    base_kw: NDArray[np.float64] | float,
    area_id: pd.Series[str],
    areas: pd.DataFrame,
    rule: GridRule,
) -> NDArray[np.float64]:
    factor = area_id.map(areas.set_index("area_id")["factor"]).to_numpy(float)
    return np.asarray(np.clip(base_kw * factor, rule.site_low_kw, rule.site_high_kw).round(0))
