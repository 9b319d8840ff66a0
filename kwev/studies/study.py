"""Studies and records: what many plans give for one question, kept small for the book to read.

A study is a list of :class:`Point`; each is a case that is solved, certified and kept in the store
the moment it is made, so that a run that is killed goes on where it stopped. What the book needs of
each plan is a row of ``data/results/<study>.csv``, committed with the code. A :class:`Record` is a
result that is no list of cases, kept as JSON with what it is made from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import dump_json, read_json, sha256_json, write_json
from kwev.plan.export import write_plan
from kwev.sets import renewing
from kwev.studies import rows, store
from kwev.studies.rows import CHECKSUM, DIGITS, Row
from kwev.studies.store import require_scheduler, solved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.project import Project


SAFE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
"""Names of studies, points and records, which are names of files."""


@dataclass(frozen=True)
class Point:
    """One plan of a study.

    Attributes
    ----------
    study
        Name of the study: its file.
    name
        Name of the point, unique in its study; lower-case letters, digits, ``-``, ``_``, ``.``.
    case
        What is solved.
    """

    study: str
    name: str
    case: Case

    def __post_init__(self) -> None:
        for name in (self.study, self.name):
            if not SAFE_NAME.match(name):
                hint = "Use lower-case letters, digits, hyphens, underscores and full stops."
                raise KwevError(f"not a name of a study or point: {name!r}", hint=hint)


def path_of(project: Project, study: str) -> Path:
    """Return where the rows of a study are kept."""
    return project.results / f"{study}.csv"


def results(project: Project, points: Sequence[Point]) -> pd.DataFrame:
    """Return the committed rows of a study, in the order of its points.

    Parameters
    ----------
    project
        The checkout.
    points
        All points of one study.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`kwev.studies.rows.COLUMNS`; a number that a plan does not have is NaN.

    Raises
    ------
    KwevError
        Naming the file and the row that is missing, damaged or stale: it is never shown.
    """
    found, wrong = _examined(project, points)
    if wrong:
        (study,) = {point.study for point in points}
        first = f"{wrong[0]}, and {len(wrong) - 1} more" if len(wrong) > 1 else wrong[0]
        where, hint = str(path_of(project, study)), f"Run `kwev sweep {study}`."
        raise KwevError(first, where=where, hint=hint)
    plain = [found[point.name].plain() for point in points]
    types = {**dict.fromkeys((*rows.FLOATS, *rows.MAYBE), float), **dict.fromkeys(rows.COUNTS, int)}
    return pd.DataFrame(plain, columns=list(rows.COLUMNS)).astype(types)


def problems(project: Project, points: Sequence[Point]) -> list[str]:
    """Say what is wrong with the committed rows of a study.

    Parameters
    ----------
    project
        The checkout.
    points
        All points of one study.

    Returns
    -------
    list of str
        A line for each fault; empty where there is none.
    """
    return _examined(project, points)[1]


def run(
    project: Project,
    points: Sequence[Point],
    *,
    scheduler: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    fresh: bool = False,
) -> int:
    """Make the rows of studies: solve what is missing, damaged or stale, and write the tables.

    Each certified plan is in the store the moment it is made, so a run that is killed goes on
    where it stopped; a table is written, whole, when the last plan of its study is there. The
    processes are those of this machine, so a script that calls this needs the usual
    ``if __name__ == "__main__"``; or the workers of a Dask cluster, which must have this checkout
    at the same path.

    Parameters
    ----------
    project
        The checkout.
    points
        All points of each study that is made.
    scheduler
        Address of a Dask scheduler, for example ``tcp://127.0.0.1:8786``. It is trusted: what it
        sends is unpickled, so between machines it needs TLS (``tls://``).
    progress
        Called with ``study/name`` after each point.
    fresh
        Solve everything again, even where a plan or a row is there.

    Returns
    -------
    int
        Number of plans that were asked for, solved or found in the store.

    Raises
    ------
    KwevError
        If two points of a study share a name, a plan fails its certificate, the scheduler does
        not answer, or a worker has other data or code.
    """
    studies = _by_study(points)
    done = {study: {} if fresh else _examined(project, own)[0] for study, own in studies.items()}
    tables = load_tables(project.processed)
    waiting: dict[Path, list[Point]] = {}
    for point in points:
        if point.name in done[point.study]:
            progress(f"{point.study}/{point.name}")
        else:
            waiting.setdefault(store.folder_of(project, tables, point.case), []).append(point)
    for study, own in studies.items():
        _write_if_whole(project, own, done[study])
    cases = {folder: same[0].case for folder, same in waiting.items()}
    if scheduler is not None:
        require_scheduler(scheduler)
    with renewing(project.store, fresh=fresh):
        for folder, (entry, values) in solved(project, cases, scheduler):
            if not (folder / "plan.json").is_file():  # a worker with a disk of its own
                write_plan(folder, entry.plan, entry.account)
            for point in waiting[folder]:
                key, actions = store.key(tables, point.case), rows.actions_in(entry.plan)
                done[point.study][point.name] = Row(point.study, point.name, key, values, actions)
                progress(f"{point.study}/{point.name}")
            for study in {point.study for point in waiting[folder]}:
                _write_if_whole(project, studies[study], done[study])
    return len(cases)


def _by_study(points: Iterable[Point]) -> dict[str, list[Point]]:
    studies: dict[str, list[Point]] = {}
    for point in points:
        own = studies.setdefault(point.study, [])
        if any(point.name == other.name for other in own):
            raise KwevError(f"two points are named {point.name!r}", where=f"study {point.study}")
        own.append(point)
    return studies


def _write_if_whole(project: Project, points: list[Point], done: Mapping[str, Row]) -> None:
    if all(point.name in done for point in points):
        own = (done[point.name] for point in points)
        rows.write_rows(path_of(project, points[0].study), own)


def _examined(project: Project, points: Sequence[Point]) -> tuple[dict[str, Row], list[str]]:
    """Return the sound rows of a study by name, and what is wrong with the others, a line each."""
    if not points:
        return {}, []
    tables = load_tables(project.processed)
    (study,) = _by_study(points)
    path = path_of(project, study)
    if not path.is_file():
        return {}, ["the table is missing"]
    found, wrong = rows.read_rows(path, study)
    keys = {point.name: store.key(tables, point.case) for point in points}
    for name in list(found):
        if name not in keys:
            wrong.append(f"row {name!r} belongs to no point of the study")
        elif found[name].key != keys[name]:
            wrong.append(
                f"row {name!r} is stale: data, configuration or code have changed since it was made"
            )
        else:
            continue
        del found[name]
    told = " ".join(wrong)
    wrong += [
        f"row {name!r} is missing" for name in keys if name not in found and repr(name) not in told
    ]
    return found, wrong


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
    plans
        The plans among its values, with the case of each, as rows that can be measured again
        (:func:`kwev.studies.rows.remeasured`).
    """

    name: str
    parts: dict[str, str]
    make: Callable[[], dict[str, Any]]
    plans: Callable[[dict[str, Any]], list[tuple[Case, dict[str, Any]]]] = lambda _: []

    def __post_init__(self) -> None:
        if not SAFE_NAME.match(self.name):
            raise KwevError(f"not a name of a record: {self.name!r}")


def made_from(tables: Tables, case: Case, version: str) -> dict[str, str]:
    """Return what a record is made from.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The case whose data, planning choices, geography and model the record stands on.
    version
        Raised where the code behind the record may give another answer.

    Returns
    -------
    dict
        The plan's key (``plan``) and the version of the record's own code (``code``).
    """
    return {"plan": store.key(tables, case), "code": version}


def record_path(project: Project, name: str) -> Path:
    """Return where a record is kept."""
    return project.results / f"{name}.json"


def read_record(project: Project, rec: Record) -> dict[str, Any]:
    """Return the committed values of a record.

    Parameters
    ----------
    project
        The checkout.
    rec
        The record.

    Returns
    -------
    dict
        Plain JSON values, as they were made.

    Raises
    ------
    KwevError
        Naming the file that is missing, damaged or stale: it is never shown.
    """
    wrong = record_problem(project, rec)
    if wrong:
        hint = f"Run `kwev sweep {rec.name}`."
        raise KwevError(wrong, where=str(record_path(project, rec.name)), hint=hint)
    values: dict[str, Any] = read_json(record_path(project, rec.name))["values"]
    return values


def record_problem(project: Project, rec: Record) -> str:
    """Say what is wrong with a committed record.

    Parameters
    ----------
    project
        The checkout.
    rec
        The record.

    Returns
    -------
    str
        The fault in words; empty where there is none.
    """
    path = record_path(project, rec.name)
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

    Parameters
    ----------
    project
        The checkout.
    rec
        The record.

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
    path = record_path(project, rec.name)
    write_json(path, {"made_from": rec.parts, "values": values, CHECKSUM: checksum})
