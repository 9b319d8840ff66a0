"""Reduction and search lose nothing: the same optimum as the model as it is written."""

from __future__ import annotations

from functools import cache

import cvxpy as cp
import numpy as np
import pytest
from regions import CATEGORIES
from toy import base_config, toy

from kwev.certify import Evaluation
from kwev.errors import KwevError
from kwev.model.formulation import build_model
from kwev.model.inputs import build_inputs
from kwev.solve import branch_and_bound, highs
from kwev.solve import stages as solve_stages
from kwev.solve.presolve import ADDS, KNOWN, gain_alone, halves, reduce, tight_rows, today
from kwev.solve.solvers import choose_engine

SEEDS = range(200)
OTHER_AREA = "3530016"
POINTS_TOL = 1e-4
"""A shortfall may be held 1e-6 (share) above its least: 100 times that, in points."""


def region(seed):
    """Return two municipalities with many sites at few spots, some of them on a station."""
    rng = np.random.default_rng(40_000 + seed)
    spots = rng.integers(0, 7, (16, 2)) * 250
    points = [
        (*spots[i], int(rng.integers(0, 90)), int(rng.integers(0, 9)))
        for i in range(int(rng.integers(5, 9)))
    ]
    stations = [
        (*spots[9 + i], int(rng.integers(1, 4)), int(rng.choice([0, 0, 2]))) for i in (0, 1)
    ]
    sites = []
    for _ in range(int(rng.integers(6, 11))):
        x, y = spots[int(rng.integers(0, 16))]
        site = {"x": x, "y": y, "category": str(rng.choice([*CATEGORIES, "dense_residential"]))}
        if rng.random() < 0.15:  # on top of a station: no site of its own
            site["station_id"] = "s000"
        if rng.random() < 0.3:
            site["municipality_id"] = OTHER_AREA
        sites.append(site)
    tables = toy(points, stations, sites)
    elsewhere = rng.random(len(points)) < 0.4
    elsewhere[0] = True
    for table in (tables.das, tables.cells, tables.tracts):
        table.loc[elsewhere, "municipality_id"] = OTHER_AREA
    tables.municipalities.loc[1] = [OTHER_AREA, "Waterloo"]
    return tables


def scenario(seed):
    rng = np.random.default_rng(50_000 + seed)
    return base_config(
        budget__limit_cad=int(rng.choice([60_000, 190_000, 260_000, 450_000, 900_000])),
        targets__l2=float(rng.choice([0.0, 0.6, 0.95])),
        targets__l3=float(rng.choice([0.0, 0.85])),
        targets__ev_owners__enforce=bool(rng.random() < 0.3),
        coverage__l2_radius_m=float(rng.choice([250, 500, 750])),
        coverage__l3_radius_m=float(rng.choice([500, 1_000])),
        coverage__l3_counts_for_l2=bool(rng.random() < 0.25),
        ports__retained_l2=int(rng.choice([0, 0, 1])),
        ports__max_new_l2=3,
        ports__max_new_l3=3,
        demand__enforce=bool(rng.random() < 0.6),
        demand__utilisation=float(rng.choice([0.0002, 0.002])),
        siting__grid_factor=float(rng.choice([0.5, 1, 1, 2.5])),
        weights__cost_points_per_million_cad=float(rng.choice([0.0, 0.1, 5.0])),
    )


def stages(inputs, config, *, plain, name="highs"):
    """Return the choice, and the least total shortfall and objective found."""
    going = solve_stages.start_run(inputs, config, choose_engine(name), lambda _: None, plain=plain)
    choice, first, second = solve_stages.two_stages(going)
    return choice, first.value, second.value


@cache
def instances(count):
    """Return as many instances as asked for in which a fifth of the columns go."""
    found, seed = [], 0
    while len(found) < count:
        tables, config = region(seed), scenario(seed)
        inputs = build_inputs(tables, config, "da")
        whole = len(inputs.columns)
        if whole and len(reduce(inputs, config).kept) <= 0.8 * whole:
            found.append((seed, tables, config, inputs))
        seed += 1
    return found


@cache
def solved(index, *, plain, name="highs"):
    """Return the stages of an instance, solved once: a search is the same each time."""
    _, _, config, inputs = instances(len(SEEDS))[index]
    return stages(inputs, config, plain=plain, name=name)


@pytest.fixture(autouse=True)
def _search_everything(monkeypatch):
    monkeypatch.setattr(
        branch_and_bound, "SMALL", 0
    )  # else instances of this size go to HiGHS as they are
    monkeypatch.setattr(branch_and_bound, "LARGE", 0)


@pytest.mark.parametrize("index", SEEDS)
def test_the_same_optimum_with_and_without(index):
    _, tables, config, inputs = instances(len(SEEDS))[index]
    reduced = reduce(inputs, config)
    assert len(reduced.kept) <= 0.8 * len(inputs.columns)
    plain, short, objective = solved(index, plain=True)
    choice, short_fast, objective_fast = solved(index, plain=False)
    assert 100 * short_fast == pytest.approx(100 * short, abs=POINTS_TOL)
    # with equal parts of the shortfall the objectives are equal; ties may be split differently
    held = parts(tables, config, inputs, choice)
    if parts(tables, config, inputs, plain) == pytest.approx(held, abs=1e-6):
        assert objective_fast == pytest.approx(objective, abs=POINTS_TOL, rel=1e-6)


@pytest.mark.parametrize("index", SEEDS[:40])
def test_a_huge_program_has_the_same_optimum(index, monkeypatch):
    """Its relaxation starts by interior point; its neighbourhood is shrunk, and comes first."""
    _, _, config, inputs = instances(len(SEEDS))[index]
    _, short, objective = solved(index, plain=False)
    for module in (highs, branch_and_bound):
        monkeypatch.setattr(module, "HUGE", 0)
        monkeypatch.setattr(module, "VAST", 0)
    _, short_huge, objective_huge = stages(inputs, config, plain=False)
    assert 100 * short_huge == pytest.approx(100 * short, abs=POINTS_TOL)
    if short == pytest.approx(0.0, abs=1e-9):  # else ties of the first stage may be split otherwise
        assert objective_huge == pytest.approx(objective, abs=POINTS_TOL, rel=1e-6)


def parts(tables, config, inputs, choice):
    """Return the parts of the shortfall, worked out by the certificate's own means."""
    evaluation = Evaluation(tables, config, "da")
    ports = {
        solve_place(inputs, k): int(choice.ports[k]) for k in np.flatnonzero(choice.build).tolist()
    }
    cover = evaluation.cover("model", ports)
    wanted = {"l2": config.targets.l2, "l3": config.targets.l3}
    if config.targets.ev_owners.enforce:
        wanted["ev_owners"] = config.targets.ev_owners.share
    short = [max(0.0, share - cover.share(name)) for name, share in wanted.items()]
    return [*short, evaluation.unserved_share(ports) if config.demand.enforce else 0.0]


def solve_place(inputs, k):
    from kwev.certify import ActionKey

    return ActionKey(str(inputs.columns.kind[k]), str(inputs.columns.place_id[k]))


def test_the_instances_hold_what_breaks_dominance():
    made = instances(len(SEEDS))
    sites_on_stations = sum((t.sites["station_id"] != "").any() for _, t, _, _ in made)
    upgrades = sum((i.columns.kind == "upgrade").any() for *_, i in made)
    needy = sum(c.demand.enforce for _, _, c, _ in made)
    areas = sum(len(np.unique(i.columns.municipality)) > 1 for *_, i in made)
    assert min(sites_on_stations, upgrades, needy, areas) >= 40


@pytest.mark.parametrize("index", SEEDS[:60])
def test_protected_and_unknown_columns_stay(index):
    _, _, config, inputs = instances(len(SEEDS))[index]
    protected = np.random.default_rng(index).random(len(inputs.columns)) < 0.5
    reduced = reduce(inputs, config, protected)
    stays = protected | ~np.isin(inputs.columns.kind, (*KNOWN, *ADDS))
    assert set(np.flatnonzero(stays)) <= set(reduced.kept.tolist()) or len(reduced.kept) == 1
    same = inputs.columns.max_ports[reduced.kept] == reduced.inputs.columns.max_ports
    assert same[stays[reduced.kept]].all()


@pytest.mark.parametrize("index", SEEDS[:60])
def test_a_valid_row_holds_in_every_plan(index):
    """Random plans keep the rows of the targets: shortfall + sum of gains >= what is missing."""
    _, _, config, inputs = instances(len(SEEDS))[index]
    rng = np.random.default_rng(index)
    for target in ("l2", "l3", "ev_owners"):
        who = inputs.points.ev if target == "ev_owners" else inputs.points.people
        gain, base = gain_alone(inputs, target), today(inputs, target)
        for _ in range(10):
            build = rng.random(len(inputs.columns)) < rng.random()
            share = who[inputs.reach[target].covered(build)].sum() / max(who.sum(), 1e-12)
            assert share <= base + gain @ build + 1e-9
    model = build_model(inputs, config)
    tight = tight_rows(inputs, config, model)
    assert set(tight.targets) <= set(model.shortfall)


@pytest.mark.parametrize("index", SEEDS[:60])
def test_the_parts_are_halves_of_places_where_level_3_could_come(index):
    columns = instances(len(SEEDS))[index][-1].columns
    which = np.flatnonzero(columns.brings_l3)
    parts = halves(columns.xy_m, which)
    assert all(0 < len(part) == len(set(part.tolist())) for part in parts)
    assert all(set(part.tolist()) < set(which.tolist()) for part in parts)
    if len(which) > 1:
        assert len(parts[0]) == len(which) // 2


def test_halves_are_cut_across_the_longer_side():
    """Four places along a street: two at its west end, then one of each two."""
    xy_m = np.array([[30.0, 0.0], [0.0, 1.0], [20.0, 0.0], [10.0, 1.0]])
    parts = [part.tolist() for part in halves(xy_m, np.arange(4))]
    assert parts == [[1, 3], [1], [2]]


def test_a_search_that_has_had_enough_says_how_far_it_got(monkeypatch):
    """Forty sites, each with its own people and price: the relaxation buys a part of one."""
    monkeypatch.setattr(branch_and_bound, "SMALL", 0)
    rng = np.random.default_rng(3)
    build = cp.Variable(40, boolean=True)
    worth = rng.integers(10, 99, 40).astype(float)
    cost = rng.integers(10, 99, 40).astype(float)
    problem = cp.Problem(cp.Maximize(worth @ build), [cost @ build <= cost.sum() / 3 + 0.5])
    settings = base_config(solver__mip_gap=0.0).solver
    best = branch_and_bound.search_tree(problem, settings)
    assert best.status == "optimal"
    hints = branch_and_bound.Hints(start={build.id: np.zeros(40)}, enough=1)
    enough = branch_and_bound.search_tree(problem, settings, hints)
    assert enough.found
    assert enough.value <= best.value + 1e-6 <= enough.bound + 2e-6
    assert enough.nodes < best.nodes


@pytest.mark.parametrize("index", SEEDS)
def test_engines_of_different_origin_agree(index):
    """HiGHS's search on the reduced model, SCIP and Gurobi on the whole one, to 1e-6."""
    _, tables, config, inputs = instances(len(SEEDS))[index]
    choice, short, objective = solved(index, plain=False)
    held = parts(tables, config, inputs, choice)
    ran = 0
    for name in ("scip", "gurobi"):
        try:
            other, least, best = solved(index, plain=True, name=name)
        except KwevError as refused:
            if "cannot run here" in str(refused):
                continue
            raise
        ran += 1
        assert least == pytest.approx(short, rel=1e-6, abs=1e-6)
        if parts(tables, config, inputs, other) == pytest.approx(held, abs=1e-6):
            assert best == pytest.approx(objective, rel=1e-6, abs=POINTS_TOL)
    if ran == 0:
        pytest.skip("neither SCIP nor Gurobi is here")
