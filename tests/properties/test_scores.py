"""Scores stay in [0, 1], rise with each part, and do not depend on the order of the rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS
from toy import Toy, base_config

from kwev.certify.weights import demand_scores as recomputed_scores
from kwev.model.scores import (
    FACTOR_FACTS,
    POINT_FACTS,
    SITE_FACTS,
    demand_scores,
    normalised,
    site_scores,
)

CONFIG = base_config()
UNIT = ("transit", "land_use", "ownership", "old_dwelling_share", "multi_unit_share")
FALLING = ("old_dwelling_share", "access_m")
SITE_COLUMNS = tuple(f for f in dict.fromkeys([*SITE_FACTS.values(), *FACTOR_FACTS])
                     if f != "limit_kw")  # fmt: skip


def column(name, size):
    # few distinct values: ties and constant columns are common
    top = 1.0 if name in UNIT else 2_000.0
    value = st.integers(0, 8).map(lambda k: k * top / 8)
    if name == "aadt":
        value = st.one_of(value, st.just(float("nan")))
    return st.lists(value, min_size=size, max_size=size)


@st.composite
def frames(draw, columns, most=30):
    size = draw(st.integers(1, most))
    return pd.DataFrame({name: draw(column(name, size)) for name in columns}, dtype=float)


def sites(frame):
    ids = [f"q{i:02d}" for i in range(len(frame))]
    place = {"land": "own", "category": "library", "easting_m": 0.0, "northing_m": 0.0}
    return SimpleNamespace(
        site_facts=frame.assign(site_id=ids, road_class="arterial"),
        sites=frame[["grid_kw"]].assign(site_id=ids, **place),
    )


def scores_of(frame):
    return site_scores(sites(frame), CONFIG).set_index("site_id").sort_index()


@SETTINGS
@given(frames(SITE_COLUMNS))
def test_site_scores_lie_between_zero_and_one_and_ranks_are_whole(frame):
    table = scores_of(frame)
    values = table.drop(columns="rank")
    assert ((values >= 0) & (values <= 1)).all().all()
    assert (table["score"] <= table["base"] + 1e-12).all()
    assert sorted(table["rank"]) == list(range(1, len(frame) + 1))
    best_first = table.sort_values("rank")["score"].round(9)
    assert best_first.is_monotonic_decreasing


@SETTINGS
@given(frames(POINT_FACTS))
def test_demand_scores_lie_between_zero_and_one(frame):
    score = demand_scores(frame, CONFIG.scores.demand)
    assert ((score >= 0) & (score <= 1)).all()


@pytest.mark.parametrize("fact", SITE_COLUMNS)
@SETTINGS
@given(frame=frames(SITE_COLUMNS), data=st.data())
def test_a_better_fact_never_lowers_a_sites_score(fact, frame, data):
    row = data.draw(st.integers(0, len(frame) - 1))
    better = frame.copy()
    step = data.draw(st.integers(1, 8)) * (0.125 if fact in UNIT else 250.0)
    sign = -1 if fact in FALLING else 1
    old = frame.loc[row, fact]
    new = (0.0 if np.isnan(old) else old) + sign * step
    better.loc[row, fact] = min(max(new, 0.0), 1.0 if fact in UNIT else np.inf)
    before, after = scores_of(frame)["score"].iloc[row], scores_of(better)["score"].iloc[row]
    assert after >= before - 1e-12


@pytest.mark.parametrize("fact", POINT_FACTS)
@SETTINGS
@given(frame=frames(POINT_FACTS), data=st.data())
def test_a_fact_moves_a_demand_score_one_way_only(fact, frame, data):
    row = data.draw(st.integers(0, len(frame) - 1))
    more = frame.copy()
    step = data.draw(st.integers(1, 8)) * (0.125 if fact in UNIT else 250.0)
    more.loc[row, fact] = min(frame.loc[row, fact] + step, 1.0 if fact in UNIT else np.inf)
    weights = CONFIG.scores.demand
    change = demand_scores(more, weights)[row] - demand_scores(frame, weights)[row]
    assert change <= 1e-12 if fact in FALLING else change >= -1e-12


@SETTINGS
@given(frame=frames(SITE_COLUMNS), seed=st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(frame, seed):
    tables = sites(frame)
    table = site_scores(tables, CONFIG)
    mixed = SimpleNamespace(
        site_facts=tables.site_facts.sample(frac=1, random_state=seed), sites=tables.sites
    )
    pd.testing.assert_frame_equal(table, site_scores(mixed, CONFIG))


@SETTINGS
@given(frame=frames(POINT_FACTS), off=st.sampled_from([None, "density", "transit", "housing"]))
def test_the_certificate_finds_the_same_scores(frame, off):
    config = base_config(**({f"scores__demand__{off}": 0.0} if off else {}))
    ids = tuple(f"p{i:02d}" for i in range(len(frame)))
    tables = Toy(point_facts=frame.assign(geography="da", id=ids))
    again = recomputed_scores(tables, config, "da", ids).as_floats()
    assert again == pytest.approx(demand_scores(frame, config.scores.demand), abs=1e-12)


@SETTINGS
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.floats(0.5, 20))
def test_a_scale_does_not_depend_on_the_unit(values, factor):
    raw = np.array(values)
    if np.ptp(raw) > 1:  # a spread far below the values is arithmetic noise
        assert normalised(factor * raw) == pytest.approx(normalised(raw), abs=1e-6)
