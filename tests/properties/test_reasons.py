"""Reasons and best alternatives against measuring each plan anew, on small random regions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import SETTINGS, regions
from settled import furnished, on_a_road, plan_of
from toy import base_config

from kwev.analysis.effects import effects
from kwev.analysis.reasons import reasons
from kwev.analysis.remaining import gaps, summary
from kwev.config import Case
from kwev.coverage import StraightLine
from kwev.inputs import build_inputs
from kwev.record import Choice, action_id, covered, network

changes = st.fixed_dictionaries(
    {
        "budget__limit_cad": st.integers(0, 40).map(lambda k: 25_000 * k),
        "coverage__l2_radius_m": st.sampled_from([250, 500, 750]),
        "coverage__l3_radius_m": st.sampled_from([250, 1_000, 2_500]),
        "coverage__l3_counts_for_l2": st.booleans(),
        "ports__retained_l2": st.sampled_from([0, 0, 1]),
        "weights__l3": st.sampled_from([0, 1, 2]),
    }
)


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


@SETTINGS
@given(tables=regions(), settings=changes, seed=st.integers(0, 10_000))
def test_reasons_are_what_measuring_each_plan_says(tables, settings, seed):
    config = base_config(**settings)
    on_a_road(furnished(tables))
    there = Measured(tables, config)
    columns = there.inputs.columns
    rng = np.random.default_rng(seed)
    # one action at a place, drawn place by place
    done = [
        int(rng.choice(np.flatnonzero(columns.place == place)))
        for place in np.unique(columns.place)
        if rng.random() < 0.5
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
        taken = without.l2 & ~every.l2
        assert people[taken].sum() == pytest.approx(row["lost_l2"])
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


@SETTINGS
@given(tables=regions(), settings=changes)
def test_who_is_left_out_is_listed_or_scattered(tables, settings):
    config = base_config(**settings)
    on_a_road(furnished(tables))
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
        everything = there.cover(range(len(there.ids)))
        if out > 0 and level == "l3":
            near = people[~nothing.l3 & everything.l3].sum()
            assert row["within_a_site"] == pytest.approx(near / out)
