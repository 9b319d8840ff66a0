"""Numbers of homes: kinds, tenure, income, deprivation, age, charging in apartments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import homes
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    import pandas as pd

    from kwev.report import Report

_MWH_PER_GWH = 1_000


def of_homes(report: Report) -> Numbers:
    """Return the numbers of homes."""
    return Numbers([*_kinds(report), *_households(report), *_age(report), *_apartments(report)])


def _kinds(report: Report) -> list[Number]:
    kinds = homes.types_by_municipality(report.tables).set_index("municipality")
    towns = kinds.drop(index=homes.REGION)
    single = _cell(kinds, homes.REGION, "single_detached") / report.tables.das["households"].sum()
    return [
        Number("single_share", float(single), "share", "das.single_detached"),
        Number("apartment_share", _cell(kinds, homes.REGION, "share"), "share", "das"),
        Number("apartments_most", float(towns["share"].max()), "share", "das"),
        Number("apartments_most_place", str(towns["share"].idxmax()), "text", "das"),
    ]


def _households(report: Report) -> list[Number]:
    t = report.tables
    profiles = homes.by_area(t)
    people = profiles["population"]
    table = homes.households_by_municipality(t).set_index("municipality")
    income = homes.income_by_quintile(t)
    unscored = profiles["deprivation_quintile"].isna()
    origin = "da_profiles"
    own = {name: profiles[f"{name}_source"] == "da" for name in ("renter", "income")}
    parameters = Parameters()
    return [
        Number("renters", _cell(table, homes.REGION, "renters"), "share", origin),
        Number("das_own_tenure", int(own["renter"].sum()), "count", origin),
        Number("das_own_income", int(own["income"].sum()), "count", origin),
        Number("people_own_tenure", float(people[own["renter"]].sum() / people.sum()), "share",
               origin),
        Number("income_least_deprived", float(income.loc[1]), "CAD", origin),
        Number("income_most_deprived", float(income.loc[homes.MOST_DEPRIVED]), "CAD", origin),
        Number("das_unscored", int(unscored.sum()), "count", origin),
        Number("people_unscored", int(people[unscored].sum()), "people", origin),
        Number("income_people", parameters.income_people, "count", "pipeline.parameters"),
    ]  # fmt: skip


def _age(report: Report) -> list[Number]:
    t = report.tables
    table = homes.households_by_municipality(t).set_index("municipality")
    towns = table.drop(index=homes.REGION)
    together = homes.age_correlations(t).set_index("fact")["rank_correlation"]
    old = t.da_profiles["old_dwelling_share"]
    return [
        Number("old_before", Parameters().old_before, "count", "pipeline.parameters", "{:d}"),
        Number("old_share", _cell(table, homes.REGION, "old"), "share", "construction"),
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
    table = homes.multi_unit_demand(report.tables, report.config).set_index("municipality")
    origin = "analysis.homes.multi_unit_demand"
    energy = _cell(table, homes.REGION, "energy_mwh") / _MWH_PER_GWH
    ratio = Parameters().apartment_ev_ratio
    return [
        Number("flats", _cell(table, homes.REGION, "households"), "count", origin),
        Number("flats_share", _cell(table, homes.REGION, "share"), "share", origin),
        Number("flats_ev", _cell(table, homes.REGION, "ev"), "EV", origin),
        Number("flats_ev_share", _cell(table, homes.REGION, "ev_share"), "share", origin),
        Number("flats_gwh", energy, "GWh", origin, "{:.2f} GWh"),
        Number("flats_ports", _cell(table, homes.REGION, "ports"), "count", origin),
        Number("flats_ratio", ratio, "ratio", "pipeline.parameters", "{:g}"),
    ]


def _cell(table: pd.DataFrame, row: str, column: str) -> float:
    return float(table.to_dict("index")[row][column])
