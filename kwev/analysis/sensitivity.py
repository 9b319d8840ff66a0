"""What changes with the assumptions: every point is a plan solved and certified again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev import config as configuration
from kwev.config import Case
from kwev.errors import KwevError
from kwev.files import read_json, sha256_bytes, sha256_json, write_json
from kwev.store import folder_of, plan_for, stored
from kwev.tables import load_tables
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kwev.config import Config
    from kwev.plan import Plan
    from kwev.project import Project
    from kwev.store import Entry

BUDGETS_CAD = (2_000_000.0, 3_000_000.0, 4_000_000.0, 5_000_000.0, 6_000_000.0)
"""Budgets tested (client's specification, section 3.4.1: two to six million dollars)."""


def budget_sweep(
    project: Project,
    *,
    scenario: str = "base",
    geography: str = "da",
    budgets_cad: Iterable[float] = BUDGETS_CAD,
) -> pd.DataFrame:
    """Solve a scenario at several budgets.

    Returns
    -------
    pandas.DataFrame
        One row a budget: ``budget_cad``, ``net_cad``, coverage ``l2``, ``l3``, ``ev_owners``
        (shares, on the cells), ``shortfall_points`` (on the model's geography), ``upgrade``,
        ``new_l3``, ``new_l2``, ``add_l3``, ``add_l2``, ``remove`` (counts), ``gap`` (share),
        ``violations``.
    """
    rows = []
    for budget in budgets_cad:
        plan = plan_for(project, scenario, geography, budget__limit_cad=float(budget)).plan
        kinds = [action.kind for action in plan.actions]
        rows.append(
            {
                "budget_cad": float(budget),
                "net_cad": plan.cost.net_cad,
                "l2": plan.coverage.l2.after,
                "l3": plan.coverage.l3.after,
                "ev_owners": plan.coverage.ev_owners.after,
                "shortfall_points": plan.shortfall.total_points,
                "upgrade": kinds.count("upgrade"),
                "new_l3": kinds.count("new_l3"),
                "new_l2": kinds.count("new_l2"),
                "add_l3": kinds.count("add_l3"),
                "add_l2": kinds.count("add_l2"),
                "remove": kinds.count("remove"),
                "gap": plan.solver.gap_solver,
                "violations": len(plan.certificate.violations) if plan.certificate else -1,
            }
        )
    return pd.DataFrame(rows)


SWING_GEOGRAPHY = "tract"
"""Demand points of the plans that vary one assumption at a time: the smallest model."""


SWING_COLUMNS = ("key", "end", "value", "l2", "l3", "ev_owners", "net_cad", "violations")


@dataclass(frozen=True)
class Range:
    """An assumption, or a group that moves together: values of dotted keys at either end.

    ``key`` is the assumption's own, or what the group's keys begin with.
    """

    key: str
    low: dict[str, float | str]
    high: dict[str, float | str]


@dataclass(frozen=True)
class Swing:
    """One assumption or group set to one end of its range; a group has no single value."""

    key: str
    end: str
    value: float | str | None
    case: Case


def ranges(project: Project) -> tuple[Range, ...]:
    """Return the assumptions of ``data/assumptions.json`` that are varied, in its order.

    Those without a range are not, nor those that no row of the model reads.
    """
    found: dict[str, Range] = {}
    for entry in read_json(project.root / "data" / "assumptions.json"):
        if entry["low"] is None or entry["high"] is None or not entry.get("in_model", True):
            continue
        group = entry.get("group", entry["key"])
        known = found.setdefault(group, Range(group, {}, {}))
        known.low[entry["key"]], known.high[entry["key"]] = entry["low"], entry["high"]
    return tuple(found.values())


def value_at(config: Config, key: str) -> Any:
    """Return the value of a dotted key of the configuration.

    Raises
    ------
    KwevError
        If there is no such key.
    """
    node: Any = config.as_dict()
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            raise KwevError(f"unknown key {key!r}", where="data/assumptions.json")
        node = node[part]
    return node


def swings(
    project: Project,
    assumptions: Iterable[Range],
    *,
    scenario: str = "base",
    geography: str = SWING_GEOGRAPHY,
) -> list[Swing]:
    """Return each assumption at each end of its range, where that is not its value already."""
    config = configuration.load(scenario, project.config)
    return [
        Swing(
            known.key,
            end,
            next(iter(values.values())) if len(values) == 1 else None,
            Case(scenario, _changed(config, values), geography),
        )
        for known in assumptions
        for end, values in (("low", known.low), ("high", known.high))
        if any(value != value_at(config, key) for key, value in values.items())
    ]


def _changed(config: Config, values: Mapping[str, float | str]) -> Config:
    return config.with_values(**{key.replace(".", "__"): v for key, v in values.items()})


def one_at_a_time(
    project: Project,
    assumptions: Iterable[Range],
    *,
    scenario: str = "base",
    geography: str = SWING_GEOGRAPHY,
    certified: Mapping[Path, Entry] | None = None,
) -> pd.DataFrame:
    """Solve a scenario with one assumption after the other at either end of its range.

    The result is kept beside the plans with their checksums, so that a second call need not
    certify them all again; where a plan or the result itself has changed, it is worked out anew.

    Parameters
    ----------
    certified
        Plans certified just now, by folder (``store.solve_ahead``), which need no second check.

    Returns
    -------
    pandas.DataFrame
        One row an assumption and end: ``key``, ``end``, ``value``, the change against the
        unchanged scenario in ``l2``, ``l3``, ``ev_owners`` (points, on the cells) and ``net_cad``,
        and ``violations`` of the plan's certificate.
    """
    tables = load_tables(project.processed)
    ends = swings(project, assumptions, scenario=scenario, geography=geography)
    base = Case(scenario, configuration.load(scenario, project.config), geography)
    cases = [base, *(swing.case for swing in ends)]
    folders = [folder_of(project, tables, case) for case in cases]
    named = [folder.name for folder in folders]
    note = project.store / f"one-at-a-time-{sha256_json(named)[:16]}.json"
    rows = _kept(note, folders)
    if rows is None:
        done = certified or {}
        plans = [
            (done.get(folder) or stored(project, tables, case)).plan
            for folder, case in zip(folders, cases, strict=True)
        ]
        rows = _swing_rows(ends, plans[0], plans[1:])
        write_json(
            note, {"plans": _checksums(folders), "rows": rows, "rows_sha256": sha256_json(rows)}
        )
    return pd.DataFrame(rows, columns=list(SWING_COLUMNS))


def _swing_rows(ends: list[Swing], before: Plan, plans: list[Plan]) -> list[dict[str, Any]]:
    return [
        {
            "key": swing.key,
            "end": swing.end,
            "value": swing.value,
            **_changes(before, after),
            "violations": len(after.certificate.violations) if after.certificate else -1,
        }
        for swing, after in zip(ends, plans, strict=True)
    ]


def _changes(before: Plan, after: Plan) -> dict[str, float]:
    points = {
        target: POINTS
        * (getattr(after.coverage, target).after - getattr(before.coverage, target).after)
        for target in ("l2", "l3", "ev_owners")
    }
    return {**points, "net_cad": after.cost.net_cad - before.cost.net_cad}


def _checksums(folders: Iterable[Path]) -> dict[str, str]:
    return {folder.name: sha256_bytes((folder / "plan.json").read_bytes()) for folder in folders}


def _kept(note: Path, folders: Sequence[Path]) -> list[dict[str, Any]] | None:
    """Return the kept rows if they and every plan behind them are as they were written."""
    try:
        values = read_json(note)
        rows: list[dict[str, Any]] = values["rows"]
        sound = values["rows_sha256"] == sha256_json(rows)
        return rows if sound and values["plans"] == _checksums(folders) else None
    except (KwevError, KeyError, TypeError, OSError):
        return None
