"""Processed tables about the data themselves."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import (
    Schema,
    integer,
    table_of,
    text,
)

TABLES: Final[dict[str, Schema]] = {
    "quality": table_of(
        {
            "stage": text(),
            "dataset": text(),
            "rule": text(),
            "action": text(isin=("dropped", "repaired", "kept", "flagged")),
            "rows": integer(),
            "note": text(null=True),
        },
        exact=True,
    ),
}
