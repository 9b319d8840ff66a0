"""A project for another region: its folder, what publishers are asked for, and what is absent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from kwev.errors import KwevError, refusal
from kwev.files import read_json, write_json, write_text
from kwev.region import FILE, Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kwev.project import Project

ONTARIO: Final = "35"
"""What the census codes of the province begin with, whose counts of vehicles kwev reads."""

FETCHED: Final = {
    "das": "boundaries/da_2021.geojson",
    "tracts": "boundaries/ct_2021.geojson",
    "fsas": "boundaries/fsa_2021.geojson",
    "da_census": "population/da_2021_population_dwellings.csv",
    "da_links": "population/da_2021_geographic_links.csv",
    "municipalities": "population/csd_2021_population.csv",
    "fsa_census": "population/fsa_2021_census_profile.csv",
    "evs": "ev_fsa/ev_by_fsa.csv",
    "ocm": "charging_stations/ocm_stations.csv",
    "nrcan": "charging_stations/afdc_nrcan_stations.csv",
    "osm_places": "potential_locations/osm_pois.csv",
    "water": "basemap/osm_water.geojson",
    "rivers": "basemap/osm_rivers.geojson",
}
"""National sources that `kwev fetch` brings for any region, and their files."""

BY_HAND: Final = {
    "addresses": "address points (Statistics Canada, Open Database of Addresses)",
    "deprivation": "Canadian Index of Multiple Deprivation (Statistics Canada)",
    "dwelling_periods": "dwellings by type and period of construction (Statistics Canada)",
    "culture": "libraries (Statistics Canada, Open Database of Cultural and Art Facilities)",
    "tariffs": "prices of charging and of stations, cited",
    "citations": "findings on policy and home charging, cited",
}
"""National sources without a service, in words."""

LOCAL: Final = {
    "roads": "centrelines with class, access and direction: without them no way along roads",
    "grt_feed": "timetable of buses (GTFS)",
    "ion_feed": "timetable of rail (GTFS)",
    "ion_stops": "rail stops, built and planned",
    "wards": "wards of the municipalities",
    "food": "register of food premises",
    "business": "directory of firms",
    "job_zones": "zones of a travel survey, with jobs",
    "districts": "planning districts, for the map",
}
"""Sources of a region's own bodies, in words."""

_LOCAL_SERVICES: Final = ("grt_bus", "grt_ion", "region_hub")


def region_of(name: str, division: str | None, subdivisions: Sequence[str]) -> Region:
    """Return the region of census codes, with the national sources that can be fetched.

    Raises
    ------
    KwevError
        If there are none or both, they are none of the census, or not of Ontario.
    """
    if bool(division) == bool(subdivisions):
        hint = "One --cd with four digits, or --csd with seven for each municipality."
        raise KwevError("give either --cd or --csd", where="kwev region new", hint=hint)
    values: dict[str, Any] = {
        "name": name,
        "province": "ON",
        "census_division": division,
        "census_subdivisions": sorted(set(subdivisions)),
        "sources": {"national": FETCHED, "local": {}},
    }
    try:
        region = Region.model_validate(values)
    except ValidationError as error:
        raise refusal(error, Region, where="kwev region new") from error
    for code in region.divisions:
        if not code.startswith(ONTARIO):
            hint = f"kwev reads counts of vehicles of Ontario: codes that begin with {ONTARIO}."
            raise KwevError(f"census code {code} is not of Ontario", where=name, hint=hint)
    return region


def folder_name(name: str) -> str:
    """Return the name of a region as that of a folder.

    Raises
    ------
    KwevError
        If nothing of it can stand in one.
    """
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not made:
        raise KwevError(f"no name of a region: {name!r}", where="kwev region new")
    return made


def found(project: Project, region: Region, folder: Path) -> list[Path]:
    """Write what a project of another region needs, into a folder that is new or empty.

    Parameters
    ----------
    project
        Gives the base scenario, addresses of national publishers and the list of licences.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    KwevError
        If something is there already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "Name another folder with --out."
        raise KwevError("something is there already", where=str(folder), hint=hint)
    services = read_json(project.register.with_name("services.json"))["services"]
    national = {key: url for key, url in services.items() if key not in _LOCAL_SERVICES}
    licences = read_json(project.register)["licences"]
    texts = ["base.json", "schema.json"]
    for name in texts:
        write_text(folder / "config" / name, (project.config / name).read_text(encoding="utf-8"))
    made: dict[str, Any] = {
        f"config/{FILE}": region.model_dump(mode="json"),
        "data/services.json": {"services": national},
        "data/sources.json": {"licences": licences, "sources": []},
    }
    for name, value in made.items():
        write_json(folder / name, value)
    return [folder / name for name in (*(f"config/{name}" for name in texts), *made)]


def told(region: Region, folder: Path, files: Sequence[Path]) -> Iterator[str]:
    """Tell what was written, what to fetch, and what the region does not have, a line each."""
    yield from (f"wrote {path}" for path in files)
    yield f"to fetch for census code {region.code}, with `kwev fetch` in {folder}:"
    yield from (f"  {name:<18}{file}" for name, file in region.sources.national.items())
    yield "national, without a service; enter the file in config/region.json where you have it:"
    yield from (f"  {name:<18}{words}" for name, words in BY_HAND.items())
    yield "local, absent; their tables stay empty until the region has the source:"
    yield from (f"  {name:<18}{words}" for name, words in LOCAL.items())
    yield "name the cities in config/region.json; then: kwev fetch, kwev data, kwev solve"
