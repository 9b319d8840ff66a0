"""The frontier and the alternatives against every plan there is.

Each plan is measured by the certificate's own code, so the model is compared with what it did not
write.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hand import solve
from toy import base_config, toy

from kwev.config import Case
from kwev.report import frontier
from kwev.report.sweeps import changed
from kwev.solve.near_optimal import alternatives
from kwev.studies.rows import evaluated

TOLERANCE = 1e-6


def region(seed, sites):
    """Return a small region of libraries, which can host Level 2 alone."""
    rng = np.random.default_rng(40_000 + seed)
    points = [
        (*rng.integers(-900, 900, 2).tolist(), int(rng.integers(1, 60)), int(rng.integers(0, 9)))
        for _ in range(7)
    ]
    places = [(*rng.integers(-900, 900, 2).tolist(), "library") for _ in range(sites)]
    return toy(points, stations=[(*rng.integers(-900, 900, 2).tolist(), 1, 0)], sites=places)


def plans(sites, most):
    """Yield every plan: ports by action, of new stations with up to so many ports."""
    names = [f"new_l2_q{i:03d}" for i in range(sites)]
    for ports in product(range(most + 1), repeat=sites):
        yield {name: n for name, n in zip(names, ports, strict=True) if n}


L2_ALONE = {"targets__l3": 0.0, "weights__l3": 0.0, "ports__add_l2": False}


@pytest.mark.parametrize("seed", range(4))
def test_alternatives_share_as_little_as_any_near_plan_does(seed):
    tables, sites = region(seed, 6), 6
    given = Case(
        "toy",
        base_config(
            **L2_ALONE, budget__limit_cad=75_000 + 25_000 * (seed % 2), ports__max_new_l2=1,
            ports__min_l3=8, ports__max_new_l3=8,
        ),
        "da",
    )  # fmt: skip
    best = solve(tables, given)
    seen = [(set(p), evaluated(tables, given, p.items())) for p in plans(sites, 1)]
    least = best.quality.objective / 1.01 - TOLERANCE
    near = [
        (own, m["objective"])
        for own, m in seen
        if m["violations"] == 0
        and m["shortfall_points"] <= best.shortfall.total_points + 100 * 1e-6
        and m["objective"] >= least
    ]
    found = [{action.id for action in best.actions}]
    for one in alternatives(tables, given, best, count=3):
        shared = min(sum(len(own & before) for before in found) for own, _ in near)
        assert one.shared == shared
        assert one.shared_bound == pytest.approx(shared, abs=1)
        own = {action.id for action in one.plan.actions}
        assert own not in found
        assert own in [plan for plan, _ in near]
        # of those that share as little, none has a larger objective
        most = max(o for p, o in near if sum(len(p & before) for before in found) == shared)
        assert one.plan.quality.objective == pytest.approx(most, abs=0.05)
        found.append(own)


@pytest.mark.parametrize("seed", range(3))
def test_each_point_of_the_frontier_is_efficient_among_all_plans(seed):
    rng = np.random.default_rng(60_000 + seed)
    points = [(*rng.integers(-900, 900, 2).tolist(), int(rng.integers(1, 60)), 1) for _ in range(7)]
    spots = [tuple(rng.integers(-900, 900, 2).tolist()) for _ in range(5)]
    kinds = ("library", "library", "library", "shopping_mall", "shopping_mall")
    tables = toy(points, sites=[(*xy, kind) for xy, kind in zip(spots, kinds, strict=True)])
    base = base_config(
        coverage__l3_radius_m=700, ports__max_new_l2=1, ports__max_new_l3=2,
        targets__ev_owners__share=0.5,
    )  # fmt: skip
    ways = [({}, {f"new_l2_q{i:03d}": 1}) for i in range(3)]
    ways += [({}, {f"new_l2_q{i:03d}": 1}, {f"new_l3_q{i:03d}": 2}) for i in (3, 4)]
    every = [dict(pair for part in chosen for pair in part.items()) for chosen in product(*ways)]
    free = Case("free", changed(base, {**frontier.PLAIN, "targets.l3": 0.0}), "da")
    free = Case(free.scenario, free.config.with_values(budget__limit_cad=1e7), "da")
    seen = [evaluated(tables, free, plan.items()) for plan in every]
    most = {}
    for money in (50_000.0, 225_000.0, 450_000.0):
        within = [m for m in seen if m["net_cad"] <= money]
        for asked in (0.0, 0.3, 0.6):
            changes = {"budget.limit_cad": money, "targets.l3": asked}
            given = Case("point", changed(base, {**frontier.PLAIN, **changes}), "da")
            plan = solve(tables, given)
            own = (plan.cost.net_cad, plan.model_coverage.l2.after, plan.model_coverage.l3.after)
            if max(m["l3_model"] for m in within) < asked:
                assert plan.shortfall.total_points > 0.1
                continue
            assert own[2] >= asked - 1e-9
            beaten = [
                m for m in seen
                if m["net_cad"] <= own[0] + 1e-6 and m["l2_model"] >= own[1] - 1e-9
                and m["l3_model"] >= own[2] - 1e-9
                and (m["net_cad"] < own[0] - 1 or m["l2_model"] > own[1] + 1e-9
                     or m["l3_model"] > own[2] + 1e-9)
            ]  # fmt: skip
            assert beaten == []
            # no plan of the same money with as much Level 3 has much more of Level 2: the little
            # weight on Level 3 may take a hundredth of what it gives
            best = max(m["l2_model"] for m in within if m["l3_model"] >= asked - 1e-9)
            assert own[1] >= best - frontier.LITTLE
            most[money, asked] = own
    assert len(set(most.values())) > 2
