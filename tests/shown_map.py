"""A small map by hand: four actions, two stations, a row of four cells, one area, one stop."""

from __future__ import annotations

from kwev.site import plan_map
from kwev.site.shown_plans import HEADS

ACTIONS = [
    # id, kind, name, municipality, lat, lon, ports, kw, cad, people, only, month, place, land
    ("new_l2_a", "new_l2", "Library", "Kitchener", 43.45, -80.50, 2, 14.4, 20_850, 120, 80, 2,
     "library", "land of a city"),
    ("new_l3_b", "new_l3", "Arena </script><b>", "Waterloo", 43.47, -80.52, 2, 300.0, 309_228,
     4_321, 0, 4, "recreation centre", "private land"),
    ("upgrade_s", "upgrade", "Mall", "Cambridge", 43.40, -80.35, 2, 285.6, 300_000, 900, 500, 4,
     "existing station", "owner not recorded"),
    ("new_l2_c", "new_l2", "Kerb on King St, near 1 King St", "Cambridge", 43.38, -80.32, 4, 28.8,
     41_700, 60, 60, 6, "kerbside", "land of a city"),
]  # fmt: skip
STATIONS = [
    ["s", "Mall", "Cambridge", 43.40, -80.35, 2, 0, "Somebody", 1],
    ["t", "Town hall", "Wilmot", 43.39, -80.65, 2, 1, "Somebody else", 1],
    ["u", "Outlet", "outside the Region", 43.6, -80.2, 2, 0, "Another", 0],
]
SQUARE = [[[-80.6, 43.3], [-80.2, 43.3], [-80.2, 43.6], [-80.6, 43.6], [-80.6, 43.3]]]


def plan(key, title, months, actions=ACTIONS):
    """Return the data of a plan whose actions are done by given months (None: no timetable)."""
    steps = [0, 2, 4, 6] if months else [0, 6]
    rows = [list(action) for action in actions]
    for row in rows:
        row[HEADS.index("month")] = row[HEADS.index("month")] if months else 6
    done = [[r for r in rows if r[HEADS.index("month")] <= step] for step in steps]
    return {
        "key": key,
        "title": title,
        "timing": "Months by hand.",
        "timed": months,
        "metric": "network" if months else "straight_line",
        "radius_m": {"l2": 500.0, "l3": 5000.0},
        "steps": [
            {"month": m, "actions": len(d), "cad": sum(r[HEADS.index("cad")] for r in d),
             "l2": 0.1 + 0.1 * i, "l3": 0.5}
            for i, (m, d) in enumerate(zip(steps, done, strict=True))
        ],
        "heads": list(HEADS),
        "rows": rows,
    }  # fmt: skip


def reach(steps):
    """Return cells of which the first two have Level 2: today, and from the second step on."""
    patterns = ["0" * steps, "0" + "1" * (steps - 1), "1" * steps]
    one = {"patterns": patterns, "runs": [2, 1, 1, 1, 0, 2]}
    return dict.fromkeys(("l2", "l3", "l2-line", "l3-line"), one)


def page():
    """Return the page of the map with this data."""
    kinds = plan_map._kinds()
    area = {
        "areas": [[SQUARE, "Tract 1, Kitchener"]],
        "layers": {
            key: {"heading": f"Heading of {key}", "unit": "kW", "classes": [["all", "#9ac8e1"]],
                  "class": [0], "value": [750]}
            for key in ("grid", "need-today", "need-after", "equity")
        },
    }  # fmt: skip
    return plan_map.page(
        {
            "map-today": {
                "bounds": [[43.3, -80.7], [43.6, -80.2]],
                "ground": False,
                "plans": [["recommended", "Recommended plan"], ["spec", "The specification's"]],
                "kinds": kinds,
                "towns": ["Cambridge", "Kitchener", "Waterloo", "Wilmot"],
                "stations": STATIONS,
                "outlines": [[SQUARE, "The Region"]],
            },
            "map-cells": {
                "size_m": 100, "origin": [5400, 48100], "origin_m": [540_000.0, 4_810_000.0],
                "scale_m": 10_000.0,
                "degrees": [[43.45, 0, 0.09, 0, 0, 0], [-80.5, 0.1235, 0, 0, 0, 0]],
                "cells": [0, 0, 5, 1, 0, 30, 1, 0, 80, 1, 0, 7],
            },
            "map-candidates": {
                "categories": [["Parking", "#8a8f98", "#1c2430"]],
                "lands": [["Land of a city", "#009e73", "#1c2430"]],
                "sites": [[43.44, -80.49, "Lot", 0, 0, 750]],
            },
            "map-stops": {
                "classes": [["under 9", "#9ac8e1"]],
                "stops": [[43.46, -80.51, "Stop", 0, "bus", "1 2", 8]],
            },
            "map-tracts": area,
            "map-deprivation": area,
            "plan-recommended": plan("recommended", "Recommended plan", months=True),
            "plan-spec": plan("spec", "The specification's", False, ACTIONS[:1]),
            "reach-recommended": reach(4),
            "reach-spec": reach(2),
        }
    )  # fmt: skip


def marks(page):
    """Return the ids of the marks that a map shows."""
    found = page.eval_on_selector_all(
        "#plan-map path[data-id]", "all => all.map(p => p.dataset.id)"
    )
    return set(found)
