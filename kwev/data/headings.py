"""How a column of a table is headed and printed, once for the whole book: ``headings.csv``."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from kwev.errors import KwevError, nearest


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
    text = files("kwev.data").joinpath("headings.csv").read_text(encoding="utf-8")
    _, *lines = csv.reader(text.splitlines())
    return {key: Heading(*rest) for key, *rest in lines}


def heading(key: str) -> Heading:
    """Return the heading of a column.

    Raises
    ------
    KwevError
        If ``headings.csv`` has no such key.
    """
    if key not in headings():
        hint = nearest(key, list(headings()))
        raise KwevError(f"no heading for column {key!r}", where="kwev/data/headings.csv", hint=hint)
    return headings()[key]
