"""The checked bound in its parts: exact numbers, text of the multipliers, branches, refusals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from regions import regions, scenarios
from toy import base_config, case, streets, toy

from kwev.certify import KINDS, ActionKey, Evaluation, Measure, Points, certify, point_weights
from kwev.certify.dual_bound import (
    PART,
    branch_bound,
    leave_out_nothing,
    read_parts,
    upper_bound,
)
from kwev.certify.exact import InexactError, Ratios, UncheckedError, exact, ratios, up, whole
from kwev.certify.exact_model import POINT, ExactModel, Problem
from kwev.certify.options import KNOWN, ExactActions, leaves, unknown
from kwev.config import Case, load_config
from kwev.files import dump_json
from kwev.model.demand import demand_points
from kwev.plan.format import Branch
from kwev.report.plan import verdict
from kwev.solve.dual_multipliers import Relaxation, written
from kwev.solve.highs import own_threads
from kwev.solve.stages import solve_scenario
from kwev.studies.store import solve_certified

NOTHING = Branch(least={}, most={}, rows={}, cover={})


# -- numbers ---------------------------------------------------------------------------------------


def test_decimals_become_whole_numbers_of_their_last_place():
    assert whole([0.1, 650.153562], "people") == Ratios([100_000, 650_153_562], 10**6)
    assert whole([0.123456789], "people") == Ratios([123_456_789], 10**9)
    assert whole([], "people") == Ratios([], 10**6)


@pytest.mark.parametrize("value", [1 / 3, 2.0**60, np.nan, np.inf])
def test_what_is_no_decimal_is_refused(value):
    with pytest.raises(InexactError, match="people"):
        whole([1.0, value], "people")


@given(st.integers(0, 10**15))
def test_every_decimal_of_six_places_is_read_exactly(units):
    found = whole([units / 1e6], "people")
    assert Fraction(found.numerators[0], found.denominator) == Fraction(units, 10**6)


def test_a_number_is_the_decimal_that_was_written():
    assert exact(0.1) == Fraction(1, 10)
    assert exact(19.2) * 5 == 96
    assert exact(1e-7) == Fraction(1, 10**7)


@given(st.fractions())
def test_up_is_the_least_whole_number_not_below(value):
    assert up(value) - 1 < value <= up(value)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6))
def test_ratios_are_the_numbers_themselves(values):
    found = ratios(values)
    assert found.as_floats().tolist() == values


@examples(40)
@given(regions(), st.integers(0, 2**32 - 1))
def test_weights_are_those_of_the_model_and_add_up_exactly(tables, seed):
    rng = np.random.default_rng(seed)
    facts = tables.point_facts
    for name in ("density_per_km2", "transit", "old_dwelling_share", "multi_unit_share"):
        facts[name] = np.round(rng.choice([0.0, 0.25, 1.0, rng.random()], len(facts)), 4)
    config = base_config(weights__score=float(rng.choice([0.0, 0.1])))
    found = point_weights(tables, config, points_of(tables))
    wanted = demand_points(tables, config, "da").weight
    assert found.as_floats() == pytest.approx(wanted, abs=1e-12)
    assert sum(found.numerators) in (0, found.denominator)


def points_of(tables):
    return Points.read(tables, "da", dict(zip(tables.das["da_id"], tables.das["ev"], strict=True)))


# -- what is in reach, and what may be done --------------------------------------------------------


@examples(30)
@given(regions(), st.sampled_from([250.0, 500.0, 1_000.0]))
def test_reach_of_each_place_adds_up_to_what_is_reached(tables, radius_m):
    config = base_config(coverage__l2_radius_m=radius_m)
    points = points_of(tables)
    measure, rows = Measure(tables, config), tables.sites.to_dict("records")
    near = measure.reach("l2", points, rows)
    for row, found in zip(rows, near, strict=True):
        assert found.tolist() == np.flatnonzero(measure.reached("l2", points, [row])).tolist()


def test_along_the_roads_each_place_reaches_what_is_reached():
    # 0 --300-- 1 --300-- 2; the walk from p0 to q1 is 300 + 300 m, from p1 on the way 300 m
    tables = streets(
        toy([(0, 0, 10, 1), (300, 0, 10, 1), (9_000, 0, 10, 1)],
            sites=[(0, 50, "library"), (600, 0, "library")]),
        [(0, 1, 300), (1, 2, 300)],
        {"p000": (0, 0, 0), "p001": (0, 300, 0), "q000": (0, 0, 50), "q001": (1, 300, 0)},
    )  # fmt: skip
    config = base_config(coverage__metric="network", coverage__l2_radius_m=350)
    points = points_of(tables)
    near = Measure(tables, config).reach("l2", points, tables.sites.to_dict("records"))
    assert [found.tolist() for found in near] == [[0, 1], [1]]


@examples(40)
@given(regions(), scenarios)
def test_options_are_the_actions_that_the_certificate_lets_pass(tables, changes):
    # that another station must stand near a removed one is left out of the bound
    config = base_config(**{**changes, "siting__removal__alternative_m": None})
    evaluation = Evaluation(tables, config, "da")
    found = {option.key: option for option in ExactActions(tables, config).options()}
    for kind in KINDS:
        for place_id in [*tables.sites["site_id"], *tables.stations["station_id"]]:
            key = ActionKey(kind, place_id)
            option = found.get(key)
            allowed = [n for n in range(12) if not evaluation.problem(key, n)]
            counts = [] if option is None else list(range(option.fewest, option.most + 1))
            if kind == "add_l2":  # a conversion that keeps ports may make room for more
                assert set(allowed) <= set(counts)
            else:
                assert allowed == counts
            for n in allowed:
                effect, fixed, each = evaluation.effect(key, n), option.fixed, option.per_port
                assert float(fixed.net_cad + n * each.net_cad) == effect.net_cad
                assert float(fixed.yearly_cad + n * each.yearly_cad) == effect.yearly_cad
                assert float(fixed.kw + n * each.kw) == pytest.approx(effect.kw, abs=1e-9)


# -- text, branches and refusals -------------------------------------------------------------------


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=30))
def test_parts_written_are_read_again(parts):
    read = read_parts(written(np.array(parts)), len(parts))
    for part, again in zip(parts, read.tolist(), strict=True):
        assert part in (-1, again)


@pytest.mark.parametrize(
    "text", ["x", "1*", "-1", "1.5", "1  1", "٣", "2", "0*3", "1000001*2", "1*99999999999", " "]
)
def test_a_damaged_list_of_parts_is_refused(text):
    with pytest.raises(UncheckedError):
        read_parts(text, 2)


def branch(least=(), most=()):
    return Branch(least=dict(least), most=dict(most), rows={}, cover={})


@pytest.mark.parametrize(
    ("branches", "whole_of_it"),
    [
        ([], False),
        ([branch()], True),
        ([branch(most={"l2": 3})], False),
        ([branch(most={"l2": 3}), branch(least={"l2": 4})], True),
        ([branch(most={"l2": 3}), branch(least={"l2": 5})], False),
        ([branch(most={"l2": 3}), branch(least={"l2": 2})], True),
        ([branch(most={"l2": 3}), branch(least={"l2": 4}, most={"l3": 0}),
          branch(least={"l2": 4, "l3": 1})], True),
        ([branch(most={"l2": 3}), branch(least={"l2": 4}, most={"l3": 0}),
          branch(least={"l2": 4, "l3": 2})], False),
        ([branch(least={"l3": 1})], False),
    ],
)  # fmt: skip
def test_branches_must_leave_out_no_count(branches, whole_of_it):
    assert leave_out_nothing(branches) == whole_of_it


def one_site():
    return toy([(0, 0, 100, 1), (10_000, 0, 300, 1)], sites=[(100, 0, "library")])


@pytest.mark.parametrize(
    "forged",
    [
        {"rows": {"nothing": 1}},
        {"rows": {"most_l2": 1}},  # the branch has no most
        {"rows": {"target_l2": 1}},  # no row of this problem
        {"cover": {"l3": ""}},
        {"cover": {"l2": "0"}},
    ],
)
def test_a_multiplier_of_no_row_is_refused(forged):
    model = ExactModel(one_site(), base_config(), "da")
    with pytest.raises(UncheckedError):
        upper_bound(
            model, Problem("attainable_l2", share="l2"), [NOTHING.model_copy(update=forged)]
        )


def test_a_negative_multiplier_is_refused_even_where_the_format_lets_it_pass():
    model = ExactModel(one_site(), base_config(), "da")
    forged = NOTHING.model_copy(update={"rows": {"budget": -1}})
    with pytest.raises(UncheckedError, match="negative"):
        upper_bound(model, Problem("attainable_l2", share="l2"), [forged])


def test_sums_beyond_64_bits_are_refused_and_large_ones_are_exact():
    model = ExactModel(one_site(), base_config(), "da")
    problem = model.problem("shortfall", {})
    huge = NOTHING.model_copy(update={"rows": {"target_l2": 10**17}})
    with pytest.raises(UncheckedError, match="64 bits"):
        upper_bound(model, problem, [huge])
    # 10^6 points for the share of a shortfall of at most 0.95, 100 of them lost by being short;
    # a quarter of the people is in reach, and the rows pay nothing: (0.25 - 0.95 + 0.95) 10^6 - 95
    large = NOTHING.model_copy(update={"rows": {"target_l2": 10**15}})
    assert upper_bound(model, problem, [large]) == (250_000 - 95) * POINT


# -- by hand ---------------------------------------------------------------------------------------


def test_a_bound_worked_out_by_hand():
    # three crowds of 100 people and a site at each; money for one station of 25,000 CAD
    points = [(x, 0, 100, 0) for x in (0, 10_000, 20_000)]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 10_000, 20_000)])
    model = ExactModel(tables, base_config(budget__limit_cad=25_000), "da")
    problem = Problem("attainable_l2", share="l2")
    # nothing relaxed at a price: all are covered for nothing
    assert upper_bound(model, problem, [NOTHING]) == 100 * POINT + 2  # thirds are rounded up
    # each point pays its whole third to its site, and money costs 1,000 points a million, 25 points
    # a station: three times a third less 25 points, and 25 points for the budget
    whole_gain = {"l2": f"{PART}*3"}
    priced = Branch(least={}, most={}, rows={"budget": 1_000 * 10**9}, cover=whole_gain)
    assert upper_bound(model, problem, [priced]) / POINT == pytest.approx(3 * (100 / 3 - 25) + 25)
    # at the third itself no station gains anything: the budget's price alone, the optimum
    price = -(-(10**9) * 4_000 // 3)
    exactly = Branch(least={}, most={}, rows={"budget": price}, cover=whole_gain)
    assert upper_bound(model, problem, [exactly]) / POINT == pytest.approx(100 / 3)
    # or without money: at most one station, at the price of a third
    least = [
        Branch(least={}, most={"l2": 1}, rows={"most_l2": -(-(10**11) // 3)}, cover=whole_gain),
        Branch(least={"l2": 2}, most={}, rows={"budget": 10**16, "least_l2": 5 * 10**11},
               cover=whole_gain),
    ]  # fmt: skip
    assert branch_bound(model, problem, least[0]) / POINT == pytest.approx(100 / 3)
    # two stations cost 50,000: 10^7 points a million, and 500 points for each station there is;
    # a site gains 33 1/3 - 250,000 + 500, so none is built: 250,000 - 1,000 for the two wanted
    assert branch_bound(model, problem, least[1]) / POINT == pytest.approx(250_000 - 1_000)


def test_the_row_of_what_each_option_adds_alone():
    # 400 people, none within reach of L3; the mall brings it to 100, and 0.85 of them are missing
    tables = toy([(0, 0, 100, 1), (30_000, 0, 300, 1)], sites=[(0, 0, "shopping_mall")])
    model = ExactModel(tables, base_config(targets__l3=0.2), "da")
    row = model.deficit("l3")
    assert row.missing == Fraction(1, 5)
    # no more than is missing: 80 people of 400
    at = {option.key: row.alone[k] for k, option in enumerate(model.options)}
    assert at == {("new_l2", "q000"): 0, ("new_l3", "q000"): 80 * 10**6}


def test_a_known_optimum_is_met_exactly_and_reported():
    points = [(0, 0, 300, 0), (10_000, 0, 200, 0), (20_000, 0, 100, 0)]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 10_000, 20_000)])
    given_case = case(budget__limit_cad=50_000)
    plan = solve_scenario(tables, given_case).plan
    # the two larger crowds of three: 5/6 of the people, 0.95 - 5/6 missing at L2 and 0.85 at L3
    assert plan.coverage.l2.bound_checked == pytest.approx(5 / 6, abs=1e-8)
    assert plan.shortfall.bound_checked_points == pytest.approx(95 - 500 / 6 + 85, abs=1e-6)
    assert plan.quality.gap_checked == pytest.approx(0, abs=1e-6)
    assert certify(plan, tables, given_case).violations == []


@pytest.mark.parametrize(
    ("geography", "status"), [("cell", "unmet_proven"), ("da", "unmet_unproven")]
)
def test_a_target_is_out_of_reach_of_the_budget_where_the_model_has_the_cells(geography, status):
    # three of four people for 25,000; with twice that all four, so no ceiling is in the way
    points = [(0, 0, 300, 1), (10_000, 0, 100, 1)]
    tables = toy(points, sites=[(x, 0, "library") for x in (0, 10_000)])
    scene = Case("toy", base_config(budget__limit_cad=25_000), geography)
    plan = solve_certified(tables, scene).plan
    assert plan.coverage.l2.ceiling == 1
    assert plan.coverage.l2.bound_checked == pytest.approx(0.75)
    assert plan.certificate.targets["l2"] == status
    words = verdict(plan, "l2")
    assert ("no plan within it reaches more than 75.0% of the people" in words) == (
        geography == "cell"
    )


# -- what the bound does not know ------------------------------------------------------------------


def test_every_setting_of_the_base_plan_is_known(project):
    config = load_config("base", project.config)
    assert unknown(config) == ""
    homes = load_config("home_access", project.config)  # base has null there
    assert unknown(homes) == ""
    known = {"easting_m": 0, "northing_m": 0, "reach_m": 1, "kw": 0}
    utility = config.with_values(siting__capacity=[known])  # and base leaves this out
    assert unknown(utility) == ""
    every = [set(leaves(one.as_dict())) for one in (config, homes, utility)]
    assert set.union(*every) >= KNOWN


class Stranger:
    """A scenario with a setting that the bound has never heard of."""

    def __init__(self, config, value):
        self._config, self._value = config, value

    def __getattr__(self, name):
        return getattr(self._config, name)

    def as_dict(self):
        return {**self._config.as_dict(), "levies": {"per_port_cad": self._value}}


def test_an_unknown_setting_that_is_off_does_no_harm():
    assert unknown(Stranger(base_config(), 0)) == ""
    ExactModel(one_site(), Stranger(base_config(), 0), "da")


def test_an_unknown_setting_that_is_on_leaves_the_bound_out():
    with pytest.raises(UncheckedError, match=r"levies\.per_port_cad"):
        ExactModel(one_site(), Stranger(base_config(), 1), "da")


def test_data_that_are_no_decimals_leave_the_bound_out_and_the_plan_says_so():
    tables = toy([(0, 0, 100 / 3, 1)], sites=[(0, 0, "library")])
    plan = solve_scenario(tables, case()).plan
    assert plan.proof.branches == {}
    assert plan.proof.missing == "no_exact_model"
    assert plan.quality.status == "not_proven"
    assert plan.quality.bound_checked is None
    assert plan.quality.gap_checked is None
    assert certify(plan, tables, case()).violations == []


def test_a_relaxation_of_a_region_without_any_action():
    model = ExactModel(toy([(0, 0, 100, 1)]), base_config(), "da")
    problem = model.problem("shortfall", {})
    with own_threads():
        branches = Relaxation(model).branches(problem, -180.0)
    assert upper_bound(model, problem, branches) == -180 * POINT


def test_the_base_plan_carries_a_small_proof_of_a_small_gap(base_plan):
    quality = base_plan.quality
    assert base_plan.proof.missing is None
    assert quality.status == "within_gap"
    assert quality.bound_checked >= quality.objective
    assert quality.gap_checked < 0.005
    assert base_plan.shortfall.bound_checked_points <= base_plan.shortfall.total_points
    assert base_plan.shortfall.bound_checked_points > 0.97 * base_plan.shortfall.total_points
    assert len(dump_json(base_plan.proof.model_dump(), indent=None)) < 100_000


def test_at_the_tracts_the_bound_is_the_optimum(tables, base_case):
    scene = Case("base", base_case.config, "tract")
    plan = solve_certified(tables, scene).plan
    assert plan.certificate.violations == []
    assert plan.quality.gap_checked < 1e-4
    assert plan.shortfall.bound_checked_points == pytest.approx(plan.shortfall.total_points)
