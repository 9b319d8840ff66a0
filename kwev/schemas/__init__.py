"""What a table must look like at each door.

One module for each subject holds the schemas of its processed tables; those of raw files are in
``kwev.pipeline.raw_schemas``.
"""

from typing import Final

from kwev.schemas import (
    grid,
    homes,
    ledgers,
    money,
    people,
    roads,
    scores,
    sites,
    stations,
    transit,
    vehicles,
)
from kwev.schemas.columns import (
    BOUNDS,
    CANADA,
    CSD_ID,
    CT_ID,
    DA_ID,
    FSA_ID,
    Schema,
    about_of,
    check,
    count,
    flag,
    integer,
    latitude,
    longitude,
    real,
    table_of,
    text,
    text_columns,
    unit_of,
)
from kwev.schemas.people import DWELLING_TYPES

PROCESSED: Final[dict[str, Schema]] = {
    **people.TABLES,
    **vehicles.TABLES,
    **homes.TABLES,
    **stations.TABLES,
    **sites.TABLES,
    **grid.TABLES,
    **roads.TABLES,
    **transit.TABLES,
    **scores.TABLES,
    **money.TABLES,
    **ledgers.TABLES,
}
"""Columns of every processed table, in order."""

__all__ = [
    "BOUNDS", "CANADA", "CSD_ID", "CT_ID", "DA_ID", "DWELLING_TYPES", "FSA_ID", "PROCESSED",
    "Schema", "about_of", "check", "count", "flag", "integer", "latitude", "longitude", "real",
    "table_of", "text", "text_columns", "unit_of",
]  # fmt: skip
