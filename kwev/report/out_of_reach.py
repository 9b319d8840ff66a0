"""Each constraint of the model with its formula, its place in the scenario and its instances.

An instance is a region small enough to solve by hand; a test names the rows that it shows by
``@pytest.mark.constraint("row", ...)``, and is read here from its source, never imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.certify import NOT_CHECKED, ActionKey, Evaluation
from kwev.display.table import Column
from kwev.display.table import table as table_of
from kwev.display.values import Numbers, listed, named
from kwev.errors import KwevError
from kwev.files import read_json, write_json
from kwev.model import notation
from kwev.report.memory import once
from kwev.studies.store import key
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kwev.config import Case, Config
    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.report.scenario import Report
    from kwev.solve.infeasibility import Conflict

MARK = "constraint"
INSTANCES = "tests/instances"


@dataclass(frozen=True)
class Constraint:
    """One named row of the model.

    Attributes
    ----------
    row
        Its name in the model.
    title
        What it is called.
    latex
        Its formula.
    optional
        Whether a scenario has to ask for it.
    instances
        Names of the tests that show it, without ``test_``, in words.
    """

    row: str
    title: str
    latex: str
    optional: bool
    instances: tuple[str, ...]


def constraints(project: Project) -> list[Constraint]:
    """Return every constraint of the model, in the order of the book's equations.

    Raises
    ------
    KwevError
        If the instances of this checkout cannot be read.
    """
    from kwev.model import formulation  # noqa: PLC0415 -- cvxpy loads only where it solves

    shown = instances(project.root / INSTANCES)
    return [
        Constraint(
            one.row,
            one.title,
            notation.written(one.formulas[0].latex.replace("&", "")),
            equation in formulation.OPTIONAL,
            tuple(shown.get(one.row, ())),
        )
        for equation, one in formulation.constraints()
    ]


def instances(folder: Path) -> dict[str, list[str]]:
    """Return the tests that name each row, in words, sorted.

    Raises
    ------
    KwevError
        If a file is missing or is not Python.
    """
    found: dict[str, list[str]] = {}
    paths = sorted(folder.glob("test_*.py"))
    if not paths:
        raise KwevError("no instances solved by hand", where=str(folder), hint="Restore tests/.")
    for path in paths:
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError) as error:
            raise KwevError(f"test cannot be read: {error}", where=str(path)) from error
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                for row in _marked(function):
                    told = function.name.removeprefix("test_").replace("_", " ")
                    found.setdefault(row, []).append(told)
    return {row: sorted(tests) for row, tests in sorted(found.items())}


def _marked(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr == MARK
        ):
            yield from (str(a.value) for a in decorator.args if isinstance(a, ast.Constant))


def table(project: Project) -> notation.Markdown:
    """Return constraint, formula and instances as a Markdown table."""
    head = ["| Constraint | Formula | Shown by |", f"|:{'-' * 22}|:{'-' * 48}|:{'-' * 40}|"]
    rows = [
        f"| {c.title}{' (optional)' * c.optional} | ${c.latex}$ | {'; '.join(c.instances)} |"
        for c in constraints(project)
    ]
    return notation.Markdown("\n".join([*head, *rows, ""]))


def not_checked() -> notation.Markdown:
    """Return what a plan file may state otherwise without a violation, as a Markdown table."""
    head = ["| In the plan file | What it is |", f"|:{'-' * 34}|:{'-' * 60}|"]
    rows = [f"| `{path}` | {what} |" for path, what in NOT_CHECKED]
    return notation.Markdown("\n".join([*head, *rows, ""]))


# -- Targets out of reach: what stands in the way, in words and tables, and who is left without.

REGION = "Region"
MISSED = 1e-6
"""A shortfall (share) up to this is none: the model holds each to as much."""


def conflict(
    project: Project, tables: Tables, case: Case, progress: Callable[[str], None] = lambda _: None
) -> Conflict:
    """Return what stands in the way of a case's targets, kept beside the stored plans."""
    note = file_of(project, tables, case)
    kept = _kept(note)
    if kept is None:
        from kwev.solve.infeasibility import explain  # noqa: PLC0415 -- cvxpy loads only where it solves

        kept = explain(tables, case, progress=progress)
        write_json(note, kept.as_dict())
    return kept


def file_of(project: Project, tables: Tables, case: Case) -> Path:
    """Return where the answer of :func:`conflict` is kept."""
    return project.store / f"conflict-{case.scenario}-{case.geography}-{key(tables, case)}.json"


def _kept(note: Path) -> Conflict | None:
    from kwev.solve.infeasibility import Conflict  # noqa: PLC0415 -- cvxpy loads only where it solves

    try:
        return Conflict.from_dict(read_json(note))
    except (KwevError, KeyError, TypeError, OSError):
        return None


def words(config: Config) -> dict[str, str]:
    """Return what each constraint group is called in a sentence."""
    from kwev.model.formulation import CONSTRAINTS  # noqa: PLC0415 -- cvxpy loads only where it solves

    return {one.name: one.sentence(config) for one in CONSTRAINTS}


def sentence(found: Conflict, config: Config) -> str:
    """Return in a sentence what cannot be met together, and what would help."""
    named = words(config)
    told = listed([named[group] for group in found.groups]) if found.groups else ""
    told = told[:1].upper() + told[1:]
    if found.status == "none":
        return "All targets can be met together under every rule."
    if found.status == "unknown":
        return "Whether the targets can be met together was not decided in time."
    if found.most is not None:
        return (
            f"{told} is out of reach by itself: with every candidate built, on any grid, "
            f"{found.most:.1%} is the most, so no money helps."
        )
    if len(found.groups) == 1:
        return f"{told} cannot be met by any plan, whatever else is given up: no money helps."
    money = "" if "budget" in found.groups else ": no money helps"
    end = (
        "; without any one of these the rest of them can be"
        if found.status == "irreducible"
        else "; whether all of these are needed was not decided in time"
    )
    return f"{told} cannot be met together{money}{end}."


def rest(plan: Plan, found: Conflict) -> str:
    """Return in a sentence which other targets the plan meets on the model's demand points.

    Empty where it misses all, or none is out of reach.
    """
    short = plan.shortfall
    parts = {"l2": short.l2, "l3": short.l3, "ev_owners": short.ev_owners, "demand": short.demand}
    names = {
        **{level: f"the target of {name}" for level, name in LEVEL_NAMES.items()},
        "ev_owners": "the target for vehicles",
        "demand": "the energy target",
    }
    met = [
        names[name]
        for name, share in parts.items()
        if share is not None and share <= MISSED and name not in found.groups
    ]
    if not met or not found.groups:
        return ""
    told = listed(met)
    return f"{told[:1].upper()}{told[1:]} {'is' if len(met) == 1 else 'are'} met by the plan."


def group_table(found: Conflict, config: Config) -> pd.DataFrame:
    """Return one row a constraint group: ``group``, ``name`` and ``part`` (whether in the set)."""
    named = words(config)
    undecided = set(found.undecided)
    return pd.DataFrame(
        [
            {
                "group": group,
                "name": named[group][:1].upper() + named[group][1:],
                "part": "undecided"
                if group in undecided
                else ("yes" if group in found.groups else "no"),
            }
            for group in found.considered
        ]
    )


def by_municipality(tables: Tables, plan: Plan, case: Case) -> pd.DataFrame:
    """Return who is left without, by municipality, measured on the cells.

    Returns
    -------
    pandas.DataFrame
        One row a municipality, by name, and one for the Region, last: ``municipality``,
        ``people``, and by level ``l2`` and ``l3`` the share covered after the plan, ``l2_short``
        and ``l3_short`` the share missing to the target, and ``l2_missing`` and ``l3_missing`` the
        people whom the target asks for and the plan does not reach.
    """
    evaluated = Evaluation(tables, case.config, case.geography)
    done = {ActionKey(a.kind, a.place_id): a.ports_added for a in plan.actions}
    cover = evaluated.cover("cell", done)
    area = tables.cells.set_index("cell_id")["municipality_id"].reindex(cover.points.ids)
    town = area.map(tables.municipalities.set_index("municipality_id")["name"]).to_numpy(str)
    rows = []
    for name in [*sorted(set(town)), REGION]:
        inside = np.isin(town, name) if name != REGION else np.ones(len(town), bool)
        living = float(cover.points.people[inside].sum())
        row: dict[str, str | float] = {"municipality": name, "people": living}
        for level in LEVEL_NAMES:
            target = getattr(case.config.targets, level)
            served = float(cover.points.people[inside & getattr(cover, level)].sum())
            missing = max(0.0, target * living - served)
            row[level] = served / living if living else 0.0
            row[f"{level}_short"] = missing / living if living else 0.0
            row[f"{level}_missing"] = missing
        rows.append(row)
    return pd.DataFrame(rows)


# -- Named values and tables.


@once
def of_targets_out_of_reach(report: Report) -> Numbers:
    """Return the conflict in words and the people whom the plan leaves without, by level."""
    found, rows = report.conflict, report.left_without.set_index("municipality")
    known = constraints(report.project)
    others = rest(report.plan, found) or "The plan meets no other target in full."
    numbers = [
        *named("conflict.explain", text={"conflict": sentence(found, report.config)}),
        *named("conflict.explain, plan.shortfall", text={"conflict_rest": others}),
        *named("conflict.explain", count={"conflict_groups": len(found.groups)}),
        *named("symbols.FORMULAS", count={"constraints": len(known)}),
        *named("rules.RULES", count={"constraints_optional": sum(c.optional for c in known)}),
        *named(INSTANCES, count={
            "constraint_tests": len({test for c in known for test in c.instances})
        }),
    ]  # fmt: skip
    for level in LEVEL_NAMES:
        worst = rows.drop(REGION).sort_values(f"{level}_short", kind="stable").iloc[-1]
        numbers += named(
            "plan.coverage on the cells",
            prefix=f"{level}_",
            people={"missing": float(rows[f"{level}_missing"][REGION])},
            text={"worst": str(worst.name)},
            share={"worst_share": worst[level]},
        )
    return Numbers(numbers)


def conflict_table(report: Report) -> Table:
    """Return every constraint group and whether it is in the irreducible set."""
    columns = (Column("name", "What a plan has to keep"), "part")
    frame = group_table(report.conflict, report.config)
    return table_of("conflict", frame, columns, report.origin)


def left_without(report: Report) -> Table:
    """Return by municipality how far the plan stays below each target, on the cells."""
    columns = (
        "municipality people",
        Column("l2", "Near Level 2", format=".1%"),
        "l2_missing",
        Column("l3", "Near Level 3", format=".1%"),
        "l3_missing",
    )
    return table_of("left-without", report.left_without, columns, report.origin)
