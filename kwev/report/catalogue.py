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

from kwev.data.columns import about_of, unit_of
from kwev.display.cards import Card, Cards, Fact
from kwev.display.figure import ASSETS
from kwev.display.table import OWN, Column, Table
from kwev.display.values import Number, Numbers
from kwev.files import sha256_bytes, write_bytes, write_json, write_text
from kwev.report.sources import LAYERS, notice, read_catalogue
from kwev.units import COLUMN_UNITS, CRS_DEGREES, CRS_METRES, DEGREE_DECIMALS

if TYPE_CHECKING:
    from pathlib import Path

    import pandera.pandas as pa

    from kwev.project import Project
    from kwev.report.scenario import Report
    from kwev.report.sources import Catalogue, Licence, Processed, Source

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


# -- Numbers of the data catalogue: sources, licences, processed tables.

_BYTES_PER_MB = 1e6


def of_catalogue(report: Report) -> Numbers:
    """Return the numbers of the sources and of the processed tables."""
    read = read_catalogue(report.project)
    used, tables = read.used(), read.tables
    size = sum(made["bytes"] for made in read.manifest["processed"].values()) / _BYTES_PER_MB
    met = int((read.quality["rows"] > 0).sum())
    columns = sum(len(table.schema.columns) for table in tables)
    licences = {source.licence.key for source in used}
    return Numbers(
        [
            Number("sources_known", len(read.sources), "count", "sources.json"),
            Number("sources_used", len(used), "count", "manifest.lineage"),
            Number("sources_unused", len(read.unused()), "count", "manifest.lineage"),
            Number("licences_used", len(licences), "count", "sources.json"),
            Number("tables_made", len(tables), "count", "schemas"),
            Number("columns_told", columns, "count", "schemas"),
            Number("processed_size", round(size, 1), "ratio", "manifest.processed", "{:.1f} MB"),
            Number("rules_met", met, "count", "quality.rows"),
        ]
    )


# -- Exhibits of the data catalogue: sources, licences, processed tables with their downloads.

DOWNLOADS = f"{ASSETS}/downloads"
"""Folder of the downloads, below the project and below the site."""

_SOURCE_KEYS = [
    "title", "publisher", "vintage", "url", "file", "sha256", "rows", "licence", "licence_url",
    "read", "feeds",
]  # fmt: skip
_SHORT = 12
_KILO = 1000


def catalogue(report: Report) -> Table:
    """Return the sources that the pipeline reads."""
    return _sources("catalogue", read_catalogue(report.project).used(), is_used=True)


def unused_sources(report: Report) -> Table:
    """Return the sources that are registered and that the pipeline does not read."""
    return _sources("unused-sources", read_catalogue(report.project).unused(), is_used=False)


def licences(report: Report) -> Table:
    """Return the licences with the number of sources under each and the words it asks for."""
    read = read_catalogue(report.project)
    rows = []
    for key in sorted(read.register["licences"]):
        licence = read.licence(key)
        under = [source for source in read.sources if source.licence.key == key]
        used = sum(source.is_used for source in under)
        outputs = sum(table.licence.key == key for table in read.tables)
        rows.append(
            (
                licence.short,
                licence.name,
                licence.url,
                len(under),
                used,
                outputs,
                licence.attribution,
            )
        )
    frame = pd.DataFrame(
        rows, columns=["short", "name", "url", "sources", "used", "outputs", "words"]
    )
    columns = (
        "short",
        Column("name", "Full name", link="url"),
        Column("sources", "Sources", format=",d"),
        Column("used", "in use", format=",d"),
        "outputs",
        Column("words", "What it asks to be said"),
    )
    return Table("licences", frame, columns, OWN.source, OWN.vintage, len(frame))


def source_cards(report: Report) -> Cards:
    """Return each source in use: file, checksum, licence, caveats, checks, what hangs on it."""
    return Cards("sources", tuple(_source_card(s) for s in read_catalogue(report.project).used()))


def processed_tables(report: Report) -> Table:
    """Return the processed tables with rows, size, licence, and the files to take away."""
    read = read_catalogue(report.project)
    rows = [*_table_rows(read), *_layer_rows(read), *_words_rows()]
    columns = (
        "table file geo",
        Column("rows", "Rows", format=",.0f"),
        "columns kb licence",
        Column("about", "A row for"),
    )

    def files_to(project: Project) -> None:
        write_downloads(project.processed, read, project.root / DOWNLOADS)

    return Table(
        "processed-tables",
        pd.DataFrame(rows),
        columns,
        OWN.source,
        OWN.vintage,
        len(rows),
        more=files_to,
    )


def _table_rows(read: Catalogue) -> list[dict[str, Any]]:
    """Return a row for each table; its geometry is its points, or the outlines of its name."""
    files = spatial_files(read)
    geo = {f.table or f.name: f.name for f in files if f.layer} | {
        f.table: f.name for f in files if not f.layer
    }
    return [
        {
            "table": table.name,
            "about": table.about.removeprefix("One row for "),
            "rows": table.rows,
            "columns": len(table.schema.columns),
            "kb": table.bytes / _KILO,
            "file": "CSV, gzipped" if csv_name(table).endswith(".gz") else "CSV",
            "file_url": f"/{DOWNLOADS}/{csv_name(table)}",
            **_geometry(geo.get(table.name, "")),
            "licence": table.licence.short,
            "licence_url": table.licence.url,
        }
        for table in read.tables
    ]


def _layer_rows(read: Catalogue) -> list[dict[str, Any]]:
    """Return a row for each map layer that is not the geometry of a table's own row."""
    rows = []
    for file in spatial_files(read):
        if file.layer and file.name != file.table:
            made = read.manifest["processed"][f"{file.layer}.geojson"]
            licence = read.output_licence(LAYERS)
            rows.append(
                {
                    "table": file.name,
                    "about": f"Map layer: the shapes of {file.layer}.",
                    "rows": made["rows"],
                    "kb": made["bytes"] / _KILO,
                    "file": None,
                    "file_url": "",
                    **_geometry(file.name),
                    "licence": licence.short,
                    "licence_url": licence.url,
                }
            )
    return rows


def _words_rows() -> list[dict[str, Any]]:
    """Return rows for the two files about all the others."""
    about = {
        DESCRIPTOR: "Names, types, units and licences of all columns: a Frictionless data package.",
        NOTICES: "Notices of the sources, to be kept with the tables.",
    }
    return [
        {"table": name, "about": text, "file": "open", "file_url": f"/{DOWNLOADS}/{name}"}
        | _geometry("")
        | {"licence_url": ""}
        for name, text in about.items()
    ]


def _geometry(name: str) -> dict[str, str | None]:
    """Return word and address of a file with geometry; a missing one is a dash."""
    address = f"/{DOWNLOADS}/{name}.parquet" if name else ""
    return {"geo": "GeoParquet" if name else None, "geo_url": address}


def table_cards(report: Report) -> Cards:
    """Return the columns of each processed table with type, unit and meaning."""
    read = read_catalogue(report.project)
    titles = {source.entry["id"]: source.entry["title"] for source in read.sources}
    return Cards("tables", tuple(_table_card(table, titles) for table in read.tables))


def _sources(name: str, sources: list[Source], *, is_used: bool) -> Table:
    rows = [
        {
            **{key: s.entry[key] for key in ("title", "publisher", "vintage", "url", "file")},
            "sha256": s.entry["sha256"],
            "rows": s.rows,
            "licence": s.licence.short,
            "licence_url": s.licence.url,
            "read": ", ".join(sorted({stage for read in s.reads for stage in read.stages})),
            "feeds": ", ".join(_names(s.feeds)),
        }
        for s in sources
    ]
    columns = (
        "title",
        *((Column("read", "Read by stage"),) if is_used else ()),
        "licence rows vintage publisher",
    )
    frame = pd.DataFrame(rows, columns=_SOURCE_KEYS)
    return Table(name, frame, columns, OWN.source, OWN.vintage, pdf_rows=len(frame))


def _source_card(source: Source) -> Card:
    entry, licence = source.entry, source.licence
    facts = [
        Fact("Publisher", entry["publisher"]),
        Fact("Vintage", entry["vintage"]),
        Fact("Licence", licence.name, licence.url),
        Fact("Fetched from", entry["url"], entry["url"], in_print=False),
        Fact("File", f"{entry['file']} ({entry['bytes'] / _KILO:,.0f} kB)"),
        Fact("SHA-256", f"{entry['sha256'][:_SHORT]}…"),
        Fact("Part that is used", entry["subset"]),
        Fact("Caveats", entry["caveats"]),
        Fact("Checks passed", _checks(source)),
        Fact("Rules that met rows of it", _actions(source)),
        Fact("Tables that hang on it", ", ".join(_names(source.feeds))),
    ]
    told = tuple(fact for fact in facts if fact.text)
    return Card(entry["title"], f"{source.rows:,} rows.", told)


def _checks(source: Source) -> str:
    """Return what the file and its rows were checked against."""
    known = "as registered" if source.is_checked else "NOT as registered"
    fits = [
        f"{r.name}: {r.rows:,} rows fit the schema of {r.columns} columns" for r in source.reads
    ]
    return "; ".join([f"checksum {known}", *fits])


def _actions(source: Source) -> str:
    """Return how many rows rules of the quality ledger dropped, repaired, flagged or kept."""
    return ", ".join(f"{rows:,} {action}" for action, rows in sorted(source.actions().items()))


def _table_card(table: Processed, titles: dict[str, str]) -> Card:
    columns = "column unit about type"
    frame = table.columns()
    name = f"columns-{table.name.replace('_', '-')}"
    shown = Table(name, frame, columns, OWN.source, OWN.vintage, len(frame), is_noted=False)
    facts = (
        Fact("Licence", table.licence.name, table.licence.url),
        Fact("Made by stages", ", ".join(table.stages)),
        Fact("Hangs on", "; ".join(sorted({titles[i] for i in table.sources})), in_print=False),
    )
    return Card(table.name, f"{table.about} {table.rows:,} rows.", facts, shown)


def _names(feeds: tuple[str, ...]) -> list[str]:
    return [name for name in feeds if name != LAYERS] + ["map layers"] * (LAYERS in feeds)
