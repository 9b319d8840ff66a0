"""Shared by the exhibits: one way to make a table, and names in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.figures.figure import Origin
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

OWN = Origin("kwev, computed from the sources of the data catalogue", "the dates given there")
"""Origin of what is derived from several sources at once."""


def table(name: str, frame: pd.DataFrame, columns: list[Column], origin: Origin) -> Table:
    """Return a table of an origin, all rows in the PDF up to the usual limit."""
    return Table(name, frame, tuple(columns), origin.source, origin.vintage)


def category_name(category: str) -> str:
    """Return a site category as words: ``fuel_station`` becomes ``Fuel station``."""
    return category.replace("_", " ").capitalize()
