"""What the book reports on: one scenario of one checkout, its data and its certified plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kwev import config as configuration
from kwev.analysis import sensitivity
from kwev.config import Case
from kwev.files import read_json, write_json
from kwev.project import Project, find_project
from kwev.store import Entry, stored
from kwev.tables import Tables, load_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from kwev.config import Config
    from kwev.plan import Plan

SCENARIO, GEOGRAPHY = "base", "da"
"""The plan that the book publishes."""


@dataclass(frozen=True)
class Report:
    """One scenario, read and solved on demand; the same object serves a whole chapter."""

    project: Project
    scenario: str
    geography: str

    @cached_property
    def config(self) -> Config:
        """The scenario, resolved."""
        return configuration.load(self.scenario, self.project.config)

    @cached_property
    def tables(self) -> Tables:
        """``data/processed``."""
        return load_tables(self.project.processed)

    @cached_property
    def entry(self) -> Entry:
        """The certified plan with the account of its solves."""
        case = Case(self.scenario, self.config, self.geography)
        entry = stored(self.project, self.tables, case)
        _note_provenance(self, entry)
        return entry

    @property
    def plan(self) -> Plan:
        """The certified plan."""
        return self.entry.plan

    @cached_property
    def budgets(self) -> pd.DataFrame:
        """The budget sweep."""
        return sensitivity.budget_sweep(
            self.project, scenario=self.scenario, geography=self.geography
        )

    @cached_property
    def sources(self) -> list[dict[str, Any]]:
        """The register of sources, sorted by id."""
        register = read_json(self.project.register)
        licences = register["licences"]
        return [
            {**source, "licence_name": licences[source["licence"]]["name"]}
            for source in sorted(register["sources"], key=lambda s: str(s["id"]))
        ]


def load_report(scenario: str = SCENARIO, geography: str = GEOGRAPHY) -> Report:
    """Open the report of the checkout that the working folder lies in.

    Raises
    ------
    KwevError
        If there is no checkout here.
    """
    return Report(find_project(), scenario, geography)


def prepare(report: Report, progress: Callable[[str], None] = lambda _: None) -> None:
    """Solve every plan that the book shows, so that its chapters find them in the store.

    ``progress`` is called with a word for each plan before it is looked up or solved.
    """
    progress(f"{report.scenario} at {report.geography}")
    _ = report.plan
    for budget in sensitivity.BUDGETS_CAD:
        progress(f"budget {budget / 1e6:g} million")
        sensitivity.budget_sweep(
            report.project,
            scenario=report.scenario,
            geography=report.geography,
            budgets_cad=[budget],
        )


PLANS = 1 + len(sensitivity.BUDGETS_CAD)
"""How often ``prepare`` reports progress."""


def _note_provenance(report: Report, entry: Entry) -> None:
    """Leave what the pages' footers say about the plan."""
    solver = entry.plan.solver
    quarter = str(report.tables.fsas["quarter"].iloc[0])
    write_json(
        report.project.build / "provenance.json",
        {
            "Scenario": f"{report.scenario}, demand points: {report.geography}",
            "Solver": f"{solver.name} {solver.version}, gap {solver.gap_solver:.2e}",
            "Data": f"Census 2021, EVs {quarter[:4]} {quarter[4:]}, stations 2024-11 and 2025-10",
        },
    )
