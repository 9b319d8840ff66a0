"""Forms of growth, their back-test and intervals: by hand, against statsmodels, and as bounds."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.tsa.holtwinters import Holt

from kwev.data.columns import FORMS
from kwev.pipeline import forecast
from kwev.pipeline.forecast import (
    LAST,
    Market,
    Member,
    interval,
    market_of,
    mixture,
    outlook,
    spread,
    without_jump,
)
from kwev.pipeline.parameters import Parameters

MARKET = 1_000.0


def quarters(totals, start=2022):
    names = [f"{start + i // 4}Q{1 + i % 4}" for i in range(len(totals))]
    return pd.DataFrame({"quarter": names, "ev_inside": np.array(totals, float)})


def test_linear_and_drift_go_on_as_before():
    assert forecast.linear(np.array([10.0, 15, 30]), 3, MARKET).tolist() == [40, 50, 60]
    assert forecast.drift(np.array([10.0, 15, 40]), 3, MARKET) == pytest.approx([80, 160, 320])
    assert forecast.drift(np.array([10.0, 15, 40]), 9, MARKET)[-1] == MARKET
    assert forecast.linear(np.array([30.0, 20, 10]), 3, MARKET).tolist() == [0, 0, 0]


def test_logistic_and_bass_find_the_curve_they_were_made_from():
    t = np.arange(20)
    curve = MARKET / (1 + np.exp(4 - 0.3 * t))
    assert forecast.logistic(curve[:8], 12, MARKET) == pytest.approx(curve[8:], rel=1e-9)
    n = [20.0]
    for _ in range(19):
        n.append(n[-1] + (0.01 + 0.2 * n[-1] / MARKET) * (MARKET - n[-1]))
    assert forecast.bass(np.array(n[:8]), 12, MARKET) == pytest.approx(n[8:], rel=1e-9)


def test_damped_trend_is_the_best_fit_of_statsmodels_on_the_grid():
    rng = np.random.default_rng(3)
    history = np.exp(np.cumsum(rng.normal(0.06, 0.02, 14)) + 5)
    logs = np.log(history)
    best = None
    for alpha, beta, phi in itertools.product(*forecast._GRID):
        model = Holt(
            logs[1:],
            damped_trend=True,
            initialization_method="known",
            initial_level=logs[0],
            initial_trend=logs[1] - logs[0],
        )
        fit = model.fit(
            smoothing_level=alpha, smoothing_trend=beta, damping_trend=phi, optimized=False
        )
        if best is None or fit.sse < best.sse - 1e-12:
            best = fit
    expected = np.exp(best.forecast(6))
    assert forecast.damped_trend(history, 6, 1e9) == pytest.approx(expected, rel=1e-9)


def test_damped_trend_of_a_straight_line_fades():
    history = np.exp(np.linspace(3, 4, 11))
    later = np.diff(np.log(np.append(history, forecast.damped_trend(history, 8, 1e9))))[10:]
    assert later[0] == pytest.approx(0.098, abs=1e-9)  # 0.1 a quarter, the slowest damping
    assert later[1:] / later[:-1] == pytest.approx(0.98)


histories = st.lists(st.floats(1, 900), min_size=4, max_size=16).map(np.array)


@pytest.mark.parametrize("form", FORMS)
@given(history=histories, ahead=st.integers(1, 45))
def test_no_form_leaves_the_market(form, history, ahead):
    later = forecast.BY_NAME[form](history, ahead, MARKET)
    assert later.shape == (ahead,)
    assert np.isfinite(later).all()
    assert (later >= 0).all()
    assert (later <= MARKET * (1 + 1e-9)).all()


@pytest.mark.parametrize("form", FORMS)
@given(steps=st.lists(st.floats(0.001, 0.15), min_size=4, max_size=15))
def test_a_history_that_grows_goes_on_growing(form, steps):
    history = 50 * np.exp(np.cumsum(steps))
    later = forecast.BY_NAME[form](history, 20, MARKET)
    assert (np.diff(later) >= -1e-9).all()


def test_interval_by_hand():
    z = norm.ppf(0.9)
    low, high = interval(100.0, 0.05, 4, 1e9)
    assert (low, high) == pytest.approx((100 * np.exp(-0.2 * z), 100 * np.exp(0.2 * z)))
    assert interval(100.0, 0.05, 4, 110.0)[1] == 110
    assert spread([0.03, -0.04]) == pytest.approx(0.025 * np.sqrt(2))


def test_mixture_of_one_is_its_interval_and_of_two_has_the_right_tails():
    alone = mixture([Member(np.full(4, 100.0), 0.05, 2.0)], 4, 100.0, 1e9)
    assert alone == pytest.approx(interval(100.0, 0.05, 4, 1e9), rel=1e-9)
    both = [Member(np.array([100.0]), 0.1, 3.0), Member(np.array([200.0]), 0.2, 1.0)]
    low, high = mixture(both, 1, 120.0, 1e9)
    for end, share in ((low, 0.1), (high, 0.9)):
        below = 0.75 * norm.cdf(np.log(end / 100) / 0.1) + 0.25 * norm.cdf(np.log(end / 200) / 0.2)
        assert below == pytest.approx(share, abs=1e-9)


@given(
    mid=st.floats(1, 900),
    courses=st.lists(st.tuples(st.floats(1, 900), st.floats(0.001, 0.1), st.floats(0.1, 9))
                     , min_size=1, max_size=5),
    horizon=st.integers(1, 40),
)  # fmt: skip
def test_ends_enclose_the_middle_within_the_market(mid, courses, horizon):
    members = [Member(np.full(40, course), pace, weight) for course, pace, weight in courses]
    low, high = mixture(members, horizon, mid, MARKET)
    assert 0 < low <= mid <= high <= MARKET


def test_the_jump_is_taken_out_and_nothing_else():
    smooth = 100 * 1.1 ** np.arange(10)
    jumped = np.where(np.arange(10) < 5, smooth / 1.25, smooth)
    assert without_jump(jumped, 5) == pytest.approx(smooth, rel=1e-12)
    assert without_jump(smooth, 5) == pytest.approx(smooth, rel=1e-12)
    assert without_jump(jumped, 1).tolist() == jumped.tolist()
    assert without_jump(jumped, -1).tolist() == jumped.tolist()


def test_market_is_households_times_vehicles():
    market = market_of(1000, Parameters())
    assert market.sizes == pytest.approx((600, 1500, 1800))


def test_backtest_of_a_straight_line_has_no_error_and_chooses_it():
    made = outlook(quarters(100 + 10 * np.arange(16)), Market(500, 1000, 1200), "none")
    table = made.backtest
    assert made.chosen == "linear"
    line = table[table["form"] == "linear"]
    assert (line["error"] == 0).all()
    # origins after 8 to 15 quarters, up to 4 ahead: 4 * 5 + 3 + 2 + 1
    assert (line["basis"].value_counts() == 26).all()
    assert line["origin"].min() == "2023Q4"
    assert line["origin"].max() == "2025Q3"
    assert made.middle(2026) == 290
    assert made.forecast["quarter"].max() == f"{LAST}Q4"
    assert (made.forecast["quarter"].str[-2:] == "Q4").all()


def test_backtest_uses_no_quarter_after_its_origin():
    totals = 100 * 1.05 ** np.arange(16)
    bent = totals.copy()
    bent[12:] *= 3
    market = Market(5000, 9000, 9000)
    first, second = (outlook(quarters(t), market, "none").backtest for t in (totals, bent))
    early = first["origin"] < "2025Q1"
    pd.testing.assert_series_equal(first.loc[early, "forecast"], second.loc[early, "forecast"])
