"""Columns: what each is at each door, and how it is headed; plain rows, which load at once.

``columns.csv`` has a row for each column of each table. Its doors are ``processed`` (the tables of
``data/processed``: these columns, in this order, and no other), ``raw`` (raw files, which may have
other columns) and ``feed`` (the tables of a timetable). A row without a column stands for the
table: what one of its rows is, and, under ``unique``, the columns whose values together are its
key. ``type`` is one of :data:`KINDS`, or the name of a row of ``types``, whose cells stand where
the column's own are empty. ``low`` and ``high`` are inclusive, and no number is beyond
:data:`MOST`; ``null`` is ``yes`` where a cell may be empty, ``absent`` where the whole column may
be left out. Two more doors: ``calendar``, the tables that say when a timetable runs, and
``watched``, the files of ``kwev monitor``.

The check against it is in :mod:`kwev.data.schemas`. How a column is headed and printed, once for
the whole book, stands in ``headings.csv``.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from kwev.errors import KwevError, nearest

KINDS: Final = {
    "text": str, "day": str, "real": float, "whole": float, "integer": int, "flag": bool,
}  # fmt: skip
"""Python type of each kind of column; a ``whole`` number may be read as a float. Both kinds of
whole numbers are at least 0 where no ``low`` says more. A ``day`` is text that is a day of the
calendar, from ``low`` to ``high`` (YYYY-MM-DD); hyphens may be left out."""

MOST: Final = 10**10
"""No number of any table is farther from 0: infinity and a slip of the keys are none."""


def _rows(name: str) -> list[dict[str, str]]:
    text = files("kwev.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


ROWS: Final = _rows("columns.csv")
TYPES: Final = {row["column"]: row for row in ROWS if row["door"] == "types"}


def kinds() -> dict[str, dict[str, type]]:
    """Return the Python type of every column of each processed table, both in order."""
    found: dict[str, dict[str, type]] = {}
    for row in ROWS:
        if row["door"] == "processed":
            table = found.setdefault(row["table"], {})
            if row["column"]:
                table[row["column"]] = KINDS[TYPES.get(row["type"], row)["type"]]
    return found


def choices(table: str, name: str) -> tuple[str, ...]:
    """Return the values that a column of a processed table may have, in order.

    Parameters
    ----------
    table
        Key of :data:`PROCESSED`.
    name
        A column of it that has choices.

    Returns
    -------
    tuple of str
        The values, as ``columns.csv`` lists them.
    """
    row = next(
        r for r in ROWS if (r["door"], r["table"], r["column"]) == ("processed", table, name)
    )
    return tuple((row["choices"] or TYPES[row["type"]]["choices"]).split("|"))


DWELLING_TYPES: Final = choices("construction", "dwelling_type")
"""Structural types of dwelling of the census; duplex = apartment or flat in a duplex, low-rise =
fewer than five storeys, high-rise = five or more."""

FORMS: Final = choices("ev_forecast", "form")
"""Forms of growth that are compared; :mod:`kwev.pipeline.forecast` says what each is."""

BASES: Final = choices("ev_backtest", "basis")
"""Histories that the forms are tested on; see :mod:`kwev.pipeline.forecast`."""

DAYS: Final = choices("transit_days", "day")
"""Kinds of day for which service is counted."""

MODES: Final = choices("transit_routes", "mode")
"""Modes of routes, slowest first."""


def limits(kind: str) -> tuple[float, float]:
    """Return the lowest and highest value of a type of column."""
    return float(TYPES[kind]["low"]), float(TYPES[kind]["high"])


BOUNDS: Final = (
    limits("longitude")[0], limits("latitude")[0], limits("longitude")[1], limits("latitude")[1],
)  # fmt: skip
"""West, south, east, north of Canada (degrees). A coordinate outside, such as 0,0, is a fault of
the file, not a place; what lies in it and outside the region is left out and counted."""

CANADA: Final = (limits("canada_longitude"), limits("canada_latitude"))
"""Longitudes and latitudes of Canada (degrees). A listed point may lie anywhere in it and is
dropped where it is too far; one outside, such as 0,0, is a fault of the file."""


class Heading(NamedTuple):
    """Heading of a column, and the form of its values.

    Attributes
    ----------
    label
        The words above the column.
    unit
        Stands in brackets after them; empty for none.
    format
        Format specification of a value (``",.0f"``, ``".1%"``); empty prints it as it is.
    align
        ``left``, ``right``, ``center``; empty sets numbers right and text left.
    link
        Column with the address that a value leads to; empty for none.
    """

    label: str
    unit: str
    format: str
    align: str
    link: str


@cache
def headings() -> dict[str, Heading]:
    """Return every heading by its column's key."""
    return {row.pop("key"): Heading(**row) for row in _rows("headings.csv")}


def heading(key: str) -> Heading:
    """Return the heading of a column.

    Parameters
    ----------
    key
        The column's name; after a colon what tells two readings of one name apart.

    Returns
    -------
    Heading
        The words above the column, and the form of its values.

    Raises
    ------
    KwevError
        If ``headings.csv`` has no such key.
    """
    if key not in headings():
        hint = nearest(key, list(headings()))
        raise KwevError(f"no heading for column {key!r}", where="kwev/data/headings.csv", hint=hint)
    return headings()[key]
