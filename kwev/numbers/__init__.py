"""Named values with unit, format and origin: the only figures that the book's prose prints.

One module for each subject; a chapter asks for the groups that it prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.numbers.catalogue import of_catalogue
from kwev.numbers.data import of_data, of_region
from kwev.numbers.equity import of_equity
from kwev.numbers.grid import of_grid
from kwev.numbers.homes import of_homes
from kwev.numbers.monitoring import of_monitoring
from kwev.numbers.number import SHOW, Number, Numbers, Value
from kwev.numbers.outofreach import of_targets_out_of_reach
from kwev.numbers.plan import (
    of_assumptions,
    of_budgets,
    of_coarse,
    of_phases,
    of_plan,
    of_scenario,
)
from kwev.numbers.reach import of_reach
from kwev.numbers.results import of_results
from kwev.numbers.scores import of_scores
from kwev.numbers.stations import of_stations
from kwev.numbers.sweeps import of_cells, of_sweeps
from kwev.numbers.transit import of_transit
from kwev.numbers.vehicles import of_growth, of_vehicles

if TYPE_CHECKING:
    from kwev.report import Report

__all__ = [
    "SHOW", "Number", "Numbers", "Value", "everything", "of_assumptions", "of_budgets",
    "of_catalogue", "of_cells", "of_coarse", "of_data", "of_grid", "of_growth", "of_homes",
    "of_monitoring", "of_phases", "of_plan", "of_reach", "of_region", "of_results", "of_scenario",
    "of_scores", "of_stations", "of_sweeps", "of_targets_out_of_reach", "of_transit",
    "of_vehicles",
]  # fmt: skip


def everything(report: Report) -> Numbers:
    """Return every number of the book."""
    parts = (
        of_region, of_data, of_scenario, of_plan, of_coarse, of_budgets, of_phases, of_assumptions,
        of_catalogue, of_transit, of_vehicles, of_growth, of_scores, of_stations, of_homes,
        of_grid, of_reach, of_targets_out_of_reach, of_results, of_sweeps, of_cells, of_equity,
        of_monitoring,
    )  # fmt: skip
    return Numbers([number for part in parts for number in part(report)])
