"""The processed tables as files to take away: CSV, GeoParquet, and a descriptor of them all.

The folder describes itself: ``datapackage.json`` follows the Frictionless Tabular Data Package
(https://specs.frictionlessdata.io/tabular-data-package/) with a property ``unit`` for each field.
A CSV is the committed file, byte for byte, gzipped where it is large; a table with coordinates, and
a map layer, is GeoParquet in EPSG:4326 as well.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from kwev.analysis.catalogue import LAYERS
from kwev.analysis.licences import notice
from kwev.files import sha256_bytes, write_bytes, write_json, write_text
from kwev.schemas import about_of, unit_of
from kwev.units import COLUMN_UNITS, CRS_DEGREES, CRS_METRES, DEGREE_DECIMALS

if TYPE_CHECKING:
    from pathlib import Path

    import pandera.pandas as pa

    from kwev.analysis.catalogue import Catalogue, Licence, Processed

DESCRIPTOR: Final = "datapackage.json"
NOTICES: Final = "LICENCES.md"

GZIPPED_FROM: Final = 1_000_000
"""From this size on (bytes) a CSV is gzipped: the site stays small, and pandas, R and QGIS read it
as it is."""

_PLACES: Final = {
    ("longitude", "latitude"): CRS_DEGREES,
    ("easting_m", "northing_m"): CRS_METRES,
}
"""Columns that say where a row is, the better pair first, and their reference system."""

_LIMITS: Final = {
    "greater_than_or_equal_to": ("min_value", "minimum"),
    "less_than_or_equal_to": ("max_value", "maximum"),
    "isin": ("allowed_values", "enum"),
}
"""Checks of a column, the argument that they hold, and the constraint's name in the descriptor."""


@dataclass(frozen=True)
class Spatial:
    """A file with geometry: its name without ending, the table it holds, the layer of its shapes.

    Attributes
    ----------
    table
        Processed table with the attributes; empty where the layer alone is given.
    layer
        GeoJSON of ``data/processed`` with the outlines or lines; empty for points, which stand in
        the table.
    """

    name: str
    table: str
    layer: str


def spatial_files(catalogue: Catalogue) -> list[Spatial]:
    """Return the files with geometry, sorted by name.

    A table with coordinates, in degrees or in metres, gives points; a layer gives outlines with the
    columns of the table of its name. Where both would have one name, the outlines are called
    ``…_outlines``.
    """
    points = {
        t.name for t in catalogue.tables if {"longitude", "latitude"} <= set(t.schema.columns)
    }
    tables = {t.name for t in catalogue.tables}
    files = [Spatial(name, name, "") for name in points]
    for file in catalogue.manifest["processed"]:
        layer, _, ending = file.partition(".")
        if ending == "geojson":
            name = f"{layer}_outlines" if layer in points else layer
            files.append(Spatial(name, layer if layer in tables else "", layer))
    return sorted(files, key=lambda file: file.name)


def csv_name(table: Processed) -> str:
    """Return the name of a table's CSV among the downloads."""
    return f"{table.name}.csv" + (".gz" if table.bytes >= GZIPPED_FROM else "")


def write_downloads(processed: Path, catalogue: Catalogue, folder: Path) -> None:
    """Write every file of the package into ``folder``.

    Parameters
    ----------
    processed
        ``data/processed``.
    folder
        Made if it isn't there.

    Raises
    ------
    KwevError
        If a file cannot be written.
    """
    resources = []
    for table in catalogue.tables:
        content = (processed / f"{table.name}.csv").read_bytes()
        if csv_name(table).endswith(".gz"):
            content = gzip.compress(content, mtime=0)
        write_bytes(folder / csv_name(table), content)
        resources.append(_table_resource(table, content, catalogue))
    for file in spatial_files(catalogue):
        path = folder / f"{file.name}.parquet"
        spatial_frame(processed, catalogue, file).to_parquet(path, compression="zstd", index=False)
        resources.append(_spatial_resource(file, path, catalogue))
    write_json(folder / DESCRIPTOR, _descriptor(resources, catalogue))
    write_text(folder / NOTICES, notice(catalogue))


def spatial_frame(processed: Path, catalogue: Catalogue, file: Spatial) -> gpd.GeoDataFrame:
    """Return the rows of a file with geometry, in EPSG:4326."""
    table = _typed(processed, catalogue, file.table) if file.table else None
    if not file.layer:
        assert table is not None  # noqa: S101 - points stand in a table
        pair = next(pair for pair in _PLACES if set(pair) <= set(table.columns))
        given = gpd.points_from_xy(table[pair[0]], table[pair[1]], crs=_PLACES[pair])
        there = given.to_crs(CRS_DEGREES)
        # a projection's last digits are noise
        east, north = (values.round(DEGREE_DECIMALS) for values in (there.x, there.y))
        points = gpd.points_from_xy(east, north)
        return gpd.GeoDataFrame(table, geometry=points, crs=CRS_DEGREES)
    shapes = gpd.read_file(processed / f"{file.layer}.geojson")
    if table is None:
        return shapes
    key = str(table.columns[0])
    shapes[key] = shapes[key].astype(str)
    return gpd.GeoDataFrame(table.merge(shapes[[key, "geometry"]], on=key), crs=CRS_DEGREES)


def _typed(processed: Path, catalogue: Catalogue, name: str) -> pd.DataFrame:
    """Read a processed table with the types of its schema; a missing text is missing."""
    (table,) = (t for t in catalogue.tables if t.name == name)
    kinds = {str(k): str(v) for k, v in table.schema.dtypes.items()}
    texts = {k: str for k, v in kinds.items() if v not in {"float64", "int64", "bool"}}
    return pd.read_csv(
        processed / f"{name}.csv", dtype=texts, keep_default_na=False, na_values=[""]
    )


def _descriptor(resources: list[dict[str, Any]], catalogue: Catalogue) -> dict[str, Any]:
    used = {table.licence.key: table.licence for table in catalogue.tables}
    return {
        "profile": "data-package",
        "name": "kwev-processed",
        "title": "Public EV charging in the Region of Waterloo: processed tables of kwev",
        "description": f"Adapted from open data; the notices of the sources are in {NOTICES}.",
        "licenses": [_licence(licence) for _, licence in sorted(used.items())],
        "sources": [_source(source.entry) for source in catalogue.used()],
        "units": COLUMN_UNITS,
        "resources": resources,
    }


def _table_resource(table: Processed, content: bytes, catalogue: Catalogue) -> dict[str, Any]:
    fields = [_field(str(name), column) for name, column in table.schema.columns.items()]
    key = [field["name"] for field in fields if field["constraints"].get("unique")][:1]
    schema = {"fields": fields, "missingValues": [""]}
    keys = list(table.schema.unique or key)
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": csv_name(table),
        **({"compression": "gz"} if csv_name(table).endswith(".gz") else {}),
        "description": table.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256_bytes(content)}",
        "rows": table.rows,
        "licenses": [_licence(table.licence)],
        "sources": [_source(s.entry) for s in catalogue.used() if s.entry["id"] in table.sources],
        "schema": {**schema, "primaryKey": keys} if keys else schema,
    }


def _spatial_resource(file: Spatial, path: Path, catalogue: Catalogue) -> dict[str, Any]:
    content = path.read_bytes()
    licence = catalogue.output_licence(file.table or LAYERS)
    return {
        "profile": "data-resource",
        "name": f"{file.name}-geoparquet",
        "path": path.name,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "crs": CRS_DEGREES,
        "bytes": len(content),
        "hash": f"sha256:{sha256_bytes(content)}",
        "licenses": [_licence(licence)],
    }


def _field(name: str, column: pa.Column) -> dict[str, Any]:
    kind = {"float64": "number", "int64": "integer", "bool": "boolean"}.get(str(column.dtype))
    field: dict[str, Any] = {
        "name": name,
        "type": kind or "string",
        "description": about_of(column),
        "constraints": _constraints(column),
    }
    if unit_of(column):
        field["unit"] = unit_of(column)
    if kind == "boolean":
        field.update(trueValues=["true"], falseValues=["false"])
    return field


def _constraints(column: pa.Column) -> dict[str, Any]:
    found: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.unique:
        found["unique"] = True
    for check in column.checks:
        if check.name in _LIMITS:
            argument, name = _LIMITS[check.name]
            value = check.statistics[argument]
            found[name] = sorted(value) if name == "enum" else value
    return found


def _licence(licence: Licence) -> dict[str, str]:
    return {"name": licence.key.upper(), "title": licence.name, "path": licence.url}


def _source(entry: dict[str, Any]) -> dict[str, str]:
    return {"title": str(entry["title"]), "path": str(entry["url"])}
