"""Profiles of dissemination areas and tracts: homes, tenure, income, deprivation, age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.pipeline.adoption import GROUND_ORIENTED
from kwev.pipeline.construction import old_share
from kwev.pipeline.deprivation import quintiles, scores
from kwev.pipeline.raw_census import SCORES
from kwev.pipeline.tenure import main_fsa, tenure
from kwev.schemas import PROCESSED
from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.adoption import Vehicles
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

APARTMENTS: Final = ("apartment_low_rise", "apartment_high_rise")
"""Dwelling types in multi-unit buildings: apartments of any height. A flat in a duplex is counted
with the ground-oriented types, as it mostly has a driveway."""

_DECIMALS: Final = 6
_WEIGHTED: Final = ("renter_share", "median_income_cad", "old_dwelling_share")
"""Shares of households and means of households, so weighted by them in a tract."""


def da_profiles(  # noqa: PLR0913, PLR0917 - everything that the stages before it made
    raw: Raw,
    das: pd.DataFrame,
    construction: pd.DataFrame,
    points: Points,
    vehicles: Vehicles,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``da_profiles``.

    Parameters
    ----------
    das
        ``das.csv``, in the order of the points' index.
    construction
        ``construction.csv``.
    """
    fsa = vehicles.fsas["fsa"].to_numpy(str)[main_fsa(points, vehicles, len(das))]
    made = das[["da_id", "municipality_id"]].assign(fsa=fsa)
    made["density_per_km2"] = das["population"] / das["land_area_km2"]
    made = made.join(_homes(das, parameters)).join(tenure(raw, das, fsa, parameters, ledger))
    made = made.join(scores(raw, das, ledger))
    made["deprivation_quintile"] = quintiles(made, das["population"].to_numpy(float))
    made["old_dwelling_share"] = old_share(construction, das, parameters)
    return _finished(made, "da_profiles", "da_id")


def tract_profiles(profiles: pd.DataFrame, das: pd.DataFrame, tracts: pd.DataFrame) -> pd.DataFrame:
    """Return ``tract_profiles`` from those of the dissemination areas.

    Counts add up; shares of households, incomes and ages are weighted by households, scores by
    people, as Statistics Canada does it. The income is a mean of medians and no median.
    """
    ids = set(tracts["tract_id"])
    both = das.merge(profiles.drop(columns="municipality_id"), on="da_id", validate="1:1")
    both["tract_id"] = both["area_id"].where(both["area_id"].isin(ids), both["da_id"])
    groups = both.groupby("tract_id")
    made = groups[["land_area_km2", "population", "households", "multi_unit_households"]].sum()
    made["municipality_id"] = groups["municipality_id"].first()
    made["land_area_km2"] = made["land_area_km2"].round(4)
    made["density_per_km2"] = made["population"] / made["land_area_km2"]
    made["household_size"] = _ratio(made["population"], made["households"])
    made["multi_unit_ev"] = groups["multi_unit_ev"].sum()
    known = both[[*GROUND_ORIENTED, *APARTMENTS]].sum(axis=1).groupby(both["tract_id"]).sum()
    made["multi_unit_share"] = _ratio(made["multi_unit_households"], known)
    for column in _WEIGHTED:
        made[column] = _mean(both, column, "households")
    for column in SCORES.values():
        made[column] = _mean(both, column, "population")
    for column in ("renter_source", "income_source"):
        made[column] = groups[column].agg(_common)
    made["deprivation_quintile"] = quintiles(made, made["population"].to_numpy(float))
    return _finished(made.reset_index(), "tract_profiles", "tract_id")


def _homes(das: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return household size, and households and EVs in multi-unit buildings.

    EVs follow the weights by which they were spread (:func:`kwev.pipeline.adoption.propensity`).
    """
    flats = das[list(APARTMENTS)].sum(axis=1)
    ground = das[list(GROUND_ORIENTED)].sum(axis=1)
    weight = parameters.apartment_ev_ratio * flats
    return pd.DataFrame(
        {
            "household_size": _ratio(das["population"], das["households"]),
            "multi_unit_share": _ratio(flats, flats + ground),
            "multi_unit_households": flats,
            "multi_unit_ev": (das["ev"] * _ratio(weight, weight + ground)).fillna(0.0),
        }
    )


def _ratio(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    """Return part over whole, empty where the whole is 0."""
    return part / whole.where(whole > 0)


def _mean(table: pd.DataFrame, column: str, weight: str) -> NDArray[np.float64]:
    """Return the mean of a column by tract, over areas where it is known.

    Where the areas that have it have no weight, their plain mean.
    """
    known = table[table[column].notna()]
    load = known[weight] + 1e-9  # keeps an area without households in its own tract
    sums = pd.DataFrame({"top": known[column] * load, "load": load}).groupby(known["tract_id"])
    total = sums.sum().reindex(sorted(table["tract_id"].unique()))
    return np.asarray(total["top"] / total["load"], dtype=float)


def _common(values: pd.Series[str]) -> str:
    first = str(values.iloc[0])
    return first if (values == first).all() else "mixed"


def _finished(table: pd.DataFrame, name: str, key: str) -> pd.DataFrame:
    exact = {
        "density_per_km2": _DECIMALS,
        "household_size": _DECIMALS,
        "multi_unit_share": _DECIMALS,
        "multi_unit_ev": PEOPLE_DECIMALS,
        "renter_share": _DECIMALS,
        "median_income_cad": 0,
        "old_dwelling_share": _DECIMALS,
        **dict.fromkeys(SCORES.values(), _DECIMALS),
    }
    return table.round(exact).sort_values(key, ignore_index=True)[list(PROCESSED[name].columns)]
