"""Numbers of the two scores, dense neighbourhoods, service areas and Level 3 gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import catchments, gaps, neighbourhoods, scoring
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters
from kwev.scores import LOW

if TYPE_CHECKING:
    import pandas as pd

    from kwev.report import Report


def of_scores(report: Report) -> Numbers:
    """Return the numbers of the site score, the demand score and what follows from them."""
    return Numbers([*_of_sites(report), *_of_demand(report), *_of_neighbourhoods(report)])


def _of_sites(report: Report) -> list[Number]:
    table = scoring.scored_sites(report.tables, report.config)
    without = scoring.ablation(report.tables, report.config)
    best, top = table.iloc[0], table[table["rank"] <= scoring.TOP]
    towns = top["municipality"].value_counts()
    kinds = scoring.by_category(report.tables, report.config)["category"]
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
    towns = scoring.demand_by_municipality(report.tables, report.config)
    parts = scoring.demand_ablation(report.tables, report.config).sort_values("replaced")
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
    table = gaps.graded_clusters(report.tables, report.config)
    far, beyond = table["beyond_gap"] > 0, table["beyond_radius"] > 0
    everyone = float(report.tables.cells["population"].sum())
    roads = gaps.by_road(report.tables, report.config)
    worst = gaps.gaps(report.tables, report.config)
    areas = catchments.service_areas(report.tables, report.config)
    level2 = areas[areas["level"] == "l2"]
    level3 = areas[areas["level"] == "l3"]
    origin, rule = "neighbourhoods.clusters", neighbourhoods.RULE
    return [
        Number("dense_places", len(table), "count", origin),
        Number("dense_share", float(table["people"].sum()) / everyone, "share", origin, "{:.0%}"),
        Number("dense_reach", rule.reach_m, "m", "neighbourhoods.RULE"),
        Number("dense_core", rule.core_people, "people", "neighbourhoods.RULE"),
        Number("dense_without_l2", int((table["l2"] < 1 / 2).sum()), "count", origin),
        Number("gap_distance", gaps.GAP_M / 1000, "km", "gaps.GAP_M", "{:g} km"),
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
