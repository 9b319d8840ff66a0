"""The files for builders and readers: strict records, and the schema of each file.

The records of ``results.json``, ``phases.json`` and ``schedule.json`` stand field by field, with
their types and meaning, in ``kwev/data/file_records.csv``. Names follow the client's specification,
with the unit added: shares are 0 to 1, money is CAD, lengths are metres, power kW. A value that
does not exist is null.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from kwev.files import json_schema_of
from kwev.vocabulary import ActionKindKey

FORMAT_VERSION: Literal[1] = 1

TITLES = {"Results": "kwev results", "PhaseFile": "kwev phases", "ScheduleFile": "kwev schedule"}
"""Title of each file's schema, by its record."""

_NAMES: dict[str, Any] = {
    "Any": Any, "Literal": Literal, "ActionKindKey": ActionKindKey, "Share": float,
    "LevelName": Literal["l2", "l3"], "WhenName": Literal["before", "after"],
}  # fmt: skip
"""What the types of the records are made of, beside records and Python's own."""


class FileRecord(BaseModel):
    """A part of a file: nothing beside the fields, no number that JSON does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return self.model_dump(mode="json")


@cache
def _records() -> dict[str, type[FileRecord]]:
    text = files("kwev.data").joinpath("file_records.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines(keepends=True)))
    made: dict[str, type[FileRecord]] = {}
    for name, part in groupby(lines, key=lambda line: line["record"]):
        whole, *lines_of = part
        fields: dict[str, Any] = {line["field"]: (line["type"], _field(line)) for line in lines_of}
        made[name] = create_model(name, __base__=FileRecord, __doc__=whole["about"], **fields)
    for model in made.values():
        model.model_rebuild(_types_namespace=_NAMES | made)
    return made


def _field(line: dict[str, str]) -> Any:
    least, more = line["least"], line["least"].startswith(">")
    limit: dict[str, Any] = {"gt" if more else "ge": int(least[more:])} if least else {}
    return Field(description=line["about"] or None, **limit)


def file_record(name: str, values: dict[str, Any]) -> FileRecord:
    """Return plain values as a record of ``file_records.csv``, checked field by field."""
    return _records()[name].model_validate(values)


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON schema of a file by its record, a key of :data:`TITLES`."""
    return json_schema_of(_records()[name], TITLES[name])
