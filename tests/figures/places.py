"""A region of two municipalities drawn by hand: tables, GeoJSON files and a plan."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd

from kwev import escape, polyline
from kwev.sets import MANIFEST, entry

WEST, SOUTH, STEP = -80.6, 43.3, 0.1


def square(column, size=1):
    """Return a square of ``size`` steps in a row of squares, as GeoJSON coordinates."""
    x, y = WEST + column * STEP, SOUTH
    side = size * STEP
    return [[[x, y], [x + side, y], [x + side, y + STEP], [x, y + STEP], [x, y]]]


def write_shapes(folder):
    """Write the GeoJSON files of the region below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "municipalities": ("municipality_id", {"3530013": square(0, 2), "3530035": square(2, 2)}),
        "das": ("da_id", {f"3530000{i}": square(i) for i in range(4)}),
        "fsas": ("fsa", {"N2A": square(0, 2), "N0B": square(2, 2)}),
    }
    for name, (key, shapes) in files.items():
        found = [
            {
                "type": "Feature",
                "properties": {key: identifier},
                "geometry": {"type": "Polygon", "coordinates": shape},
            }
            for identifier, shape in shapes.items()
        ]
        content = {"type": "FeatureCollection", "features": found}
        (folder / f"{name}.geojson").write_text(json.dumps(content))
    (folder / "transit_lines.geojson").write_text(json.dumps(route_lines()))
    held = {path.name: entry(path.read_bytes()) for path in sorted(folder.glob("*.geojson"))}
    (folder / MANIFEST).write_text(json.dumps({"processed": held}))
    return folder


def write_base_map(folder):
    """Write a base map of a street, a lake and a city below ``folder``, and a manifest of it."""
    lake = np.array(square(1)[0]) * 0.25 + 0.75 * np.array([WEST + STEP, SOUTH + STEP / 2])
    street = np.array([[WEST + STEP / 4, SOUTH + STEP / 2], [WEST + 3.8 * STEP, SOUTH + STEP / 2]])
    rows = [
        ("water", "", polyline.encode(lake)),
        ("arterial", "King St", polyline.encode(street)),
        ("city", "Kitchener", polyline.encode(street[:1])),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = escape.csv(pd.DataFrame(rows, columns=["kind", "name", "path"]))
    (folder / "base_map.csv").write_text(text)
    held = {"base_map.csv": entry(text.encode(), rows=len(rows))}
    (folder / MANIFEST).write_text(json.dumps({"processed": held}))


def route_lines():
    """Return three routes from west to east: one line, one line, two lines."""
    found = []
    for route, count in (("7", 1), ("201", 1), ("301", 2)):
        y = SOUTH + STEP / 2
        lines = [[[WEST + i, y], [WEST + STEP, y + STEP / 4 * i]] for i in range(count)]
        kind = "LineString" if count == 1 else "MultiLineString"
        shape = {"type": kind, "coordinates": lines[0] if count == 1 else lines}
        found.append({"type": "Feature", "properties": {"route_id": route}, "geometry": shape})
    return {"type": "FeatureCollection", "features": found}


def tables():
    """Return tables that fit the shapes; names hold what HTML and scripts must not take as code."""
    municipalities = pd.DataFrame(
        {
            "municipality_id": ["3530013", "3530035"],
            "name": ["Kitchener", "Woolwich"],
            "kind": ["city", "township"],
            "population": [300, 100],
            "households": [120, 40],
            "area_km2": [180.0, 180.0],
        }
    )
    das = pd.DataFrame(
        {
            "da_id": [f"3530000{i}" for i in range(4)],
            "municipality_id": ["3530013", "3530013", "3530035", "3530035"],
            "population": [200, 100, 90, 10],
            "households": [80, 40, 36, 4],
            "ev": [4.0, 3.0, 2.0, 1.0],
            "land_area_km2": [0.1, 0.2, 10.0, 90.0],
        }
    )
    fsas = pd.DataFrame(
        {
            "fsa": ["N0B", "N2A"],
            "quarter": ["2025Q4", "2025Q4"],
            "bev": [6, 5],
            "phev": [4, 2],
            "ev": [10, 7],
            "population": [200, 300],
            "population_inside": [100.0, 300.0],
            "inside_share": [0.5, 1.0],
            "ev_inside": [5.0, 7.0],
        }
    )
    return SimpleNamespace(
        municipalities=municipalities,
        das=das,
        fsas=fsas,
        stations=stations(),
        station_records=pd.DataFrame(
            {"outcome": ["kept", "dropped"], "snapshot": ["2025-10", "2026-01"]}
        ),
        sites=sites(),
        **transit(),
    )


def stations():
    """Return four stations: L2, both levels, Teslas only, outside."""
    return pd.DataFrame(
        {
            "station_id": ["s1", "s2", "s3", "s4"],
            "name": ["Mall </script><b>", "Plaza", "Inn", "Elora"],
            "operator": ["Flo", "", "Tesla", "Flo"],
            "municipality_id": ["3530013", "3530013", "3530035", ""],
            "in_region": [True, True, True, False],
            "latitude": [43.35, 43.36, 43.34, 43.35],
            "longitude": [-80.55, -80.45, -80.35, -80.15],
            "l2_ports": [2, 1, 4, 2],
            "l3_ports": [0, 2, 0, 0],
            "l2_kw": [None, 7.2, None, None],
            "l3_kw": [None, 50.0, None, None],
            "access": ["public", "public", "tesla_only", "public"],
            "owner": ["public", "private", "private", "unknown"],
            "l2_ports_low": [2, 1, 4, 2],
            "l2_ports_high": [2, 4, 4, 2],
            "l3_ports_low": 0,
            "l3_ports_high": 9,
            "hours": ["24 hours daily", "", "", ""],
            "sources": ["ocm+nrcan", "ocm", "nrcan", "nrcan"],
            "confidence": ["matched", "single", "single", "single"],
            "opened": ["2020-01-02", "", "", ""],
        }
    )


def transit():
    """Return the tables of transit: a bus stop, a hub, an ION station, a planned stop."""
    stops = pd.DataFrame(
        {
            "stop_id": ["1", "place_T", "6001"],
            "name": ["King / Queen", "Terminal </script>", "Alpha Station"],
            "mode": ["bus", "bus", "ion"],
            "municipality_id": ["3530013", "3530013", "3530035"],
            "latitude": [43.35, 43.36, 43.34],
            "longitude": [-80.55, -80.45, -80.35],
            "routes": ["7", "7 201", "301"],
            "trips_peak_per_h": [2.0, 8.0, 12.0],
            "trips_midday_per_h": [2.0, 8.0, 12.0],
            "trips_weekday": [30, 100, 196],
            "trips_saturday": [20, 80, 145],
            "trips_sunday": [10, 60, 132],
            "score": [0.3, 0.7, 0.84],
            "hub": [False, True, False],
        }
    )
    routes = pd.DataFrame(
        {
            "route_id": ["7", "201", "301"],
            "short_name": ["7", "201", "301"],
            "long_name": ["King", "iXpress Ring", "ION light rail"],
            "mode": ["bus", "ixpress", "ion"],
            "length_km": [10.0, 12.0, 16.0],
            "trips_weekday": [30, 70, 196],
            "headway_peak_min": [30.0, None, 10.0],
        }
    )
    planned = pd.DataFrame(
        {
            "name": ["Delta"],
            "municipality_id": ["3530035"],
            "latitude": [43.36],
            "longitude": [-80.3],
        }
    )
    days = pd.DataFrame({"day": ["weekday"], "date": ["2026-01-06"]})
    return {
        "transit_stops": stops,
        "transit_routes": routes,
        "transit_planned": planned,
        "transit_days": days,
    }


def sites():
    """Return three candidate sites."""
    return pd.DataFrame(
        {
            "site_id": ["q1", "q2", "q3"],
            "name": ["Lot A", "Lot B", "Library"],
            "category": ["parking", "parking", "library"],
            "municipality_id": ["3530013", "3530035", "3530013"],
            "latitude": [43.351, 43.352, 43.353],
            "longitude": [-80.5, -80.3, -80.52],
            "source": ["City", "City", "Region"],
            "owner": ["public", "public", ""],
            "land": ["own", "own", "partner"],
        }
    )


def action(kind, place_id, latitude, longitude, ports):
    """Return an action as a plan holds it; ports: (L2 before, L2 after, L3 before, L3 after)."""
    return {
        "kind": kind,
        "id": f"{kind}_{place_id}",
        "place_id": place_id,
        "name": f"Name of {place_id}",
        "category": "parking" if kind.startswith("new_") else "existing_station",
        "municipality": "Kitchener",
        "latitude": latitude,
        "longitude": longitude,
        "l2_ports_before": ports[0],
        "l2_ports_after": ports[1],
        "l3_ports_before": ports[2],
        "l3_ports_after": ports[3],
        "kw_after": 19.2 * ports[1] + 350.0 * ports[3],
        "grid_kw": 750.0,
        "purchase_cad": 200_000.0,
        "resale_cad": 15_000.0,
        "net_cad": 185_000.0,
        "operating_cad_per_year": 11_500.0,
    }


def plan(config):
    """Return what the map reads of a plan: three actions, coverage, and the configuration."""
    from kwev.plan.format import Action

    reached = SimpleNamespace(before=0.2, after=0.6, target=0.95)
    actions = [
        action("upgrade", "s1", 43.35, -80.55, (2, 0, 0, 2)),
        action("new_l3", "q1", 43.351, -80.5, (0, 0, 0, 2)),
        action("new_l2", "q2", 43.352, -80.3, (0, 3, 0, 0)),
    ]
    return SimpleNamespace(
        scenario="base",
        geography="da",
        config=SimpleNamespace(as_config=lambda: config),
        actions=[Action.model_validate(values) for values in actions],
        certificate=None,
        coverage=SimpleNamespace(l2=reached, l3=reached, ev_owners=reached),
    )
