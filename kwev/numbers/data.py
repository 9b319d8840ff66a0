"""Numbers of the data: place, people, vehicles, stations, candidate sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import baseline, reconciliation
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    import pandas as pd

    from kwev.report import Report
    from kwev.tables import Tables


def of_region(report: Report) -> Numbers:
    """Return the numbers of place and people."""
    t = report.tables
    people = t.municipalities["population"]
    cities = t.municipalities["kind"] == "city"
    dense = t.das["population"] / t.das["land_area_km2"]
    return Numbers(
        [
            Number("people", int(people.sum()), "people", "municipalities.population"),
            Number("cma_people", _outside_wellesley(t), "people", "municipalities.population"),
            Number("households", int(t.das["households"].sum()), "count", "das.households"),
            Number("dwellings", int(t.das["dwellings"].sum()), "count", "das.dwellings"),
            Number("area", float(t.municipalities["area_km2"].sum()), "km²", "municipalities"),
            Number("municipalities", len(t.municipalities), "count", "municipalities"),
            Number("cities", int(cities.sum()), "count", "municipalities.kind"),
            Number("townships", int((~cities).sum()), "count", "municipalities.kind"),
            Number("city_share", float(people[cities].sum() / people.sum()), "share", "kind"),
            Number("das", len(t.das), "count", "das"),
            Number("tracts", len(t.tracts), "count", "tracts"),
            Number("cells", len(t.cells), "count", "cells"),
            Number("addresses", int(t.cells["addresses"].sum()), "count", "cells.addresses"),
            Number("densest_da", float(dense.max()), "count", "das: people per km²"),
        ]
    )


def of_data(report: Report) -> Numbers:
    """Return the numbers of vehicles, stations, candidates and of the network as it stands."""
    t, c = report.tables, report.config
    quarter = str(t.fsas["quarter"].iloc[0])
    parameters = Parameters()
    recon = reconciliation.counts(t)
    network = baseline.stations_by_municipality(t, c)
    now = baseline.coverage_by_geography(t, c).to_dict("records")
    cell, tract = now[-1], now[0]
    category = t.sites.groupby("category").size()
    rate = baseline.candidates_per_10000(t).set_index("name")["per_10000"]
    numbers = [
        Number("quarter", f"{quarter[4:]} of {quarter[:4]}", "text", "fsas.quarter"),
        Number("fsas", len(t.fsas), "count", "fsas"),
        Number("fsas_crossing", int((t.fsas["inside_share"] < 1).sum()), "count", "fsas"),
        Number("ev_published", float(t.fsas["ev"].sum()), "EV", "fsas.ev"),
        Number("ev_inside", float(t.das["ev"].sum()), "EV", "das.ev"),
        Number("bev_share", float(t.das["bev"].sum() / t.das["ev"].sum()), "share", "das.bev"),
        Number("stations", int(network["stations"].sum()), "count", "stations"),
        Number("l2_stations", int(network["l2_stations"].sum()), "count", "stations"),
        Number("l3_stations", int(network["l3_stations"].sum()), "count", "stations"),
        Number("l2_ports", int(network["l2_ports"].sum()), "count", "stations.l2_ports"),
        Number("l3_ports", int(network["l3_ports"].sum()), "count", "stations.l3_ports"),
        Number("spacing", baseline.spacing_m(t, c) / 1000, "km", "stations: nearest neighbour"),
        Number("sites", len(t.sites), "count", "sites"),
        Number("sites_on_stations", int((t.sites["station_id"] != "").sum()), "count", "sites"),
        Number("categories", len(category), "count", "sites.category"),
        Number("largest_category", str(category.idxmax()).replace("_", " "), "text", "sites"),
        Number("rate_highest", float(rate.max()), "points", "sites per 10,000 residents"),
        Number("rate_highest_place", str(rate.idxmax()), "text", "sites per 10,000 residents"),
        Number("rate_lowest", float(rate.min()), "points", "sites per 10,000 residents"),
        Number("rate_lowest_place", str(rate.idxmin()), "text", "sites per 10,000 residents"),
        Number("l2_now", float(cell["l2"]), "share", "cells within the L2 radius"),
        Number("l3_now", float(cell["l3"]), "share", "cells within the L3 radius"),
        Number("ev_now", float(cell["ev_owners"]), "share", "cells within either radius"),
        Number("l2_now_tract", float(tract["l2"]), "share", "tract centroids"),
        Number("l3_now_tract", float(tract["l3"]), "share", "tract centroids"),
        Number("waterloo_stations", _in(network, "Waterloo"), "count", "stations in Waterloo"),
        Number("kitchener_stations", _in(network, "Kitchener"), "count", "stations in Kitchener"),
        Number("other_stations", _elsewhere(network), "count", "stations in other municipalities"),
        Number("household_size", _household_size(report), "ratio", "das: people per household"),
        Number("cell_size", parameters.cell_m, "m", "pipeline.parameters"),
        Number("match_radius", parameters.match_station_m, "m", "pipeline.parameters"),
        Number("same_place_radius", parameters.station_site_m, "m", "pipeline.parameters"),
        Number("quality_rules", len(t.quality), "count", "quality"),
        Number("quality_rows", int(_dropped(report)), "count", "quality.rows dropped"),
    ]
    return Numbers(
        [*numbers, *(Number(k, v, "count", "station_records") for k, v in recon.items())]
    )


def _in(network: pd.DataFrame, name: str) -> int:
    return int(network.loc[network["municipality"] == name, "stations"].sum())


def _elsewhere(network: pd.DataFrame) -> int:
    return int(network["stations"].sum()) - _in(network, "Waterloo") - _in(network, "Kitchener")


def _outside_wellesley(tables: Tables) -> int:
    """Return the people of census metropolitan area 541: the Region without Wellesley."""
    places = tables.municipalities
    return int(places.loc[places["name"] != "Wellesley", "population"].sum())


def _household_size(report: Report) -> float:
    das = report.tables.das
    return float(das["population"].sum() / das["households"].sum())


def _dropped(report: Report) -> int:
    quality = report.tables.quality
    return int(quality.loc[quality["action"] == "dropped", "rows"].sum())
