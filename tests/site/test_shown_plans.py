"""What pages draw of a plan: counted by hand on a small region, and held against the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from home_region import CRS
from toy import base_config, toy

from kwev.report import registry
from kwev.report.effects import WHENS
from kwev.site import compare, map_layers
from kwev.site.shown_plans import (
    HEADS,
    METRICS,
    Gauge,
    ShownPlan,
    cells_data,
    plan_data,
    reach_data,
    shown_plans,
)
from kwev.units import CRS_DEGREES
from kwev.vocabulary import LEVEL_KEYS


def unfolded(one):
    """Return the state of each cell at each step, from patterns and runs."""
    pairs = np.array(one["runs"]).reshape(-1, 2)
    texts = [one["patterns"][number] for number, length in pairs for _ in range(length)]
    return np.array([[letter == "1" for letter in text] for text in texts])


# -- by hand: cells at 0, 400, 1,000 and 9,000 m; Level 2 stands at 0, sites at 800 and 9,000 m.

POINTS = [(0, 0, 10, 1), (400, 0, 20, 1), (1_000, 0, 40, 1), (9_000, 0, 80, 1)]
SITES = [(800, 0, "parking"), (9_000, 0, "library")]
PLAN = (("new_l2_{0}", 2), ("new_l3_{1}", 2))


@pytest.fixture
def by_hand():
    tables = toy(POINTS, stations=[(0, 0, 2, 0)], sites=SITES)
    tables.sites = tables.sites.assign(land="own")
    ids = tables.sites["site_id"].tolist()
    actions = tuple((name.format(*ids), ports) for name, ports in PLAN)
    config = base_config()
    month = {actions[0][0]: 4, actions[1][0]: 12}
    plan = ShownPlan("toy", "Toy", config, actions, "", "", month, "by hand")
    return Gauge(tables), plan


def test_people_newly_reached_and_served_by_nobody_else(by_hand):
    gauge, plan = by_hand
    data = plan_data(gauge, plan)
    rows = [dict(zip(HEADS, row, strict=True)) for row in data["rows"]]
    # the first site reaches the cells at 400 m, which the station serves already, and at 1,000 m
    assert [row["people"] for row in rows] == [40, 80]
    assert [row["only"] for row in rows] == [40, 80]
    assert [row["month"] for row in rows] == [4, 12]
    assert [row["kind"] for row in rows] == ["new_l2", "new_l3"]
    by_month = {step["month"]: step for step in data["steps"]}
    assert [by_month[m]["actions"] for m in (0, 2, 4, 10, 12)] == [0, 0, 1, 1, 2]
    assert [by_month[m]["l2"] for m in (0, 2, 4, 12)] == [0.2, 0.2, 0.4667, 0.4667]
    assert [by_month[m]["l3"] for m in (0, 4, 12)] == [0, 0, 0.5333]
    assert by_month[12]["cad"] == sum(row["cad"] for row in rows)


def test_cells_come_into_reach_month_by_month(by_hand):
    gauge, plan = by_hand
    straight = unfolded(reach_line(gauge, plan, "l2"))
    assert straight[:, 0].tolist() == [True, True, False, False]
    assert straight[:, 1].tolist() == [True, True, False, False]
    assert straight[:, 2].tolist() == [True, True, True, False]
    assert unfolded(reach_line(gauge, plan, "l3"))[:, -1].tolist() == [False, False, False, True]


def reach_line(gauge, plan, level):
    """Return the reach in a straight line alone: the small region has no roads."""
    from kwev.site import shown_plans as room

    found = gauge.evaluation(plan.config, "straight_line")
    states = [gauge.counts(found, level, plan.done_by(m)) > 0 for m in plan.steps]
    return room._in_runs(np.stack(states, axis=1))


def test_runs_give_every_state_back():
    from kwev.site import shown_plans as room

    states = np.random.default_rng(5).random((500, 4)) < 0.5
    assert (unfolded(room._in_runs(states)) == states).all()
    same = np.zeros((30, 2), bool)
    assert room._in_runs(same) == {"patterns": ["00"], "runs": [0, 30]}


def test_an_action_that_is_none_is_refused():
    plan = ShownPlan("x", "X", base_config(), (("dig_here", 1),), "", "", {}, "")
    with pytest.raises(ValueError, match="dig_here"):
        _ = plan.ports


# -- the published plan


@pytest.fixture(scope="module")
def plans(recommended):
    return shown_plans(recommended)


@pytest.fixture(scope="module")
def gauge(recommended):
    return Gauge(recommended.tables)


@pytest.fixture(scope="module")
def data(gauge, plans):
    return plan_data(gauge, plans[0])


@pytest.fixture(scope="module")
def frame(data):
    return pd.DataFrame(data["rows"], columns=data["heads"])


@pytest.mark.slow
def test_actions_and_money_are_those_of_the_plan(frame, recommended):
    plan = recommended.plan
    assert frame["id"].tolist() == [action.id for action in plan.actions]
    assert frame["cad"].sum() == pytest.approx(plan.cost.net_cad, abs=len(frame))
    assert frame["ports"].tolist() == [action.ports_added for action in plan.actions]
    assert frame["municipality"].tolist() == [action.municipality for action in plan.actions]
    assert frame["month"].tolist() == [
        recommended.timetable.window(action.id)[1] for action in plan.actions
    ]


@pytest.mark.slow
def test_money_and_people_of_each_month_are_those_of_the_timetable(data, recommended):
    ends = recommended.timetable.moments["best"]
    people = recommended.people
    assert [step["month"] for step in data["steps"]] == [end.month for end in ends]
    for step, end in zip(data["steps"], ends, strict=True):
        assert step["cad"] == pytest.approx(end.spent_cad, abs=1)
        assert step["l2"] == pytest.approx(end.l2 / people, abs=1e-4)
        assert step["l3"] == pytest.approx(end.l3 / people, abs=1e-4)


@pytest.mark.slow
def test_people_newly_reached_are_those_of_the_reasons(frame, recommended):
    reasons = recommended.findings.reasons.set_index("id").loc[frame["id"]]
    is_l3 = (reasons["level"] == "l3").to_numpy()
    alone = np.where(is_l3, reasons["alone_l3"], reasons["alone_l2"])
    assert frame["people"].tolist() == pytest.approx(alone.tolist(), abs=0.51)


@pytest.mark.slow
def test_reach_of_the_cells_is_that_of_the_report(gauge, plans, recommended):
    found, effects = reach_data(gauge, plans[0]), recommended.findings.effects
    ids = gauge.evaluation(plans[0].config, "network").points("cell").ids
    order = pd.Index(effects.cells.ids).get_indexer(ids)
    for level in LEVEL_KEYS:
        states = unfolded(found[level])
        for when, step in zip(WHENS, (0, -1), strict=True):
            assert (states[:, step] == effects.covered(level, when)[order]).all()
        # a straight line is never longer than the road
        assert not (states & ~unfolded(found[f"{level}-line"])).any()


@pytest.mark.slow
def test_cells_lie_where_the_table_has_them(gauge, plans, recommended):
    from pyproj import Transformer

    points = gauge.evaluation(plans[0].config, "network").points("cell")
    made = {**cells_data(points, 100), **map_layers.grid_in_degrees(recommended.tables)}
    rows = np.array(made["cells"]).reshape(-1, 3)
    grid = np.cumsum(rows[:, :2], axis=0) + made["origin"]
    east, north = (grid * made["size_m"]).T
    x, y = (grid * made["size_m"] - made["origin_m"]).T / made["scale_m"]
    terms = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    shown = terms @ np.array(made["degrees"]).T
    lon, lat = Transformer.from_crs(CRS, CRS_DEGREES, always_xy=True).transform(east, north)
    assert np.abs(shown - np.column_stack([lat, lon])).max() < 1e-5  # a metre
    assert rows[:, 2].sum() == pytest.approx(recommended.people, rel=0.01)


@pytest.mark.slow
def test_compare_has_every_plan_and_the_numbers_of_its_study(gauge, plans, recommended):
    keys = [plan.key for plan in plans]
    assert len(set(keys)) == len(keys)
    for wanted in ("recommended", "spec", "own-land", "public-land", "budget-2000k", "budget-6000k",
                   "aggressive", "balanced", "conservative"):  # fmt: skip
        assert wanted in keys
    few = [plan for plan in plans if plan.key in ("recommended", "spec", "conservative")]
    found = compare.compared(recommended, gauge, few).set_index("key")
    for plan in few:
        row = registry.results(recommended.project, plan.study).set_index("name").loc[plan.row]
        for column in ("net_cad", "l2", "l3", "ev_owners", "new_l2", "kw_added", "budget_cad"):
            assert found.loc[plan.key, column] == row[column]
        # the plan's own share is found again by its own metric and radii
        own = gauge.evaluation(plan.config, plan.config.coverage.metric)
        people = own.points("cell").people
        for level in LEVEL_KEYS:
            share = people[gauge.counts(own, level, plan.ports) > 0].sum() / people.sum()
            assert share == pytest.approx(row[level], abs=1e-9)
    published, spec = recommended.plan, found.loc["spec"]
    assert found.loc["recommended", "l2_network"] == pytest.approx(published.coverage.l2.after)
    assert spec["l2_straight_line"] == pytest.approx(spec["l2"])
    text = compare.table(recommended, found.reset_index()).html()
    assert "People within 500 m of Level 2 along the roads" in text
    assert "in a straight line" in text
    assert METRICS == ("network", "straight_line")


@pytest.mark.slow
def test_layers_are_small_and_hold_every_row(recommended):
    from kwev import escape

    tables, folder = recommended.tables, recommended.project.processed
    sites, stops = map_layers.candidates(tables), map_layers.stops(tables)
    assert len(sites["sites"]) == len(tables.sites)
    assert len(stops["stops"]) == len(tables.transit_stops)
    equity = map_layers.deprivation(tables, folder)
    assert len(equity["areas"]) == len(tables.das)
    tracts = map_layers.tracts(recommended, folder)
    need = recommended.local_need
    for key, column in (("need-today", "unserved_before"), ("need-after", "unserved_now")):
        total = sum(tracts["layers"][key]["value"])
        assert total == pytest.approx(need[column].sum() / 1_000, abs=len(tracts["areas"]))
    proxy = tracts["layers"]["grid"]["value"]
    assert sorted(proxy) == sorted(tables.area_grid["proxy_kw"].round().astype(int))
    standing = map_layers.stations(tables, recommended.config)
    assert len(standing) == len(tables.stations)
    assert sum(row[-1] for row in standing) == len(recommended.findings.effects.stations.ids)
    for layer in (sites, stops, equity, tracts):
        assert len(escape.script(layer).encode()) < 300_000
