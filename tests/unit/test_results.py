"""What a plan changes: groups, distances, measures, gaps, reasons and costs, worked out by hand."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest
from settled import DONE, furnished, line, on_a_road, plan_of
from toy import base_config, case, toy

from kwev.certify import ActionKey, Evaluation
from kwev.config import Case
from kwev.errors import KwevError
from kwev.formats import schemas
from kwev.report import distances, effects, gaps, measures
from kwev.report import plan as plans
from kwev.report.effects import effects as effects_of_effects
from kwev.report.neighbourhoods import ClusterRule
from kwev.report.results import (
    Findings,
    infrastructure,
    resale,
    results,
    results_text,
    solution_count,
)
from kwev.studies.store import stored

SCHEMA = schemas()["docs/schemas/results.json"]
FOUND_ONE = " J       0       0         0   0.00%   -inf   -84.8   Large   0  0  0   0     1.2s\n"
ACCOUNT = {
    "log": FOUND_ONE,
    "nodes": 3,
    "seconds": 0.5,
    "solves": {
        "shortfall": {"status": "optimal", "seconds": 0.2, "nodes": 1, "log": FOUND_ONE},
        "plan": {"status": "optimal", "seconds": 0.2, "nodes": 1, "log": FOUND_ONE},
        "attainable_l2": {"status": "optimal", "seconds": 0.1, "nodes": 1, "log": FOUND_ONE},
    },
}


@pytest.fixture(scope="module")
def found():
    tables = line()
    return Findings.of(tables, plan_of(tables, case(), DONE))


def test_stations_in_reach_by_hand(found):
    # the converted station leaves the first home to q000; the second has q000 and q001
    counts = found.effects.counts
    assert counts["l2", "before"].tolist() == [1, 0, 0, 0]
    assert counts["l2", "after"].tolist() == [1, 2, 1, 0]
    assert counts["l3", "before"].tolist() == [0, 0, 0, 1]
    assert counts["l3", "after"].tolist() == [1, 1, 1, 1]


def test_who_gains_by_hand(found):
    table = found.groups.set_index(["group", "name"])

    def row(group, name, *columns):
        return table.loc[(group, name), list(columns)].tolist()

    after = ("l2_before", "l2_after", "l3_before", "l3_after")
    region = row(effects.MUNICIPALITIES, effects.REGION, *after)
    assert region == pytest.approx([0.5, 0.9, 0.1, 1.0])
    assert row(effects.MUNICIPALITIES, "Kitchener", *after) == pytest.approx(region)
    assert row(effects.FIFTHS, "Most deprived fifth", *after) == [1, 1, 0, 1]
    # 50 and 20 people: only the 50 get Level 2, the 20 had Level 3
    least = row(effects.FIFTHS, "Least deprived fifth", *after)
    assert least == pytest.approx([0, 50 / 70, 20 / 70, 1])
    assert row(effects.FIFTHS, effects.UNSCORED, *after) == [0, 1, 0, 1]
    assert (effects.FIFTHS, "Third fifth") not in table.index
    # battery-electric: 3, 1, 0, 2; hybrids: 1, 1, 0, 0
    assert row(effects.VEHICLES, "Battery-electric", *after) == pytest.approx(
        [3 / 6, 4 / 6, 2 / 6, 1]
    )
    assert row(effects.VEHICLES, "Plug-in hybrid", *after) == pytest.approx([1 / 2, 1, 0, 1])
    either = row(effects.VEHICLES, effects.ALL_VEHICLES, "total", "either_before")
    assert either == pytest.approx([8, 6 / 8])


def test_distances_by_hand(found):
    table = found.percentiles.set_index(["level", "metric", "who", "when"])
    columns = ["p50", "p75", "p90", "p95", "max", "unreached"]
    # 100 people at 0 m, 50 at 800, 30 at 1,600, 20 at 20,000
    before = table.loc[("l2", "straight_line", "people", "before"), columns].tolist()
    assert before == [0, 800, 1_600, 20_000, 20_000, 0]
    # 100, 50 and 30 at 400 m; the 20 at 18,800
    for metric in ("straight_line", "network"):
        after = table.loc[("l2", metric, "people", "after"), columns].tolist()
        assert after == [400, 400, 400, 18_800, 18_800, 0]
    assert table.loc[("l3", "straight_line", "people", "after"), "max"] == 1_600
    assert table.loc[("l2", "straight_line", "bev", "after"), "p75"] == 18_800


def test_the_curve_counts_a_home_at_the_distance(found):
    curve = distances.curves(found.distances).set_index(["level", "distance_m"])
    after = curve["straight_line_after"]
    assert after[("l2", 350)] == 0
    assert after[("l2", 400)] == pytest.approx(0.9)
    assert curve["straight_line_before"][("l2", 0)] == pytest.approx(0.5)


def test_a_home_off_the_roads_has_no_way_and_no_farthest():
    tables = line()
    tables.road_snaps = tables.road_snaps[tables.road_snaps["id"] != "p003"]
    made = Findings.of(tables, plan_of(tables, case(), DONE))
    table = made.percentiles.set_index(["level", "metric", "who", "when"])
    row = table.loc[("l2", "network", "people", "after")]
    assert row["unreached"] == pytest.approx(0.1)
    assert row["p90"] == 400
    assert np.isnan(row["max"])


def test_quantiles_forget_places_without_people():
    metres, people = np.array([5.0, 1.0, 9.0]), np.array([1.0, 1.0, 0.0])
    assert distances.quantiles(metres, people, [0.5, 1.0]).tolist() == [1, 5]
    assert np.isnan(distances.quantiles(metres, np.zeros(3), [0.5])).all()
    # ten equal parts: nine of them are 90 %, whatever their sum of doubles
    tenths = np.full(10, 0.1)
    assert distances.quantiles(np.arange(10.0), tenths, [0.9, 0.3]).tolist() == [8, 2]


def test_redundancy_and_overlap_by_hand(found):
    table = found.redundancy.set_index(["level", "when"])
    row = table.loc[("l2", "after")]
    assert row["at_least_1"] == pytest.approx(0.9)
    assert row["at_least_2"] == pytest.approx(50 / 200)
    assert row["at_least_3"] == 0
    assert row["redundant_share"] == pytest.approx(50 / 180)
    # 100 x 1 + 50 x 2 + 30 x 1 over the 180 who have one
    assert row["mean_stations"] == pytest.approx(230 / 180)
    assert table.loc[("l2", "before"), "redundant_share"] == 0


def test_spacing_by_hand(found):
    table = found.spacing.set_index(["level", "when"])
    assert table.loc[("l2", "after"), ["stations", "least_m", "most_m"]].tolist() == [2, 800, 800]
    assert table.loc[("l3", "after"), ["stations", "mean_m"]].tolist() == [2, 20_000]
    alone = table.loc[("l3", "before")]
    assert alone["stations"] == 1
    assert np.isnan(alone["mean_m"])


def test_spacing_counts_a_level_by_its_own_stations():
    tables = line()
    config = base_config(coverage__l3_counts_for_l2=True)
    made = effects_of_effects(tables, plan_of(tables, Case("toy", config, "da"), DONE))
    table = measures.spacing(made).set_index(["level", "when"])
    assert table.loc[("l2", "after"), "stations"] == 2
    assert len(measures.stations(made, "after")) == 4


def test_stations_and_power_by_area_by_hand(found):
    table = found.areas.set_index("area_id")
    # s000 and q000 in a, s001 and q001 in b, nothing in c
    assert table["stations_before"].to_dict() == {"a": 1, "b": 1, "c": 0}
    assert table["stations_after"].to_dict() == {"a": 2, "b": 2, "c": 0}
    assert table["kw_before"].to_dict() == pytest.approx({"a": 38.4, "b": 700, "c": 0})
    assert table["kw_after"].to_dict() == pytest.approx({"a": 719.2, "b": 719.2, "c": 0})
    assert table.loc["a", "grid_share_after"] == pytest.approx(0.7192)
    assert table["people"].sum() == 200


def test_transit_by_hand(found):
    # q000 is 300 m from the bus stop, q001 700 m from ION, s000 500 m from the bus stop
    table = found.transit.set_index("what")
    new = table.loc["New Level 2 stations", ["places", "bus", "ion", "either", "frequent"]]
    assert new.tolist() == [2, 0.5, 0.5, 1, 0.5]
    assert table.loc["Conversions to Level 3", ["places", "either"]].tolist() == [1, 0]
    nothing = table.loc["New Level 3 stations"]
    assert nothing["places"] == 0
    assert np.isnan(nothing["either"])
    assert table.loc["Stations with the plan", "places"] == 4


def test_the_reason_of_each_site_by_hand(found):
    table = found.reasons.set_index("id")
    columns = ["alone_l2", "alone_l3", "company_l2", "company_l3", "lost_l2", "in_reach"]
    # alone q000 brings the 50, for the station serves the 100; in company the 100 hang on it
    assert table.loc["new_l2_q000", columns].tolist() == [50, 0, 100, 0, 0, 150]
    assert table.loc["new_l2_q001", columns].tolist() == [80, 0, 30, 0, 0, 80]
    assert table.loc["upgrade_s000", columns].tolist() == [0, 180, 0, 180, 0, 180]
    assert table["shared"].tolist() == pytest.approx([0, 50 / 150, 50 / 80])
    # points: Level 2 counts once, Level 3 twice, of 200 people
    assert table["points"].to_dict() == pytest.approx(
        {"upgrade_s000": 180, "new_l2_q000": 50, "new_l2_q001": 15}
    )
    assert table.loc["new_l2_q000", "cad_per_point"] == pytest.approx(25_000 / 50)


def test_the_best_alternative_by_hand(found):
    table = found.reasons.set_index("id")
    # without q001 the 30 have none: q002 brings all of them back, q003 the 20 at the far end
    assert table.loc["new_l2_q001", "alternative"] == "new_l2_q002"
    assert table.loc["new_l2_q001", "kept_share"] == pytest.approx(1)
    # without q000 the 100 have none and no other site is near them: the 20 are next best
    assert table.loc["new_l2_q000", "alternative"] == "new_l2_q003"
    assert table.loc["new_l2_q000", "alternative_points"] == pytest.approx(10)
    assert table.loc["upgrade_s000", "kept_share"] == pytest.approx(10 / 180)
    assert table.loc["upgrade_s000", "alternative_name"] == "Site 3"


def test_a_conversion_that_takes_the_only_station_tells_whom():
    tables = line()
    made = Findings.of(tables, plan_of(tables, case(), ["upgrade_s000"]))
    row = made.reasons.iloc[0]
    assert row["lost_l2"] == 100
    # 180 people gain Level 3 (weight 2), 100 of 200 lose Level 2: 180 - 50 points hang on it
    assert row["points"] == pytest.approx(130)
    # with the station back, q000 brings the 50 and q001 brings 50 and 30
    assert row["alternative"] == "new_l2_q001"
    assert row["alternative_points"] == pytest.approx(40)


@pytest.mark.parametrize(
    ("budget_cad", "best"), [(200_000, "new_l3_q001"), (199_999, "new_l2_q001")]
)
def test_an_alternative_must_be_affordable(budget_cad, best):
    tables = toy(
        [(0, 0, 100, 1), (9_000, 0, 300, 1)],
        sites=[(0, 0, "library"), (9_000, 0, "shopping_mall")],
    )
    furnished(tables)
    on_a_road(tables)
    # what the plan leaves and what it frees are the whole budget; at the far home Level 3 would
    # bring 150 points for 200,000, Level 2 75 for 25,000
    plan = plan_of(tables, case(budget__limit_cad=budget_cad), ["new_l2_q000"])
    assert Findings.of(tables, plan).reasons.iloc[0]["alternative"] == best


def test_where_nothing_else_brings_anything_there_is_no_alternative():
    tables = toy([(0, 0, 100, 1)], sites=[(0, 0, "library"), (60_000, 0, "library")])
    furnished(tables)
    on_a_road(tables)
    row = Findings.of(tables, plan_of(tables, case(), ["new_l2_q000"])).reasons.iloc[0]
    assert row["alternative"] == ""
    assert np.isnan(row["kept_share"])


def test_gaps_by_hand(found):
    rule = ClusterRule(reach_m=250, core_people=15)
    table = gaps.gaps(found.effects, rule)
    (row,) = table.to_dict("records")
    assert (row["level"], row["gap"], row["people"], row["ev"]) == ("l2", 1, 20, 2)
    assert row["municipality"] == "Kitchener"
    # the nearest Level 2 station is q001; q003, not chosen, would reach all of them
    assert row["nearest_m"] == row["farthest_m"] == 18_800
    assert row["within_a_site"] == 1
    left = gaps.summary(found.effects, table).set_index("level")
    assert left.loc["l2", ["people", "people_listed", "people_scattered"]].tolist() == [20, 20, 0]
    assert left.loc["l3", "people"] == 0
    assert np.isnan(left.loc["l3", "within_a_site"])
    # 20 people are too few for a place of the usual rule
    assert len(found.gaps) == 0
    assert found.out_of_reach.set_index("level").loc["l2", "people_scattered"] == 20


def test_gaps_stand_in_the_order_of_people_and_far_homes_apart():
    tables = toy(
        [(0, 0, 300, 0), (200, 0, 200, 0), (5_000, 0, 900, 0), (9_000, 0, 3, 0)],
        sites=[(5_000, 0, "library")],
    )
    furnished(tables)
    on_a_road(tables)
    made = effects_of_effects(tables, plan_of(tables, case(), []))
    gap = gaps.gap_of_cells(made, "l2")
    assert gap.tolist() == [1, 1, 0, -1]
    table = gaps.gaps(made)
    level2 = table[table["level"] == "l2"]
    assert level2["people"].tolist() == [900, 500]
    assert level2["within_a_site"].tolist() == [1, 0]
    assert level2["nearest_m"].isna().all()


def test_costs_item_by_item_add_up(found):
    plan, config = found.effects.plan, found.effects.config
    bought, sold = infrastructure(plan, config), resale(plan, config)
    assert bought["new_l2_stations"] == {"count": 2, "cost_cad": 40_000}
    assert bought["l2_ports"] == {"count": 2, "cost_cad": 10_000}
    assert bought["upgrades"] == {"count": 1, "cost_cad": 100_000}
    assert bought["l3_ports"] == {"count": 2, "cost_cad": 100_000}
    assert bought["new_l3_stations"] == bought["other_actions"] == {"count": 0, "cost_cad": 0}
    # half of a station at 20,000 and of two ports at 5,000
    assert sold["l2_stations"] == {"count": 1, "revenue_cad": 10_000}
    assert sold["l2_ports"] == {"count": 2, "revenue_cad": 5_000}


def test_retained_ports_are_not_sold():
    tables = line()
    plan = plan_of(tables, case(ports__retained_l2=1), ["upgrade_s000"])
    sold = resale(plan, base_config(ports__retained_l2=1))
    assert sold["l2_stations"] == {"count": 0, "revenue_cad": 0}
    assert sold["l2_ports"] == {"count": 1, "revenue_cad": 2_500}
    assert plan.cost.resale_cad == 2_500


def test_cost_of_a_point_by_level(found):
    cost = plans.cost_per_point(found.effects.plan)
    # Level 2: 50,000 for 40 points; Level 3: 185,000 for 90
    assert cost["l2"]["cad_per_point"] == pytest.approx(1_250)
    assert cost["l3"]["cad_per_point"] == pytest.approx(185_000 / 90)
    assert cost["together"]["cad_per_point"] == pytest.approx(235_000 / 130)
    assert cost["together"]["net_cost_cad"] == found.effects.plan.cost.net_cad


@pytest.mark.parametrize("actions", [[], ["upgrade_s000"]])
def test_where_nothing_is_gained_a_point_has_no_cost(actions):
    tables = line()
    cost = plans.cost_per_point(plan_of(tables, case(), actions))
    # a conversion takes Level 2 from the 100: a loss is no gain
    assert cost["l2"]["cad_per_point"] is None
    assert cost["l2"]["reason"]
    assert (cost["l3"]["cad_per_point"] is None) == (not actions)


def record(found, account=ACCOUNT):
    values = results(found, account).as_dict()
    jsonschema.validate(values, SCHEMA)
    return values


def consistent(values, plan):
    """Insist that the parts of a results file agree with each other and with the plan."""
    bought, money = values["infrastructure_changes"], values["cost_analysis"]
    sold = money["resale_revenue"]
    assert sum(item["cost_cad"] for item in bought.values()) == pytest.approx(
        plan.cost.purchase_cad
    )
    assert sum(item["revenue_cad"] for item in sold.values()) == pytest.approx(plan.cost.resale_cad)
    assert money["net_cost_cad"] == pytest.approx(
        money["total_purchase_cad"] - money["total_revenue_cad"]
    )
    per_point = money["cost_per_coverage_point"]
    assert per_point["l2"]["net_cost_cad"] + per_point["l3"]["net_cost_cad"] == pytest.approx(
        money["net_cost_cad"]
    )
    counted = sum(bought[name]["count"] for name in bought if not name.endswith("ports"))
    assert counted == len(values["sites"]) == len(plan.actions)
    assert sum(site["net_cad"] for site in values["sites"]) == pytest.approx(plan.cost.net_cad)
    metrics = values["coverage_metrics"]
    for level, name in (("l2", "l2_coverage"), ("l3", "l3_coverage"),
                        ("ev_owners", "ev_owner_coverage")):  # fmt: skip
        reached = getattr(plan.coverage, level)
        assert metrics["initial"][name] == pytest.approx(reached.before, abs=1e-9)
        assert metrics["final"][name] == pytest.approx(reached.after, abs=1e-9)
        assert metrics["improvement"][level] == pytest.approx(
            metrics["final"][name] - metrics["initial"][name], abs=1e-9
        )
    validation = values["coverage_validation"]
    for left in validation["out_of_reach"]:
        listed = [g for g in validation["service_gaps"] if g["level"] == left["level"]]
        assert left["places"] == len(listed)
        assert sum(g["people"] for g in listed) == pytest.approx(left["people_listed"])
        assert left["people_listed"] + left["people_scattered"] == pytest.approx(left["people"])
        covered = validation["population_covered"][left["level"]]
        assert left["people"] * covered["final"] == pytest.approx(
            covered["final_people"] * (1 - covered["final"]), abs=1e-3
        )
    for gap in validation["service_gaps"]:
        assert gap["nearest_m"] is None or gap["nearest_m"] <= gap["farthest_m"] + 1e-6
    groups = values["access"]["by_group"]
    for group in (effects.MUNICIPALITIES, effects.FIFTHS):
        rows = [g for g in groups if g["group"] == group and g["name"] != effects.REGION]
        for level in ("l2", "l3"):
            reached = sum(g["total"] * g[f"{level}_after"] for g in rows)
            covered = validation["population_covered"][level]
            assert reached == pytest.approx(covered["final_people"], rel=1e-6)


def test_the_record_by_hand_fits_its_schema_and_itself(found):
    values = record(found)
    consistent(values, found.effects.plan)
    solver = values["quality_metrics"]["solver_metrics"]
    assert (solver["solution_count"], solver["node_count"], solver["runtime_s"]) == (2, 3, 0.5)
    used = values["quality_metrics"]["constraint_utilization"]
    assert used["budget"] == pytest.approx(235_000 / 4_000_000)
    assert used["l2_coverage"] == pytest.approx(0.9 / 0.95)
    assert used["site_power_most"] == pytest.approx(700 / 750)
    # a plan that nobody checked is not called feasible
    assert values["validation_metrics"]["solution_feasibility"] is False


def test_the_record_of_a_plan_that_does_nothing():
    tables = line()
    plan = plan_of(tables, case(budget__limit_cad=0, targets__l2=0), [])
    values = record(Findings.of(tables, plan), ACCOUNT | {"solves": {}})
    consistent(values, plan)
    assert values["sites"] == []
    assert values["quality_metrics"]["constraint_utilization"]["budget"] is None
    assert values["quality_metrics"]["constraint_utilization"]["l2_coverage"] is None
    assert values["quality_metrics"]["solver_metrics"]["solution_count"] is None
    assert values["cost_analysis"]["cost_per_coverage_point"]["together"]["reason"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: v["coverage_metrics"].pop("improvement"),
        lambda v: v["cost_analysis"].update(net_cost_cad="much"),
        lambda v: v.update(extra=1),
        lambda v: v["sites"][0].pop("alternative"),
    ],
)
def test_the_schema_refuses_a_spoilt_record(found, spoil):
    values = record(found)
    spoil(values)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, SCHEMA)


def test_an_action_that_the_scenario_does_not_allow_is_refused(found):
    plan = found.effects.plan
    action = plan.actions[0].model_copy(update={"id": "new_l3_q000"})
    with pytest.raises(KwevError, match="new_l3_q000"):
        effects_of_effects(found.effects.tables, plan.model_copy(update={"actions": [action]}))


def test_the_log_of_the_solver_tells_of_better_plans():
    log = """
Src: B => Branching; C => Central rounding; F => Feasibility pump; H => Heuristic;
     I => Shifting; J => Feasibility jump; L => Sub-MIP; P => Empty MIP; R => Randomized rounding;

Src  Proc. InQueue |  Leaves   Expl. | BestBound       BestSol              Gap |   Cuts

 J       0       0         0   0.00%   -inf            -84.85861789       Large        0     1.2s
         0       0         0   0.00%   -100.314159     -84.85861789      18.21%        0     1.2s
 C       0       0         0   0.00%   -99.80781821    -94.22593726       5.92%       37     1.2s
"""
    assert solution_count(log) == 2
    assert solution_count("start: 5\nsolution: 5\nsolution: 4\n" + log) == 2
    assert solution_count("SCIP> something else") is None


@pytest.fixture(scope="module")
def tract_entry(project, tables):
    from kwev.config import load_config

    return stored(project, tables, Case("base", load_config("base", project.config), "tract"))


@pytest.fixture(scope="module")
def tract_found(tables, tract_entry):
    return Findings.of(tables, tract_entry.plan)


def test_the_base_plan_agrees_with_its_certificate(tables, tract_entry, tract_found):
    plan, made = tract_entry.plan, tract_found.effects
    values = record(tract_found, tract_entry.account)
    consistent(values, plan)
    assert values["validation_metrics"]["constraint_satisfaction"] is True
    assert values["quality_metrics"]["solver_metrics"]["solution_count"] >= 1
    trace = Evaluation(tables, made.config, "tract")
    ports = {
        ActionKey(a.kind, a.place_id): a.l2_ports_after if a.kind == "new_l2" else a.l3_ports_after
        for a in plan.actions
    }
    for when, done in (("before", {}), ("after", ports)):
        cover = trace.cover("cell", done)
        assert cover.points.ids.tolist() == made.cells.ids.tolist()
        for level in ("l2", "l3"):
            assert (getattr(cover, level) == made.covered(level, when)).all()


def test_reasons_of_the_base_plan_agree_with_taking_actions_out(tables, tract_entry, tract_found):
    """The certificate measures again what each of a few actions holds, and one swap for each."""
    plan, made = tract_entry.plan, tract_found.effects
    trace = Evaluation(tables, made.config, "tract")
    ports = {
        ActionKey(a.kind, a.place_id): a.l2_ports_after if a.kind == "new_l2" else a.l3_ports_after
        for a in plan.actions
    }
    weights = made.config.weights

    def points(done):
        cover = trace.cover("cell", done)
        return 100 * (weights.l2 * cover.share("l2") + weights.l3 * cover.share("l3"))

    whole = points(ports)
    table = tract_found.reasons
    picked = table.sort_values("points").iloc[[0, len(table) // 2, -1]]
    for row in picked.to_dict("records"):
        place = ActionKey(row["kind"], row["place_id"])
        rest = {key: value for key, value in ports.items() if key != place}
        without = points(rest)
        assert whole - without == pytest.approx(row["points"], abs=1e-9)
        other = ActionKey.from_id(row["alternative"])
        swapped = points({**rest, other: 1 if other.kind == "new_l2" else 2})
        assert swapped - without == pytest.approx(row["alternative_points"], abs=1e-9)


def test_results_are_the_same_twice(tables, tract_entry):
    first, second = (results_text(tables, tract_entry) for _ in range(2))
    assert first == second
    jsonschema.validate(json.loads(first), SCHEMA)


@pytest.mark.parametrize("people", [10, 0])
def test_a_region_without_anything_to_decide_has_results(people):
    tables = on_a_road(furnished(toy([(0, 0, people, 0)])))
    made = Findings.of(tables, plan_of(tables, case(), []))
    values = record(made)
    consistent(values, made.effects.plan)
    left, _ = values["coverage_validation"]["out_of_reach"]
    assert (left["people"], left["within_a_site"]) == (people, 0 if people else None)
    assert values["access"]["distance_to_nearest"][0]["unreached"] == (1 if people else 0)


def test_a_station_off_the_roads_is_reached_by_nobody():
    tables = line()
    tables.road_snaps = tables.road_snaps[tables.road_snaps["kind"] != "station"]
    made = Findings.of(tables, plan_of(tables, case(), []))
    table = made.percentiles.set_index(["level", "metric", "who", "when"])
    assert table.loc[("l2", "network", "people", "before"), "unreached"] == 1
    assert table.loc[("l2", "straight_line", "people", "before"), "unreached"] == 0


def test_the_share_within_a_distance_is_that_of_the_people_at_or_nearer():
    metres = {("l2", "network", "after"): np.array([0.0, 500.0, 500.1, np.inf])}
    made = distances.Distances(metres, {"people": np.array([1.0, 2.0, 3.0, 4.0])})
    assert distances.within(made, "l2", "network", "after", 500.0) == pytest.approx(3 / 10)
    assert distances.within(made, "l2", "network", "after", 1e9) == pytest.approx(6 / 10)
