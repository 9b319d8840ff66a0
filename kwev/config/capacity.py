"""A utility's file of hosting capacity: where it reaches, it stands for the grid proxy.

Distributors have to publish what their lines can host (Ontario Energy Board, EB-2019-0207), each
in a form of its own; this is the form that kwev reads, so that an analyst brings a file to it once.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError
from pyproj import Transformer

from kwev.config.sections import Capacity, CapacityKw, PositiveM, Section
from kwev.errors import KwevError, refusal
from kwev.files import require_whole_csv
from kwev.units import CRS_DEGREES, METRE_DECIMALS, crs_metres

if TYPE_CHECKING:
    from pathlib import Path


class _Line(Section):
    """A line of the file."""

    latitude: Annotated[float, Field(ge=-80, le=84)]
    """Degrees, WGS 84."""
    longitude: Annotated[float, Field(ge=-141.1, le=-52.5)]
    """Degrees, WGS 84."""
    reach_m: PositiveM
    """How far from there it holds (m)."""
    capacity_kw: CapacityKw
    """Power that the utility says it can give to one place (kW)."""
    feeder: Annotated[str, Field(max_length=80)] = ""
    """The utility's name of the line, if it gives one."""


def read_capacity(path: Path) -> list[dict[str, Any]]:
    """Read a capacity file: CSV with ``latitude,longitude,reach_m,capacity_kw``, maybe ``feeder``.

    Parameters
    ----------
    path
        The file; the heading stands in its first line, in any order.

    Returns
    -------
    list of dict
        The value of ``siting.capacity``, in the order of the file.

    Raises
    ------
    KwevError
        If it cannot be read, is cut off, has another heading, no line, or a value out of range.
    """
    where = str(path)
    try:
        content = path.read_bytes()
        require_whole_csv(content)
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        lines = [
            {key: text if key == "feeder" else _number(text) for key, text in row.items()}
            for row in rows
        ]
    except (OSError, ValueError, csv.Error) as error:
        raise KwevError(f"no capacity file: {error}", where=where) from error
    if not lines:
        raise KwevError("no capacity in it", where=where)
    places = [_line(line, f"{where}, line {n}") for n, line in enumerate(lines, start=2)]
    # a utility's lines are about the region's places: their middle lies in its zone
    longitudes = [place.longitude for place in places]
    crs = crs_metres((min(longitudes) + max(longitudes)) / 2)
    to_metres = Transformer.from_crs(CRS_DEGREES, crs, always_xy=True)
    return [_circle(place, to_metres) for place in places]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _line(values: dict[str, Any], where: str) -> _Line:
    try:
        return _Line.model_validate(values)
    except ValidationError as error:
        raise refusal(error, _Line, where=where) from error


def _circle(line: _Line, to_metres: Transformer) -> dict[str, Any]:
    easting, northing = to_metres.transform(line.longitude, line.latitude)
    return Capacity(
        easting_m=round(easting, METRE_DECIMALS),
        northing_m=round(northing, METRE_DECIMALS),
        reach_m=line.reach_m,
        kw=line.capacity_kw,
        feeder=line.feeder,
    ).model_dump()
