"""Where chargers stand and where they could: stations, candidate places, decision columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from kwev.errors import KwevError, nearest
from kwev.model.network import Places
from kwev.units import METRE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables

Kind = Literal["new_l2", "new_l3", "upgrade", "add_l2", "add_l3", "remove"]
KINDS: tuple[Kind, ...] = ("new_l2", "new_l3", "upgrade", "add_l2", "add_l3", "remove")


@dataclass(frozen=True)
class Stations:
    """Existing stations that count in the scenario, sorted by id.

    Attributes
    ----------
    xy_m
        Shape (n, 2), metres.
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

    What a place may do is read off here alone. Of its columns, any set may be chosen of which no
    two use the same level (``uses_l2``, ``uses_l3``), with ports between ``min_ports`` and
    ``max_ports`` each, as long as ``standing_kw - sum(lost_kw) + sum(port_kw * ports)`` is at most
    ``capacity_kw``. At a candidate site and at most stations that is one column or none; only a
    station with both levels, or one that is converted and keeps L2 ports, may take two: one that
    changes its L2 equipment and one that changes its L3 equipment.

    Attributes
    ----------
    kind
        ``new_l2``, ``new_l3``, ``upgrade``, ``add_l2`` and ``add_l3`` (ports added at a station
        that has the level), or ``remove``.
    place_id
        Site id for new stations, station id for the other kinds.
    place
        Index of the place, shared by the columns of the same place.
    xy_m
        Shape (m, 2), metres.
    station
        Index into ``Stations``, -1 for new stations.
    uses_l2, uses_l3
        Whether the action settles what becomes of the place's L2 (L3) equipment.
    ends_l2, ends_l3
        Whether the station stops offering the level.
    capacity_kw
        Grid proxy of the place (kW), at least what stands there.
    standing_kw, lost_kw
        Power that stands at the place today, and the part that the action removes (kW).
    kept_l2_ports
        L2 ports of today that stay.
    port_kw, port_cad, fixed_cad
        Power (kW) and price (CAD) of one new port, and price of the action without ports (CAD).
    resale_cad
        Credit for L2 equipment removed (CAD).
    yearly_cad, port_yearly_cad
        Change of the yearly operating cost by the action without new ports, and by each of them
        (CAD per year).
    min_ports, max_ports
        Fewest and most ports the action may add.
    municipality
        Municipality id.
    """

    kind: NDArray[np.str_]
    place_id: NDArray[np.str_]
    place: NDArray[np.int64]
    xy_m: NDArray[np.float64]
    station: NDArray[np.int64]
    uses_l2: NDArray[np.bool_]
    uses_l3: NDArray[np.bool_]
    ends_l2: NDArray[np.bool_]
    ends_l3: NDArray[np.bool_]
    capacity_kw: NDArray[np.float64]
    standing_kw: NDArray[np.float64]
    lost_kw: NDArray[np.float64]
    kept_l2_ports: NDArray[np.int64]
    port_kw: NDArray[np.float64]
    port_cad: NDArray[np.float64]
    fixed_cad: NDArray[np.float64]
    resale_cad: NDArray[np.float64]
    yearly_cad: NDArray[np.float64]
    port_yearly_cad: NDArray[np.float64]
    min_ports: NDArray[np.int64]
    max_ports: NDArray[np.int64]
    municipality: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def places(self) -> Places:
        """The place of each column, to measure to."""
        kind = np.where(self.station >= 0, "station", "site")
        return Places(kind, self.place_id, self.xy_m)

    @property
    def kept_kw(self) -> NDArray[np.float64]:
        """Power of today's ports that stay at the place when the action is done (kW)."""
        return self.standing_kw - self.lost_kw

    @property
    def brings_l2(self) -> NDArray[np.bool_]:
        """Whether the action makes its place offer L2."""
        return self.is_kind("new_l2")

    @property
    def brings_l3(self) -> NDArray[np.bool_]:
        """Whether the action makes its place offer L3."""
        return self.is_kind("new_l3") | self.is_kind("upgrade")

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
    """Return what each station can draw (kW), never below what stands there."""
    limit = power_limit_kw(config, stations.xy_m, stations.grid_kw)
    return np.maximum(limit, stations.standing_kw)


def power_limit_kw(
    config: Config, xy_m: NDArray[np.float64], proxy_kw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the power that the grid can give at places (kW).

    A utility's figure where one reaches the place, the nearest and of those as near the least;
    elsewhere the proxy, times the scenario's factor.

    Parameters
    ----------
    config
        The scenario.
    xy_m
        (N, 2) eastings and northings of the places (m).
    proxy_kw
        (N,) grid proxy of each (kW).

    Returns
    -------
    numpy.ndarray
        (N,) kW.
    """
    limit = config.siting.grid_factor * proxy_kw
    nearest_m = np.full(len(limit), np.inf)
    for known in sorted(config.siting.capacity, key=lambda own: own.kw):
        apart = xy_m - (known.easting_m, known.northing_m)
        away_m = np.round(np.hypot(apart[:, 0], apart[:, 1]), METRE_DECIMALS)
        nearer = (away_m <= known.reach_m) & (away_m < nearest_m)
        nearest_m[nearer], limit[nearer] = away_m[nearer], known.kw
    return limit


def site_limit_kw(config: Config, table: pd.DataFrame) -> pd.Series[float]:
    """Return :func:`power_limit_kw` of a table of sites or stations, by its index."""
    xy_m = table[["easting_m", "northing_m"]].to_numpy(np.float64)
    limit = power_limit_kw(config, xy_m, table["grid_kw"].to_numpy(np.float64))
    return pd.Series(limit, index=table.index)


def candidates(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the candidate sites of a scenario, by id: on its land, dense housing in its form."""
    sites, siting = tables.sites, config.siting
    left_out = "kerbside" if siting.dense_housing == "lot" else "dense_residential"
    keep = sites["land"].isin(siting.land) & (sites["category"] != left_out)
    return sites[keep].sort_values("site_id", kind="stable")


def decision_columns(tables: Tables, config: Config, stations: Stations) -> Columns:
    """Return every action the scenario allows, new stations first, then those at stations.

    Places that cannot host the fewest ports of a level under their capacity have no column at
    that level. A site on top of a station is that station and has no column of its own.

    Raises
    ------
    KwevError
        If a use is given for a station that does not exist.
    """
    new = [_new_columns(tables, config, kind) for kind in ("new_l2", "new_l3")]
    may = _may_change(tables, config, stations)
    parts = [*new, _upgrade_columns(config, stations, may)]
    if config.ports.add_l2:
        parts.append(_added_columns(config, stations, may, "add_l2"))
    if config.ports.add_l3:
        parts.append(_added_columns(config, stations, may, "add_l3"))
    if config.siting.removal.stations != "none":
        parts.append(_removal_columns(tables, config, stations, may))
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    _, place = np.unique(joined["place_id"], return_inverse=True)
    return Columns(place=place.astype(np.int64), **joined)


def _new_columns(
    tables: Tables, config: Config, kind: Literal["new_l2", "new_l3"]
) -> dict[str, NDArray[np.generic]]:
    sites = candidates(tables, config)
    sites = sites[sites["station_id"] == ""]
    capacity = site_limit_kw(config, sites).to_numpy(np.float64)
    port, ports = _port_of(config, kind), config.ports
    fewest, most = (ports.min_l2, ports.max_new_l2) if port.l2 else (ports.min_l3, ports.max_new_l3)
    fits = capacity + 1e-9 >= fewest * port.kw
    sites, capacity = sites[fits], capacity[fits]
    return plain_columns(
        kind,
        sites["site_id"].to_numpy(str),
        sites[["easting_m", "northing_m"]].to_numpy(np.float64),
        sites["municipality_id"].to_numpy(str),
        capacity_kw=capacity,
        port_kw=port.kw,
        port_cad=port.cad,
        fixed_cad=port.station_cad,
        yearly_cad=port.station_yearly_cad,
        port_yearly_cad=port.yearly_cad,
        min_ports=fewest,
        max_ports=most,
    )


def plain_columns(
    kind: Kind,
    place_id: NDArray[np.str_],
    xy_m: NDArray[np.float64],
    municipality: NDArray[np.str_],
    **given: ArrayLike,
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of columns of one kind, but for ``place``.

    What is not given is zero: a column that settles both levels of a place without a station,
    ends none of them, costs nothing and adds no port.
    """
    n = len(place_id)
    usual: dict[str, ArrayLike] = {
        "kind": kind, "place_id": place_id, "municipality": municipality, "station": -1,
        "uses_l2": True, "uses_l3": True, "ends_l2": False, "ends_l3": False,
        **dict.fromkeys(("min_ports", "max_ports", "kept_l2_ports"), 0),
        **dict.fromkeys((
            "capacity_kw", "standing_kw", "lost_kw", "port_kw", "port_cad", "fixed_cad",
            "resale_cad", "yearly_cad", "port_yearly_cad",
        ), 0.0),
    }  # fmt: skip
    arrays = {name: np.broadcast_to(value, n).copy() for name, value in (usual | given).items()}
    return {**arrays, "xy_m": xy_m.reshape(n, 2)}


@dataclass(frozen=True)
class _Port:
    """A level's equipment as the scenario prices it: a port, and a station without ports."""

    l2: bool
    kw: float
    cad: float
    station_cad: float
    yearly_cad: float
    station_yearly_cad: float


def _port_of(config: Config, kind: Kind) -> _Port:
    costs, power, run = config.costs, config.power, config.operating
    if kind in ("new_l2", "add_l2"):
        return _Port(
            l2=True,
            kw=power.l2_kw,
            cad=costs.l2_port_cad,
            station_cad=costs.l2_station_cad,
            yearly_cad=run.l2_port_cad_per_year,
            station_yearly_cad=run.l2_station_cad_per_year,
        )
    return _Port(
        l2=False,
        kw=power.l3_kw,
        cad=costs.l3_port_cad,
        station_cad=costs.l3_station_cad,
        yearly_cad=run.l3_port_cad_per_year,
        station_yearly_cad=run.l3_station_cad_per_year,
    )


def _may_change(tables: Tables, config: Config, stations: Stations) -> NDArray[np.bool_]:
    """Return at which stations the scenario allows any action at all."""
    may = stations.in_region.copy()
    if config.siting.public_owners_only:
        owner = dict(zip(tables.stations["station_id"], tables.stations["owner"], strict=True))
        may &= np.array([owner[station_id] == "public" for station_id in stations.ids], bool)
    return may


def _at_stations(
    config: Config, stations: Stations, kind: Kind, index: NDArray[np.int64], **given: ArrayLike
) -> dict[str, NDArray[np.generic]]:
    """Return columns at stations; what is not given they leave as it is."""
    usual: dict[str, ArrayLike] = {
        "station": index,
        "capacity_kw": station_capacity_kw(config, stations)[index],
        "standing_kw": stations.standing_kw[index],
        "kept_l2_ports": stations.l2_ports[index],
    }
    ids, xy_m = stations.ids[index], stations.xy_m[index]
    return plain_columns(kind, ids, xy_m, stations.municipality[index], **(usual | given))


def _upgradable(
    config: Config, stations: Stations, may: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which stations may be converted, and the L2 ports that each would keep."""
    ports = config.ports
    kept = np.minimum(ports.retained_l2, stations.l2_ports)
    can = may & (stations.l2_ports > 0) & (stations.l3_ports == 0)
    least_kw = ports.min_l3 * config.power.l3_kw + kept * stations.l2_kw
    return can & (station_capacity_kw(config, stations) + 1e-9 >= least_kw), kept


def _upgrade_columns(
    config: Config, stations: Stations, may: NDArray[np.bool_]
) -> dict[str, NDArray[np.generic]]:
    costs, run, port = config.costs, config.operating, _port_of(config, "upgrade")
    can, kept = _upgradable(config, stations, may)
    index = np.flatnonzero(can)
    kept = kept[index]
    removed, gone = stations.l2_ports[index] - kept, kept == 0
    saved = run.l2_station_cad_per_year * gone + run.l2_port_cad_per_year * removed
    return _at_stations(
        config,
        stations,
        "upgrade",
        index,
        # with L2 ports kept, what becomes of them is another column's matter (add_l2)
        uses_l2=gone,
        ends_l2=gone,
        kept_l2_ports=kept,
        lost_kw=removed * stations.l2_kw[index],
        port_kw=port.kw,
        port_cad=port.cad,
        fixed_cad=port.station_cad,
        resale_cad=costs.resale_factor
        * (costs.l2_station_cad * gone + costs.l2_port_cad * removed),
        yearly_cad=port.station_yearly_cad - saved,
        port_yearly_cad=port.yearly_cad,
        min_ports=config.ports.min_l3,
        max_ports=config.ports.max_new_l3,
    )


def _added_columns(
    config: Config,
    stations: Stations,
    may: NDArray[np.bool_],
    kind: Literal["add_l2", "add_l3"],
) -> dict[str, NDArray[np.generic]]:
    """Return ports added where a station has the level, and room for one more of them."""
    port = _port_of(config, kind)
    room_kw = station_capacity_kw(config, stations) - stations.standing_kw
    if port.l2:  # a conversion that keeps L2 ports makes room by those that it removes
        can, kept = _upgradable(config, stations, may)
        freed = (stations.l2_ports - kept) * stations.l2_kw
        room_kw = room_kw + np.where(can & (kept > 0), freed, 0.0)
    has = (stations.l2_ports if port.l2 else stations.l3_ports) > 0
    index = np.flatnonzero(may & has & (room_kw + 1e-9 >= port.kw))
    return _at_stations(
        config,
        stations,
        kind,
        index,
        uses_l2=port.l2,
        uses_l3=not port.l2,
        port_kw=port.kw,
        port_cad=port.cad,
        port_yearly_cad=port.yearly_cad,
        min_ports=1,
        max_ports=config.ports.max_new_l2 if port.l2 else config.ports.max_new_l3,
    )


def _removal_columns(
    tables: Tables, config: Config, stations: Stations, may: NDArray[np.bool_]
) -> dict[str, NDArray[np.generic]]:
    """Return removals of whole stations; L2 equipment is sold, L3 equipment earns nothing."""
    removal, costs, run = config.siting.removal, config.costs, config.operating
    unknown = sorted(set(removal.usage) - set(tables.stations["station_id"]))
    if unknown:
        hint = nearest(unknown[0], [str(i) for i in stations.ids])
        raise KwevError(f"no station {unknown[0]!r}", where="siting.removal.usage", hint=hint)
    may = may & (stations.l2_ports + stations.l3_ports > 0)
    if removal.stations == "l2":
        may &= stations.l3_ports == 0
    if removal.below_usage is not None:
        used = np.array([removal.usage.get(str(i), np.inf) for i in stations.ids], np.float64)
        may &= used < removal.below_usage
    index = np.flatnonzero(may)
    l2, l3 = stations.l2_ports[index], stations.l3_ports[index]
    sold = costs.l2_station_cad * (l2 > 0) + costs.l2_port_cad * l2
    saved = run.l2_station_cad_per_year * (l2 > 0) + run.l2_port_cad_per_year * l2
    saved = saved + run.l3_station_cad_per_year * (l3 > 0) + run.l3_port_cad_per_year * l3
    return _at_stations(
        config,
        stations,
        "remove",
        index,
        ends_l2=l2 > 0,
        ends_l3=l3 > 0,
        lost_kw=stations.standing_kw[index],
        kept_l2_ports=0,
        resale_cad=costs.resale_factor * sold,
        yearly_cad=-saved,
    )
