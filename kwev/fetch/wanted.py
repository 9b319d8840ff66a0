"""What a publisher can bring: a file of ``data/raw``, how it is made, and tables on the way."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from kwev import escape
from kwev.errors import KwevError
from kwev.fetch.web import UNTOUCHED, Web
from kwev.files import dump_json, require_even_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from kwev.data.schemas import Schema

DECIMALS = 7
"""Of a degree in files of outlines: a centimetre."""


@dataclass(frozen=True)
class Wanted:
    """One file of ``data/raw``.

    Parameters
    ----------
    source
        What ``--only`` calls the publisher.
    table
        Name of the source, or "" where the pipeline does not read it.
    address
        The first address that is asked.
    title, publisher, licence
        For the register; the licence is a key of its list.
    subset
        What of the publisher's data it holds.
    make
        Asks for it and returns its bytes.
    caveats
        What a user of it should know.
    file
        Below ``data/raw``; of a table that of the region, set by :func:`kwev.fetch.run.all_wanted`.
    schema
        Columns of a layer that the pipeline does not read.
    """

    source: str
    table: str
    address: str
    title: str
    publisher: str
    licence: str
    subset: str
    make: Callable[[Web], bytes]
    caveats: str = ""
    file: str = ""
    schema: Schema | None = None


def read_table(content: bytes, columns: Sequence[str], where: str) -> pd.DataFrame:
    """Return columns of a publisher's CSV as text.

    Raises
    ------
    KwevError
        If it is no CSV in UTF-8, or has not all of them.
    """
    try:
        require_even_rows(content)
        table = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except ValueError as error:
        words = f"what the publisher sent is no CSV: {str(error).splitlines()[0]}"
        raise KwevError(words, where=where, hint=UNTOUCHED) from error
    return pick(table.rename(columns=lambda name: str(name).strip()), columns, where)


def pick(table: pd.DataFrame, columns: Sequence[str], where: str) -> pd.DataFrame:
    """Return columns of a table, or say which one is missing and which there are."""
    missing = [name for name in columns if name not in table]
    if missing:
        has = ", ".join(map(str, table.columns[:12]))
        words = f"column {missing[0]!r} is missing; the publisher's table has {has}"
        hint = f"{UNTOUCHED} The publisher may have renamed it: see kwev/fetch."
        raise KwevError(words, where=where, hint=hint)
    return table[list(columns)]


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a CSV file."""
    return escape.csv(table).encode()


def geojson_bytes(
    frame: gpd.GeoDataFrame, columns: Sequence[str], decimals: int = DECIMALS
) -> bytes:
    """Return a layer in degrees as GeoJSON, one feature a line, coordinates rounded."""
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda points: points.round(decimals))
    rows = pd.DataFrame(frame)[list(columns)].astype(object)
    rows = rows.where(rows.notna(), None)
    lines = [
        dump_json(
            {"type": "Feature", "properties": row, "geometry": json.loads(shape)}, indent=None
        ).strip()
        for row, shape in zip(rows.to_dict("records"), shapely.to_geojson(rounded), strict=True)
    ]
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def within(table: pd.DataFrame, box: Sequence[float], north: str, east: str) -> pd.DataFrame:
    """Return the rows whose coordinates lie in a box (west, south, east, north)."""
    lat, lon = (pd.to_numeric(table[name], errors="coerce") for name in (north, east))
    return table[lon.between(box[0], box[2]) & lat.between(box[1], box[3])]


def unpaged(rows: Mapping[str, object], seen: set[str], where: str) -> None:
    """Refuse a page that brings nothing new: the publisher sends one page again and again."""
    if rows and not rows.keys() - seen:
        raise KwevError("the publisher sent the same page twice", where=where, hint=UNTOUCHED)
    seen.update(rows)
