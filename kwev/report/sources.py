"""The data catalogue: what each source is and feeds, and what each processed table holds.

Read from the register of sources, the manifest of the last build, the quality ledger and the
schemas; nothing is written twice. The licences of sources and of outputs are told apart.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev import escape
from kwev.data.schemas import PROCESSED, about_of, unit_of
from kwev.files import read_json, write_text
from kwev.region import read_region

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.data.schemas import Schema
    from kwev.project import Project
    from kwev.region import Region

OUTPUT_LICENCE: Final = "cc-by-4.0"
"""Licence of what this project computed, where no source asks for its own."""

SHARE_ALIKE: Final = ("odbl-1.0",)
"""Licences of sources that a database made from them must keep."""

LAYERS: Final = "*"
"""Stands for the map layers in the manifest's lineage."""

LEDGER: Final = "quality"
"""The table about the data: it counts rows of every source and holds none of them."""

_TYPES: Final = {"float64": "number", "int64": "integer", "bool": "boolean"}


@dataclass(frozen=True)
class Licence:
    """A licence by its key in the register: names, address (may be empty), words it asks for."""

    key: str
    name: str
    short: str
    url: str
    attribution: str


@dataclass(frozen=True)
class Read:
    """A raw table as the pipeline read it from a file: rows, columns checked, stages using it."""

    name: str
    rows: int
    columns: int
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One entry of the register, with what the pipeline did with it.

    Attributes
    ----------
    entry
        The register's own fields: id, title, publisher, vintage, file, sha256, caveats, …
    licence
        The publisher's.
    reads
        Raw tables read from the file; empty for a source that is registered and not used.
    feeds
        Processed tables (``*``: map layers) that hang on it, sorted.
    rules
        Rows of the quality ledger about its raw tables.
    is_checked
        Whether the checksum of the file that was read is the registered one.
    """

    entry: dict[str, Any]
    licence: Licence
    reads: tuple[Read, ...]
    feeds: tuple[str, ...]
    rules: pd.DataFrame
    is_checked: bool

    @property
    def is_used(self) -> bool:
        """Whether the pipeline reads it."""
        return bool(self.reads)

    @property
    def rows(self) -> int:
        """Rows of the registered file; those of all its parts for an archive."""
        known = self.entry["rows"]
        return sum(known.values()) if isinstance(known, dict) else int(known)

    def actions(self) -> dict[str, int]:
        """Return how many rows were dropped, repaired, flagged or kept by rules that met some."""
        met = self.rules[self.rules["rows"] > 0]
        return {str(k): int(v) for k, v in met.groupby("action")["rows"].sum().items()}


@dataclass(frozen=True)
class Processed:
    """A processed table: what a row is, its columns, where it comes from, its licence.

    Attributes
    ----------
    rows, bytes
        Of its CSV.
    stages
        Stages of the pipeline that it comes from, in order.
    sources
        Ids of the sources that it hangs on, sorted.
    licence
        Of the table itself, as published here.
    """

    name: str
    schema: Schema
    rows: int
    bytes: int
    stages: tuple[str, ...]
    sources: tuple[str, ...]
    licence: Licence

    @property
    def about(self) -> str:
        """What a row is."""
        return about_of(self.schema)

    def columns(self) -> pd.DataFrame:
        """Return name, type, unit and meaning of each column, in order."""
        return pd.DataFrame(
            [
                {
                    "column": name,
                    "type": _TYPES.get(str(column.dtype), "text"),
                    "unit": unit_of(column),
                    "about": about_of(column),
                }
                for name, column in self.schema.columns.items()
            ]
        )


@dataclass(frozen=True)
class Catalogue:
    """Register, manifest and quality ledger of one checkout.

    Attributes
    ----------
    register
        ``data/sources.json``.
    manifest
        ``data/processed/manifest.json``: files, checksums and lineage of the last build.
    quality
        The quality ledger.
    region
        What the project plans for.
    """

    register: dict[str, Any]
    manifest: dict[str, Any]
    quality: pd.DataFrame
    region: Region

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every source of the register, sorted by title."""
        entries = sorted(self.register["sources"], key=lambda e: (e["title"], e["id"]))
        return tuple(self._source(entry) for entry in entries)

    @cached_property
    def tables(self) -> tuple[Processed, ...]:
        """Every processed table, sorted by name."""
        return tuple(self._table(name) for name in sorted(PROCESSED))

    def used(self) -> list[Source]:
        """Return the sources that the pipeline reads."""
        return [source for source in self.sources if source.is_used]

    def unused(self) -> list[Source]:
        """Return the sources that are registered and not read."""
        return [source for source in self.sources if not source.is_used]

    def licence(self, key: str) -> Licence:
        """Return a licence of the register."""
        return Licence(key, **self.register["licences"][key])

    def output_licence(self, name: str) -> Licence:
        """Return the licence of a processed table, or of the map layers (``*``)."""
        asked = {source.licence.key for source in self.used() if name in source.feeds}
        kept = [key for key in SHARE_ALIKE if key in asked]
        return self.licence(kept[0] if kept else OUTPUT_LICENCE)

    def _source(self, entry: dict[str, Any]) -> Source:
        lineage = self.manifest["lineage"]
        file = entry["file"]
        reads = tuple(
            Read(name, read["rows"], read["columns"], self._stages(name))
            for name, read in sorted(lineage["read"].items())
            if read["file"] == file
        )
        stages = {stage for read in reads for stage in read.stages}
        behind = {k: set(v) for k, v in lineage["tables"].items() if k != LEDGER}
        feeds = [name for name, made_in in behind.items() if stages & made_in]
        about = self.quality["dataset"].isin([read.name for read in reads])
        is_checked = self.manifest["raw"].get(file) == entry["sha256"]
        licence = self.licence(entry["licence"])
        return Source(entry, licence, reads, tuple(sorted(feeds)), self.quality[about], is_checked)

    def _stages(self, name: str) -> tuple[str, ...]:
        by_stage = self.manifest["lineage"]["stages"]
        return tuple(stage for stage, names in by_stage.items() if name in names)

    def _table(self, name: str) -> Processed:
        made = self.manifest["processed"][f"{name}.csv"]
        ids = tuple(sorted(s.entry["id"] for s in self.used() if name in s.feeds))
        licence = self.output_licence(name)
        stages = tuple(self.manifest["lineage"]["tables"][name])
        return Processed(name, PROCESSED[name], made["rows"], made["bytes"], stages, ids, licence)


def read_catalogue(project: Project) -> Catalogue:
    """Read the catalogue of a checkout.

    Raises
    ------
    KwevError
        If the register, the manifest or the quality ledger is missing or unreadable.
    """
    content = (project.processed / "quality.csv").read_bytes()
    quality = escape.from_csv(pd.read_csv(io.BytesIO(content), keep_default_na=False), content)
    manifest = read_json(project.processed / "manifest.json")
    region = read_region(project.config)
    return Catalogue(read_json(project.register), manifest, quality, region)


# -- ``DATA_LICENCES.md``: the notices of every source in use, and the licence of each output.

FILE = "DATA_LICENCES.md"

_HEAD = """# Data licences

`kwev`'s code is under the MIT licence (see `LICENSE`). The tables in `data/processed` are adapted
from open data: aggregated, joined, de-duplicated and simplified. No raw file is redistributed here.
The register of every source, with its version and checksum, is `data/sources.json`; `kwev data`
writes this file from it.

Two things are told apart: the licence of each **source**, whose notices whoever reuses the tables
keeps, and the licence of each **output**, at the end. No publisher endorses this project.
"""

_OUTPUTS = """## Licences of the outputs

What this project computed is published under the licence below. A table that hangs on a source
whose licence asks derived databases to be shared alike keeps that licence as a whole.

| output | licence |
|---|---|
"""


def notice(catalogue: Catalogue) -> str:
    """Return the text of ``DATA_LICENCES.md``."""
    used = catalogue.used()
    licences = sorted({source.licence.key: source.licence for source in used}.items())
    parts = [_section(licence, used) for _, licence in licences]
    return "\n".join([_HEAD, *parts, _OUTPUTS + _outputs(catalogue)])


def write_notice(project: Project, catalogue: Catalogue) -> Path:
    """Write ``DATA_LICENCES.md`` and return its path."""
    path = project.root / FILE
    write_text(path, notice(catalogue))
    return path


def _section(licence: Licence, used: list[Source]) -> str:
    under = [source for source in used if source.licence.key == licence.key]
    words = sorted({source.entry["attribution"] for source in under} - {""})
    quotes = "".join(f"> {line}\n\n" for line in words or [licence.attribution] if line)
    rows = "".join(
        f"| {s.entry['title']} | {s.entry['publisher']} | {s.entry['vintage']} |\n" for s in under
    )
    address = f"<{licence.url}>\n\n" if licence.url else ""
    head = "| source | publisher | vintage |\n|---|---|---|\n"
    return f"## {licence.name}\n\n{address}{quotes}{head}{rows}"


def _outputs(catalogue: Catalogue) -> str:
    rows = [(f"`{table.name}.csv`", table.licence.name) for table in catalogue.tables]
    rows.append(("map layers (`*.geojson`)", catalogue.output_licence(LAYERS).name))
    return "".join(f"| {what} | {name} |\n" for what, name in rows)
