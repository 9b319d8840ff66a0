"""The network as it stands: coverage by geography, spacing, and how the snapshots reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.coverage import ruler_of
from kwev.demand import demand_points
from kwev.record import Network, covered
from kwev.siting import counted, existing_stations

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables

GEOGRAPHY_NAMES = {
    "tract": "Census tracts (centroids)",
    "da": "Dissemination areas",
    "cell": "Cells of 100 m",
}


def coverage_by_geography(tables: Tables, config: Config) -> pd.DataFrame:
    """Return today's coverage at each geography: shares of people by level, of EVs by either."""
    stations = existing_stations(tables, config)
    net = Network(stations.places[stations.l2_ports > 0], stations.places[stations.l3_ports > 0])
    ruler = ruler_of(tables, config.coverage.metric)
    rows = []
    for geography, name in GEOGRAPHY_NAMES.items():
        points = demand_points(tables, config, geography)
        cover = covered(points, net, config, ruler)
        rows.append(
            {
                "geography": name,
                "points": len(points),
                **{target: cover.share(points, target) for target in ("l2", "l3", "ev_owners")},
            }
        )
    return pd.DataFrame(rows)


def spacing_m(tables: Tables, config: Config) -> float:
    """Return the mean straight-line distance from a station to the next one (m)."""
    stations = existing_stations(tables, config)
    distance, _ = cKDTree(stations.xy_m).query(stations.xy_m, k=2)
    return float(np.mean(np.asarray(distance)[:, 1]))


def stations_by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return stations and ports by municipality: those that count in the scenario."""
    table = counted(tables.stations, config)
    names = tables.municipalities.set_index("municipality_id")["name"]
    table = table.assign(
        municipality=table["municipality_id"].map(names),
        l2=table["l2_ports"] > 0,
        l3=table["l3_ports"] > 0,
    )
    grouped = table.groupby("municipality").agg(
        stations=("station_id", "count"),
        l2_stations=("l2", "sum"),
        l3_stations=("l3", "sum"),
        l2_ports=("l2_ports", "sum"),
        l3_ports=("l3_ports", "sum"),
    )
    return grouped.reindex(sorted(names), fill_value=0).rename_axis("municipality").reset_index()


def candidates(tables: Tables) -> pd.DataFrame:
    """Return candidate sites by category (rows) and municipality (columns), with totals."""
    names = tables.municipalities.set_index("municipality_id")["name"]
    sites = tables.sites.assign(municipality=tables.sites["municipality_id"].map(names))
    counts = pd.crosstab(sites["category"], sites["municipality"])
    counts = counts.reindex(columns=sorted(names), fill_value=0)
    counts["total"] = counts.sum(axis=1)
    return counts.rename_axis(columns=None).reset_index()


def candidates_per_10000(tables: Tables) -> pd.DataFrame:
    """Return candidate sites and residents by municipality, and sites per 10,000 residents."""
    places = tables.municipalities[["municipality_id", "name", "population"]]
    sites = tables.sites.groupby("municipality_id").size().rename("sites")
    table = places.merge(sites, left_on="municipality_id", right_index=True, how="left")
    table["sites"] = table["sites"].fillna(0).astype(int)
    table["per_10000"] = 10_000 * table["sites"] / table["population"]
    table = table.sort_values("name")[["name", "population", "sites", "per_10000"]]
    return table.reset_index(drop=True)
