"""Records: results that are no list of cases, kept as JSON with what they are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwev.errors import KwevError
from kwev.files import dump_json, read_json, sha256_json, write_json
from kwev.studies import store
from kwev.studies.rows import CHECKSUM, DIGITS
from kwev.studies.study import SAFE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.project import Project


@dataclass(frozen=True)
class Record:
    """A result that is no list of cases, kept as ``data/results/<name>.json``.

    Attributes
    ----------
    name
        Name of the file, as of a study.
    parts
        What it is made from, by name: hashes (see :func:`made_from`). Another hash makes it stale.
    make
        Works it out: plain JSON values. Called by `kwev sweep` alone.
    """

    name: str
    parts: dict[str, str]
    make: Callable[[], dict[str, Any]]

    def __post_init__(self) -> None:
        if not SAFE_NAME.match(self.name):
            raise KwevError(f"not a name of a record: {self.name!r}")


def made_from(tables: Tables, case: Case, version: str) -> dict[str, str]:
    """Return what a record is made from: the plan's key and the version of the record's own code.

    Parameters
    ----------
    case
        The case whose data, planning choices, geography and model the record stands on.
    version
        Raised where the code behind the record may give another answer.
    """
    return {"plan": store.key(tables, case), "code": version}


def path_of(project: Project, name: str) -> Path:
    """Return where a record is kept."""
    return project.results / f"{name}.json"


def read_record(project: Project, rec: Record) -> dict[str, Any]:
    """Return the committed values of a record.

    Raises
    ------
    KwevError
        Naming the file that is missing, damaged or stale: it is never shown.
    """
    wrong = record_problem(project, rec)
    if wrong:
        hint = f"Run `kwev sweep {rec.name}`."
        raise KwevError(wrong, where=str(path_of(project, rec.name)), hint=hint)
    values: dict[str, Any] = read_json(path_of(project, rec.name))["values"]
    return values


def record_problem(project: Project, rec: Record) -> str:
    """Return what is wrong with a committed record, in words; empty where nothing."""
    path = path_of(project, rec.name)
    if not path.is_file():
        return "the record is missing"
    try:
        kept = read_json(path)
        parts, values, checksum = kept["made_from"], kept["values"], kept[CHECKSUM]
    except (KwevError, KeyError, TypeError):
        return "the record is damaged: it cannot be read"
    if checksum != sha256_json([parts, values])[:DIGITS]:
        return "the record is damaged: its checksum does not fit"
    if parts != rec.parts:
        other = sorted(k for k in {*parts, *rec.parts} if parts.get(k) != rec.parts.get(k))
        return f"the record is stale: {', '.join(other)} has changed since it was made"
    return ""


def write_record(project: Project, rec: Record) -> None:
    """Work a record out and keep it, whole or not at all.

    Raises
    ------
    KwevError
        If its values are not plain JSON.
    """
    values = rec.make()
    try:
        dump_json(values)
    except (TypeError, ValueError) as error:
        raise KwevError(f"record {rec.name!r} is not plain JSON: {error}") from error
    checksum = sha256_json([rec.parts, values])[:DIGITS]
    path = path_of(project, rec.name)
    write_json(path, {"made_from": rec.parts, "values": values, CHECKSUM: checksum})
