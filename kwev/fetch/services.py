"""Where publishers are, for which area they are asked, and the keys that some ask for.

The area follows from the outlines that Statistics Canada sends for the region's census codes: they
are asked for first, and every other publisher by them.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from kwev.errors import KwevError, validated
from kwev.files import read_json
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import read_geojson
from kwev.region import read_region

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.project import Project
    from kwev.region import Region

_DEGREE_M: Final = 111_320.0
"""A degree of latitude (m), or of longitude at the equator."""

Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
"""What a key may look like: printable, no blank, so that it fits a header."""


class Addresses(BaseModel):
    """Address of each service; the last three are of the region's own bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    statcan_boundaries: Address
    statcan_profile: Address
    statcan_links: Address
    ontario: Address
    open_charge_map: Address
    nrcan: Address
    osm: Address
    grt_bus: Address | None = None
    grt_ion: Address | None = None
    region_hub: Address | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    services: Addresses


@dataclass(frozen=True)
class Services:
    """Addresses, region and keys.

    Parameters
    ----------
    at
        Address of each service.
    region
        What they are asked for.
    raw
        Folder of raw files, which has the outlines once they are fetched.
    keys
        By the name of their environment variable; never printed.
    """

    at: Addresses
    region: Region
    raw: Path
    keys: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north (degrees): the region's areas and what counts around them.

        Raises
        ------
        KwevError
            If their outlines have not been fetched.
        """
        west, south, east, north = self.outlines("das").total_bounds.tolist()
        reach = Parameters().outside_station_m / _DEGREE_M
        wide = reach / math.cos(math.radians(north))
        return west - wide, south - reach, east + wide, north + reach

    @property
    def fsas(self) -> tuple[str, ...]:
        """Forward sortation areas that meet the region, by their outlines; errors as ``box``."""
        return tuple(sorted(self.outlines("fsas")["CFSAUID"].astype(str)))

    def outlines(self, name: str) -> gpd.GeoDataFrame:
        """Return outlines that were fetched (degrees); errors as ``box``."""
        path = self.raw / self.region.files[name]
        try:
            content = path.read_bytes()
        except OSError as error:
            words = "the region's outlines are not here, by which publishers are asked"
            hint = "Fetch them first: `kwev fetch --only statcan`."
            raise KwevError(words, where=str(path), hint=hint) from error
        return read_geojson(content, str(path))

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


def read_services(project: Project, raw: Path | None = None) -> Services:
    """Return what ``data/services.json`` says, with keys of the environment or of ``.env``.

    Raises
    ------
    KwevError
        If the file is missing or wrong, or a key has a character that none has.
    """
    path = project.register.with_name("services.json")
    value = read_json(path)
    found = validated(value, _File, where=str(path))
    given = _env_file(project.root / ".env") | dict(os.environ)
    keys = {name: given[name].strip() for name in KEYS if given.get(name, "").strip()}
    for name, key in keys.items():
        if not _KEY.fullmatch(key):
            raise KwevError("key with a blank or another odd character", where=name)
    return Services(found.services, read_region(project.config), raw or project.raw, keys)


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
