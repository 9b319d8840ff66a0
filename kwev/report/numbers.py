"""Named values with unit, format and origin: the only figures that the book's prose prints.

One module for each subject; a chapter asks for the groups that it prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.display.values import Numbers
from kwev.report import decisions, hindsight, monitoring, returns, sensitivity, tradeoffs
from kwev.report.catalogue import of_catalogue
from kwev.report.equity import of_equity
from kwev.report.grid import of_grid
from kwev.report.homes import of_homes
from kwev.report.out_of_reach import of_targets_out_of_reach
from kwev.report.plan import of_assumptions, of_budgets, of_coarse, of_phases, of_plan, of_scenario
from kwev.report.reach import of_reach
from kwev.report.region import of_data, of_region
from kwev.report.results import of_results
from kwev.report.schedule import of_schedule, of_sites
from kwev.report.scores import of_scores
from kwev.report.stations import of_stations
from kwev.report.transit import of_transit
from kwev.report.vehicles import of_growth, of_vehicles

if TYPE_CHECKING:
    from kwev.report.scenario import Report


def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    parts = (
        of_region, of_data, of_scenario, of_plan, of_coarse, of_budgets, of_phases, of_assumptions,
        of_catalogue, of_transit, of_vehicles, of_growth, of_scores, of_stations, of_homes,
        of_grid, of_reach, of_targets_out_of_reach, of_results, of_schedule, of_sites, of_equity,
        returns.numbers, hindsight.numbers, sensitivity.numbers, tradeoffs.numbers,
        monitoring.numbers, decisions.numbers,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])
