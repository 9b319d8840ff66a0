"""Tables and figures of place, people, vehicles, stations and candidate sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import baseline, reconciliation
from kwev.exhibits.common import OWN, category_name, table
from kwev.figures import charts, maps, origins
from kwev.figures.figure import Figure
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.report import Report


def municipalities(report: Report) -> Table:
    """Return the seven municipalities: kind, people, households, area, EVs."""
    frame = report.tables.municipalities.sort_values("name")
    frame = frame.assign(density=frame["population"] / frame["land_area_km2"])
    columns = [
        Column("name", "Municipality"),
        Column("kind", "Kind"),
        Column("population", "People", format=",.0f"),
        Column("households", "Households", format=",.0f"),
        Column("area_km2", "Area", "km²", ",.0f"),
        Column("density", "Density", "people/km² of land", ",.0f"),
        Column("ev", "EVs", format=",.0f"),
    ]
    return table("municipalities", frame, columns, origins.CENSUS)


def density_map(report: Report) -> Figure:
    """Return the map of people by dissemination area."""
    return maps.population_density(report.tables)


def station_map(report: Report) -> Figure:
    """Return the map of existing stations."""
    return maps.stations(report.tables)


def candidate_map(report: Report) -> Figure:
    """Return the map of candidate sites."""
    return maps.candidates(report.tables)


def reconciled(report: Report) -> Table:
    """Return what became of each station snapshot's records."""
    columns = [
        Column("source", "Snapshot"),
        Column("snapshot", "Date"),
        Column("records", "Records", format=",d"),
        Column("kept", "Lead a station", format=",d"),
        Column("merged", "Merged into one", format=",d"),
        Column("dropped", "Dropped", format=",d"),
        Column("places", "Stations known", format=",d"),
    ]
    return table(
        "reconciliation",
        reconciliation.by_source(report.tables),
        columns,
        origins.stations(report.tables),
    )


def dropped_records(report: Report) -> Table:
    """Return why station records were dropped."""
    columns = [
        Column("source", "Snapshot"),
        Column("snapshot", "Date"),
        Column("reason", "Reason"),
        Column("records", "Records", format=",d"),
    ]
    return table(
        "dropped-records",
        reconciliation.dropped(report.tables),
        columns,
        origins.stations(report.tables),
    )


def network(report: Report) -> Table:
    """Return stations and ports by municipality."""
    columns = [
        Column("municipality", "Municipality"),
        Column("stations", "Stations", format=",d"),
        Column("l2_stations", "with Level 2", format=",d"),
        Column("l3_stations", "with Level 3", format=",d"),
        Column("l2_ports", "Level 2 ports", format=",d"),
        Column("l3_ports", "Level 3 ports", format=",d"),
    ]
    frame = baseline.stations_by_municipality(report.tables, report.config)
    return table("network", frame, columns, origins.stations(report.tables))


def candidates(report: Report) -> Table:
    """Return candidate sites by category and municipality."""
    frame = baseline.candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    places = [name for name in frame.columns if name not in ("category", "total")]
    columns = [
        Column("category", "Category"),
        *(Column(name, name, format=",d") for name in places),
        Column("total", "Region", format=",d"),
    ]
    return table("candidates", frame, columns, origins.SITES)


def candidate_rates(report: Report) -> Table:
    """Return candidate sites per 10,000 residents by municipality."""
    columns = [
        Column("name", "Municipality"),
        Column("population", "People", format=",.0f"),
        Column("sites", "Candidate sites", format=",d"),
        Column("per_10000", "Sites per 10,000 residents", format=".1f"),
    ]
    return table(
        "candidate-rates", baseline.candidates_per_10000(report.tables), columns, origins.SITES
    )


def candidate_chart(report: Report) -> Figure:
    """Return candidate sites by category as bars."""
    frame = baseline.candidates(report.tables)
    frame = frame.assign(category=frame["category"].map(category_name))
    frame = frame[["category", "total"]].rename(columns={"total": "sites"})
    return charts.candidates_by_category(frame, origin=origins.SITES)


def quality(report: Report) -> Table:
    """Return the data-quality ledger by stage: every rule, how many rows it met, what was done.

    Print leaves out the rules that met no row.
    """
    quality = report.tables.quality
    frame = quality.assign(met=quality["rows"] > 0, stage=quality["stage"].str.capitalize())
    columns = (
        Column("dataset", "Data set"),
        Column("rule", "Rule"),
        Column("action", "Action"),
        Column("rows", "Rows", format=",d"),
        Column("note", "Note"),
    )
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
