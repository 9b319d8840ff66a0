"""Candidate sites from lists of places: firms, civic facilities, transit, fuel.

Each function returns a table with name, category, easting_m, northing_m, source, owner.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from kwev.pipeline.geometry import project, to_metres
from kwev.pipeline.names import readable

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

COLUMNS: Final = ["name", "category", "easting_m", "northing_m", "source", "owner"]

_ARCHIVE = r"archive|special collections|^(?:cambridge|kitchener|waterloo region|havelock|muskoka)"


def rows_of(
    names: list[str], category: str, metres: NDArray[np.float64], source: str, owner: str
) -> pd.DataFrame:
    """Return candidates of one category, source and owner at (N, 2) metres."""
    return pd.DataFrame(
        {
            "name": names,
            "category": category,
            "easting_m": metres[:, 0],
            "northing_m": metres[:, 1],
            "source": source,
            "owner": owner,
        }
    )


def clusters(metres: NDArray[np.float64], reach_m: float) -> NDArray[np.int64]:
    """Return (N,) cluster of each point: points linked by steps of at most ``reach_m``."""
    pairs = cKDTree(metres).query_pairs(reach_m, output_type="ndarray")
    size = len(metres)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def medoids(
    metres: NDArray[np.float64], group: NDArray[np.int64], minimum: int = 1
) -> list[tuple[NDArray[np.int64], int]]:
    """Return the members and the most central member of each cluster of ``minimum`` or more."""
    found = []
    for key in np.unique(group):
        members = np.flatnonzero(group == key)
        if len(members) >= minimum:
            offset = metres[members] - metres[members].mean(axis=0)
            found.append((members, int(members[np.argmin(np.hypot(*offset.T).round(3))])))
    return found


def from_facilities(raw: Raw) -> pd.DataFrame:
    """Civic facilities, shopping centres and terminals from the cities' own layers.

    Schools and places of worship stand as parking: lots that are empty when homes charge.
    """
    kitchener = _metres(raw.read_shapes("kitchener_facilities"))
    layers = {
        "community_centres": "community_centre",
        "libraries": "library",
        "arenas": "recreation_centre",
        "elementary_secondary": "parking",
        "post_secondary": "parking",
        "places_of_worship": "parking",
    }
    layer, kind = kitchener["source_layer"], kitchener["CATEGORY"].fillna("")
    category = layer.map(layers).fillna("")
    category = category.mask(kind.isin(["INDOOR POOL", "OUTDOOR POOL"]), "recreation_centre")
    category = category.mask(kind == "SHOPPING", "shopping_mall")
    terminal = (kind == "PUBLIC TRANSPORTATION") & ~kitchener["LANDMARK"].fillna("").str.contains(
        "GREYHOUND"
    )
    category = category.mask(terminal, "transit_station")
    first = kitchener.assign(
        category=category, name=kitchener["LANDMARK"].fillna(""), source="City of Kitchener"
    )
    waterloo = _metres(raw.read_shapes("waterloo_facilities"))
    types = {
        "Community Centre": "community_centre", "Library": "library",
        "Shopping Centre": "shopping_mall", "Business Park": "business_park",
        "School": "parking", "Academic Institution": "parking",
    }  # fmt: skip
    name = waterloo["FACILITY"].fillna(waterloo["NAME"]).fillna("")
    category = waterloo["TYPE"].map(types).fillna("")
    flags = ["ARENA", "SWIMMING_POOL_INDOOR", "SWIMMING_POOL_OUTDOOR"]
    active = (waterloo[flags] == "Yes").any(axis=1) & (waterloo["TYPE"] != "School")
    active |= name.str.contains("Recreation Complex|Sportsplex|Sports Centre|Granite Club")
    category = category.mask(active, "recreation_centre")
    category = category.mask(waterloo["source_layer"] == "places_of_worship", "parking")
    second = waterloo.assign(category=category, name=name, source="City of Waterloo")
    both = pd.concat([first, second], ignore_index=True)
    both = both[(both["category"] != "") & (both["name"] != "")]
    private = both["category"].isin(["shopping_mall", "business_park"])
    private |= both["source_layer"].eq("places_of_worship") | both["name"].str.contains("Granite")
    return both.assign(
        name=[_library(readable(n)) for n in both["name"]],
        owner=np.where(private, "private", "public"),
    )[COLUMNS]


def _library(name: str) -> str:
    return re.sub(r"^KPL\s*-\s*", "", name)


def _metres(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    points = to_metres(frame).geometry.representative_point()
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(easting_m=points.x.round(2), northing_m=points.y.round(2))


def from_libraries(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Public library branches of the Region and of the national list."""
    branches = _metres(raw.read_shapes("libraries"))
    own = rows_of(
        branches["Name"].tolist(),
        "library",
        branches[["easting_m", "northing_m"]].to_numpy(),
        "Region of Waterloo",
        "public",
    )
    culture = raw.read("culture")
    library = culture["ODCAF_Facility_Type"] == "library or archives"
    ours = culture["CSDUID"].str.startswith("3530")
    named = ~culture["Facility_Name"].str.contains(_ARCHIVE, case=False)
    placed = culture["Latitude"].notna()
    ledger.add(
        "sites",
        "culture",
        "library without coordinates",
        "dropped",
        int((library & ours & ~placed).sum()),
    )
    ledger.add(
        "sites",
        "culture",
        "archive, or named after a municipality only",
        "dropped",
        int((library & ours & ~named).sum()),
    )
    rows = culture[library & ours & named & placed]
    shared = rows.duplicated(["Latitude", "Longitude"], keep=False)
    ledger.add(
        "sites",
        "culture",
        "several libraries at one point: the place of none is known",
        "dropped",
        int(shared.sum()),
    )
    rows = rows[~shared]
    names = [_library(readable(n)) for n in rows["Facility_Name"]]
    other = rows_of(
        names, "library", project(rows["Longitude"], rows["Latitude"]), "ODCAF", "public"
    )
    return pd.concat([own, other], ignore_index=True)


def from_transit(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Built ION stations and the terminals (parent stations) of the GTFS feed."""
    ion = raw.read("ion_stops")
    built = ion["StopStatus"] == "Constructed"
    ledger.add("sites", "ion_stops", "planned, not built", "dropped", int((~built).sum()))
    ion = ion[built]
    plain = ion["StopName"].str.replace(r"\s*\((?:North|South)bound\)", "", regex=True)
    names = [n if "Terminal" in n or "Station" in n else f"{n} Station" for n in plain]
    first = rows_of(
        names, "transit_station", project(ion["longitude"], ion["latitude"]), "ION stops", "public"
    )
    stops = raw.read_feed("grt_feed").stops
    parent = stops["location_type"] == "1"
    stops = stops[parent]
    names = [re.sub(r"\s*\((?:bus|lrt)\)", "", n) for n in stops["stop_name"]]
    second = rows_of(
        names,
        "transit_station",
        project(stops["stop_lon"], stops["stop_lat"]),
        "GRT GTFS",
        "public",
    )
    ledger.add(
        "sites", "grt_feed", "ordinary stops are no candidates", "dropped", int((~parent).sum())
    )
    return pd.concat([first, second], ignore_index=True)


def from_business(raw: Raw, parameters: Parameters) -> pd.DataFrame:
    """Return business parks: clusters of production, wholesale, transport and office firms."""
    table = raw.read("business")
    sector = table["PRIMARY_NAICS"].fillna("").str[:2]
    park = table["BUSINESS_PARKBIA"].fillna("")
    named = park.str.contains("Business Park|Corporate Centre")
    trade = sector.isin(["31", "32", "33", "41", "48", "49", "51", "54", "55"])
    table = table[named | (trade & ~park.str.contains("BIA"))].reset_index(drop=True)
    metres = project(table["longitude"], table["latitude"])
    # Cells of the reach keep a long strip of firms from becoming one cluster.
    cell = np.floor(metres / (2 * parameters.business_reach_m)).astype(int)
    group = np.unique(cell, axis=0, return_inverse=True)[1].ravel()
    found = []
    for members, centre in medoids(metres, group, parameters.business_premises):
        part, row = table.iloc[members], table.iloc[centre]
        title = part["BUSINESS_PARKBIA"].fillna("").mode().iloc[0]
        street = readable(f"{row['STREET_NUMBER'] or ''} {row['STREET_NAME'] or ''}".strip())
        name = (
            f"{title}, {street}" if "Park" in title or "Centre" in title else f"Firms at {street}"
        )
        found.append((name, "business_park", *metres[centre], "business directory", "private"))
    return pd.DataFrame(found, columns=COLUMNS)


def from_osm(raw: Raw) -> pd.DataFrame:
    """Car parks and fuel stations of OpenStreetMap."""
    table = raw.read("osm_places")
    metres = project(table["longitude"], table["latitude"])
    fuel = (table["amenity"] == "fuel").to_numpy()
    names = table["name"].fillna("")
    labels = np.where(names != "", names, np.where(fuel, "Fuel Station", "Car Park"))
    kinds = np.where(fuel, "fuel_station", "parking")
    rows = rows_of(labels.tolist(), "parking", metres, "OpenStreetMap", "private")
    return rows.assign(category=kinds, owner=np.where(fuel, "private", "unknown"))


def from_fuel_register(raw: Raw) -> pd.DataFrame:
    """Fuel stations that NRCan lists for another fuel or as the facility of a charger."""
    table = raw.read("nrcan_2022")
    facility = table["Facility Type"].isin(["GAS_STATION", "TRUCK_STOP"])
    rows = table[facility & (table["Access Code"] == "public") & (table["Status Code"] == "E")]
    names = [readable(n) for n in rows["Station Name"]]
    return rows_of(
        names, "fuel_station", project(rows["Longitude"], rows["Latitude"]), "NRCan 2022", "private"
    )
