"""The committed frontier, alternatives and regrets: none beaten, all measured again."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from kwev.certify import Evaluation
from kwev.report import frontier, futures, picks
from kwev.report.scenario import load_report
from kwev.studies import study
from kwev.studies.rows import actions_of, differences, evaluated

GAP_POINTS = 0.02
"""What the gap of one part in ten thousand leaves open, with room (points)."""


@pytest.fixture(scope="module")
def found():
    report = load_report()
    return SimpleNamespace(
        frontier=frontier.frontier(report), weights=frontier.found_by_weights(report),
        power=frontier.power(report), spacing=frontier.spacing(report),
        slice=frontier.own_slice(report), alternatives=report.alternatives,
        robustness=report.robustness,
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


@pytest.mark.parametrize("make", [frontier.by_power, frontier.by_spacing, futures.points])
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
        # no target is missed by more, and the objective is within a hundredth
        assert row["shortfall_points"] <= best["shortfall_points"] + 4e-4
        assert row["objective"] >= best["objective"] / 1.01
        assert row["gap_checked"] >= row["gap"] - 1e-9
    names = list(found.alternatives.done)
    for i, one in enumerate(names[1:], start=1):
        before = [found.alternatives.done[name] for name in names[:i]]
        shared = sum(len(found.alternatives.done[one] & other) for other in before)
        assert values[i]["shared"] == shared >= values[i]["shared_bound"] - 1e-6


def test_regrets_are_what_the_certificates_own_code_gives(project, tables, found):
    robust = found.robustness
    own = futures.points(project)
    solved = study.results(project, own)
    values = study.read_record(project, futures.record(project))
    best = [row["best_points"] for row in values["futures"]]
    plans = {row["name"]: row for row in values["plans"]}
    for name in ("robust", "base"):
        actions = actions_of(plans[name]["actions"])
        for index in (0, 5):  # of twelve futures
            again = evaluated(tables, own[index].case, actions)
            regret = again["shortfall_points"] - best[index]
            assert plans[name]["regret_points"][index] == pytest.approx(regret, abs=1e-6)
    assert robust.violations == 0
    assert int(robust.plan("robust")["now_violations"]) == 0
    # what is least is no less than is proven, and a plan of the future, or one nearby, attains it
    assert (solved["shortfall_checked_points"] <= np.array(best) + 1e-6).all()
    assert (solved["shortfall_points"] >= np.array(best) - 1e-9).all()
    others = robust.regret_points[1:]
    assert robust.plans["name"].iloc[0] == "robust"
    assert others.min(axis=0) == pytest.approx(np.zeros(len(own)), abs=0.25)
    allowed = robust.plans[(robust.plans["left_out"] == 0) & (robust.plans["over_cad"] <= 0.005)]
    assert robust.bound_points <= robust.plan("robust")["worst_points"] + 1e-6
    assert (allowed["worst_points"] >= robust.bound_points - 1e-3).all()


def test_need_of_the_middle_future_is_the_need_of_2030(project, tables):
    case = futures.points(project)[0].case
    need = sum(Evaluation(tables, case.config, "da").need_kwh.values())
    assert need == pytest.approx(21_828.3 * 3_000 * 0.2, rel=1e-4)
