"""Exhibits of the data catalogue: sources, licences, processed tables with their downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.analysis.catalogue import LAYERS, read_catalogue
from kwev.analysis.downloads import (
    DESCRIPTOR,
    NOTICES,
    csv_name,
    spatial_files,
    write_downloads,
)
from kwev.exhibits.common import OWN
from kwev.figures.cards import Card, Cards, Fact
from kwev.figures.figure import ASSETS
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.analysis.catalogue import Catalogue, Processed, Source
    from kwev.project import Project
    from kwev.report import Report

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
        Column("short", "Licence"),
        Column("name", "Full name", link="url"),
        Column("sources", "Sources", format=",d"),
        Column("used", "in use", format=",d"),
        Column("outputs", "Tables here", format=",d"),
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
        Column("table", "Table"),
        Column("file", "File", link="file_url"),
        Column("geo", "With geometry", link="geo_url"),
        Column("rows", "Rows", format=",.0f"),
        Column("columns", "Columns", format=",.0f"),
        Column("kb", "Size", "kB", ",.0f"),
        Column("licence", "Licence", link="licence_url"),
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
        Column("title", "Data set", link="url"),
        *((Column("read", "Read by stage"),) if is_used else ()),
        Column("licence", "Licence", link="licence_url"),
        Column("rows", "Rows", format=",d"),
        Column("vintage", "Vintage"),
        Column("publisher", "Publisher"),
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
    columns = (
        Column("column", "Column"),
        Column("unit", "Unit"),
        Column("about", "What it holds"),
        Column("type", "Type"),
    )
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
