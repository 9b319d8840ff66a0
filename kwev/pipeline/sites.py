"""Candidate sites: derived ones, de-duplication, and the place of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from kwev.pipeline import candidates as lists
from kwev.pipeline.candidates import COLUMNS, clusters, medoids
from kwev.pipeline.food import from_food
from kwev.pipeline.geometry import place, to_metres, within_index
from kwev.schemas import PROCESSED

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

PRIORITY: Final = (
    "park_and_ride", "transit_station", "shopping_mall", "library", "community_centre",
    "recreation_centre", "fuel_station", "retail_complex", "business_park", "highway_corridor",
    "parking", "dense_residential",
)  # fmt: skip
"""Which category stays where candidates of several stand at one place: a named public place
before a derived one."""

SAME_KIND_M: Final = {
    "park_and_ride": 200.0, "transit_station": 200.0, "shopping_mall": 200.0, "library": 200.0,
    "community_centre": 150.0, "recreation_centre": 250.0, "fuel_station": 80.0,
    "retail_complex": 80.0, "business_park": 150.0, "highway_corridor": 400.0, "parking": 50.0,
    "dense_residential": 30.0,
}  # fmt: skip
"""Candidates of one category closer than this are one place (m): sources give a mall or a
terminal different points, while two towers on one block are two sites."""

_DERIVED = r"^(?:Shops|Firms|Workplaces?|Lot|Car Park|Fuel|School,|Place of Worship,|Hospital,)"
"""Names that kwev makes up from an address; a proper name is preferred."""


_FAMILY: Final = {"park_and_ride": "transit_station"}
"""Categories that are two uses of one kind of place."""


def candidate_sites(  # noqa: PLR0913, PLR0917 - the stage needs every table before it
    raw: Raw,
    roads: gpd.GeoDataFrame,
    addresses: pd.DataFrame,
    stations: pd.DataFrame,
    bounds: Boundaries,
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``sites``: candidates of twelve categories, one at a place."""
    ramps = ramp_ends(roads)
    transit = lists.from_transit(raw, ledger)
    known = pd.concat(
        [
            _with_park_and_ride(transit, ramps, parameters),
            lists.from_facilities(raw),
            lists.from_libraries(raw, ledger),
            from_food(raw, parameters, ledger),
            lists.from_business(raw, parameters),
            lists.from_osm(raw),
            lists.from_fuel_register(raw),
            job_sites(raw, addresses, parameters),
            highway_sites(ramps, roads, parameters),
            lane_sites(roads, parameters),
            dense_sites(addresses, parameters),
        ],
        ignore_index=True,
    )
    known = _inside(known, bounds, ledger)
    known = _distinct(known, parameters, ledger)
    return _finish(known, stations, parameters, ledger)


def _with_park_and_ride(
    transit: pd.DataFrame, ramps: NDArray[np.float64], parameters: Parameters
) -> pd.DataFrame:
    metres = transit[["easting_m", "northing_m"]].to_numpy()
    near = cKDTree(ramps).query(metres)[0] <= parameters.park_and_ride_m
    near &= transit["name"].str.contains("Station|Terminal").to_numpy()
    return transit.assign(category=np.where(near, "park_and_ride", transit["category"]))


def ramp_ends(roads: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return (N, 2) ends of highway ramps on ordinary roads (m)."""
    ramps = roads[roads["CartoClass"] == "Ramp"].geometry.to_numpy()
    other = ~roads["CartoClass"].isin(["Ramp", "Freeway", "Highway", "Rapid Transit"])
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
    ordinary = roads[~roads["CartoClass"].isin(["Ramp", "Freeway", "Highway", "Rapid Transit"])]
    ordinary = ordinary[ordinary["FullStreet"].notna()]
    tree = shapely.STRtree(ordinary.geometry.to_numpy())
    fast = roads[roads["CartoClass"].isin(["Freeway", "Highway"]) & roads["RoadNumber"].notna()]
    highways = shapely.STRtree(fast.geometry.to_numpy())
    found = []
    for _, centre in medoids(ramps, clusters(ramps, parameters.ramp_reach_m)):
        point = shapely.Point(ramps[centre])
        highway = int(highways.nearest(point))
        if fast.geometry.iloc[highway].distance(point) > parameters.highway_m:
            continue  # a turning ramp between ordinary roads
        street = ordinary["FullStreet"].iloc[int(tree.nearest(point))]
        number = fast["RoadNumber"].iloc[highway]
        name = f"Highway {number} at {street}"
        found.append((name, "highway_corridor", *ramps[centre], "road network", "unknown"))
    return pd.DataFrame(found, columns=COLUMNS)


def lane_sites(roads: gpd.GeoDataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return car parks on private but accessible lanes: one for each connected lot."""
    private = (roads["CartoClass"] == "Private") & (
        roads["PublicAcce"] == "Private, but accessible road"
    )
    lanes = roads[private].reset_index(drop=True)
    middle = shapely.get_coordinates(lanes.geometry.interpolate(0.5, normalized=True).to_numpy())
    ends, owner = _ends(lanes.geometry.to_numpy())
    joint = clusters(ends, parameters.lane_reach_m)
    graph = _share_joint(owner, joint, len(lanes))
    named = roads[(roads["CartoClass"] != "Private") & roads["FullStreet"].notna()]
    tree = shapely.STRtree(named.geometry.to_numpy())
    found = []
    for members, centre in medoids(middle, graph):
        if lanes.geometry.length.iloc[members].sum() < parameters.lane_min_m:
            continue
        names = lanes["FullStreet"].iloc[members].dropna()
        nearest = named["FullStreet"].iloc[int(tree.nearest(shapely.Point(middle[centre])))]
        title = f"on {names.mode().iloc[0]}" if len(names) else f"off {nearest}"
        found.append(
            (f"Lot {title}", "parking", *middle[centre].round(2), "road network", "private")
        )
    return pd.DataFrame(found, columns=COLUMNS)


def _share_joint(
    owner: NDArray[np.int64], joint: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    nodes = size + joint.max(initial=-1) + 1
    graph = coo_array((np.ones(len(owner)), (owner, size + joint)), shape=(nodes, nodes))
    return np.asarray(connected_components(graph, directed=False)[1][:size], dtype=np.int64)


def dense_sites(addresses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return street numbers with many addresses, at their most central address."""
    keys = ["street_no", "street", "city"]
    size = addresses.groupby(keys)["longitude"].transform("size")
    dense = addresses[size >= parameters.dense_units].reset_index(drop=True)
    metres = dense[["easting_m", "northing_m"]].to_numpy()
    group = np.asarray(dense.groupby(keys).ngroup(), dtype=np.int64)
    found = [
        (
            f"{dense['street_no'].iloc[i]} {dense['street'].iloc[i]}",
            "dense_residential",
            *metres[i],
            "address points",
            "private",
        )
        for _, i in medoids(metres, group)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def job_sites(raw: Raw, addresses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return travel-survey zones full of jobs, each at the address nearest to its middle."""
    zones = to_metres(raw.read_shapes("job_zones"))
    busy = zones["in_region"] & (zones["jobs"] >= parameters.zone_jobs)
    busy &= zones["jobs"] >= parameters.zone_jobs_per_worker * zones["workers"]
    zones = zones[busy].sort_values("GTA06")
    middle = shapely.get_coordinates(zones.geometry.representative_point().to_numpy())
    metres = addresses[["easting_m", "northing_m"]].to_numpy()
    nearest = cKDTree(metres).query(middle)[1]
    found = [
        (
            f"Workplaces near {addresses['street_no'].iloc[i]} {addresses['street'].iloc[i]}",
            "business_park",
            *metres[i],
            "travel survey",
            "private",
        )
        for i in np.asarray(nearest)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def _inside(table: pd.DataFrame, bounds: Boundaries, ledger: Ledger) -> pd.DataFrame:
    metres = table[["easting_m", "northing_m"]].to_numpy(float)
    da = within_index(metres, bounds.das.geometry.to_numpy())
    for category, count in table[da < 0]["category"].value_counts().sort_index().items():
        ledger.add("sites", str(category), "outside the Region", "dropped", int(count))
    table, da = table[da >= 0], da[da >= 0]
    return table.assign(
        municipality_id=bounds.das["municipality_id"].to_numpy()[da],
        area_id=bounds.das["area_id"].to_numpy()[da],
    )


def _distinct(table: pd.DataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Keep one candidate at a place: by category priority, then west to east, south to north."""
    rank = table["category"].map({name: i for i, name in enumerate(PRIORITY)})
    # A place with a proper name comes before one that is named after its address.
    derived = table["name"].str.match(_DERIVED)
    table = table.assign(rank=rank, derived=derived).sort_values(
        ["rank", "derived", "easting_m", "northing_m", "name"], ignore_index=True
    )
    metres = table[["easting_m", "northing_m"]].to_numpy()
    own = table["category"].map(SAME_KIND_M).to_numpy()
    kind = table["category"].replace(_FAMILY).to_numpy()
    near = cKDTree(metres).query_ball_point(metres, max(SAME_KIND_M.values()))
    kept = np.zeros(len(table), bool)
    same, other = np.zeros(len(table), bool), np.zeros(len(table), bool)
    for i, around in enumerate(near):
        before = [j for j in around if kept[j]]
        apart = np.hypot(*(metres[before] - metres[i]).T) if before else np.empty(0)
        alike = kind[before] == kind[i]
        same[i] = bool((alike & (apart < own[i])).any())
        other[i] = bool((~alike & (apart < parameters.site_gap_m)).any())
        kept[i] = not (same[i] or other[i])
    for category in PRIORITY:
        ours = table["category"] == category
        ledger.add(
            "sites",
            category,
            "same place as another candidate of its category",
            "dropped",
            int((same & ours).sum()),
            f"within {SAME_KIND_M[category]:g} m",
        )
        ledger.add(
            "sites",
            category,
            "same place as a candidate of a category before it",
            "dropped",
            int((other & ~same & ours).sum()),
            f"within {parameters.site_gap_m:g} m",
        )
    return table[kept]


def _finish(
    table: pd.DataFrame, stations: pd.DataFrame, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    metres = table[["easting_m", "northing_m"]].to_numpy(float)
    where = stations[["easting_m", "northing_m"]].to_numpy(float)
    apart, nearest = cKDTree(where).query(metres)
    on_top = np.asarray(apart) <= parameters.station_site_m
    names = stations["station_id"].to_numpy()[nearest]
    table = place(table.assign(station_id=np.where(on_top, names, "")), metres)
    short = table["category"].str.replace("_", "")
    spot = np.rint(metres).astype(int)
    ids = [f"{kind}_{east}_{north}" for kind, (east, north) in zip(short, spot, strict=True)]
    table = table.assign(site_id=ids)
    ledger.add(
        "sites",
        "sites",
        "stands on a station: it is that station",
        "flagged",
        int(on_top.sum()),
        f"within {parameters.station_site_m:g} m",
    )
    table = table.sort_values("site_id", ignore_index=True)
    return table[[name for name in PROCESSED["sites"].columns if name != "grid_kw"]]
