"""The two-stage optimum of tiny regions against every plan there is, enumerated here."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from regions import seeded_region
from toy import base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.solve import solve_scenario

SEEDS = range(120)
MOST_PORTS = 3
POINTS_TOL = 1e-5


def scenario(seed):
    rng = np.random.default_rng(1_000 + seed)
    return {
        "budget__limit_cad": int(rng.choice([0, 40_000, 60_000, 190_000, 260_000, 450_000])),
        "targets__l2": float(rng.choice([0.0, 0.6, 0.95])),
        "targets__l3": float(rng.choice([0.0, 0.85])),
        "targets__ev_owners__enforce": bool(rng.random() < 0.3),
        "coverage__l2_radius_m": float(rng.choice([250, 500, 750])),
        "coverage__l3_radius_m": float(rng.choice([500, 1_000])),
        "coverage__l3_counts_for_l2": bool(rng.random() < 0.25),
        "ports__retained_l2": int(rng.choice([0, 0, 1])),
        "ports__max_new_l2": MOST_PORTS,
        "ports__max_new_l3": MOST_PORTS,
        "demand__enforce": bool(rng.random() < 0.6),
        "demand__utilisation": float(rng.choice([0.0002, 0.002])),
        "siting__grid_factor": float(rng.choice([0.5, 1, 1, 2.5])),
    }


def options(tables, c):
    """Return what can be done at each place: lists of (kind, row, ports)."""
    choices = []
    for site in tables.sites.to_dict("records"):
        can = [None]
        room = c.siting.grid_factor * site["grid_kw"]
        for ports in range(1, MOST_PORTS + 1):
            if ports >= c.ports.min_l2 and 19.2 * ports <= room:
                can.append(("new_l2", site, ports))
            if ports >= c.ports.min_l3 and 350 * ports <= room:
                can.append(("new_l3", site, ports))
        choices.append(can)
    for station in tables.stations.to_dict("records"):
        can = [None]
        if station["l2_ports"] and not station["l3_ports"]:
            stays = min(station["l2_ports"], c.ports.retained_l2)
            room = max(c.siting.grid_factor * station["grid_kw"], 19.2 * station["l2_ports"])
            can += [
                ("upgrade", station, ports)
                for ports in range(c.ports.min_l3, MOST_PORTS + 1)
                if 350 * ports + 19.2 * stays <= room
            ]
        choices.append(can)
    return choices


def price(action, c):
    kind, place, ports = action
    if kind == "new_l2":
        return 20_000 + 5_000 * ports
    if kind == "new_l3":
        return 100_000 + 50_000 * ports
    stays = min(place["l2_ports"], c.ports.retained_l2)
    sold = 5_000 * (place["l2_ports"] - stays) + (0 if stays else 20_000)
    return 100_000 + 50_000 * ports - 0.5 * sold


def near(point, places, radius):
    return any(
        math.dist(
            (point["easting_m"], point["northing_m"]), (place["easting_m"], place["northing_m"])
        )
        <= radius
        for place in places
    )


def judged(tables, c, actions):
    """Return (shortfall parts, objective in points) of a plan, worked out point by point."""
    upgraded = {p["station_id"] for kind, p, _ in actions if kind == "upgrade"}
    l2 = [p for kind, p, _ in actions if kind == "new_l2"]
    l3 = [p for kind, p, _ in actions if kind in ("new_l3", "upgrade")]
    kw = sum((19.2 if kind == "new_l2" else 350) * ports for kind, _, ports in actions)
    for station in tables.stations.to_dict("records"):
        stays = station["l2_ports"]
        if station["station_id"] in upgraded:
            stays = min(stays, c.ports.retained_l2)
        if stays:
            l2.append(station)
        if station["l3_ports"]:
            l3.append(station)
        kw += 19.2 * stays + 350 * station["l3_ports"]
    if c.coverage.l3_counts_for_l2:
        l2 = l2 + l3
    points = tables.das.to_dict("records")
    people, ev = (sum(p[key] for p in points) or 1 for key in ("population", "ev"))
    got = dict.fromkeys(("l2", "l3", "ev_owners", "w2", "w3"), 0.0)
    factors = (c.weights.people, c.weights.ev if any(p["ev"] for p in points) else 0.0)
    for p in points:
        has_l2 = near(p, l2, c.coverage.l2_radius_m)
        has_l3 = near(p, l3, c.coverage.l3_radius_m)
        weight = factors[0] * p["population"] / people + factors[1] * p["ev"] / ev
        got["l2"] += has_l2 * p["population"] / people
        got["l3"] += has_l3 * p["population"] / people
        got["ev_owners"] += (has_l2 or has_l3) * p["ev"] / ev
        got["w2"] += has_l2 * weight / sum(factors)
        got["w3"] += has_l3 * weight / sum(factors)
    short = {"l2": max(0.0, c.targets.l2 - got["l2"]), "l3": max(0.0, c.targets.l3 - got["l3"])}
    if c.targets.ev_owners.enforce:
        short["ev_owners"] = max(0.0, c.targets.ev_owners.share - got["ev_owners"])
    need = sum(p["ev"] for p in points) * c.demand.kwh_per_ev_year * c.demand.public_share
    if c.demand.enforce:
        supply = kw * 8_760 * c.demand.utilisation
        short["demand"] = max(0.0, need - supply) / need if need else 0.0
    net = sum(price(action, c) for action in actions)
    objective = 100 * (c.weights.l2 * got["w2"] + c.weights.l3 * got["w3"]) - 0.1 * net / 1e6
    return short, objective


def every_plan(tables, c):
    for picked in itertools.product(*options(tables, c)):
        actions = [action for action in picked if action]
        if sum(price(action, c) for action in actions) <= c.budget.limit_cad:
            yield judged(tables, c, actions)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_stages_find_the_optimum(seed):
    tables, case = seeded_region(seed), Case("toy", base_config(**scenario(seed)), "da")
    plan = solve_scenario(tables, case).plan
    assert certify(plan, tables, case).violations == []
    plans = list(every_plan(tables, case.config))
    least = min(100 * sum(short.values()) for short, _ in plans)
    assert plan.shortfall.total_points == pytest.approx(least, abs=4e-4)
    assert plan.shortfall.bound_points <= least + POINTS_TOL
    # among the plans that miss no target by more than this one does
    best = max(
        objective
        for short, objective in plans
        if all(part <= getattr(plan.shortfall, name) + 1e-9 for name, part in short.items())
    )
    assert plan.solver.objective >= best - POINTS_TOL
    assert plan.solver.objective <= max(objective for _, objective in plans) + POINTS_TOL


@pytest.mark.parametrize("seed", SEEDS[:40])
def test_attainable_and_least_budget_are_the_extremes(seed):
    tables, case = seeded_region(seed), Case("toy", base_config(**scenario(seed)), "da")
    plan = solve_scenario(tables, case).plan
    c = case.config
    targets = c.with_values(
        targets__l2=1.0, targets__l3=1.0, targets__ev_owners__share=1.0,
        targets__ev_owners__enforce=True,
    )  # fmt: skip
    most = {
        name: max(1 - short[name] for short, _ in every_plan(tables, targets))
        for name in ("l2", "l3", "ev_owners")
    }
    for name, share in most.items():
        assert getattr(plan.coverage, name).attainable == pytest.approx(share, abs=1e-9)
    rich = c.with_values(budget__limit_cad=1e9)
    meeting = [
        sum(price(action, c) for action in actions)
        for picked in itertools.product(*options(tables, c))
        for actions in [[action for action in picked if action]]
        if sum(judged(tables, rich, actions)[0].values()) <= 1e-9
    ]
    if meeting:
        assert plan.cost.least_budget_cad == pytest.approx(min(meeting), abs=0.01)
    else:
        assert plan.cost.least_budget_cad is None
        assert plan.cost.least_budget_reason


def greedy_people(points, sites, radius, count):
    """Return the people covered by taking the site with the most new people, ``count`` times."""
    covers = [
        {i for i, (px, py, *_) in enumerate(points) if math.dist((px, py), (x, y)) <= radius}
        for x, y, _ in sites
    ]
    covered = set()
    for _ in range(count):
        covered |= max(covers, key=lambda c: sum(points[i][2] for i in c - covered))
    return sum(points[i][2] for i in covered)


@pytest.mark.parametrize("seed", range(12))
def test_pure_covering_is_at_least_greedy_and_near_its_bound(seed):
    """Greedy reaches 1 - (1 - 1/k)^k of the best [Nemhauser, Wolsey and Fisher, 1978]."""
    rng = np.random.default_rng(seed)
    points = [(*rng.integers(0, 5_000, 2), int(rng.integers(1, 99)), 0) for _ in range(60)]
    sites = [(*rng.integers(0, 5_000, 2), "library") for _ in range(25)]
    stations = 5
    tables = toy(points, sites=sites)
    config = base_config(
        budget__limit_cad=25_000 * stations, targets__l2=1.0, targets__l3=0.0, weights__l3=0.0
    )
    plan = solve_scenario(tables, Case("toy", config, "da")).plan
    people = sum(p[2] for p in points)
    best, greedy = (
        plan.model_coverage.l2.after * people,
        greedy_people(points, sites, 500, stations),
    )
    assert best >= greedy - 1e-6
    assert greedy >= (1 - (1 - 1 / stations) ** stations) * best - 1e-6
    assert plan.coverage.l2.attainable * people == pytest.approx(best)
