"""A file on its way into ``data/raw``: checked, put in place whole, entered into the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kwev.data.register import read_register
from kwev.data.schemas import FEED
from kwev.errors import KwevError
from kwev.fetch.web import UNTOUCHED, place
from kwev.files import read_json, sha256_bytes, write_bytes, write_json
from kwev.pipeline.raw import Mends, checked, read_content, read_geojson
from kwev.pipeline.timetables import Feed

if TYPE_CHECKING:
    from kwev.fetch.wanted import Wanted

LEAST_PART: Final = 0.5
"""A file with a smaller part of the rows of the one before is more likely a fault than news."""


@dataclass(frozen=True)
class Shelf:
    """Where files land: the raw folder, the register, and what is remembered beside it.

    Parameters
    ----------
    raw
        Folder of raw files.
    register
        ``data/sources.json``.
    fewer
        Whether a file may lose more than half of its rows.
    """

    raw: Path
    register: Path
    fewer: bool = False

    @property
    def memory(self) -> Path:
        """Validators of the last answers, by file: beside the register."""
        return self.register.with_name("fetched.json")

    def known(self, wanted: Wanted) -> dict[str, dict[str, str]]:
        """Return the validators of a file; none unless what they speak of is still in place."""
        entry = self._remembered().get(wanted.file, {})
        registered = (self.entry(wanted.file) or {}).get("sha256")
        here = self.sha256(wanted.file)
        if here is None or not here == registered == entry.get("sha256"):
            return {}
        return {str(url): dict(found) for url, found in entry.get("answers", {}).items()}

    def entry(self, path: str) -> dict[str, Any] | None:
        """Return what the register says of a file."""
        return next((one for one in read_register(self.register) if one["file"] == path), None)

    def sha256(self, path: str) -> str | None:
        """Return the hash of a file that is there."""
        try:
            return sha256_bytes((self.raw / path).read_bytes())
        except OSError:
            return None

    def land(self, wanted: Wanted, content: bytes, answers: dict[str, dict[str, str]]) -> str:
        """Check a file, put it in place and enter it; return in words what became of it.

        Raises
        ------
        KwevError
            If it is not what the pipeline reads, or has lost too many rows. Nothing is changed.
        """
        rows = _rows(wanted, content, self.raw / wanted.file)
        old = self.entry(wanted.file)
        before = _total(old["rows"]) if old else 0
        if _total(rows) < LEAST_PART * before and not self.fewer:
            raise KwevError(
                f"{_total(rows):,} rows where the file before has {before:,}",
                where=place(wanted.address),
                hint=f"{UNTOUCHED} If it is true, take it with --fewer.",
            )
        digest = sha256_bytes(content)
        same = old is not None and digest == self.sha256(wanted.file) == old["sha256"]
        if not same:
            write_bytes(self.raw / wanted.file, content)
            self._enter(wanted, content, rows, old)
        if answers:
            memory = self._remembered()
            memory[wanted.file] = {"answers": answers, "sha256": digest}
            write_json(self.memory, memory)
        told = f"{_total(rows):,} rows"
        return f"as it was, {told}" if same else f"new, {told} ({before:,} before)"

    def _remembered(self) -> dict[str, Any]:
        try:
            found = read_json(self.memory)
        except KwevError:  # it only saves a download
            return {}
        return found if isinstance(found, dict) else {}

    def _enter(self, wanted: Wanted, content: bytes, rows: Any, old: dict[str, Any] | None) -> None:
        register = read_json(self.register)
        licence = register["licences"][wanted.licence]
        now = datetime.now(UTC)
        entry = {
            "id": Path(wanted.file).stem.replace("-", "_"), "attribution": licence["attribution"],
            **(old or {}),
            "file": wanted.file, "title": wanted.title, "publisher": wanted.publisher,
            "licence": wanted.licence, "licence_url": licence["url"], "url": wanted.address,
            "subset": wanted.subset, "caveats": wanted.caveats, "bytes": len(content),
            "rows": rows, "sha256": sha256_bytes(content), "vintage": f"fetched {now:%Y-%m-%d}",
            "fetched": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        others = [one for one in register["sources"] if one["file"] != wanted.file]
        register["sources"] = sorted([*others, entry], key=lambda one: str(one["id"]))
        write_json(self.register, register)


def _rows(wanted: Wanted, content: bytes, path: Path) -> int | dict[str, int]:
    """Return how many rows a file has, by table for an archive, once it has passed its schema."""
    hint = f"{UNTOUCHED} The publisher may have changed the layout: see kwev/fetch."
    where = place(wanted.address)
    try:
        if wanted.schema is not None:
            layer = read_geojson(content, where, hint=hint)
            return len(checked(layer, wanted.schema, where, hint))
        found = read_content(wanted.table, content, path, Mends())
    except KwevError as error:
        raise KwevError(
            f"what was sent is refused: {error.what}", where=where, hint=hint
        ) from error
    if isinstance(found, Feed):
        return {f"{name}.txt": len(getattr(found, name)) for name in FEED}
    return len(found)


def _total(rows: Any) -> int:
    return sum(rows.values()) if isinstance(rows, dict) else int(rows)
