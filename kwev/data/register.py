"""The register of sources (``data/sources.json``), as pipeline and pages read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.errors import KwevError
from kwev.files import read_json

if TYPE_CHECKING:
    from pathlib import Path


def read_register(path: Path) -> list[dict[str, Any]]:
    """Return the entries of the register of sources, each with file and sha256."""
    value = read_json(path)
    sources = value.get("sources") if isinstance(value, dict) else None
    if not isinstance(sources, list) or not all(
        isinstance(entry, dict) and {"file", "sha256"} <= entry.keys() for entry in sources
    ):
        raise KwevError("not a register of sources", where=str(path), hint="Restore it from git.")
    return sources
