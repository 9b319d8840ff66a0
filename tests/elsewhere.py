"""A region made up in another UTM zone: one municipality, no transit, no Level 3, no local source.

Sixteen squares of 1 km, four to a census tract; the west half is one postal area, the east half
another that reaches outside.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import shapely

from kwev.data.schemas import RAW
from kwev.founding import region_of
from kwev.pipeline.geometry import unproject

CRS = "EPSG:26918"
WEST, SOUTH = 440_000.0, 5_010_000.0
SIDE, ACROSS = 1_000.0, 4
TOWN = "3506008"
REGION = region_of("Town of Elsewhere", None, [TOWN])
QUARTERS = [f"{year}Q{quarter}" for year in range(2022, 2026) for quarter in range(1, 5)]


def degrees(east, north):
    return tuple(unproject(np.array([[WEST + east, SOUTH + north]]), CRS)[0].tolist())


def box(west, south, east, north):
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return shapely.Polygon([degrees(*corner) for corner in corners])


def layer(key, shapes):
    made = [
        {"type": "Feature", "properties": {key: code, "LANDAREA": 1.0},
         "geometry": shapely.geometry.mapping(shape)}
        for code, shape in shapes.items()
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": made}).encode()


def census():
    """Return outlines and counts of the areas."""
    spots = {
        f"{TOWN[:4]}{number:04d}": (number % ACROSS * SIDE, number // ACROSS * SIDE)
        for number in range(ACROSS**2)
    }
    tract = {da: f"505{1 + int(y // (2 * SIDE)) * 2 + int(x // (2 * SIDE)):04d}.00"
             for da, (x, y) in spots.items()}  # fmt: skip
    squares = {da: box(x, y, x + SIDE, y + SIDE) for da, (x, y) in spots.items()}
    tracts = {
        code: shapely.union_all([squares[da] for da in spots if tract[da] == code])
        for code in sorted(set(tract.values()))
    }
    half, whole = ACROSS * SIDE / 2, ACROSS * SIDE
    fsas = {"K1A": box(0, 0, half, whole), "K2B": box(half, 0, 2 * whole, whole)}
    das = pd.DataFrame({"DAUID": list(spots), "CSDUID": TOWN})
    das = das.assign(**{name: 0 for name in RAW["da_census"].columns if name.startswith("2021-")})
    people = {"2021-a-Population": 400, "2021-b-Total dwellings": 160}
    homes = {"2021-l-Total households": 150, "2021-d-Single detached house": 100,
             "2021-h-Apartment five or more storeys": 50}  # fmt: skip
    links = pd.DataFrame(
        {"da_id_21": list(spots), "da_pop_21": 400, "csd_id_21": TOWN, "csd_name_21": "Elsewhere",
         "cma_id_21": "505", "ct_id_21": list(tract.values())}
    )  # fmt: skip
    total = 400 * len(spots)
    towns = pd.DataFrame({"csduid": [TOWN], "name": ["Elsewhere"], "population": [total]})
    fsa_census = pd.DataFrame(
        {"fsa": list(fsas), "population_2021": [total // 2, total], "households_owner": 500,
         "households_renter": 300, "median_household_income": 80_000}
    )  # fmt: skip
    return {
        "das": layer("DAUID", squares), "tracts": layer("CTUID", tracts),
        "fsas": layer("CFSAUID", fsas), "da_census": das.assign(**people, **homes),
        "da_links": links, "municipalities": towns, "fsa_census": fsa_census,
    }  # fmt: skip


def vehicles():
    rows = [
        (quarter, fsa, 40 + 12 * i, 20 + 4 * i, 60 + 16 * i)
        for i, quarter in enumerate(QUARTERS)
        for fsa in ("K1A", "K2B", "M5V")
    ]
    return pd.DataFrame(rows, columns=["quarter", "FSA", "BEV", "PHEV", "TotalEV"])


def places():
    """Return two Level 2 stations, one on both lists, and car parks and a fuel station."""
    east, north = degrees(500, 500), degrees(3500, 3500)
    ocm = pd.DataFrame(
        [("City Hall", *east, 2, "Level 2", "FLO", "", "1 King St", "Elsewhere")],
        columns=["name", "longitude", "latitude", "num_chargers", "charger_type", "operator",
                 "usage_cost", "address", "city"],
    )  # fmt: skip
    both = [("1", "City Hall", east), ("2", "Arena", north)]
    nrcan = pd.DataFrame(
        [
            {"ID": key, "Station Name": name, "Fuel Type Code": "ELEC", "City": "Elsewhere",
             "State": "ON", "Latitude": lat, "Longitude": lon, "EV Level2 EVSE Num": 2,
             "EV DC Fast Count": None, "Access Code": "public", "Status Code": "E",
             "Open Date": "2020-01-01"}
            for key, name, (lon, lat) in both
        ]
    )  # fmt: skip
    spots = [degrees(x + 300, y + 700) for x in (0, 1000, 2000, 3000) for y in (0, 1000, 2000)]
    osm = pd.DataFrame(spots, columns=["longitude", "latitude"])
    osm = osm.assign(name=[f"Lot {i}" for i in range(len(osm))], amenity="parking")
    osm.loc[0, ["name", "amenity"]] = ["Gas", "fuel"]
    return {"ocm": ocm, "nrcan": nrcan, "osm_places": osm}


def ground():
    pond = layer("cls", {"water": box(1_000, 1_000, 1_200, 1_200)})
    start, end = degrees(0, 2_000), degrees(4_000, 2_000)
    feature = {"type": "Feature", "properties": {"cls": "rivers"},
               "geometry": {"type": "LineString", "coordinates": [start, end]}}  # fmt: skip
    river = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    return {"water": pond, "rivers": river}


def write(folder):
    """Write the raw files and their register below ``data``; return the two."""
    entries = []
    for name, given in {**census(), "evs": vehicles(), **places(), **ground()}.items():
        path = folder / "data" / "raw" / REGION.files[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(given if isinstance(given, bytes) else given.to_csv(index=False).encode())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        facts = {"id": name, "file": REGION.files[name], "sha256": digest, "fetched": "2026-01-15",
                 "title": name, "publisher": "made up", "vintage": "2026", "caveats": "",
                 "licence": "statcan-open", "licence_url": "", "attribution": ""}  # fmt: skip
        entries.append(facts)
    register = folder / "data" / "sources.json"
    known = json.loads(register.read_text()) if register.is_file() else {}
    register.write_text(json.dumps({**known, "sources": entries}))
    return folder / "data" / "raw", register
