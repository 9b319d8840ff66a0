"""What the formats of the files for builders and readers share: strict records, and their schema.

Names follow the client's specification, with the unit added. A value that does not exist is null.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class FileRecord(BaseModel):
    """A part of a file: nothing beside the fields, no number that JSON does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the JSON schema of a file under a title."""
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = title
    return schema
