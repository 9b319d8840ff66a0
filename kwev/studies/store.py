"""Certified plans by key, so that every chapter that asks for a plan gets the same one at once.

The key is made of all that can change the answer: the data, the planning part of the configuration,
the geography, the solver's settings with its limits, and the version of the code that makes a plan.
An entry is certified each time it is read, as a stranger's plan would be: one that is damaged, not
clean, or of another question is solved anew, never shown. Plans are made by processes of this
machine, or by the workers of a Dask cluster.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kwev.certify import certify
from kwev.config import Case, load_config
from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import read_json, sha256_json
from kwev.plan.export import Account, write_plan
from kwev.plan.format import Plan, read_plan
from kwev.studies.rows import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from distributed import Client

    from kwev.data.tables import Tables
    from kwev.project import Project


PLAN_VERSION: Final = "2"
"""Version of the code that makes, measures and certifies a plan.

Raised where that code may give another answer: every stored plan and every row of a study is stale
then. ``tests/model/test_versions.py`` fails when that code changes and the version does not.
"""

Result = TypeVar("Result")
JobKey = TypeVar("JobKey")

MOST_WORKERS = 4
"""Plans solved at a time, at most: each process holds the tables and a model."""


@dataclass(frozen=True)
class Entry:
    """A certified plan with the account of its solves.

    Attributes
    ----------
    plan
        The plan, with its certificate.
    account
        Seconds, nodes and log by solve, and the machine: the content of ``solve.json``.
    """

    plan: Plan
    account: dict[str, Any]


def key(tables: Tables, case: Case) -> str:
    """Return the key of a plan: 16 hexadecimal digits."""
    parts = {
        "inputs": tables.inputs_sha256,
        "config": case.config.planning_sha256(),
        "solver": case.config.solver.model_dump(),
        "geography": case.geography,
        "code": PLAN_VERSION,
    }
    return sha256_json(parts)[:16]


def stored(
    project: Project,
    tables: Tables,
    case: Case,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Entry:
    """Return the certified plan of a case from the store, or solve, certify and keep it.

    Parameters
    ----------
    project
        The checkout.
    tables
        ``data/processed``, read.
    case
        The scenario and the geography.
    progress
        Called with the name of each solve before it starts.

    Returns
    -------
    Entry
        The plan with its certificate, and the account of its solves.

    Raises
    ------
    KwevError
        If a fresh plan does not pass its own certificate: nothing is stored then.
    """
    folder = folder_of(project, tables, case)
    entry = _read(folder, tables, case)
    if entry is None:
        entry = solve_certified(tables, case, progress=progress)
        _clear_way(folder)
        write_plan(folder, entry.plan, entry.account)
    return entry


def folder_of(project: Project, tables: Tables, case: Case) -> Path:
    """Return where the plan of a case stands in the store, or would stand."""
    return project.store / f"{case.scenario}-{case.geography}-{key(tables, case)}"


def solve_ahead(
    project: Project,
    tables: Tables,
    cases: Iterable[Case],
    *,
    progress: Callable[[], None] = lambda: None,
) -> dict[Path, Entry]:
    """Solve, certify and keep the cases that are not in the store, several at a time.

    Each runs in a process of its own, so a script that calls this needs the usual
    ``if __name__ == "__main__"``. What is in the store already is checked where it is read.

    Parameters
    ----------
    project
        The checkout.
    tables
        ``data/processed``, read.
    cases
        What is asked for.
    progress
        Called after each case, solved or found.

    Returns
    -------
    dict
        What was solved, by its folder in the store.

    Raises
    ------
    KwevError
        If a plan fails its certificate, or a process is ended from outside.
    """
    missing = {}
    for case in cases:
        folder = folder_of(project, tables, case)
        if folder in missing or (folder / "plan.json").is_file():
            progress()
        else:
            missing[folder] = case
    solved: dict[Path, Entry] = {}
    jobs = {folder: (project, case) for folder, case in missing.items()}
    for folder, entry in in_processes(_solve_one, jobs):
        solved[folder] = entry
        progress()
    return solved


def in_processes(
    work: Callable[..., Result], jobs: Mapping[JobKey, tuple[Any, ...]]
) -> Iterator[tuple[JobKey, Result]]:
    """Call a function for each job in processes of this machine, several at a time.

    Parameters
    ----------
    work
        A function of a module, called with a job's arguments.

    Yields
    ------
    tuple
        Key and result of each job, as they are done.

    Raises
    ------
    KwevError
        If a process is ended from outside.
    """
    if not jobs:
        return
    workers = min(len(jobs), MOST_WORKERS, os.cpu_count() or 1)
    spawn = multiprocessing.get_context("spawn")  # a fork would copy threads and solvers
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_leave_to_parent) as pool:
        waiting = {pool.submit(work, *arguments): key for key, arguments in jobs.items()}
        try:
            for job in as_completed(waiting):
                yield waiting[job], job.result()
        except BrokenProcessPool as error:
            hint = "Run again: what was certified is kept. Memory may have run out."
            raise KwevError(
                "a process that solves was ended", where="kwev.studies.store", hint=hint
            ) from (error)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_to_parent() -> None:
    """Let the parent alone answer the keyboard's stop, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()  # returns when it is gone: a pool's worker would wait for work for ever
    os._exit(1)  # what a plan takes is written whole or not at all


def _solve_one(project: Project, case: Case) -> Entry:
    return stored(project, load_tables(project.processed), case)


def solve_certified(
    tables: Tables, case: Case, *, progress: Callable[[str], None] = lambda _: None
) -> Entry:
    """Solve a case and certify the plan.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The scenario and the geography.
    progress
        Called with the name of each solve before it starts.

    Returns
    -------
    Entry
        The plan with its certificate, and the account of its solves.

    Raises
    ------
    KwevError
        If the certificate finds a violation.
    """
    from kwev.solve.stages import solve_scenario  # noqa: PLC0415 -- cvxpy loads only where it solves

    result = solve_scenario(tables, case, progress=progress)
    certificate = certify(result.plan, tables, case)
    if certificate.violations:
        raise KwevError(
            f"the plan of {case.scenario!r} fails its certificate: {certificate.violations[0]}",
            where=f"violations: {len(certificate.violations)}",
            hint="This is a defect of kwev or of the solver; nothing was written.",
        )
    return Entry(result.plan.model_copy(update={"certificate": certificate}), result.account)


def plan_for(
    project: Project, scenario: str = "base", geography: str = "da", **changes: Any
) -> Entry:
    """Return the certified plan of a named scenario, with values changed where given.

    Parameters
    ----------
    project
        The checkout.
    scenario
        Name of the scenario.
    geography
        ``tract``, ``da`` or ``cell``.
    **changes
        Dotted keys with ``__``, for example ``budget__limit_cad=2_000_000``.

    Returns
    -------
    Entry
        The plan with its certificate, and the account of its solves.

    Raises
    ------
    KwevError
        If a name, key or value is refused, or as :func:`stored`.
    """
    settings = load_config(scenario, project.config)
    if changes:
        settings = settings.with_values(**changes)
    return stored(project, load_tables(project.processed), Case(scenario, settings, geography))


def sound(entry: Any, tables: Tables, case: Case) -> bool:
    """Return whether an entry is a clean plan of a case with its own certificate and account.

    Whatever stands there is a stranger's: what breaks the check itself is not sound either.
    """
    try:
        plan, account = entry.plan, Account.model_validate(entry.account)
        asked = plan.solver_says.settings == case.config.solver
        named = account.solver == plan.solver_says.name
        certificate = certify(plan, tables, case)
    except Exception:  # noqa: BLE001 -- bytes of any kind
        return False
    return bool(asked and named and not certificate.violations and certificate == plan.certificate)


def _read(folder: Path, tables: Tables, case: Case) -> Entry | None:
    try:
        entry = Entry(read_plan(folder / "plan.json"), read_json(folder / "solve.json"))
    except KwevError:
        return None
    return entry if sound(entry, tables, case) else None


def _clear_way(folder: Path) -> None:
    """Take away what stands where an entry is to be written, whatever it is."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


Solved = tuple["Entry", dict[str, Any]]
"""A certified plan and the values of its row."""

START_ONE: Final = (
    "Start one with `dask scheduler --host 127.0.0.1`, and workers with `dask worker ADDRESS "
    "--host 127.0.0.1 --nthreads 1`; between machines with TLS alone (tls://), since whoever "
    "reaches it runs code here and on the workers (pickle)."
)
"""How a cluster is started that no stranger reaches."""

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
        return in_processes(_solve, jobs)
    return _on_cluster(project, cases, scheduler)


def _solve(project: Project, case: Case) -> Solved:
    """Solve, certify and keep one case; what is in the store is checked and taken."""
    tables = load_tables(project.processed)
    entry = stored(project, tables, case)
    return entry, values_of(tables, case, entry.plan)


def _solve_afar(project: Project, case: Case, wanted: str) -> Solved:
    """Solve on a worker, which must see the data and the code that this checkout has."""
    own = key(load_tables(project.processed), case)
    if own != wanted:
        raise KwevError(
            f"a worker would make plan {own}, not {wanted}: it has other data or code",
            where=str(project.root),
            hint="Give every worker this checkout, at the same path.",
        )
    return _solve(project, case)


def require_scheduler(address: str) -> None:
    """Refuse an address where no Dask scheduler with a worker answers.

    Parameters
    ----------
    address
        Address of the scheduler.

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
    hint = START_ONE
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
            client.submit(_solve_afar, project, case, key(tables, case), pure=False): folder
            for folder, case in cases.items()
        }
        for job in as_completed(list(jobs), loop=client.loop):  # type: ignore[no-untyped-call]
            try:
                found = job.result()
            except KilledWorker as error:
                hint = "Run again: what was certified is kept."
                raise KwevError(
                    "workers died, one after the other", where=address, hint=hint
                ) from error
            yield jobs[job], _certified_here(tables, cases[jobs[job]], found, address)


def _certified_here(tables: Tables, case: Case, found: Any, address: str) -> Solved:
    """Take what a worker returned as a stranger's plan: certified and measured again here."""
    entry = found[0] if isinstance(found, tuple) and found else None
    if not isinstance(entry, Entry) or not sound(entry, tables, case):
        hint = "Nothing of it was kept. Run without --scheduler, or look at the worker."
        what = f"a worker returned no sound plan of {case.scenario!r}"
        raise KwevError(what, where=address, hint=hint)
    return entry, values_of(tables, case, entry.plan)
