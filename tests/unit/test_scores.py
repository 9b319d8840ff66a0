"""Scores by hand: scaling, weights, factors, ties."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from toy import base_config

from kwev.errors import KwevError
from kwev.model.scores import (
    FACTORS,
    SITE_FACTS,
    demand_parts,
    demand_scores,
    facts_of,
    normalised,
    ranked,
    site_scores,
)

SITE = {
    "people_near": 500.0,
    "evs_per_km2": 20.0,
    "grid_kw": 1_000.0,
    "transit": 0.5,
    "growth": 3.0,
    "charger_m": 2_000.0,
    "land_use": 1.0,
    "ownership": 1.0,
    "access_m": 0.0,
    "road_class": "arterial",
    "aadt": 10_000.0,
}
WORSE = {
    "chargers": {"charger_m": 0.0},
    "land_use": {"land_use": 0.2},
    "ownership": {"ownership": 0.0},
    "capacity": {"grid_kw": 350.0},
    "access": {"access_m": 150.0},
    "traffic": {"aadt": np.nan},
}
NO_PARTS_BUT = {
    name: {f"scores__site__{part}": float(part == name) for part in SITE_FACTS}
    for name in SITE_FACTS
}


def sites(*changes):
    rows = [{"site_id": f"q{i}", **SITE, **change} for i, change in enumerate(changes)]
    facts = pd.DataFrame(rows)
    return SimpleNamespace(site_facts=facts, sites=standing(facts))


def standing(facts):
    """Return the sites of facts, all on own land at one spot."""
    place = {"land": "own", "category": "library", "easting_m": 0.0, "northing_m": 0.0}
    return facts[["site_id", "grid_kw"]].assign(**place)


def scored(tables, **changes):
    return site_scores(tables, base_config(**changes)).set_index("site_id")


def test_a_scale_runs_from_the_twentieth_part_to_the_nineteen_twentieths():
    values = np.arange(0.0, 101, 5)  # 21 values: the quantiles are the second and the last but one
    scaled = normalised(values)
    assert scaled[[0, 1, 10, 19, 20]].tolist() == [0, 0, 0.5, 1, 1]
    assert scaled[4] == pytest.approx((20 - 5) / 90)


def test_a_quantile_between_two_values_is_interpolated():
    # two values: a twentieth of the way from one to the other
    assert normalised(np.array([0.0, 10.0])).tolist() == [0, 1]
    assert normalised(np.array([0.0, 1.0, 10.0]))[1] == pytest.approx((1 - 0.1) / (9.1 - 0.1))


def test_a_constant_is_a_half_and_what_stands_out_of_it_an_end():
    assert normalised(np.full(4, 7.0)).tolist() == [0.5] * 4
    values = np.array([1.0, *[7.0] * 40, 9.0])
    assert normalised(values)[[0, 1, 41]].tolist() == [0, 0.5, 1]
    assert normalised(np.zeros(0)).tolist() == []


def test_equal_scores_rank_by_id_and_noise_decides_nothing():
    score = np.array([0.5, 0.7, 0.5 + 1e-12, 0.1])
    assert ranked(score, np.array(["d", "c", "b", "a"])).tolist() == [3, 1, 2, 4]


def test_a_demand_score_by_hand():
    facts = pd.DataFrame(
        {
            "density_per_km2": [0.0, 500.0, 1_000.0],
            "old_dwelling_share": [0.8, 0.4, 0.0],
            "grid_kw": [2.0, 2.0, 2.0],
            "transit": [0.0, 1.0, 0.5],
            "multi_unit_share": [0.0, 0.0, 1.0],
        }
    )
    parts = demand_parts(facts)
    assert parts["density"].tolist() == pytest.approx([0, 0.5, 1])
    # housing: new is 1; the grid is the same everywhere, a half
    assert parts["infrastructure"].tolist() == pytest.approx([0.25, 0.5, 0.75])
    assert parts["transit"].tolist() == pytest.approx([0, 1, 0.5])
    assert parts["housing"].tolist() == pytest.approx([0, 0, 1])
    score = demand_scores(facts, base_config().scores.demand)
    assert score.tolist() == pytest.approx(
        [
            0.25 * 0.25,
            0.4 * 0.5 + 0.25 * 0.5 + 0.2,
            0.4 + 0.25 * 0.75 + 0.2 * 0.5 + 0.15,
        ]
    )


def test_a_site_score_by_hand():
    tables = sites(
        {},
        {
            "people_near": 0.0, "charger_m": 250.0, "land_use": 0.5, "ownership": 0.0,
            "grid_kw": 350.0, "access_m": 75.0, "aadt": np.nan,
        },
    )  # fmt: skip
    table = scored(tables)
    # of two values the higher scales to 1, the lower to 0; equal ones to a half
    bases = {"q0": 0.35 + 0.25 / 2 + 0.2 + 0.15 / 2 + 0.05 / 2, "q1": 0.25 / 2 + 0.2 / 2}
    assert table["base"].to_dict() == pytest.approx({**bases, "q1": 0.25 / 2 + 0.15 / 2 + 0.05 / 2})
    factors = {
        "chargers": 0.25, "land_use": 0.5, "ownership": 0, "capacity": 0.5, "access": 0.5,
        "traffic": 0,
    }  # fmt: skip
    for name, factor in factors.items():
        assert table.loc["q1", f"factor_{name}"] == pytest.approx(factor), name
    takes = (1 - 0.3 * 0.75) * (1 - 0.3 * 0.5) * 0.9 * (1 - 0.2 * 0.5) * (1 - 0.1 * 0.5) * 0.9
    assert table.loc["q1", "score"] == pytest.approx(table.loc["q1", "base"] * takes)
    # one counted road among the sites: a constant, so half of the strength
    assert table.loc["q0", "score"] == pytest.approx(table.loc["q0", "base"] * (1 - 0.1 * 0.5))
    assert table["rank"].to_dict() == {"q0": 1, "q1": 2}


@pytest.mark.parametrize("part", list(SITE_FACTS))
def test_each_part_alone_decides_where_it_is_the_only_one(part):
    fact = SITE_FACTS[part]
    tables = sites({}, {fact: SITE[fact] * 2})
    off = {f"scores__adjust__{name}": 0.0 for name in FACTORS}
    table = scored(tables, **off, **NO_PARTS_BUT[part])
    assert table["score"].to_dict() == {"q1": 1.0, "q0": 0.0}
    others = {f"scores__site__{part}": 0.0}
    table = scored(tables, **off, **others)
    assert table.loc["q0", "score"] == table.loc["q1", "score"] == pytest.approx(0.5)


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_can_be_switched_on_and_off(factor):
    tables = sites({}, WORSE[factor], {"aadt": 5_000.0})
    off = {f"scores__adjust__{name}": 0.0 for name in FACTORS}
    # the grid proxy is a part as well: leave it out
    off["scores__site__grid"] = 0.0
    table = scored(tables, **off)
    assert table.loc["q0", "score"] == table.loc["q1", "score"] == table.loc["q0", "base"]
    on = {f"scores__adjust__{factor}": 0.5}
    table = scored(tables, **{**off, **on})
    assert table.loc["q1", "score"] < table.loc["q0", "score"]
    assert table.loc["q1", "rank"] > table.loc["q0", "rank"]


def test_a_point_without_facts_is_named():
    facts = pd.DataFrame({"geography": ["da"], "id": ["a"], "transit": [0.5]})
    tables = SimpleNamespace(point_facts=facts)
    assert facts_of(tables, "da", np.array(["a"]))["transit"].tolist() == [0.5]
    with pytest.raises(KwevError, match="no facts of da 'b'"):
        facts_of(tables, "da", np.array(["a", "b"]))


@pytest.mark.parametrize("section", ["site", "demand"])
def test_weights_add_up_to_one_unless_a_part_is_off(section):
    weights = getattr(base_config().scores, section)
    assert sum(weights.model_dump().values()) == pytest.approx(1, abs=1e-12)
    first, *others = weights.model_dump()
    with pytest.raises(KwevError, match=rf"scores\.{section}.*add up to"):
        base_config(**{f"scores__{section}__{first}": 0.9})
    without = getattr(base_config(**{f"scores__{section}__{first}": 0.0}).scores, section)
    rescaled = without.rescaled()
    assert sum(rescaled.values()) == pytest.approx(1)
    assert rescaled[first] == 0
    ratio = rescaled[others[0]] / rescaled[others[1]]
    assert ratio == pytest.approx(getattr(weights, others[0]) / getattr(weights, others[1]))
    with pytest.raises(KwevError, match="every weight is 0"):
        base_config(**{f"scores__{section}__{name}": 0.0 for name in (first, *others)})


def test_the_weights_are_the_clients():
    scores = base_config().scores
    assert list(scores.site.model_dump().values()) == [0.35, 0.25, 0.20, 0.15, 0.05]
    assert list(scores.demand.model_dump().values()) == [0.40, 0.25, 0.20, 0.15]
