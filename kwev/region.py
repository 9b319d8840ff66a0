"""The region that a project plans for: its census codes, its names, and the files it is made of.

Everything else of a place is derived: its outline, its forward sortation areas and its tracts from
the census files, the metric projection from the outline's middle.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kwev.errors import KwevError, validated
from kwev.files import json_schema_of, read_json

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "region.json"
"""Name of the file below ``config/``."""

NEEDED: Final = (
    "das", "fsas", "da_census", "da_links", "municipalities", "fsa_census", "evs", "ocm", "nrcan",
)  # fmt: skip
"""Sources without which there is no region; any other may be absent."""

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

ABSENT: Final = "the region has no such source"
"""The rule under which the ledger of data quality names a source that is absent."""

PROVINCES: Final = {"ON": "Ontario"}
"""Provinces whose counts of vehicles kwev reads."""

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
Division = Annotated[str, Field(pattern=r"^\d{4}$")]
Subdivision = Annotated[str, Field(pattern=r"^\d{7}$")]
File = Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)+$")]


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        msg = f"not a pattern: {error}"
        raise ValueError(msg) from error
    return text


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, use_attribute_docstrings=True
    )


class Sources(_Part):
    """Files below ``data/raw`` by the name of their table."""

    national: dict[str, File]
    """Of bodies that publish for the whole country or the province: any region can have them."""
    local: dict[str, File] = {}
    """Of the region's own bodies. What is absent leaves its tables empty, and is said."""


class Region(_Part):
    """What a project must be told of its region."""

    name: Text
    """Name in prose and titles, after "the": "County of Oxford"."""
    province: Literal["ON"]
    """Its two letters."""
    census_division: Division | None = None
    """Census division of 2021; null where subdivisions are listed."""
    census_subdivisions: tuple[Subdivision, ...] = ()
    """Census subdivisions of 2021 that make the region; none: all of the division."""
    cities: tuple[Text, ...] = ()
    """Municipalities that are cities; the others are townships."""
    counted_cities: tuple[Text, ...] = ()
    """Cities whose stations are counted by themselves beside the region's."""
    public_owners: tuple[Text, ...] = ()
    """Patterns (regular expressions) in names of stations that a public body of the region owns."""
    generic_names: tuple[Text, ...] = ()
    """Patterns of whole names that say who runs a station, not where it is."""
    search_examples: tuple[Text, ...] = ()
    """An address, a street, a postal area or a place that the page of places gives as examples."""
    homes_credit: str = ""
    """Who compiled the tenure and income of homes, beside Statistics Canada; empty: nobody."""
    ground_credit: str = ""
    """Whose data the ground of the maps is, beside OpenStreetMap's; empty: nobody's."""
    sources: Sources

    @model_validator(mode="after")
    def _one_area(self) -> Region:
        for text in (*self.public_owners, *self.generic_names):
            _is_pattern(text)
        if (self.census_division is None) == (not self.census_subdivisions):
            msg = "give either census_division or census_subdivisions"
            raise ValueError(msg)
        twice = sorted(self.sources.national.keys() & self.sources.local.keys())
        lost = [name for name in NEEDED if name not in self.files]
        if twice or lost:
            told = f"{twice[0]!r} stands twice" if twice else f"no file of {lost[0]!r}"
            msg = f"sources: {told}"
            raise ValueError(msg)
        return self

    @property
    def files(self) -> dict[str, str]:
        """Return the file below ``data/raw`` of each source that the region has."""
        return {**self.sources.national, **self.sources.local}

    @property
    def place(self) -> str:
        """Return the name with province and country."""
        return f"{self.name}, {PROVINCES[self.province]}, Canada"

    @property
    def code(self) -> str:
        """Return the code of the division, or those of the subdivisions."""
        return self.census_division or "-".join(sorted(self.census_subdivisions))

    @property
    def divisions(self) -> tuple[str, ...]:
        """Return the codes of the census divisions that the region is of."""
        codes = (self.code,) if self.census_division else self.census_subdivisions
        return tuple(sorted({code[:4] for code in codes}))

    def holds(self, subdivision: str) -> bool:
        """Return whether a census subdivision is one of the region's."""
        if self.census_division:
            return subdivision.startswith(self.census_division)
        return subdivision in self.census_subdivisions


def read_region(folder: Path) -> Region:
    """Read ``region.json`` strictly.

    Parameters
    ----------
    folder
        The folder ``config``.

    Raises
    ------
    KwevError
        If it is missing, not JSON, or a key or value is wrong.
    """
    path = folder / FILE
    if not path.is_file():
        hint = "Write one with `kwev region new`, or restore it from git."
        raise KwevError("no region is configured", where=str(path), hint=hint)
    return validated(read_json(path), Region, where=str(path))


def region_schema() -> dict[str, Any]:
    """Return the JSON schema of ``region.json`` (draft 2020-12)."""
    return json_schema_of(Region, "kwev region")


def area_name(area_id: str) -> str:
    """Return the name of an area of the grid proxy: a tract's number, or a place without tracts."""
    return area_id if area_id[:1].isdigit() else area_id.replace("-", " ").title()


def area_id(place: str) -> str:
    """Return the id of a municipality that has no census tracts, and so is one area."""
    return re.sub(r"[^a-z]+", "-", place.lower()).strip("-")
