"""The grid proxy: worked out by hand, between its limits, and moving the way it is said to."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.data.schemas import PROCESSED, about_of, check
from kwev.pipeline.grid import area_factors, area_grid, site_grid, station_grid
from kwev.pipeline.parameters import GridRule
from kwev.vocabulary import PLACE_CATEGORIES

RULE = GridRule(
    base_kw={"existing_station": 500.0, "library": 300.0, "shopping_mall": 2_000.0},
    age_new=1.2, age_old=0.8, type_houses=0.9, type_apartments=1.1,
    density_low=0.5, density_high=1.5, rural_per_km2=100.0, dense_per_km2=10_000.0,
    site_low_kw=200.0, site_high_kw=2_500.0,
    spare_kw_per_household=2.0, area_low_kw=300.0, area_high_kw=5_000.0,
)  # fmt: skip


def areas(**changes):
    """Two areas of two dissemination areas each, and one where nobody lives."""
    das = pd.DataFrame(
        {
            "da_id": ["a", "b", "c", "d", "e"],
            "area_id": ["one", "one", "two", "two", "three"],
            "population": [600, 400, 50, 150, 0],
            "households": [300, 100, 100, 0, 0],
            "land_area_km2": [0.4, 0.6, 3.0, 1.0, 2.0],
        }
    )
    profiles = pd.DataFrame(
        {
            "da_id": das["da_id"],
            "multi_unit_households": [150, 50, 0, 0, 0],
            "old_dwelling_share": [0.5, 0.9, 0.0, 1.0, 0.25],
        }
    )
    return area_grid(das.assign(**changes), profiles, RULE).set_index("area_id")


def test_factors_and_proxy_of_an_area_by_hand():
    one = areas().loc["one"]
    # 1,000 people/km2 are half way from 100 to 10,000 on the scale of logarithms
    assert one["density_per_km2"] == 1_000
    assert one["density_factor"] == pytest.approx(1.0)
    assert one["old_dwelling_share"] == pytest.approx(0.6)  # (300 x 0.5 + 100 x 0.9) / 400
    assert one["age_factor"] == pytest.approx(1.2 - 0.4 * 0.6)
    assert one["multi_unit_share"] == 0.5
    assert one["type_factor"] == pytest.approx(1.0)
    assert one["factor"] == pytest.approx(0.96)
    assert one["proxy_kw"] == 768  # 400 x 2 kW x 0.96


def test_limits_of_an_area():
    table = areas()
    two = table.loc["two"]
    assert two["density_factor"] == 0.5  # 50 people/km2 count as 100
    assert two["factor"] == pytest.approx(1.2 * 0.9 * 0.5)  # homes of its first area only
    assert two["proxy_kw"] == 300  # 100 x 2 kW x 0.54 is below the least
    many = areas(households=[30_000, 100, 100, 0, 0]).loc["one"]
    assert many["proxy_kw"] == 5_000
    nobody = table.loc["three"]
    assert nobody["proxy_kw"] == 300
    assert nobody["multi_unit_share"] == 0


def places(*rows):
    return pd.DataFrame(rows, columns=["site_id", "category", "area_id", "station_id"])


def test_a_site_has_the_base_of_its_category_times_the_factor_of_its_area():
    sites = site_grid(
        places(
            ("p", "library", "one", ""),
            ("q", "library", "two", ""),
            ("r", "shopping_mall", "one", ""),
        ),
        areas().reset_index(),
        RULE,
    )
    # 300 x 0.96; 300 x 0.54 = 162, raised to the least; 2,000 x 0.96
    assert sites["grid_kw"].tolist() == [288, 200, 1_920]
    far = areas().reset_index().assign(factor=9.0)
    assert site_grid(sites, far, RULE)["grid_kw"].tolist() == [2_500] * 3


def test_a_station_has_the_largest_proxy_of_the_candidates_on_it():
    around = areas().reset_index()
    sites = site_grid(
        places(
            ("p", "library", "one", "s1"),
            ("q", "shopping_mall", "one", "s1"),
            ("r", "library", "one", "s2"),
            ("t", "shopping_mall", "one", ""),
        ),
        around,
        RULE,
    )
    stations = pd.DataFrame(
        {"station_id": ["s0", "s1", "s2", "s9"], "area_id": ["one", "one", "one", ""]}
    )
    found = station_grid(stations, sites, around, RULE)["grid_kw"]
    assert found.tolist()[:3] == [480, 1_920, 288]  # 500 x 0.96, the mall, the library alone
    assert np.isnan(found.iloc[3])  # outside the Region there is no area


shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
densities = st.tuples(st.floats(0, 30_000), st.floats(0, 30_000)).map(sorted)


@given(shares, shares, densities)
def test_newer_homes_more_apartments_and_more_people_never_lower_the_proxy(old, flats, density):
    rule = GridRule()
    table = pd.DataFrame(
        {
            "old_dwelling_share": old[::-1],
            "multi_unit_share": flats,
            "density_per_km2": density,
        }
    )
    worse, better = area_factors(table, rule).to_numpy()
    assert (better >= worse - 1e-12).all()
    ends = [
        (rule.age_old, rule.age_new),
        (rule.type_houses, rule.type_apartments),
        (rule.density_low, rule.density_high),
    ]
    for factor, (low, high) in zip(better, ends, strict=True):
        assert low - 1e-12 <= factor <= high + 1e-12


def test_every_kind_of_place_has_a_base_and_every_choice_says_its_range_or_source():
    rule = GridRule()
    assert set(rule.base_kw) == set(PLACE_CATEGORIES)
    assert all(rule.site_low_kw <= kw <= rule.site_high_kw for kw in rule.base_kw.values())
    assert rule.area_low_kw < rule.area_high_kw
    for field in fields(GridRule):
        # the words stand below the field, as in every table of choices
        words = inspect.getsource(GridRule).split(f"    {field.name}: ")[1].split('"""')[1]
        assert "Assumption" in words or "Statistics Canada" in words, field.name


# -- what is committed ---------------------------------------------------------------------------


def test_committed_proxies_follow_from_the_pieces(tables):
    rule, grid = GridRule(), tables.area_grid.set_index("area_id")
    check(tables.area_grid, PROCESSED["area_grid"], where="area_grid", hint="")
    assert len(grid) == 120
    product = grid["age_factor"] * grid["type_factor"] * grid["density_factor"]
    assert (product - grid["factor"]).abs().max() < 1e-6
    spare = grid["households"] * rule.spare_kw_per_household * grid["factor"]
    expected = spare.clip(rule.area_low_kw, rule.area_high_kw)
    assert (expected - grid["proxy_kw"]).abs().max() <= 0.5
    assert grid["households"].sum() == tables.das["households"].sum()
    sites = tables.sites
    raw_kw = sites["category"].map(rule.base_kw) * sites["area_id"].map(grid["factor"])
    kw = raw_kw.clip(rule.site_low_kw, rule.site_high_kw)
    assert (kw - sites["grid_kw"]).abs().max() <= 0.5


def test_committed_stations_take_the_candidates_on_them(tables):
    stations = tables.stations.set_index("station_id")
    on_it = tables.sites[tables.sites["station_id"] != ""].groupby("station_id")["grid_kw"].max()
    assert len(on_it) > 10
    assert (stations.loc[on_it.index, "grid_kw"] == on_it).all()
    assert stations.loc[~stations["in_region"], "grid_kw"].isna().all()
    assert stations.loc[stations["in_region"], "grid_kw"].notna().all()


def test_some_places_can_host_l3_and_some_cannot(tables, base_case):
    pair = base_case.config.ports.min_l3 * base_case.config.power.l3_kw
    free = tables.sites[tables.sites["station_id"] == ""]
    assert 0.3 < (free["grid_kw"] >= pair).mean() < 0.7
    by_category = free.groupby("category")["grid_kw"]
    assert (by_category.max() >= pair).sum() >= 8
    assert by_category.max()["library"] < pair


@pytest.mark.parametrize(
    ("table", "column"),
    [("sites", "grid_kw"), ("stations", "grid_kw"), ("area_grid", "proxy_kw")],
)
def test_every_column_of_capacity_is_called_a_proxy(table, column):
    assert "proxy" in about_of(PROCESSED[table].columns[column]).lower()
