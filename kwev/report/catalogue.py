"""The data catalogue in the book, and the processed tables as files to take away.

The folder describes itself: ``datapackage.json`` follows the Frictionless Tabular Data Package
(https://specs.frictionlessdata.io/tabular-data-package/) with a property ``unit`` for each field.
A CSV is the committed file, byte for byte, gzipped where it is large; a table with coordinates, and
a map layer, is GeoParquet in EPSG:4326 as well.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from kwev import escape
from kwev.data.links import crs_of
from kwev.data.schemas import about_of, unit_of
from kwev.data.tables import read_held
from kwev.display.cards import Card, Cards, Fact
from kwev.display.figure import ASSETS
from kwev.display.table import OWN, Table, table
from kwev.display.values import Number, Numbers, named
from kwev.files import sha256_bytes, write_bytes, write_json, write_text
from kwev.report.memory import once
from kwev.report.sources import LAYERS, notice, read_catalogue
from kwev.units import COLUMN_UNITS, CRS_DEGREES, DEGREE_DECIMALS

if TYPE_CHECKING:
    from pathlib import Path

    import pandera.pandas as pa

    from kwev.display.table import Columns
    from kwev.project import Project
    from kwev.report.scenario import Report
    from kwev.report.sources import Catalogue, Licence, Processed, Source

DESCRIPTOR: Final = "datapackage.json"
NOTICES: Final = "LICENCES.txt"

GZIPPED_FROM: Final = 1_000_000
"""From this size on (bytes) a CSV is gzipped: the site stays small, and pandas, R and QGIS read it
as it is."""

_PLACES: Final = (("longitude", "latitude"), ("easting_m", "northing_m"))
"""Columns that say where a row is, the better pair first: degrees, metres."""

_LIMITS: Final = {
    "greater_than_or_equal_to": ("min_value", "minimum"),
    "less_than_or_equal_to": ("max_value", "maximum"),
    "isin": ("allowed_values", "enum"),
}
"""Checks of a column, the argument that they hold, and the constraint's name in the descriptor."""


@dataclass(frozen=True)
class Spatial:
    """A file with geometry."""

    name: str
    """Without ending."""
    table: str
    """Processed table with the attributes; empty where the layer alone is given."""
    layer: str
    """GeoJSON of ``data/processed`` with the outlines or lines; empty for points, which stand in
    the table."""


def spatial_files(catalogue: Catalogue) -> list[Spatial]:
    """Return the files with geometry, sorted by name.

    A table with coordinates gives points; a layer gives outlines with the columns of the table of
    its name. Where both would have one name, the outlines are called ``…_outlines``.
    """
    tables = {t.name: set(t.schema.columns) for t in catalogue.tables}
    points = {name for name, columns in tables.items() if {"longitude", "latitude"} <= columns}
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
    for made in catalogue.tables:
        content = (processed / f"{made.name}.csv").read_bytes()
        if csv_name(made).endswith(".gz"):
            content = gzip.compress(content, mtime=0)
        write_bytes(folder / csv_name(made), content)
        resources.append(_table_resource(made, content, catalogue))
    for file in spatial_files(catalogue):
        path = folder / f"{file.name}.parquet"
        spatial_frame(processed, catalogue, file).to_parquet(path, compression="zstd", index=False)
        resources.append(_spatial_resource(file, path, catalogue))
    write_json(folder / DESCRIPTOR, _descriptor(resources, catalogue))
    write_text(folder / NOTICES, notice(catalogue))


def spatial_frame(processed: Path, catalogue: Catalogue, file: Spatial) -> gpd.GeoDataFrame:
    """Return the rows of a file with geometry, in EPSG:4326."""
    table = _typed(processed, catalogue, file.table) if file.table else pd.DataFrame()
    if not file.layer:
        pair = next(pair for pair in _PLACES if set(pair) <= set(table.columns))
        east, north = (table[name] for name in pair)
        in_metres = pair != _PLACES[0]
        crs = crs_of(_typed(processed, catalogue, "das")) if in_metres else CRS_DEGREES
        degrees = gpd.points_from_xy(east, north, crs=crs).to_crs(CRS_DEGREES)
        # a projection's last digits are noise
        points = gpd.points_from_xy(
            degrees.x.round(DEGREE_DECIMALS), degrees.y.round(DEGREE_DECIMALS)
        )
        return gpd.GeoDataFrame(table, geometry=points, crs=CRS_DEGREES)
    shapes = gpd.read_file(io.BytesIO(read_held(processed / f"{file.layer}.geojson")))
    if not file.table:
        return shapes
    key = str(table.columns[0])
    shapes[key] = shapes[key].astype(str)
    return gpd.GeoDataFrame(table.merge(shapes[[key, "geometry"]], on=key), crs=CRS_DEGREES)


def _typed(processed: Path, catalogue: Catalogue, name: str) -> pd.DataFrame:
    """Read a processed table with the types of its schema; a missing text is missing."""
    (table,) = (t for t in catalogue.tables if t.name == name)
    kinds = {str(k): str(v) for k, v in table.schema.dtypes.items()}
    texts = {k: str for k, v in kinds.items() if v not in {"float64", "int64", "bool"}}
    content = (processed / f"{name}.csv").read_bytes()
    read = pd.read_csv(io.BytesIO(content), dtype=texts, keep_default_na=False, na_values=[""])
    return escape.from_csv(read, content)


def _descriptor(resources: list[dict[str, Any]], catalogue: Catalogue) -> dict[str, Any]:
    used = {table.licence.key: table.licence for table in catalogue.tables}
    return {
        "profile": "data-package",
        "name": "kwev-processed",
        "title": f"Public EV charging in the {catalogue.region.name}: processed tables of kwev",
        "spatial": catalogue.region.place,
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
        "type": "file",  # else a validator reads it as a table of its own guess
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


# -- Named values.

_BYTES_PER_MB: Final = 1e6


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the sources and of the processed tables."""
    read = read_catalogue(report.project)
    used, tables = read.used(), read.tables
    size = sum(made["bytes"] for made in read.manifest["processed"].values()) / _BYTES_PER_MB
    of_sources = {
        "sources_known": len(read.sources), "sources_used": len(used),
        "sources_unused": len(read.unused()),
        "licences_used": len({source.licence.key for source in used}),
        "rules_met": (read.quality["rows"] > 0).sum(),
    }  # fmt: skip
    columns = sum(len(table.schema.columns) for table in tables)
    of_tables = {"tables_made": len(tables), "columns_told": columns}
    megabytes = Number("processed_size", round(size, 1), "ratio", "manifest.json", "{:.1f} MB")
    found = named("sources.json, manifest.json, quality", count=of_sources)
    return Numbers([*found, *named("schemas", count=of_tables), megabytes])


# -- Tables and cards.

DOWNLOADS = f"{ASSETS}/downloads"
"""Folder of the downloads, below the project and below the site."""

_SHORT = 12
_KILO = 1000


def used_table(report: Report) -> Table:
    """Return the sources that the pipeline reads."""
    columns = "title read licence rows vintage publisher"
    return _source_table("catalogue", read_catalogue(report.project).used(), columns)


def unused_table(report: Report) -> Table:
    """Return the sources that are registered and that the pipeline does not read."""
    columns = "title licence rows vintage publisher"
    return _source_table("unused-sources", read_catalogue(report.project).unused(), columns)


def _source_table(name: str, sources: list[Source], columns: Columns) -> Table:
    rows = [
        {key: s.entry[key] for key in ("title", "publisher", "vintage", "url", "file", "sha256")}
        | {
            "rows": s.rows,
            "licence": s.licence.short,
            "licence_url": s.licence.url,
            "read": ", ".join(sorted({stage for read in s.reads for stage in read.stages})),
            "feeds": ", ".join(_names(s.feeds)),
        }
        for s in sources
    ]
    return table(name, pd.DataFrame(rows), columns, OWN, pdf_rows=len(rows))


def licence_table(report: Report) -> Table:
    """Return the licences with the number of sources under each and the words it asks for."""
    read = read_catalogue(report.project)
    rows = []
    for key in sorted(read.register["licences"]):
        licence = read.licence(key)
        under = [source for source in read.sources if source.licence.key == key]
        rows.append(
            {"short": licence.short, "name": licence.name, "url": licence.url,
             "sources": len(under), "used": sum(source.is_used for source in under),
             "outputs": sum(table.licence.key == key for table in read.tables),
             "words": licence.attribution}
        )  # fmt: skip
    columns = "short name:licence sources:count used:count outputs words:asked"
    return table("licences", pd.DataFrame(rows), columns, OWN, pdf_rows=len(rows))


def source_cards(report: Report) -> Cards:
    """Return each source in use: file, checksum, licence, caveats, checks, what hangs on it."""
    return Cards("sources", tuple(_source_card(s) for s in read_catalogue(report.project).used()))


def table_cards(report: Report) -> Cards:
    """Return the columns of each processed table with type, unit and meaning."""
    read = read_catalogue(report.project)
    titles = {source.entry["id"]: source.entry["title"] for source in read.sources}
    return Cards("tables", tuple(_table_card(table, titles) for table in read.tables))


def processed_table(report: Report) -> Table:
    """Return the processed tables with rows, size, licence, and the files to take away."""
    read = read_catalogue(report.project)
    rows = _file_rows(read)
    columns = "table file geo rows:files columns kb licence about:row"

    def files_to(project: Project) -> None:
        write_downloads(project.processed, read, project.shown / DOWNLOADS)

    made = table("processed-tables", pd.DataFrame(rows), columns, OWN, pdf_rows=len(rows))
    return replace(made, more=files_to)


def _file_rows(read: Catalogue) -> list[dict[str, Any]]:
    """Return a row for each table, for each other map layer, and for the files about them all.

    A table's geometry is its points, or the outlines of its name.
    """
    files = spatial_files(read)
    geo = {f.table: f.name for f in sorted(files, key=lambda file: not file.layer)}
    rows = []
    for made in read.tables:
        about = made.about.removeprefix("One row for ")
        sizes = {"rows": made.rows, "columns": len(made.schema.columns), "kb": made.bytes / _KILO}
        shapes = f"{geo[made.name]}.parquet" if made.name in geo else ""
        rows.append(_file_row(made.name, about, sizes, (csv_name(made), shapes), made.licence))
    for file in files:
        if file.layer and file.name != file.table:
            made = read.manifest["processed"][f"{file.layer}.geojson"]
            about = f"Map layer: the shapes of {file.layer}."
            sizes = {"rows": made["rows"], "kb": made["bytes"] / _KILO}
            links, licence = ("", f"{file.name}.parquet"), read.output_licence(LAYERS)
            rows.append(_file_row(file.name, about, sizes, links, licence))
    about = "Names, types, units and licences of all columns: a Frictionless data package."
    rows.append(_file_row(DESCRIPTOR, about, {}, (DESCRIPTOR, ""), None))
    about = "Notices of the sources, to be kept with the tables."
    rows.append(_file_row(NOTICES, about, {}, (NOTICES, ""), None))
    return rows


_FILE_WORDS: Final = {"csv": "CSV", "gz": "CSV, gzipped", "parquet": "GeoParquet"}


def _file_row(
    name: str, about: str, sizes: dict[str, float], links: tuple[str, str], licence: Licence | None
) -> dict[str, Any]:
    """Return a row of the files to take away; ``links`` are plain and with geometry, or empty."""
    row = {"table": name, "about": about, **sizes}
    for key, file in zip(("file", "geo"), links, strict=True):
        # a missing file is a dash
        row[key] = _FILE_WORDS.get(file.rpartition(".")[2], "open") if file else None
        row[f"{key}_url"] = f"/{DOWNLOADS}/{file}" if file else ""
    return row | {
        "licence": licence.short if licence else None,
        "licence_url": licence.url if licence else "",
    }


def _source_card(source: Source) -> Card:
    entry, licence = source.entry, source.licence
    known = "as registered" if source.is_checked else "NOT as registered"
    fits = [
        f"{r.name}: {r.rows:,} rows fit the schema of {r.columns} columns" for r in source.reads
    ]
    met = [f"{rows:,} {action}" for action, rows in sorted(source.actions().items())]
    facts = [
        Fact("Publisher", entry["publisher"]),
        Fact("Vintage", entry["vintage"]),
        Fact("Licence", licence.name, licence.url),
        Fact("Fetched from", entry["url"], entry["url"], in_print=False),
        Fact("File", f"{entry['file']} ({entry['bytes'] / _KILO:,.0f} kB)"),
        Fact("SHA-256", f"{entry['sha256'][:_SHORT]}…"),
        Fact("Part that is used", entry["subset"]),
        Fact("Caveats", entry["caveats"]),
        Fact("Checks passed", "; ".join([f"checksum {known}", *fits])),
        Fact("Rules that met rows of it", ", ".join(met)),
        Fact("Tables that hang on it", ", ".join(_names(source.feeds))),
    ]
    told = tuple(fact for fact in facts if fact.text)
    return Card(entry["title"], f"{source.rows:,} rows.", told)


def _table_card(table: Processed, titles: dict[str, str]) -> Card:
    frame = table.columns()
    name = f"columns-{table.name.replace('_', '-')}"
    shown = Table(
        name, frame, "column unit about type", OWN.source, OWN.vintage, len(frame), is_noted=False
    )
    facts = (
        Fact("Licence", table.licence.name, table.licence.url),
        Fact("Made by stages", ", ".join(table.stages)),
        Fact("Hangs on", "; ".join(sorted({titles[i] for i in table.sources})), in_print=False),
    )
    return Card(table.name, f"{table.about} {table.rows:,} rows.", facts, shown)


def _names(feeds: tuple[str, ...]) -> list[str]:
    return [name for name in feeds if name != LAYERS] + ["map layers"] * (LAYERS in feeds)
