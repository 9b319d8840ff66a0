"""A release: the rendered book and all that belongs to it in one zip, the same bytes each time."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup

from kwev.errors import KwevError
from kwev.files import dump_json, sha256_bytes, write_bytes, write_text
from kwev.release import metadata
from kwev.release.changes import change_list
from kwev.release.checkout import clean_checkout
from kwev.release.dependencies import bill_of_materials, dependencies, licence_report
from kwev.report.catalogue import DESCRIPTOR
from kwev.report.edition import CITATION
from kwev.sets import MANIFEST, listed, problems

if TYPE_CHECKING:
    from kwev.project import Project
    from kwev.release.checkout import Checkout

BOOK: Final = "_book"

COPIED: Final = (CITATION, "LICENSE", "DATA_LICENCES.md")
"""Files of the checkout that stand at the top of a bundle as they are."""
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the zip: the first that a zip can tell."""
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3
_LEVEL: Final = 9
_RENDER: Final = "Run 'kwev render', then release again."


@dataclass(frozen=True)
class Released:
    """What a release wrote: the zip, its SHA-256, how many files it holds, and what to know."""

    path: Path
    sha256: str
    files: int
    notes: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """Return what a user wants to read."""
        size = self.path.stat().st_size / 1e6
        first = f"wrote {self.path}: {self.files} files, {size:.1f} MB, sha256 {self.sha256}"
        return [first, *(f"note: {note}" for note in self.notes)]


def release(project: Project, out: Path, *, since: str = "") -> Released:
    """Bundle the rendered book of a clean checkout.

    Parameters
    ----------
    out
        Folder for ``kwev-VERSION.zip`` and its checksum; made where it is missing.
    since
        Release to tell the changes from (see :func:`kwev.release.changes.change_list`).

    Raises
    ------
    KwevError
        If the checkout has changes, the book is missing, damaged or of another commit, or the
        bundle's data package is not valid. Nothing is written then.
    """
    checkout = clean_checkout(project)
    site = project.root / BOOK
    facts = _require_rendered(site, checkout)
    name = f"kwev-{checkout.version}"
    with tempfile.TemporaryDirectory(prefix="kwev-release-") as made:
        folder = Path(made) / name
        _fill(project, checkout, folder, facts, since)
        notes = (*_notes(site), *_validated(folder))
        files = _sums(folder)
        packed = Path(made) / f"{name}.zip"
        _pack(folder, packed)
        content = packed.read_bytes()
    digest = sha256_bytes(content)
    write_bytes(out / f"{name}.zip", content)
    write_text(out / f"{name}.zip.sha256", f"{digest}  {name}.zip\n")
    return Released(out / f"{name}.zip", digest, files, notes)


def _require_rendered(site: Path, checkout: Checkout) -> dict[str, str]:
    """Refuse a book that is not whole, or is of another commit; return its pages' provenance."""
    if listed(site) is None:
        raise KwevError("no rendered book", where=str(site), hint=_RENDER)
    wrong = problems(site)
    if wrong:
        raise KwevError(
            f"not the book that was rendered: {wrong[0]}", where=str(site), hint=_RENDER
        )
    facts = _provenance(site)
    made_from = facts.get("Commit", "no commit")
    if made_from != checkout.commit:
        what = f"the book was rendered from {made_from}, and the checkout is at {checkout.commit}"
        raise KwevError(what, where=str(site), hint=_RENDER)
    return facts


def _provenance(site: Path) -> dict[str, str]:
    page = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser")
    pairs = [(one.find("dt"), one.find("dd")) for one in page.select("dl.provenance > div")]
    return {name.get_text(): told.get_text() for name, told in pairs if name and told}


def _notes(site: Path) -> list[str]:
    is_preview = 'content="kwev preview"' in (site / "index.html").read_text(encoding="utf-8")
    return ["the book is the preview; with Quarto it is published"] if is_preview else []


def _fill(
    project: Project, checkout: Checkout, folder: Path, facts: dict[str, str], since: str
) -> None:
    """Write every file of a bundle but its checksums."""
    site = project.root / BOOK
    for name in [MANIFEST, *(listed(site) or ())]:
        target = folder / metadata.SITE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site / name, target)
    for name in COPIED:
        write_bytes(folder / name, _content(project.root / name))
    found = dependencies(project.root)
    texts = {
        "README.md": metadata.readme(project, checkout, facts),
        "CHANGES.md": change_list(project, checkout, since),
        "DEPENDENCIES.md": licence_report(found),
        "codemeta.json": dump_json(metadata.codemeta(project, checkout)),
        "bom.json": dump_json(bill_of_materials(project.root, found, checkout.version)),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    write_bytes(folder / "source.tar", checkout.source())
    package = metadata.data_package(project, checkout, folder)
    write_text(folder / DESCRIPTOR, dump_json(package))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "Take it from git; a release needs it."
        raise KwevError("file cannot be read", where=str(path), hint=hint) from error


def _validated(folder: Path) -> list[str]:
    """Refuse a data package that Frictionless finds wrong; say where there is no Frictionless."""
    try:
        from frictionless import Package  # noqa: PLC0415 -- a tool of the developers
    except ImportError:
        return ["the data package was not validated: frictionless is not installed"]
    report = Package(str(folder / DESCRIPTOR)).validate()
    wrong = [*report.errors, *(error for task in report.tasks for error in task.errors)]
    if wrong:
        first = wrong[0]
        what = f"the data package is not valid: {first.type}, {first.message}"
        raise KwevError(what, where=DESCRIPTOR, hint="Mend what makes it; nothing was written.")
    return []


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _sums(folder: Path) -> int:
    """Write the checksums of all files; return how many files the folder then holds."""
    every = _files(folder)
    lines = [
        f"{sha256_bytes(path.read_bytes())}  {path.relative_to(folder).as_posix()}\n"
        for path in every
    ]
    write_text(folder / metadata.SUMS, "".join(lines))
    return len(every) + 1


def _pack(folder: Path, target: Path) -> None:
    """Write a folder as a zip whose bytes follow from names and contents alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), _MOMENT)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _MODE
            entry.create_system = _UNIX
            archive.writestr(entry, path.read_bytes(), compresslevel=_LEVEL)
