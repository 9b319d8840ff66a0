"""Homes: what kind, how old, who rents them, who is deprived, and charging in apartments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.columns import DWELLING_TYPES
from kwev.display import cartography, origins, style
from kwev.display.chart import Chart
from kwev.display.figure import rows
from kwev.display.layers import Layer, Mark
from kwev.display.series import Axis, Bars, Panel
from kwev.display.values import ASSUMED_DIGITS, Number, Numbers, named
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.report.region import town_names
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.series import Pattern
    from kwev.report.scenario import Report

REGION: Final = "Region"
"""Name of the row of totals."""

MOST_DEPRIVED: Final = 5
"""Fifth of the people who live in the most deprived areas."""

_THOUSAND: Final = 1_000
"""kWh in a MWh, MWh in a GWh."""

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
    both = tables.das.merge(profiles, on="da_id", validate="1:1")
    return both.assign(municipality=both["municipality_id"].map(town_names(tables)))


def types_by_municipality(tables: Tables) -> pd.DataFrame:
    """Return households by type of dwelling: ``municipality``, one column a type, ``share``.

    ``share`` is that of :func:`apartment_share`; the last row is the Region.
    """
    das = by_area(tables)
    counts = _with_region(das.groupby("municipality")[list(DWELLING_TYPES)].sum())
    counts["other"] = counts["other_attached"] + counts["movable"]
    counts["share"] = apartment_share(tables)
    return counts.reset_index()


def apartment_share(tables: Tables) -> pd.Series[float]:
    """Return the share of all households that live in apartments, by municipality and Region.

    Wherever the share is told it is this one. The census rounds its counts by type, so that they do
    not add up to its count of households: they are no denominator.
    """
    columns = ["multi_unit_households", "households"]
    sums = _with_region(by_area(tables).groupby("municipality")[columns].sum())
    return sums["multi_unit_households"] / sums["households"]


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
        (Level 2 ports that give this energy at the assumed utilisation, whole ones in each row);
        the last row is the Region, whose ports are those of its own energy, not a sum of rows
        rounded up.
    """
    das = by_area(tables)
    columns = ["households", "multi_unit_households", "multi_unit_ev", "ev"]
    sums = das.groupby("municipality")[columns].sum()
    demand = config.demand
    share = demand.home_access.apartment if demand.home_access else demand.public_share
    sums["energy_kwh"] = sums["multi_unit_ev"] * demand.kwh_per_ev_year * share
    per_port_kwh = config.power.l2_kw * HOURS_PER_YEAR * demand.utilisation
    sums = _with_region(sums)
    sums["ports"] = np.ceil(sums["energy_kwh"] / per_port_kwh) if per_port_kwh > 0 else 0
    return pd.DataFrame(
        {
            "households": sums["multi_unit_households"],
            "share": apartment_share(tables),
            "ev": sums["multi_unit_ev"],
            "ev_share": sums["multi_unit_ev"] / sums["ev"],
            "energy_mwh": sums["energy_kwh"] / _THOUSAND,
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
    from scipy.stats import spearmanr  # noqa: PLC0415 -- loads all of scipy

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


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of homes: kinds, tenure, income, deprivation, age, apartments."""
    return Numbers(
        [*_of_kinds(report), *_of_households(report), *_of_age(report), *_of_apartments(report)]
    )


def _of_kinds(report: Report) -> list[Number]:
    kinds = types_by_municipality(report.tables).set_index("municipality")
    region, towns = kinds.loc[REGION], kinds["share"].drop(REGION)
    single = region["single_detached"] / report.tables.das["households"].sum()
    shares = {
        "single_share": single, "apartment_share": region["share"], "apartments_most": towns.max()
    }  # fmt: skip
    return named("das", share=shares, text={"apartments_most_place": towns.idxmax()})


def _of_households(report: Report) -> list[Number]:
    areas = by_area(report.tables)
    people, unscored = areas["population"], areas["deprivation_quintile"].isna()
    region = households_by_municipality(report.tables).set_index("municipality").loc[REGION]
    income = income_by_quintile(report.tables)
    own = {name: areas[f"{name}_source"] == "da" for name in ("renter", "income")}
    shares = {
        "renters": region["renters"],
        "people_own_tenure": people[own["renter"]].sum() / people.sum(),
    }
    counts = {
        "das_own_tenure": own["renter"].sum(),
        "das_own_income": own["income"].sum(),
        "das_unscored": unscored.sum(),
    }
    ends = {"least": income.loc[1], "most": income.loc[MOST_DEPRIVED]}
    return [
        *named("da_profiles", share=shares, count=counts,
               people={"people_unscored": people[unscored].sum()},
               cad={f"income_{end}_deprived": value for end, value in ends.items()}),
        *named("pipeline.parameters", count={"income_people": Parameters().income_people}),
    ]  # fmt: skip


def _of_age(report: Report) -> list[Number]:
    by_town = households_by_municipality(report.tables).set_index("municipality")["old"]
    together = age_correlations(report.tables).set_index("fact")["rank_correlation"]
    towns, old = by_town.drop(REGION), report.tables.da_profiles["old_dwelling_share"]
    ratios = {
        "age_with_income": together["Median household income"],
        "age_with_ev": together["Electric vehicles per household"],
    }
    places = {"oldest_place": towns.idxmax(), "newest_place": towns.idxmin()}
    return [
        *named("construction", share={"old_share": by_town[REGION]}, text=places),
        *named("da_profiles", ratio=ratios,
               share={"old_share_low": old.min(), "old_share_high": old.max()}),
        *named("pipeline.parameters", count={"old_before:d": Parameters().old_before}),
    ]  # fmt: skip


def _of_apartments(report: Report) -> list[Number]:
    region = multi_unit_demand(report.tables, report.config).set_index("municipality").loc[REGION]
    counts = {"flats": region["households"], "flats_ports": region["ports"]}
    shares = {"flats_share": region["share"], "flats_ev_share": region["ev_share"]}
    return [
        *named("homes.multi_unit_demand", count=counts, share=shares),
        *named("homes.multi_unit_demand", digits=ASSUMED_DIGITS, ev={"flats_ev": region["ev"]},
               gwh={"flats_gwh:.2f": region["energy_mwh"] / _THOUSAND}),
        *named("pipeline.parameters", ratio={"flats_ratio:g": Parameters().apartment_ev_ratio}),
    ]  # fmt: skip


# -- Chart and map.

_KINDS: Final[dict[str, tuple[str, str, Pattern]]] = {
    "houses": ("Single, semi-detached and other attached houses", style.QUALITATIVE[0], ""),
    "rows": ("Row houses and duplexes", style.QUALITATIVE[1], "/"),
    "apartments": ("Apartments", style.QUALITATIVE[2], "."),
}
"""Words, colour and fill of a bar by group of types."""


def construction_chart(tables: Tables) -> Figure:
    """Show dwellings by period of construction, stacked by kind."""
    df = construction_by_period(tables)
    each = [
        f"{r.period}: {r.houses + r.rows + r.apartments:,}, of which {r.apartments:,} apartments"
        for r in rows(df)
    ]
    bars = [
        Bars(
            at=df["period"].tolist(), size=df[kind].tolist(), colour=colour, label=words,
            pattern=pattern, thick=0.7, hover="%{x}: %{y:,}",
        )
        for kind, (words, colour, pattern) in _KINDS.items()
    ]  # fmt: skip
    panel = Panel(
        series=bars,
        x=Axis(title="Period of construction", form="category"),
        y=Axis(title="Dwellings (count)", form="count"),
    )
    return Chart(
        name="construction",
        alt=f"Dwellings by period of construction. {'; '.join(each)}.",
        origin=origins.CENSUS,
        data=df,
        panels=[panel],
        height_px=420,
        height_in=3.2,
    ).figure()


_WORDS = ("1, least deprived", "2", "3", "4", "5, most deprived")
_UNKNOWN = Mark("No score published", fill=style.PAPER, line=style.QUIET, width=0.6)
_SOURCES = {"da": "the area itself", "fsa": "its forward sortation area"}

_FACTS = (
    "municipality",
    "population:people deprivation_quintile multi_unit_share renter_share renter_source",
    "median_income_cad income_source old_dwelling_share",
)


def deprivation_map(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the fifths of deprivation by dissemination area."""
    people = tables.das[["da_id", "population"]]
    profiles = tables.da_profiles.merge(people, on="da_id", validate="one_to_one")
    frame = cartography.with_facts(tables, profiles, folder, tolerance_m=cartography.TOLERANCE_M)
    for column in ("renter_source", "income_source"):
        frame[column] = frame[column].map(_SOURCES)
    fifth = frame["deprivation_quintile"]
    frame["mark"] = fifth.fillna(len(_WORDS) + 1).astype(int) - 1
    colours = style.SEQUENCE[1:]
    marks = tuple(
        Mark(word, colour, line=colour, width=0.6)
        for word, colour in zip(_WORDS, colours, strict=True)
    )
    layer = Layer(
        "Deprivation", frame, (*marks, _UNKNOWN), title="da_id", facts=_FACTS,
        heading="Fifth of the Region's people",
    )  # fmt: skip
    most = frame[fifth == len(_WORDS)].groupby("municipality")["population"].sum()
    shares = most / frame.groupby("municipality")["population"].sum()
    where = shares.dropna().sort_values(ascending=False)
    alt = (
        f"Map of deprivation in {len(frame)} dissemination areas, in five classes of equal "
        "numbers of people. Share of people in the most deprived fifth: "
        + "; ".join(f"{place} {value:.0%}" for place, value in where.items())
        + "."
    )
    return cartography.build(
        "map-deprivation", alt, origins.homes(), [layer, *cartography.borders(tables, folder)]
    )
