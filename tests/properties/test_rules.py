"""Optional rules against every plan there is, judged here action by action and point by point."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from properties.test_brute_force import judged, options, price
from toy import AREA, base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.solve import solve_scenario

SEEDS = range(60)
POINTS_TOL = 1e-5
TOWN = "3530004"


def region(seed):
    """Return a region of two towns, two areas and three quintiles with a few places."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, 9, (13, 2)) * 250
    size = int(rng.integers(3, 8))
    points = [(*spots[i], int(rng.integers(1, 90)), int(rng.integers(0, 9))) for i in range(size)]
    towns = [AREA if t else TOWN for t in rng.integers(0, 2, size)]
    quintiles = [int(q) or None for q in rng.integers(0, 4, size)]

    def area():
        return "east" if rng.random() < 0.5 else "west"

    stations = []
    for at, l3 in ((8, 0), (9, 2)):
        if rng.random() < 0.6:
            x, y = spots[at]
            l2 = int(rng.integers(1, 4)) if l3 == 0 else int(rng.integers(0, 3))
            stations.append({"x": x, "y": y, "l2_ports": l2, "l3_ports": l3, "area_id": area()})
    sites = [
        {"x": spots[at][0], "y": spots[at][1], "category": kind, "area_id": area()}
        for at, kind in ((10, "shopping_mall"), (11, "parking"), (12, "library"))
        if rng.random() < 0.75
    ]
    areas = {"east": float(rng.choice([700, 1_000])), "west": float(rng.choice([20, 800, 2_000]))}
    return toy(points, stations, sites, towns=towns, quintiles=quintiles, areas=areas)


def scenario(seed):
    """Return the base scenario with some rules on."""
    rng = np.random.default_rng(5_000 + seed)

    def perhaps(values, chance=0.25):
        return values[int(rng.integers(len(values)))] if rng.random() < chance else None

    return {
        "budget__limit_cad": int(rng.choice([60_000, 260_000, 450_000, 900_000])),
        "targets__l2": float(rng.choice([0.0, 0.6, 0.95])),
        "coverage__l2_radius_m": float(rng.choice([250, 500, 750])),
        "coverage__l3_radius_m": float(rng.choice([500, 1_000])),
        "coverage__l3_counts_for_l2": bool(rng.random() < 0.2),
        "ports__retained_l2": int(rng.choice([0, 0, 1])),
        "ports__max_new_l2": 2,
        "ports__max_new_l3": 2,
        "rules__site_budget_cad": perhaps([25_000.0, 190_000.0, 200_000.0]),
        "rules__ports__per_place": perhaps([1, 2]),
        "rules__ports__l2_total": perhaps([0, 1, 3]),
        "rules__ports__l3_total": perhaps([0, 2, 4]),
        "rules__l3_spacing_m": perhaps([250.0, 750.0, 1_250.0]),
        "rules__l3_gap_m": perhaps([250.0, 750.0, 1_250.0]),
        "rules__stations_per_area": perhaps([0, 1, 2]),
        "rules__area_power__cap_kw": perhaps([30.0, 720.0]),
        "rules__area_power__proxy_factor": perhaps([0.5, 1.0]),
        "rules__overlap": perhaps([0.0, 0.3, 0.6]),
        "rules__municipality__l2": perhaps([0.3, 0.8]),
        "rules__municipality__l3": perhaps([0.3, 0.8]),
        "rules__quintile__l2": perhaps([0.3, 0.8]),
        "rules__quintile__l3": perhaps([0.3, 0.8]),
        "rules__redundancy__stations": int(rng.choice([2, 3])),
        "rules__redundancy__l2": perhaps([0.3, 0.9]),
        "rules__redundancy__l3": perhaps([0.3, 0.9]),
    }


def apart(a, b):
    return math.dist((a["easting_m"], a["northing_m"]), (b["easting_m"], b["northing_m"]))


def networks(tables, c, actions):
    """Return the places of new L2, new L3, all L2 and all L3 once the actions are done."""
    upgraded = {p["station_id"] for kind, p, _ in actions if kind == "upgrade"}
    new_l2 = [p for kind, p, _ in actions if kind == "new_l2"]
    new_l3 = [p for kind, p, _ in actions if kind in ("new_l3", "upgrade")]
    stations = tables.stations.to_dict("records")
    l2 = [
        s for s in stations
        if s["l2_ports"] and (s["station_id"] not in upgraded or c.ports.retained_l2)
    ]  # fmt: skip
    l3 = [s for s in stations if s["l3_ports"]]
    return new_l2, new_l3, l2 + new_l2, l3 + new_l3


def keeps(tables, c, actions):
    """Return whether the actions keep every hard rule."""
    alone = all(keeps_alone(c, action) for action in actions)
    areas = zip(tables.area_grid["area_id"], tables.area_grid["proxy_kw"], strict=True)
    return (
        alone
        and keeps_totals(c, actions)
        and keeps_distances(tables, c, actions)
        and all(keeps_area(tables, c, actions, *area) for area in areas)
        and (
            c.rules.overlap is None
            or overlap(tables, c, networks(tables, c, actions)[0]) <= c.rules.overlap + 1e-9
        )
    )


def keeps_alone(c, action):
    kind, place, ports = action
    stays = min(place["l2_ports"], c.ports.retained_l2) if kind == "upgrade" else 0
    money, most = c.rules.site_budget_cad, c.rules.ports.per_place
    before = place["l2_ports"] if kind == "upgrade" else 0
    fits = most is None or stays + ports <= max(most, before)
    return fits and (money is None or price(action, c) <= money)


def keeps_totals(c, actions):
    limits = c.rules.ports
    l2 = sum(n for kind, _, n in actions if kind == "new_l2")
    l3 = sum(n for kind, _, n in actions if kind != "new_l2")
    return all(
        most is None or n <= most for most, n in ((limits.l2_total, l2), (limits.l3_total, l3))
    )


def keeps_distances(tables, c, actions):
    _, new_l3, _, l3 = networks(tables, c, actions)
    least, most = c.rules.l3_spacing_m, c.rules.l3_gap_m
    for place in new_l3:
        others = [apart(place, other) for other in l3 if other is not place]
        if least is not None and any(d < least for d in others):
            return False
        if most is not None and not any(d <= most for d in others):
            return False
    return True


def keeps_area(tables, c, actions, area, proxy):
    here = [s for s in tables.stations.to_dict("records") if s["area_id"] == area]
    doing = [a for a in actions if a[1]["area_id"] == area]
    new = sum(kind != "upgrade" for kind, _, _ in doing)
    most = c.rules.stations_per_area
    if most is not None and new and len(here) + new > most:
        return False
    before = sum(19.2 * s["l2_ports"] + 350 * s["l3_ports"] for s in here)
    after = before
    for kind, place, ports in doing:
        after += (19.2 if kind == "new_l2" else 350) * ports
        if kind == "upgrade":
            after -= 19.2 * (place["l2_ports"] - min(place["l2_ports"], c.ports.retained_l2))
    rule = c.rules.area_power
    caps = [rule.cap_kw, None if rule.proxy_factor is None else rule.proxy_factor * proxy]
    return all(cap is None or after <= max(cap, before) + 1e-9 for cap in caps)


def overlap(tables, c, new_l2):
    today = networks(tables, c, [])[2]
    if c.coverage.l3_counts_for_l2:
        today = today + networks(tables, c, [])[3]
    reach = newly = 0
    for p in tables.das.to_dict("records"):
        near = sum(apart(p, place) <= c.coverage.l2_radius_m for place in new_l2)
        served = any(apart(p, place) <= c.coverage.l2_radius_m for place in today)
        reach += near * p["population"]
        newly += (near > 0 and not served) * p["population"]
    return 1 - newly / reach if reach else 0.0


def misses(tables, c, actions):
    """Return what each elastic rule misses, by rule."""
    rules, points = c.rules, tables.das.to_dict("records")
    _, _, l2, l3 = networks(tables, c, actions)
    if c.coverage.l3_counts_for_l2:
        l2 = l2 + [place for place in l3 if not any(place is other for other in l2)]
    total = sum(p["population"] for p in points)
    radius = {"l2": c.coverage.l2_radius_m, "l3": c.coverage.l3_radius_m}
    count = {
        level: [sum(apart(p, place) <= radius[level] for place in places) for p in points]
        for level, places in (("l2", l2), ("l3", l3))
    }
    quintile = tables.da_profiles["deprivation_quintile"].tolist()
    groups = {"municipality": [p["municipality_id"] for p in points], "quintile": quintile}
    found = {}
    for (grouping, of), level in itertools.product(groups.items(), ("l2", "l3")):
        floor = getattr(getattr(rules, grouping), level)
        if floor is None:
            continue
        below = 0.0
        for group in {g for g in of if g == g}:  # noqa: PLR0124 -- NaN is no group
            living = sum(p["population"] for p, g in zip(points, of, strict=True) if g == group)
            served = sum(
                p["population"]
                for p, g, n in zip(points, of, count[level], strict=True)
                if g == group and n
            )
            below += max(0.0, floor * living - served)
        found[f"{grouping}_{level}"] = below / total
    for level in ("l2", "l3"):
        wanted = getattr(rules.redundancy, level)
        if wanted is not None:
            enough = sum(
                p["population"]
                for p, n in zip(points, count[level], strict=True)
                if n >= rules.redundancy.stations
            )
            found[f"redundancy_{level}"] = max(0.0, wanted - enough / total)
    return found


def every_plan(tables, c):
    """Return (shortfall by name, objective, actions) of every plan that keeps the hard rules."""
    plans = []
    for picked in itertools.product(*options(tables, c)):
        actions = [action for action in picked if action]
        affordable = sum(price(action, c) for action in actions) <= c.budget.limit_cad
        if affordable and keeps(tables, c, actions):
            short, objective = judged(tables, c, actions)
            plans.append((short | misses(tables, c, actions), objective, actions))
    return plans


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_under_rules(seed):
    tables, case = region(seed), Case("toy", base_config(**scenario(seed)), "da")
    plan = solve_scenario(tables, case).plan
    assert certify(plan, tables, case).violations == []
    plans = every_plan(tables, case.config)
    least = min(100 * sum(short.values()) for short, _, _ in plans)
    assert plan.shortfall.total_points == pytest.approx(least, abs=1e-3)
    assert plan.shortfall.bound_points <= least + POINTS_TOL
    stated = plan.shortfall.model_dump() | plan.shortfall.rules
    best = max(
        objective
        for short, objective, _ in plans
        if all(part <= stated[name] + 1e-9 for name, part in short.items())
    )
    assert plan.solver.objective >= best - POINTS_TOL


def test_the_seeds_use_every_rule_and_some_rules_bind():
    from kwev.rules import RULES, active

    used, bound = set(), 0
    for seed in SEEDS:
        c = base_config(**scenario(seed))
        used |= {rule.name for rule in active(c)}
        tables = region(seed)
        hard = [
            keeps(tables, c, [action for action in picked if action])
            for picked in itertools.product(*options(tables, c))
        ]
        bound += not all(hard)
    assert used == {rule.name for rule in RULES}
    assert bound >= len(SEEDS) // 2


def test_todays_network_keeps_every_rule():
    for seed in SEEDS:
        assert keeps(region(seed), base_config(**scenario(seed)), [])
