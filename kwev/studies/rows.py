"""Rows of a study: what is kept of each certified plan, written, read and measured again.

A row carries the key of its plan (data, planning choices, geography, version of the code that
makes a plan) and a checksum, so that one that is damaged or stale is named and never shown. Its
actions and its case are enough to measure it again by the certificate's own means.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kwev.certify import ActionKey, Evaluation, broken, missed
from kwev.files import sha256_json, write_text
from kwev.units import POINTS
from kwev.vocabulary import ACTION_KIND, LEVEL_KEYS, TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kwev.config import Case
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

FLOATS: Final = (
    "budget_cad", "net_cad", "operating_cad_per_year", "l2", "l3", "ev_owners", "l2_model",
    "l3_model", "shortfall_points", "objective", "gap", "kw_added",
)  # fmt: skip
MAYBE: Final = (
    "gap_checked", "shortfall_checked_points", "l2_attainable", "l3_attainable", "l2_ceiling",
    "l3_ceiling", "least_budget_cad",
)  # fmt: skip
"""Numbers that a plan may not have: NaN in a frame, empty in the file."""
COUNTS: Final = (*ACTION_KIND, "l2_ports_added", "l3_ports_added", "violations")
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


Action = tuple[str, int]
"""Id of an action (``<kind>_<place_id>``) and the ports that it adds."""


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

    def plain(self) -> dict[str, Any]:
        """Return the row by column, its actions as text."""
        done = " ".join(f"{action}:{ports}" for action, ports in self.actions)
        return {"name": self.name, "key": self.key, "actions": done, **self.values}

    def fields(self) -> list[str]:
        """Return the row as the texts of a CSV line, its checksum last."""
        plain = self.plain()
        texts = [_text(plain[column]) for column in COLUMNS]
        return [*texts, _checksum(texts)]


def actions_of(text: str) -> tuple[Action, ...]:
    """Return the actions of a row's text.

    Parameters
    ----------
    text
        ``id:ports`` joined by blanks.

    Returns
    -------
    tuple
        Pairs of action id and the ports that it adds, in the text's order.

    Raises
    ------
    ValueError
        If the text is none of that form.
    """
    pairs = [part.rsplit(":", 1) for part in text.split()]
    return tuple((action, int(ports)) for action, ports in pairs)


def actions_in(plan: Plan) -> tuple[Action, ...]:
    """Return the actions of a plan, in its order."""
    return tuple((action.id, action.ports_added) for action in plan.actions)


def values_of(tables: Tables, case: Case, plan: Plan) -> dict[str, Any]:
    """Return what a row keeps of a certified plan.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        What it is a plan of.
    plan
        The plan, with its certificate.

    Returns
    -------
    dict
        By column of :data:`COLUMNS`, with their units; without ``name``, ``key`` and ``actions``.
    """
    ports = _by_key(actions_in(plan))
    cover, model, found = plan.coverage, plan.model_coverage, plan.certificate
    return {
        "budget_cad": plan.cost.budget_cad,
        "net_cad": plan.cost.net_cad,
        "operating_cad_per_year": plan.cost.operating_cad_per_year,
        **{target: getattr(cover, target).after for target in TARGET_KEYS},
        **{f"{level}_model": getattr(model, level).after for level in LEVEL_KEYS},
        "shortfall_points": plan.shortfall.total_points,
        "objective": plan.solver.objective,
        "gap": plan.solver.gap_solver,
        "gap_checked": plan.solver.gap_checked,
        **_counts(Evaluation(tables, case.config, case.geography), ports),
        "violations": len(found.violations) if found else -1,
        "status": plan.solver.status,
        "l2_status": found.targets["l2"] if found else "",
        "l3_status": found.targets["l3"] if found else "",
        "ev_status": found.targets["ev_owners"] if found else "",
        "shortfall_checked_points": plan.shortfall.bound_checked_points,
        **{f"{level}_attainable": getattr(cover, level).attainable for level in LEVEL_KEYS},
        **{f"{level}_ceiling": getattr(cover, level).ceiling for level in LEVEL_KEYS},
        "least_budget_cad": plan.cost.least_budget_cad,
    }


def evaluated(tables: Tables, case: Case, actions: Iterable[Action]) -> dict[str, float]:
    """Evaluate actions by the certificate's own code, from the tables and the case alone.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        The scenario and the geography.
    actions
        Action ids with the ports that each adds.

    Returns
    -------
    dict
        By column: ``net_cad``, ``operating_cad_per_year``, coverage on the cells and on the
        model's points, ``shortfall_points``, ``objective``, counts by kind, ports and
        ``kw_added``; ``violations`` counts the rules that the actions break.

    Raises
    ------
    ValueError
        If an action cannot be read, or is named twice.
    """
    evaluation = Evaluation(tables, case.config, case.geography)
    ports = _by_key(actions)
    effects = [evaluation.effect(key, added) for key, added in ports.items()]
    cells, model = evaluation.cover("cell", ports), evaluation.cover("model", ports)
    rules = sum(missed(evaluation, ports).values())
    short = sum(v for v in evaluation.shortfall(ports).values() if v is not None)
    net_cad = sum(e.purchase_cad - e.resale_cad for e in effects)
    wrong = [key for key, added in ports.items() if evaluation.problem(key, added, ports)]
    over = net_cad > case.config.budget.limit_cad + CAD_TOL
    return {
        "net_cad": net_cad,
        "operating_cad_per_year": sum(e.yearly_cad for e in effects),
        **{target: cells.share(target) for target in TARGET_KEYS},
        **{f"{level}_model": model.share(level) for level in LEVEL_KEYS},
        "shortfall_points": POINTS * (short + rules),
        "objective": evaluation.objective_points(ports, rules),
        **_counts(evaluation, ports),
        "violations": len(wrong) + over + len(broken(evaluation, ports)),
    }


def _counts(evaluation: Evaluation, ports: Mapping[ActionKey, int]) -> dict[str, float]:
    """Return the number of actions by kind, the ports that they add by level, and the power."""
    return {
        **{kind: sum(key.kind == kind for key in ports) for kind in ACTION_KIND},
        **{
            f"{level}_ports_added": sum(
                added for key, added in ports.items() if ACTION_KIND[key.kind].adds == level
            )
            for level in LEVEL_KEYS
        },
        "kw_added": sum(evaluation.effect(key, added).kw for key, added in ports.items()),
    }


def _by_key(actions: Iterable[Action]) -> dict[ActionKey, int]:
    ports: dict[ActionKey, int] = {}
    for action, added in actions:
        key = ActionKey.from_id(action)
        if key is None or key in ports:
            raise ValueError(f"{action!r} is no action, or is named twice")
        ports[key] = added
    return ports


def differences(tables: Tables, case: Case, row: Mapping[str, Any]) -> list[str]:
    """Say where a row is not what its own actions give when evaluated again.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        What the row is a row of.
    row
        A row of :func:`kwev.studies.study.results`, by column.

    Returns
    -------
    list of str
        A line for each number that is another; empty where all are the same.
    """
    name = row["name"]
    try:
        again = evaluated(tables, case, actions_of(str(row["actions"])))
    except (ValueError, KeyError) as error:
        return [f"row {name!r} has actions that cannot be read: {error}"]
    return [
        f"row {name!r} says {column} is {row[column]!r}, measured again {value!r}"
        for column, value in again.items()
        if not abs(float(row[column]) - value) <= _tolerance(column, value)
    ]


def _tolerance(column: str, value: float) -> float:
    if column.endswith(("_cad", "_cad_per_year")):
        return CAD_TOL
    if column in ("shortfall_points", "objective"):
        return POINTS_TOL * max(1.0, abs(value))
    return KW_TOL if column == "kw_added" else SHARE_TOL


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write the table of a study, whole, sorted by name; a table that stays is not touched."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*COLUMNS, CHECKSUM])
    lines.writerows(row.fields() for row in sorted(rows, key=lambda row: row.name))
    if not path.is_file() or path.read_bytes() != text.getvalue().encode():
        write_text(path, text.getvalue())


def read_rows(path: Path, study: str) -> tuple[dict[str, Row], list[str]]:
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


def _checksum(texts: Sequence[str]) -> str:
    return sha256_json(list(texts))[:DIGITS]
