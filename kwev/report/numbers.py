"""Named values with unit, format and origin: the only figures that the book's prose prints.

One module for each subject; a chapter asks for the groups that it prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.display.values import Numbers
from kwev.report import (
    catalogue,
    decisions,
    forecast,
    frontier,
    futures,
    grid,
    hindsight,
    homes,
    inventories,
    monitoring,
    near_optimal,
    neighbourhoods,
    reach,
    region,
    returns,
    scores,
    sensitivity,
    stations,
    transit,
    vehicles,
)
from kwev.report.equity import of_equity
from kwev.report.out_of_reach import of_targets_out_of_reach
from kwev.report.phases import of_phases
from kwev.report.plan import of_assumptions, of_budgets, of_coarse, of_plan, of_scenario
from kwev.report.results import of_findings
from kwev.report.schedule import of_schedule
from kwev.report.sites import of_sites

if TYPE_CHECKING:
    from kwev.report.scenario import Report


def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    rooms = (
        region, homes, vehicles, forecast, stations, inventories, transit, grid, reach, scores,
        neighbourhoods, catalogue, returns, hindsight, sensitivity, frontier,
        near_optimal, futures,
        monitoring, decisions,
    )  # fmt: skip
    parts = (
        *(room.numbers for room in rooms),
        of_scenario, of_plan, of_coarse, of_budgets, of_phases, of_assumptions,
        of_targets_out_of_reach, of_findings, of_schedule, of_sites, of_equity,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])
