"""What the scores say: the best sites, scores by category, and what each part of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.display import cartography, origins, style
from kwev.display.figure import Figure, rows
from kwev.display.layers import Layer, Mark, graded
from kwev.display.table import Column, category_name, columns_of, table
from kwev.display.values import Number, Numbers
from kwev.model.demand import demand_points
from kwev.model.scores import FACTORS, LOW, SITE_FACTS, demand_parts, facts_of, ranked, site_scores
from kwev.model.siting import counted
from kwev.pipeline.parameters import Parameters
from kwev.report import neighbourhoods
from kwev.report.neighbourhoods import GAP_M, cluster_of_cells, graded_clusters
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.report.scenario import Report

TOP = 100
"""How many of the best sites the ablation looks at."""

PART_NAMES = {
    "people": "People nearby",
    "ev": "EV density",
    "grid": "Grid proxy",
    "transit": "Transit access",
    "growth": "Growth of EVs",
}
FACTOR_NAMES = {
    "chargers": "Chargers nearby",
    "land_use": "Land use",
    "ownership": "Ownership",
    "capacity": "Room for Level 3",
    "access": "Road access",
    "traffic": "Traffic",
}
DEMAND_NAMES = {
    "density": "Population density",
    "infrastructure": "Infrastructure quality",
    "transit": "Transit access",
    "housing": "Apartments",
}


def scored_sites(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the candidate sites with facts, parts, factors, score and rank, the best first."""
    facts = tables.site_facts.rename(
        columns={name: f"fact_{name}" for name in tables.site_facts.columns if name != "site_id"}
    )
    names = tables.municipalities.set_index("municipality_id")["name"]
    table = site_scores(tables, config).merge(tables.sites, on="site_id", validate="1:1")
    table = table.merge(facts, on="site_id", validate="1:1")
    return table.assign(municipality=table["municipality_id"].map(names))


def by_category(tables: Tables, config: Config) -> pd.DataFrame:
    """Return scores by category, the highest median first.

    Columns: ``category``, ``sites``, ``low``, ``median``, ``high`` (quartiles of the score) and
    ``top`` (sites among the best ``TOP``).
    """
    table = scored_sites(tables, config)
    groups = table.groupby("category")["score"]
    found = pd.DataFrame(
        {
            "sites": groups.size(),
            "low": groups.quantile(0.25),
            "median": groups.median(),
            "high": groups.quantile(0.75),
            "top": table[table["rank"] <= TOP].groupby("category").size(),
        }
    )
    found["top"] = found["top"].fillna(0).astype(int)
    return found.sort_values("median", ascending=False, kind="stable").reset_index()


def ablation(tables: Tables, config: Config) -> pd.DataFrame:
    """Return what each part and factor of the site score changes when it is switched off.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``name``, ``role`` (Part, Adjustment), ``weight`` (share or strength as
        configured), ``replaced`` (how many of the best ``TOP`` sites are others without it),
        ``correlation`` (Spearman's, of the two orders).
    """
    whole = site_scores(tables, config).set_index("site_id")["rank"].sort_index()
    best = set(whole.index[whole <= TOP])
    rules = config.scores
    cases = [
        *((f"site__{k}", PART_NAMES[k], "Part", rules.site.rescaled()[k]) for k in SITE_FACTS),
        *(
            (f"adjust__{k}", FACTOR_NAMES[k], "Adjustment", getattr(rules.adjust, k))
            for k in FACTORS
        ),
    ]
    rows = []
    for key, name, role, weight in cases:
        without = config.with_values(**{f"scores__{key}": 0.0})
        rank = site_scores(tables, without).set_index("site_id")["rank"].sort_index()
        rows.append(
            {
                "key": f"scores.{key.replace('__', '.')}",
                "name": name,
                "role": role,
                "weight": weight,
                "replaced": len(best - set(rank.index[rank <= TOP])),
                "correlation": float(whole.corr(rank)),
            }
        )
    return pd.DataFrame(rows)


def demand_ablation(tables: Tables, config: Config, geography: str = "da") -> pd.DataFrame:
    """Return what each part of the demand score changes when it is switched off.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``name``, ``weight`` (share), ``replaced`` (how many of the ``TOP`` most urgent
        points are others without it), ``correlation`` (Spearman's, of the two orders).
    """
    points = demand_points(tables, config, geography)
    whole = pd.Series(ranked(points.score, points.ids), index=points.ids)
    best = set(whole.index[whole <= TOP])
    weights = config.scores.demand.rescaled()
    rows = []
    for key, name in DEMAND_NAMES.items():
        without = config.with_values(**{f"scores__demand__{key}": 0.0})
        score = demand_points(tables, without, geography).score
        rank = pd.Series(ranked(score, points.ids), index=points.ids)
        rows.append(
            {
                "key": f"scores.demand.{key}",
                "name": name,
                "weight": weights[key],
                "replaced": len(best - set(rank.index[rank <= TOP])),
                "correlation": float(whole.corr(rank)),
            }
        )
    return pd.DataFrame(rows)


def demand_by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the mean demand score of each municipality's people, the highest first.

    Columns: ``municipality`` (name), ``people``, ``score`` (mean over dissemination areas,
    weighted by people).
    """
    points = demand_points(tables, config, "da")
    names = tables.municipalities.set_index("municipality_id")["name"]
    frame = pd.DataFrame(
        {
            "municipality": [str(names[m]) for m in points.municipality],
            "people": points.people,
            "scored": points.score * points.people,
        }
    )
    sums = frame.groupby("municipality")[["people", "scored"]].sum()
    sums["score"] = sums["scored"] / sums["people"]
    sums = sums.drop(columns="scored").sort_values("score", ascending=False, kind="stable")
    return sums.reset_index()


# -- Maps of the two scores, and of dense neighbourhoods that are far from Level 3.

CELL_M = 100

_SITE_FACTS = (
    "rank score category municipality fact_people_near",
    Column("fact_evs_per_km2", "EVs per km²", format=",.0f"),
    "fact_grid_kw fact_transit fact_charger_m fact_aadt",
)

_DEMAND_FACTS = (
    Column("score", "Demand score", format=".2f"),
    "municipality population density infrastructure transit housing",
)

_CLUSTER_FACTS = (
    "near municipality people",
    Column("l2", "Near Level 2 today", format=".0%"),
    "beyond_gap l3_m",
)


def sites(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites by score, the best drawn last."""
    table = scored_sites(tables, config).sort_values("rank", ascending=False)
    frame = cartography.places(cartography.named(tables, table))
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
    shape = cartography.areas("das", "da_id", folder, tolerance_m=55.0)[["da_id", "geometry"]]
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
    stations = cartography.places(cartography.named(tables, counted(tables.stations, config)))
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
    return cartography.neighbourhoods(ids, number[inside], CELL_M).rename(
        columns={"number": "cluster"}
    )


# -- Numbers of the two scores, dense neighbourhoods, service areas and Level 3 gaps.


def of_scores(report: Report) -> Numbers:
    """Return the numbers of the site score, the demand score and what follows from them."""
    return Numbers([*_of_sites(report), *_of_demand(report), *_of_neighbourhoods(report)])


def _of_sites(report: Report) -> list[Number]:
    table = scored_sites(report.tables, report.config)
    without = ablation(report.tables, report.config)
    best, top = table.iloc[0], table[table["rank"] <= TOP]
    towns = top["municipality"].value_counts()
    kinds = by_category(report.tables, report.config)["category"]
    parameters, rules = Parameters(), report.config.scores
    counted = table["fact_aadt"].notna()
    weights = rules.site.rescaled()
    origin = "scores.site_scores"
    return [
        *(
            Number(f"site_weight_{name}", weight, "share", f"scores.site.{name}", "{:.0%}")
            for name, weight in weights.items()
        ),
        Number("scale_edge", LOW, "share", "scores.LOW", "{:.0%}"),
        Number("site_best", str(best["name"]), "text", origin),
        Number("site_best_place", str(best["municipality"]), "text", origin),
        Number("site_best_score", float(best["score"]), "ratio", origin),
        Number("site_median_score", float(table["score"].median()), "ratio", origin),
        Number("site_top", len(top), "count", origin),
        Number("site_top_place", str(towns.index[0]), "text", origin),
        Number("site_top_place_sites", int(towns.iloc[0]), "count", origin),
        Number("site_category_first", _words(kinds.iloc[0]), "text", "scoring.by_category"),
        Number("site_category_last", _words(kinds.iloc[-1]), "text", "scoring.by_category"),
        Number("traffic_counted", float(counted.mean()), "share", "site_facts.aadt", "{:.0%}"),
        Number("traffic_near", parameters.traffic_near_m, "m", "pipeline.parameters"),
        Number("people_near", parameters.people_near_m, "m", "pipeline.parameters"),
        Number("evs_near", parameters.evs_near_m / 1000, "km", "pipeline.parameters", "{:g} km"),
        Number("charger_reach", rules.charger_reach_m / 1000, "km", "scores.charger_reach_m",
               "{:g} km"),
        *_strongest(without, "Part", "site_part"),
        *_strongest(without, "Adjustment", "site_factor"),
    ]  # fmt: skip


def _strongest(without: pd.DataFrame, role: str, name: str) -> list[Number]:
    """Return which part or factor changes most of the best sites, and how many."""
    most = without[without["role"] == role].sort_values("replaced", kind="stable").iloc[-1]
    words = str(most["name"])
    return [
        Number(f"{name}_most", words[0].lower() + words[1:], "text", "scoring.ablation"),
        Number(f"{name}_most_replaced", int(most["replaced"]), "count", "scoring.ablation"),
    ]


def _of_demand(report: Report) -> list[Number]:
    weights = report.config.scores.demand.rescaled()
    towns = demand_by_municipality(report.tables, report.config)
    parts = demand_ablation(report.tables, report.config).sort_values("replaced")
    place = report.config.weights
    total = place.people + place.ev + place.score
    origin = "scoring.demand_by_municipality"
    most = str(parts["name"].iloc[-1])
    return [
        *(
            Number(f"demand_weight_{name}", weight, "share", f"scores.demand.{name}", "{:.0%}")
            for name, weight in weights.items()
        ),
        Number("place_weight_people", place.people / total, "share", "weights.people", "{:.0%}"),
        Number("place_weight_ev", place.ev / total, "share", "weights.ev", "{:.0%}"),
        Number("place_weight_score", place.score / total, "share", "weights.score", "{:.0%}"),
        Number("demand_first", str(towns["municipality"].iloc[0]), "text", origin),
        Number("demand_first_score", float(towns["score"].iloc[0]), "ratio", origin),
        Number("demand_last", str(towns["municipality"].iloc[-1]), "text", origin),
        Number("demand_last_score", float(towns["score"].iloc[-1]), "ratio", origin),
        Number("demand_part_most", most[0].lower() + most[1:], "text", "scoring.demand_ablation"),
        Number("demand_part_most_replaced", int(parts["replaced"].iloc[-1]), "count",
               "scoring.demand_ablation"),
    ]  # fmt: skip


def _of_neighbourhoods(report: Report) -> list[Number]:
    table = neighbourhoods.graded_clusters(report.tables, report.config)
    far, beyond = table["beyond_gap"] > 0, table["beyond_radius"] > 0
    everyone = float(report.tables.cells["population"].sum())
    roads = neighbourhoods.by_road(report.tables, report.config)
    worst = neighbourhoods.gaps(report.tables, report.config)
    areas = neighbourhoods.service_areas(report.tables, report.config)
    level2 = areas[areas["level"] == "l2"]
    level3 = areas[areas["level"] == "l3"]
    origin, rule = "neighbourhoods.clusters", neighbourhoods.RULE
    return [
        Number("dense_places", len(table), "count", origin),
        Number("dense_share", float(table["people"].sum()) / everyone, "share", origin, "{:.0%}"),
        Number("dense_reach", rule.reach_m, "m", "neighbourhoods.RULE"),
        Number("dense_core", rule.core_people, "people", "neighbourhoods.RULE"),
        Number("dense_without_l2", int((table["l2"] < 1 / 2).sum()), "count", origin),
        Number("gap_distance", neighbourhoods.GAP_M / 1000, "km", "gaps.GAP_M", "{:g} km"),
        Number("gap_places", int(far.sum()), "count", "gaps.gaps"),
        Number("gap_people", float(table["beyond_gap"].sum()), "people", "gaps.gaps"),
        Number("gap_radius_places", int(beyond.sum()), "count", "gaps.gaps"),
        Number("gap_radius_people", float(table["beyond_radius"].sum()), "people", "gaps.gaps"),
        Number("gap_people_road", float(roads["beyond_gap"].sum()), "people", "gaps.by_road"),
        Number("gap_radius_people_road", float(roads["beyond_radius"].sum()), "people",
               "gaps.by_road"),
        Number("gap_worst", str(worst["near"].iloc[0]), "text", "gaps.gaps"),
        Number("gap_worst_people", float(worst["beyond_gap"].iloc[0]), "people", "gaps.gaps"),
        Number("service_l2_median", float(level2["people"].median()), "people", "catchments"),
        Number("service_l3_median", float(level3["people"].median()), "people", "catchments"),
    ]  # fmt: skip


def _words(category: str) -> str:
    return category.replace("_", " ")


# -- Tables and maps of the two scores, dense neighbourhoods, service areas and Level 3 gaps.

BEST, LARGEST, BUSIEST = 20, 15, 8
"""Rows that the page shows of sites, of neighbourhoods, and of stations of each level."""


def site_score_map(report: Report) -> Figure:
    """Return the map of candidate sites by score."""
    return sites(report.tables, report.config)


def best_sites(report: Report) -> Table:
    """Return the best candidate sites with the facts behind their scores."""
    frame = scored_sites(report.tables, report.config).head(BEST)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = (
        Column("name", "Site"),
        "rank category municipality score fact_people_near fact_evs_per_km2",
        "fact_grid_kw fact_transit fact_charger_m fact_aadt",
    )
    shown = frame[[column.key for column in columns_of(columns)]]
    return table("best-sites", shown, columns, origins.SCORES)


def site_score_parts(report: Report) -> Table:
    """Return the parts and factors of the site score, and what each changes when it is off."""
    frame = ablation(report.tables, report.config)
    columns = (
        Column("name", "Part or factor"),
        "role",
        Column("weight", "Weight or strength", format=".0%"),
        "replaced correlation",
    )
    return table("site-score-parts", frame, columns, origins.SCORES)


def scores_by_category(report: Report) -> Table:
    """Return the site scores by category: quartiles, and how many are among the best."""
    frame = by_category(report.tables, report.config)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = "category sites low median high top"
    return table("scores-by-category", frame, columns, origins.SCORES)


def demand_score_map(report: Report) -> Figure:
    """Return the map of the demand score."""
    return demand(report.tables, report.config)


def demand_score_parts(report: Report) -> Table:
    """Return the parts of the demand score, and what each changes when it is off."""
    frame = demand_ablation(report.tables, report.config)
    columns = (
        Column("name", "Part"),
        "weight",
        Column("replaced", "Of the hundred most urgent areas, others without it", format=",d"),
        "correlation",
    )
    return table("demand-score-parts", frame, columns, origins.SCORES)


def dense_neighbourhoods(report: Report) -> Table:
    """Return the largest dense neighbourhoods and what serves them today."""
    frame = neighbourhoods.graded_clusters(report.tables, report.config)
    columns = (
        "near municipality people ev",
        Column("l2", "People near Level 2", format=".0%"),
        Column("l3", "People near Level 3", format=".0%"),
        "l3_m",
    )
    return table("dense-neighbourhoods", frame.head(LARGEST), columns, origins.SCORES)


def level3_gaps_shown(report: Report) -> Table:
    """Return the dense neighbourhoods that are far from Level 3."""
    frame = neighbourhoods.gaps(report.tables, report.config)
    columns = (
        "near municipality people",
        Column("beyond_gap", "of these far from Level 3", format=",.0f"),
        "beyond_radius l3_m",
    )
    origin = origins.stations(report.tables)
    return table("level3-gaps", frame, columns, origin)


def level3_gap_map(report: Report) -> Figure:
    """Return the map of dense neighbourhoods by distance to Level 3."""
    return level3_gaps(report.tables, report.config)


def service_areas(report: Report) -> Table:
    """Return the stations of each level with the most people in their service area."""
    frame = neighbourhoods.service_areas(report.tables, report.config)
    frame = frame.groupby("level", sort=True).head(BUSIEST)
    frame = frame.assign(level=frame["level"].map(LEVEL_NAMES)).reset_index(drop=True)
    columns = (Column("name", "Station"), "municipality level ports people people_per_port")
    return table("service-areas", pd.DataFrame(frame), columns, origins.stations(report.tables))
