"""Parts of pages: tables that can be sorted, cards, and how shares, people and money are said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kwev import escape
from kwev.display.style import DASH, MINUS
from kwev.display.values import significant
from kwev.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HUNDRED: Final = 100


def have(share: float) -> str:
    """Return who has a thing, with its verb: "26 of 100 have", "nobody has"."""
    whole = round(HUNDRED * share)
    if not share > 0:
        return "nobody has"
    if share >= 1:
        return "everybody has"
    if whole in (0, HUNDRED):
        return "hardly anybody has" if whole == 0 else "nearly everybody has"
    return f"{whole} of 100 {'has' if whole == 1 else 'have'}"


def distance(metres: float) -> str:
    """Return a distance in the unit that people say it in: "500 m", "5 km"."""
    return f"{metres:,.0f} m" if metres < M_PER_KM else f"{metres / M_PER_KM:g} km"


def people(count: float) -> str:
    """Return a count of people or vehicles to three significant digits: "75,500"."""
    return f"{significant(count):,.0f}"


def money(cad: float) -> str:
    """Return an amount to three significant digits: "$1,880,000"."""
    return f"{MINUS if cad < 0 else ''}${significant(abs(cad)):,.0f}"


def percent(share: float) -> str:
    """Return a share in percent to a tenth: "26.4%", "0%", "under 0.1%"; a dash for none."""
    if not math.isfinite(share):
        return DASH
    tenths = round(10 * HUNDRED * share)
    if share <= 0 or tenths:
        return f"{tenths / 10:.1f}%" if share > 0 else "0%"
    return "under 0.1%"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text
        What is shown.
    value
        What a number is sorted by; None where the text is.
    link
        Where it leads; empty for nowhere.
    """

    text: str
    value: float | None = None
    link: str = ""


def table(  # noqa: PLR0913 -- each says one thing about the table
    name: str,
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sortable: bool = False,
    filter_label: str = "",
    print_rows: int = 0,
) -> str:
    """Return a table as HTML; a script makes one that is sortable so (``tables.js``).

    Parameters
    ----------
    name
        Its id in the page.
    headings
        Words above the columns; a column whose first cell has a value is one of numbers.
    filter_label
        Words beside the box that filters its rows; empty for no box.
    print_rows
        Rows for which the letters on paper have to be small enough; 0 for no such limit.
    """
    made = [list(row) for row in rows]
    numeric = [cell.value is not None for cell in made[0]] if made else [False] * len(headings)
    head = "".join(
        f'<th scope="col"{_CLASS[is_number]}>{escape.html(words)}</th>'
        for words, is_number in zip(headings, numeric, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(_cells(row))}</tr>" for row in made)
    marks = ' data-sortable=""' if sortable else ""
    marks += f' data-filter="{escape.html(filter_label)}"' if filter_label else ""
    marks += f' class="long" style="--rows:{print_rows}"' if print_rows else ""
    told = f"<caption>{escape.html(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape.html(caption)}">'
        f'<table id="{name}"{marks}>{told}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


_CLASS: Final = {True: ' class="n"', False: ""}


def _cells(row: Sequence[Cell]) -> Iterable[str]:
    for at, cell in enumerate(row):
        shown = escape.html(cell.text)
        if cell.link:
            shown = f'<a href="{escape.href(cell.link)}">{shown}</a>'
        sort = "" if cell.value is None else f' data-v="{cell.value:.10g}"'
        mark = _CLASS[cell.value is not None]
        yield (
            f'<th scope="row"{mark}{sort}>{shown}</th>' if at == 0 else
            f"<td{mark}{sort}>{shown}</td>"
        )  # fmt: skip


def cards(facts: Iterable[tuple[str, str, str]]) -> str:
    """Return cards: for each a heading, the large figure and a line below it."""
    items = "".join(
        f'<li class="card">{escape.html(what)}<b class="big">{escape.html(figure)}</b>'
        f"{escape.html(note)}</li>"
        for what, figure, note in facts
    )
    return f'<ul class="cards">{items}</ul>'


def paragraph(text: str, css: str = "") -> str:
    """Return a paragraph of plain text."""
    mark = f' class="{css}"' if css else ""
    return f"<p{mark}>{escape.html(text)}</p>"
