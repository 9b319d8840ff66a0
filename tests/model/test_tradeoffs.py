"""The committed frontier, alternatives: none beaten, all measured again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kwev.report import frontier, picks
from kwev.report.scenario import load_report
from kwev.studies import study
from kwev.studies.rows import actions_of, differences, evaluated

GAP_POINTS = 0.6
"""What a gap of half a percent leaves open between two plans of up to 60 points (points)."""


@pytest.fixture(scope="module")
def found():
    report = load_report()
    return SimpleNamespace(
        frontier=frontier.frontier(report), weights=frontier.found_by_weights(report),
        power=frontier.power(report), spacing=frontier.spacing(report),
        slice=frontier.own_slice(report), alternatives=report.alternatives,
    )  # fmt: skip


def beats(a, b, room=0.0):
    """Return whether a plan is at least as good on every axis and better on one."""
    differences = [
        (b.net_cad - a.net_cad) / 1e6,
        100 * (a.l2_model - b.l2_model),
        100 * (a.l3_model - b.l3_model),
    ]
    return min(differences) >= -1e-7 and max(differences) > room + 1e-7


def test_no_plan_of_the_frontier_is_beaten(found):
    rows = list(found.frontier[found.frontier["efficient"]].itertuples())
    assert len(rows) >= 15
    assert not any(beats(a, b) for a in rows for b in rows)
    # what is left out is beaten by, or the same as, one that stays
    for row in found.frontier[found.frontier["attained"]].itertuples():
        same = any(not beats(row, a) and a.name == row.name for a in rows)
        near = any(
            a.net_cad <= row.net_cad + 0.01 and a.l2_model >= row.l2_model - 1e-9
            and a.l3_model >= row.l3_model - 1e-9
            for a in rows
        )  # fmt: skip
        assert same or near


def test_the_frontier_is_certified_and_within_what_was_asked(found):
    for frame in (found.frontier, found.weights, found.power, found.spacing):
        assert (frame["violations"] == 0).all()
        assert (frame["net_cad"] <= frame["budget_cad"] + 0.005).all()
    kept = found.frontier[found.frontier["efficient"]]
    assert (kept["l3_model"] >= kept["l3_asked"] - 1e-9).all()
    assert (kept["gap_checked"] < 0.05).all()
    power = found.power
    assert (power["kw_added"] <= power["kw_allowed"] + 1e-6).all()
    spacing = found.spacing
    assert (spacing["spacing_m"] >= spacing["spacing_asked_m"] - 0.01).all()


def test_less_money_or_more_level_3_never_leaves_more_level_2(found):
    reached = found.frontier[found.frontier["attained"]]
    for a in reached.itertuples():
        for b in reached.itertuples():
            if a.budget_cad <= b.budget_cad and a.l3_asked >= b.l3_asked:
                assert 100 * (a.l2_model - b.l2_model) <= GAP_POINTS + 100 * 0.01 * max(
                    0.0, b.l3_model - a.l3_model
                )


def test_weights_find_no_plan_that_beats_the_frontier_by_more_than_the_gap(found):
    rows = list(found.slice.itertuples())
    for one in found.weights.itertuples():
        assert not any(beats(one, row, GAP_POINTS) for row in rows)
    # and none that weights cannot find is among those that they found
    hidden = found.slice[found.slice["unsupported"]]
    for row in hidden.itertuples():
        assert not any(
            abs(row.l2_model - one.l2_model) + abs(row.l3_model - one.l3_model) < 1e-9
            for one in found.weights.itertuples()
        )


@pytest.mark.parametrize("make", [frontier.by_power, frontier.by_spacing])
def test_a_sample_of_rows_is_what_its_actions_give(project, tables, make):
    own = make(project)
    rows = study.results(project, own)
    assert differences(tables, own[0].case, rows.iloc[0].to_dict()) == []


def test_alternatives_are_near_and_are_what_their_actions_give(project, tables, found):
    case = picks.case_of(project)
    values = study.read_record(project, picks.record(project))["plans"]
    best = values[0]
    assert best["name"] == picks.BEST
    for row in values:
        again = evaluated(tables, case, actions_of(row["actions"]))
        assert again["violations"] == row["violations"] == 0
        for key in ("net_cad", "l2", "l3", "l2_model", "l3_model", "shortfall_points", "objective"):
            assert row[key] == pytest.approx(again[key], abs=1e-6)
        # the objective, in which a shortfall has its price, is within a hundredth
        assert row["objective"] >= best["objective"] / 1.01
        assert row["gap_checked"] >= row["gap"] - 1e-9
    names = list(found.alternatives.done)
    for i, one in enumerate(names[1:], start=1):
        before = [found.alternatives.done[name] for name in names[:i]]
        shared = sum(len(found.alternatives.done[one] & other) for other in before)
        assert values[i]["shared"] == shared >= values[i]["shared_bound"] - 1e-6
