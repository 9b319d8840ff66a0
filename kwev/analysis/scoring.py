"""What the scores say: the best sites, scores by category, and what each part of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.demand import demand_points
from kwev.scores import FACTORS, SITE_FACTS, ranked, site_scores

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables

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
