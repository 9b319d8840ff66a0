"""Service areas: the people for whom an existing station is the nearest of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.siting import existing_stations

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables


def service_areas(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the catchment of each station and level: whom it serves before any other does.

    A cell belongs to the nearest station of a level in a straight line, if that lies within the
    level's radius.

    Returns
    -------
    pandas.DataFrame
        ``station_id``, ``name``, ``municipality`` (name), ``level`` (l2, l3), ``ports``,
        ``people``, ``ev``, ``people_per_port``; most people first within a level.
    """
    stations = existing_stations(tables, config)
    cells = tables.cells
    points = cells[["easting_m", "northing_m"]].to_numpy(np.float64)
    names = tables.stations.set_index("station_id")["name"]
    towns = tables.municipalities.set_index("municipality_id")["name"]
    reach = config.coverage
    parts = []
    for level, ports, radius_m in (
        ("l2", stations.l2_ports, reach.l2_radius_m),
        ("l3", stations.l3_ports, reach.l3_radius_m),
    ):
        has = np.flatnonzero(ports > 0)
        if len(has) == 0:
            continue
        apart, nearest = cKDTree(stations.xy_m[has]).query(points)
        near = np.round(apart, 2) <= radius_m
        owner = np.asarray(nearest)[near]
        sums = {
            name: np.bincount(owner, cells[name].to_numpy(np.float64)[near], minlength=len(has))
            for name in ("population", "ev")
        }
        parts.append(
            pd.DataFrame(
                {
                    "station_id": stations.ids[has],
                    "name": [str(names[i]) for i in stations.ids[has]],
                    "municipality": [
                        towns.get(m, "outside the Region") for m in stations.municipality[has]
                    ],
                    "level": level,
                    "ports": ports[has],
                    "people": sums["population"],
                    "ev": sums["ev"],
                    "people_per_port": sums["population"] / ports[has],
                }
            ).sort_values(["people", "station_id"], ascending=[False, True], kind="stable")
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=AREA_COLUMNS)


AREA_COLUMNS = [
    "station_id", "name", "municipality", "level", "ports", "people", "ev", "people_per_port",
]  # fmt: skip
