"""Checked bounds against every plan there is: no multipliers give one that a plan passes."""

from __future__ import annotations

import itertools
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from regions import seeded_region
from toy import base_config

from kwev.certify import KINDS, ActionKey, Evaluation, certify
from kwev.certify.actions import TARGETS
from kwev.certify.dual_bound import PART, upper_bound
from kwev.certify.exact_model import HOLD, POINT, ExactModel
from kwev.config import Case
from kwev.plan.format import Branch
from kwev.solve.dual_multipliers import Relaxation
from kwev.solve.highs import own_threads
from kwev.solve.stages import solve_scenario

SEEDS = range(40)
MOST_PORTS = 2
NEAR = 1e-9


def scenario(seed):
    rng = np.random.default_rng(7_000 + seed)
    return base_config(
        budget__limit_cad=int(rng.choice([0, 60_000, 190_000, 260_000, 450_000])),
        targets__l2=float(rng.choice([0.0, 0.6, 0.95])),
        targets__l3=float(rng.choice([0.0, 0.85])),
        targets__ev_owners__enforce=bool(rng.random() < 0.5),
        coverage__l2_radius_m=float(rng.choice([250, 500, 750])),
        coverage__l3_radius_m=float(rng.choice([500, 1_000])),
        coverage__l3_counts_for_l2=bool(rng.random() < 0.25),
        weights__score=float(rng.choice([0.0, 0.1])),
        weights__cost_points_per_million_cad=float(rng.choice([0.0, 0.1, 30.0])),
        ports__retained_l2=int(rng.choice([0, 0, 1])),
        ports__max_new_l2=MOST_PORTS,
        ports__max_new_l3=MOST_PORTS,
        demand__enforce=bool(rng.random() < 0.6),
        demand__utilisation=float(rng.choice([0.0002, 0.002])),
        siting__grid_factor=float(rng.choice([0.5, 1, 1, 2.5])),
        ports__add_l2=bool(rng.random() < 0.6),
        ports__add_l3=bool(rng.random() < 0.6),
        siting__removal__stations=str(rng.choice(["none", "l2", "all", "all"])),
        siting__removal__alternative_m=[None, 500.0, 1_500.0][int(rng.integers(3))],
        operating__years=int(rng.choice([0, 10, 50])),
        weights__operating_points_per_million_cad=float(rng.choice([0.1, 100.0])),
        weights__idle_points_per_point=float(rng.choice([0, 0, 0.01])),
        objective__mode=str(rng.choice(["lexicographic"] * 3 + ["weighted"])),
        objective__shortfall_points_per_point=float(rng.choice([0.3, 2.0])),
    )


@cache
def enumerated(seed):
    """Return the region, and what each of its plans comes to: judged by the certificate's rules."""
    tables, config = seeded_region(seed), scenario(seed)
    evaluation = Evaluation(tables, config, "da")
    ids = [*tables.sites["site_id"], *tables.stations["station_id"]]
    plans = []
    for picked in itertools.product(*(options(evaluation, place_id) for place_id in ids)):
        ports = dict(itertools.chain(*picked))
        net = sum(evaluation.expected(place, n)["net_cad"] for place, n in ports.items())
        allowed = not any(evaluation.problem(place, n, ports) for place, n in ports.items())
        if allowed and net <= config.budget.limit_cad:
            plans.append(judged(evaluation, config, ports))
    return tables, config, plans


def options(evaluation, place_id):
    """Return the sets of actions that one place may take, room and alternatives apart."""
    single = [
        (ActionKey(kind, place_id), ports)
        for kind in KINDS
        for ports in range(MOST_PORTS + 1)
        if evaluation.known(ActionKey(kind, place_id))
        and could_be(evaluation, ActionKey(kind, place_id), ports)
    ]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(single, 2)
        if not evaluation.clash(one[0], other[0])
    ]
    return [(), *((one,) for one in single), *pairs]


def could_be(evaluation, place, ports):
    """Return whether an action may be part of a plan; what another makes room for is let pass."""
    problem = evaluation.problem(place, ports)
    return not problem or "exceed" in problem or "no other" in problem


def judged(evaluation, config, ports):
    cover = evaluation.cover("model", ports)
    share = {target: cover.share(target) for target in TARGETS}
    wanted = {"l2": config.targets.l2, "l3": config.targets.l3}
    if config.targets.ev_owners.enforce:
        wanted["ev_owners"] = config.targets.ev_owners.share
    short = {target: max(0.0, most - share[target]) for target, most in wanted.items()}
    if config.demand.enforce:
        short["demand"] = evaluation.unserved_share(ports)
    return SimpleNamespace(
        ports=ports, share=share, short=short, objective=evaluation.objective_points(ports)
    )


def actions_of(plan):
    return {ActionKey(place.kind, place.place_id): ports for place, ports in plan.ports.items()}


def optimum(name, plans, held):
    """Return the best value that a plan has (points)."""
    if name == "shortfall":
        return -100 * min(sum(plan.short.values()) for plan in plans)
    if name == "plan" and held is None:
        return max(plan.objective for plan in plans)
    if name == "plan":
        most = {target: float(share + HOLD) for target, share in held.items()}
        return max(
            plan.objective
            for plan in plans
            if all(plan.short.get(target, 0.0) <= m - NEAR for target, m in most.items())
        )
    target = name.removeprefix("attainable_")
    return 100 * max(plan.share[target] for plan in plans)


def weighted(config):
    return config.objective.mode == "weighted"


def problems(model, plans, index):
    """Return every problem of a region, held at one of its plans, with its true answer."""
    held = model.missing(actions_of(plans[index % len(plans)]))
    for name in ("shortfall", "plan", *(f"attainable_{target}" for target in TARGETS)):
        best = optimum(name, plans, None if weighted(model.config) else held)
        yield model.problem(name, held), best


def branches_of(model, problem, best):
    with own_threads():
        return Relaxation(model).branches(problem, best)


@pytest.mark.parametrize("seed", SEEDS)
def test_duals_give_a_bound_that_no_plan_passes_and_some_come_near(seed):
    tables, config, plans = enumerated(seed)
    model = ExactModel(tables, config, "da")
    for problem, best in problems(model, plans, seed):
        branches = branches_of(model, problem, best)
        bound = upper_bound(model, problem, branches) / POINT
        assert bound >= best - NEAR
        # a linear relaxation of one or two places: never off by more than all of the coverage
        assert bound <= best + 100 * (config.weights.l2 + config.weights.l3) + _saving(config)


def test_on_small_regions_most_bounds_are_the_optimum():
    exact = []
    for seed in SEEDS:
        tables, config, plans = enumerated(seed)
        model = ExactModel(tables, config, "da")
        for problem, best in problems(model, plans, seed):
            branches = branches_of(model, problem, best)
            exact.append(upper_bound(model, problem, branches) / POINT <= best + 0.01)
    assert np.mean(exact) >= 0.75


def forged(rng, model, problem):
    """Return two branches that leave out no plan, with multipliers out of thin air."""
    level, cut = str(rng.choice(["l2", "l3"])), int(rng.integers(0, 4))
    size = len(model.covers["l2"].always)
    branches = []
    for least, most in (({}, {level: cut}), ({level: cut + 1}, {})):
        rows = {
            name: int(rng.integers(0, 10)) * 10 ** int(rng.integers(0, 13))
            for name in model.row_names(problem)
            if not name.startswith("most_") or name[5:] in most
        }
        cover = {
            target: " ".join(str(n) for n in rng.integers(0, PART + 1, size) * rng.integers(0, 2))
            for target in problem.cover_names
        }
        branches.append(Branch(least=least, most=most, rows=rows, cover=cover))
    return branches


@examples(200)
@given(chosen=st.integers(0, 2**32 - 1), seed=st.sampled_from(SEEDS))
def test_no_forged_multipliers_give_a_bound_that_a_plan_passes(chosen, seed):
    tables, config, plans = enumerated(seed)
    model, rng = ExactModel(tables, config, "da"), np.random.default_rng(chosen)
    for problem, best in problems(model, plans, chosen):
        branches = forged(rng, model, problem)
        assert upper_bound(model, problem, branches) / POINT >= best - NEAR


@examples(80)
@given(chosen=st.integers(0, 2**32 - 1), seed=st.sampled_from(SEEDS))
def test_neither_do_good_multipliers_with_one_of_them_changed(chosen, seed):
    tables, config, plans = enumerated(seed)
    model, rng = ExactModel(tables, config, "da"), np.random.default_rng(chosen)
    for problem, best in problems(model, plans, chosen):
        branches = branches_of(model, problem, best)
        at = int(rng.integers(len(branches)))
        rows = dict(branches[at].rows)
        names = [n for n in model.row_names(problem) if not n.startswith("most_")]
        name = str(rng.choice(names))
        rows[name] = int(rows.get(name, 10**9) * float(rng.choice([0.0, 0.5, 0.999, 1.001, 2.0])))
        branches[at] = branches[at].model_copy(update={"rows": rows})
        assert upper_bound(model, problem, branches) / POINT >= best - NEAR


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_a_plan_carries_its_bounds_and_the_certificate_finds_them_again(seed):
    tables, config, plans = enumerated(seed)
    case = Case("toy", config, "da")
    plan = solve_scenario(tables, case).plan
    assert certify(plan, tables, case).violations == []
    least = -optimum("shortfall", plans, {})
    assert plan.shortfall.bound_checked_points <= least + NEAR
    assert plan.quality.bound_checked >= plan.quality.objective - 1e-6
    for target in TARGETS:
        best = max(p.share[target] for p in plans)
        assert getattr(plan.coverage, target).bound_checked >= best - NEAR


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_without_multipliers_everybody_may_be_covered(seed):
    tables, config, plans = enumerated(seed)
    model = ExactModel(tables, config, "da")
    nothing = [Branch(least={}, most={}, rows={}, cover={})]
    for problem, best in problems(model, plans, seed):
        bound = upper_bound(model, problem, nothing) / POINT
        assert bound >= best - NEAR
        if problem.name == "shortfall":
            assert bound == 0
        if problem.name == "plan":
            assert bound <= 100 * (config.weights.l2 + config.weights.l3) + _saving(config)


def _saving(config):
    """Return what selling and no longer running two stations brings at most (points)."""
    weights, years = config.weights, config.operating.years
    run = weights.operating_points_per_million_cad * years * 0.05
    return run + weights.cost_points_per_million_cad * 0.1 + 200 * weights.idle_points_per_point
