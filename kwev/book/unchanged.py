"""Whether the book that lies there is the one that a render would make: then nothing is made.

``build/rendered.json`` tells what the last render was made from, and which book it left. It is
believed only where all of it is the same: every file that a page may come from, the plans in the
store, the commit, the packages, Quarto, and each byte of the book.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kwev.book import keys
from kwev.book.provenance import collect
from kwev.book.quarto import FORMATS, find_quarto, version_of
from kwev.errors import KwevError
from kwev.files import read_json, sha256_bytes, sha256_json, write_json
from kwev.sets import MANIFEST, problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STAMP: Final = "build/rendered.json"


def state(root: Path, quarto: str | None, to: Sequence[str] = FORMATS) -> str:
    """Return the hash of what a render is made from, the plans in the store left out.

    Parameters
    ----------
    quarto
        The quarto that renders; None for the preview.
    to
        The formats.
    """
    parts = {
        "checkout": keys.of_checkout(root, texts=()),
        "look": keys.of_look(root),
        "facts": dict(collect(root).facts),
        "quarto": version_of(quarto) if quarto else None,
        "to": sorted(to),
    }
    return sha256_json(parts)


def note(root: Path, book: Path, made_from: str, plans: Mapping[str, str], told: str) -> None:
    """Write down what a book was made from.

    Parameters
    ----------
    book
        Its folder.
    made_from
        What :func:`state` gave.
    plans
        Hash of each stored file that it shows, by its path.
    told
        What is said of the book.
    """
    manifest = sha256_bytes((book / MANIFEST).read_bytes())
    known = {"state": made_from, "plans": dict(plans), "book": manifest, "told": told}
    write_json(root / STAMP, known)


def still(root: Path, book: Path, engine: str) -> str | None:
    """Return what is said of the book that lies there where it is the one asked for, else None.

    Parameters
    ----------
    book
        Its folder.
    engine
        ``auto``, ``quarto`` or ``preview``.
    """
    try:
        known: dict[str, Any] = read_json(root / STAMP)
        plans = keys.of_files(root, [root / name for name in known["plans"]])
        same = (
            known["plans"] == plans
            and known["book"] == sha256_bytes((book / MANIFEST).read_bytes())
            and known["state"] == state(root, None if engine == "preview" else find_quarto())
            and not problems(book)
        )
        return str(known["told"]) if same else None
    except (KwevError, OSError, KeyError, TypeError, AttributeError):
        return None
