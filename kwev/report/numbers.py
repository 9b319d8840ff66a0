"""Named values with unit, format and origin: the only figures that the book's prose prints.

One module for each subject; a chapter asks for the groups that it prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.display.values import Numbers
from kwev.report import (
    catalogue,
    forecast,
    grid,
    homes,
    inventories,
    neighbourhoods,
    reach,
    region,
    scores,
    stations,
    transit,
    vehicles,
)
from kwev.report.decisions import of_recommendations
from kwev.report.equity import of_equity
from kwev.report.hindsight import of_hindsight
from kwev.report.monitoring import of_monitoring
from kwev.report.out_of_reach import of_targets_out_of_reach
from kwev.report.plan import of_assumptions, of_budgets, of_coarse, of_phases, of_plan, of_scenario
from kwev.report.results import of_results
from kwev.report.returns import of_money
from kwev.report.schedule import of_schedule, of_sites
from kwev.report.sensitivity import of_cells, of_sweeps
from kwev.report.tradeoffs import of_alternatives, of_frontier, of_robustness

if TYPE_CHECKING:
    from kwev.report.scenario import Report


def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    rooms = (
        region, homes, vehicles, forecast, stations, inventories, transit, grid, reach, scores,
        neighbourhoods, catalogue,
    )  # fmt: skip
    parts = (
        *(room.numbers for room in rooms),
        of_scenario, of_plan, of_coarse, of_budgets, of_phases, of_assumptions,
        of_targets_out_of_reach, of_results, of_schedule, of_sites, of_money, of_hindsight,
        of_sweeps, of_cells, of_equity, of_frontier, of_alternatives, of_robustness,
        of_monitoring, of_recommendations,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])
