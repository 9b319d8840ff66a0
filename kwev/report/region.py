"""The Region: municipalities, people, candidate sites, and what was wrong with the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.display import cartography, origins, style
from kwev.display.chart import Chart, require
from kwev.display.figure import Figure, Origin, rows
from kwev.display.layers import Layer, Mark
from kwev.display.table import OWN, Column, Columns, Table, category_name, table
from kwev.display.values import Numbers, named
from kwev.model.siting import candidates
from kwev.pipeline.parameters import Parameters
from kwev.region import ABSENT, BY_HAND, LOCAL
from kwev.report import plan_charts
from kwev.report.memory import once

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.report.scenario import Report


def town_names(tables: Tables) -> pd.Series[str]:
    """Return the names of the municipalities by their id.

    Parameters
    ----------
    tables
        ``data/processed``, read: ``municipalities``.

    Returns
    -------
    pandas.Series
        Names, indexed by ``municipality_id``.
    """
    return tables.municipalities.set_index("municipality_id")["name"]


def dissolved(tables: Tables, folder: Path | None) -> gpd.GeoDataFrame:
    """Return one shape for each area of the grid proxy: the tracts, and each place without any."""
    shape = cartography.areas("tracts", "tract_id", folder)[["tract_id", "geometry"]]
    ids = cartography.named(tables, tables.tracts)[["tract_id", "area_id", "municipality"]]
    joined = shape.merge(ids, on="tract_id", validate="one_to_one")
    return joined.dissolve("area_id", as_index=False)[["area_id", "municipality", "geometry"]]


def metres(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the places of a table.

    Parameters
    ----------
    table
        Columns ``easting_m`` and ``northing_m`` (m).

    Returns
    -------
    numpy.ndarray
        Shape (n, 2): easting and northing (m).
    """
    return table[["easting_m", "northing_m"]].to_numpy(np.float64)


def municipalities(tables: Tables) -> pd.DataFrame:
    """Return the municipalities by name, with ``density`` (people per km² of land)."""
    table = tables.municipalities.sort_values("name")
    return table.assign(density=table["population"] / table["land_area_km2"])


def candidate_counts(tables: Tables, config: Config) -> pd.DataFrame:
    """Return candidate sites by category (rows) and municipality (columns), with totals."""
    sites, names = candidates(tables, config), town_names(tables)
    counts = pd.crosstab(sites["category"], sites["municipality_id"].map(names))
    counts = counts.reindex(columns=sorted(names), fill_value=0)
    counts["total"] = counts.sum(axis=1)
    return counts.rename(index=category_name).rename_axis(columns=None).reset_index()


def candidate_rates(tables: Tables, config: Config) -> pd.DataFrame:
    """Return ``name``, ``population``, ``sites`` and ``per_10000`` residents by municipality."""
    table = tables.municipalities[["municipality_id", "name", "population"]]
    sites = candidates(tables, config)["municipality_id"].value_counts()
    table = table.assign(sites=table["municipality_id"].map(sites).fillna(0).astype(int))
    table["per_10000"] = 10_000 * table["sites"] / table["population"]
    return table.drop(columns="municipality_id").sort_values("name", ignore_index=True)


def border_people(tables: Tables) -> float:
    """Return the most by which people counted on cells differ from a municipality's census count.

    A cell belongs to one municipality, so those of a cell on a border are all counted there. The
    Region's total is the census's.
    """
    on_cells = tables.cells.groupby("municipality_id")["population"].sum()
    census = tables.municipalities.set_index("municipality_id")["population"]
    return float((on_cells.reindex(census.index).fillna(0.0) - census).abs().max())


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of place, people, candidate sites and data quality.

    Parameters
    ----------
    report
        Its processed tables.

    Returns
    -------
    Numbers
        By the names that chapters print; each says its unit and origin.
    """
    t = report.tables
    towns, das, quality = t.municipalities, t.das, t.quality
    sites = candidates(t, report.config)
    people, is_city = towns["population"], towns["kind"] == "city"
    everyone = {
        "people": people.sum(),
        # a census metropolitan area leaves out what has no tracts
        "cma_people": das.loc[das["area_id"].str[0].str.isdigit(), "population"].sum(),
    }
    counts = {
        "households": int(das["households"].sum()),
        "dwellings": int(das["dwellings"].sum()),
        "municipalities": len(towns),
        "cities": is_city.sum(),
        "townships": (~is_city).sum(),
        "das": len(das),
        "tracts": len(t.tracts),
        "cells": len(t.cells),
        "addresses": int(t.cells["addresses"].sum()),
        "densest_da": (das["population"] / das["land_area_km2"]).max(),
    }
    category = sites["category"].value_counts(sort=False).sort_index()
    everyone["border_people"] = border_people(t)
    rate = candidate_rates(t, report.config).set_index("name")["per_10000"]
    candidate_counts = {
        "sites": len(sites),
        "sites_on_stations": (sites["station_id"] != "").sum(),
        "categories": len(category),
    }
    rates = {"rate_highest": rate.max(), "rate_lowest": rate.min()}
    places = {"rate_highest_place": rate.idxmax(), "rate_lowest_place": rate.idxmin()}
    rules = {
        "quality_rules": len(quality),
        "quality_rows": int(quality.loc[quality["action"] == "dropped", "rows"].sum()),
    }
    return Numbers(
        [
            *named("municipalities", people=everyone, km2={"area": towns["area_km2"].sum()},
                   share={"city_share": people[is_city].sum() / people.sum()}),
            *named("das, tracts, cells", count=counts,
                   ratio={"household_size": das["population"].sum() / das["households"].sum()}),
            *named("sites", count=candidate_counts,
                   text={"largest_category": str(category.idxmax()).replace("_", " ")}),
            *named("region.candidate_rates", points=rates, text=places),
            *named("quality", count=rules),
            *named("pipeline.parameters", m={"cell_size": Parameters().cell_m}),
        ]
    )  # fmt: skip


# -- Tables, chart and maps.


def candidate_table(report: Report) -> Table:
    """Return candidate sites by category and municipality."""
    frame = candidate_counts(report.tables, report.config)
    places = [Column(name, name, format=",d") for name in frame.columns[1:-1]]
    columns: Columns = ("category", *places, Column("total", "Region", format=",d"))
    return table("candidates", frame, columns, origins.SITES)


def candidate_chart(report: Report) -> Figure:
    """Return candidate sites by category as bars."""
    frame = candidate_counts(report.tables, report.config)[["category", "total"]].rename(
        columns={"total": "sites"}
    )
    return by_category(frame, origin=origins.SITES)


def by_category(
    df: pd.DataFrame, *, origin: Origin, name: str = "candidates-by-category"
) -> Figure:
    """Show how many candidate sites each category has.

    Parameters
    ----------
    df
        Columns ``category`` (text as shown), ``sites`` (count).
    """
    require(df, ("category", "sites"), name)
    df = df.sort_values(["sites", "category"], ascending=[False, True], ignore_index=True)
    each = "; ".join(f"{r.category} {r.sites:,}" for r in rows(df))
    bars = plan_charts.counts(df["category"], df["sites"], "Candidate sites (count)", style.L2)
    return Chart(
        name=name,
        alt=f"Candidate sites by category: {each}.",
        origin=origin,
        data=df,
        panels=[bars],
        height_px=90 + 30 * len(df),
        height_in=0.8 + 0.22 * len(df),
    ).figure()


def quality_table(report: Report) -> Table:
    """Return the data-quality ledger by stage: every rule, how many rows it met, what was done.

    Print leaves out the rules that met no row.
    """
    quality = report.tables.quality
    frame = quality.assign(met=quality["rows"] > 0, stage=quality["stage"].str.capitalize())
    columns = "dataset rule action rows note"
    return table("quality", frame, columns, OWN, group="stage", printed="met", pdf_rows=len(frame))


def absent_table(tables: Tables) -> Table:
    """Return the sources that the region does not have, in words where they are known."""
    names = tables.quality.loc[tables.quality["rule"] == ABSENT, "dataset"]
    words = names.map({**BY_HAND, **LOCAL}).fillna("")
    columns = (Column("dataset", "Data set"), Column("what", "What it would hold"))
    return table("absent", pd.DataFrame({"dataset": names, "what": words}), columns, OWN)


def density_map(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map people per square kilometre of land by dissemination area."""
    frame = cartography.density(tables, folder)
    (dense,) = rows(frame.nlargest(1, "per_km2"))
    alt = (
        f"Map of people per square kilometre of land in {len(frame)} dissemination areas: highest "
        f"in {dense.municipality} ({dense.per_km2:,.0f}), median "
        f"{frame['per_km2'].median():,.0f}."
    )
    layers = [
        cartography.density_layer(frame, style.SEQUENCE),
        *cartography.borders(tables, folder),
    ]
    return cartography.build("map-population-density", alt, origins.CENSUS, layers)


def candidate_map(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites, one layer a category."""
    frame = cartography.places(cartography.named(tables, candidates(tables, config)))
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
