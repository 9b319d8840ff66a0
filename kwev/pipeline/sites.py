"""Candidate sites: listed and derived ones, one at a place, and the facts behind their score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from kwev.data.schemas import arrange
from kwev.errors import KwevError
from kwev.pipeline import candidates
from kwev.pipeline.candidates import medoids, rows_of
from kwev.pipeline.geometry import (
    clusters,
    components,
    distance_m,
    metres_of,
    nearest_lines,
    place,
    sums_within,
)
from kwev.pipeline.land import classified, kerb_sites
from kwev.pipeline.roads import class_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw

SAME_KIND_M: Final = {
    "park_and_ride": 200.0, "transit_station": 200.0, "shopping_mall": 200.0, "library": 200.0,
    "community_centre": 150.0, "recreation_centre": 250.0, "fuel_station": 80.0,
    "retail_complex": 80.0, "business_park": 150.0, "highway_corridor": 400.0, "parking": 50.0,
    "dense_residential": 30.0, "kerbside": 30.0,
}  # fmt: skip
"""Candidates of one category closer than this are one place (m): sources give a mall or a
terminal different points, while two towers on one block are two sites."""

PRIORITY: Final = tuple(SAME_KIND_M)
"""Which category stays where candidates of several stand at one place: a named public place
before a derived one."""

_DERIVED = r"^(?:Shops|Firms|Workplaces?|Lot|Car Park|Fuel|School,|Place of Worship,|Hospital,)"
"""Names that kwev makes up from an address; a proper name is preferred."""

_FAST: Final = ("Ramp", "Freeway", "Highway", "Rapid Transit")
"""Classes of the road file that are no ordinary road."""

_FAMILY: Final = {"park_and_ride": "transit_station"}
"""Categories that are two uses of one kind of place."""


def candidate_places(
    raw: Raw,
    roads: gpd.GeoDataFrame,
    addresses: pd.DataFrame,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return candidates of every category but the kerbs as they are listed, several at a place.

    Parameters
    ----------
    raw
        Lists of places of the Region, its cities, OpenStreetMap, NRCan, GRT and the 2016 travel
        survey; whichever the region has.
    roads
        The Region's road file in metres.
    addresses
        As ``population.read_addresses`` returns it.
    parameters
        Distances (m) and counts that make a candidate.
    ledger
        Takes what was dropped, by list.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`kwev.pipeline.candidates.COLUMNS`.
    """
    ramps = ramp_ends(roads)
    makers: tuple[tuple[tuple[str, ...], Callable[[], pd.DataFrame]], ...] = (
        (("ion_stops", "grt_feed"), lambda: _with_park_and_ride(
            candidates.from_transit(raw, ledger), ramps, parameters)),
        (("kitchener_facilities", "waterloo_facilities"), lambda: candidates.from_facilities(raw)),
        (("culture",), lambda: candidates.from_libraries(raw, ledger)),
        (("food",), lambda: candidates.from_food(raw, parameters, ledger)),
        (("business",), lambda: candidates.from_business(raw, parameters)),
        (("osm_places",), lambda: candidates.from_osm(raw)),
        (("nrcan_2022",), lambda: candidates.from_fuel_register(raw)),
        (("job_zones", "addresses"), lambda: job_sites(raw, addresses, parameters)),
        (("roads",), lambda: highway_sites(ramps, roads, parameters)),
        (("roads",), lambda: lane_sites(roads, parameters)),
        (("addresses",), lambda: dense_sites(addresses, parameters)),
    )  # fmt: skip
    lists = [make() for sources, make in makers if raw.has(*sources)]
    if not lists:
        hint = "Give the region a list of places in config/region.json, such as osm_places."
        raise KwevError("no source of candidate sites", where="config/region.json", hint=hint)
    return pd.concat(lists, ignore_index=True)


def candidate_sites(  # noqa: PLR0913, PLR0917 -- the roads and four tables of earlier stages
    listed: pd.DataFrame,
    roads: gpd.GeoDataFrame,
    stations: pd.DataFrame,
    bounds: Boundaries,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``sites``: candidates in the Region, one at a place, and a kerb for dense housing.

    Parameters
    ----------
    listed
        As :func:`candidate_places` returns it.
    roads
        The Region's road file in metres, for the kerbs.
    stations
        ``stations``: a candidate within ``station_site_m`` of one is that station.
    bounds
        Outlines of the Region.
    parameters
        Distances (m): ``site_gap_m``, ``station_site_m``, ``kerb_reach_m``, ``kerb_offset_m``.
    ledger
        Takes what was dropped, by category.

    Returns
    -------
    pandas.DataFrame
        One row for each site; ``grid_kw`` is empty until the grid proxy is known.
    """
    known = _distinct(_inside(listed, bounds, ledger), parameters, ledger)
    homes = known[known["category"] == "dense_residential"]
    kerbs = _inside(kerb_sites(homes, roads, parameters, ledger), bounds, ledger)
    kerbs = _distinct(kerbs, parameters, ledger)
    every = pd.concat([known, kerbs], ignore_index=True)
    every = every.join(classified(every))
    return _finish(every, stations, parameters, ledger, bounds.crs)


def _with_park_and_ride(
    transit: pd.DataFrame, ramps: NDArray[np.float64], parameters: Parameters
) -> pd.DataFrame:
    near = cKDTree(ramps).query(metres_of(transit))[0] <= parameters.park_and_ride_m
    near &= transit["name"].str.contains("Station|Terminal").to_numpy()
    return transit.assign(category=np.where(near, "park_and_ride", transit["category"]))


def ramp_ends(roads: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return (N, 2) ends of highway ramps on ordinary roads (m)."""
    if roads.empty:
        return np.empty((0, 2))
    ramps = roads[roads["CartoClass"] == "Ramp"].geometry.to_numpy()
    other = ~roads["CartoClass"].isin(_FAST)
    joints = _ends(roads[other].geometry.to_numpy())[0]
    ordinary = {tuple(p) for p in joints.round(0).tolist()}
    ends, _ = _ends(ramps)
    keep = [tuple(p) in ordinary for p in ends.round(0).tolist()]
    return np.unique(ends[keep].round(2), axis=0)


def _ends(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return (N, 2) both ends of every part of every line, and (N,) the line each belongs to."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    first, last = shapely.get_point(parts, 0), shapely.get_point(parts, -1)
    points = shapely.get_coordinates(np.concatenate([first, last]))
    return points, np.tile(owner, 2)


def highway_sites(
    ramps: NDArray[np.float64], roads: gpd.GeoDataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Return one site for each cluster of ramp ends, on the road that meets the highway."""
    ordinary = roads[~roads["CartoClass"].isin(_FAST) & roads["FullStreet"].notna()]
    tree = shapely.STRtree(ordinary.geometry.to_numpy())
    fast = roads[roads["CartoClass"].isin(["Freeway", "Highway"]) & roads["RoadNumber"].notna()]
    highways = shapely.STRtree(fast.geometry.to_numpy())
    names, centres = [], []
    for _, centre in medoids(ramps, clusters(ramps, parameters.ramp_reach_m)):
        point = shapely.Point(ramps[centre])
        highway = int(highways.nearest(point))
        if fast.geometry.iloc[highway].distance(point) > parameters.highway_m:
            continue  # a turning ramp between ordinary roads
        street = ordinary["FullStreet"].iloc[int(tree.nearest(point))]
        names.append(f"Highway {fast['RoadNumber'].iloc[highway]} at {street}")
        centres.append(centre)
    return rows_of(names, "highway_corridor", ramps[centres], "road network", "unknown")


def lane_sites(roads: gpd.GeoDataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return car parks on private but accessible lanes: one for each connected lot."""
    private = (roads["CartoClass"] == "Private") & (
        roads["PublicAcce"] == "Private, but accessible road"
    )
    lanes = roads[private].reset_index(drop=True)
    middle = shapely.get_coordinates(lanes.geometry.interpolate(0.5, normalized=True).to_numpy())
    ends, owner = _ends(lanes.geometry.to_numpy())
    joint = clusters(ends, parameters.lane_reach_m)
    nodes = len(lanes) + joint.max(initial=-1) + 1
    lots = components(owner, len(lanes) + joint, nodes)[: len(lanes)]
    named = roads[(roads["CartoClass"] != "Private") & roads["FullStreet"].notna()]
    tree = shapely.STRtree(named.geometry.to_numpy())
    titles, centres = [], []
    for members, centre in medoids(middle, lots):
        if lanes.geometry.length.iloc[members].sum() < parameters.lane_min_m:
            continue
        names = lanes["FullStreet"].iloc[members].dropna()
        nearest = named["FullStreet"].iloc[int(tree.nearest(shapely.Point(middle[centre])))]
        titles.append(f"Lot on {names.mode().iloc[0]}" if len(names) else f"Lot off {nearest}")
        centres.append(centre)
    return rows_of(titles, "parking", middle[centres].round(2), "road network", "private")


def dense_sites(addresses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return street numbers with many addresses, at their most central address."""
    keys = ["street_no", "street", "city"]
    size = addresses.groupby(keys)["longitude"].transform("size")
    dense = addresses[size >= parameters.dense_units].reset_index(drop=True)
    metres = metres_of(dense)
    group = np.asarray(dense.groupby(keys).ngroup(), dtype=np.int64)
    centres = [centre for _, centre in medoids(metres, group)]
    names = _addresses(dense.iloc[centres])
    return rows_of(names, "dense_residential", metres[centres], "address points", "private")


def _addresses(rows: pd.DataFrame) -> list[str]:
    return [f"{no} {street}" for no, street in zip(rows["street_no"], rows["street"], strict=True)]


def job_sites(raw: Raw, addresses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return travel-survey zones full of jobs, each at the address nearest to its middle."""
    zones = raw.metres("job_zones")
    busy = zones["in_region"] & (zones["jobs"] >= parameters.zone_jobs)
    busy &= zones["jobs"] >= parameters.zone_jobs_per_worker * zones["workers"]
    zones = zones[busy].sort_values("GTA06")
    middle = shapely.get_coordinates(zones.geometry.representative_point().to_numpy())
    _, order = cKDTree(metres_of(addresses)).query(middle)
    nearest = addresses.iloc[np.asarray(order)]
    names = [f"Workplaces near {at}" for at in _addresses(nearest)]
    return rows_of(names, "business_park", metres_of(nearest), "travel survey", "private")


def _inside(table: pd.DataFrame, bounds: Boundaries, ledger: Ledger) -> pd.DataFrame:
    table = table.join(bounds.locate(metres_of(table)))
    outside = table["area_id"] == ""
    for category, count in table.loc[outside, "category"].value_counts().sort_index().items():
        ledger.add(str(category), "outside the Region", "dropped", count)
    return table[~outside]


def _distinct(table: pd.DataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Keep one candidate at a place: by category priority, then west to east, south to north."""
    rank = table["category"].map({name: i for i, name in enumerate(PRIORITY)})
    # A place with a proper name comes before one that is named after its address.
    derived = table["name"].str.match(_DERIVED)
    table = table.assign(rank=rank, derived=derived).sort_values(
        ["rank", "derived", "easting_m", "northing_m", "name"], ignore_index=True
    )
    metres = metres_of(table)
    own = table["category"].map(SAME_KIND_M).to_numpy()
    kind = table["category"].replace(_FAMILY).to_numpy()
    near: Any = cKDTree(metres).query_ball_point(metres, max(SAME_KIND_M.values()))
    kept = np.zeros(len(table), bool)
    same, other = np.zeros(len(table), bool), np.zeros(len(table), bool)
    for i, around in enumerate(near):
        before = [j for j in around if kept[j]]
        apart = np.hypot(*(metres[before] - metres[i]).T)
        alike = kind[before] == kind[i]
        same[i] = bool((alike & (apart < own[i])).any())
        other[i] = bool((~alike & (apart < parameters.site_gap_m)).any())
        kept[i] = not (same[i] or other[i])
    for category in PRIORITY:
        ours = table["category"] == category
        if not ours.any():
            continue
        note = f"within {SAME_KIND_M[category]:g} m"
        rule = "same place as another candidate of its category"
        ledger.add(category, rule, "dropped", same & ours, note)
        note = f"within {parameters.site_gap_m:g} m"
        rule = "same place as a candidate of a category before it"
        ledger.add(category, rule, "dropped", other & ~same & ours, note)
    return table[kept]


def _finish(
    table: pd.DataFrame, stations: pd.DataFrame, parameters: Parameters, ledger: Ledger, crs: str
) -> pd.DataFrame:
    metres = metres_of(table)
    where = metres_of(stations)
    apart, nearest = cKDTree(where).query(metres)
    on_top = np.asarray(apart) <= parameters.station_site_m
    names = stations["station_id"].to_numpy()[nearest]
    short = table["category"].str.replace("_", "")
    spot = np.rint(metres).astype(int)
    table = place(table, metres, crs).assign(
        site_id=[f"{kind}_{east}_{north}" for kind, (east, north) in zip(short, spot, strict=True)],
        station_id=np.where(on_top, names, ""),
        grid_kw=np.nan,  # known once the areas' proxy is
    )
    note = f"within {parameters.station_site_m:g} m"
    ledger.add("sites", "stands on a station: it is that station", "flagged", on_top, note)
    return arrange(table, "sites", "site_id")


# -- What the score of a candidate site is made of, as measured: people, EVs, grid, roads, traffic.

OWNERSHIP: Final = {"public": 1.0, "unknown": 0.5, "private": 0.0}
"""Ownership as a fact in [0, 1]: how far the Region and its cities can decide alone."""

_OPEN: Final = ("Public roadway", "Private, but accessible road")
_NO_ACCESS: Final = ("Freeway", "Ramp", "Rapid Transit")
"""Classes that no driveway joins."""

_CLASSES: Final = (
    "Alleyway / Lane", "Cul-de-Sac", "Local Street", "Turning Lane", "Collector", "Arterial",
    "Highway",
)  # fmt: skip
"""Classes of public roads, the least first: where roads meet, the highest counts."""


def with_surroundings(
    sites: pd.DataFrame,
    cells: pd.DataFrame,
    stations: pd.DataFrame,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``sites`` with people, EVs and the nearest charger around each.

    Parameters
    ----------
    cells
        ``cells`` with ``ev_2030``, the vehicles of ``cell_growth``.
    stations
        Public ones anywhere count as chargers nearby.
    parameters
        ``people_near_m`` and ``evs_near_m`` (m) are used.
    ledger
        Takes the sites without a vehicle nearby.
    """
    here = metres_of(sites)
    people = cells[["population"]].to_numpy(float)
    near = sums_within(here, metres_of(cells), people, parameters.people_near_m)[:, 0]
    public = stations[stations["access"] == "public"]
    return sites.assign(
        people_near=near.round(1),
        charger_m=distance_m(here, metres_of(public)),
        **_vehicles(here, cells, parameters, ledger),
    )


def site_facts(
    sites: pd.DataFrame, roads: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return ``site_facts``: one row for each site.

    Parameters
    ----------
    sites
        As :func:`with_surroundings` returns them, with ``grid_kw`` (kW) and ``transit``, the
        access to public transit in [0, 1].
    roads
        The Region's road file in metres, with ``AADT`` (vehicles a day).
    parameters
        ``traffic_near_m`` (m) and fits of land use are used.
    ledger
        Takes what no source tells about a site.
    """
    table = sites.assign(**_roads(metres_of(sites), roads, parameters, ledger))
    unknown = sites["owner"] == "unknown"
    ledger.add("site_facts", "owner unknown: between public and private", "kept", unknown)
    table = table.assign(
        transit=sites["transit"].round(4),
        land_use=_land_use(sites, table["road_class"], parameters),
        ownership=sites["owner"].map(OWNERSHIP).to_numpy(float),
    )
    return arrange(table, "site_facts")


def _vehicles(
    here: NDArray[np.float64], cells: pd.DataFrame, parameters: Parameters, ledger: Ledger
) -> dict[str, NDArray[np.float64]]:
    """Return EVs per km² around each site, and how many times as many there will be in 2030."""
    both = cells[["ev", "ev_2030"]].to_numpy(float)
    now, later = sums_within(here, metres_of(cells), both, parameters.evs_near_m).T
    area_km2 = np.pi * (parameters.evs_near_m / 1000) ** 2
    none = now <= 0
    whole = both.sum(axis=0)
    ratio = np.divide(later, now, out=np.full(len(now), whole[1] / whole[0]), where=~none)
    note = f"within {parameters.evs_near_m:g} m; takes the Region's growth"
    ledger.add("site_facts", "no vehicle nearby", "kept", none, note)
    return {"evs_per_km2": np.round(now / area_km2, 3), "growth": np.round(ratio, 4)}


def _roads(
    here: NDArray[np.float64], roads: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger
) -> dict[str, NDArray[Any]]:
    """Return distance to a road that cars may use, class of the nearest public one, traffic."""
    drivable = ~roads["CartoClass"].isin(_NO_ACCESS)
    usable = roads[drivable & roads["PublicAcce"].isin(_OPEN)].geometry.to_numpy()
    access_m, _ = nearest_lines(here, usable, np.zeros(len(usable)))
    order = {name: float(i) for i, name in enumerate(_CLASSES)}
    public = roads[(roads["PublicAcce"] == _OPEN[0]) & roads["CartoClass"].isin(order)]
    rank = np.array([order[name] for name in public["CartoClass"]], np.float64)
    _, best = nearest_lines(here, public.geometry.to_numpy(), rank)
    words = [class_name(name) for name in _CLASSES]
    counted = roads[roads["AADT"].notna()]
    lines, traffic = counted.geometry.to_numpy(), counted["AADT"].to_numpy(float)
    away_m, aadt = nearest_lines(here, lines, traffic)
    near = (away_m <= parameters.traffic_near_m) & np.isfinite(aadt)
    note = f"within {parameters.traffic_near_m:g} m; the Region counts its own roads only"
    ledger.add("site_facts", "no traffic count nearby", "flagged", ~near, note)
    return {
        "access_m": access_m,
        # without a road file every site counts as at a road, of a class that nothing tells
        "road_class": np.array([words[int(i)] if np.isfinite(i) else "" for i in best], object),
        "aadt": np.where(near, aadt, np.nan),
    }


def _land_use(
    sites: pd.DataFrame, road_class: pd.Series[str], parameters: Parameters
) -> NDArray[np.float64]:
    """Return how well a charger suits the use of the land, in [0, 1]: category, then context."""
    fit = sites["category"].map(dict(parameters.land_use_fit)).to_numpy(float)
    small = road_class.isin(["local_street", "cul_de_sac", "alleyway_lane"]).to_numpy()
    return np.asarray(np.where(small, fit * parameters.local_street_fit, fit).round(4), np.float64)
