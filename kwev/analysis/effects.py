"""What a plan changes for each cell: who has how many stations in reach today and with the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from kwev.config import parse
from kwev.coverage import reach_l2, reach_l3, ruler_of
from kwev.demand import demand_points, share_of
from kwev.errors import KwevError
from kwev.record import Choice, action_id, network
from kwev.siting import decision_columns, existing_stations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.coverage import Level, Reach
    from kwev.demand import DemandPoints
    from kwev.plan import Plan
    from kwev.record import Network
    from kwev.siting import Columns, Stations
    from kwev.tables import Tables

When = Literal["before", "after"]
WHENS: Final[tuple[When, ...]] = ("before", "after")
LEVELS: Final[tuple[Level, ...]] = ("l2", "l3")
SERVICES: Final[tuple[Level | Literal["either"], ...]] = ("l2", "l3", "either")


@dataclass(frozen=True, eq=False)
class Effects:
    """A plan beside its scenario's cells, stations and possible actions.

    Everything is measured on the cells with the plan's own metric, whatever geography the model
    used; arrays over cells have shape (n,), in the order of ``cells``.

    Attributes
    ----------
    config
        The plan's own configuration.
    cells
        The cells with their people and the vehicles that the scenario plans for.
    stations, columns
        Existing stations that count, and every action that the scenario allows (m).
    choice
        The plan's actions among the columns.
    reach
        By level, what each column changes at each cell.
    network
        Where each level is offered, before and after.
    """

    tables: Tables
    plan: Plan
    config: Config
    cells: DemandPoints
    stations: Stations
    columns: Columns
    choice: Choice
    reach: dict[Level, Reach]
    network: dict[When, Network]

    @cached_property
    def counts(self) -> dict[tuple[Level, When], NDArray[np.int64]]:
        """Stations in reach of each cell, by level and time."""
        found = {}
        for level, reach in self.reach.items():
            today = reach.fixed + reach.losable
            found[level, WHENS[0]] = today
            found[level, WHENS[1]] = today + reach.change @ self.choice.build.astype(np.int64)
        return found

    def covered(self, level: Level | Literal["either"], when: When) -> NDArray[np.bool_]:
        """Return which cells have a station of a level, or of either, in reach."""
        if level == "either":
            return self.covered("l2", when) | self.covered("l3", when)
        return np.asarray(self.counts[level, when] >= 1)

    def share(
        self, weights: NDArray[np.float64], level: Level | Literal["either"], when: When
    ) -> float:
        """Return the part of ``weights`` (n,) in reach of a level; 0 where there are none."""
        return share_of(weights, self.covered(level, when))

    @cached_property
    def vehicles(self) -> dict[str, NDArray[np.float64]]:
        """Registered vehicles of each cell: battery-electric (``bev``) and ``phev``."""
        table = self.tables.cells.set_index("cell_id").reindex(self.cells.ids)
        return {kind: table[kind].to_numpy(np.float64) for kind in ("bev", "phev")}


def effects(tables: Tables, plan: Plan) -> Effects:
    """Return what a plan changes, measured anew from the tables and the plan's actions alone.

    Raises
    ------
    KwevError
        If the plan has an action that its own scenario does not allow.
    """
    config = parse(plan.config, where="plan")
    cells = demand_points(tables, config, "cell")
    stations = existing_stations(tables, config)
    columns = decision_columns(tables, config, stations)
    ruler = ruler_of(tables, config.coverage.metric)
    choice = choice_of(plan, columns)
    nothing = Choice(np.zeros(len(columns), bool), np.zeros(len(columns), np.int64))
    return Effects(
        tables=tables,
        plan=plan,
        config=config,
        cells=cells,
        stations=stations,
        columns=columns,
        choice=choice,
        reach={
            "l2": reach_l2(cells, stations, columns, config, ruler),
            "l3": reach_l3(cells, stations, columns, config, ruler),
        },
        network={
            "before": network(stations, columns, nothing, config),
            "after": network(stations, columns, choice, config),
        },
    )


def choice_of(plan: Plan, columns: Columns) -> Choice:
    """Return the plan's actions as a choice of columns.

    Raises
    ------
    KwevError
        If the plan has an action that is no column.
    """
    known = {action_id(columns, k): k for k in range(len(columns))}
    build = np.zeros(len(columns), bool)
    ports = np.zeros(len(columns), np.int64)
    for action in plan.actions:
        k = known.get(action.id)
        if k is None:
            raise KwevError(
                f"action {action.id} is none that the scenario allows",
                where="plan",
                hint="Check the plan with 'kwev check'.",
            )
        build[k] = True
        ports[k] = max(action.l2_ports_after - action.l2_ports_before, 0) + max(
            action.l3_ports_after - action.l3_ports_before, 0
        )
    return Choice(build, ports)
