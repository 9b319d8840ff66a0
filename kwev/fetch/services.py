"""Where publishers are, for which area they are asked, and the keys that some ask for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kwev.errors import KwevError, refusal
from kwev.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.project import Project

Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
"""What a key may look like: printable, no blank, so that it fits a header."""


class Area(BaseModel):
    """The area that publishers are asked for.

    Attributes
    ----------
    census_division, metropolitan_area
        Codes of the 2021 census.
    fsas
        Forward sortation areas that meet the area.
    province
        Its two letters.
    box
        West, south, east, north (degrees): the area and 7 km around it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    census_division: Annotated[str, Field(pattern=r"^\d{4}$")]
    metropolitan_area: Annotated[str, Field(pattern=r"^\d{3}$")]
    fsas: tuple[Annotated[str, Field(pattern=r"^[A-Z]\d[A-Z]$")], ...]
    province: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    box: tuple[float, float, float, float]


class Addresses(BaseModel):
    """Address of each service."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    statcan_boundaries: Address
    statcan_profile: Address
    statcan_links: Address
    ontario: Address
    open_charge_map: Address
    nrcan: Address
    osm: Address
    grt_bus: Address
    grt_ion: Address
    region_hub: Address


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    area: Area
    services: Addresses


@dataclass(frozen=True)
class Services:
    """Addresses, area and keys.

    Parameters
    ----------
    at
        Address of each service.
    area
        What they are asked for.
    keys
        By the name of their environment variable; never printed.
    """

    at: Addresses
    area: Area
    keys: dict[str, str] = field(default_factory=dict, repr=False)

    def key(self, name: str, publisher: str) -> str:
        """Return a key.

        Raises
        ------
        KwevError
            If there is none.
        """
        if name not in self.keys:
            hint = f"Get one from the publisher and put {name}=… into the environment or .env."
            raise KwevError(f"{publisher} asks for a key, and there is none", where=name, hint=hint)
        return self.keys[name]


KEYS: Final = ("OCMAP_API_KEY", "NREL_API_KEY")
"""Environment variables that hold keys."""


def read_services(project: Project) -> Services:
    """Return what ``data/services.json`` says, with keys of the environment or of ``.env``.

    Raises
    ------
    KwevError
        If the file is missing or wrong, or a key has a character that none has.
    """
    path = project.register.with_name("services.json")
    value = read_json(path)
    try:
        found = _File.model_validate(value)
    except ValidationError as error:
        raise refusal(error, _File, where=str(path)) from error
    given = _env_file(project.root / ".env") | dict(os.environ)
    keys = {name: given[name].strip() for name in KEYS if given.get(name, "").strip()}
    for name, key in keys.items():
        if not _KEY.fullmatch(key):
            raise KwevError("key with a blank or another odd character", where=name)
    return Services(found.services, found.area, keys)


def _env_file(path: Path) -> dict[str, str]:
    """Return the lines ``NAME=value`` of a file, if there is one; quotes around a value go."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise KwevError("file of keys cannot be read", where=str(path)) from error
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
