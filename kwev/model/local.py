"""Local energy: what the ports within reach of an area's people can give it, against its need.

The energy of a port goes to the areas whose people have it within reach, in proportion to their
need there. These parts do not hang on what else is built, so what an area gets is linear in the
decisions, and no port gives more than it has. Energy that nobody in reach needs goes to no area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kwev.model.need import parts_of_points, public_share
from kwev.model.network import Places
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.model.coverage import Level, Ruler
    from kwev.model.demand import DemandPoints
    from kwev.model.siting import Columns, Stations

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Local:
    """Need and supply of the areas of the grid proxy, sorted by id.

    Attributes
    ----------
    areas
        Ids: census tracts, and places that have none.
    need_kwh
        Shape (a,): energy that each area's EVs take from public ports in a year (kWh).
    supply_kwh
        Shape (a,): energy that ports of today within reach can give it in a year (kWh).
    parts
        By level, shape (places, a): the part of a port's energy that goes to each area (0 to 1).
    row_of
        Row of each site and station in ``parts``, by id.
    kwh_per_kw
        Energy that one kW of ports gives in a year (kWh).
    """

    areas: tuple[str, ...]
    need_kwh: Floats
    supply_kwh: Floats
    parts: dict[Level, sparse.csr_array]
    row_of: dict[str, int]
    kwh_per_kw: float

    def gained_kw(self, columns: Columns) -> sparse.csr_array:
        """Return shape (a, m): the power of a port of each column that serves each area (kW)."""
        is_l2 = columns.is_kind("new_l2") | columns.is_kind("add_l2")
        l2, l3 = columns.port_kw * is_l2, columns.port_kw * ~is_l2
        return self._of(columns, l2, l3)

    def lost_kw(self, columns: Columns, stations: Stations) -> sparse.csr_array:
        """Return shape (a, m): the power that each column takes away from each area (kW)."""
        at = columns.station
        l2_kw = np.append(stations.l2_kw, 0.0)[at]  # no station: index -1
        gone = np.append(stations.l2_ports, 0)[at] - columns.kept_l2_ports
        l2 = np.where(columns.lost_kw > 0, gone * l2_kw, 0.0)
        return self._of(columns, l2, columns.lost_kw - l2)

    def _of(self, columns: Columns, l2_kw: Floats, l3_kw: Floats) -> sparse.csr_array:
        rows = np.array([self.row_of[str(place)] for place in columns.place_id], np.int64)
        l2, l3 = sparse.diags_array(l2_kw), sparse.diags_array(l3_kw)
        return sparse.csr_array((l2 @ self.parts["l2"][rows] + l3 @ self.parts["l3"][rows]).T)

    def after_kwh(
        self,
        columns: Columns,
        stations: Stations,
        build: NDArray[np.bool_],
        ports: NDArray[np.int64],
    ) -> Floats:
        """Return shape (a,): the energy within reach of each area after a choice (kWh)."""
        gained = self.gained_kw(columns) @ ports
        lost = self.lost_kw(columns, stations) @ build.astype(np.float64)
        return np.asarray(self.supply_kwh + self.kwh_per_kw * (gained - lost))


def need_of_areas(tables: Tables, config: Config, ev: pd.Series[float]) -> pd.Series[float]:
    """Return the energy that each dissemination area's EVs take from public ports (kWh a year).

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The scenario: ``demand``.
    ev
        EVs by ``da_id``, see :func:`kwev.model.demand.vehicles`.
    """
    return ev * public_share(tables, config.demand) * config.demand.kwh_per_ev_year


def need_by_area(tables: Tables, need: pd.Series[float], points: DemandPoints) -> sparse.csr_array:
    """Return shape (n, a): the need of each demand point by the area it lies in (kWh a year).

    A cell takes its part of each dissemination area it lies in, and may lie in several areas.
    """
    parts = parts_of_points(tables, points.geography)
    area = parts["da_id"].map(tables.das.set_index("da_id")["area_id"]).to_numpy(str)
    kwh = (parts["part"] * parts["da_id"].map(need)).to_numpy(np.float64)
    at = np.searchsorted(points.ids, parts["point"].to_numpy(str))
    areas = np.searchsorted(areas_of(tables), area)
    return sparse.csr_array((kwh, (at, areas)), shape=(len(points), len(areas_of(tables))))


def areas_of(tables: Tables) -> list[str]:
    """Return the ids of the areas that people live in, sorted."""
    return sorted(set(tables.das["area_id"]))


@dataclass(frozen=True)
class Ground:
    """From where and to what reach is measured: demand points, ports of today, possible actions."""

    points: DemandPoints
    stations: Stations
    columns: Columns

    @property
    def places(self) -> Places:
        """Every station, then every place of an action, once each."""
        _, first = np.unique(self.columns.place_id, return_index=True)
        return Places.joined([self.stations.places, self.columns.places[np.sort(first)]])


def within_reach(config: Config, ground: Ground, ruler: Ruler) -> dict[Level, sparse.csr_array]:
    """Return by level, shape (n, places): which place is within reach of which demand point."""
    points, places, reach = ground.points.places, ground.places, config.coverage
    return {
        "l2": ruler.within("l2", points, places, reach.l2_radius_m),
        "l3": ruler.within("l3", points, places, reach.l3_radius_m),
    }


def local_energy(
    tables: Tables,
    config: Config,
    need: pd.Series[float],
    ground: Ground,
    near: dict[Level, sparse.csr_array],
) -> Local:
    """Return need and supply by area.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    config
        The scenario: utilisation.
    need
        By ``da_id``, see :func:`need_of_areas`.
    ground
        Demand points, ports of today, and what may be done.
    near
        As from :func:`within_reach`.
    """
    stations = ground.stations
    own = need_by_area(tables, need, ground.points)
    parts = {level: _parts(own, reached) for level, reached in near.items()}
    kwh_per_kw = HOURS_PER_YEAR * config.demand.utilisation
    here = len(stations.ids)
    standing = parts["l2"][:here].T @ (stations.l2_ports * stations.l2_kw)
    standing += parts["l3"][:here].T @ (stations.l3_ports * stations.l3_kw)
    return Local(
        areas=tuple(areas_of(tables)),
        need_kwh=np.asarray(own.sum(axis=0), np.float64).ravel(),
        supply_kwh=kwh_per_kw * np.asarray(standing, np.float64),
        parts=parts,
        row_of={str(place): row for row, place in enumerate(ground.places.ids)},
        kwh_per_kw=kwh_per_kw,
    )


def _parts(own: sparse.csr_array, near: sparse.csr_array) -> sparse.csr_array:
    """Return shape (places, a): each area's part of the need within reach of each place."""
    in_reach = sparse.csr_array(near.T.astype(np.float64) @ own)
    total = np.asarray(in_reach.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ in_reach)
