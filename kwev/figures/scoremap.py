"""Maps of the two scores, and of dense neighbourhoods that are far from Level 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis.gaps import GAP_M, graded_clusters
from kwev.analysis.neighbourhoods import cluster_of_cells
from kwev.analysis.scoring import TOP, scored_sites
from kwev.demand import demand_points
from kwev.figures import cartography, origins, shapes, style
from kwev.figures.figure import Figure, rows
from kwev.figures.layers import Layer, Mark, graded
from kwev.figures.tables import Column
from kwev.scores import demand_parts, facts_of
from kwev.siting import counted

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.config import Config
    from kwev.tables import Tables

CELL_M = 100

_SITE_FACTS = (
    Column("rank", "Rank", format=",d"),
    Column("score", "Score", format=".2f"),
    Column("category", "Category"),
    Column("municipality", "Municipality"),
    Column("fact_people_near", "People nearby", format=",.0f"),
    Column("fact_evs_per_km2", "EVs per km²", format=",.0f"),
    Column("fact_grid_kw", "Grid proxy", "kW", ",.0f"),
    Column("fact_transit", "Transit access", format=".2f"),
    Column("fact_charger_m", "Nearest station", "m", ",.0f"),
    Column("fact_aadt", "Traffic", "vehicles a day", ",.0f"),
)

_DEMAND_FACTS = (
    Column("score", "Demand score", format=".2f"),
    Column("municipality", "Municipality"),
    Column("population", "People", format=",.0f"),
    Column("density", "Density", format=".2f"),
    Column("infrastructure", "Infrastructure", format=".2f"),
    Column("transit", "Transit", format=".2f"),
    Column("housing", "Apartments", format=".2f"),
)

_CLUSTER_FACTS = (
    Column("near", "Near"),
    Column("municipality", "Municipality"),
    Column("people", "People", format=",.0f"),
    Column("l2", "Near Level 2 today", format=".0%"),
    Column("beyond_gap", "People far from Level 3", format=",.0f"),
    Column("l3_m", "Mean distance to Level 3", "m", ",.0f"),
)


def sites(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites by score, the best drawn last."""
    table = scored_sites(tables, config).sort_values("rank", ascending=False)
    frame = shapes.places(cartography.named(tables, table))
    frame["category"] = [cartography.CATEGORY_MARKS[c].label for c in frame["category"]]
    frame["mark"], marks = graded(frame["score"].tolist(), style.SEQUENCE, ".2f", style.QUIET)
    looks = tuple(Mark(m.label, m.fill, m.line, 0.6, 1.0, radius=4) for m in marks)
    layer = Layer(
        "Candidate sites", frame, looks, title="name", facts=_SITE_FACTS, heading="Site score"
    )
    (best,) = rows(frame.tail(1))
    per_town = frame[frame["rank"] <= TOP]["municipality"].value_counts()
    towns = ", ".join(f"{name} {n}" for name, n in per_town.items())
    alt = (
        f"Map of {len(frame):,} candidate sites by score: highest {best.name} in "
        f"{best.municipality} ({best.score:.2f}), median {frame['score'].median():.2f}. The "
        f"hundred best by municipality: {towns}."
    )
    layers = [*cartography.land(tables, folder), layer]
    return cartography.build("map-site-scores", alt, origins.SCORES, layers, canvas=True)


def demand(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the demand score of the dissemination areas."""
    points = demand_points(tables, config, "da")
    parts = demand_parts(facts_of(tables, "da", points.ids))
    score = pd.DataFrame({"da_id": points.ids, "score": points.score, **parts})
    shape = shapes.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
    known = tables.das[["da_id", "municipality_id", "population"]]
    frame = shape.merge(cartography.named(tables, known), on="da_id", validate="1:1")
    frame = frame.merge(score, on="da_id", validate="1:1")
    frame["mark"], marks = graded(frame["score"].tolist(), style.SEQUENCE, ".2f")
    layer = Layer(
        "Demand score", frame, marks, title="da_id", facts=_DEMAND_FACTS, heading="Demand score"
    )
    means = frame.groupby("municipality")[["score"]].mean()["score"].sort_values()
    alt = (
        f"Map of the demand score of {len(frame)} dissemination areas, from "
        f"{frame['score'].min():.2f} to {frame['score'].max():.2f}; the mean is highest in "
        f"{means.index[-1]} ({means.iloc[-1]:.2f}) and lowest in {means.index[0]} "
        f"({means.iloc[0]:.2f})."
    )
    layers = [layer, *cartography.borders(tables, folder)]
    return cartography.build("map-demand-scores", alt, origins.SCORES, layers)


def level3_gaps(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the dense neighbourhoods by how far their people live from Level 3, and its stations."""
    table = graded_clusters(tables, config)
    frame = _outlines(tables).merge(table, on="cluster", validate="1:1")
    frame["mark"] = (frame["beyond_gap"] > 0).astype(int) + (frame["beyond_radius"] > 0)
    gap_km, radius_km = GAP_M / 1000, config.coverage.l3_radius_m / 1000
    marks = (
        Mark(f"all within {gap_km:g} km", fill="#cfd6de", line=style.QUIET),
        Mark(f"some beyond {gap_km:g} km", fill="#f3c78a", line=style.QUIET),
        Mark(f"some beyond {radius_km:g} km", fill="#b3431a", line=style.INK),
    )
    near = Layer(
        "Dense neighbourhoods", frame, marks, title="title", facts=_CLUSTER_FACTS,
        heading="People and the nearest Level 3", focus=True,
    )  # fmt: skip
    stations = shapes.places(cartography.named(tables, counted(tables.stations, config)))
    level3 = stations[stations["l3_ports"] > 0].assign(mark=0)
    look = Mark("Level 3 station", fill=style.EXISTING_L3, line=style.INK, radius=5.5)
    drawn = Layer(
        "Level 3 stations", level3, (look,), title="name", facts=cartography.STATION_FACTS, above=1
    )
    far = frame[frame["mark"] > 0]
    worst = ", ".join(
        f"{r.near} ({r.beyond_gap:,.0f} people)" for r in rows(far.nlargest(3, "beyond_gap"))
    )
    alt = (
        f"Map of {len(frame)} dense neighbourhoods and {len(level3)} Level 3 stations: in "
        f"{len(far)} some people live farther than {gap_km:g} km from Level 3, in "
        f"{(frame['mark'] == len(marks) - 1).sum()} farther than {radius_km:g} km. Most of them "
        f"near {worst}."
    )
    layers = [*cartography.land(tables, folder), near, drawn]
    return cartography.build("map-level3-gaps", alt, origins.stations(tables), layers)


def _outlines(tables: Tables) -> gpd.GeoDataFrame:
    """Return the outline of each dense neighbourhood: its cells, narrow gaps closed."""
    number = cluster_of_cells(tables) + 1
    inside = number > 0
    ids = tables.cells["cell_id"][inside].tolist()
    return shapes.neighbourhoods(ids, number[inside], CELL_M).rename(columns={"number": "cluster"})
