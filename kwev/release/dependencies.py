"""What kwev stands on: a CycloneDX bill of materials of the lock, and the licences in words.

Versions and hashes are those of ``requirements.txt``; licences and who needs whom are read from the
packages that are installed here. No network is asked, and the clock is not read: the same lock and
the same environment give the same bytes.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement

from kwev import escape
from kwev.files import sha256_bytes
from kwev.lock import FILE, asked_for, read_lock, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kwev.lock import Locked

SPECIFICATION: Final = "1.6"
"""Version of CycloneDX (https://cyclonedx.org/docs/1.6/json/)."""
UNKNOWN: Final = "not told"
ABSENT: Final = "not installed where this was written"
LONGEST: Final = 60
"""A longer licence is its whole text, and no name (characters)."""

_SCRIPTS: Final = {
    "leaflet": ("kwev.display", "leaflet/leaflet.js", "BSD-2-Clause"),
    "plotly.js": ("kwev.display", "plotly/plotly-basic.min.js", "MIT"),
    "sql.js": ("kwev.site", "sql.js-1.17.0/sql-wasm-inline.js", "MIT"),
}
"""Libraries that the pages bring along: room, their file in its ``assets``, their licence."""


@dataclass(frozen=True)
class Dependency:
    """One package: where it comes from, its licence, and whether kwev runs on it.

    Attributes
    ----------
    purl
        Its package URL, such as ``pkg:pypi/numpy@2.0.0``.
    licence
        An SPDX expression or a name; :data:`UNKNOWN` or :data:`ABSENT` where none is known.
    is_spdx
        Whether the licence is an expression of SPDX.
    runs
        Whether kwev needs it to run; else it is a tool of its development.
    needs
        Names of the packages of the lock that it needs itself.
    """

    name: str
    version: str
    purl: str
    licence: str
    is_spdx: bool
    runs: bool
    marker: str = ""
    sha256: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def dependencies(root: Path) -> list[Dependency]:
    """Return every package of the lock, and the libraries of the pages, sorted by name.

    Raises
    ------
    KwevError
        If the lock cannot be read.
    """
    locked = read_lock(root / FILE)
    names = {one.name for one in locked}
    runs = _closure(_direct(root))
    return sorted(
        [*(_dependency(one, names, runs) for one in locked), *_scripts()],
        key=lambda one: (one.name, one.version),
    )


def _direct(root: Path) -> list[Requirement]:
    return [Requirement(text) for text in asked_for(root)]


def _dependency(one: Locked, names: set[str], runs: set[str]) -> Dependency:
    licence, is_spdx = _licence(one.name)
    needs = {spelled(r.name) for r in _requirements(one.name, ())} & names
    return Dependency(
        one.name, one.version, f"pkg:pypi/{one.name}@{one.version}", licence, is_spdx,
        one.name in runs, one.marker, one.sha256, tuple(sorted(needs)),
    )  # fmt: skip


def _closure(requirements: Iterable[Requirement]) -> set[str]:
    """Return the names of all packages that these requirements lead to."""
    waiting = [(spelled(r.name), frozenset(r.extras)) for r in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) not in seen:
            seen.add((name, extras))
            waiting += [
                (spelled(r.name), frozenset(r.extras)) for r in _requirements(name, sorted(extras))
            ]
    return {name for name, _ in seen}


def _requirements(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    """Yield what an installed package asks for here; nothing for one that is absent."""
    try:
        rows = requires(name) or []
    except PackageNotFoundError:
        return
    for row in rows:
        asked = Requirement(row)
        marker = asked.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield asked


def _licence(name: str) -> tuple[str, bool]:
    """Return the licence of an installed package, and whether it is an expression of SPDX."""
    try:
        told = metadata(name).json
    except PackageNotFoundError:
        return ABSENT, False
    if expression := told.get("license_expression"):
        return str(expression), True
    found = [
        row.rpartition(" :: ")[2]
        for row in told.get("classifier", ())
        if row.startswith("License :: ") and not row.endswith(":: OSI Approved")
    ]
    text = str(told.get("license", "")).strip()
    if not found and text and "\n" not in text and len(text) <= LONGEST:
        found = [text]
    return " or ".join(sorted(found)) or UNKNOWN, False


def _scripts() -> Iterator[Dependency]:
    for name, (room, file, licence) in _SCRIPTS.items():
        content = files(room).joinpath("assets", file).read_bytes()
        version = re.search(rb"v?(\d+\.\d+\.\d+)", file.encode() + content[:200])
        said = version[1].decode() if version else UNKNOWN
        purl = f"pkg:npm/{name}@{said}"
        digest = (sha256_bytes(content),)
        yield Dependency(name, said, purl, licence, is_spdx=True, runs=True, sha256=digest)


# -- In the two forms.


def bill_of_materials(root: Path, found: list[Dependency], version: str) -> dict[str, Any]:
    """Return the bill of materials of kwev in a version, as CycloneDX in JSON."""
    own = f"pkg:generic/kwev@{version}"
    direct = [*(spelled(asked.name) for asked in _direct(root)), *_SCRIPTS]

    def of(names: Iterable[str]) -> list[str]:
        return sorted(one.purl for one in found if one.name in set(names))

    edges = [{"ref": own, "dependsOn": of(direct)}]
    edges += [{"ref": one.purl, "dependsOn": of(one.needs)} for one in found]
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": own, "name": "kwev", "version": version,
                "licenses": [{"expression": "MIT"}],
            }
        },
        "components": [_component(one) for one in found],
        "dependencies": edges,
    }  # fmt: skip
    name = sha256_bytes(repr(content).encode())
    return {**content, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"}


def _component(one: Dependency) -> dict[str, Any]:
    known = one.licence not in {UNKNOWN, ABSENT}
    licence = {"expression": one.licence} if one.is_spdx else {"license": {"name": one.licence}}
    return {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "scope": "required" if one.runs else "optional",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.sha256],
        **({"licenses": [licence]} if known else {}),
        **({"properties": [{"name": "kwev:marker", "value": one.marker}]} if one.marker else {}),
    }


def licence_report(found: list[Dependency]) -> str:
    """Return the licences as Markdown: how many packages bear each, then package by package."""
    counts = Counter(one.licence for one in found)
    lines = [
        "# Licences of what kwev stands on",
        "",
        f"Each package of the lock `{FILE}`, and the libraries that the pages bring along.",
        "Licences are those that packages tell of themselves; what they bundle may have others.",
        "pypandoc-binary brings the program pandoc along, which is GPL-2.0-or-later.",
        "",
        "| licence | packages |",
        "|---|---|",
        *(f"| {_cell(name)} | {counts[name]} |" for name in sorted(counts, key=str.lower)),
        "",
        "| package | version | licence | needed |",
        "|---|---|---|---|",
    ]
    for one in found:
        needed = "to run" if one.runs else "to develop"
        needed = "on other systems" if one.licence == ABSENT else needed
        lines.append(
            f"| {_cell(one.name)} | {_cell(one.version)} | {_cell(one.licence)} | {needed} |"
        )
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return escape.markdown(text)
