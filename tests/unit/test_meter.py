"""What each stage costs: seconds, and the memory that it held at its peak."""

from __future__ import annotations

import time

import numpy as np
import pytest

from kwev.pipeline.build import Meter

MB = 1_000_000


def test_stages_are_told_in_order_with_their_own_time():
    with Meter(("short", "long"), shown=False) as meter:
        with meter.stage("short"):
            time.sleep(0.01)
        with meter.stage("long"):
            time.sleep(0.12)
    assert [cost.stage for cost in meter.costs] == ["short", "long"]
    short, long = (cost.seconds for cost in meter.costs)
    assert 0.01 <= short < 0.1
    assert 0.12 <= long < 1


def test_the_peak_is_seen_though_it_is_over_when_the_stage_ends():
    with Meter(("small", "large", "after"), shown=False) as meter:
        with meter.stage("small"):
            pass
        with meter.stage("large"):
            block = np.ones(200 * MB, dtype="uint8")
            time.sleep(0.1)
            del block
        with meter.stage("after"):
            pass
    small, large, after = (cost.peak_mb for cost in meter.costs)
    assert large - small == pytest.approx(200, abs=60)
    assert after < large - 100


def test_a_stage_that_fails_is_not_counted_and_leaves_no_watcher():
    import threading

    before = threading.active_count()
    meter = Meter(("broken",), shown=False)
    with meter, pytest.raises(ValueError, match="no"), meter.stage("broken"):
        raise ValueError("no")
    assert meter.costs == []
    assert threading.active_count() == before
