"""Reading and writing files: whole or not at all, and the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwev.errors import KwevError

if TYPE_CHECKING:
    import pandas as pd

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


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
    """Write a table as UTF-8 CSV with LF line ends and no index, whole or not at all."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    KwevError
        If the file is missing, not UTF-8 or not JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise KwevError("file not found", where=str(path), hint="Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise KwevError(
            f"file cannot be read: {reason}", where=str(path), hint="Check the file."
        ) from error
    try:
        return _plain(json.loads(text, parse_constant=_refuse_constant, parse_float=_finite), text)
    except (ValueError, RecursionError) as error:
        raise KwevError(
            f"not valid JSON: {error}",
            where=str(path),
            hint="The file may be cut off; write it again.",
        ) from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large for a number")
    return value


def _plain(value: Any, text: str) -> Any:
    """Refuse half a character, which no file can hold."""
    if _SURROGATE.search(text):
        try:
            dump_json(value).encode()
        except UnicodeEncodeError as error:
            raise ValueError("it holds half a character (a lone surrogate)") from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def sha256_bytes(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON text."""
    return sha256_bytes(dump_json(value, indent=None).encode())
