"""Where the data of the maps come from and how far they reach, read from the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kwev.data.register import read_register
from kwev.display.figure import Origin
from kwev.project import find_project
from kwev.region import read_region

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

CENSUS = Origin("Statistics Canada, Census of Population", "2021")
"""Population, dwellings and boundaries."""


def homes() -> Origin:
    """Return the origin of tenure, income, deprivation and age of homes."""
    credit = read_region(find_project().config).homes_credit
    words = "Statistics Canada, Census of Population and Canadian Index of Multiple Deprivation"
    return Origin(
        "; ".join([words, *([credit] if credit else []), "kwev"]), "2021, incomes of 2020"
    )


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


def roads() -> Origin:
    """Return the origin of the project's road file, dated as the register of sources says.

    A vintage in the register is a sentence; the first month in it is when the file was brought.
    """
    project = find_project()
    region = read_region(project.config)
    file = region.files.get("roads", "")
    told = [str(one["vintage"]) for one in read_register(project.register) if one["file"] == file]
    dates = _MONTH.search(told[0] if told else "")
    return Origin(f"{region.name}, roads", dates.group() if dates else "")


_MONTH: Final = re.compile(r"\d{4}-\d{2}")


def of_homes(made: Origin) -> Origin:
    """Return the origin of what measures a plan by kind of home."""
    return Origin(f"{homes().source}; {made.source}", made.vintage)


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
    project = find_project()
    region = read_region(project.config)
    file = region.files.get("grt_feed", "")
    by = [str(one["publisher"]) for one in read_register(project.register) if one["file"] == file]
    agency = by[0].partition(" / ")[0] if by else "no agency"
    return Origin(f"{agency}, GTFS; {region.name}; kwev", str(days["weekday"])[:7])


def reach(tables: Tables) -> Origin:
    """Return the origin of reach: roads, people and stations."""
    found, ways = stations(tables), roads()
    newest = max(ways.vintage, found.vintage)
    return Origin(f"{ways.source}; Statistics Canada; {found.source}", newest)


def plan(tables: Tables, made: Plan) -> Origin:
    """Return the origin of a plan: kwev, its scenario, and the newest data that it saw."""
    dates = (stations(tables).vintage, vehicles(tables).vintage)
    seen = max(dates, key=_last_month)
    return Origin(f"kwev, scenario {made.scenario} at {made.geography}; open data", seen)


def _last_month(vintage: str) -> str:
    """Return "2025-12" for "2025 Q4", and a date as it is, so that both can be compared."""
    year, _, quarter = vintage.partition(" Q")
    return f"{year}-{3 * int(quarter):02d}" if quarter else vintage
