"""``DATA_LICENCES.md``: the notices of every source in use, and the licence of each output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis.catalogue import LAYERS
from kwev.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.analysis.catalogue import Catalogue, Licence, Source
    from kwev.project import Project

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
