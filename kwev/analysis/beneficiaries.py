"""For whom a plan changes what: coverage by municipality, deprivation and kind of vehicle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.analysis.effects import SERVICES, WHENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects

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
