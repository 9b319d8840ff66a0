"""Homes: what kind, how old, who rents them, who is deprived, and charging in apartments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from kwev.schemas import DWELLING_TYPES
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables

REGION: Final = "Region"
"""Name of the row of totals."""

MOST_DEPRIVED: Final = 5
"""Fifth of the people who live in the most deprived areas."""

KWH_PER_MWH: Final = 1_000

GROUPS: Final = {
    "houses": ("single_detached", "semi_detached", "other_attached"),
    "rows": ("row_house", "duplex"),
    "apartments": ("apartment_low_rise", "apartment_high_rise"),
}
"""Types of dwelling that a chart shows together."""

_AGE_WITH: Final = {
    "multi_unit_share": "Share of apartments",
    "density_per_km2": "Density of people",
    "renter_share": "Share of renters",
    "median_income_cad": "Median household income",
    "ev_per_household": "Electric vehicles per household",
}


def by_area(tables: Tables) -> pd.DataFrame:
    """Return one row for each dissemination area: its counts and its profile."""
    profiles = tables.da_profiles.drop(columns="municipality_id")
    names = tables.municipalities.set_index("municipality_id")["name"]
    both = tables.das.merge(profiles, on="da_id", validate="1:1")
    return both.assign(municipality=both["municipality_id"].map(names))


def types_by_municipality(tables: Tables) -> pd.DataFrame:
    """Return households by type of dwelling: ``municipality``, one column a type, ``share``.

    ``share`` is that of households in apartments; the last row is the Region.
    """
    das = by_area(tables)
    counts = _with_region(das.groupby("municipality")[list(DWELLING_TYPES)].sum())
    flats = counts[list(GROUPS["apartments"])].sum(axis=1)
    counts["other"] = counts["other_attached"] + counts["movable"]
    counts["share"] = flats / counts[list(DWELLING_TYPES)].sum(axis=1)
    return counts.reset_index()


def construction_by_period(tables: Tables) -> pd.DataFrame:
    """Return the Region's dwellings by ``period`` and group of types (:data:`GROUPS`)."""
    group = {kind: name for name, kinds in GROUPS.items() for kind in kinds}
    table = tables.construction.assign(group=tables.construction["dwelling_type"].map(group))
    wide = table.pivot_table(index="period", columns="group", values="dwellings", aggfunc="sum")
    return wide.fillna(0).astype(int)[list(GROUPS)].reset_index().sort_values("period")


def households_by_municipality(tables: Tables) -> pd.DataFrame:
    """Return tenure, income, age and deprivation: ``municipality``, ``renters``, ``income_cad``
    (mean of the areas' medians, by households), ``own`` (share of people whose area's own tenure
    is public), ``old``, ``deprived`` (share of people in the most deprived fifth of the Region).
    """  # noqa: D205 - the columns are the summary
    das = by_area(tables)
    hh, people = das["households"], das["population"]
    sums = pd.DataFrame(
        {
            "municipality": das["municipality"],
            "households": hh,
            "people": people,
            "renters": hh * das["renter_share"],
            "income_cad": hh * das["median_income_cad"],
            "old": hh * das["old_dwelling_share"],
            "own": people * (das["renter_source"] == "da"),
            "deprived": people * (das["deprivation_quintile"] == MOST_DEPRIVED),
        }
    )
    made = _with_region(sums.groupby("municipality").sum())
    for column in ("renters", "income_cad", "old"):
        made[column] /= made["households"]
    for column in ("own", "deprived"):
        made[column] /= made["people"]
    return made.reset_index()


def multi_unit_demand(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the public charging that homes in apartment buildings need.

    Returns
    -------
    pandas.DataFrame
        ``municipality``, ``households`` and ``share`` in apartment buildings, ``ev`` estimated
        there, ``ev_share`` of all EVs, ``energy_mwh`` (a year, from public ports), ``ports``
        (Level 2 ports that give this energy at the assumed utilisation, whole ones in each
        municipality); the last row is the Region.
    """
    das = by_area(tables)
    columns = ["households", "multi_unit_households", "multi_unit_ev", "ev"]
    sums = das.groupby("municipality")[columns].sum()
    demand = config.demand
    sums["energy_kwh"] = sums["multi_unit_ev"] * demand.kwh_per_ev_year * demand.public_share
    per_port_kwh = config.power.l2_kw * HOURS_PER_YEAR * demand.utilisation
    sums["ports"] = np.ceil(sums["energy_kwh"] / per_port_kwh) if per_port_kwh > 0 else 0
    sums = _with_region(sums)
    return pd.DataFrame(
        {
            "households": sums["multi_unit_households"],
            "share": sums["multi_unit_households"] / sums["households"],
            "ev": sums["multi_unit_ev"],
            "ev_share": sums["multi_unit_ev"] / sums["ev"],
            "energy_mwh": sums["energy_kwh"] / KWH_PER_MWH,
            "ports": sums["ports"].astype(int),
        }
    ).reset_index()


def completeness(tables: Tables) -> pd.DataFrame:
    """Return which facts are known of which areas, by source.

    Returns
    -------
    pandas.DataFrame
        ``fact``, ``source``, ``areas`` (count), ``share_areas``, ``share_people``.
    """
    das = by_area(tables)
    types = das[list(DWELLING_TYPES)].sum(axis=1) > 0
    scored = das["deprivation_quintile"].notna()
    own = {name: das[f"{name}_source"] == "da" for name in ("renter", "income")}
    every = pd.Series(data=True, index=das.index)
    area, postal = "census, the area itself", "census, its forward sortation area"
    facts = (
        ("People, dwellings", area, every),
        ("Households, types of dwelling", area, types),
        ("Households, types of dwelling", "suppressed by the census", ~types),
        ("Tenure", area, own["renter"]),
        ("Tenure", postal, ~own["renter"]),
        ("Income", area, own["income"]),
        ("Income", postal, ~own["income"]),
        ("Deprivation", "index, the area itself", scored),
        ("Deprivation", "not published", ~scored),
        ("Period of construction", "census, municipality and its own mix of types", types),
        ("Period of construction", "census, municipality", ~types),
        ("Property value", "public at no level here", ~every),
    )
    people = das["population"]
    rows = [
        (fact, source, int(known.sum()), known.mean(), people[known].sum() / people.sum())
        for fact, source, known in facts
    ]
    return pd.DataFrame(rows, columns=["fact", "source", "areas", "share_areas", "share_people"])


def age_correlations(tables: Tables) -> pd.DataFrame:
    """Return how the age of homes goes with other facts of the dissemination areas.

    Returns
    -------
    pandas.DataFrame
        ``fact``, ``areas`` (count), ``rank_correlation`` (Spearman's, -1 to 1) with the share of
        homes built before 1981.
    """
    das = by_area(tables)
    das["ev_per_household"] = das["ev"] / das["households"].where(das["households"] > 0)
    rows = []
    for column, fact in _AGE_WITH.items():
        known = das[["old_dwelling_share", column]].dropna()
        found = spearmanr(known["old_dwelling_share"], known[column])
        rows.append((fact, len(known), round(float(found.statistic), 3)))
    return pd.DataFrame(rows, columns=["fact", "areas", "rank_correlation"])


def income_by_quintile(tables: Tables) -> pd.Series[float]:
    """Return the median of the areas' own median incomes (CAD) by fifth of deprivation, 1 to 5."""
    das = tables.da_profiles
    own = das[das["income_source"] == "da"]
    return own.groupby("deprivation_quintile")["median_income_cad"].median()


def _with_region(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table sorted by name with the sums of all rows at its end."""
    table = table.sort_index()
    table.loc[REGION] = table.sum()
    return table
