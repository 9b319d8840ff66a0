"""A project for another region: its folder, what publishers are asked for, and what is absent."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, Final

import yaml

from kwev import escape
from kwev.errors import KwevError, validated
from kwev.files import read_json, write_json, write_text
from kwev.region import BY_HAND, FILE, LOCAL, Region
from kwev.report.targets import FILE as TARGETS

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

_BOOK: Final = "region-book"
"""Folder of the checkout with the chapters of a region's short book."""

_LOOK: Final = "kwev/book/assets/look.typ"
_RECOMMENDED: Final = "scenarios/recommended.json"
_WITHOUT_ROADS: Final = {
    "description": "The recommended way of planning, where no way along roads is known.",
    "coverage": {"metric": "straight_line"},
}
_HOOKS: Final = """\
import sys

from kwev.book.quarto_hooks import main

main(sys.argv[1])
"""
_IGNORED: Final = "/data/raw\n/build/\n/_book/\n/assets/\n.env\n*.ipynb\n"
"""What git is not to keep of a region: raw files, what can be made again, keys."""
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
    region = validated(values, Region, where="kwev region new")
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
        Gives the scenarios, the look and chapters of the short book, addresses of national
        publishers and the list of licences.

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
    shutil.copytree(project.root / "theme", folder / "theme")
    copies = {name: name for name in ("config/base.json", "config/schema.json", "references.bib")}
    for source, name in {**copies, _LOOK: "theme/look.typ"}.items():
        write_text(folder / name, (project.root / source).read_text(encoding="utf-8"))
    services = read_json(project.register.with_name("services.json"))["services"]
    national = {key: url for key, url in services.items() if key not in _LOCAL_SERVICES}
    licences = read_json(project.register)["licences"]
    recommended = read_json(project.config / _RECOMMENDED)
    watched = read_json(project.root / TARGETS)
    made: dict[str, Any] = {
        f"config/{FILE}": region.model_dump(mode="json"),
        f"config/{_RECOMMENDED}": {**recommended, **_WITHOUT_ROADS},
        "data/services.json": {"services": national},
        "data/sources.json": {"licences": licences, "sources": []},
        TARGETS: {**watched, "metrics": ["straight_line"]},
    }
    for name, value in made.items():
        write_json(folder / name, value)
    texts = {".gitignore": _IGNORED, **dict(_book(project, region))}
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in sorted((*copies, *made, *texts))]


def _book(project: Project, region: Region) -> Iterator[tuple[str, str]]:
    """Give the files of a region's short book: settings of this one's, and chapters of its own."""
    settings = yaml.safe_load((project.root / "_quarto.yml").read_text(encoding="utf-8"))
    pages = sorted(
        (project.root / _BOOK).glob("*.qmd"), key=lambda path: (path.stem != "index", path.name)
    )
    names = [path.name if path.stem == "index" else f"chapters/{path.name}" for path in pages]
    settings["project"] |= {f"{when}-render": f"theme/hooks.py {when}" for when in ("pre", "post")}
    settings["book"] |= {"title": f"Public EV charging for the {region.name}", "chapters": names}
    settings["book"] |= {"subtitle": "A draft from open data", "output-file": "ev-charging"}
    del settings["book"]["appendices"]
    header = settings["format"]["typst"]["include-in-header"]
    header[header.index(_LOOK)] = "theme/look.typ"
    yield "_quarto.yml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    yield "theme/hooks.py", _HOOKS
    for name, path in zip(names, pages, strict=True):
        text = path.read_text(encoding="utf-8")
        yield name, text.replace("{{region}}", escape.markdown(region.name))


def told(region: Region, folder: Path, files: Sequence[Path]) -> Iterator[str]:
    """Tell what was written, what to fetch, and what the region does not have, a line each."""
    yield from (f"wrote {path}" for path in files)
    yield f"to fetch for census code {region.code}, with `kwev fetch` in {folder}:"
    yield from (f"  {name:<18}{file}" for name, file in region.sources.national.items())
    yield "national, without a service; enter the file in config/region.json where you have it:"
    yield from (f"  {name:<18}{words}" for name, words in BY_HAND.items())
    yield "local, absent; their tables stay empty until the region has the source:"
    yield from (f"  {name:<18}{words}" for name, words in LOCAL.items())
    yield "name the cities in config/region.json; then: kwev fetch, kwev data, kwev render"
