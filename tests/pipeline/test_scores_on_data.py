"""The scores of the real places: ranges, ranks, and that every part and factor matters."""

from __future__ import annotations

import numpy as np
import pytest

from kwev.certify import Points, evs, point_weights
from kwev.config import GEOGRAPHIES
from kwev.model.demand import demand_points
from kwev.model.scores import FACTORS, SITE_FACTS, facts_of, site_scores
from kwev.model.siting import candidates
from kwev.report import scores


@pytest.fixture(scope="module")
def config(base_case):
    return base_case.config


@pytest.fixture(scope="module")
def scored(tables, config):
    return site_scores(tables, config)


def test_every_site_has_a_score_and_a_rank_and_nothing_is_missing(tables, config, scored):
    # R21: land-use fit, grid proxy, accessibility, rank
    wanted = ["factor_land_use", "grid", "factor_access", "factor_traffic", "score", "rank"]
    assert set(wanted) <= set(scored)
    assert scored.notna().all().all()
    assert set(scored["site_id"]) == set(candidates(tables, config)["site_id"])
    numbers = scored.drop(columns=["site_id", "rank"])
    assert ((numbers >= 0) & (numbers <= 1)).all().all()
    assert scored["rank"].tolist() == list(range(1, len(scored) + 1))
    assert scored["score"].round(9).is_monotonic_decreasing
    assert scored["score"].std() > 0.05


def test_the_ranking_is_the_same_the_second_time(tables, config, scored):
    again = site_scores(tables, config)
    assert again["site_id"].tolist() == scored["site_id"].tolist()


@pytest.mark.parametrize(
    "key", [*(f"site__{n}" for n in SITE_FACTS), *(f"adjust__{n}" for n in FACTORS)]
)
def test_each_part_and_factor_changes_the_ranking(tables, config, scored, key):
    without = site_scores(tables, config.with_values(**{f"scores__{key}": 0.0}))
    before = scored.set_index("site_id")["rank"]
    moved = before.ne(without.set_index("site_id")["rank"].loc[before.index])
    assert moved.mean() > 0.25


@pytest.mark.parametrize("geography", GEOGRAPHIES)
@pytest.mark.parametrize("part", scores.DEMAND_NAMES)
def test_each_part_changes_the_demand_score_and_the_weights(tables, config, geography, part):
    points = demand_points(tables, config, geography)
    assert ((points.score >= 0) & (points.score <= 1)).all()
    without = demand_points(
        tables, config.with_values(**{f"scores__demand__{part}": 0.0}), geography
    )
    # which places come first changes, and with it what the objective counts
    assert (np.argsort(points.score) != np.argsort(without.score)).mean() > 0.25
    assert np.abs(points.weight - without.weight).sum() > 1e-3


@pytest.mark.parametrize("geography", GEOGRAPHIES)
def test_the_certificate_finds_the_weights_again(tables, config, geography):
    points = demand_points(tables, config, geography)
    read = Points.read(tables, geography, evs(tables, config.demand.ev_year, geography))
    assert read.ids.tolist() == list(points.ids)
    again = point_weights(tables, config, read).as_floats()
    assert again == pytest.approx(points.weight, abs=1e-15)
    assert points.weight.sum() == pytest.approx(1, abs=1e-12)
    other = config.with_values(scores__demand__transit=0.0)
    wrong = point_weights(tables, other, read).as_floats()
    assert np.abs(wrong - points.weight).sum() > 1e-3


def test_the_score_term_is_as_settled(tables, config):
    points = demand_points(tables, config, "da")
    a, b, c = config.weights.people, config.weights.ev, config.weights.score
    assert (a, b, c) == (0.6, 0.3, 0.1)
    urgent = points.score * points.people
    by_hand = (
        a * points.people / points.people.sum()
        + b * points.ev / points.ev.sum()
        + c * urgent / urgent.sum()
    )
    assert points.weight == pytest.approx(by_hand, abs=1e-15)


def test_ablation_tables_say_what_the_scores_say(tables, config, scored):
    table = scores.ablation(tables, config).set_index("key")
    assert table.loc[table["role"] == "Part", "weight"].sum() == pytest.approx(1)
    assert (table["correlation"] < 1).all()
    without = site_scores(tables, config.with_values(scores__site__people=0.0))
    best = set(scored["site_id"].head(scores.TOP))
    replaced = len(best - set(without["site_id"].head(scores.TOP)))
    assert table.loc["scores.site.people", "replaced"] == replaced > 0
    demand = scores.demand_ablation(tables, config)
    assert demand["weight"].sum() == pytest.approx(1)
    assert (demand["replaced"] > 0).all()
    kinds = scores.by_category(tables, config)
    assert kinds["sites"].sum() == len(scored)
    assert kinds["top"].sum() == scores.TOP
    towns = scores.demand_by_municipality(tables, config)
    assert towns["people"].sum() == pytest.approx(tables.das["population"].sum())


def test_no_tract_or_area_is_without_facts(tables):
    for geography, ids in (("da", tables.das["da_id"]), ("tract", tables.tracts["tract_id"])):
        assert facts_of(tables, geography, ids.to_numpy(str)).notna().all().all()
