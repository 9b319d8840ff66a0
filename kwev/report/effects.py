"""What a plan changes: for each cell, and by municipality, deprivation, vehicle and household."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from kwev.display import origins
from kwev.display.table import Column, table
from kwev.display.values import ASSUMED_DIGITS, Numbers, named
from kwev.errors import KwevError
from kwev.model.coverage import reach_l2, reach_l3, ruler_of
from kwev.model.demand import demand_points, household_share, low_income_cad, share_of
from kwev.model.siting import decision_columns, existing_stations
from kwev.solve.record import Choice, choice_of, column_of_action, network
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.model.coverage import Level, Reach
    from kwev.model.demand import DemandPoints
    from kwev.model.siting import Columns, Stations
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report
    from kwev.solve.record import Network

When = Literal["before", "after"]
WHENS: Final[tuple[When, ...]] = ("before", "after")
WHEN_NAMES: Final[dict[When, str]] = {"before": "Today", "after": "With the plan"}
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
    def parts(self) -> pd.DataFrame:
        """Parts of cells by dissemination area: ``cell`` (its number), ``da_id``, ``people``."""
        parts = self.tables.cell_parts
        at = pd.Index(self.cells.ids).get_indexer(pd.Index(parts["cell_id"])).astype(np.int64)
        people = parts["population"].to_numpy(np.float64)
        return pd.DataFrame({"cell": at, "da_id": parts["da_id"].to_numpy(), "people": people})

    def in_cells(self, of_parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of values of :attr:`parts` by cell, shape (n,)."""
        return np.bincount(self.parts["cell"], of_parts, len(self.cells)).astype(np.float64)

    @cached_property
    def column_of(self) -> dict[str, int]:
        """Number of each column by the id of its action."""
        return column_of_action(self.columns)

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
    config = plan.config.as_config()
    cells = demand_points(tables, config, "cell")
    stations = existing_stations(tables, config)
    columns = decision_columns(tables, config, stations)
    ruler = ruler_of(tables, config.coverage.metric)
    done = ((action.id, action.ports_added) for action in plan.actions)
    choice, unknown = choice_of(columns, done)
    if unknown:
        hint = "Check the plan with 'kwev check'."
        what = f"action {unknown[0]} is none that the scenario allows"
        raise KwevError(what, where="plan", hint=hint)
    nothing = Choice.nothing(columns)
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


# -- By group of people or vehicles.

MUNICIPALITIES: Final = "By municipality, of people"
FIFTHS: Final = "By deprivation, of people"
VEHICLES: Final = "By kind of vehicle, of vehicles"
TOWN_VEHICLES: Final = "By municipality, of vehicles"
HOUSEHOLD: Final = "By household, of people"
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
HOUSEHOLD_NAMES: Final = {
    "renters": ("Renters", "Owners"),
    "multi_unit": ("In apartment buildings", "In other homes"),
    "low_income": ("Areas of low income", "Other areas"),
}
"""What each kind of household is called, and everybody else."""


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
    return _in_reach(effects, [group for group in _groups(effects) if group[-1].sum() > 0])


def by_household(effects: Effects) -> pd.DataFrame:
    """Return who is in reach before and after, by kind of household.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`by_group`, two rows a kind: those of it, and all others.
    """
    return _in_reach(
        effects,
        [
            (HOUSEHOLD, name, "people", weights)
            for kind, names in HOUSEHOLD_NAMES.items()
            for inside in [people_in(effects, kind)]
            for name, weights in zip(names, (inside, effects.cells.people - inside), strict=True)
        ],
    )


_Group = tuple[str, str, str, "NDArray[np.float64]"]
"""Group, name, unit, and the weight of each cell, shape (n,)."""


def _in_reach(effects: Effects, groups: Iterable[_Group]) -> pd.DataFrame:
    """Return the part of each group in reach of each service, before and after."""
    services = [(level, when) for level in SERVICES for when in WHENS]
    columns = ["group", "name", "unit", "total", *(f"{level}_{when}" for level, when in services)]
    rows = [
        [group, name, unit, float(weights.sum()),
         *(effects.share(weights, level, when) for level, when in services)]
        for group, name, unit, weights in groups
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _groups(effects: Effects) -> Iterator[_Group]:
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
    fifth = effects.tables.da_profiles.set_index("da_id")["deprivation_quintile"]
    name = effects.parts["da_id"].map(fifth).map(FIFTH_NAMES).fillna(UNSCORED)
    people = effects.parts["people"]
    return {
        one: effects.in_cells(people.where(name == one, 0.0).to_numpy())
        for one in (*FIFTH_NAMES.values(), UNSCORED)
    }


def people_in(effects: Effects, kind: str) -> NDArray[np.float64]:
    """Return shape (n,): the people of each cell in a kind of household (``HOUSEHOLDS``)."""
    share = household_share(effects.tables, effects.tables.da_profiles, "da_id", kind)
    parts = effects.parts
    return effects.in_cells((parts["people"] * parts["da_id"].map(share)).to_numpy())


def low_income_limit_cad(tables: Tables) -> float:
    """Return the median income up to which an area counts as one of low income (CAD)."""
    both = tables.das[["da_id", "population"]].merge(
        tables.da_profiles[["da_id", "median_income_cad"]], on="da_id", validate="1:1"
    )
    return low_income_cad(
        both["median_income_cad"].to_numpy(np.float64), both["population"].to_numpy(np.float64)
    )


# -- Named values and table.


def of_effects(report: Report) -> Numbers:
    """Return how many are new to each level, and who has least and most of it."""
    found = report.findings
    towns, people = municipalities(found.groups), found.effects.cells.people
    by_fifth = found.groups[found.groups["group"] == FIFTHS].set_index("name")
    ends = {"least": FIFTH_NAMES[1.0], "most": FIFTH_NAMES[5.0]}
    numbers = []
    for level in LEVEL_KEYS:
        newly = found.effects.covered(level, "after") & ~found.effects.covered(level, "before")
        last = least_served(towns, level)
        numbers += named(
            f"effects.by_group: {level}",
            prefix=f"{level}_",
            digits=ASSUMED_DIGITS,
            people={"newly": people[newly].sum()},
            text={"last_town": last["name"]},
            share={
                "last_town_share": last[f"{level}_after"],
                **{
                    f"{end}_deprived_{when}": float(by_fifth[f"{level}_{when}"][name])
                    for end, name in ends.items()
                    for when in WHENS
                    if name in by_fifth.index
                },
            },
        )
    return Numbers(numbers)


def of_served(report: Report) -> Numbers:
    """Return who has Level 2 with the plan: town and country, fifths, kinds of household."""
    groups, homes = report.findings.groups, report.findings.households
    towns = municipalities(groups)
    of_fifth = groups[groups["group"] == FIFTHS].set_index("name")["l2_after"]
    least, most = float(of_fifth[FIFTH_NAMES[1.0]]), float(of_fifth[FIFTH_NAMES[5.0]])
    by_home = homes.set_index("name")["l2_after"]
    kind = towns["name"].map(report.tables.municipalities.set_index("name")["kind"])
    parts = {"cities_l2": towns[kind == "city"], "townships_l2": towns[kind == "township"]}
    last = {level: least_served(towns, level) for level in LEVEL_KEYS}
    limit_cad = low_income_limit_cad(report.tables)
    return Numbers(
        [
            *named("plan.coverage: effects.by_group", prefix="served_", text={
                "deprived_words": deprived_words(most, least),
                **{f"least_{level}_who": row["name"] for level, row in last.items()},
            }),
            *named("plan.coverage: effects.by_group", prefix="served_", share={
                "fifth_least": least,
                "fifth_most": most,
                **{f"least_{level}": row[f"{level}_after"] for level, row in last.items()},
                **{
                    name: (part["l2_after"] * part["total"]).sum() / part["total"].sum()
                    for name, part in parts.items()
                },
            }),
            *named("da_profiles.median_income_cad", cad={"low_income_limit": limit_cad}),
            *named("plan.coverage: effects.by_household", prefix="served_", share={
                f"{word}{kind}_l2": by_home[name]
                for kind, names in HOUSEHOLD_NAMES.items()
                for word, name in zip(("", "not_"), names, strict=True)
            }),
        ]
    )  # fmt: skip


EVEN: Final = 0.02
"""A difference of two shares smaller than this is called none."""


def deprived_words(most: float, least: float) -> str:
    """Return how the most deprived fifth fares against the least deprived, in words."""
    if abs(most - least) < EVEN:
        return "Deprived places are served as others are"
    return f"Deprived places are {'not left behind' if most > least else 'behind'}"


def municipalities(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`by_group` that are municipalities, by their people."""
    return groups[(groups["group"] == MUNICIPALITIES) & (groups["name"] != REGION)]


def least_served(towns: pd.DataFrame, level: str) -> pd.Series:
    """Return the municipality of which a level reaches the least share with the plan."""
    return towns.sort_values([f"{level}_after", "name"]).iloc[0]


def who_gains(report: Report) -> Table:
    """Return coverage before and after by municipality, deprivation and kind of vehicle."""
    frame = report.findings.groups
    frame = frame[frame["group"] != TOWN_VEHICLES].reset_index(drop=True)
    columns = (Column("name", "Who"), "total l2_before l2_after l3_before l3_after either_after")
    return table("who-gains", frame, columns, report.origin, group="group")


def served_households(report: Report) -> Table:
    """Return coverage before and after by kind of household."""
    columns = (
        Column("name", "Who"),
        Column("total", "People", format=",.0f"),
        "l2_before l2_after l3_before l3_after",
    )
    origin = origins.of_homes(report.origin)
    return table("served-households", report.findings.households, columns, origin)
