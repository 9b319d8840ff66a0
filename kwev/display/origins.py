"""Where the data of the maps come from and how far they reach, read from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.display.figure import Origin

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

CENSUS = Origin("Statistics Canada, Census of Population", "2021")
"""Population, dwellings and boundaries."""

HOMES = Origin(
    "Statistics Canada, Census of Population and Canadian Index of Multiple Deprivation; "
    "Kitchener's tenure and income compiled by J. Goetz; kwev",
    "2021, incomes of 2020",
)
"""Tenure, income, deprivation and age of homes."""

GRID = Origin("kwev, a proxy from the census and assumptions; no utility's data", "2021")
"""The grid proxy."""

POLICIES = Origin("pages cited row by row; kwev", "the years given there")
"""Findings on policy, adoption and the need for ports."""

SITES = Origin(
    "open data of the Region and its cities, Statistics Canada, NRCan, OpenStreetMap; kwev",
    "the dates in the data catalogue",
)
"""Candidate sites."""

SCORES = Origin(
    "kwev, from census, vehicle registrations, transit feed, road network and grid proxy",
    "the dates in the data catalogue",
)
"""Scores of sites and places."""

ROADS = Origin("Region of Waterloo, roads", "2026-01")
"""The road file."""


def of_homes(made: Origin) -> Origin:
    """Return the origin of what measures a plan by kind of home."""
    return Origin(f"{HOMES.source}; {made.source}", made.vintage)


def vehicles(tables: Tables) -> Origin:
    """Return the origin of the EV counts."""
    quarter = str(tables.fsas["quarter"].max())
    words = f"{quarter[:4]} {quarter[4:]}"
    return Origin("Ministry of Transportation of Ontario; Statistics Canada; kwev", words)


def homes_and_vehicles(tables: Tables) -> Origin:
    """Return the origin of what counts vehicles by kind of home."""
    counted = vehicles(tables)
    return Origin(f"{CENSUS.source}; {counted.source}", f"{CENSUS.vintage}, {counted.vintage}")


def stations(tables: Tables) -> Origin:
    """Return the origin of the existing stations: the newest snapshot that gave one."""
    kept = tables.station_records[tables.station_records["outcome"] != "dropped"]
    return Origin("Open Charge Map; Natural Resources Canada; kwev", str(kept["snapshot"].max()))


def transit(tables: Tables) -> Origin:
    """Return the origin of stops and routes: the timetables, by their representative weekday."""
    days = tables.transit_days.set_index("day")["date"]
    return Origin("Grand River Transit, GTFS; Region of Waterloo; kwev", str(days["weekday"])[:7])


def reach(tables: Tables) -> Origin:
    """Return the origin of reach: roads, people and stations."""
    found = stations(tables)
    newest = max(ROADS.vintage, found.vintage)
    return Origin(f"{ROADS.source}; Statistics Canada; {found.source}", newest)


def plan(tables: Tables, made: Plan) -> Origin:
    """Return the origin of a plan: kwev, its scenario, and the newest data that it saw."""
    dates = (stations(tables).vintage, vehicles(tables).vintage)
    seen = max(dates, key=_last_month)
    return Origin(f"kwev, scenario {made.scenario} at {made.geography}; open data", seen)


def _last_month(vintage: str) -> str:
    """Return "2025-12" for "2025 Q4", and a date as it is, so that both can be compared."""
    year, _, quarter = vintage.partition(" Q")
    return f"{year}-{3 * int(quarter):02d}" if quarter else vintage
