"""The scores of sites and places: the best sites, categories, and what each part changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.display import cartography, origins, style
from kwev.display.figure import rows
from kwev.display.layers import Layer, Mark, graded
from kwev.display.table import category_name, columns_of, table
from kwev.display.values import Number, Numbers, named
from kwev.model.demand import demand_points, point_facts
from kwev.model.scores import FACTORS, LOW, SITE_FACTS, demand_parts, ranked, site_scores
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.report.region import town_names

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Table
    from kwev.report.scenario import Report

TOP = 100
"""How many of the best sites the ablation looks at."""

BEST = 20
"""Sites that the table of the best shows."""

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
    table = site_scores(tables, config).merge(tables.sites, on="site_id", validate="1:1")
    table = table.merge(facts, on="site_id", validate="1:1")
    return table.assign(municipality=table["municipality_id"].map(town_names(tables)))


def by_category(tables: Tables, config: Config) -> pd.DataFrame:
    """Return scores by category, the highest median first.

    Columns: ``category``, ``sites``, ``low``, ``median``, ``high`` (quartiles of the score) and
    ``top`` (sites among the best ``TOP``).
    """
    table = scored_sites(tables, config)
    groups = table.groupby("category")["score"]
    found = groups.describe(percentiles=[0.25, 0.5, 0.75])
    found = found.set_axis(["sites", "mean", "std", "min", "low", "median", "high", "max"], axis=1)
    best = table[table["rank"] <= TOP]["category"].value_counts()
    found["top"] = best.reindex(found.index, fill_value=0)
    found = found.sort_values("median", ascending=False, kind="stable").reset_index()
    columns = ["category", "sites", "low", "median", "high", "top"]
    found["category"] = found["category"].map(category_name)
    return found[columns].astype({"sites": int})


def ablation(tables: Tables, config: Config) -> pd.DataFrame:
    """Return what each part and factor of the site score changes when it is switched off.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``name``, ``role`` (Part, Adjustment), ``weight`` (share or strength as
        configured), ``replaced`` (how many of the best ``TOP`` sites are others without it),
        ``correlation`` (Spearman's, of the two orders).
    """
    rules = config.scores
    parts = {f"site.{k}": (PART_NAMES[k], "Part", rules.site.rescaled()[k]) for k in SITE_FACTS}
    factors = {
        f"adjust.{k}": (FACTOR_NAMES[k], "Adjustment", getattr(rules.adjust, k)) for k in FACTORS
    }
    whole = _site_ranks(tables, config)
    return pd.DataFrame(
        {"key": f"scores.{key}", "name": name, "role": role, "weight": weight}
        | _changes(whole, _site_ranks(tables, _switched_off(config, key)))
        for key, (name, role, weight) in {**parts, **factors}.items()
    )


def demand_ablation(tables: Tables, config: Config, geography: str = "da") -> pd.DataFrame:
    """Return what each part of the demand score changes when it is switched off.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``name``, ``weight`` (share), ``replaced`` (how many of the ``TOP`` most urgent
        points are others without it), ``correlation`` (Spearman's, of the two orders).
    """

    def ranks(case: Config) -> pd.Series:
        points = demand_points(tables, case, geography)
        return pd.Series(ranked(points.score, points.ids), index=points.ids)

    whole, weights = ranks(config), config.scores.demand.rescaled()
    return pd.DataFrame(
        {"key": f"scores.demand.{key}", "name": name, "weight": weights[key]}
        | _changes(whole, ranks(_switched_off(config, f"demand.{key}")))
        for key, name in DEMAND_NAMES.items()
    )


def _site_ranks(tables: Tables, config: Config) -> pd.Series:
    return site_scores(tables, config).set_index("site_id")["rank"].sort_index()


def _switched_off(config: Config, key: str) -> Config:
    return config.with_values(**{f"scores__{key.replace('.', '__')}": 0.0})


def _changes(whole: pd.Series, without: pd.Series) -> dict[str, float]:
    """Return how two orders of the same places differ."""
    best, other = (set(rank.index[rank <= TOP]) for rank in (whole, without))
    return {"replaced": len(best - other), "correlation": float(whole.corr(without))}


def demand_by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the mean demand score of each municipality's people, the highest first.

    Columns: ``municipality`` (name), ``people``, ``score`` (mean over dissemination areas,
    weighted by people).
    """
    points = demand_points(tables, config, "da")
    town = pd.Series(points.municipality).map(town_names(tables)).rename("municipality")
    frame = pd.DataFrame({"people": points.people, "score": points.score * points.people})
    sums = frame.groupby(town).sum()
    sums["score"] /= sums["people"]
    return sums.sort_values("score", ascending=False, kind="stable").reset_index()


# -- Named values.


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the site score and of the demand score."""
    return Numbers([*_of_sites(report), *_of_demand(report)])


def _of_sites(report: Report) -> list[Number]:
    table = scored_sites(report.tables, report.config)
    best, top = table.iloc[0], table[table["rank"] <= TOP]
    towns = top["municipality"].value_counts()
    kinds = by_category(report.tables, report.config)["category"].str.lower()
    p, rules = Parameters(), report.config.scores
    words = {
        "site_best": best["name"], "site_best_place": best["municipality"],
        "site_top_place": towns.index[0], "site_category_first": kinds.iloc[0],
        "site_category_last": kinds.iloc[-1],
    }  # fmt: skip
    ratios = {"site_best_score": best["score"], "site_median_score": table["score"].median()}
    lengths = {
        "evs_near:g": p.evs_near_m / 1000, "charger_reach:g": rules.charger_reach_m / 1000
    }  # fmt: skip
    weights = {f"{name}:.0%": weight for name, weight in rules.site.rescaled().items()}
    without = ablation(report.tables, report.config)
    parts = without["role"] == "Part"
    return [
        *named("scores.site", prefix="site_weight_", share=weights),
        *named("scores.LOW", share={"scale_edge:.0%": LOW}),
        *named("scores.site_scores", text=words, ratio=ratios,
               count={"site_top": len(top), "site_top_place_sites": towns.iloc[0]}),
        *named("site_facts.aadt", share={"traffic_counted:.0%": table["fact_aadt"].notna().mean()}),
        *named("pipeline.parameters", km=lengths,
               m={"traffic_near": p.traffic_near_m, "people_near": p.people_near_m}),
        *_strongest(without[parts], "site_part"),
        *_strongest(without[~parts], "site_factor"),
    ]  # fmt: skip


def _strongest(without: pd.DataFrame, name: str) -> list[Number]:
    """Return which part or factor changes most of the best places, and how many."""
    most = without.sort_values("replaced", kind="stable").iloc[-1]
    words = str(most["name"])
    return named(
        "scores.ablation", prefix=f"{name}_most", text={"": words[0].lower() + words[1:]},
        count={"_replaced": most["replaced"]},
    )  # fmt: skip


def _of_demand(report: Report) -> list[Number]:
    towns = demand_by_municipality(report.tables, report.config)
    first, last = towns.iloc[0], towns.iloc[-1]
    place = report.config.weights
    total = place.people + place.ev + place.score
    of_place = {f"{key}:.0%": getattr(place, key) / total for key in ("people", "ev", "score")}
    of_score = {f"{k}:.0%": weight for k, weight in report.config.scores.demand.rescaled().items()}
    return [
        *named("scores.demand", prefix="demand_weight_", share=of_score),
        *named("weights", prefix="place_weight_", share=of_place),
        *named("scores.demand_by_municipality", prefix="demand_",
               text={"first": first["municipality"], "last": last["municipality"]},
               ratio={"first_score": first["score"], "last_score": last["score"]}),
        *_strongest(demand_ablation(report.tables, report.config), "demand_part"),
    ]  # fmt: skip


# -- Tables and maps.


def best_table(report: Report) -> Table:
    """Return the best candidate sites with the facts behind their scores."""
    frame = scored_sites(report.tables, report.config).head(BEST)
    frame = frame.assign(category=frame["category"].map(category_name))
    columns = columns_of(
        "name:site rank category municipality score fact_people_near fact_evs_per_km2 "
        "fact_grid_kw fact_transit fact_charger_m fact_aadt"
    )
    return table("best-sites", frame[[c.key for c in columns]], columns, origins.SCORES)


_SITE_POPUP = (
    "rank score category municipality fact_people_near fact_evs_per_km2:short fact_grid_kw",
    "fact_transit fact_charger_m fact_aadt",
)


def site_map(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the candidate sites by score, the best drawn last."""
    table = scored_sites(tables, config).sort_values("rank", ascending=False)
    frame = cartography.places(cartography.named(tables, table))
    frame["category"] = [cartography.CATEGORY_MARKS[c].label for c in frame["category"]]
    frame["mark"], marks = graded(frame["score"].tolist(), style.SEQUENCE, ".2f", style.QUIET)
    looks = tuple(Mark(m.label, m.fill, m.line, 0.6, 1.0, radius=4) for m in marks)
    layer = Layer(
        "Candidate sites", frame, looks, title="name", facts=_SITE_POPUP, heading="Site score"
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


_DEMAND_POPUP = "score:demand municipality population density infrastructure transit housing"


def demand_map(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the demand score of the dissemination areas."""
    points = demand_points(tables, config, "da")
    parts = demand_parts(point_facts(tables, config, "da", points.ids))
    score = pd.DataFrame({"da_id": points.ids, "score": points.score, **parts})
    known = tables.das[["da_id", "municipality_id", "population"]]
    frame = cartography.with_facts(tables, known.merge(score, on="da_id", validate="1:1"), folder)
    frame["mark"], marks = graded(frame["score"].tolist(), style.SEQUENCE, ".2f")
    layer = Layer(
        "Demand score", frame, marks, title="da_id", facts=_DEMAND_POPUP, heading="Demand score"
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
