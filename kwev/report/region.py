"""The network as it stands: coverage by geography, spacing, and how the snapshots reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from kwev.display import cartography, chart, origins, style
from kwev.display.figure import Figure, rows
from kwev.display.layers import Layer, Mark, graded
from kwev.display.table import OWN, Column, Columns, Table, category_name, table
from kwev.display.values import Number, Numbers
from kwev.model.coverage import ruler_of
from kwev.model.demand import demand_points
from kwev.model.siting import counted, existing_stations
from kwev.pipeline.parameters import Parameters
from kwev.solve.record import Network, covered

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.report.scenario import Report

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


# -- How the station snapshots disagree and what the merged network makes of them.

SOURCE_NAMES = {
    "ocm": "OpenChargeMap",
    "nrcan": "Natural Resources Canada",
    "nrcan_2022": "Natural Resources Canada (earlier snapshot)",
    "dc_fast": "DC fast and Tesla lists",
}


def by_source(tables: Tables) -> pd.DataFrame:
    """Return one row a snapshot: its records, what became of them, and the places they stand for.

    Columns: ``source``, ``snapshot``, ``records``, ``kept`` (lead a place), ``merged`` (stand at
    a place that another record leads), ``dropped`` and ``places`` (merged stations it knows).
    """
    records = tables.station_records
    rows = []
    for (source, snapshot), part in records.groupby(["source", "snapshot"], sort=True):
        outcome = part["outcome"].value_counts()
        rows.append(
            {
                "source": SOURCE_NAMES[str(source)],
                "snapshot": str(snapshot),
                "records": len(part),
                **{key: int(outcome.get(key, 0)) for key in ("kept", "merged", "dropped")},
                "places": part.loc[part["station_id"] != "", "station_id"].nunique(),
            }
        )
    return pd.DataFrame(rows)


def dropped(tables: Tables) -> pd.DataFrame:
    """Return how many records were dropped, by snapshot and reason."""
    records = tables.station_records
    gone = records[records["outcome"] == "dropped"]
    counts = gone.groupby(["source", "snapshot", "reason"], sort=True).size().rename("records")
    table = counts.reset_index()
    table["source"] = table["source"].map(SOURCE_NAMES)
    return table


def counts(tables: Tables) -> dict[str, int]:
    """Return the headline counts of the reconciliation, by name."""
    records, stations = tables.station_records, tables.stations
    inside = stations[stations["in_region"]]
    return {
        "ocm_records": int((records["source"] == "ocm").sum()),
        "nrcan_records": int((records["source"] == "nrcan").sum()),
        "merged_inside": len(inside),
        "merged_both": int((inside["sources"] == "ocm+nrcan").sum()),
        "merged_ocm_only": int((inside["sources"] == "ocm").sum()),
        "merged_nrcan_only": int((inside["sources"] == "nrcan").sum()),
        "merged_outside": int((~stations["in_region"]).sum()),
        "merged_tesla": int((inside["access"] == "tesla_only").sum()),
    }


# -- Numbers of the data: place, people, vehicles, stations, candidate sites.


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
    recon = counts(t)
    network = stations_by_municipality(t, c)
    now = coverage_by_geography(t, c).to_dict("records")
    cell, tract = now[-1], now[0]
    category = t.sites.groupby("category").size()
    rate = candidates_per_10000(t).set_index("name")["per_10000"]
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
        Number("spacing", spacing_m(t, c) / 1000, "km", "stations: nearest neighbour"),
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


# -- Tables and figures of place, people, vehicles, stations and candidate sites.


def municipalities(report: Report) -> Table:
    """Return the seven municipalities: kind, people, households, area, EVs."""
    frame = report.tables.municipalities.sort_values("name")
    frame = frame.assign(density=frame["population"] / frame["land_area_km2"])
    columns = (
        Column("name", "Municipality"),
        Column("kind", "Kind"),
        "population",
        Column("households", "Households", format=",.0f"),
        "area_km2",
        Column("density", "Density", "people/km² of land", ",.0f"),
        "ev",
    )
    return table("municipalities", frame, columns, origins.CENSUS)


def density_map(report: Report) -> Figure:
    """Return the map of people by dissemination area."""
    return population_density(report.tables)


def station_map(report: Report) -> Figure:
    """Return the map of existing stations."""
    return stations(report.tables)


def candidate_map(report: Report) -> Figure:
    """Return the map of candidate sites."""
    return candidates_drawn(report.tables)


def reconciled(report: Report) -> Table:
    """Return what became of each station snapshot's records."""
    columns = (
        Column("source", "Snapshot"),
        "snapshot records kept merged dropped",
        Column("places", "Stations known", format=",d"),
    )
    return table(
        "reconciliation",
        by_source(report.tables),
        columns,
        origins.stations(report.tables),
    )


def dropped_records(report: Report) -> Table:
    """Return why station records were dropped."""
    columns = (Column("source", "Snapshot"), "snapshot reason records")
    return table(
        "dropped-records",
        dropped(report.tables),
        columns,
        origins.stations(report.tables),
    )


def network(report: Report) -> Table:
    """Return stations and ports by municipality."""
    columns = "municipality stations l2_stations l3_stations l2_ports l3_ports"
    frame = stations_by_municipality(report.tables, report.config)
    return table("network", frame, columns, origins.stations(report.tables))


def candidates_shown(report: Report) -> Table:
    """Return candidate sites by category and municipality."""
    frame = candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    places = [name for name in frame.columns if name not in ("category", "total")]
    columns: Columns = (
        "category",
        *(Column(name, name, format=",d") for name in places),
        Column("total", "Region", format=",d"),
    )
    return table("candidates", frame, columns, origins.SITES)


def candidate_rates(report: Report) -> Table:
    """Return candidate sites per 10,000 residents by municipality."""
    columns = (
        Column("name", "Municipality"),
        "population",
        Column("sites", "Candidate sites", format=",d"),
        "per_10000",
    )
    return table("candidate-rates", candidates_per_10000(report.tables), columns, origins.SITES)


def candidate_chart(report: Report) -> Figure:
    """Return candidate sites by category as bars."""
    frame = candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    frame = frame[["category", "total"]].rename(columns={"total": "sites"})
    return chart.candidates_by_category(frame, origin=origins.SITES)


def quality(report: Report) -> Table:
    """Return the data-quality ledger by stage: every rule, how many rows it met, what was done.

    Print leaves out the rules that met no row.
    """
    quality = report.tables.quality
    frame = quality.assign(met=quality["rows"] > 0, stage=quality["stage"].str.capitalize())
    columns = "dataset rule action rows note"
    return Table(
        "quality",
        frame,
        columns,
        OWN.source,
        OWN.vintage,
        pdf_rows=len(frame),
        group="stage",
        printed="met",
    )


# -- Maps: each takes the processed tables and returns a :class:`Figure` with both forms.


PER_THOUSAND = 1_000
"""Residents to whom a count of vehicles is put in relation."""


def region(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the Region: seven municipalities with people, households and area."""
    frame = cartography.municipalities(tables, folder)
    facts = (
        Column("kind", "Kind"),
        Column("population", "Population", "people", ",.0f"),
        "households",
        Column("area_km2", "Area", "km²", ",.1f"),
    )
    layer = Layer(
        "Municipalities",
        frame,
        (Mark("City", fill="#d2e3f3", line=style.BORDER), Mark("Township", fill=style.LAND,
                                                            line=style.BORDER)),
        title="name",
        facts=facts,
        labels=True,
        focus=True,
    )  # fmt: skip
    alt = (
        f"Map of the Region: {', '.join(sorted(frame['name']))}; "
        f"{frame['population'].sum():,.0f} people on {frame['area_km2'].sum():,.0f} km²."
    )
    return cartography.build("map-region", alt, origins.CENSUS, [layer])


def population_density(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map people per square kilometre of land by dissemination area."""
    frame = cartography.density(tables, folder)
    (dense,) = rows(frame.nlargest(1, "per_km2"))
    alt = (
        f"Map of people per square kilometre of land in {len(frame)} dissemination areas: highest "
        f"in {dense.municipality} ({dense.per_km2:,.0f}), median "
        f"{frame['per_km2'].median():,.0f}."
    )
    layer = cartography.density_layer(frame, style.SEQUENCE)
    return cartography.build(
        "map-population-density", alt, origins.CENSUS, [layer, *cartography.borders(tables, folder)]
    )


def ev_by_fsa(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map EVs per thousand residents by forward sortation area, as far as it lies inside."""
    shape = cartography.areas("fsas", "fsa", folder)[["fsa", "geometry"]]
    frame = shape.merge(tables.fsas, on="fsa", validate="one_to_one")
    people = frame["population_inside"].where(frame["population_inside"] > 0)
    frame["per_thousand"] = PER_THOUSAND * frame["ev_inside"] / people
    frame["mark"], marks = graded(
        frame["per_thousand"].fillna(0).tolist(), style.SEQUENCE, ",.3g", style.PAPER
    )
    layer = Layer(
        "EVs",
        frame,
        marks,
        title="fsa",
        facts=(
            "per_thousand",
            Column("ev", "EVs, whole area", "count", ",.0f"),
            Column("bev", "of these BEV", "count", ",.0f"),
            Column("phev", "of these PHEV", "count", ",.0f"),
            Column("inside_share", "Share inside the Region", format=".0%"),
            Column("ev_inside", "EVs inside the Region", "count", ",.0f"),
        ),
        heading="EVs per 1,000 residents",
        focus=True,
    )
    (most,) = rows(frame.nlargest(1, "per_thousand"))
    (least,) = rows(frame.nsmallest(1, "per_thousand"))
    alt = (
        f"Map of EVs per 1,000 residents in {len(frame)} forward sortation areas: highest in "
        f"{most.fsa} ({most.per_thousand:.1f}), lowest in {least.fsa} "
        f"({least.per_thousand:.1f}); {frame['ev_inside'].sum():,.0f} EVs inside the Region."
    )
    origin = origins.vehicles(tables)
    return cartography.build(
        "map-ev-by-fsa", alt, origin, [layer, *cartography.borders(tables, folder)]
    )


def stations(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the existing stations by level; those outside the Region and Tesla-only apart."""
    frame = cartography.places(cartography.named(tables, tables.stations))
    is_tesla = (tables.stations["access"] == "tesla_only").to_numpy()
    both = (frame["l2_ports"] > 0) & (frame["l3_ports"] > 0)
    frame["mark"] = (frame["l3_ports"] > 0).astype(int) + both.astype(int)
    marks = (
        Mark("L2 only", fill=style.EXISTING_L2, line=style.INK),
        Mark("L3 only", fill=style.EXISTING_L3, line=style.INK, radius=6.5),
        Mark("L2 and L3", fill=style.EXISTING_L3, line=style.L2, width=3, radius=6.5),
    )
    parts = {
        "Public stations": frame["in_region"] & ~is_tesla,
        "Stations for Teslas only": frame["in_region"] & is_tesla,
        "Stations outside the Region": ~frame["in_region"],
    }
    hollow = {
        "Stations for Teslas only": Mark("Teslas only", fill="#ffffff", line=style.EXISTING),
        "Stations outside the Region": Mark("Outside the Region", fill=style.LINE, line="#5b6470"),
    }
    drawn = []
    for name, which in parts.items():
        part = frame[which].copy()
        if name in hollow:
            part["mark"] = 0
        looks = (hollow[name],) if name in hollow else marks
        drawn.append(
            Layer(name, part, looks, title="name", facts=cartography.STATION_FACTS, focus=True)
        )
    public = frame.loc[parts["Public stations"], "mark"]
    counts = ", ".join(f"{(public == i).sum()} with {m.label}" for i, m in enumerate(marks))
    alt = (
        f"Map of {len(public)} public charging stations in the Region: {counts}; "
        f"{parts['Stations for Teslas only'].sum()} more serve Teslas only."
    )
    return cartography.build(
        "map-stations", alt, origins.stations(tables), [*cartography.land(tables, folder), *drawn]
    )


def candidates_drawn(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites, one layer a category."""
    frame = cartography.places(cartography.named(tables, tables.sites))
    frame["mark"] = 0
    facts = "site_id category municipality source owner"
    drawn = []
    sizes = frame["category"].value_counts()
    # the most numerous category lies at the ground
    for category in sorted(cartography.CATEGORY_MARKS, key=lambda name: -int(sizes.get(name, 0))):
        mark = cartography.CATEGORY_MARKS[category]
        part = frame[frame["category"] == category].copy()
        part["category"] = mark.label
        look = Mark(mark.label, mark.fill, mark.line, mark.width, 0.9, radius=4)
        drawn.append(Layer(mark.label, part, (look,), title="name", facts=facts))
    counts = "; ".join(f"{layer.name} {len(layer.frame):,}" for layer in drawn)
    alt = f"Map of {len(frame):,} candidate sites by category: {counts}."
    layers = [*cartography.land(tables, folder), *drawn]
    return cartography.build("map-candidates", alt, origins.SITES, layers, canvas=True)
