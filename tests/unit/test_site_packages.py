"""Site packages, phases and schedules as records: arithmetic by hand, schemas, sums."""

from __future__ import annotations

import io
import json

import jsonschema
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from settled import DONE, line, plan_of
from toy import base_config, case, toy

from kwev.certify import ActionKey, Evaluation, PersonMonths, ScheduleCheck
from kwev.display.figure import Origin
from kwev.errors import KwevError
from kwev.formats import schemas
from kwev.report import phases as report_phases
from kwev.report import schedule, site_packages, sites, timing
from kwev.report.schedule import IN_CHART
from kwev.report.site_needs import Ground, Supply, checklist, supply
from kwev.report.timing import Timetable
from kwev.vocabulary import KIND_NAMES

WITHIN_LIMITS = ["best", "greedy", "phased", "order"]

HERE = Origin("a toy", "2026")
LIMITS = {
    "phasing__crews__l2": 1,
    "phasing__connected_kw_per_period": 1_000,
    "phasing__budget_share_per_period": 1.0,
}


@pytest.fixture(scope="module")
def built():
    """Return the road with four homes, a plan of two stations and a conversion, and limits."""
    tables = line()
    given = case(**LIMITS)
    plan = plan_of(tables, given, DONE)
    return tables, plan, given.config


@pytest.fixture(scope="module")
def timetable(built):
    tables, plan, config = built
    ranges = {"phasing.crews.l2": (1, 2), "phasing.connected_kw_per_period": (500, 1_000)}
    return Timetable.of(tables, plan, config, timing.make(tables, plan, config, ranges))


@pytest.fixture(scope="module")
def made(built, timetable):
    tables, plan, config = built
    return site_packages.packages(tables, plan, config, timetable.periods("best"))


# -- arithmetic ------------------------------------------------------------------------------


def test_three_phase_arithmetic_as_settled():
    # 350 kW / (sqrt(3) x 480 V x 0.95) = 350,000 / 789.8 = 443.1 A; 350 / 0.95 = 368.4 kVA
    one = supply("l3", 1, base_config().power)
    assert round(one.port_amps) == round(one.amps) == 443
    assert round(one.kva) == 368
    assert one.transformer_kva == 500
    two = supply("l3", 2, base_config().power)
    assert (round(two.amps), round(two.kva), two.transformer_kva) == (886, 737, 750)
    times = "\N{MULTIPLICATION SIGN}"
    assert two.arithmetic() == (
        f"2 {times} 350 kW = 700.0 kW",
        "700.0 kW / 0.95 = 737 kVA",
        f"350 kW / (√3 {times} 480 V {times} 0.95) = 443 A a port, 2 ports 886 A (three phases)",
    )


def test_single_phase_arithmetic():
    # 19.2 kW at 240 V are 80 A
    three = supply("l2", 3, base_config().power)
    assert (three.port_amps, three.amps, three.phases) == (80, 240, 1)
    assert three.kva == pytest.approx(57.6)
    assert three.transformer_kva == 75


def test_more_than_the_largest_transformer_is_told():
    giant = Supply(10, 350.0, 480.0, 3, 0.95)
    assert giant.kva > 3_000
    assert giant.transformer_kva is None
    here = Ground(is_station=False, owner="public", operator="")
    text = {need.topic: need.text for need in checklist("new_l3", giant, here)}
    assert "more than one transformer" in text["transformer"]
    assert "is not enough" in text["transformer"]


def test_the_clients_transformer_carries_one_port_and_not_two():
    here = Ground(is_station=False, owner="", operator="")
    for ports, words in ((1, "500 kVA is enough"), (2, "500 kVA is not enough")):
        needs = checklist("new_l3", supply("l3", ports, base_config().power), here)
        (text,) = [need.text for need in needs if need.topic == "transformer"]
        assert words in text


@pytest.mark.parametrize(
    ("land", "words"),
    [
        ("own", "A decision of the council"),
        ("partner", "An agreement with the board"),
        ("customers", "A lease or licence"),
        ("residential", "A lease from the landlord"),
    ],
)
def test_each_class_of_land_needs_its_consent(land, words):
    here = Ground(is_station=False, owner="public", operator="", land=land, confidence="low")
    (text,) = [need.text for need in checklist("new_l2", None, here) if need.topic == "consent"]
    assert text.startswith(words)
    assert text.endswith("confidence: low.")


# -- packages --------------------------------------------------------------------------------


def test_a_package_costs_what_the_objective_counts(built, made):
    tables, plan, config = built
    again = Evaluation(tables, config, "da")
    for package, action in zip(made, plan.actions, strict=True):
        place = ActionKey.from_id(package.id)
        effect = again.effect(place, action.ports_added)
        money = package.implementation
        assert money.estimated_cost_cad == effect.purchase_cad - effect.resale_cad
        grid = money.grid_requirements
        assert grid.power_increase_kw == pytest.approx(effect.kw)
        assert grid.headroom_kw == pytest.approx(grid.grid_proxy_kw - grid.power_after_kw)
        assert grid.power_after_kw <= grid.grid_proxy_kw + 1e-6
    assert sum(p.implementation.estimated_cost_cad for p in made) == plan.cost.net_cad


def test_packages_by_hand(made):
    by_id = {package.id: package for package in made}
    upgrade = by_id["upgrade_s000"]
    grid = upgrade.implementation.grid_requirements
    # two ports of 350 kW come, two of 19.2 kW go: 700 - 38.4
    assert grid.power_increase_kw == pytest.approx(661.6)
    assert grid.power_after_kw == 700
    assert (grid.voltage_requirement, grid.phases) == ("480V", 3)
    assert upgrade.location.type == "existing_station"
    # 100,000 + 2 x 50,000 less half of 20,000 + 2 x 5,000
    assert upgrade.implementation.estimated_cost_cad == 185_000
    new = by_id["new_l2_q000"]
    assert new.charging.model_dump() == {
        "charger_type": "Level 2",
        "num_ports": 1,
        "power_output": {"kw": 19.2, "voltage": 240.0},
    }
    assert new.implementation.grid_requirements.current_a == 80
    assert new.implementation.schedule.phase == 3
    assert upgrade.implementation.schedule.phase == 1


def test_every_site_has_its_list(made):
    topics = {package.id: [need.topic for need in package.requirements] for package in made}
    asked = {"consent", "supply", "transformer", "wiring", "protection", "surface", "drainage",
             "light", "access", "signage"}  # fmt: skip
    assert set(topics["new_l2_q000"]) == asked
    assert set(topics["upgrade_s000"]) == asked | {"removal", "spacing"}
    for package in made:
        law = [n for n in package.requirements if n.topic in ("wiring", "protection")]
        assert all("Ontario Electrical Safety Code" in need.source for need in law)
        assert all("engineer" in need.confirm for need in law)
        (protection,) = [n for n in package.requirements if n.topic == "protection"]
        assert "not the law here" in protection.text


def test_a_second_action_at_a_place_starts_from_what_the_first_leaves():
    station = {"x": 0, "y": 0, "l2_ports": 4, "l3_ports": 0, "grid_kw": 2_000.0}
    tables = toy([(0, 0, 100, 1)], stations=[station])
    given = case(ports__retained_l2=2)
    plan = plan_of(tables, given, {"upgrade_s000": 2, "add_l2_s000": 3})
    found = site_packages.packages(tables, plan, given.config, {a.id: 1 for a in plan.actions})
    power = [p.implementation.grid_requirements.power_increase_kw for p in found]
    # 4 x 19.2 = 76.8 before; 2 x 19.2 + 700 = 738.4 after the first; 3 x 19.2 more
    assert power == pytest.approx([738.4 - 76.8, 57.6])
    assert found[1].implementation.grid_requirements.power_after_kw == pytest.approx(796.0)


def test_a_removal_needs_consent_and_no_supply():
    tables = toy([(0, 0, 100, 1)], stations=[{"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0,
                                              "operator": "FLO"}])  # fmt: skip
    tables.stations["operator"] = "FLO"
    given = case(siting__removal__stations="l2")
    plan = plan_of(tables, given, {"remove_s000": 0})
    (package,) = site_packages.packages(tables, plan, given.config, {"remove_s000": 1})
    assert package.charging is None
    assert package.implementation.grid_requirements.power_increase_kw == pytest.approx(-38.4)
    assert [need.topic for need in package.requirements] == ["consent", "removal"]
    assert package.requirements[0].text == (
        "Consent of the station's owner (private on record), and of FLO, who runs it."
    )


def test_files_fit_their_schemas_and_say_the_same(made):
    geojson = json.loads(json.dumps(site_packages.as_geojson(made)))
    jsonschema.validate(geojson, schemas()["docs/schemas/site-packages.geojson.json"])
    table = pd.read_csv(io.StringIO(site_packages.as_csv(made)))
    assert table["id"].tolist() == [feature["id"] for feature in geojson["features"]]
    assert table["estimated_cost_cad"].sum() == sum(
        f["properties"]["implementation"]["estimated_cost_cad"] for f in geojson["features"]
    )
    assert set(table["needs"].iloc[0].split("; ")) >= {"transformer", "wiring", "access"}


def test_a_sites_page_tells_its_package(made):
    first = made[0].model_copy(update={"name": "A <b> & <thing>"})
    text = sites.page(first, before=None, after=made[1])
    page = BeautifulSoup(text, "lxml")
    assert page.title.text == f"{first.name}: {KIND_NAMES[first.kind]}"
    assert page.h1.text == first.name
    assert [a["href"] for a in page.select("nav a")] == [sites.CHAPTER, f"{made[1].id}.html"]
    words = page.get_text()
    for line_ in made[0].implementation.grid_requirements.arithmetic:
        assert line_ in words
    assert len(page.select("ul.needs li")) == len(made[0].requirements)
    assert f"${made[0].implementation.estimated_cost_cad:,.0f}" in words


# -- phases ----------------------------------------------------------------------------------


def test_phases_by_kind_add_up_to_the_plan(built):
    _, plan, config = built
    found = report_phases.phase_file(plan, config.power)
    jsonschema.validate(found.model_dump(mode="json"), schemas()["docs/schemas/phases.json"])
    assert [phase.stations for phase in found.phases] == [1, 0, 2]
    assert [phase.ports for phase in found.phases] == [2, 0, 2]
    assert [phase.actions for phase in found.phases] == [
        1,
        0,
        2,
    ]  # a row of the plan each, whatever its ports
    assert sum(phase.cost_cad for phase in found.phases) == found.cost_cad == plan.cost.net_cad
    assert sum(phase.ports for phase in found.phases) == found.ports
    for phase in found.phases:
        assert sum(kind.cost_cad for kind in phase.kinds) == phase.cost_cad
        assert sum(kind.ports for kind in phase.kinds) == phase.ports
    grid = found.grid_requirements
    assert (grid.l2_stations.voltage, grid.l2_stations.total_requirement_kw) == (240, 2 * 19.2)
    assert (grid.l3_stations.voltage, grid.l3_stations.total_requirement_kw) == (480, 2 * 350)


def test_ports_added_at_stations_go_with_their_level_and_removals_come_last():
    names = {kind: report_phases.phase_of(kind).number for kind in
             ("upgrade", "new_l3", "add_l3", "new_l2", "add_l2", "remove")}  # fmt: skip
    assert names == {
        "upgrade": 1, "new_l3": 2, "add_l3": 2, "new_l2": 3, "add_l2": 3, "remove": 3,
    }  # fmt: skip


# -- the timetable ---------------------------------------------------------------------------


def test_the_timetable_by_hand(timetable):
    # one Level 2 job a period. q000 reaches the first home (100) and the second (50), q001 the
    # second and the third (30). The conversion brings Level 3 to the homes within 5 km (180 of
    # 200 people) and takes Level 2 from the first home unless q000 stands
    periods = timetable.periods("best")
    assert periods["new_l2_q000"] == 1
    assert periods["new_l2_q001"] == 2
    assert periods["upgrade_s000"] == 1
    start, first, second, *_ = timetable.moments["best"]
    assert (start.l2, start.l3) == (100, 20)
    assert (first.l2, first.l3) == (150, 200)
    assert (second.l2, second.l3) == (180, 200)
    # 2 months each: 100 in the first period, 150 in the second, 180 in the other four
    assert timetable.gathered["best"].l2 == 2 * (100 + 150 + 4 * 180)
    assert timetable.today.l2 == 12 * 100
    assert timetable.gain("best").l2 == 2 * (50 + 4 * 80)
    assert timetable.window("new_l2_q001") == (3, 4)
    assert timetable.gap == pytest.approx(0, abs=1e-9)


def test_no_schedule_within_the_limits_beats_the_best(timetable):
    table = timetable.compared().set_index("schedule")
    assert table.loc[WITHIN_LIMITS, "keeps"].all()
    assert (table["points"] <= table.loc["best", "points"] + 1e-9).loc[WITHIN_LIMITS].all()
    assert table.loc["best", "share"] == 1
    # months 9 to 12 are periods 5 and 6: one Level 2 job in each
    assert timetable.periods("written") == {
        "upgrade_s000": 1, "new_l2_q000": 5, "new_l2_q001": 6,
    }  # fmt: skip


def test_limits_are_varied_and_what_does_not_fit_says_why(timetable):
    swings = timetable.swings().set_index(["key", "end"])
    assert list(swings.index) == [
        ("phasing.crews.l2", "high"), ("phasing.connected_kw_per_period", "low"),
    ]  # fmt: skip
    wide = swings.loc[("phasing.crews.l2", "high")]
    assert wide["best"] > timetable.gain("best").points
    tight = swings.loc[("phasing.connected_kw_per_period", "low")]
    assert pd.isna(tight["best"])
    assert "661.6 kW, above the 500.0 kW" in tight["reason"]


def test_the_schedule_file_fits_its_schema(timetable):
    found = schedule.schedule_file(timetable).model_dump(mode="json")
    jsonschema.validate(found, schemas()["docs/schemas/schedule.json"])
    assert {done["id"]: done["period"] for done in found["actions"]} == timetable.periods("best")
    assert [state["l2_people"] for state in found["states"][:3]] == [100, 150, 180]
    assert found["gain_point_months"] == pytest.approx(timetable.gain("best").points)


def test_a_calendar_counts_every_action_once(built, timetable):
    _, plan, _ = built
    table = timetable.calendar()
    assert table["actions"].sum() == len(plan.actions)
    assert table["net_cad"].sum() == plan.cost.net_cad
    assert ((table["month_to"] - table["month_from"]) == 1).all()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda v: v["periods"]["best"].pop("upgrade_s000"), "upgrade_s000 has no period"),
        (lambda v: v["periods"]["best"].update(new_l2_q001=1), "2 L2 jobs in period 1"),
        (lambda v: v["periods"]["greedy"].update(new_l2_q001=6), "schedule greedy gathers"),
        (lambda v: v["periods"]["phased"].update(new_l2_q001=6), "schedule phased gathers"),
        (lambda v: v["periods"]["order"].pop("upgrade_s000"), "order has other actions"),
        (lambda v: v["points"].update(best=v["points"]["best"] + 1), "schedule best gathers"),
        (lambda v: v.update(bound=0), "the bound is below"),
    ],
)
def test_a_record_that_is_not_of_this_plan_is_refused(built, timetable, edit, words):
    tables, plan, config = built
    values = json.loads(json.dumps(dict(timetable.values)))
    edit(values)
    with pytest.raises(KwevError, match=words):
        Timetable.of(tables, plan, config, values)


# -- in words and pictures -------------------------------------------------------------------


def test_sentences_follow_from_the_numbers(built, timetable):
    _, plan, _ = built
    phases = report_phases.phases(plan)
    assert report_phases.empty_phases(phases) == (
        "One of its phases has nothing to do: months 5 to 8 would pass without works, and phase 1 "
        "carries 79% of the money in months 1 to 4."
    )
    busy = phases.assign(stations=1)
    assert report_phases.empty_phases(busy).startswith("Every phase has work to do; phase 1")
    # most gain first takes q001 (80 people, q000 only 50 more) while the conversion takes Level 2
    # from the 100: 80 people instead of 150 in the second period, 2 x 70 fewer person-months
    assert "simple list, most gain for the money first: 140 more" in schedule.against_greedy(
        timetable
    )
    assert schedule.halfway(timetable, "best") == 2
    held = schedule.what_holds_back(timetable)
    assert held.startswith("With 2 Level 2 jobs a period, ")
    assert held.endswith("more would be gained")
    assert "gains" in schedule.inside_phases(timetable)
    # q000 and q001 stand in the list's own order, so the order is only as good as the best
    assert "gains no more than" in schedule.more_than(timetable, "order", "x")


def test_who_waits_longest():
    table = pd.DataFrame(
        [("A", 1), ("A", 5), ("B", 3), ("C", 3)], columns=["municipality", "month_from"]
    )
    assert schedule.who_waits(table).endswith("and not before month 3 in B and C")
    assert schedule.who_waits(table[table["municipality"] == "A"]).endswith("in month 1")


def test_a_sentence_about_a_worse_order():
    class Gains:
        months = 12

        def gain(self, name):
            return (
                PersonMonths(120.0, 30.0, 12.0)
                if name == "best"
                else PersonMonths(90.0, 40.0, 10.0)
            )

    assert schedule.more_than(
        Gains(), "order", "the specification's order within the same limits"
    ) == (
        "The best schedule gains 20% more weighted coverage over the months than the "
        "specification's order within the same limits: 20 more person-months within reach of a "
        "charger"
    )
    assert "gains 20% more weighted coverage" in schedule.against_greedy(Gains())
    assert schedule.inside_phases(Gains()).endswith("gains 16.7% less than the best schedule")
    close = Gains()
    close.gain = lambda name: PersonMonths(0, 0, 12.0 if name == "best" else 11.976)
    assert "comes within 0.20% of the best schedule" in schedule.inside_phases(close)
    assert "comes within 0.20% of it" in schedule.against_greedy(close)
    # 120 + 30 against 90 + 40
    assert "give 20 more person-months" in schedule.in_short(Gains())


def test_charts_show_every_bar_and_line(timetable):
    drawn = schedule.calendar(timetable.calendar(), origin=HERE)
    assert "months 1 to 2: 2" in drawn.alt
    page = drawn.html()
    assert page.count('"type":"bar"') == 2  # two kinds of action
    assert drawn.static().printed.lstrip().startswith((b"<?xml", b"<svg"))
    lines = schedule.over_time(timetable.curves(), origin=HERE)
    assert all(words in lines.alt for words, *_ in IN_CHART.values())
    assert lines.html().count('"shape":"hv"') == 2 * len(IN_CHART)
    assert lines.static().printed.lstrip().startswith((b"<?xml", b"<svg"))


def test_the_check_of_schedules_counts_the_same_people_as_the_certificate(built):
    tables, plan, config = built
    check, again = ScheduleCheck(tables, config, plan), Evaluation(tables, config, "cell")
    done = dict(check.ports)
    last = check.period_ends({action.id: 1 for action in plan.actions})[-1]
    cover = again.cover("cell", done)
    assert last.l2 == cover.points.people[cover.l2].sum()
    assert last.l3 == cover.points.people[cover.l3].sum()
    parts = again.objective_parts(done)
    assert last.points == pytest.approx(parts["l2"] + parts["l3"])
