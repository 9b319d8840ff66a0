"""The catalogue of all that a reader can take away from the site, with the columns of each file.

It is made from the rendered site, after either engine: ``downloads.json`` at its root, in the form
of a Frictionless data package, and a page with the same in words. A file that nothing tells about
is a fault, and so is an entry without a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev import escape, formats
from kwev.book.papers import PAPERS
from kwev.data.columns import headings
from kwev.display.figure import ASSETS
from kwev.errors import KwevError
from kwev.files import read_json, sha256_bytes, write_bytes, write_json, write_text
from kwev.report import catalogue, plan_files, sites
from kwev.site.page import FOLDER as PAGES
from kwev.site.page import Page, document
from kwev.units import CRS_DEGREES

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.book.chapters import Book

CATALOGUE: Final = "downloads.json"
"""The catalogue, at the site's root."""

PAGE: Final = f"{ASSETS}/{PAGES}/downloads.html"
SCHEMAS: Final = f"{plan_files.FOLDER}/schemas"

ENDINGS: Final = ("csv", "csv.gz", "geojson", "gpkg", "json", "md", "parquet", "pdf", "png", "svg",
                  "xlsx", "ics", "zip")  # fmt: skip
"""Endings of files that are taken away; others are what pages are made of."""

GROUPS: Final = {
    "plan": "The plan",
    "papers": "Papers",
    "tables": "Tables of the book",
    "figures": "Figures and their data",
    "processed": "Processed tables",
    "pages": "Files of the pages beside the book",
}
"""Groups of files, in their order on the page."""

_FOLDERS: Final = {
    f"{ASSETS}/tables": ("tables", "Rows of the table {}"),
    f"{ASSETS}/data": ("figures", "Data of the figure {}"),
    f"{ASSETS}/figures": ("figures", "The figure {} as a picture"),
    f"{ASSETS}/{PAGES}": ("pages", "File of the page {}"),
}
"""Folders in which every file is of one kind: its group, and words with its name."""

_JSON_SCHEMAS: Final = {
    "plan.json": "plan.json",
    sites.GEOJSON: "site-packages.geojson.json",
    sites.PHASES: "phases.json",
}
"""The schema of a file of JSON: its name in ``docs/schemas``."""

_TYPES: Final = {"i": "integer", "f": "number", "b": "boolean"}


@dataclass(frozen=True)
class Entry:
    """One file to take away.

    Attributes
    ----------
    path
        From the site's root.
    group
        A key of :data:`GROUPS`.
    about
        What it holds, in one line.
    more
        What the catalogue adds: ``rows``, ``schema``, ``layers``, ``jsonSchema``.
    """

    path: str
    group: str
    about: str
    more: dict[str, Any]


def write_catalogue(book: Book, site: Path) -> list[Entry]:
    """Write the catalogue of a site, its page, and the schemas that it leads to.

    Raises
    ------
    KwevError
        If a file that can be taken away has no entry.
    """
    _write_schemas(site)
    known = _described(book, site)
    entries, without = [], []
    for path in downloads(site):
        found = known.get(path) or _by_folder(site, path)
        if found:
            entries.append(found)
        else:
            without.append(path)
    if without:
        raise KwevError(
            f"no entry in the catalogue of downloads: {', '.join(without)}",
            hint="Say in kwev/book/downloads.py what the file holds.",
        )
    order = list(GROUPS)
    entries.sort(key=lambda entry: (order.index(entry.group), entry.path))
    write_json(site / CATALOGUE, _package(book, site, entries))
    _write_page(site, entries)
    return entries


def downloads(site: Path) -> list[str]:
    """Return the paths of all files of a site that can be taken away, sorted."""
    folders = [*_FOLDERS, plan_files.FOLDER]
    found = [*site.glob("*.pdf"), *(p for name in folders for p in (site / name).rglob("*"))]
    paths = (p.relative_to(site).as_posix() for p in found if p.is_file())
    return sorted({p for p in paths if p.endswith(tuple(f".{ending}" for ending in ENDINGS))})


def problems(site: Path) -> list[str]:
    """Return what is wrong with the catalogue of a site, a line each; empty where nothing."""
    listed = {one["path"]: one for one in read_json(site / CATALOGUE)["resources"]}
    there = set(downloads(site))
    lines = [f"{path}: no entry in {CATALOGUE}" for path in sorted(there - listed.keys())]
    lines += [f"{path}: in {CATALOGUE} and not there" for path in sorted(listed.keys() - there)]
    for path in sorted(there & listed.keys()):
        entry, content = listed[path], (site / path).read_bytes()
        if not entry["description"].strip():
            lines.append(f"{path}: nothing says what it holds")
        if entry["hash"] != f"sha256:{sha256_bytes(content)}":
            lines.append(f"{path}: not the file that was listed")
        if ".csv" in path and "schema" not in entry:
            lines.append(f"{path}: its columns are not told")
    return lines


def _described(book: Book, site: Path) -> dict[str, Entry]:
    """Return the entries of files that are told of by name."""
    entries = [Entry(book.pdf_name, "papers", "The whole book", {})]
    entries += [Entry(paper.file, "papers", paper.about, {}) for paper in PAPERS]
    for name, about in {**plan_files.FILES, **sites.ABOUT}.items():
        path = f"{plan_files.FOLDER}/{name}"
        if (site / path).is_file():
            entries.append(Entry(path, "plan", about, _of_plan(site, path, name)))
    for name in _JSON_SCHEMAS.values():
        entries.append(Entry(f"{SCHEMAS}/{name}", "plan", f"Schema of the JSON: {name}", {}))
    descriptor = site / catalogue.DOWNLOADS / catalogue.DESCRIPTOR
    if descriptor.is_file():
        about = "Names, types, units and licences of the processed tables"
        path = f"{catalogue.DOWNLOADS}/{catalogue.DESCRIPTOR}"
        entries.append(Entry(path, "processed", about, {}))
        path = f"{catalogue.DOWNLOADS}/{catalogue.NOTICES}"
        entries.append(Entry(path, "processed", "Notices of the sources", {}))
        for one in read_json(descriptor)["resources"]:
            name = str(one["path"])
            about = str(one.get("description") or f"{name.partition('.')[0]}, with its geometry")
            more = {key: one[key] for key in ("rows", "schema", "licenses") if key in one}
            entries.append(Entry(f"{catalogue.DOWNLOADS}/{name}", "processed", about, more))
    return {entry.path: entry for entry in entries}


def _of_plan(site: Path, path: str, name: str) -> dict[str, Any]:
    """Return what the catalogue adds to a file of the plan."""
    told = plan_files.SITE_COLUMNS
    if name == "plan.gpkg":
        made = [
            {"name": layer, "description": about, "fields": _told(columns)}
            for layer, (about, columns) in plan_files.LAYERS.items()
        ]
        return {"layers": made, "crs": CRS_DEGREES}
    if name in _JSON_SCHEMAS:
        return {"jsonSchema": f"{SCHEMAS}/{_JSON_SCHEMAS[name]}"}
    if name.endswith(".geojson"):
        return {"schema": {"fields": _told(told)}, "crs": CRS_DEGREES}
    return _of_csv(site / path, told) if name.endswith(".csv") else {}


def _told(columns: dict[str, plan_files.Told]) -> list[dict[str, str]]:
    return [
        {"name": name, "description": told.about, **({"unit": told.unit} if told.unit else {})}
        for name, told in columns.items()
    ]


def _by_folder(site: Path, path: str) -> Entry | None:
    """Return the entry of a file in a folder of one kind; none elsewhere."""
    for folder, (group, words) in _FOLDERS.items():
        if path.startswith(f"{folder}/"):
            name = path.removeprefix(f"{folder}/").partition(".")[0]
            more = _of_csv(site / path, {}) if path.endswith(".csv") else {}
            return Entry(path, group, words.format(name), more)
    return None


def _of_csv(path: Path, told: dict[str, plan_files.Told]) -> dict[str, Any]:
    """Return rows and columns of a CSV: name, type, and heading and unit where they are known."""
    frame, known = pd.read_csv(path, low_memory=False), headings()
    fields = []
    for name in map(str, frame.columns):
        field = {"name": name, "type": _TYPES.get(frame[name].dtype.kind, "string")}
        if name in told:
            field |= _told({name: told[name]})[0]
        elif name in known:
            field["description"] = known[name].label
            field |= {"unit": known[name].unit} if known[name].unit else {}
        fields.append(field)
    return {"rows": len(frame), "schema": {"fields": fields, "missingValues": [""]}}


def _write_schemas(site: Path) -> None:
    every = formats.schemas()
    for file, name in _JSON_SCHEMAS.items():
        if (site / plan_files.FOLDER / file).is_file():
            write_json(site / SCHEMAS / name, every[f"docs/schemas/{name}"])


def _package(book: Book, site: Path, entries: list[Entry]) -> dict[str, Any]:
    return {
        "profile": "data-package",
        "name": "kwev-downloads",
        "title": f"{book.title}: all files to take away",
        "resources": [_resource(site, entry) for entry in entries],
    }


def _resource(site: Path, entry: Entry) -> dict[str, Any]:
    content = (site / entry.path).read_bytes()
    return {
        "name": entry.path.removeprefix(f"{ASSETS}/").replace("/", "-").lower(),
        "path": entry.path,
        "description": entry.about,
        "format": entry.path.removesuffix(".gz").rpartition(".")[2],
        "bytes": len(content),
        "hash": f"sha256:{sha256_bytes(content)}",
        **entry.more,
    }


# -- The same in words.

_KILO: Final = 1000
_BARE: Final = (None, "", "1", "id")
"""Units that say no more than the number itself."""


def _write_page(site: Path, entries: list[Entry]) -> None:
    body = "\n".join(
        _section(site, words, [entry for entry in entries if entry.group == group])
        for group, words in GROUPS.items()
    )
    page = Page(
        "downloads", "All files to take away",
        "Each figure, table and plan of this book as a file, with its columns and their units.",
        f'<p>The same for machines: <a href="../../{CATALOGUE}">{CATALOGUE}</a>.</p>\n{body}',
    )  # fmt: skip
    for name in ("page.css", "page.js"):
        content = files("kwev.display").joinpath("assets", name).read_bytes()
        write_bytes(site / ASSETS / "vendor" / name, content)
    write_text(site / PAGE, document(page, []))


def _section(site: Path, words: str, entries: list[Entry]) -> str:
    items = "\n".join(_item(site, entry) for entry in entries)
    return f"<h2>{escape.html(words)}</h2>\n<ul>\n{items}\n</ul>" if items else ""


def _item(site: Path, entry: Entry) -> str:
    size = f"{max((site / entry.path).stat().st_size / _KILO, 1):,.0f} kB"
    name = escape.html(entry.path.rpartition("/")[2])
    return (
        f'<li><a href="{escape.href(f"../../{entry.path}")}">{name}</a> ({size}): '
        f"{escape.html(entry.about)}{_columns(entry)}</li>"
    )


def _columns(entry: Entry) -> str:
    """Return the columns of a file, folded; of each layer where it has several."""
    layers = entry.more.get("layers", [])
    parts = [(str(layer["description"]), layer["fields"]) for layer in layers]
    if "schema" in entry.more:
        parts.append(("Columns", entry.more["schema"]["fields"]))
    return "".join(
        f"<details><summary>{escape.html(words)}</summary><ul>"
        + "".join(f"<li>{_field(field)}</li>" for field in fields)
        + "</ul></details>"
        for words, fields in parts
    )


def _field(field: dict[str, Any]) -> str:
    about = str(field.get("description") or "")
    unit = f" ({field['unit']})" if field.get("unit") not in _BARE else ""
    text = f"{about}{unit}".strip()
    return f"<code>{escape.html(str(field['name']))}</code>" + (
        f": {escape.html(text)}" if text else ""
    )
