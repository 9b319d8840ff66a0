"""Reading and writing files: whole or not at all, and the same bytes for the same content."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwev import escape
from kwev.errors import KwevError

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


MOST_BYTES = 2**28
"""A larger JSON file is none of ours (bytes)."""
MOST_DIGITS = 20
"""A longer whole number is none of ours."""
LONGEST_REASON = 200


def json_schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the JSON schema of a record (draft 2020-12)."""
    return {
        **model.model_json_schema(),
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
    }


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path`` and move it into place, so no reader sees half of it.

    Raises
    ------
    KwevError
        If the folder cannot be made or written to; the old file stays as it was.
    """
    try:
        _replace(path, content)
    except OSError as error:
        hint = "Check that the folder exists, is a folder and may be written to."
        raise KwevError(f"cannot write: {error.strerror}", where=str(path), hint=hint) from error


def refuse_file(folder: Path) -> None:
    """Refuse an output folder that is a file, or lies below one.

    Raises
    ------
    KwevError
        Naming the file.
    """
    for path in (folder, *folder.parents):
        if path.is_file():
            hint = "Give the name of a folder."
            raise KwevError("a file stands in the way of the output", where=str(path), hint=hint)


def _replace(path: Path, content: bytes) -> None:
    path = path.resolve()  # a link stays one: what it leads to is written
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the line ends it has, whole or not at all."""
    write_bytes(path, text.encode())


def dump_json(value: Any, *, indent: int | None = 1) -> str:
    """Return ``value`` as JSON text: sorted keys, no NaN, one newline at the end."""
    return (
        json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    )


def write_json(path: Path, value: Any, *, indent: int | None = 1) -> None:
    """Write ``value`` as JSON with sorted keys, whole or not at all."""
    write_text(path, dump_json(value, indent=indent))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as UTF-8 CSV (:func:`kwev.escape.csv`), whole or not at all."""
    write_text(path, escape.csv(table))


def read_json(path: Path) -> Any:
    """Read a JSON file, strictly: no key twice, no number beyond a double, no half character.

    Raises
    ------
    KwevError
        If the file is missing, too large, not UTF-8 or not such JSON.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise KwevError("file is too large", where=str(path), hint="Check the file.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise KwevError("file not found", where=str(path), hint="Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise KwevError(
            f"file cannot be read: {reason}", where=str(path), hint="Check the file."
        ) from error
    return parse_json(text, str(path))


def parse_json(text: str, where: str) -> Any:
    """Return what JSON text says, as strictly as :func:`read_json`; ``where`` names its file.

    Raises
    ------
    KwevError
        If it is no such JSON.
    """
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_whole,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
        if _SURROGATE.search(text):  # half a character comes from an escape alone
            dump_json(value).encode()
    except UnicodeEncodeError as error:
        raise KwevError(
            "not valid JSON: half a character", where=where, hint="Mend or write it again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise KwevError(
            f"not valid JSON: {str(error)[:LONGEST_REASON]}",
            where=where,
            hint="The file may be cut off; write it again.",
        ) from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"{digits[:MOST_DIGITS]}... has too many digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:MOST_DIGITS]} is beyond any number")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {twice!r} stands there twice")
    return found


def require_whole_csv(content: bytes) -> None:
    """Refuse CSV that may be cut off: a last line without its end, or uneven rows.

    Raises
    ------
    ValueError
        As :func:`require_even_rows`.
    """
    if not content.endswith((b"\n", b"\r")):
        raise ValueError("the last line has no end; put a line break there if the file is whole")
    require_even_rows(content)


def require_even_rows(content: bytes) -> None:
    """Refuse CSV of which a row has more or fewer cells than the heading.

    Readers of tables fill up what is missing, and take a row with one cell more for one with a
    name of its own.

    Raises
    ------
    ValueError
        Naming the row, or what is no CSV in UTF-8.
    """
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    try:
        width = len(next(rows, ()))
        for number, row in enumerate(rows, start=1):
            if row and len(row) != width:
                raise ValueError(f"row {number} has {len(row)} cells and not {width}")
    except csv.Error as error:
        raise ValueError(str(error)) from error


def sha256_bytes(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON text."""
    return sha256_bytes(dump_json(value, indent=None).encode())
