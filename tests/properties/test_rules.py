"""Optional rules against every plan there is, judged here action by action and point by point."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from formulas import kwh_per_ev
from properties.test_brute_force import every_choice, judged, left, net_cost, offered
from toy import AREA, base_config, toy

from kwev.certify import certify
from kwev.config import Case
from kwev.model.formulation import active
from kwev.model.rules import RULES
from kwev.solve.stages import solve_scenario

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
    homes = [
        {
            "renter_share": float(rng.choice([0.0, 0.25, 0.75])),
            "multi_unit_share": float(rng.choice([0.0, 0.5, np.nan])),
            "median_income_cad": float(rng.choice([40e3, 60e3, 60e3, 90e3])),
        }
        for _ in range(size)
    ]
    for home in homes:
        flats = int(rng.integers(0, 4))
        home |= {"area_id": area(), "single_detached": 3 - flats, "apartment_high_rise": flats}
    return toy(points, stations, sites, towns=towns, quintiles=quintiles, areas=areas, homes=homes)


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
        "ports__add_l2": bool(rng.random() < 0.3),
        "ports__add_l3": bool(rng.random() < 0.3),
        "siting__removal__stations": str(rng.choice(["none", "none", "l2", "all"])),
        "operating__years": int(rng.choice([0, 10])),
        "objective__mode": str(rng.choice(["lexicographic"] * 3 + ["weighted"])),
        "rules__site_budget_cad": perhaps([25_000.0, 190_000.0, 200_000.0]),
        "rules__ports__per_place": perhaps([1, 2]),
        "rules__ports__l2_total": perhaps([0, 1, 3]),
        "rules__ports__l3_total": perhaps([0, 2, 4]),
        "rules__l3_spacing_m": perhaps([250.0, 750.0, 1_250.0]),
        "rules__l3_gap_m": perhaps([250.0, 750.0, 1_250.0]),
        "rules__stations_per_area": perhaps([0, 1, 2]),
        "rules__area_power__cap_kw": perhaps([30.0, 720.0]),
        "rules__area_power__proxy_factor": perhaps([0.5, 1.0]),
        "rules__total_kw": perhaps([40.0, 700.0, 720.0]),
        "rules__overlap": perhaps([0.0, 0.3, 0.6]),
        "rules__municipality__l2": perhaps([0.3, 0.8]),
        "rules__municipality__l3": perhaps([0.3, 0.8]),
        "rules__quintile__l2": perhaps([0.3, 0.8]),
        "rules__quintile__l3": perhaps([0.3, 0.8]),
        "rules__redundancy__stations": int(rng.choice([2, 3])),
        "rules__redundancy__l2": perhaps([0.3, 0.9]),
        "rules__redundancy__l3": perhaps([0.3, 0.9]),
        "rules__groups__renters__l2": perhaps([0.3, 0.8]),
        "rules__groups__renters__l3": perhaps([0.3, 0.8]),
        "rules__groups__multi_unit__l2": perhaps([0.3, 0.8]),
        "rules__groups__multi_unit__l3": perhaps([0.3, 0.8]),
        "rules__groups__low_income__l2": perhaps([0.3, 0.8]),
        "rules__groups__low_income__l3": perhaps([0.3, 0.8]),
        "demand__local": perhaps([0.5, 1.0], chance=0.4),
        "demand__home_access": perhaps([{"house": 0.1, "row_or_duplex": 0.3, "apartment": 0.6}]),
        "demand__kwh_per_ev_year": float(rng.choice([3_000, 30_000])),
    }


def apart(a, b):
    return math.dist((a["easting_m"], a["northing_m"]), (b["easting_m"], b["northing_m"]))


def networks(tables, c, actions):
    """Return the places of new L2, new L3, all L2 and all L3 once the actions are done."""
    new_l2 = [p for kind, p, _ in actions if kind == "new_l2"]
    new_l3 = [p for kind, p, _ in actions if kind in ("new_l3", "upgrade")]
    return (new_l2, new_l3, *offered(tables, c, actions)[:2])


def keeps(tables, c, actions):
    """Return whether the actions keep every hard rule."""
    areas = zip(tables.area_grid["area_id"], tables.area_grid["proxy_kw"], strict=True)
    return (
        keeps_places(tables, c, actions)
        and keeps_totals(c, actions)
        and keeps_total_power(tables, c, actions)
        and keeps_distances(tables, c, actions)
        and all(keeps_area(tables, c, actions, *area) for area in areas)
        and (
            c.rules.overlap is None
            or overlap(tables, c, networks(tables, c, actions)[0]) <= c.rules.overlap + 1e-9
        )
    )


def keeps_places(tables, c, actions):
    money, most = c.rules.site_budget_cad, c.rules.ports.per_place
    by_place = {}
    for action in actions:
        by_place.setdefault(id(action[1]), []).append(action)
    for here in by_place.values():
        if money is not None and net_cost(here, c) > money:
            return False
        place = here[0][1]
        station = any(place is one for one in tables.station_records)
        before = place["l2_ports"] + place["l3_ports"] if station else 0
        after = sum(left(place, here, c)) if station else here[0][2]
        if most is not None and after > max(most, before):
            return False
    return True


def keeps_totals(c, actions):
    limits = c.rules.ports
    l2 = sum(n for kind, _, n in actions if kind in ("new_l2", "add_l2"))
    l3 = sum(n for kind, _, n in actions if kind not in ("new_l2", "add_l2"))
    return all(
        most is None or n <= most for most, n in ((limits.l2_total, l2), (limits.l3_total, l3))
    )


def keeps_total_power(tables, c, actions):
    kw = sum(19.2 * n for kind, _, n in actions if kind == "new_l2")
    kw += sum(350 * n for kind, _, n in actions if kind == "new_l3")
    for station in tables.station_records:
        l2, l3 = left(station, actions, c)
        kw += 19.2 * (l2 - station["l2_ports"]) + 350 * (l3 - station["l3_ports"])
    return c.rules.total_kw is None or kw <= c.rules.total_kw + 1e-9


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
    here = [s for s in tables.station_records if s["area_id"] == area]
    doing = [a for a in actions if a[1]["area_id"] == area]
    kinds = [kind for kind, _, _ in doing]
    count = len(here) + sum(k in ("new_l2", "new_l3") for k in kinds) - kinds.count("remove")
    most = c.rules.stations_per_area
    if most is not None and count > max(most, len(here)):
        return False
    before = sum(19.2 * s["l2_ports"] + 350 * s["l3_ports"] for s in here)
    after = sum(19.2 * n for kind, _, n in doing if kind == "new_l2")
    after += sum(350 * n for kind, _, n in doing if kind == "new_l3")
    for station in here:
        l2, l3 = left(station, actions, c)
        after += 19.2 * l2 + 350 * l3
    rule = c.rules.area_power
    carries = max(proxy, before)
    caps = [rule.cap_kw, None if rule.proxy_factor is None else rule.proxy_factor * carries]
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
    for (kind, part), level in itertools.product(households(tables).items(), ("l2", "l3")):
        floor = getattr(getattr(rules.groups, kind), level)
        if floor is not None:
            living = sum(p["population"] * s for p, s in zip(points, part, strict=True))
            served = sum(
                p["population"] * s for p, s, n in zip(points, part, count[level], strict=True) if n
            )
            found[f"{kind}_{level}"] = max(0.0, floor * living - served) / total
    for level in ("l2", "l3"):
        wanted = getattr(rules.redundancy, level)
        if wanted is not None:
            enough = sum(
                p["population"]
                for p, n in zip(points, count[level], strict=True)
                if n >= rules.redundancy.stations
            )
            found[f"redundancy_{level}"] = max(0.0, wanted - enough / total)
    return found | ({} if c.demand.local is None else {"local": lacking(tables, c, actions)})


def lacking(tables, c, actions):
    """Return the energy that areas lack within reach, of the Region's need."""
    points = tables.das.to_dict("records")
    need = [p["ev"] * kwh_per_ev(p, c.demand) for p in points]
    if sum(need) <= 0:
        return 0.0
    got = dict.fromkeys([p["area_id"] for p in points], 0.0)
    standing = [(p, left(p, actions, c)) for p in tables.station_records]
    new = [
        (p, (n, 0) if kind == "new_l2" else (0, n))
        for kind, p, n in actions
        if kind in ("new_l2", "new_l3")
    ]
    for place, counts in standing + new:
        radii = (c.coverage.l2_radius_m, c.coverage.l3_radius_m)
        for count, kw, radius in zip(counts, (19.2, 350.0), radii, strict=True):
            near = [j for j, p in enumerate(points) if apart(p, place) <= radius]
            kwh = sum(need[j] for j in near)
            for j in near:
                if kwh > 0:
                    got[points[j]["area_id"]] += 876 * count * kw * need[j] / kwh
    lack = 0.0
    for area, kwh in got.items():
        own = sum(n for n, p in zip(need, points, strict=True) if p["area_id"] == area)
        lack += max(0.0, c.demand.local * own - kwh)
    return lack / sum(need)


def households(tables):
    """Return the part of each point's people in a kind of household."""
    profiles, people = tables.da_profiles, tables.das["population"].tolist()
    income = profiles["median_income_cad"].tolist()
    # the least income up to which a fifth of the people live
    top = min(
        limit
        for limit in income
        if 5 * sum(p for p, i in zip(people, income, strict=True) if i <= limit) >= sum(people)
    )
    return {
        "renters": profiles["renter_share"].tolist(),
        "multi_unit": [0.0 if s != s else s for s in profiles["multi_unit_share"]],  # noqa: PLR0124
        "low_income": [float(i <= top) for i in income],
    }


def every_plan(tables, c):
    """Return (shortfall by name, objective) of every plan that keeps the hard rules."""
    plans = []
    for actions in every_choice(tables, c):
        if net_cost(actions, c) <= c.budget.limit_cad and keeps(tables, c, actions):
            short, objective = judged(tables, c, actions)
            missed = misses(tables, c, actions)
            if c.objective.mode == "weighted":
                price = c.objective.shortfall_points_per_point
                objective -= price * 100 * sum(missed.values())
            plans.append((short | missed, objective))
    return plans


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_under_rules(seed):
    tables, case = region(seed), Case("toy", base_config(**scenario(seed)), "da")
    plan = solve_scenario(tables, case).plan
    assert certify(plan, tables, case).violations == []
    plans = every_plan(tables, case.config)
    least = min(100 * sum(short.values()) for short, _ in plans)
    assert plan.solver_says.shortfall_bound_points <= least + POINTS_TOL
    best = max(objective for _, objective in plans)
    if case.config.objective.mode == "lexicographic":
        assert plan.shortfall.total_points == pytest.approx(least, abs=1e-3)
        stated = plan.shortfall.model_dump() | plan.shortfall.rules
        best = max(
            objective
            for short, objective in plans
            if all(part <= stated[name] + 1e-9 for name, part in short.items())
        )
    assert plan.quality.objective >= best - POINTS_TOL


def test_the_seeds_use_every_rule_and_some_rules_bind():
    used, bound = set(), 0
    for seed in SEEDS:
        c, tables = base_config(**scenario(seed)), region(seed)
        used |= {rule.name for rule in active(c)}
        bound += not all(keeps(tables, c, actions) for actions in every_choice(tables, c))
    assert used == {rule.name for rule in RULES}
    assert bound >= len(SEEDS) // 2


def test_todays_network_keeps_every_rule():
    for seed in SEEDS:
        tables, c = region(seed), base_config(**scenario(seed))
        next(iter(every_choice(tables, c)))  # reads the records
        assert keeps(tables, c, [])
