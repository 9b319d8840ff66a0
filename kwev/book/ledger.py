"""The ledger of a page: each number that its text prints, once, and what it is computed from."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from kwev import escape
from kwev.report.catalogue import DOWNLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kwev.book.chapters import Chapter
    from kwev.display.values import Number, Numbers

LEDGER: Final = re.compile(r"<details class=\"kwev-ledger\">.*?</details>\n?", re.DOTALL)
"""A page's ledger, as :func:`ledger` writes it."""

_MOST_LETTERS: Final = 60
_ORIGIN: Final = re.compile(r"\w+")
_ENDINGS: Final = (".csv", ".csv.gz", ".json")


def names_used(chapter: Chapter) -> list[str]:
    """Return the numbers that a chapter's inline expressions print, once each, in their order."""
    trees = [
        ast.parse(inline.expression, mode="eval")
        for block in chapter.markdown
        for inline in block.inlines
    ]
    return list(
        dict.fromkeys(
            node.attr
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        )
    )


def ledger(names: Iterable[str], numbers: Numbers, site: Path, up: str) -> str:
    """Return the ledger of a page as HTML, folded; empty for a page that prints no number.

    Parameters
    ----------
    names
        What the page prints, in its order (:func:`names_used`).
    numbers
        Every number of the book; a name that is not among them is left out.
    site
        Folder of the rendered site: an origin that is a file to take away leads to it.
    up
        Way from the page to the site's root, such as ``../``.
    """
    known = {number.name: number for number in numbers}
    rows = [_row(known[name], site, up) for name in names if name in known]
    if not rows:
        return ""
    label = "Where the numbers in the text come from"
    lead = "A click on a number in the text leads to its row."
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Name", "Value", "Computed from"))
    return (
        f'<details class="kwev-ledger"><summary>{label}</summary>\n<p>{lead}</p>\n'
        f'<div class="kwev-table"><div class="table-scroll" role="group" tabindex="0"'
        f' aria-label="{label}" style="overflow:auto;max-height:34rem"><table>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table></div></div>\n"
        "</details>\n"
    )


def _row(number: Number, site: Path, up: str) -> str:
    value = str(number)
    if len(value) > _MOST_LETTERS:
        value = f"{value[:_MOST_LETTERS].rstrip()}…"
    origin = escape.html(number.origin)
    path = _file(number.origin, site)
    if path:
        origin = f'<a href="{escape.href(up + path)}">{origin}</a>'
    name = f'<th scope="row" style="font-weight:inherit"><code>{escape.html(number.name)}</code>'
    here = f'id="n-{escape.html(number.name)}"'
    return f"<tr {here}>{name}</th><td>{escape.html(value)}</td><td>{origin}</td></tr>\n"


def _file(origin: str, site: Path) -> str:
    """Return the path in the site of the file to take away that an origin begins with, or none."""
    first = _ORIGIN.match(origin)
    paths = [f"{DOWNLOADS}/{first[0]}{ending}" for ending in _ENDINGS] if first else []
    return next((path for path in paths if (site / path).is_file()), "")
