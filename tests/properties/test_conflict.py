"""The deletion filter against every subset of groups and every plan, enumerated here."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from properties.test_brute_force import judged, net_cost
from regions import seeded_region
from toy import base_config

from kwev.config import Case
from kwev.solve.infeasibility import explain, group_names

SEEDS = range(30)
MOST = 2
"""More ports at a place never help where no energy is asked for."""
SHARE_TOL = 1e-7


def scenario(seed):
    rng = np.random.default_rng(9_000 + seed)
    return {
        "budget__limit_cad": int(rng.choice([0, 30_000, 200_000, 260_000, 600_000])),
        "targets__l2": float(rng.choice([0.3, 0.6, 0.95])),
        "targets__l3": float(rng.choice([0.0, 0.4, 0.85])),
        "coverage__l2_radius_m": float(rng.choice([500, 750, 1_250])),
        "coverage__l3_radius_m": float(rng.choice([500, 1_000, 2_500])),
        "ports__retained_l2": int(rng.choice([0, 0, 1])),
        "ports__add_l2": False,
        "ports__add_l3": False,
        "ports__max_new_l2": 2,
        "ports__max_new_l3": 2,
        "siting__grid_factor": float(rng.choice([0.3, 1, 2.5])),
    }


def options(tables):
    """Return what could be done at each place if no group stood in the way."""
    choices = []
    for site in tables.sites.to_dict("records"):
        both = itertools.product(
            [None, *(("new_l2", site, n) for n in range(1, MOST + 1))],
            [None, *(("new_l3", site, n) for n in range(1, MOST + 1))],
        )
        choices.append([tuple(a for a in pair if a) for pair in both])
    tables.point_records, tables.seen = tables.das.to_dict("records"), {}
    tables.station_records = tables.stations.to_dict("records")
    for station in tables.station_records:
        can = [()]
        if station["l2_ports"] and not station["l3_ports"]:
            can += [(("upgrade", station, n),) for n in range(1, MOST + 1)]
        choices.append(can)
    return choices


def broken(tables, c, places):
    """Return the names of the groups that a plan breaks."""
    actions = [action for place in places for action in place]
    found = set()
    if net_cost(actions, c) > c.budget.limit_cad:
        found.add("budget")
    if any(len(place) > 1 for place in places):
        found.add("one_action_per_place")
    for place in places:
        used = room = 0.0
        for kind, row, n in place:
            fewest = c.ports.min_l2 if kind == "new_l2" else c.ports.min_l3
            if n < fewest:
                found.add("ports")
            room = c.siting.grid_factor * row["grid_kw"]
            used += (19.2 if kind == "new_l2" else 350) * n
            if kind == "upgrade":
                room = max(room, 19.2 * row["l2_ports"])
                used += 19.2 * min(row["l2_ports"], c.ports.retained_l2)
        if used > room:
            found.add("site_capacity")
    short, _ = judged(tables, c, actions)
    return found | {name for name, share in short.items() if share > SHARE_TOL}


def all_broken(tables, c):
    plans = itertools.product(*options(tables))
    return {frozenset(broken(tables, c, places)) for places in plans}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_set_is_infeasible_and_without_any_group_it_is_not(seed):
    tables, c = seeded_region(seed), base_config(**scenario(seed))
    found = explain(tables, Case("toy", c, "da"))
    plans = all_broken(tables, c)

    def can_be_met(groups):
        return any(not (groups & plan) for plan in plans)

    everything = set(group_names(c))
    assert (found.status == "none") == can_be_met(everything)
    if found.status == "none":
        return
    assert found.status == "irreducible"
    assert not can_be_met(set(found.groups))
    for group in found.groups:
        assert can_be_met(set(found.groups) - {group}), group


def test_the_seeds_have_conflicts_of_several_kinds():
    sets = {
        explain(seeded_region(seed), Case("toy", base_config(**scenario(seed)), "da")).groups
        for seed in SEEDS
    }
    assert len(sets) >= 5
    assert any(len(one) >= 2 for one in sets)
    assert () in sets
