"""Tables and maps of the two scores, dense neighbourhoods, service areas and Level 3 gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis import catchments, gaps, scoring
from kwev.exhibits.common import category_name, table
from kwev.figures import origins, scoremap

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report

from kwev.figures.tables import Column

BEST, LARGEST, BUSIEST = 20, 15, 8
"""Rows that the page shows of sites, of neighbourhoods, and of stations of each level."""

LEVEL_NAMES = {"l2": "Level 2", "l3": "Level 3"}


def site_score_map(report: Report) -> Figure:
    """Return the map of candidate sites by score."""
    return scoremap.sites(report.tables, report.config)


def best_sites(report: Report) -> Table:
    """Return the best candidate sites with the facts behind their scores."""
    frame = scoring.scored_sites(report.tables, report.config).head(BEST)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = [
        Column("name", "Site"),
        Column("rank", "Rank", format=",d"),
        Column("category", "Category"),
        Column("municipality", "Municipality"),
        Column("score", "Score", format=".2f"),
        Column("fact_people_near", "People nearby", format=",.0f"),
        Column("fact_evs_per_km2", "EVs", "per km²", ",.0f"),
        Column("fact_grid_kw", "Grid proxy", "kW", ",.0f"),
        Column("fact_transit", "Transit access", format=".2f"),
        Column("fact_charger_m", "Nearest station", "m", ",.0f"),
        Column("fact_aadt", "Traffic", "vehicles a day", ",.0f"),
    ]
    shown = frame[[column.key for column in columns]]
    return table("best-sites", shown, columns, origins.SCORES)


def site_score_parts(report: Report) -> Table:
    """Return the parts and factors of the site score, and what each changes when it is off."""
    frame = scoring.ablation(report.tables, report.config)
    columns = [
        Column("name", "Part or factor"),
        Column("role", "Role"),
        Column("weight", "Weight or strength", format=".0%"),
        Column("replaced", "Of the hundred best, others without it", format=",d"),
        Column("correlation", "Rank correlation without it", format=".3f"),
    ]
    return table("site-score-parts", frame, columns, origins.SCORES)


def scores_by_category(report: Report) -> Table:
    """Return the site scores by category: quartiles, and how many are among the best."""
    frame = scoring.by_category(report.tables, report.config)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = [
        Column("category", "Category"),
        Column("sites", "Sites", format=",d"),
        Column("low", "Lower quartile", format=".2f"),
        Column("median", "Median", format=".2f"),
        Column("high", "Upper quartile", format=".2f"),
        Column("top", "Among the hundred best", format=",d"),
    ]
    return table("scores-by-category", frame, columns, origins.SCORES)


def demand_score_map(report: Report) -> Figure:
    """Return the map of the demand score."""
    return scoremap.demand(report.tables, report.config)


def demand_score_parts(report: Report) -> Table:
    """Return the parts of the demand score, and what each changes when it is off."""
    frame = scoring.demand_ablation(report.tables, report.config)
    columns = [
        Column("name", "Part"),
        Column("weight", "Weight", format=".0%"),
        Column("replaced", "Of the hundred most urgent areas, others without it", format=",d"),
        Column("correlation", "Rank correlation without it", format=".3f"),
    ]
    return table("demand-score-parts", frame, columns, origins.SCORES)


def dense_neighbourhoods(report: Report) -> Table:
    """Return the largest dense neighbourhoods and what serves them today."""
    frame = gaps.graded_clusters(report.tables, report.config)
    columns = [
        Column("near", "Near"),
        Column("municipality", "Municipality"),
        Column("people", "People", format=",.0f"),
        Column("ev", "EVs", format=",.0f"),
        Column("l2", "People near Level 2", format=".0%"),
        Column("l3", "People near Level 3", format=".0%"),
        Column("l3_m", "Mean distance to Level 3", "m", ",.0f"),
    ]
    return table("dense-neighbourhoods", frame.head(LARGEST), columns, origins.SCORES)


def level3_gaps(report: Report) -> Table:
    """Return the dense neighbourhoods that are far from Level 3."""
    frame = gaps.gaps(report.tables, report.config)
    columns = [
        Column("near", "Near"),
        Column("municipality", "Municipality"),
        Column("people", "People", format=",.0f"),
        Column("beyond_gap", "of these far from Level 3", format=",.0f"),
        Column("beyond_radius", "of these out of its reach", format=",.0f"),
        Column("l3_m", "Mean distance to Level 3", "m", ",.0f"),
    ]
    origin = origins.stations(report.tables)
    return table("level3-gaps", frame, columns, origin)


def level3_gap_map(report: Report) -> Figure:
    """Return the map of dense neighbourhoods by distance to Level 3."""
    return scoremap.level3_gaps(report.tables, report.config)


def service_areas(report: Report) -> Table:
    """Return the stations of each level with the most people in their service area."""
    frame = catchments.service_areas(report.tables, report.config)
    frame = frame.groupby("level", sort=True).head(BUSIEST)
    frame = frame.assign(level=frame["level"].map(LEVEL_NAMES)).reset_index(drop=True)
    columns = [
        Column("name", "Station"),
        Column("municipality", "Municipality"),
        Column("level", "Level"),
        Column("ports", "Ports", format=",d"),
        Column("people", "People", format=",.0f"),
        Column("people_per_port", "People for each port", format=",.0f"),
    ]
    return table("service-areas", pd.DataFrame(frame), columns, origins.stations(report.tables))
