"""Studies: many plans solved for one question, kept as a small table that the book reads.

A study is a list of :class:`Point`; each is a case that is solved, certified and kept in the store
the moment it is made, so that a run that is killed goes on where it stopped. What the book needs of
each plan is a row of ``data/results/<study>.csv``, committed with the code. A row carries the key
of its plan (data, planning choices, geography, version of the code that makes a plan) and a
checksum: one that is missing, damaged or stale is named and never shown. A row's actions and its
case are enough to measure it again by the certificate's own means (:func:`differences`).

A :class:`Record` is the same for a result that is no list of cases.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import KINDS, ActionKey, Evaluation, broken, missed
from kwev.data.tables import load_tables
from kwev.errors import KwevError
from kwev.files import dump_json, read_json, sha256_json, write_json, write_text
from kwev.plan.export import write_plan
from kwev.studies import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.studies.store import Entry

FLOATS: Final = (
    "budget_cad", "net_cad", "operating_cad_per_year", "l2", "l3", "ev_owners", "l2_model",
    "l3_model", "shortfall_points", "objective", "gap", "kw_added",
)  # fmt: skip
MAYBE: Final = (
    "gap_checked", "shortfall_checked_points", "l2_attainable", "l3_attainable", "l2_ceiling",
    "l3_ceiling", "least_budget_cad",
)  # fmt: skip
"""Numbers that a plan may not have: NaN in a frame, empty in the file."""
COUNTS: Final = (*KINDS, "l2_ports_added", "l3_ports_added", "violations")
TEXTS: Final = ("status", "l2_status", "l3_status", "ev_status")

COLUMNS: Final = (
    "name", "key",
    "budget_cad", "net_cad", "operating_cad_per_year", "l2", "l3", "ev_owners",
    "l2_model", "l3_model", "shortfall_points", "objective", "gap", "gap_checked",
    "upgrade", "new_l3", "new_l2", "add_l3", "add_l2", "remove",
    "l2_ports_added", "l3_ports_added", "kw_added", "violations", "status",
    "l2_status", "l3_status", "ev_status", "shortfall_checked_points",
    "l2_attainable", "l3_attainable", "l2_ceiling", "l3_ceiling", "least_budget_cad",
    "actions",
)  # fmt: skip
"""Columns of every study.

Money is CAD; ``l2``, ``l3`` and ``ev_owners`` are shares covered after the plan, on the cells,
``..._model`` those on the model's own demand points; ``shortfall_points`` and ``objective`` are
points; ``gap`` and ``gap_checked`` are shares; the kinds of action are counts; ``kw_added`` is the
power of the ports added less those taken away (kW); ``..._status`` is the certificate's verdict on
a target, ``..._attainable`` and ``..._ceiling`` the largest shares with and without the budget on
the model's demand points; ``actions`` is ``id:ports`` joined by blanks, ports being those added.
"""

DECIMALS: Final = 12
CHECKSUM: Final = "checksum"
DIGITS: Final = 16
"""Hexadecimal digits of a checksum."""

SHARE_TOL, CAD_TOL, POINTS_TOL, KW_TOL = 1e-9, 0.005, 1e-6, 1e-6

_SAFE = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")

Action = tuple[str, int]
"""Id of an action (``<kind>_<place_id>``) and the ports that it adds."""


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
            if not _SAFE.match(name):
                hint = "Use lower-case letters, digits, hyphens, underscores and full stops."
                raise KwevError(f"not a name of a study or point: {name!r}", hint=hint)


@dataclass(frozen=True)
class Row:
    """What is kept of one plan.

    Attributes
    ----------
    study, name
        Those of its point.
    key
        Key of the plan in the store (:func:`kwev.studies.store.key`).
    values
        By column of :data:`COLUMNS`, without ``name``, ``key`` and ``actions``.
    actions
        Action ids with the ports that each adds, in the plan's order.
    """

    study: str
    name: str
    key: str
    values: Mapping[str, Any]
    actions: tuple[Action, ...]

    def fields(self) -> list[str]:
        """Return the row as the texts of a CSV line, its checksum last."""
        done = " ".join(f"{action}:{ports}" for action, ports in self.actions)
        plain = {"name": self.name, "key": self.key, "actions": done, **self.values}
        texts = [_text(plain[column]) for column in COLUMNS]
        return [*texts, _checksum(texts)]


def path_of(project: Project, study: str) -> Path:
    """Return where the rows of a study are kept."""
    return project.results / f"{study}.csv"


def results(project: Project, points: Sequence[Point]) -> pd.DataFrame:
    """Return the committed rows of a study, in the order of its points.

    Parameters
    ----------
    points
        All points of one study.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; a number that a plan does not have is NaN.

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
    rows = [found[point.name] for point in points]
    frame = pd.DataFrame([_plain(row) for row in rows], columns=list(COLUMNS))
    return frame.astype({**dict.fromkeys((*FLOATS, *MAYBE), float), **dict.fromkeys(COUNTS, int)})


def problems(project: Project, points: Sequence[Point]) -> list[str]:
    """Return what is wrong with the committed rows of a study, a line each; empty where nothing."""
    return _examined(project, points)[1]


def actions_of(text: str) -> tuple[Action, ...]:
    """Return the actions of a row's text.

    Raises
    ------
    ValueError
        If it is not ``id:ports`` joined by blanks.
    """
    pairs = [part.rsplit(":", 1) for part in text.split()]
    return tuple((action, int(ports)) for action, ports in pairs)


# -- making rows -----------------------------------------------------------------------------


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
    points
        All points of each study that is made.
    scheduler
        Address of a Dask scheduler, for example ``tcp://127.0.0.1:8786``.
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
    if fresh:
        for folder in waiting:
            shutil.rmtree(folder, ignore_errors=True)
    cases = {folder: same[0].case for folder, same in waiting.items()}
    for folder, (entry, values) in _solved(project, cases, scheduler):
        if not (folder / "plan.json").is_file():  # a worker with a disk of its own
            write_plan(folder, entry.plan, entry.account)
        for point in waiting[folder]:
            key, actions = store.key(tables, point.case), _actions(entry.plan)
            done[point.study][point.name] = Row(point.study, point.name, key, values, actions)
            progress(f"{point.study}/{point.name}")
        for study in {point.study for point in waiting[folder]}:
            _write_if_whole(project, studies[study], done[study])
    return len(cases)


def values_of(tables: Tables, case: Case, plan: Plan) -> dict[str, Any]:
    """Return what a row keeps of a certified plan, by column."""
    evaluation = Evaluation(tables, case.config, case.geography)
    cover, model, found = plan.coverage, plan.model_coverage, plan.certificate
    kinds: list[str] = [action.kind for action in plan.actions]
    return {
        "budget_cad": plan.cost.budget_cad,
        "net_cad": plan.cost.net_cad,
        "operating_cad_per_year": plan.cost.operating_cad_per_year,
        "l2": cover.l2.after,
        "l3": cover.l3.after,
        "ev_owners": cover.ev_owners.after,
        "l2_model": model.l2.after,
        "l3_model": model.l3.after,
        "shortfall_points": plan.shortfall.total_points,
        "objective": plan.solver.objective,
        "gap": plan.solver.gap_solver,
        "gap_checked": plan.solver.gap_checked,
        **{kind: kinds.count(kind) for kind in KINDS},
        "l2_ports_added": sum(a.ports_added for a in plan.actions if _adds(a.kind) == "l2"),
        "l3_ports_added": sum(a.ports_added for a in plan.actions if _adds(a.kind) == "l3"),
        "kw_added": _kw(evaluation, _places(_actions(plan))),
        "violations": len(found.violations) if found else -1,
        "status": plan.solver.status,
        "l2_status": found.targets["l2"] if found else "",
        "l3_status": found.targets["l3"] if found else "",
        "ev_status": found.targets["ev_owners"] if found else "",
        "shortfall_checked_points": plan.shortfall.bound_checked_points,
        "l2_attainable": cover.l2.attainable,
        "l3_attainable": cover.l3.attainable,
        "l2_ceiling": cover.l2.ceiling,
        "l3_ceiling": cover.l3.ceiling,
        "least_budget_cad": plan.cost.least_budget_cad,
    }


def remeasured(tables: Tables, case: Case, actions: Iterable[Action]) -> dict[str, float]:
    """Measure actions again with the certificate's own code, from the tables and the case alone.

    Returns
    -------
    dict
        By column: ``net_cad``, ``operating_cad_per_year``, coverage on the cells and on the
        model's points, ``shortfall_points``, ``objective``, counts by kind, ports and
        ``kw_added``; ``violations`` counts the rules that the actions break.
    """
    evaluation = Evaluation(tables, case.config, case.geography)
    ports = _places(actions)
    effects = [evaluation.effect(place, added) for place, added in ports.items()]
    cells, model = evaluation.cover("cell", ports), evaluation.cover("model", ports)
    rules = sum(missed(evaluation, ports).values())
    short = sum(v for v in evaluation.shortfall(ports).values() if v is not None)
    net_cad = sum(e.purchase_cad - e.resale_cad for e in effects)
    wrong = [p for p, added in ports.items() if evaluation.problem(p, added, ports)]
    over = net_cad > case.config.budget.limit_cad + CAD_TOL
    return {
        "net_cad": net_cad,
        "operating_cad_per_year": sum(e.yearly_cad for e in effects),
        "l2": cells.share("l2"),
        "l3": cells.share("l3"),
        "ev_owners": cells.share("ev_owners"),
        "l2_model": model.share("l2"),
        "l3_model": model.share("l3"),
        "shortfall_points": 100.0 * (short + rules),
        "objective": evaluation.objective_points(ports, rules),
        **{kind: sum(p.kind == kind for p in ports) for kind in KINDS},
        "l2_ports_added": sum(n for p, n in ports.items() if _adds(p.kind) == "l2"),
        "l3_ports_added": sum(n for p, n in ports.items() if _adds(p.kind) == "l3"),
        "kw_added": _kw(evaluation, ports),
        "violations": len(wrong) + over + len(broken(evaluation, ports)),
    }


def differences(tables: Tables, point: Point, row: Mapping[str, Any]) -> list[str]:
    """Return where a row is not what its own actions give when measured again, a line each.

    Parameters
    ----------
    row
        A row of :func:`results`, by column.
    """
    try:
        again = remeasured(tables, point.case, actions_of(str(row["actions"])))
    except (ValueError, KeyError) as error:
        return [f"row {point.name!r} has actions that cannot be read: {error}"]
    return [
        f"row {point.name!r} says {column} is {row[column]!r}, measured again {value!r}"
        for column, value in again.items()
        if not abs(float(row[column]) - value) <= _tolerance(column, value)
    ]


def _tolerance(column: str, value: float) -> float:
    if column.endswith(("_cad", "_cad_per_year")):
        return CAD_TOL
    if column in ("shortfall_points", "objective"):
        return POINTS_TOL * max(1.0, abs(value))
    return KW_TOL if column == "kw_added" else SHARE_TOL


def _adds(kind: str) -> str:
    return {"new_l2": "l2", "add_l2": "l2", "remove": ""}.get(kind, "l3")


def _actions(plan: Plan) -> tuple[Action, ...]:
    return tuple((action.id, action.ports_added) for action in plan.actions)


def _places(actions: Iterable[Action]) -> dict[ActionKey, int]:
    places: dict[ActionKey, int] = {}
    for action, ports in actions:
        place = ActionKey.from_id(action)
        if place is None or place in places:
            raise ValueError(f"{action!r} is no action, or is named twice")
        places[place] = ports
    return places


def _kw(evaluation: Evaluation, ports: Mapping[ActionKey, int]) -> float:
    return sum(evaluation.effect(place, added).kw for place, added in ports.items())


def _by_study(points: Iterable[Point]) -> dict[str, list[Point]]:
    studies: dict[str, list[Point]] = {}
    for point in points:
        own = studies.setdefault(point.study, [])
        if any(point.name == other.name for other in own):
            raise KwevError(f"two points are named {point.name!r}", where=f"study {point.study}")
        own.append(point)
    return studies


def _write_if_whole(project: Project, points: list[Point], rows: Mapping[str, Row]) -> None:
    if any(point.name not in rows for point in points):
        return
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*COLUMNS, CHECKSUM])
    for name in sorted(point.name for point in points):
        lines.writerow(rows[name].fields())
    path = path_of(project, points[0].study)
    if not path.is_file() or path.read_bytes() != text.getvalue().encode():
        write_text(path, text.getvalue())


# -- where plans are solved --------------------------------------------------------------------

Solved = tuple["Entry", dict[str, Any]]


def _solved(
    project: Project, cases: Mapping[Path, Case], scheduler: str | None
) -> Iterator[tuple[Path, Solved]]:
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


def _on_cluster(
    project: Project, cases: Mapping[Path, Case], address: str
) -> Iterator[tuple[Path, Solved]]:
    """Solve on a Dask cluster; the work of a worker that dies goes to another one."""
    try:
        from distributed import Client, KilledWorker, as_completed  # noqa: PLC0415 -- only if asked
    except ImportError as error:
        hint = "Install it (`pip install distributed`), or leave --scheduler out."
        raise KwevError("Dask is not installed", where="--scheduler", hint=hint) from error
    tables = load_tables(project.processed)
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


CONNECT_S: Final = 10
"""Longest wait for a scheduler and its first worker (s)."""


# -- reading rows ------------------------------------------------------------------------------


def _examined(project: Project, points: Sequence[Point]) -> tuple[dict[str, Row], list[str]]:
    """Return the sound rows of a study by name, and what is wrong with the others, a line each."""
    if not points:
        return {}, []
    tables = load_tables(project.processed)
    (study,) = _by_study(points)
    path = path_of(project, study)
    if not path.is_file():
        return {}, ["the table is missing"]
    found, wrong = _read(path, study)
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


def _read(path: Path, study: str) -> tuple[dict[str, Row], list[str]]:
    """Return the rows whose checksum fits, by name, and what is wrong with the others."""
    try:
        text = path.read_bytes().decode("utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return {}, [f"the table cannot be read: {error}"]
    if not lines or lines[0] != [*COLUMNS, CHECKSUM]:
        return {}, ["the table has other columns than a study"]
    found: dict[str, Row] = {}
    wrong = [] if text.endswith("\n") else ["the table is cut off"]
    for number, line in enumerate(lines[1:], start=2):
        name = line[0] if line else ""
        row = _row(study, line)
        if row is None:
            wrong.append(f"row {name!r} (line {number}) is damaged: its checksum does not fit")
        elif name in found:
            wrong.append(f"row {name!r} (line {number}) stands there twice")
        else:
            found[name] = row
    return found, wrong


def _row(study: str, line: list[str]) -> Row | None:
    if len(line) != len(COLUMNS) + 1 or line[-1] != _checksum(line[:-1]):
        return None
    texts = dict(zip(COLUMNS, line, strict=False))
    try:
        actions = actions_of(texts.pop("actions"))
        name, key = texts.pop("name"), texts.pop("key")
        values = {column: _value(column, text) for column, text in texts.items()}
    except ValueError:
        return None
    return Row(study, name, key, values, actions)


def _value(column: str, text: str) -> Any:
    if column in TEXTS:
        return text
    if column in COUNTS:
        return int(text)
    if column in MAYBE and not text:
        return None
    return float(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return repr(round(value, DECIMALS)) if isinstance(value, float) else str(value)


def _plain(row: Row) -> dict[str, Any]:
    done = " ".join(f"{action}:{ports}" for action, ports in row.actions)
    return {"name": row.name, "key": row.key, "actions": done, **row.values}


def _checksum(texts: Sequence[str]) -> str:
    return sha256_json(list(texts))[:DIGITS]


# -- records -----------------------------------------------------------------------------------


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
        if not _SAFE.match(self.name):
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


def record_path(project: Project, name: str) -> Path:
    """Return where a record is kept."""
    return project.results / f"{name}.json"


def record(project: Project, rec: Record) -> dict[str, Any]:
    """Return the committed values of a record.

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
    """Return what is wrong with a committed record, in words; empty where nothing."""
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
