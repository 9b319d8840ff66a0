"""What a plan changes for each cell: who has how many stations in reach today and with the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from kwev.config import parse
from kwev.errors import KwevError
from kwev.model.coverage import reach_l2, reach_l3, ruler_of
from kwev.model.demand import demand_points, share_of
from kwev.model.groups import HOUSEHOLDS, household_share, low_income_cad
from kwev.model.siting import decision_columns, existing_stations
from kwev.solve.record import Choice, action_id, network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.coverage import Level, Reach
    from kwev.model.demand import DemandPoints
    from kwev.model.siting import Columns, Stations
    from kwev.plan.format import Plan
    from kwev.solve.record import Network

When = Literal["before", "after"]
WHENS: Final[tuple[When, ...]] = ("before", "after")
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


# -- For whom a plan changes what: coverage by municipality, deprivation and kind of vehicle.

MUNICIPALITIES: Final = "By municipality, of people"
FIFTHS: Final = "By deprivation, of people"
VEHICLES: Final = "By kind of vehicle, of vehicles"
TOWN_VEHICLES: Final = "By municipality, of vehicles"
REGION: Final = "The Region"

FIFTH_NAMES: Final = {
    1.0: "Least deprived fifth",
    2.0: "Second fifth",
    3.0: "Third fifth",
    4.0: "Fourth fifth",
    5.0: "Most deprived fifth",
}
UNSCORED: Final = "No score published"
VEHICLE_NAMES: Final = {"bev": "Battery-electric", "phev": "Plug-in hybrid"}
ALL_VEHICLES: Final = "All that the plan counts"


def by_group(effects: Effects) -> pd.DataFrame:
    """Return who is in reach before and after, by group.

    People of a cell that lies in several dissemination areas go to the fifth of each by their
    number there. Battery-electric vehicles and hybrids are those registered today, in the mix of
    their forward sortation area; all of them together are those that the scenario plans for.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``name``, ``unit`` (people, EV), ``total`` (in that unit), then ``l2_before``,
        ``l2_after``, ``l3_before``, ``l3_after``, ``either_before``, ``either_after`` (shares).
        Groups without anybody have no row.
    """
    rows = [
        {"group": group, "name": name, "unit": unit, "total": float(weights.sum()),
         **shares(effects, weights)}
        for group, name, unit, weights in _groups(effects)
        if weights.sum() > 0
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS: Final = [
    "group", "name", "unit", "total",
    *(f"{level}_{when}" for level in SERVICES for when in WHENS),
]  # fmt: skip


def shares(effects: Effects, weights: NDArray[np.float64]) -> dict[str, float]:
    """Return the part of ``weights`` (n,) in reach of each service, before and after."""
    return {
        f"{level}_{when}": effects.share(weights, level, when)
        for level in SERVICES
        for when in WHENS
    }


def _groups(effects: Effects) -> Iterator[tuple[str, str, str, NDArray[np.float64]]]:
    """Give group, name, unit and the weight of each cell."""
    cells, tables = effects.cells, effects.tables
    names = tables.municipalities.set_index("municipality_id")["name"].sort_values()
    for group, unit, weights in (
        (MUNICIPALITIES, "people", cells.people),
        (TOWN_VEHICLES, "EV", cells.ev),
    ):
        for key, name in names.items():
            yield group, str(name), unit, np.where(cells.municipality == str(key), weights, 0.0)
        yield group, REGION, unit, weights
    for name, people in fifths(effects).items():
        yield FIFTHS, name, "people", people
    for kind, vehicles in effects.vehicles.items():
        yield VEHICLES, VEHICLE_NAMES[kind], "EV", vehicles
    yield VEHICLES, ALL_VEHICLES, "EV", cells.ev


def fifths(effects: Effects) -> dict[str, NDArray[np.float64]]:
    """Return the people of each cell by fifth of deprivation of their dissemination area."""
    parts, cells = effects.tables.cell_parts, effects.cells
    fifth = parts["da_id"].map(
        effects.tables.da_profiles.set_index("da_id")["deprivation_quintile"]
    )
    name = fifth.map(FIFTH_NAMES).fillna(UNSCORED).to_numpy(str)
    at = pd.Index(cells.ids).get_indexer(pd.Index(parts["cell_id"]))
    people = parts["population"].to_numpy(np.float64)
    return {
        one: np.bincount(at[name == one], people[name == one], len(cells)).astype(np.float64)
        for one in (*FIFTH_NAMES.values(), UNSCORED)
    }


# -- Who is served by kind of household: renters, people in apartments, low incomes.

GROUP: Final = "By household, of people"
NAMES: Final = {
    "renters": ("Renters", "Owners"),
    "multi_unit": ("In apartment buildings", "In other homes"),
    "low_income": ("Areas of low income", "Other areas"),
}
"""What each kind is called, and everybody else."""


def by_household(effects: Effects) -> pd.DataFrame:
    """Return who is in reach before and after, by kind of household.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`kwev.report.effects.by_group`, two rows a kind: those of it,
        and all others.
    """
    rows = []
    for kind, names in NAMES.items():
        inside = people(effects, kind)
        for name, weights in zip(names, (inside, effects.cells.people - inside), strict=True):
            rows.append(
                {"group": GROUP, "name": name, "unit": "people", "total": float(weights.sum()),
                 **shares(effects, weights)}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def people(effects: Effects, kind: str) -> NDArray[np.float64]:
    """Return shape (n,): the people of each cell in a kind of household (``HOUSEHOLDS``)."""
    tables, cells = effects.tables, effects.cells
    share = household_share(tables, tables.da_profiles, "da_id", kind)
    parts = tables.cell_parts
    at = pd.Index(cells.ids).get_indexer(pd.Index(parts["cell_id"]))
    living = parts["population"].to_numpy(np.float64) * parts["da_id"].map(share).to_numpy()
    return np.bincount(at, living, len(cells)).astype(np.float64)


def shares_of_kinds(effects: Effects) -> dict[str, float]:
    """Return the part of the Region's people in each kind of household."""
    total = float(effects.cells.people.sum())
    return {kind: float(people(effects, kind).sum()) / total for kind in HOUSEHOLDS}


def low_income_limit_cad(tables: Tables) -> float:
    """Return the median income up to which an area counts as one of low income (CAD)."""
    both = tables.das[["da_id", "population"]].merge(
        tables.da_profiles[["da_id", "median_income_cad"]], on="da_id", validate="1:1"
    )
    return low_income_cad(
        both["median_income_cad"].to_numpy(np.float64), both["population"].to_numpy(np.float64)
    )
