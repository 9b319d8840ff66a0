"""What tells machines and archives of a bundle: codemeta, data package, and a page for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kwev.book.downloads import CATALOGUE
from kwev.config import read_publisher
from kwev.files import read_json, sha256_bytes
from kwev.lock import asked_for
from kwev.report.catalogue import DESCRIPTOR, DOWNLOADS
from kwev.report.edition import citation

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.project import Project
    from kwev.release.checkout import Checkout
    from kwev.report.edition import Citation

SITE: Final = "site"
"""Folder of the rendered book in a bundle."""
SUMS: Final = "SHA256SUMS"

ABOUT: Final = {
    "README.md": "What is in this bundle, and how to check it",
    "CHANGES.md": "What changed since the last release",
    "CITATION.cff": "How to cite it",
    "LICENSE": "Licence of text and code",
    "DATA_LICENCES.md": "Licences and notices of the data",
    "codemeta.json": "The software, described for machines (CodeMeta 3.0)",
    "bom.json": "Bill of materials of the dependencies (CycloneDX)",
    "DEPENDENCIES.md": "Licences of the dependencies",
    "source.tar": "Everything that is committed: code, chapters, processed data, results",
}
"""Files at the top of a bundle: what each holds."""


def codemeta(project: Project, checkout: Checkout) -> dict[str, Any]:
    """Return the description of the software in CodeMeta 3.0 (https://codemeta.github.io)."""
    cited, publisher = citation(project), read_publisher(project.config)
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": "kwev",
        "description": cited.title,
        "version": checkout.version,
        "datePublished": cited.date,
        "license": _spdx(cited),
        "author": [{"@type": "Organization", "name": name} for name in cited.authors],
        "programmingLanguage": "Python",
        "softwareRequirements": sorted(asked_for(project.root)),
        "identifier": checkout.commit,
        **({"codeRepository": publisher.repository} if publisher.repository else {}),
        **({"url": publisher.site} if publisher.site else {}),
    }


def _spdx(cited: Citation) -> str:
    return f"https://spdx.org/licenses/{cited.licence}"


def data_package(project: Project, checkout: Checkout, folder: Path) -> dict[str, Any]:
    """Return the Frictionless data package of a bundle's folder.

    Each processed table has its columns, units, licence and sources; each other file that a reader
    may take away, and each at the top, has its size, hash and what it holds.
    """
    cited = citation(project)
    tables = _processed(folder)
    known = {one["path"] for one in tables["resources"]}
    others = [
        _file(folder, f"{SITE}/{one['path']}", str(one["description"]))
        for one in read_json(folder / SITE / CATALOGUE)["resources"]
        if f"{SITE}/{one['path']}" not in known
    ]
    top = [_file(folder, name, about) for name, about in ABOUT.items() if (folder / name).is_file()]
    return {
        **tables,
        "profile": "data-package",
        "name": "kwev",
        "title": cited.title,
        "description": "Adapted from open data; notices of the sources are in DATA_LICENCES.md.",
        "licenses": [*tables.get("licenses", ()), {"name": cited.licence, "path": _spdx(cited)}],
        "version": checkout.version,
        "created": f"{cited.date}T00:00:00Z",
        "contributors": [{"title": name, "role": "author"} for name in cited.authors],
        "resources": [*top, *tables["resources"], *others],
    }


def _processed(folder: Path) -> dict[str, Any]:
    """Return the package of the processed tables, its paths from the bundle's top."""
    path = folder / SITE / DOWNLOADS / DESCRIPTOR
    if not path.is_file():  # a book that offers no tables
        return {"resources": []}
    found: dict[str, Any] = read_json(path)
    resources = [{**one, "path": f"{SITE}/{DOWNLOADS}/{one['path']}"} for one in found["resources"]]
    return {**found, "resources": resources}


def _file(folder: Path, path: str, about: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    return {
        "name": re.sub(r"[^a-z0-9._-]", "-", path.lower().replace("/", "_")),
        "type": "file",
        "profile": "data-resource",
        "path": path,
        "description": about,
        "format": path.rpartition(".")[2].lower(),
        "bytes": len(content),
        "hash": f"sha256:{sha256_bytes(content)}",
    }


def readme(project: Project, checkout: Checkout, facts: dict[str, str]) -> str:
    """Return the page that tells people what a bundle holds and how to check it."""
    cited = citation(project)
    lines = [
        f"# {cited.title}",
        "",
        f"Version {checkout.version}, made from commit {checkout.commit}.",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        "| file | what it holds |",
        "|---|---|",
        f"| `{SITE}/index.html` | The book: open it in a browser, no network is needed |",
        f"| `{SITE}/*.pdf` | The book and its papers as PDF |",
        f"| `{SITE}/{DOWNLOADS}/` | The plan's files, and the processed tables |",
        *(f"| `{name}` | {about} |" for name, about in ABOUT.items()),
        "| `datapackage.json` | Each file with its columns, units and licence (Frictionless) |",
        f"| `{SUMS}` | Checksums of all files |",
        "",
        f"`sha256sum --check {SUMS}` holds every file against its checksum.",
        "To make all of it again, unpack `source.tar` and follow its `README.md`.",
    ]
    return "\n".join(lines) + "\n"
