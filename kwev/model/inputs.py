"""Inputs of the model: everything it reads, as arrays, for one geography and one scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from kwev.errors import KwevError
from kwev.model.coverage import (
    CoverRows,
    Reach,
    cover_rows,
    reach_either,
    reach_l2,
    reach_l3,
    ruler_of,
)
from kwev.model.demand import (
    DemandPoints,
    Groups,
    demand_points,
    energy_need_kwh,
    groups,
    shares,
    vehicles,
)
from kwev.model.local import Ground, local_energy, need_of_areas, within_reach
from kwev.model.siting import (
    Columns,
    Stations,
    decision_columns,
    existing_stations,
    plain_columns,
)
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.local import Local


@dataclass(frozen=True)
class Energy:
    """Public-charging energy by municipality, sorted by id.

    Attributes
    ----------
    municipality
        Municipality ids.
    need_kwh
        Energy the area's EVs take from public ports in a year (kWh).
    supply_kwh
        Energy the existing ports can deliver in a year (kWh).
    kwh_per_kw
        Energy one kW of ports delivers in a year (kWh/kW).
    """

    municipality: NDArray[np.str_]
    need_kwh: NDArray[np.float64]
    supply_kwh: NDArray[np.float64]
    kwh_per_kw: float


@dataclass(frozen=True)
class Inputs:
    """What the model reads: points, stations, columns, reach and rows, energy, groups.

    ``local`` is None unless the scenario has ``demand.local``.
    """

    points: DemandPoints
    stations: Stations
    columns: Columns
    reach: dict[str, Reach]
    rows: dict[str, CoverRows]
    energy: Energy
    groups: Groups
    local: Local | None = None

    @property
    def people(self) -> float:
        """All people of the geography."""
        return float(self.points.people.sum())

    @property
    def ev(self) -> float:
        """All EVs of the geography."""
        return float(self.points.ev.sum())


def build_inputs(tables: Tables, config: Config, geography: str) -> Inputs:
    """Build the inputs of a scenario at a geography.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The scenario.
    geography
        Demand points: ``tract``, ``da`` or ``cell``, from the coarsest to the finest.

    Returns
    -------
    Inputs
        Points, stations, actions, and who is within reach of what.

    Raises
    ------
    KwevError
        If the geography is unknown, or ways are along roads and the region has no road file.
    """
    if config.coverage.metric == "network" and tables.road_edges.empty:
        hint = "Set it to straight_line, or give the region a road file in config/region.json."
        raise KwevError("no road to measure along", where="coverage.metric", hint=hint)
    stations = existing_stations(tables, config)
    columns = decision_columns(tables, config, stations)
    return assembled(tables, config, geography, stations, columns)


def assembled(
    tables: Tables, config: Config, geography: str, stations: Stations, columns: Columns
) -> Inputs:
    """Return the inputs for given stations and decision columns."""
    points = demand_points(tables, config, geography)
    ruler = ruler_of(tables, config.coverage.metric)
    l2 = reach_l2(points, stations, columns, config, ruler)
    l3 = reach_l3(points, stations, columns, config, ruler)
    reach = {"l2": l2, "l3": l3, "ev_owners": reach_either(l2, l3)}
    rows = {level: cover_rows(part, points) for level, part in reach.items()}
    energy = _energy(tables, config, stations)
    grouped = groups(tables, config, points)
    inputs = Inputs(points, stations, columns, reach, rows, energy, grouped)
    if config.demand.local is None:
        return inputs
    need = need_of_areas(tables, config, vehicles(tables, config, "da"))
    ground = Ground(points, stations, columns)
    near = within_reach(config, ground, ruler)
    return replace(inputs, local=local_energy(tables, config, need, ground, near))


def _energy(tables: Tables, config: Config, stations: Stations) -> Energy:
    need = energy_need_kwh(tables, config)
    kwh_per_kw = HOURS_PER_YEAR * config.demand.utilisation
    ids = np.array(sorted(need), str)
    supply_kw = [float(stations.standing_kw[stations.municipality == m].sum()) for m in ids]
    return Energy(
        municipality=ids,
        need_kwh=np.array([need[m] for m in ids], np.float64),
        supply_kwh=np.array(supply_kw, np.float64) * kwh_per_kw,
        kwh_per_kw=kwh_per_kw,
    )


def covering_inputs(
    people: NDArray[np.float64], near: NDArray[np.bool_], price_cad: NDArray[np.float64]
) -> Inputs:
    """Return the inputs of a bare covering problem: one level, one port, nothing there today.

    What the model adds to maximal covering is empty or zero here, so that the model can be held
    against one that is written by hand.

    Parameters
    ----------
    people
        Shape (n,): people of each demand point.
    near
        Shape (n, m): whether a Level 2 station at a site would be within reach of a point.
    price_cad
        Shape (m,): price of a station with its port (CAD).
    """
    n, m = near.shape
    town, nowhere = np.full(1, "town"), np.zeros((0, 2))
    points = DemandPoints(
        geography="tract",
        ids=np.array([f"point_{j}" for j in range(n)]),
        xy_m=np.zeros((n, 2)),
        people=np.asarray(people, np.float64),
        ev=np.zeros(n),
        score=np.zeros(n),
        weight=shares(np.asarray(people, np.float64)),
        municipality=np.repeat(town, n),
    )
    none = {"ids": "", "municipality": "", "in_region": False} | dict.fromkeys(
        ("l2_ports", "l3_ports"), 0
    )
    none |= dict.fromkeys(("l2_kw", "l3_kw", "grid_kw"), 0.0)
    stations = Stations(xy_m=nowhere, **{name: np.full(0, value) for name, value in none.items()})
    sites = np.array([f"site_{k}" for k in range(m)])
    columns: dict[str, Any] = plain_columns(
        "new_l2", sites, np.zeros((m, 2)), np.repeat(town, m),
        fixed_cad=price_cad, min_ports=1, max_ports=1,
    )  # fmt: skip
    changes = {"l2": near, "l3": np.zeros((n, m)), "ev_owners": near}
    today = np.zeros(n, np.int64)
    reach = {
        level: Reach(sparse.csr_array(change.astype(np.int8)), today, today)
        for level, change in changes.items()
    }
    return Inputs(
        points=points,
        stations=stations,
        columns=Columns(place=np.arange(m), **columns),
        reach=reach,
        rows={level: cover_rows(part, points) for level, part in reach.items()},
        energy=Energy(town, np.zeros(1), np.zeros(1), 0.0),
        groups=Groups({}, {}, {}),
    )
