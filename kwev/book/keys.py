"""What the outputs of chapters hang on, as keys: a chapter whose key is unchanged is not run again.

The key is over everything that a chapter may read, not over what it is known to read: each file of
the checkout but those that :data:`NEVER_READ` names, the packages that are installed, the plans in
the store, and the chapter's own text. A chapter that opens another file of the checkout all the
same is seen doing it (:func:`strangers`), and is run at every render.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kwev.files import sha256_bytes, sha256_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kwev.book.chapters import Page

LOOK: Final = frozenset({"kwev/book/assets", "theme"})
"""Folders of how pages look, whatever a chapter says."""

NEVER_READ: Final = LOOK | {
    "_book", "assets", "build", "docs", "index_files", "node_modules", "region-book", "tests",
}  # fmt: skip
"""Folders of a checkout that no chapter reads: outputs, the look, and what is about the code."""

_NEVER_READ: Final = tuple(f"{folder}/" for folder in sorted(NEVER_READ))
READ_IN_THEM: Final = ("tests/instances",)
"""Folders in those that chapters read all the same."""

RAW: Final = "data/raw"
_OUTPUTS: Final = (".pyc", ".ipynb", ".quarto_ipynb", "_files")
_CACHES: Final = ("__pycache__",)


def of_checkout(root: Path, texts: Iterable[Page]) -> str:
    """Return the hash of what every chapter may read, the texts of chapters and papers left out.

    Parameters
    ----------
    root
        The checkout.
    texts
        Chapters and papers: none reads the text of another.
    """
    own = {str(page.source) for page in texts}
    files = {name: _sha256(root / name) for name in covered(root) if name not in own}
    packages = [*_packages(), _code(root)]
    return sha256_json({"files": files, "python": sys.version, "packages": packages})


def _code(root: Path) -> str:
    """Return the hash of kwev itself where it lies outside the checkout, as for another region."""
    folder = Path(__file__).parents[1]
    if folder.is_relative_to(root.resolve()):
        return ""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sha256_json(of_files(folder, files))


def of_chapter(root: Path, page: Page, checkout: str, plans: Mapping[str, str]) -> str:
    """Return the key of a chapter: 16 hexadecimal digits.

    Parameters
    ----------
    checkout
        What :func:`of_checkout` gives.
    plans
        Hash of each stored file that chapters show, by its path (:func:`of_files`).
    """
    text = _sha256(root / page.source)
    parts = {"checkout": checkout, "plans": dict(plans), "name": str(page.source), "text": text}
    return sha256_json(parts)[:16]


def of_look(root: Path) -> dict[str, str]:
    """Return the hash of each file of how pages look, by its path below the checkout."""
    found = (path for folder in LOOK for path in (root / folder).rglob("*"))
    return of_files(root, (path for path in found if path.is_file()))


def of_files(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the hash of each file by its path below the checkout; empty where there is none."""
    return {path.relative_to(root).as_posix(): _sha256(path) for path in sorted(paths)}


def covered(root: Path) -> Iterator[str]:
    """Give the paths of the files that keys are over, below the checkout, sorted."""
    yield from sorted(
        {*_below(root, root), *(n for f in READ_IN_THEM for n in _below(root, root / f))}
    )


def stamp(root: Path) -> str:
    """Return the hash of times and sizes of the files that keys are over: whether any was touched.

    A chapter is kept only where none was between the making of its key and its end.
    """
    found = {}
    for name in covered(root):
        told = (root / name).stat()
        found[name] = [told.st_mtime_ns, told.st_size]
    return sha256_json(found)


def strangers(root: Path, opened: Iterable[str]) -> list[str]:
    """Return which files of the checkout were opened that no key is over, sorted.

    Parameters
    ----------
    opened
        Absolute paths.
    """
    below = {Path(os.path.realpath(name)) for name in opened}
    names = {path.relative_to(root).as_posix() for path in below if path.is_relative_to(root)}
    known = set(covered(root))
    return sorted(name for name in names - known if not _is_output(name))


def _below(root: Path, folder: Path) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        here = Path(where).relative_to(root)
        folders[:] = [n for n in folders if not _is_left_out((here / n).as_posix())]
        yield from ((here / n).as_posix() for n in names if not _is_left_out((here / n).as_posix()))


def _is_left_out(name: str) -> bool:
    """Tell what no key is over: it is made, hidden, or read by no chapter."""
    last = name.rpartition("/")[2]
    return (
        (f"{name}/".startswith(_NEVER_READ) and not name.startswith(READ_IN_THEM))
        or last.startswith(".")
        or last in _CACHES
        or last.endswith((*_OUTPUTS, ".egg-info"))
        or name == RAW
    )


def _is_output(name: str) -> bool:
    """Tell what a render itself makes, the plans in the store among it."""
    return name.startswith(("build/", "assets/", ".git/", ".venv/")) or "__pycache__/" in name


@lru_cache(maxsize=1)
def _packages() -> tuple[str, ...]:
    """Return the installed packages with their versions, as their folders are named, sorted."""
    folders = [Path(name) for name in sys.path if name.endswith("-packages")]
    found = {path.name for folder in folders for path in folder.glob("*.dist-info")}
    return (platform.machine(), *sorted(found))


def _sha256(path: Path) -> str:
    try:
        return sha256_bytes(path.read_bytes())
    except OSError:
        return ""
