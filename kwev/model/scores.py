"""How good a site is and how urgent a place is: facts to scores in [0, 1], and ranks.

Each fact is normalised, the parts are weighted and added up, a site's sum is adjusted by factors,
and the result is ranked. Everything here is a pure function of facts and configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.errors import KwevError
from kwev.model.siting import candidates, site_limit_kw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kwev.config import Config, DemandWeights
    from kwev.data.tables import Tables

LOW, HIGH = 0.05, 0.95
"""Quantiles between which a fact is scaled: what lies beyond them is 0 or 1, so that a few
extreme places do not press all others together."""

SCORE_DECIMALS: Final = 9
"""Scores are rounded before they are ranked, so that noise of arithmetic decides no tie."""

SITE_FACTS: Final = {
    "people": "people_near",
    "ev": "evs_per_km2",
    "grid": "grid_kw",
    "transit": "transit",
    "growth": "growth",
}
"""The fact behind each part of a site's score."""

FACTORS: Final = ("chargers", "land_use", "ownership", "capacity", "access", "traffic")
"""The factors that adjust a site's score."""


def normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values scaled to [0, 1]: clipped and linear between two quantiles.

    Where the quantiles coincide, what equals them is 0.5, less is 0 and more is 1; a constant
    column is 0.5 everywhere and changes no rank.
    """
    if len(values) == 0:
        return np.zeros(0)
    low, high = np.quantile(values, [LOW, HIGH])
    if high > low:
        return np.asarray(np.clip((values - low) / (high - low), 0, 1))
    return np.asarray(0.5 + 0.5 * np.sign(values - low))


def weighted(
    parts: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the weighted sum of parts in [0, 1]; the weights add up to 1."""
    total = sum(weights[name] * part for name, part in parts.items())
    return np.asarray(np.clip(total, 0, 1))


def ranked(score: NDArray[np.float64], ids: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the rank of each score, 1 for the highest; equal scores rank by id."""
    order = np.lexsort((ids, -np.round(score, SCORE_DECIMALS)))
    rank = np.empty(len(score), np.int64)
    rank[order] = np.arange(1, len(score) + 1)
    return rank


def demand_parts(facts: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return the parts of the demand score, each in [0, 1], of the points of one geography.

    Parameters
    ----------
    facts
        Rows of ``point_facts``: ``density_per_km2``, ``old_dwelling_share``, ``grid_kw``,
        ``transit``, ``multi_unit_share``; with ``public_share``, the public share of a vehicle's
        energy, that is the part of housing.

    Returns
    -------
    dict
        ``density``, ``infrastructure`` (mean of new housing and grid proxy), ``transit`` and
        ``housing``, shape (n,).
    """
    scaled = {name: normalised(facts[name].to_numpy(np.float64)) for name in POINT_FACTS}
    if "public_share" in facts:
        scaled["multi_unit_share"] = normalised(facts["public_share"].to_numpy(np.float64))
    return {
        "density": scaled["density_per_km2"],
        "infrastructure": (1 - scaled["old_dwelling_share"] + scaled["grid_kw"]) / 2,
        "transit": scaled["transit"],
        "housing": scaled["multi_unit_share"],
    }


POINT_FACTS: Final = (
    "density_per_km2", "old_dwelling_share", "grid_kw", "transit", "multi_unit_share",
)  # fmt: skip
"""The facts behind a demand point's score."""


def demand_scores(facts: pd.DataFrame, weights: DemandWeights) -> NDArray[np.float64]:
    """Return the demand score of each row of ``point_facts`` (one geography), in [0, 1]."""
    return weighted(demand_parts(facts), weights.rescaled())


def facts_of(tables: Tables, geography: str, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return the rows of ``point_facts`` of the given points, in their order.

    Raises
    ------
    KwevError
        If a point has no facts.
    """
    table = tables.point_facts
    known = table[table["geography"] == geography].set_index("id")
    missing = sorted(set(ids.tolist()) - set(known.index))
    if missing:
        raise KwevError(
            f"no facts of {geography} {missing[0]!r}",
            where="point_facts.csv",
            hint="Restore data/processed from git, or build it again with `kwev data`.",
        )
    return pd.DataFrame(known.loc[ids.tolist()])


def site_parts(facts: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return the parts of the site score, each in [0, 1], shape (n,)."""
    return {name: normalised(facts[fact].to_numpy(np.float64)) for name, fact in SITE_FACTS.items()}


def site_factors(facts: pd.DataFrame, config: Config) -> dict[str, NDArray[np.float64]]:
    """Return the factors that adjust a site's score: 1 takes nothing, 0 takes its whole strength.

    ``chargers`` rises with the distance to the nearest public station up to its reach,
    ``land_use`` and ``ownership`` are facts, ``capacity`` is the part of the smallest Level 3
    station that the grid proxy can carry, ``access`` falls with the distance to a road up to its
    reach, ``traffic`` is the traffic of the nearest counted road, normalised among the sites that
    have one; a site without a count passes as having the least.
    """
    rules = config.scores
    smallest_l3_kw = config.ports.min_l3 * config.power.l3_kw
    column = {name: facts[name].to_numpy(np.float64) for name in FACTOR_FACTS}
    aadt = column["aadt"]
    traffic = np.zeros(len(facts))
    traffic[~np.isnan(aadt)] = normalised(aadt[~np.isnan(aadt)])
    return {
        "chargers": np.clip(column["charger_m"] / rules.charger_reach_m, 0, 1),
        "land_use": column["land_use"],
        "ownership": column["ownership"],
        "capacity": np.clip(column["limit_kw"] / smallest_l3_kw, 0, 1),
        "access": np.clip(1 - column["access_m"] / rules.access_reach_m, 0, 1),
        "traffic": traffic,
    }


FACTOR_FACTS: Final = (
    "charger_m", "land_use", "ownership", "limit_kw", "access_m", "aadt",
)  # fmt: skip
"""The facts behind the factors."""


def site_scores(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the score of every candidate site, the best first.

    Returns
    -------
    pandas.DataFrame
        ``site_id``; the parts ``people``, ``ev``, ``grid``, ``transit``, ``growth``; their
        weighted sum ``base``; the factors, each as ``factor_…``; ``score``, the base times
        ``1 - strength (1 - factor)`` for each factor; all in [0, 1]; ``rank``, from 1.
    """
    sites = candidates(tables, config).set_index("site_id")
    ours = tables.site_facts["site_id"].isin(sites.index)
    facts = tables.site_facts[ours].sort_values("site_id", kind="stable").reset_index(drop=True)
    facts["limit_kw"] = facts["site_id"].map(site_limit_kw(config, sites))
    parts = site_parts(facts)
    base = weighted(parts, config.scores.site.rescaled())
    factors = site_factors(facts, config)
    strengths = config.scores.adjust.model_dump()
    score = base.copy()
    for name, factor in factors.items():
        score = score * (1 - strengths[name] * (1 - factor))
    ids = facts["site_id"].to_numpy(str)
    table = pd.DataFrame(
        {
            "site_id": ids,
            **parts,
            "base": base,
            **{f"factor_{name}": factor for name, factor in factors.items()},
            "score": score,
            "rank": ranked(score, ids),
        }
    )
    return table.sort_values("rank", ignore_index=True)
