"""Where the plans of a study are solved: processes of this machine, or a Dask cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.studies import store
from kwev.studies.rows import values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from distributed import Client

    from kwev.config import Case
    from kwev.project import Project
    from kwev.studies.store import Entry

Solved = tuple["Entry", dict[str, Any]]
"""A certified plan and the values of its row."""

CONNECT_S: Final = 10
"""Longest wait for a scheduler and its first worker (s)."""


def solved(
    project: Project, cases: Mapping[Path, Case], scheduler: str | None
) -> Iterator[tuple[Path, Solved]]:
    """Solve, certify and keep cases, or take them from the store, as they are done.

    Parameters
    ----------
    project
        The checkout; on a cluster every worker has it at the same path.
    cases
        By folder in the store.
    scheduler
        Address of a Dask scheduler; processes of this machine where it is None.

    Yields
    ------
    tuple
        The folder of each case, with its certified plan and the values of its row.

    Raises
    ------
    KwevError
        If a plan fails its certificate, the scheduler does not answer, or a worker has other
        data or code.
    """
    if not cases:
        return iter(())
    if scheduler is None:
        jobs = {folder: (project, case) for folder, case in cases.items()}
        return store.in_processes(_solve, jobs)
    return _on_cluster(project, cases, scheduler)


def _solve(project: Project, case: Case) -> Solved:
    """Solve, certify and keep one case; what is in the store is checked and taken."""
    tables = load_tables(project.processed)
    entry = store.stored(project, tables, case)
    return entry, values_of(tables, case, entry.plan)


def _solve_afar(project: Project, case: Case, key: str) -> Solved:
    """Solve on a worker, which must see the data and the code that this checkout has."""
    own = store.key(load_tables(project.processed), case)
    if own != key:
        raise KwevError(
            f"a worker would make plan {own}, not {key}: it has other data or code",
            where=str(project.root),
            hint="Give every worker this checkout, at the same path.",
        )
    return _solve(project, case)


def require_scheduler(address: str) -> None:
    """Refuse an address where no scheduler with a worker answers.

    Raises
    ------
    KwevError
        Naming the address, and how to start one.
    """
    with _client(address):
        pass


@contextmanager
def _client(address: str) -> Iterator[Client]:
    """Give the client of a Dask scheduler that has a worker."""
    try:
        from distributed import Client  # noqa: PLC0415 -- only if asked
    except ImportError as error:
        hint = "Install it (`pip install distributed`), or leave --scheduler out."
        raise KwevError("Dask is not installed", where="--scheduler", hint=hint) from error
    hint = "Start one with `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`."
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        raise KwevError("no scheduler answers", where=address, hint=hint) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError as error:
            raise KwevError("the scheduler has no worker", where=address, hint=hint) from error
        yield client


def _on_cluster(
    project: Project, cases: Mapping[Path, Case], address: str
) -> Iterator[tuple[Path, Solved]]:
    """Solve on a Dask cluster; the work of a worker that dies goes to another one."""
    with _client(address) as client:
        from distributed import KilledWorker, as_completed  # noqa: PLC0415 -- only if asked

        tables = load_tables(project.processed)
        jobs = {
            client.submit(_solve_afar, project, case, store.key(tables, case), pure=False): folder
            for folder, case in cases.items()
        }
        for job in as_completed(list(jobs), loop=client.loop):  # type: ignore[no-untyped-call]
            try:
                yield jobs[job], job.result()
            except KilledWorker as error:
                hint = "Run again: what was certified is kept."
                raise KwevError(
                    "workers died, one after the other", where=address, hint=hint
                ) from error
