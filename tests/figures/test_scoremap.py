"""Maps of the scores and of Level 3 gaps: what they draw is what the tables say."""

from __future__ import annotations

import pytest

from kwev.model.siting import candidates
from kwev.report import neighbourhoods, scores
from kwev.report.neighbourhoods import by_road, clusters, graded_clusters
from kwev.report.scores import TOP, scored_sites


@pytest.fixture(scope="module")
def config(base_case):
    return base_case.config


def test_the_site_map_draws_every_site_with_its_score(tables, config):
    figure = scores.site_map(tables, config)
    drawn = figure.data
    assert len(drawn) == len(candidates(tables, config)) < len(tables.sites)
    table = scored_sites(tables, config)
    best = table.iloc[0]
    assert best["name"] in figure.alt
    assert f"({best['score']:.2f})" in figure.alt
    # the best lies on top: drawn last
    assert drawn["rank"].tolist() == list(range(len(drawn), 0, -1))
    counts = table[table["rank"] <= TOP]["municipality"].value_counts()
    assert f"{counts.index[0]} {counts.iloc[0]}" in figure.alt
    assert "Grid proxy" in figure.interactive()


def test_the_demand_map_draws_every_area(tables, config):
    figure = scores.demand_map(tables, config)
    areas = figure.data[figure.data["layer"] == "Demand score"]
    assert len(areas) == len(tables.das)
    assert areas["score"].astype(float).between(0, 1).all()


def test_more_people_are_far_from_level_3_along_the_roads(tables, config):
    straight, roads = graded_clusters(tables, config), by_road(tables, config)
    for name in ("beyond_gap", "beyond_radius"):
        assert (roads[name] >= straight[name] - 1e-9).all()
        assert roads[name].sum() > straight[name].sum()
    assert (roads["beyond_gap"] <= roads["people"] + 1e-6).all()


def test_the_gap_map_draws_every_dense_neighbourhood_in_its_class(tables, config):
    figure = neighbourhoods.gap_map(tables, config)
    table = graded_clusters(tables, config)
    drawn = figure.data[figure.data["layer"] == "Dense neighbourhoods"]
    assert len(drawn) == len(table) == len(clusters(tables, config))
    counts = drawn["class"].value_counts()
    beyond = (table["beyond_radius"] > 0).sum()
    some = (table["beyond_gap"] > 0).sum() - beyond
    assert counts["some beyond 5 km"] == beyond > 0
    assert counts["some beyond 2 km"] == some > 0
    assert counts["all within 2 km"] == (table["beyond_gap"] == 0).sum()
    stations = figure.data[figure.data["layer"] == "Level 3 stations"]
    assert (stations["l3_ports"].astype(int) > 0).all()
    assert len(stations) > 0
