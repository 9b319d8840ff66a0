"""Each constraint of the model with its formula, its place in the scenario and its instances.

An instance is a region small enough to solve by hand; a test names the rows that it shows by
``@pytest.mark.constraint("row", ...)``, and is read here from its source, never imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwev import symbols
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kwev.project import Project

MARK = "constraint"
INSTANCES = "tests/instances"
OPTIONAL = ("options", "optional")
"""Equations of which a scenario may leave out each row."""

WORDS = {
    "coverage_l2": "Level 2 covers who is within reach",
    "coverage_l3": "Level 3 covers who is within reach",
    "coverage_ev_owners": "Either level covers vehicles within reach",
    "target_l2": "Minimum coverage, Level 2",
    "target_l3": "Minimum coverage, Level 3",
    "target_ev_owners": "Minimum coverage, vehicles",
    "budget": "Net budget",
    "one_action_per_place": "One action a place",
    "ports": "Fewest and most ports of an action",
    "site_capacity": "Grid capacity of a site",
    "unserved": "Energy of a municipality",
    "target_demand": "Demand satisfaction",
    "idle": "Idle energy of a municipality",
    "removal_alternative": "Alternative near a removed station",
    "site_budget": "Budget of a site",
    "ports_per_place": "Ports at a place",
    "ports_l2": "New Level 2 ports in all",
    "ports_l3": "New Level 3 ports in all",
    "total_kw": "New power in all",
    "l3_spacing": "Minimum Level 3 spacing",
    "l3_gap": "Maximum Level 3 gap",
    "stations_per_area": "Stations in an area",
    "area_power": "Power of an area",
    "overlap": "Overlap of new Level 2",
    "target_municipality_l2": "Level 2 floor by municipality",
    "target_municipality_l3": "Level 3 floor by municipality",
    "target_quintile_l2": "Level 2 floor by quintile",
    "target_quintile_l3": "Level 3 floor by quintile",
    "target_renters_l2": "Level 2 floor of renters",
    "target_renters_l3": "Level 3 floor of renters",
    "target_multi_unit_l2": "Level 2 floor of people in apartments",
    "target_multi_unit_l3": "Level 3 floor of people in apartments",
    "target_low_income_l2": "Level 2 floor of low incomes",
    "target_low_income_l3": "Level 3 floor of low incomes",
    "target_redundancy_l2": "Redundancy, Level 2",
    "target_redundancy_l3": "Redundancy, Level 3",
}
"""What each row of the model is called in a table."""


@dataclass(frozen=True)
class Constraint:
    """One named row of the model.

    Attributes
    ----------
    row
        Its name in the model.
    words
        What it is called.
    latex
        Its formula.
    optional
        Whether a scenario has to ask for it.
    instances
        Names of the tests that show it, without ``test_``, in words.
    """

    row: str
    words: str
    latex: str
    optional: bool
    instances: tuple[str, ...]


def constraints(project: Project) -> list[Constraint]:
    """Return every constraint of the model, in the order of the formulas.

    Raises
    ------
    KwevError
        If the instances of this checkout cannot be read.
    """
    shown = instances(project.root / INSTANCES)
    return [
        Constraint(
            row,
            WORDS.get(row, row),
            symbols.written(formula.latex.replace("&", "")),
            formula.equation in OPTIONAL,
            tuple(shown.get(row, ())),
        )
        for formula in symbols.FORMULAS
        for row in formula.rows
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


def table(project: Project) -> symbols.Markdown:
    """Return constraint, formula and instances as a Markdown table."""
    head = ["| Constraint | Formula | Shown by |", f"|:{'-' * 22}|:{'-' * 48}|:{'-' * 40}|"]
    rows = [
        f"| {c.words}{' (optional)' * c.optional} | ${c.latex}$ | {'; '.join(c.instances)} |"
        for c in constraints(project)
    ]
    return symbols.Markdown("\n".join([*head, *rows, ""]))
