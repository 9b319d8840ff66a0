"""Homes: what kind, how old, who rents them, who is deprived, and charging in apartments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import spearmanr

from kwev.data.place_schemas import DWELLING_TYPES
from kwev.display import cartography, origins, style
from kwev.display.chart import chart, require
from kwev.display.figure import Figure, Origin, rows
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column, Table, table
from kwev.display.values import Number, Numbers
from kwev.pipeline.parameters import Parameters
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.report.scenario import Report

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


# -- The chart of homes by period of construction.

KINDS = {
    "houses": ("Single, semi-detached and other attached houses", style.QUALITATIVE[0], "", ""),
    "rows": ("Row houses and duplexes", style.QUALITATIVE[1], "/", "////"),
    "apartments": ("Apartments", style.QUALITATIVE[2], ".", "...."),
}
"""Words, colour, and fill of a bar on the screen and in print, by group of types."""

_HEIGHT_PX = 420
_PATTERN = {"fgcolor": style.PAPER, "size": 6, "solidity": 0.25}


def construction(df: pd.DataFrame, *, origin: Origin, name: str = "construction") -> Figure:
    """Show dwellings by period of construction, stacked by kind.

    Parameters
    ----------
    df
        Columns ``period`` (text, in order) and one count for each of :data:`KINDS`.
    """
    require(df, ("period", *KINDS), name)
    each = [
        f"{r.period}: {sum(getattr(r, kind) for kind in KINDS):,}, of which {r.apartments:,} "
        "apartments"
        for r in rows(df)
    ]
    alt = f"Dwellings by period of construction. {'; '.join(each)}."
    return chart(
        (name, alt, origin, df, _HEIGHT_PX),
        lambda: _bars(df),
        lambda canvas: _drawn(canvas, df),
        height_in=3.2,
    )


def _bars(df: pd.DataFrame) -> go.Figure:
    figure = go.Figure(layout={**style.plotly_layout(height_px=_HEIGHT_PX), "barmode": "stack"})
    for kind, (words, colour, pattern, _) in KINDS.items():
        figure.add_bar(
            x=df["period"].tolist(),
            y=df[kind].tolist(),
            name=words,
            marker={"color": colour, "pattern": {"shape": pattern, **_PATTERN, "bgcolor": colour}},
            hovertemplate="%{x}: %{y:,}<extra>" + words + "</extra>",
        )
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(title_text="Period of construction", type="category")
    figure.update_yaxes(title_text="Dwellings (count)", tickformat=",d")
    return figure


def _drawn(canvas: Any, df: pd.DataFrame) -> None:
    axes = canvas.subplots()
    below = 0 * df["houses"]
    for kind, (words, colour, _, hatch) in KINDS.items():
        axes.bar(
            df["period"], df[kind], 0.7, bottom=below, color=colour, hatch=hatch,
            edgecolor=style.PAPER, linewidth=0, label=words,
        )  # fmt: skip
        below = below + df[kind]
    axes.set_xlabel("Period of construction")
    axes.set_ylabel("Dwellings (count)")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="x", rotation=40)
    for label in axes.get_xticklabels():
        label.set_ha("right")
    axes.grid(axis="x", visible=False)
    canvas.legend(loc="outside upper left", ncols=3)


# -- The map of deprivation by dissemination area, with what is known of its homes.

_WORDS = ("1, least deprived", "2", "3", "4", "5, most deprived")
_UNKNOWN = Mark("No score published", fill=style.PAPER, line=style.QUIET, width=0.6)
_SOURCES = {"da": "the area itself", "fsa": "its forward sortation area"}

_FACTS = (
    "municipality",
    Column("population", "Population", "people", ",.0f"),
    "deprivation_quintile multi_unit_share renter_share renter_source",
    "median_income_cad income_source old_dwelling_share",
)


def deprivation(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the fifths of deprivation by dissemination area."""
    shape = cartography.areas("das", "da_id", folder)[["da_id", "geometry"]]
    people = tables.das[["da_id", "population"]]
    profiles = cartography.named(tables, tables.da_profiles)
    frame = shape.merge(profiles, on="da_id", validate="one_to_one")
    frame = frame.merge(people, on="da_id", validate="one_to_one")
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
        "map-deprivation", alt, origins.HOMES, [layer, *cartography.borders(tables, folder)]
    )


# -- Numbers of homes: kinds, tenure, income, deprivation, age, charging in apartments.

_MWH_PER_GWH = 1_000


def of_homes(report: Report) -> Numbers:
    """Return the numbers of homes."""
    return Numbers([*_kinds(report), *_households(report), *_age(report), *_apartments(report)])


def _kinds(report: Report) -> list[Number]:
    kinds = types_by_municipality(report.tables).set_index("municipality")
    towns = kinds.drop(index=REGION)
    single = _cell(kinds, REGION, "single_detached") / report.tables.das["households"].sum()
    return [
        Number("single_share", float(single), "share", "das.single_detached"),
        Number("apartment_share", _cell(kinds, REGION, "share"), "share", "das"),
        Number("apartments_most", float(towns["share"].max()), "share", "das"),
        Number("apartments_most_place", str(towns["share"].idxmax()), "text", "das"),
    ]


def _households(report: Report) -> list[Number]:
    t = report.tables
    profiles = by_area(t)
    people = profiles["population"]
    table = households_by_municipality(t).set_index("municipality")
    income = income_by_quintile(t)
    unscored = profiles["deprivation_quintile"].isna()
    origin = "da_profiles"
    own = {name: profiles[f"{name}_source"] == "da" for name in ("renter", "income")}
    parameters = Parameters()
    return [
        Number("renters", _cell(table, REGION, "renters"), "share", origin),
        Number("das_own_tenure", int(own["renter"].sum()), "count", origin),
        Number("das_own_income", int(own["income"].sum()), "count", origin),
        Number("people_own_tenure", float(people[own["renter"]].sum() / people.sum()), "share",
               origin),
        Number("income_least_deprived", float(income.loc[1]), "CAD", origin),
        Number("income_most_deprived", float(income.loc[MOST_DEPRIVED]), "CAD", origin),
        Number("das_unscored", int(unscored.sum()), "count", origin),
        Number("people_unscored", int(people[unscored].sum()), "people", origin),
        Number("income_people", parameters.income_people, "count", "pipeline.parameters"),
    ]  # fmt: skip


def _age(report: Report) -> list[Number]:
    t = report.tables
    table = households_by_municipality(t).set_index("municipality")
    towns = table.drop(index=REGION)
    together = age_correlations(t).set_index("fact")["rank_correlation"]
    old = t.da_profiles["old_dwelling_share"]
    return [
        Number("old_before", Parameters().old_before, "count", "pipeline.parameters", "{:d}"),
        Number("old_share", _cell(table, REGION, "old"), "share", "construction"),
        Number("old_share_low", float(old.min()), "share", "da_profiles"),
        Number("old_share_high", float(old.max()), "share", "da_profiles"),
        Number("oldest_place", str(towns["old"].idxmax()), "text", "construction"),
        Number("newest_place", str(towns["old"].idxmin()), "text", "construction"),
        Number("age_with_income", float(together["Median household income"]), "ratio",
               "da_profiles: Spearman"),
        Number("age_with_ev", float(together["Electric vehicles per household"]), "ratio",
               "da_profiles: Spearman"),
    ]  # fmt: skip


def _apartments(report: Report) -> list[Number]:
    table = multi_unit_demand(report.tables, report.config).set_index("municipality")
    origin = "analysis.homes.multi_unit_demand"
    energy = _cell(table, REGION, "energy_mwh") / _MWH_PER_GWH
    ratio = Parameters().apartment_ev_ratio
    return [
        Number("flats", _cell(table, REGION, "households"), "count", origin),
        Number("flats_share", _cell(table, REGION, "share"), "share", origin),
        Number("flats_ev", _cell(table, REGION, "ev"), "EV", origin),
        Number("flats_ev_share", _cell(table, REGION, "ev_share"), "share", origin),
        Number("flats_gwh", energy, "GWh", origin, "{:.2f} GWh"),
        Number("flats_ports", _cell(table, REGION, "ports"), "count", origin),
        Number("flats_ratio", ratio, "ratio", "pipeline.parameters", "{:g}"),
    ]


def _cell(table: pd.DataFrame, row: str, column: str) -> float:
    return float(table.to_dict("index")[row][column])


# -- Tables and figures of homes.


def home_types(report: Report) -> Table:
    """Return households by type of dwelling and municipality."""
    columns = (
        "municipality single_detached semi_detached row_house duplex",
        "apartment_low_rise apartment_high_rise other",
        Column("share", "In apartments", format=".1%"),
    )
    frame = types_by_municipality(report.tables)
    return table("home-types", frame, columns, origins.CENSUS)


def construction_chart(report: Report) -> Figure:
    """Return dwellings by period of construction as stacked bars."""
    frame = construction_by_period(report.tables)
    return construction(frame, origin=origins.CENSUS)


def tenure(report: Report) -> Table:
    """Return tenure, income, age of homes and deprivation by municipality."""
    columns = "municipality renters income_cad own old deprived"
    frame = households_by_municipality(report.tables)
    return table("tenure", frame, columns, origins.HOMES)


def completeness_shown(report: Report) -> Table:
    """Return which facts about homes are known of how many areas and people, by source."""
    columns = ("fact", Column("source", "From"), "areas share_areas share_people")
    return table("completeness", completeness(report.tables), columns, origins.HOMES)


def age_correlations_shown(report: Report) -> Table:
    """Return how the age of homes goes with other facts."""
    columns = (Column("fact", "Goes with"), "areas rank_correlation")
    frame = age_correlations(report.tables)
    return table("age-correlations", frame, columns, origins.HOMES)


def multi_unit(report: Report) -> Table:
    """Return charging demand of apartment buildings by municipality."""
    columns = (
        "municipality",
        Column("households", "Households in apartments", format=",.0f"),
        Column("share", "of all households", format=".1%"),
        Column("ev", "EVs there, estimate", format=",.0f"),
        "ev_share energy_mwh",
        Column("ports", "Level 2 ports for it", format=",d"),
    )
    frame = multi_unit_demand(report.tables, report.config)
    return table("multi-unit", frame, columns, origins.homes_and_vehicles(report.tables))


def deprivation_map(report: Report) -> Figure:
    """Return the map of deprivation, with what is known of each area's homes."""
    return deprivation(report.tables)
