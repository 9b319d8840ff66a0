"""What the book reports on: one scenario of one checkout, its data and its certified plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from kwev.config import Case, load_config
from kwev.data.tables import Tables, load_tables
from kwev.display import origins
from kwev.errors import KwevError
from kwev.files import read_json, write_json
from kwev.plan import words
from kwev.project import Project, find_project
from kwev.region import read_region
from kwev.report import (
    equity,
    hindsight,
    history,
    local_need,
    out_of_reach,
    picks,
    registry,
    site_packages,
    sweeps,
    targets,
    timing,
)
from kwev.report.results import Findings
from kwev.report.returns import Business
from kwev.report.sweeps import GEOGRAPHY, SCENARIO
from kwev.studies.store import Entry, folder_of, solve_ahead, stored
from kwev.studies.study import read_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from kwev.config import Config
    from kwev.display.figure import Origin
    from kwev.display.values import Numbers
    from kwev.plan.format import Plan
    from kwev.region import Region
    from kwev.report.history import Measured
    from kwev.report.picks import Alternatives
    from kwev.report.site_packages import SitePackage
    from kwev.report.targets import Targets
    from kwev.report.timing import Timetable
    from kwev.solve.infeasibility import Conflict

SPECIFICATION = "base"
"""The scenario of the client's words, which stands beside the recommended one."""

GROWTH_YEAR = "2030"
"""Year whose forecast of vehicles the recommended plan is made for a second time."""

INVENTORIES = ("ocm", "nrcan")
"""Sources of ``station_records`` that give the network its stations; the others add to them."""


@dataclass(frozen=True)
class Report:
    """One scenario, read and solved on demand; the same object serves a whole chapter."""

    project: Project
    scenario: str
    geography: str

    @cached_property
    def made(self) -> dict[str, Numbers]:
        """Numbers that were worked out of this report, by what makes them."""
        return {}

    @cached_property
    def config(self) -> Config:
        """The scenario, resolved."""
        return load_config(self.scenario, self.project.config)

    @cached_property
    def region(self) -> Region:
        """What the project plans for."""
        return read_region(self.project.config)

    @cached_property
    def tables(self) -> Tables:
        """``data/processed``."""
        return load_tables(self.project.processed)

    @cached_property
    def entry(self) -> Entry:
        """The certified plan with the account of its solves."""
        entry = stored(self.project, self.tables, self.case)
        if self.scenario == SCENARIO:
            _note_provenance(self, entry)
        return entry

    @property
    def plan(self) -> Plan:
        """The certified plan."""
        return self.entry.plan

    @property
    def origin(self) -> Origin:
        """Where what is measured of the plan comes from."""
        return origins.plan(self.tables, self.plan)

    @cached_property
    def findings(self) -> Findings:
        """What the certified plan changes, measured anew on the cells."""
        return Findings.of(self.tables, self.plan)

    @cached_property
    def local_need(self) -> pd.DataFrame:
        """Need for public charging by census tract, and what ports within reach can give of it."""
        config = local_need.with_home_access(self.project, self.config)
        return local_need.by_tract(self.findings.effects, config)

    @cached_property
    def business(self) -> Business:
        """What the certified plan costs to run and earns."""
        return Business(self.project, self.tables, self.plan, self.config)

    @cached_property
    def hindsight(self) -> dict[str, Any]:
        """What a plan of 2022 would have reached, beside what was built by 2025."""
        return read_record(self.project, hindsight.record(self.project))

    @cached_property
    def specification(self) -> Report:
        """The plan of the client's words, on the same demand points."""
        return Report(self.project, SPECIFICATION, self.geography)

    @cached_property
    def growth_plan(self) -> Plan:
        """The certified plan made for the vehicles forecast for 2030."""
        return stored(self.project, self.tables, self._growth).plan

    @property
    def _growth(self) -> Case:
        return sweeps.case_of(self.config, {"demand.ev_year": GROWTH_YEAR})

    @cached_property
    def timetable(self) -> Timetable:
        """When the certified plan is built: its schedules, from the committed record."""
        return timing.timetable(self.project, self.tables, self.plan, self.config, self.geography)

    @cached_property
    def packages(self) -> list[SitePackage]:
        """A package for each site of the certified plan."""
        periods = self.timetable.periods("best")
        return site_packages.packages(self.tables, self.plan, self.config, periods)

    @cached_property
    def conflict(self) -> Conflict:
        """What stands in the way of the targets."""
        return out_of_reach.conflict(self.project, self.tables, self.case)

    @cached_property
    def left_without(self) -> pd.DataFrame:
        """Who is left below the targets, by municipality."""
        return out_of_reach.by_municipality(self.tables, self.plan, self.case)

    @property
    def case(self) -> Case:
        """What is solved."""
        return Case(self.scenario, self.config, self.geography)

    @cached_property
    def budgets(self) -> pd.DataFrame:
        """The budget sweep, by rising budget: committed rows (:mod:`kwev.studies.study`)."""
        return self.study("budget")

    def study(self, name: str) -> pd.DataFrame:
        """Return the committed rows of a study by its name.

        Raises
        ------
        KwevError
            If a row is missing, damaged or stale, or if another scenario than the one that the
            sweeps start from is reported on.
        """
        self._start_of_sweeps()
        if name not in self._studies:
            self._studies[name] = registry.results(self.project, name)
        return self._studies[name]

    def _start_of_sweeps(self) -> None:
        if self.scenario != SCENARIO:
            raise KwevError(f"sweeps start from {SCENARIO!r} alone", where=self.scenario)

    @cached_property
    def _studies(self) -> dict[str, pd.DataFrame]:
        return {}

    @property
    def people(self) -> float:
        """People of the Region."""
        return float(self.tables.cells["population"].sum())

    @cached_property
    def picks(self) -> pd.DataFrame:
        """How often each action is chosen over the sweeps."""
        return picks.of_report(self)

    @cached_property
    def alternatives(self) -> Alternatives:
        """Plans near the best one on the sweeps' demand points."""
        return picks.read(self.project)

    @cached_property
    def swings(self) -> pd.DataFrame:
        """What changes with one assumption at a time."""
        self._start_of_sweeps()
        return sweeps.one_at_a_time(self.project, sweeps.ranges(self.project))

    @cached_property
    def floor_prices(self) -> pd.DataFrame:
        """What each floor of the study of equity gives and takes, on the cells."""
        return equity.prices(self.findings.effects, self.study(equity.STUDY))

    @cached_property
    def watched(self) -> Targets:
        """The targets that are watched (``data/targets.json``)."""
        return targets.of_project(self.project)

    @cached_property
    def history(self) -> list[Measured]:
        """What was measured when (``data/monitoring/history.csv``)."""
        return history.read_history(history.path_of(self.project))

    def cases(self) -> list[Case]:
        """Return every plan that the book reads whole, the published one first.

        Of the other plans it reads the committed rows of their studies.
        """
        return [
            self.case,
            Case(SPECIFICATION, load_config(SPECIFICATION, self.project.config), self.geography),
            self._growth,
        ]

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

    A second call returns the same object, with what it has worked out: chapters and pages that are
    made in one process, or in copies of it, share the analysis.

    Raises
    ------
    KwevError
        If there is no checkout here.
    """
    return _opened(find_project(), scenario, geography)


@lru_cache(maxsize=1)
def _opened(project: Project, scenario: str, geography: str) -> Report:
    return Report(project, scenario, geography)


def plan_files(report: Report) -> list[Path]:
    """Return what chapters read of the store: each plan, and what stands in the targets' way."""
    folders = [folder_of(report.project, report.tables, case) for case in report.cases()]
    found = [path for folder in folders for path in (folder / "plan.json", folder / "solve.json")]
    return [*found, out_of_reach.file_of(report.project, report.tables, report.case)]


def prepare(report: Report, progress: Callable[[], None] = lambda: None) -> None:
    """Solve every plan that the book shows, so that its chapters find them in the store.

    Parameters
    ----------
    progress
        Called after each of ``report.cases()``.
    """
    solve_ahead(report.project, report.tables, report.cases(), progress=progress)
    # read here once: what is damaged is solved anew, and chapters find it sound
    _ = report.plan, report.conflict


def data_dates(tables: Tables) -> str:
    """Return the dates that people, vehicles and stations are known for, in words."""
    quarter = str(tables.fsas["quarter"].iloc[0])
    records = tables.station_records
    listed = records[records["source"].isin(INVENTORIES)].groupby("source")["snapshot"].max()
    stations = " and ".join(sorted(str(date)[: len("2024-11")] for date in listed))
    return f"Census 2021, EVs {quarter[:4]} {quarter[4:]}, stations {stations}"


def _note_provenance(report: Report, entry: Entry) -> None:
    """Leave what the pages' footers say about the plan."""
    said = entry.plan.solver_says
    write_json(
        report.project.build / "provenance.json",
        {
            "Scenario": f"{report.scenario}, demand points: {report.geography}",
            "Solver": f"{said.name} {said.version}, plan {words.optimality(entry.plan)}",
            "Data": data_dates(report.tables),
        },
    )
