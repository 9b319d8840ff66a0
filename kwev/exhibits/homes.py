"""Tables and figures of homes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import homes
from kwev.exhibits.common import table
from kwev.figures import homecharts, homesmap, origins
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report


def home_types(report: Report) -> Table:
    """Return households by type of dwelling and municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("single_detached", "Single", format=",d"),
        Column("semi_detached", "Semi", format=",d"),
        Column("row_house", "Row", format=",d"),
        Column("duplex", "Duplex flat", format=",d"),
        Column("apartment_low_rise", "Low-rise", format=",d"),
        Column("apartment_high_rise", "High-rise", format=",d"),
        Column("other", "Other", format=",d"),
        Column("share", "In apartments", format=".1%"),
    ]
    frame = homes.types_by_municipality(report.tables)
    return table("home-types", frame, columns, origins.CENSUS)


def construction_chart(report: Report) -> Figure:
    """Return dwellings by period of construction as stacked bars."""
    frame = homes.construction_by_period(report.tables)
    return homecharts.construction(frame, origin=origins.CENSUS)


def tenure(report: Report) -> Table:
    """Return tenure, income, age of homes and deprivation by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("renters", "Households that rent", format=".1%"),
        Column("income_cad", "Household income, mean of medians", "CAD", ",.0f"),
        Column("own", "People with their area's own figures", format=".0%"),
        Column("old", "Homes built before 1981", format=".1%"),
        Column("deprived", "People in the most deprived fifth", format=".1%"),
    ]
    frame = homes.households_by_municipality(report.tables)
    return table("tenure", frame, columns, origins.HOMES)


def completeness(report: Report) -> Table:
    """Return which facts about homes are known of how many areas and people, by source."""
    columns = [
        Column("fact", "Fact"),
        Column("source", "From"),
        Column("areas", "Areas", format=",d"),
        Column("share_areas", "Share of areas", format=".1%"),
        Column("share_people", "Share of people", format=".2%"),
    ]
    return table("completeness", homes.completeness(report.tables), columns, origins.HOMES)


def age_correlations(report: Report) -> Table:
    """Return how the age of homes goes with other facts."""
    columns = [
        Column("fact", "Goes with"),
        Column("areas", "Areas", format=",d"),
        Column("rank_correlation", "Rank correlation with old homes", format="+.2f"),
    ]
    frame = homes.age_correlations(report.tables)
    return table("age-correlations", frame, columns, origins.HOMES)


def multi_unit(report: Report) -> Table:
    """Return charging demand of apartment buildings by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("households", "Households in apartments", format=",.0f"),
        Column("share", "of all households", format=".1%"),
        Column("ev", "EVs there, estimate", format=",.0f"),
        Column("ev_share", "of all EVs", format=".1%"),
        Column("energy_mwh", "From public ports in a year", "MWh", ",.0f"),
        Column("ports", "Level 2 ports for it", format=",d"),
    ]
    frame = homes.multi_unit_demand(report.tables, report.config)
    return table("multi-unit", frame, columns, origins.homes_and_vehicles(report.tables))


def deprivation_map(report: Report) -> Figure:
    """Return the map of deprivation, with what is known of each area's homes."""
    return homesmap.deprivation(report.tables)
