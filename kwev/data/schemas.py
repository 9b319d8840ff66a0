"""What a table must look like at each door.

One module for each subject holds the schemas of its processed tables; those of raw files are in
``kwev.pipeline.raw_schemas``.
"""

from typing import Final

from kwev.data import place_schemas, supply_schemas
from kwev.data.columns import Schema

PROCESSED: Final[dict[str, Schema]] = {
    **place_schemas.TABLES,
    **supply_schemas.VEHICLES_TABLES,
    **place_schemas.HOMES_TABLES,
    **supply_schemas.TABLES,
    **place_schemas.SITES_TABLES,
    **place_schemas.GRID_TABLES,
    **place_schemas.ROADS_TABLES,
    **supply_schemas.TRANSIT_TABLES,
    **place_schemas.SCORES_TABLES,
    **supply_schemas.MONEY_TABLES,
    **place_schemas.LEDGERS_TABLES,
}
"""Columns of every processed table, in order."""
