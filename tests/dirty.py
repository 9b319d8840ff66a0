"""A small region as raw files with every slip that the issue names, and its register.

Two squares of 1 km side by side: the west one is a tract of Kitchener, the east one an area of
Wellesley. Each method writes one kind of file; :func:`write` makes the folder.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import shapely
from home_region import CRS, FILES, REGION

from kwev.data.schemas import RAW
from kwev.pipeline.geometry import unproject
from kwev.pipeline.raw import Raw

WEST, SOUTH = 540_000.0, 4_810_000.0
SIDE = 1_000.0
TORONTO = (43.6532, -79.3832)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def degrees(east, north):
    """Return longitude and latitude of metres from the corner."""
    return tuple(unproject(np.array([[WEST + east, SOUTH + north]]), CRS)[0].tolist())


def polygon(*corners):
    return shapely.Polygon([degrees(*corner) for corner in corners])


def square(east):
    return polygon((east, 0), (east + SIDE, 0), (east + SIDE, SIDE), (east, SIDE))


CROSSED = polygon(
    # the north edge runs 20 m too far and comes back below itself: a loop of 20 m by 10 m
    (0, 0), (SIDE, 0), (SIDE, SIDE), (400, SIDE), (380, SIDE - 10), (380, SIDE), (400, SIDE - 10),
    (390, SIDE), (0, SIDE),
)  # fmt: skip
"""The west square with a knot in its north edge: it crosses itself."""
SLIVER = polygon((2000, 0), (2000, SIDE), (2000, 0))
"""A polygon that goes there and back: no area."""
BOW_TIE = polygon((0, 0), (SIDE, SIDE), (SIDE, 0), (0, SIDE))
"""A square with two corners exchanged: half of it is lost, so no repair is right."""


def layer(features):
    """Return GeoJSON of (properties, polygon) pairs."""
    made = [
        {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(shape)}
        for p, shape in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": made}).encode()


def boundaries(tract=CROSSED):
    das = [("35300001", square(0)), ("35300002", square(SIDE))]
    tracts = [("5410001.00", tract), ("5419999.00", SLIVER)]
    beyond = polygon((SIDE, 0), (3 * SIDE, 0), (3 * SIDE, SIDE), (SIDE, SIDE))
    fsas = [("N0B", beyond), ("N2A", square(0))]
    named = {"das": ("DAUID", das), "tracts": ("CTUID", tracts), "fsas": ("CFSAUID", fsas)}
    return {
        name: layer([({key: value, "LANDAREA": 1.0}, shape) for value, shape in rows])
        for name, (key, rows) in named.items()
    }


def census():
    homes = {c: 0 for c in RAW["da_census"].columns if c.startswith("2021-")}
    counts = {"2021-a-Population": 100, "2021-b-Total dwellings": 50, "2021-l-Total households": 40}
    das = pd.DataFrame(
        [
            {"DAUID": "35300001", "CSDUID": "3530013", **homes, **counts},
            {"DAUID": "35300002", "CSDUID": "3530027", **homes, **counts},
        ]
    )
    das["2021-d-Single detached house"] = 40
    links = pd.DataFrame(
        {
            "da_id_21": ["35300001", "35300002"],
            "da_pop_21": 100,
            "csd_id_21": ["3530013", "3530027"],
            "csd_name_21": ["Kitchener", "Wellesley"],
            "cma_id_21": ["541", "999"],
            "ct_id_21": ["5410001.00", "0000000.00"],
        }
    )
    towns = pd.DataFrame(
        {"csduid": ["3530013", "3530027"], "name": ["Kitchener", "Wellesley"], "population": 100}
    )
    people = pd.DataFrame({"fsa": ["N0B", "N2A"], "population_2021": [200, 100]})
    # columns of the schema that these stages do not read
    people = people.reindex(columns=list(RAW["fsa_census"].columns), fill_value=0)
    return {"da_census": das, "da_links": links, "municipalities": towns, "fsa_census": people}


def vehicles():
    rows = [("2025Q4", "N0B", 8, 2, 10), ("2025Q4", "N2A", 6, 0, 6)]
    return pd.DataFrame(rows, columns=["quarter", "FSA", "BEV", "PHEV", "TotalEV"])


def addresses():
    """Return three addresses, one of them with its coordinates exchanged."""
    points = [degrees(100, 100), degrees(500, 500), degrees(1500, 500)]
    table = pd.DataFrame(points, columns=["longitude", "latitude"])
    table = table.assign(
        street_no=["1", "2", "3"], street="King St", city=["Kitchener", "Kitchener", "Wellesley"]
    )
    first = table.index == 0
    table.loc[first, ["longitude", "latitude"]] = table.loc[first, ["latitude", "longitude"]].values
    return table


def open_charge_map():
    """Return stations: swapped, twice the same, without a quantity, in Toronto, in Guelph."""
    rows = [
        ("Swapped", *degrees(100, 100), 2, "Level 2", "FLO", "1 King St", "Kitchener"),
        ("Twice", *degrees(500, 500), 3, "Level 2", "FLO", "2 King St", "Kitchener"),
        ("Twice", *degrees(500, 500), 3, "Level 2", "FLO", "2 King St", "Kitchener"),
        ("No count", *degrees(900, 100), None, "Level 2", "FLO", "", "Kitchener"),
        ("Away", TORONTO[1], TORONTO[0], 4, "Level 3", "FLO", "100 Queen St W", "Toronto"),
        ("Lofts", *degrees(900, 900), 2, "Level 2", "FLO", "98 Farley Dr", "Guelph"),
    ]
    columns = [
        "name", "longitude", "latitude", "num_chargers", "charger_type", "operator", "address",
        "city",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).assign(usage_cost="")
    first = table.index == 0
    table.loc[first, ["longitude", "latitude"]] = table.loc[first, ["latitude", "longitude"]].values
    return table


def natural_resources():
    """Return NRCan's stations: no count at one level, at neither level, a repeat, in Toronto."""
    places = {
        "10": ("Café Zehr", degrees(1500, 500), 2, None),
        "11": ("Nothing", degrees(1500, 900), None, None),
        "12": ("Kia", degrees(1900, 100), 1, 0),
        "13": ("Kia", degrees(1900, 100), 1, 0),
        "14": ("Away", (TORONTO[1], TORONTO[0]), 2, 0),
    }
    rows = [
        {
            "ID": key, "Station Name": name, "Fuel Type Code": "ELEC", "City": "Wellesley",
            "Latitude": lat, "Longitude": lon, "EV Level2 EVSE Num": l2, "EV DC Fast Count": l3,
            "Access Code": "public", "Status Code": "E", "Open Date": "2020-01-01",
        }
        for key, (name, (lon, lat), l2, l3) in places.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def older_lists():
    lon, lat = degrees(1500, 500)
    plain = dict.fromkeys(RAW["nrcan_2022"].columns)
    older = plain | {
        "ID": "10", "Station Name": "Café Zehr", "Fuel Type Code": "ELEC", "Latitude": lat,
        "Longitude": lon, "Status Code": "E", "Access Code": "public", "Open Date": "2020-01-01",
        "Access Days Time": "24 hours daily", "EV Connector Types": "J1772",
        "Street Address": "3 King Street", "EV Network": "FLO",
    }  # fmt: skip
    fast = {
        "id": "99", "station_name": "x", "ev_network": "FLO", "street_address": "",
        "connector_file": "TESLA", "longitude": lon, "latitude": lat,
    }  # fmt: skip
    return {"nrcan_2022": pd.DataFrame([older]), "dc_fast": pd.DataFrame([fast])}


ROADS = pd.DataFrame({"LeftSettle": ["Linwood"], "LeftMunici": ["Wellesley"]})


def write(folder, **changed):
    """Write the region's raw files, NRCan's with a byte-order mark and CRLF, and return a ``Raw``.

    ``changed`` replaces single files by their name in ``FILES`` with bytes or a table.
    """
    content = {
        **boundaries(), **census(), "evs": vehicles(), "addresses": addresses(),
        "ocm": open_charge_map(), "nrcan": natural_resources(), **older_lists(), **changed,
    }  # fmt: skip
    entries = []
    for name, given in content.items():
        path = folder / "raw" / FILES[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(given, bytes):
            path.write_bytes(given)
        elif path.suffix == ".parquet":
            given.to_parquet(path)
        else:
            text = given.to_csv(index=False).encode()
            as_in_windows = BYTE_ORDER_MARK + text.replace(b"\n", b"\r\n")
            path.write_bytes(as_in_windows if name == "nrcan" else text)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append({"file": FILES[name], "sha256": digest})
    register = folder / "sources.json"
    register.write_text(json.dumps({"sources": entries}))
    return Raw(folder / "raw", register, REGION)
