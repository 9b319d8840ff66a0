"""Profiles of homes: density, dwellings, tenure, income, deprivation, and when they were built.

What is not published for a dissemination area is bridged from a larger one, and the profile says
so. Profiles of tracts are made from those of their areas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.columns import DWELLING_TYPES
from kwev.data.schemas import PROCESSED, arrange, no_rows
from kwev.pipeline.population import tract_of
from kwev.pipeline.vehicles import APARTMENTS, GROUND_ORIENTED
from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points
    from kwev.pipeline.raw import Ledger, Raw
    from kwev.pipeline.vehicles import Vehicles

TYPES: Final = {
    "Single-detached house": "single_detached",
    "Semi-detached house": "semi_detached",
    "Row house": "row_house",
    "Apartment or flat in a duplex": "duplex",
    "Apartment in a building that has fewer than five storeys": "apartment_low_rise",
    "Apartment in a building that has five or more storeys": "apartment_high_rise",
    "Other single-attached house": "other_attached",
}
"""Published type to ours; movable dwellings are not published by period."""

SCORES: Final = {
    "Residential instability Scores": "instability",
    "Ethno-cultural composition Scores": "ethno_cultural",
    "Economic dependency Scores": "economic_dependency",
    "Situational vulnerability Scores": "situational_vulnerability",
}
"""Published name to ours of the dimensions of the Index of Multiple Deprivation."""

_AGE_UNKNOWN: Final = 0.5
"""Share of old homes where no source tells their age: the same everywhere, so no place gains."""

_TOTAL: Final = "Total"
_MUNICIPALITY: Final = "2021A0005"


def construction_table(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Return ``construction``: occupied dwellings by municipality, type and period.

    Rows of the whole Region, totals, and the type "Other attached dwelling", which adds up other
    types, would count dwellings twice and are dropped.

    Parameters
    ----------
    raw
        ``dwelling_periods``: census of 2021 (``csd_2021_dwellings_type_by_period``).
    ledger
        Takes the rows that add up others.

    Returns
    -------
    pandas.DataFrame
        Dwellings by municipality_id, dwelling_type and period.
    """
    if not raw.has("dwelling_periods"):
        return no_rows(PROCESSED["construction"])
    table = raw.read("dwelling_periods")
    single = table["DGUID"].str.startswith(_MUNICIPALITY) & table["Dwelling Type"].isin(TYPES)
    single &= ~table["Period of Construction"].str.startswith(_TOTAL)
    rule = "sums over places, types or periods: their parts stand"
    ledger.add("dwelling_periods", rule, "dropped", ~single)
    ours = table["DGUID"].str.removeprefix(_MUNICIPALITY).map(raw.region.holds)
    ledger.met("dwelling_periods", "of another region", "dropped", single & ~ours)
    kept = table[single & ours]
    made = kept.assign(
        municipality_id=kept["DGUID"].str.removeprefix(_MUNICIPALITY),
        dwelling_type=kept["Dwelling Type"].map(TYPES),
        period=kept["Period of Construction"],
        dwellings=kept["Number of Units"].astype("int64"),
    )
    return arrange(made, "construction", "municipality_id", "dwelling_type", "period")


def old_share(
    construction: pd.DataFrame, das: pd.DataFrame, parameters: Parameters
) -> NDArray[np.float64]:
    """Return (D,) share of each area's homes that were built before ``old_before``.

    The share of each type in the municipality, weighted by the area's own mix of types. A type
    that is not published for the municipality has the municipality's share over all types, and so
    has an area whose dwellings are not published.

    Parameters
    ----------
    construction
        As :func:`construction_table` returns it.
    das
        Columns municipality_id and households by dwelling type.
    """
    if construction.empty:
        return np.full(len(das), _AGE_UNKNOWN)
    last_year = construction["period"].str.extract(r"(\d{4})\D*$", expand=False).astype(int)
    before = last_year < parameters.old_before
    old = construction.assign(old=construction["dwellings"].where(before, 0))
    sums = old.groupby(["municipality_id", "dwelling_type"])[["old", "dwellings"]].sum()
    towns = sums.groupby("municipality_id").sum()
    overall = (towns["old"] / towns["dwellings"]).to_dict()
    known = (sums["old"] / sums["dwellings"]).to_dict()
    rate = np.array(
        [
            [known.get((town, kind), overall[town]) for kind in DWELLING_TYPES]
            for town in das["municipality_id"]
        ]
    )
    homes = das[list(DWELLING_TYPES)].to_numpy(float)
    total = homes.sum(axis=1)
    share = np.array([overall[town] for town in das["municipality_id"]])
    old_homes = (homes * rate).sum(axis=1)
    return np.asarray(np.divide(old_homes, total, out=share, where=total > 0))


# -- The Canadian Index of Multiple Deprivation: four scores, and fifths of the Region's people.

DIMENSIONS: Final = ("instability", "situational_vulnerability")
"""Scores that make the quintile. The index has four and no total. These two follow household
income and low-income rate where both are published; ethno-cultural composition and economic
dependency (age) describe who lives in a place rather than what they can afford."""

FIFTHS: Final = 5
_TIE_DECIMALS: Final = 9


def scores(raw: Raw, das: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the four scores in the order of ``das``, empty where they are not published."""
    table = raw.read("deprivation").rename(columns=SCORES).set_index("DAUID")
    made = table.reindex(das["da_id"])[list(SCORES.values())].reset_index(drop=True)
    absent = made.isna().any(axis=1).to_numpy()
    note = f"{int(das.loc[absent, 'population'].sum())} people"
    rule = "no score published for the area: left empty, in no quintile"
    ledger.add("deprivation", rule, "kept", absent, note)
    return made


def quintiles(table: pd.DataFrame, people: NDArray[np.float64]) -> pd.Series[float]:
    """Return 1 (least deprived) to 5 (most), each a fifth of the people as nearly as areas allow.

    Areas are ordered by the mean of their ranks in :data:`DIMENSIONS`; the middle person of an
    area decides its fifth, and areas that tie share it. Empty where a score is.

    Parameters
    ----------
    table
        Columns of :data:`DIMENSIONS`.
    people
        (N,) people of each area.
    """
    known = table[list(DIMENSIONS)].notna().all(axis=1).to_numpy() & (people > 0)
    found = pd.Series(np.nan, index=table.index)
    if known.any():
        weight = people[known]
        ranks = [middle_rank(table.loc[known, name].to_numpy(), weight) for name in DIMENSIONS]
        mean = np.asarray(np.mean(ranks, axis=0), dtype=float).round(_TIE_DECIMALS)
        fifth = np.floor(FIFTHS * middle_rank(mean, weight)) + 1
        found.loc[known] = np.minimum(fifth, FIFTHS)
    return found


def middle_rank(values: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the share of all weight that lies below the middle of each value's own.

    Equal values have one rank. ``weight`` is (N,), above 0.
    """
    _, group = np.unique(values, return_inverse=True)
    mass = np.bincount(group, weights=weight)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.asarray(middle[group])


# -- Tenure and income: of the dissemination area in Kitchener, elsewhere of the postal area.


def main_fsa(points: Points, vehicles: Vehicles, size: int) -> NDArray[np.str_]:
    """Return (D,) code of the forward sortation area where most people of each area live.

    Ties go to the first code. ``size`` is the number of dissemination areas.
    """
    people = np.zeros((size, len(vehicles.fsas)))
    np.add.at(people, (points.da, vehicles.area), points.people)
    codes = np.asarray(vehicles.fsas["fsa"], dtype=np.str_)
    return np.asarray(codes[people.argmax(axis=1)])


def tenure(
    raw: Raw, das: pd.DataFrame, fsa: NDArray[np.str_], parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return renter_share, renter_source, median_income_cad, income_source in the order of das.

    A dissemination area's own census value stands where one is public, in Kitchener. Elsewhere
    the area has the value of its forward sortation area, ``fsa`` (D,): a figure that the census
    published, rather than a mean of several medians.
    """
    whole = raw.read("fsa_census").set_index("fsa")
    of_fsa = pd.DataFrame(
        {
            "renter_share": whole["households_renter"]
            / (whole["households_renter"] + whole["households_owner"]),
            "median_income_cad": whole["median_household_income"],
        }
    ).reindex(fsa)
    own = _kitchener(raw, das, parameters, ledger)
    made = pd.DataFrame(index=range(len(das)))
    for column, name in (("renter_share", "renter"), ("median_income_cad", "income")):
        known = own[column].notna().to_numpy()
        made[column] = np.where(known, own[column], of_fsa[column])
        made[f"{name}_source"] = np.where(known, "da", "fsa")
        rule = f"{name}: not public for the area: that of its forward sortation area"
        ledger.add("fsa_census", rule, "repaired", ~known)
    return made


def _kitchener(raw: Raw, das: pd.DataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Return what is published for the area itself, empty where nothing is."""
    table = raw.read("kitchener_homes").set_index("DAUID").reindex(das["da_id"])
    table = table.reset_index(drop=True)
    homes = table["count_renters"] + table["count_owners"]
    share = (table["count_renters"] / homes).where(homes > 0)
    income = table["median_house_income"]
    small = (das["population"] < parameters.income_people) | (
        das["households"] < parameters.income_households
    )
    filled = small & income.notna()
    note = f"under {parameters.income_people} people or {parameters.income_households} households"
    rule = "income where the census publishes none for want of people: filled by the compiler"
    ledger.add("kitchener_homes", rule, "dropped", filled, note)
    note = "low-income and unemployment rates; tenure and income of these rows are the census's"
    rule = "rates that the compiler filled with the city's mean are not read"
    ledger.add("kitchener_homes", rule, "kept", table["comments"].notna(), note)
    return pd.DataFrame({"renter_share": share, "median_income_cad": income.where(~filled)})


# -- Profiles of dissemination areas and tracts: homes, tenure, income, deprivation, age.

_DECIMALS: Final = 6
_WEIGHTED: Final = ("renter_share", "median_income_cad", "old_dwelling_share")
"""Shares of households and means of households, so weighted by them in a tract."""


def da_profiles(
    raw: Raw,
    das: pd.DataFrame,
    construction: pd.DataFrame,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``da_profiles``: homes, tenure, income, deprivation and age of each area.

    Parameters
    ----------
    raw
        The files ``deprivation``, ``kitchener_homes`` and ``fsa_census`` are read.
    das
        ``das.csv`` with the column ``fsa``, as :func:`main_fsa` returns it.
    construction
        ``construction.csv``.
    parameters
        ``old_before``, ``income_people``, ``income_households``, ``apartment_ev_ratio``.
    ledger
        Takes what is bridged, dropped or left empty.
    """
    made = das[["da_id", "municipality_id", "fsa"]].copy()
    fsa = das["fsa"].to_numpy(str)
    made["density_per_km2"] = das["population"] / das["land_area_km2"]
    made = made.join(_homes(das, parameters)).join(tenure(raw, das, fsa, parameters, ledger))
    made = made.join(scores(raw, das, ledger))
    made["deprivation_quintile"] = quintiles(made, das["population"].to_numpy(float))
    made["old_dwelling_share"] = old_share(construction, das, parameters)
    note = f"{_AGE_UNKNOWN:.0%} count as old"
    unknown = len(das) if construction.empty else 0
    ledger.met("dwelling_periods", "no age of homes is known", "repaired", unknown, note)
    return _finished(made, "da_profiles", "da_id")


def tract_profiles(profiles: pd.DataFrame, das: pd.DataFrame, tracts: pd.DataFrame) -> pd.DataFrame:
    """Return ``tract_profiles`` from those of the dissemination areas.

    Counts add up; shares of households, incomes and ages are weighted by households, scores by
    people, as Statistics Canada does it. The income is a mean of medians and no median.

    Parameters
    ----------
    profiles
        As :func:`da_profiles` returns it.
    das, tracts
        ``das.csv`` and ``tracts.csv``.

    Returns
    -------
    pandas.DataFrame
        Columns and units as in :data:`kwev.data.schemas.PROCESSED`.
    """
    both = das.merge(profiles.drop(columns="municipality_id"), on="da_id", validate="1:1")
    both["tract_id"] = both["da_id"].map(tract_of(das, tracts))
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

    EVs follow the weights by which they were spread (:func:`kwev.pipeline.vehicles.propensity`).
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
    return arrange(table.round(exact), name, key)
