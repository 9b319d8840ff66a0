"""Reasons and best alternatives against measuring each plan anew, on small seeded regions."""

from __future__ import annotations

import numpy as np
import pytest
from regions import CATEGORIES
from settled import furnished, on_a_road, plan_of
from toy import base_config, toy

from kwev.config import Case
from kwev.model.coverage import StraightLine
from kwev.model.inputs import build_inputs
from kwev.report.effects import effects
from kwev.report.gaps import gaps, summary
from kwev.report.reasons import reasons
from kwev.solve.record import Choice, action_id, covered, network

SEEDS = range(100)


def crowded(seed):
    """Return a region where most places are in reach of several others, and a configuration."""
    rng = np.random.default_rng(seed)

    def spots(count):
        return (rng.integers(0, 6, (count, 2)) * 250).tolist()

    points = [
        (*xy, int(rng.integers(0, 90)), int(rng.integers(0, 9)))
        for xy in spots(int(rng.integers(1, 12)))
    ]
    stations = [
        (*xy, int(rng.integers(0, 3)), int(rng.choice([0, 0, 0, 2])))
        for xy in spots(int(rng.integers(0, 5)))
    ]
    sites = [(*xy, str(rng.choice(CATEGORIES))) for xy in spots(int(rng.integers(1, 8)))]
    config = base_config(
        budget__limit_cad=int(rng.integers(0, 40)) * 25_000,
        coverage__l2_radius_m=int(rng.choice([250, 500])),
        coverage__l3_radius_m=int(rng.choice([250, 500, 750])),
        coverage__l3_counts_for_l2=bool(rng.random() < 0.2),
        ports__retained_l2=int(rng.choice([0, 0, 1])),
        weights__l3=int(rng.choice([0, 1, 2])),
    )
    return on_a_road(furnished(toy(points, stations, sites))), config, rng


class Measured:
    """A region in which the coverage of any set of columns is measured from its stations."""

    def __init__(self, tables, config):
        self.config = config
        self.inputs = build_inputs(tables, config, "da")
        columns = self.inputs.columns
        self.ids = [action_id(columns, k) for k in range(len(columns))]

    def cover(self, done):
        build = np.isin(np.arange(len(self.ids)), list(done))
        choice = Choice(build, build.astype(np.int64))
        net = network(self.inputs.stations, self.inputs.columns, choice, self.config)
        return covered(self.inputs.points, net, self.config, StraightLine())

    def points(self, done):
        people, weights = self.inputs.points.people, self.config.weights
        cover, everybody = self.cover(done), max(people.sum(), 1e-300)
        both = weights.l2 * people[cover.l2].sum() + weights.l3 * people[cover.l3].sum()
        return 100 * both / everybody

    def net_cad(self, k):
        columns = self.inputs.columns
        bought = columns.fixed_cad[k] + columns.port_cad[k] * columns.min_ports[k]
        return bought - columns.resale_cad[k]


@pytest.mark.parametrize("seed", SEEDS)
def test_reasons_are_what_measuring_each_plan_says(seed):
    tables, config, rng = crowded(seed)
    there = Measured(tables, config)
    columns = there.inputs.columns
    # one action at a place, drawn place by place
    done = [
        int(rng.choice(np.flatnonzero(columns.place == place)))
        for place in np.unique(columns.place)
        if rng.random() < 0.6
    ]
    plan = plan_of(tables, Case("toy", config, "da"), [there.ids[k] for k in done])
    table = reasons(effects(tables, plan)).set_index("id")
    assert sorted(table.index) == sorted(there.ids[k] for k in done)
    people = there.inputs.points.people
    whole, nothing = there.points(done), there.cover([])
    for k in done:
        row = table.loc[there.ids[k]]
        rest = [other for other in done if other != k]
        assert whole - there.points(rest) == pytest.approx(row["points"], abs=1e-9)
        alone, without, every = there.cover([k]), there.cover(rest), there.cover(done)
        for level in ("l2", "l3"):
            newly = getattr(alone, level) & ~getattr(nothing, level)
            held = getattr(every, level) & ~getattr(without, level)
            assert people[newly].sum() == pytest.approx(row[f"alone_{level}"])
            assert people[held].sum() == pytest.approx(row[f"company_{level}"])
            taken = getattr(without, level) & ~getattr(every, level)
            assert people[taken].sum() == pytest.approx(row[f"lost_{level}"])
        _best_alternative_is_best(there, plan, row, k, rest)


def _best_alternative_is_best(there, plan, row, k, rest):
    columns = there.inputs.columns
    freed = row["net_cad"] + max(plan.cost.budget_cad - plan.cost.net_cad, 0)
    busy = {int(columns.place[other]) for other in rest}
    gains = {
        there.ids[u]: there.points([*rest, u]) - there.points(rest)
        for u in range(len(columns))
        if u != k and int(columns.place[u]) not in busy and there.net_cad(u) <= freed + 0.005
    }
    best = max(gains.values(), default=0)
    if best <= 1e-9:
        assert row["alternative"] == ""
    else:
        assert gains[row["alternative"]] == pytest.approx(best, abs=1e-9)
        assert row["alternative_points"] == pytest.approx(best, abs=1e-9)


def test_the_seeds_hold_what_the_test_is_for():
    """Swaps with and without an alternative, conversions that take Level 2, swaps that gain."""
    kinds = dict.fromkeys(("none", "some", "takes", "gains", "same place"), 0)
    for seed in SEEDS:
        tables, config, rng = crowded(seed)
        there = Measured(tables, config)
        place = there.inputs.columns.place
        done = [
            int(rng.choice(np.flatnonzero(place == p)))
            for p in np.unique(place)
            if rng.random() < 0.6
        ]
        plan = plan_of(tables, Case("toy", config, "da"), [there.ids[k] for k in done])
        table = reasons(effects(tables, plan))
        kinds["none"] += int((table["alternative"] == "").sum())
        kinds["some"] += int((table["alternative"] != "").sum())
        kinds["takes"] += int((table["lost_l2"] > 0).sum())
        kinds["gains"] += int((table["kept_share"] > 1).sum())
        at = dict(zip(there.ids, place.tolist(), strict=True))
        kinds["same place"] += sum(
            at[row["id"]] == at.get(row["alternative"]) for row in table.to_dict("records")
        )
    assert min(kinds.values()) >= 5, kinds


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_who_is_left_out_is_listed_or_scattered(seed):
    tables, config, _ = crowded(seed)
    there = Measured(tables, config)
    made = effects(tables, plan_of(tables, Case("toy", config, "da"), []))
    table = gaps(made)
    left = summary(made, table).set_index("level")
    nothing, people = there.cover([]), there.inputs.points.people
    for level in ("l2", "l3"):
        out = people[~getattr(nothing, level)].sum()
        row = left.loc[level]
        assert row["people"] == pytest.approx(out)
        assert row["people_listed"] + row["people_scattered"] == pytest.approx(out)
        listed = table.loc[table["level"] == level, "people"].tolist()
        assert listed == sorted(listed, reverse=True)
        alone = [there.cover([k]) for k in range(len(there.ids))]
        near = np.any([getattr(one, level) for one in alone], axis=0) if alone else nothing.l2
        reachable = people[~getattr(nothing, level) & near].sum()
        if out > 0:
            assert row["within_a_site"] == pytest.approx(reachable / out)
