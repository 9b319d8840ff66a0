"""Where chargers stand and where they could: stations, candidate places, decision columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kwev.places import Places

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables

Kind = Literal["new_l2", "new_l3", "upgrade"]
KINDS: tuple[Kind, ...] = ("new_l2", "new_l3", "upgrade")


@dataclass(frozen=True)
class Stations:
    """Existing stations that count in the scenario, sorted by id.

    Attributes
    ----------
    xy_m
        Shape (n, 2), EPSG:26917 (m).
    l2_ports, l3_ports
        Ports of each level.
    l2_kw, l3_kw
        Power of one port of each level (kW): as recorded, else the scenario's constant.
    in_region
        Whether the station stands in the Region.
    grid_kw
        Grid proxy of the place (kW); 0 outside the Region, where there is none.
    """

    ids: NDArray[np.str_]
    xy_m: NDArray[np.float64]
    l2_ports: NDArray[np.int64]
    l3_ports: NDArray[np.int64]
    l2_kw: NDArray[np.float64]
    l3_kw: NDArray[np.float64]
    municipality: NDArray[np.str_]
    in_region: NDArray[np.bool_]
    grid_kw: NDArray[np.float64]

    @property
    def places(self) -> Places:
        """The stations as places to measure to."""
        return Places.of_kind("station", self.ids, self.xy_m)

    @property
    def standing_kw(self) -> NDArray[np.float64]:
        """Power that stands at each station (kW)."""
        return self.l2_ports * self.l2_kw + self.l3_ports * self.l3_kw


@dataclass(frozen=True)
class Columns:
    """Decision columns: one kind of action at one place; every array has one entry per column.

    Attributes
    ----------
    kind
        ``new_l2``, ``new_l3`` or ``upgrade``.
    place_id
        Site id for new stations, station id for upgrades.
    place
        Index of the place, shared by the columns of the same place.
    xy_m
        Shape (m, 2), EPSG:26917 (m).
    station
        Index into ``Stations`` for upgrades, -1 elsewhere.
    capacity_kw
        Grid proxy of the place (kW), at least what stands there.
    kept_l2_ports, kept_kw
        L2 ports that stay at an upgraded station, and their power (kW).
    port_kw, port_cad, fixed_cad
        Power (kW) and price (CAD) of one new port, and price of the action without ports (CAD).
    resale_cad
        Credit for L2 equipment removed (CAD).
    min_ports, max_ports
        Fewest and most ports the action may add.
    municipality
        Municipality id.
    lost_l2_kw
        L2 power that the action removes (kW).
    """

    kind: NDArray[np.str_]
    place_id: NDArray[np.str_]
    place: NDArray[np.int64]
    xy_m: NDArray[np.float64]
    station: NDArray[np.int64]
    capacity_kw: NDArray[np.float64]
    kept_l2_ports: NDArray[np.int64]
    kept_kw: NDArray[np.float64]
    port_kw: NDArray[np.float64]
    port_cad: NDArray[np.float64]
    fixed_cad: NDArray[np.float64]
    resale_cad: NDArray[np.float64]
    min_ports: NDArray[np.int64]
    max_ports: NDArray[np.int64]
    municipality: NDArray[np.str_]
    lost_l2_kw: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def places(self) -> Places:
        """The place of each column, to measure to."""
        kind = np.where(self.kind == "upgrade", "station", "site")
        return Places(kind, self.place_id, self.xy_m)

    def is_kind(self, kind: Kind) -> NDArray[np.bool_]:
        """Return which columns are of a kind."""
        return np.asarray(self.kind == kind)


def counted(stations: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the stations that count in the scenario: public, in the Region, for all cars.

    Their ``l2_ports`` and ``l3_ports`` are the low, base or high count, as the scenario says.
    """
    keep = stations["in_region"] | config.coverage.include_outside
    keep &= (stations["access"] == "public") | config.coverage.include_tesla_only
    kept = stations[keep].sort_values("station_id", kind="stable").reset_index(drop=True)
    end = config.siting.port_counts
    if end == "base":
        return kept
    return kept.assign(**{name: kept[f"{name}_{end}"] for name in ("l2_ports", "l3_ports")})


def existing_stations(tables: Tables, config: Config) -> Stations:
    """Return the existing stations that count in the scenario."""
    table = counted(tables.stations, config)
    return Stations(
        ids=table["station_id"].to_numpy(str),
        xy_m=table[["easting_m", "northing_m"]].to_numpy(np.float64),
        l2_ports=table["l2_ports"].to_numpy(np.int64),
        l3_ports=table["l3_ports"].to_numpy(np.int64),
        l2_kw=table["l2_kw"].fillna(config.power.l2_kw).to_numpy(np.float64),
        l3_kw=table["l3_kw"].fillna(config.power.l3_kw).to_numpy(np.float64),
        municipality=table["municipality_id"].fillna("").to_numpy(str),
        in_region=table["in_region"].to_numpy(bool),
        grid_kw=table["grid_kw"].fillna(0.0).to_numpy(np.float64),
    )


def station_capacity_kw(config: Config, stations: Stations) -> NDArray[np.float64]:
    """Return what each station can draw (kW): its grid proxy, never below what stands there."""
    return np.maximum(config.siting.grid_factor * stations.grid_kw, stations.standing_kw)


def decision_columns(tables: Tables, config: Config, stations: Stations) -> Columns:
    """Return every action the scenario allows, new stations first, then upgrades.

    Places that cannot host the fewest ports of a level under their capacity have no column at
    that level. A site on top of a station is that station and has no column of its own.
    """
    new = [_new_columns(tables, config, kind) for kind in ("new_l2", "new_l3")]
    parts = [*new, _upgrade_columns(tables, config, stations)]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    _, place = np.unique(joined["place_id"], return_inverse=True)
    return Columns(place=place.astype(np.int64), **joined)


def _new_columns(tables: Tables, config: Config, kind: Kind) -> dict[str, NDArray[np.generic]]:
    sites = tables.sites[tables.sites["station_id"] == ""].sort_values("site_id", kind="stable")
    capacity = config.siting.grid_factor * sites["grid_kw"].to_numpy(np.float64)
    power, costs, ports = config.power, config.costs, config.ports
    l2 = kind == "new_l2"
    port_kw = power.l2_kw if l2 else power.l3_kw
    fewest, most = (ports.min_l2, ports.max_new_l2) if l2 else (ports.min_l3, ports.max_new_l3)
    fits = capacity + 1e-9 >= fewest * port_kw
    sites, capacity = sites[fits], capacity[fits]
    n = len(sites)
    return {
        "kind": np.full(n, kind),
        "place_id": sites["site_id"].to_numpy(str),
        "xy_m": sites[["easting_m", "northing_m"]].to_numpy(np.float64).reshape(n, 2),
        "station": np.full(n, -1),
        "capacity_kw": capacity,
        "kept_l2_ports": np.zeros(n, np.int64),
        "kept_kw": np.zeros(n),
        "port_kw": np.full(n, port_kw),
        "port_cad": np.full(n, costs.l2_port_cad if l2 else costs.l3_port_cad),
        "fixed_cad": np.full(n, costs.l2_station_cad if l2 else costs.l3_station_cad),
        "resale_cad": np.zeros(n),
        "min_ports": np.full(n, fewest),
        "max_ports": np.full(n, most),
        "municipality": sites["municipality_id"].to_numpy(str),
        "lost_l2_kw": np.zeros(n),
    }


def _upgrade_columns(
    tables: Tables, config: Config, stations: Stations
) -> dict[str, NDArray[np.generic]]:
    power, costs, ports = config.power, config.costs, config.ports
    capacity = station_capacity_kw(config, stations)
    kept = np.minimum(ports.retained_l2, stations.l2_ports)
    kept_kw = kept * stations.l2_kw
    may = stations.in_region & (stations.l2_ports > 0) & (stations.l3_ports == 0)
    if config.siting.public_owners_only:
        owner = dict(zip(tables.stations["station_id"], tables.stations["owner"], strict=True))
        may &= np.array([owner[station_id] == "public" for station_id in stations.ids], bool)
    may &= capacity + 1e-9 >= ports.min_l3 * power.l3_kw + kept_kw
    index = np.flatnonzero(may)
    n = len(index)
    kept, kept_kw, removed = kept[index], kept_kw[index], stations.l2_ports[index] - kept[index]
    resale = costs.resale_factor * (
        costs.l2_station_cad * (kept == 0) + costs.l2_port_cad * removed
    )
    return {
        "kind": np.full(n, "upgrade"),
        "place_id": stations.ids[index],
        "xy_m": stations.xy_m[index].reshape(n, 2),
        "station": index,
        "capacity_kw": capacity[index],
        "kept_l2_ports": kept,
        "kept_kw": kept_kw,
        "port_kw": np.full(n, power.l3_kw),
        "port_cad": np.full(n, costs.l3_port_cad),
        "fixed_cad": np.full(n, costs.l3_station_cad),
        "resale_cad": resale,
        "min_ports": np.full(n, ports.min_l3),
        "max_ports": np.full(n, ports.max_new_l3),
        "municipality": stations.municipality[index],
        "lost_l2_kw": removed * stations.l2_kw[index],
    }
