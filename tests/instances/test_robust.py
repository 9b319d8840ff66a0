"""The plan of least worst regret, solved by hand."""

from __future__ import annotations

import pytest
from toy import base_config, toy

from kwev.config import Case
from kwev.errors import KwevError
from kwev.model.inputs import build_inputs
from kwev.solve.minimax_regret import Future, least_worst_regret, standing
from kwev.solve.stages import solve_scenario

ENERGY = {
    "demand__enforce": True,
    "targets__l3": 0.0,
    "weights__l3": 0.0,
    "targets__l2": 1.0,
    "ports__max_new_l2": 4,
}
PORT_KWH = 19.2 * 8_760 * 0.1
"""Energy of a port in a year: 16,819.2 kWh."""


def future(tables, name, **changes):
    given = Case("toy", base_config(**{**ENERGY, **changes}), "da")
    return Future(name, given, solve_scenario(tables, given).plan.shortfall.total_points)


def crowds():
    """Two crowds 5 km apart, a library at each; vehicles at the first alone."""
    return toy(
        [(0, 0, 60, 40), (5_000, 0, 40, 0)], sites=[(0, 0, "library"), (5_000, 0, "library")]
    )


def test_the_plan_in_the_middle_is_chosen():
    """Money for seven ports' worth of choice between energy and people.

    A station with a port costs 25,000, a further port 5,000; the budget is 50,000.
    Plan A: both stations, one port each (50,000): all people, two ports' energy.
    Plan B: the first station with four ports (40,000), 60 of 100 people. It cannot have more ports.
    Need in the low future: 40 vehicles x 3,000 x 0.2 = 24,000 kWh, 1.43 ports: A misses nothing;
    B misses the 40 people: 40 points.
    Need in the high future: 120,000 kWh (public share 1): A's two ports give 33,638, 71.97 points
    unserved; B's four give 67,277, so 43.94 unserved and 40 points of people: 83.94. A is best.
    """
    tables = crowds()
    low = future(tables, "low", budget__limit_cad=50_000)
    high = future(tables, "high", budget__limit_cad=50_000, demand__public_share=1.0)
    assert low.best_points == pytest.approx(0, abs=1e-6)
    assert high.best_points == pytest.approx(100 - 100 * 2 * PORT_KWH / 120_000)
    found = least_worst_regret(tables, [low, high])
    assert found.actions == {"new_l2_q000": 1, "new_l2_q001": 1}
    assert found.worst_points == pytest.approx(0, abs=1e-4)


def three_crowds():
    """50 people with 40 vehicles, 14 people and 9 people, a library at each, 5 km apart."""
    return toy(
        [(0, 0, 77, 40), (5_000, 0, 14, 0), (10_000, 0, 9, 0)],
        sites=[(x, 0, "library") for x in (0, 5_000, 10_000)],
    )


def test_regret_is_split_between_two_futures():
    """Ports at the first library or a second library: the third plan is best in neither future.

    Budget 50,000: a library and a port 25,000; further ports 5,000.
    Plan A: first library with 1 port, second with 1 (50,000): misses 9 points of people.
    Plan B: first library with 4 ports (40,000): misses 23 points of people.
    Plans with both libraries have no money for more ports; so B' = first library, 2 or 3 ports.
    Low: need 24,000 kWh, A's two ports give 33,638: shortfall 9; B 23. Best 9.
    High (share 0.8, 96,000 kWh): a port is 17.52 points. A: 9 + 100 - 35.04 = 73.96;
    B: 23 + 100 - 70.08 = 52.92. Best 52.92.
    Regrets (low, high): A (0, 21.04); B (14, 0); with three ports (14, 17.52).
    The least worst regret is B's 14.
    """
    tables = three_crowds()
    money = {"budget__limit_cad": 50_000}
    low = future(tables, "low", **money)
    high = future(tables, "high", demand__public_share=0.8, **money)
    assert low.best_points == pytest.approx(9)
    assert high.best_points == pytest.approx(123 - 100 * 4 * PORT_KWH / 96_000)
    found = least_worst_regret(tables, [low, high])
    assert found.actions == {"new_l2_q000": 4}
    assert found.worst_points == pytest.approx(14, abs=1e-3)
    assert found.bound_points == pytest.approx(14, abs=1e-2)
    # and what each plan regrets is what was worked out above
    inputs = build_inputs(tables, high.case.config, "da")
    seen = standing(inputs, high.case.config, {"new_l2_q000": 1, "new_l2_q001": 1})
    assert seen.shortfall_points - high.best_points == pytest.approx(21.04, abs=0.01)
    assert seen.unserved_kwh == pytest.approx(96_000 - 2 * PORT_KWH)
    assert (seen.people["l2"], seen.net_cad, seen.left_out) == (9, 50_000, ())


def test_only_what_every_future_allows_is_built():
    # a station that has no Level 3 port at the low count can be converted there, and there alone
    station = {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 1, "l3_ports_low": 0}
    tables = toy([(0, 0, 100, 1)], stations=[station])
    wish = {"targets__l2": 0.0, "targets__l3": 1.0, "weights__l3": 1.0, "weights__l2": 0.0}
    base = future(tables, "base", **wish)
    low = future(tables, "low", siting__port_counts="low", **wish)
    assert (base.best_points, low.best_points) == (0, 0)
    found = least_worst_regret(tables, [base, low])
    assert found.actions == {}
    assert found.worst_points == pytest.approx(100)
    inputs = build_inputs(tables, base.case.config, "da")
    assert standing(inputs, base.case.config, {"upgrade_s000": 2}).left_out == ("upgrade_s000",)


def test_no_future_is_refused():
    with pytest.raises(KwevError, match="at least one future"):
        least_worst_regret(crowds(), [])
