"""Sharing the Region's growth out to places: exact totals, and what the committed tables hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.pipeline.parameters import Parameters
from kwev.pipeline.vehicles import share_out, yearly


def test_half_of_the_growth_goes_where_growth_was():
    now, before = np.array([600, 400]), np.array([300, 300])
    # stock 0.6 and 0.4, increase 0.75 and 0.25: 0.675 and 0.325 of a thousand
    assert share_out(2000, now, before, 0.5).tolist() == [1275, 725]
    assert share_out(2000, now, before, 0.0).tolist() == [1200, 800]
    assert share_out(2000, now, before, 1.0).tolist() == [1350, 650]


def test_a_total_below_what_stands_is_shared_by_what_stands():
    assert share_out(500, np.array([600, 400]), np.array([0, 400]), 0.5).tolist() == [300, 200]


counts = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=25
).map(np.array)


@given(counts, st.integers(0, 10**11), st.floats(0, 1))
def test_parts_are_exact_and_none_is_negative(pairs, total, share):
    parts = share_out(total, pairs[:, 0], pairs[:, 1], share)
    assert parts.sum() == total
    assert (parts >= 0).all()
    if total >= pairs[:, 0].sum():
        assert (parts >= pairs[:, 0]).all()


def test_growth_per_year_by_hand():
    counts = np.array([[100.0, 0, 0, 0, 200, 0, 0, 0, 400], [0, 0, 0, 0, 0, 0, 0, 0, 5]])
    assert yearly(counts, 4).tolist() == [1.0, 0.0]
    assert yearly(counts, 8).tolist() == [1.0, 0.0]


def test_september_2024_counts_each_code_once(tables):
    """R26: the total is that of the whole codes, N0B with its part outside the Region."""
    rows = tables.ev_quarters[tables.ev_quarters["quarter"] == "2024Q3"]
    assert rows["fsa"].is_unique
    assert len(rows) == 25
    assert rows["ev"].sum() == 9_881
    assert rows["ev_inside"].sum() < 9_000


def test_sixteen_quarters_of_every_code(tables):
    table = tables.ev_quarters
    assert len(table) == 25 * 16
    assert (table["quarter"].min(), table["quarter"].max()) == ("2022Q1", "2025Q4")
    assert (table["bev"] + table["phev"] == table["ev"]).all()
    share = table["fsa"].map(tables.fsas.set_index("fsa")["inside_share"])
    assert (table["ev"] * share - table["ev_inside"]).abs().max() < 2e-6
    latest = table[table["quarter"] == "2025Q4"].set_index("fsa")["ev_inside"]
    assert (latest == tables.fsas.set_index("fsa")["ev_inside"]).all()


@pytest.mark.parametrize("year", [2030, 2035])
def test_forecast_is_conserved_at_every_level(tables, year):
    column = f"ev_{year}"
    row = (tables.ev_forecast["quarter"] == f"{year}Q4") & tables.ev_forecast["chosen"]
    whole = round(float(tables.ev_forecast.loc[row, "mid"].iloc[0]) * 1e6)
    for name in ("fsa_growth", "da_growth", "tract_growth", "cell_growth"):
        micro = (getattr(tables, name)[column] * 1e6).round().astype("int64")
        assert micro.sum() == whole, name
    tract_of = tables.das.set_index("da_id")["area_id"]
    tract_of = tract_of.where(tract_of != "wellesley", tract_of.index)
    das = tables.da_growth.set_index("da_id")[column].groupby(tract_of).sum()
    tracts = tables.tract_growth.set_index("tract_id")[column]
    assert (das - tracts).abs().max() < 1e-6


def test_every_place_grows_within_its_market(tables):
    for name, key in (("das", "da_id"), ("tracts", "tract_id"), ("cells", "cell_id")):
        now = getattr(tables, name).set_index(key)
        later = getattr(tables, f"{key.removesuffix('_id')}_growth").set_index(key)
        assert later.index.equals(now.index)
        assert (later["ev_2030"] >= now["ev"] - 2e-6).all()
        assert (later["ev_2035"] >= later["ev_2030"] - 2e-6).all()
        assert (later["ev_2030"][now["households"] == 0] == 0).all()
    fsas = tables.fsa_growth.set_index("fsa")
    assert (fsas["ev_2035"] > fsas["ev_2030"]).all()
    homes = tables.fsas.set_index("fsa")["population_inside"] / 3
    assert (fsas["ev_2035"] < homes * Parameters().vehicles_per_household).all()


def test_forecast_bounds_and_choice(tables):
    table = tables.ev_forecast
    assert len(table) == 5 * 10
    assert (table["low"] <= table["mid"]).all()
    assert (table["mid"] <= table["high"]).all()
    households = tables.das["households"].sum()
    assert (table["mid"] <= households * 1.5).all()
    assert (table["high"] <= households * 1.8).all()
    rising = (
        table.sort_values("quarter").groupby("form")["mid"].agg(lambda s: s.is_monotonic_increasing)
    )
    assert rising.all()
    errors = tables.ev_backtest.assign(size=tables.ev_backtest["error"].abs())
    mean = errors[errors["basis"] == "recount_removed"].groupby("form")["size"].mean()
    assert table.loc[table["chosen"], "form"].unique().tolist() == [mean.idxmin()]


def test_backtest_is_on_real_quarters(tables):
    real = tables.ev_quarters.groupby("quarter")["ev_inside"].sum()
    rows = tables.ev_backtest[tables.ev_backtest["basis"] == "published"]
    names = list(real.index)
    for row in rows.itertuples():
        at = names[names.index(row.origin) + row.horizon]
        assert row.actual == pytest.approx(real[at], abs=0.051)
        assert row.error == pytest.approx(row.forecast / row.actual - 1, abs=2e-5)
    assert len(rows) == 5 * 26
