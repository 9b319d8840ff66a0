"""How the columns of a table share the width of a printed page, from what stands in them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import pandas as pd

from kwev import escape
from kwev.data.columns import heading
from kwev.display import style
from kwev.display.figure import ASSETS, Origin, check_name, publish_vendor, source_note
from kwev.errors import KwevError
from kwev.files import write_csv, write_text
from kwev.project import find_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kwev.project import Project

LETTERS = 100
"""Letters on a line of a table with few columns: set smaller, more columns hold more."""

_SMALLER = ((6, 120), (9, 138))
_WISH, _WORD = 36, 22
_MARGIN = 3


def line_letters(columns: int) -> int:
    """Return how many letters fit on a line of a table with so many columns."""
    return max([LETTERS, *(letters for beyond, letters in _SMALLER if columns > beyond)])


def shares(texts: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns' shares of the width (letters).

    Each column gets its longest word, so that names and numbers stay whole; what is left goes to
    the columns that want more, each up to its longest text or 36 letters.

    Parameters
    ----------
    texts
        For each column what stands in it, heading included.
    """
    least = [
        min(max((len(word) for text in column for word in text.split()), default=0), _WORD)
        + _MARGIN
        for column in texts
    ]
    wish = [
        max(min(max(map(len, column), default=0), _WISH) + _MARGIN, low)
        for column, low in zip(texts, least, strict=True)
    ]
    wanted = sum(wish) - sum(least)
    left = min(max(line_letters(len(texts)) - sum(least), 0), wanted)
    return [
        low + (round(left * (high - low) / wanted) if wanted else 0)
        for low, high in zip(least, wish, strict=True)
    ]


# -- A table as one object with two forms: HTML that scrolls on a phone, Markdown for the PDF.

Align = Literal["left", "right", "center"]

PDF_ROWS = 40
"""Rows of a table that the PDF shows unless a table says otherwise."""

TALL_ROWS = 30
"""From here on the HTML table scrolls in its own window, and can be searched and sorted."""

LONG_ROWS = 100
"""From here on a chapter shows the first rows; all stand on a page of their own."""

TABLES = "tables"
"""Folder of the tables' files, below ``assets``."""

_PAGE_HEAD = """\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../vendor/page.css">
<script src="../vendor/page.js"></script>"""

_SEARCHED = (
    ' data-sortable="" data-filter="Find in this table"',
    f'<script defer src="/{ASSETS}/vendor/tables.js"></script>\n',
)
"""What asks ``tables.js`` for it, and the script."""

WIDE_LETTERS = 125
"""A table whose columns ask for more, 16 letters each at most, lies across a printed sheet."""

_GROUND = "background:var(--paper,var(--bs-body-bg,Canvas))"
_STAY_ABOVE = f";position:sticky;top:0;z-index:1;{_GROUND}"
_STAY_LEFT = f";position:sticky;left:0;{_GROUND}"
_STAY_CORNER = f";position:sticky;top:0;left:0;z-index:2;{_GROUND}"

_LETTER_REM = 0.45
_SHORT, _FIRST, _LONG = 16, 20, 32
"""Letters: a text up to the first asks for no room; the first column stays in sight on a phone
where two lines of the second hold it; no column asks for more than lines of the third."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    key
        Column of the frame.
    label
        Heading.
    unit
        Stands in brackets after the heading; empty for none.
    format
        Format specification of a value (``",.0f"``, ``".1%"``); empty prints it as it is.
    align
        ``None`` sets numbers right and text left.
    link
        Column of the frame with the address that a value leads to in HTML; empty for none. An
        address that begins with ``/`` lies in the site.
    """

    key: str
    label: str
    unit: str = ""
    format: str = ""
    align: Align | None = None
    link: str = ""

    @property
    def heading(self) -> str:
        """Label with unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def show(self, value: Any) -> str:
        """Return a value as text; a missing one is a dash, minus is a true minus sign.

        Text stays as it is, whatever the format of the numbers beside it.
        """
        if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
            return style.DASH
        if isinstance(value, bool):
            return "yes" if value else "no"
        plain = isinstance(value, str) or not self.format
        text = str(value) if plain else format(value, self.format)
        is_number = isinstance(value, Real)
        return text.replace("-", style.MINUS, 1) if is_number and text.startswith("-") else text


Columns: TypeAlias = "str | Sequence[str | Column]"
"""Columns in order; a text holds keys of ``headings.csv`` with blanks between."""


def columns_of(given: Columns) -> tuple[Column, ...]:
    """Return columns, of which those known to ``headings.csv`` may be given by key.

    Parameters
    ----------
    given
        Columns in order; a text holds keys with blanks between (``"name total l2_after"``). A key
        may name another heading of its column after a colon (``"name:station"``).
    """
    columns: list[Column] = []
    for part in [given] if isinstance(given, str) else given:
        if isinstance(part, Column):
            columns.append(part)
            continue
        for key in part.split():
            known = heading(key)
            align = cast("Align | None", known.align or None)
            column = key.partition(":")[0]
            columns.append(Column(column, known.label, known.unit, known.format, align, known.link))
    return tuple(columns)


@dataclass(frozen=True, eq=False)
class Table:
    """A table in two forms, with source, date and CSV.

    Attributes
    ----------
    name
        File name of the CSV; lower-case letters, digits and hyphens.
    frame
        All rows, unformatted: what the CSV holds.
    columns
        What is shown, in order (see :func:`columns_of`). The first column names its row.
    source, vintage
        As in :class:`kwev.display.figure.Origin`.
    pdf_rows
        Most rows in the PDF.
    group
        Column of the frame by which rows stand under headings; empty for none.
    printed
        Column of true and false: which rows the PDF shows; empty for all.
    more
        Writes what the links of the table lead to.
    is_noted
        Whether it has a CSV, and source, date and CSV stand below it; not where what is around it
        gives them.
    """

    name: str
    frame: pd.DataFrame
    columns: Columns
    source: str
    vintage: str
    pdf_rows: int = PDF_ROWS
    group: str = ""
    printed: str = ""
    more: Callable[[Project], None] | None = None
    is_noted: bool = True
    shown: tuple[Column, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "shown", columns_of(self.columns))
        if not self.shown:
            raise KwevError(f"table {self.name} has no columns")
        named = [name for c in self.shown for name in (c.key, c.link)]
        for key in filter(None, [*named, self.group, self.printed]):
            if key not in self.frame.columns:
                raise KwevError(
                    f"table {self.name} has no column {key!r}",
                    hint=f"Columns: {', '.join(map(str, self.frame.columns))}.",
                )
        if not self.source.strip() or not self.vintage.strip():
            raise KwevError(f"table {self.name} has no source or vintage", hint="Give both.")

    @property
    def origin(self) -> Origin:
        """Source and date."""
        return Origin(self.source, self.vintage)

    def html(self) -> str:
        """Return a semantic table inside a region that scrolls sideways, source and CSV below.

        Of a long table these are its first rows, and the way to the page that has all.
        """
        if not self.is_long:
            return self._html(list(self._rows()))
        told = f"All {len(self.frame):,} rows, to search and sort"
        way = f'<p><a href="/{ASSETS}/{TABLES}/{self.name}.html">{told}</a></p>\n'
        return self._html(list(self._rows())[:TALL_ROWS], way)

    @property
    def is_long(self) -> bool:
        """Whether all its rows stand on a page of their own."""
        return len(self.frame) > LONG_ROWS

    def page(self) -> str:
        """Return the page of a long table: all rows, to be searched and sorted."""
        title = escape.html(self.name.replace("-", " ").capitalize())
        every = self._html(list(self._rows()), window="80vh")
        for way in ("href", "src"):
            every = every.replace(f'{way}="/', f'{way}="../../')
        return (
            f'<!DOCTYPE html>\n<html lang="en-CA">\n<head>\n{_PAGE_HEAD}\n'
            f"<title>{title}</title>\n</head>\n<body>\n"
            '<nav aria-label="Site"><ul><li><a href="../../index.html">The book</a></li></ul>'
            "</nav>\n"
            f'<main id="main">\n<h1>{title}</h1>\n{every}\n</main>\n</body>\n</html>\n'
        )

    def _html(self, shown: list[list[str]], way: str = "", window: str = "34rem") -> str:
        is_tall = len(shown) > TALL_ROWS
        longest = [max((len(row[i]) for row in shown), default=0) for i in range(len(self.shown))]
        # a column that fills a phone must not stay there
        is_pinned = longest[0] <= 2 * _FIRST
        heads = "".join(
            self._html_head(index, letters, is_tall=is_tall, is_pinned=is_pinned and index == 0)
            for index, letters in enumerate(longest)
        )
        rows = "\n".join(self._html_rows(shown, is_pinned=is_pinned))
        tall = f";max-height:{window}" if is_tall else ""
        note = source_note(self.origin, f"{TABLES}/{self.name}.csv") if self.is_noted else ""
        across = sum(min(letters, _SHORT) + _MARGIN for letters in longest)
        wide = " kwev-wide" if across > WIDE_LETTERS else ""
        marks, script = _SEARCHED if is_tall and not self.group else ("", "")
        return (
            f'<div class="kwev-table{wide}" id="table-{self.name}">\n'
            f'<div class="table-scroll" role="group" tabindex="0" aria-label="{self._name()}"'
            f' style="overflow:auto;max-width:100%{tall}">\n'
            f'<table class="table table-sm" data-quarto-disable-processing="true"{marks}>\n'
            f"<thead>\n<tr>{heads}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
            f"{way}{note}\n{script}</div>"
        )

    def markdown(self) -> str:
        """Return a pipe table of at most ``pdf_rows`` rows and the source, for print."""
        every = list(self._rows())
        kept = self.frame[self.printed].tolist() if self.printed else [True] * len(every)
        groups = self._groups()
        wanted = [(g, row) for g, row, is_kept in zip(groups, every, kept, strict=True) if is_kept]
        shown = [(g, [escape.markdown(cell) for cell in row]) for g, row in wanted[: self.pdf_rows]]
        heads = [escape.markdown(column.heading) for column in self.shown]
        rows = [row for _, row in shown]
        widths = shares([[head, *(row[i] for row in rows)] for i, head in enumerate(heads)])
        rule = [_rule(width, self._align(c)) for width, c in zip(widths, self.shown, strict=True)]
        lines = [_pipe(heads), _pipe(rule)]
        before = ""
        for group, row in shown:
            if group != before:
                before = group
                lines.append(_pipe([f"**{escape.markdown(group)}**", *([""] * (len(heads) - 1))]))
            lines.append(_pipe(row))
        return "\n".join([*lines, "", self._print_note(len(every), len(wanted)), ""])

    def _print_note(self, every: int, wanted: int) -> str:
        """Return what stands below the table in print."""
        note = escape.markdown(self.origin.line()) if self.is_noted else ""
        if wanted > self.pdf_rows:
            return f"First {self.pdf_rows:,} of {every:,} rows; the CSV has all. {note}"
        if every > wanted:
            return f"{wanted:,} of {every:,} rows; the CSV has all. {note}"
        return note

    def publish(self, project: Project) -> None:
        """Write CSV and page below ``<project>/assets/tables``, and what links lead to."""
        publish_vendor(project)
        if self.is_noted:
            write_csv(project.shown / ASSETS / TABLES / f"{self.name}.csv", self.frame)
        if self.is_long:
            write_text(project.shown / ASSETS / TABLES / f"{self.name}.html", self.page())
        if self.more:
            self.more(project)

    def _rows(self) -> Iterable[list[str]]:
        values = [self.frame[column.key].tolist() for column in self.shown]
        for row in zip(*values, strict=True):
            yield [column.show(value) for column, value in zip(self.shown, row, strict=True)]

    def _html_head(self, index: int, longest: int, *, is_tall: bool, is_pinned: bool) -> str:
        """Return a heading that stays in sight and holds its column open for two lines of text."""
        column = self.shown[index]
        stay = {
            (True, True): _STAY_CORNER,
            (True, False): _STAY_ABOVE,
            (False, True): _STAY_LEFT,
        }.get((is_tall, is_pinned), "")
        room = ""
        if longest > _SHORT:
            letters = min(math.ceil(longest / 2), _LONG)
            room = f";min-width:{_LETTER_REM * letters:.1f}rem"
        align = self._align(column)
        number = ' class="n"' if align == "right" else ""
        look = f"text-align:{align}{stay}{room}"
        return f'<th scope="col"{number} style="{look}">{escape.html(column.heading)}</th>'

    def _html_rows(self, rows: list[list[str]], *, is_pinned: bool) -> Iterable[str]:
        """Give the rows, with a heading where a new group begins."""
        links = [self.frame[c.link].tolist() if c.link else [""] * len(rows) for c in self.shown]
        groups, before = self._groups(), ""
        for number, row in enumerate(rows):
            if groups[number] != before:
                before = groups[number]
                yield (
                    f'<tr><th scope="colgroup" colspan="{len(self.shown)}" style="text-align:left'
                    f'"><span style="position:sticky;left:0.5rem">{escape.html(before)}</span>'
                    "</th></tr>"
                )
            yield self._html_row(row, [link[number] for link in links], is_pinned=is_pinned)

    def _html_row(self, row: list[str], links: list[str], *, is_pinned: bool) -> str:
        cells = []
        for index, (column, text) in enumerate(zip(self.shown, row, strict=True)):
            tag, more, scope = "td", "", ""
            if index == 0:
                stay = _STAY_LEFT if is_pinned else ";overflow-wrap:anywhere"
                tag, more, scope = "th", f";font-weight:inherit{stay}", ' scope="row"'
            look = f' style="text-align:{self._align(column)}{more}"'
            shown = _anchor(text, links[index])
            cells.append(f"<{tag}{scope}{look}>{shown}</{tag}>")
        return f"<tr>{''.join(cells)}</tr>"

    def _groups(self) -> list[str]:
        """Return the group of each row; empty where there are none."""
        return [str(g) for g in self.frame[self.group]] if self.group else [""] * len(self.frame)

    def _align(self, column: Column) -> Align:
        if column.align:
            return column.align
        values = self.frame[column.key].infer_objects()
        is_number = pd.api.types.is_numeric_dtype(values)
        return "right" if is_number and not pd.api.types.is_bool_dtype(values) else "left"

    def _name(self) -> str:
        return escape.html(f"Table: {', '.join(column.label for column in self.shown)}")

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        self.publish(find_project())
        text = self.markdown()
        return {"text/html": self.html(), "text/markdown": text, "text/plain": text}


def _anchor(text: str, address: str) -> str:
    """Return a text as HTML, leading to an address if there is one."""
    shown = escape.html(text)
    if not address:
        return shown
    # a page's own style may break links anywhere, for the sake of long addresses
    whole = ' style="white-space:nowrap"' if len(text) <= _SHORT else ""
    return f'<a href="{escape.href(address)}"{whole}>{shown}</a>'


def _pipe(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(width: int, align: Align) -> str:
    """Return the dashes below a heading; where rows are long pandoc takes widths from them."""
    dashes = "-" * width
    ends = {"left": ":{}-", "right": "-{}:", "center": ":{}:"}
    return ends[align].format(dashes)


# -- Shared by the exhibits: one way to make a table, and names in words.

OWN = Origin("kwev, computed from the sources of the data catalogue", "the dates given there")
"""Origin of what is derived from several sources at once."""


def table(  # noqa: PLR0913 -- what a table is, and how print cuts it
    name: str,
    frame: pd.DataFrame,
    columns: Columns,
    origin: Origin,
    *,
    group: str = "",
    printed: str = "",
    pdf_rows: int = PDF_ROWS,
) -> Table:
    """Return a table of an origin; see :class:`Table`."""
    return Table(
        name, frame, columns, origin.source, origin.vintage, pdf_rows, group=group, printed=printed
    )


def category_name(category: str) -> str:
    """Return a site category as words: ``fuel_station`` becomes ``Fuel station``."""
    return category.replace("_", " ").capitalize()
