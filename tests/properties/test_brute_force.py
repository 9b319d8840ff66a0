"""The two-stage optimum of tiny regions against every plan there is, enumerated here."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from regions import seeded_region
from toy import ORIGIN, base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.model.siting import KINDS
from kwev.solve.stages import solve_scenario

SEEDS = [pytest.param(seed, marks=[pytest.mark.slow] if seed >= 150 else []) for seed in range(500)]
MOST_PORTS = 3
POINTS_TOL = 1e-5
CAPACITY = [
    {"easting_m": ORIGIN[0] + x, "northing_m": ORIGIN[1], "reach_m": reach_m, "kw": kw}
    for x, reach_m, kw in ((0, 1_500, 380), (1_000, 2_500, 1_200), (3_000, 1_000, 0))
]


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
        "siting__capacity": CAPACITY if seed % 3 == 0 else [],
        "ports__add_l2": bool(rng.random() < 0.6),
        "ports__add_l3": bool(rng.random() < 0.6),
        "siting__removal__stations": str(rng.choice(["none", "l2", "all", "all"])),
        "siting__removal__alternative_m": [None, 500.0, 1_500.0][int(rng.integers(3))],
        "operating__years": int(rng.choice([0, 10, 50])),
        "weights__operating_points_per_million_cad": float(rng.choice([0.1, 100.0])),
        "weights__idle_points_per_point": float(rng.choice([0, 0, 0.01])),
        "objective__mode": str(rng.choice(["lexicographic"] * 3 + ["weighted"])),
        "objective__shortfall_points_per_point": float(rng.choice([0.3, 2.0])),
    }


def options(tables, c):
    """Return what can be done at each place: lists of sets of actions (kind, row, ports)."""
    choices = []
    for site in tables.sites.to_dict("records"):
        can = [()]
        room = grid_kw(site, c)
        for ports in range(1, MOST_PORTS + 1):
            if ports >= c.ports.min_l2 and 19.2 * ports <= room:
                can.append((("new_l2", site, ports),))
            if ports >= c.ports.min_l3 and 350 * ports <= room:
                can.append((("new_l3", site, ports),))
        choices.append(can)
    choices += [station_options(station, c) for station in tables.station_records]
    return choices


def grid_kw(place, c):
    """Return what the grid gives at a place: by the nearest utility's figure, else the proxy."""
    near = []
    for known in c.siting.capacity:
        apart = (known.easting_m - place["easting_m"], known.northing_m - place["northing_m"])
        if math.hypot(*apart) <= known.reach_m + 1e-6:
            near.append((math.hypot(*apart), known.kw))
    return min(near)[1] if near else c.siting.grid_factor * place["grid_kw"]


def station_options(station, c):
    """Return each way to leave a station: L2 and L3 ports taken away, and ports added."""
    l2, l3 = station["l2_ports"], station["l3_ports"]
    room = max(grid_kw(station, c), 19.2 * l2 + 350 * l3)
    more = range(1, MOST_PORTS + 1)
    adds_l2 = [("add_l2", station, n) for n in more] if c.ports.add_l2 and l2 else []
    adds_l3 = [("add_l3", station, n) for n in more] if c.ports.add_l3 and l3 else []
    upgrades = [("upgrade", station, n) for n in more if n >= c.ports.min_l3 and l2 and not l3]
    can = [(), *((one,) for one in (*adds_l2, *adds_l3, *upgrades))]
    can += itertools.product(adds_l3, adds_l2)
    if min(l2, c.ports.retained_l2):
        can += itertools.product(upgrades, adds_l2)
    removable = {"none": False, "l2": l2 and not l3, "all": l2 or l3}
    if removable[c.siting.removal.stations]:
        can.append((("remove", station, 0),))
    fitting = []
    for actions in can:
        after_l2, after_l3 = left(station, actions, c)
        if 19.2 * after_l2 + 350 * after_l3 <= room + 1e-9:
            fitting.append(actions)
    return fitting


def left(station, actions, c):
    """Return the L2 and L3 ports of a station once the actions are done there."""
    l2, l3 = station["l2_ports"], station["l3_ports"]
    for kind, place, ports in actions:
        if place is not station:
            continue
        if kind == "remove":
            l2, l3 = 0, 0
        elif kind == "upgrade":
            l2, l3 = min(l2, c.ports.retained_l2), ports
        elif kind == "add_l2":
            l2 += ports
        elif kind == "add_l3":
            l3 += ports
    return l2, l3


def price(action, c):
    """Return the net cost of an action, and what it adds to the operating cost of a year."""
    kind, place, ports = action
    if kind in ("new_l2", "add_l2"):
        new = kind == "new_l2"
        return 20_000 * new + 5_000 * ports, 500 * new + 500 * ports
    if kind in ("new_l3", "add_l3"):
        new = kind == "new_l3"
        return 100_000 * new + 50_000 * ports, 3_000 * new + 5_000 * ports
    had = place["l2_ports"]
    stays = min(had, c.ports.retained_l2) if kind == "upgrade" else 0
    ended = bool(had) and not stays
    sold, saved = 5_000 * (had - stays) + 20_000 * ended, 500 * (had - stays) + 500 * ended
    if kind == "remove":
        saved += 5_000 * place["l3_ports"] + 3_000 * bool(place["l3_ports"])
        return -0.5 * sold, -saved
    return 100_000 + 50_000 * ports - 0.5 * sold, 3_000 + 5_000 * ports - saved


def net_cost(actions, c):
    return sum(price(action, c)[0] for action in actions)


def near(point, places, radius):
    return any(
        math.dist(
            (point["easting_m"], point["northing_m"]), (place["easting_m"], place["northing_m"])
        )
        <= radius
        for place in places
    )


def offered(tables, c, actions):
    """Return where L2 and L3 are offered after the actions, and the power that stands (kW)."""
    l2 = [p for kind, p, _ in actions if kind == "new_l2"]
    l3 = [p for kind, p, _ in actions if kind == "new_l3"]
    kw = sum(19.2 * n for kind, _, n in actions if kind == "new_l2")
    kw += sum(350 * n for kind, _, n in actions if kind == "new_l3")
    for station in tables.station_records:
        ports_l2, ports_l3 = left(station, actions, c)
        if ports_l2:
            l2.append(station)
        if ports_l3:
            l3.append(station)
        kw += 19.2 * ports_l2 + 350 * ports_l3
    return l2, l3, kw


def has_alternatives(tables, c, actions):
    """Return whether each removed station has its levels offered within the distance."""
    limit_m = c.siting.removal.alternative_m
    gone = [place for kind, place, _ in actions if kind == "remove"]
    if limit_m is None or not gone:
        return True
    l2, l3, _ = offered(tables, c, actions)
    return all(
        not station[f"{level}_ports"] or near(station, places, limit_m)
        for station in gone
        for level, places in (("l2", l2), ("l3", l3))
    )


def covered(tables, c, l2, l3):
    """Return the shares of people, EV owners and weight within reach, worked out point by point."""
    points = tables.point_records
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
    return got


def judged(tables, c, actions):
    """Return (shortfall parts, objective in points) of a plan; each set of places is seen once."""
    l2, l3, kw = offered(tables, c, actions)
    if c.coverage.l3_counts_for_l2:
        l2 = l2 + l3
    places = tuple(
        frozenset((place["easting_m"], place["northing_m"]) for place in level)
        for level in (l2, l3)
    )
    if places not in tables.seen:
        tables.seen[places] = covered(tables, c, l2, l3)
    got, points = tables.seen[places], tables.point_records
    short = {"l2": max(0.0, c.targets.l2 - got["l2"]), "l3": max(0.0, c.targets.l3 - got["l3"])}
    if c.targets.ev_owners.enforce:
        short["ev_owners"] = max(0.0, c.targets.ev_owners.share - got["ev_owners"])
    need = sum(p["ev"] for p in points) * c.demand.kwh_per_ev_year * c.demand.public_share
    supply = kw * 8_760 * c.demand.utilisation
    if c.demand.enforce:
        short["demand"] = max(0.0, need - supply) / need if need else 0.0
    w = c.weights
    yearly = sum(price(action, c)[1] for action in actions)
    run = w.operating_points_per_million_cad * c.operating.years * yearly / 1e6
    idle = max(0.0, supply - need) / need if need else 0.0
    objective = 100 * (w.l2 * got["w2"] + w.l3 * got["w3"]) - 0.1 * net_cost(actions, c) / 1e6
    objective -= run + 100 * w.idle_points_per_point * idle
    if c.objective.mode == "weighted":
        objective -= c.objective.shortfall_points_per_point * 100 * sum(short.values())
    return short, objective


def every_choice(tables, c):
    """Return every set of actions that keeps the rules, whatever it costs."""
    # read once: an action's station is the record itself
    tables.station_records = tables.stations.to_dict("records")
    tables.point_records = tables.das.to_dict("records")
    tables.seen = {}
    for picked in itertools.product(*options(tables, c)):
        actions = [action for done in picked for action in done]
        if has_alternatives(tables, c, actions):
            yield actions


def every_plan(tables, c):
    for actions in every_choice(tables, c):
        if net_cost(actions, c) <= c.budget.limit_cad:
            yield judged(tables, c, actions)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_the_optimum(seed):
    is_best_of_all(seeded_region(seed), Case("toy", base_config(**scenario(seed)), "da"))


def is_best_of_all(tables, case):
    """Solve, certify and hold against every plan there is; return the plan."""
    plan = solve_scenario(tables, case).plan
    assert certify(plan, tables, case).violations == []
    plans = list(every_plan(tables, case.config))
    best = max(objective for _, objective in plans)
    assert plan.quality.objective <= best + POINTS_TOL
    least = min(100 * sum(short.values()) for short, _ in plans)
    assert plan.solver_says.shortfall_bound_points <= least + POINTS_TOL
    if case.config.objective.mode == "lexicographic":
        assert plan.shortfall.total_points == pytest.approx(least, abs=4e-4)
        # among the plans that miss no target by more than this one does
        best = max(
            objective
            for short, objective in plans
            if all(part <= getattr(plan.shortfall, name) + 1e-9 for name, part in short.items())
        )
    assert plan.quality.objective >= best - POINTS_TOL
    assert plan.solver_says.bound >= best - POINTS_TOL
    return plan


@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_the_optimum_where_stations_take_two_actions(seed):
    rng = np.random.default_rng(seed)
    room = float(rng.choice([750.0, 760.0, 1_100.0, 1_500.0]))
    stations = [
        {"x": 0, "y": 0, "l2_ports": int(rng.integers(1, 4)), "l3_ports": 1, "grid_kw": room},
        {"x": 500, "y": 0, "l2_ports": int(rng.integers(2, 5)), "l3_ports": 0, "grid_kw": room},
    ]
    tables = toy([(0, 0, 10, int(rng.integers(5, 60))), (800, 0, 5, 1)], stations)
    changes = {**scenario(seed), "demand__enforce": True, "demand__utilisation": 0.0005}
    changes |= {"ports__retained_l2": 1, "ports__add_l2": True, "ports__add_l3": True}
    changes["budget__limit_cad"] = 450_000
    is_best_of_all(tables, Case("toy", base_config(**changes), "da"))


def test_the_instances_take_every_kind_of_action():
    taken = set()
    for seed in (14, 31, 129):
        tables = seeded_region(seed)
        plan = solve_scenario(tables, Case("toy", base_config(**scenario(seed)), "da")).plan
        taken |= {action.kind for action in plan.actions}
        places = [action.place_id for action in plan.actions]
        taken |= {"two at one place"} if len(set(places)) < len(places) else set()
    assert taken == {*KINDS, "two at one place"}


@pytest.mark.parametrize("seed", range(40))
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
    meeting = [
        net_cost(actions, c)
        for actions in every_choice(tables, c)
        if sum(judged(tables, c, actions)[0].values()) <= 1e-9
    ]
    if meeting:
        assert plan.cost.least_budget_cad == pytest.approx(min(meeting), abs=0.01)
        assert plan.cost.least_budget_bound_checked_cad <= min(meeting) + 0.01
    else:
        assert plan.cost.least_budget_cad is None
        assert plan.cost.no_least_budget


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
