"""The registry of all studies and records of the book: what `kwev sweep` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.data.tables import load_tables
from kwev.errors import KwevError, nearest
from kwev.report import equity, frontier, hindsight, picks, sweeps, timing
from kwev.studies import study
from kwev.studies.rows import differences, remeasured
from kwev.studies.store import in_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from kwev.project import Project
    from kwev.studies.study import Point, Record

STUDIES: Final[dict[str, Callable[[Project], list[Point]]]] = {
    **sweeps.STUDIES,
    "frontier": frontier.points,
    "weighted-sum": frontier.weighted_sum,
    "frontier-kw": frontier.by_power,
    "frontier-spacing": frontier.by_spacing,
    equity.STUDY: equity.points,
}
"""Studies by name: what makes their points."""

RECORDS: Final[dict[str, Callable[[Project], Record]]] = {
    "alternatives": picks.record,
    "hindsight": hindsight.record,
    "schedule": timing.record,
}
"""Records by name: what makes them."""


def of_project(project: Project) -> list[str]:
    """Return what a project's book asks for: everything, or what another region's keeps already.

    A project without a ledger of assumptions (``data/assumptions.json``) has a short book, which
    asks for none.
    """
    every = [*STUDIES, *RECORDS]
    if (project.root / "data" / "assumptions.json").is_file():
        return every
    kept = {path.stem for path in project.results.glob("*.*")}
    return [name for name in every if name in kept]


def points(project: Project, name: str) -> list[Point]:
    """Return the points of a study.

    Raises
    ------
    KwevError
        If the registry has no such study.
    """
    known(name)
    return STUDIES[name](project)


def results(project: Project, name: str) -> pd.DataFrame:
    """Return the committed rows of a study by its name (see :func:`kwev.studies.study.results`)."""
    return study.results(project, points(project, name))


def known(name: str) -> None:
    """Refuse a name that is neither a study nor a record.

    Raises
    ------
    KwevError
        Naming the nearest one that is.
    """
    if name not in STUDIES and name not in RECORDS:
        hint = nearest(name, [*STUDIES, *RECORDS])
        raise KwevError(f"unknown study {name!r}", where="kwev.report.registry", hint=hint)


def state(project: Project, name: str) -> list[str]:
    """Return what is wrong with the committed results of a study or record; empty where nothing."""
    known(name)
    if name in STUDIES:
        return study.problems(project, STUDIES[name](project))
    wrong = study.record_problem(project, RECORDS[name](project))
    return [wrong] if wrong else []


def check(project: Project, name: str) -> tuple[int, list[str]]:
    """Measure the committed rows of a study, or the plans of a record, again.

    Returns
    -------
    tuple
        Number of rows measured, and what is wrong, a line each.
    """
    wrong = state(project, name)
    if wrong:
        return 0, wrong
    tables = load_tables(project.processed)
    if name in STUDIES:
        own = STUDIES[name](project)
        kept = study.results(project, own).to_dict("records")
        found = [
            line
            for point, row in zip(own, kept, strict=True)
            for line in differences(tables, point.case, {str(k): v for k, v in row.items()})
        ]
        return len(kept), found
    rec = RECORDS[name](project)
    plans = rec.plans(study.read_record(project, rec))
    return len(plans), [line for case, row in plans for line in remeasured(tables, case, row)]


def sweep(
    project: Project,
    names: Iterable[str],
    *,
    scheduler: str | None = None,
    fresh: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Make studies and records by name: what is missing, damaged or stale, or all of it.

    Returns
    -------
    int
        Plans and records that were made or taken from the store.
    """
    chosen = list(names)
    for name in chosen:
        known(name)
    every = [point for name in chosen if name in STUDIES for point in STUDIES[name](project)]
    made = study.run(project, every, scheduler=scheduler, progress=progress, fresh=fresh)
    kept = [name for name in chosen if name in RECORDS]
    jobs = {
        name: (project, name)
        for name in kept
        if fresh or study.record_problem(project, RECORDS[name](project))
    }
    for name in kept:
        if name not in jobs:
            progress(name)
    for name, _ in in_processes(_write_record, jobs):
        made += 1
        progress(name)
    return made


def _write_record(project: Project, name: str) -> None:
    study.write_record(project, RECORDS[name](project))


def size(project: Project, names: Iterable[str]) -> Mapping[str, int]:
    """Return how many points each study has; a record is one."""
    return {name: len(STUDIES[name](project)) if name in STUDIES else 1 for name in names}
