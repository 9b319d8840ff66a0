"""What a table must look like at each door.

The processed tables stand here; those of raw files in :mod:`kwev.pipeline.raw_schemas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.data import place_schemas, supply_schemas

if TYPE_CHECKING:
    import pandas as pd

    from kwev.data.columns import Schema

PROCESSED: Final[dict[str, Schema]] = {**place_schemas.TABLES, **supply_schemas.TABLES}
"""Columns of every processed table, in order."""


def arrange(table: pd.DataFrame, name: str, *key: str) -> pd.DataFrame:
    """Return the columns of a processed table in their order, the rows sorted by ``key``.

    Parameters
    ----------
    table
        Any frame that has these columns.
    name
        Key of :data:`PROCESSED`.
    key
        Columns to sort by; none keeps the order.
    """
    rows = table.sort_values(list(key), ignore_index=True) if key else table
    return rows[list(PROCESSED[name].columns)]
