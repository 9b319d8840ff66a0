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
            "stage": text(about="Stage of the pipeline."),
            "dataset": text(about="Raw table, or the table being made."),
            "rule": text(about="What the stage looks for."),
            "action": text(
                isin=("dropped", "repaired", "kept", "flagged"), about="What is done with the rows."
            ),
            "rows": integer(unit="rows", about="How many rows met the rule."),
            "note": text(null=True, about="A detail: a limit, a date, a place."),
        },
        exact=True,
        about="One row for each rule of the pipeline, in the order of its stages.",
    ),
}
