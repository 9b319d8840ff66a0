"""Money by hand: bills with demand charges, present value, break-even, intervals, books."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from examples import examples
from hand import solve
from hypothesis import given
from hypothesis import strategies as st
from toy import base_config, case, toy

from kwev.certify import certify
from kwev.config import load_config
from kwev.display.figure import Origin
from kwev.display.values import Number
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report import finance, returns
from kwev.report.finance import Ports, by_budget
from kwev.report.returns import ALL, Business
from kwev.vocabulary import KIND_NAMES, LEVEL_NAMES

CONFIG = base_config()
COUNTS = st.integers(0, 12)


def one(l2=0, l3=0):
    return Ports.station(l2, l3)


# -- the bill ----------------------------------------------------------------------------------


def test_two_fast_ports_by_hand():
    # energy sold: 2 x 350 kW x 8,760 h x 0.1 = 613,200 kWh; bought with losses: 674,520 kWh
    # time of use: 0.45 x 0.098 + 0.3 x 0.157 + 0.25 x 0.203 = 0.14195, charges 0.007: 0.14895
    # peak 0.8 x 700 = 560 kW; load factor 674,520 / (560 x 8,760) = 0.1375: EV Charging rate
    # a kW and month: 4.5004 + 0.17 x 7 = 5.6904
    year = finance.year(one(l3=2), CONFIG).total()
    assert year.kwh == pytest.approx(613_200)
    assert finance.energy_cad_per_kwh(CONFIG) == pytest.approx(0.14895)
    assert year.income == pytest.approx(613_200 * 0.6)
    assert year.fees == pytest.approx(0.15 * 367_920)
    assert year.energy == pytest.approx(674_520 * 0.14895)
    assert year.power == pytest.approx(12 * 560 * 5.6904)
    assert year.fixed == pytest.approx(12 * 222.08)
    assert year.upkeep == pytest.approx(3_000 + 2 * 5_000)
    assert year.cash == pytest.approx(158_357.798)


def test_much_use_loses_the_charging_rate():
    # at 0.2 the load factor is 0.275: transmission is paid in full, 4.5004 + 7 = 11.5004
    year = finance.year(one(l3=2), CONFIG, 0.2).total()
    assert year.power == pytest.approx(12 * 560 * 11.5004)
    # a site of 18 ports draws 5,040 kW at its peak: not granted at any use
    large = finance.year(one(l3=18), CONFIG, 0.05).total()
    assert large.power == pytest.approx(12 * 5_040 * 11.5004)


def test_a_small_site_pays_by_energy_alone():
    # 3 x 19.2 x 0.8 = 46.08 kW is small; 4 x 19.2 x 0.8 = 61.44 kW pays for its peak
    small = finance.year(one(l2=3), CONFIG).total()
    assert small.power == 0
    assert small.fixed == pytest.approx(12 * 35)
    assert small.energy == pytest.approx(3 * 19.2 * 876 * 1.1 * (0.14895 + 0.035))
    larger = finance.year(one(l2=4), CONFIG).total()
    # without a fast charger there is no EV Charging rate
    assert larger.power == pytest.approx(12 * 61.44 * 11.5004)
    assert larger.energy == pytest.approx(4 * 19.2 * 876 * 1.1 * 0.14895)


def test_demand_charges_do_not_fall_with_use():
    idle = finance.year(one(l3=2), CONFIG, 0.0).total()
    assert idle.power == pytest.approx(38_239.488)
    assert idle.income == idle.energy == 0
    assert idle.cash == pytest.approx(-(38_239.488 + 2_664.96 + 13_000))


def test_a_conversion_is_charged_with_what_it_ends():
    # two Level 2 ports go, two fast ones come: the new site's year less the old one's
    swap = Ports(np.array([2.0]), np.array([0.0]), np.array([0.0]), np.array([2.0]))
    new, old = (finance.year(p, CONFIG).total() for p in (one(l3=2), one(l2=2)))
    assert finance.year(swap, CONFIG).total().cash == pytest.approx(new.cash - old.cash)
    # 100,000 + 2 x 50,000, less half of 20,000 + 2 x 5,000
    assert finance.capital_cad(swap, CONFIG).tolist() == [185_000]


# -- present value -----------------------------------------------------------------------------


def test_present_value_as_a_spreadsheet_has_it():
    # 1,000 now; 300 at the end of years 1 to 5 at 8 %:
    # 277.778 + 257.202 + 238.150 + 220.509 + 204.175 = 1,197.813
    cells = [300 / 1.08**t for t in range(1, 6)]
    assert finance.npv(1_000, 300, 0.08, 5) == pytest.approx(sum(cells) - 1_000)
    assert finance.npv(1_000, 300, 0.08, 5) == pytest.approx(197.813, abs=5e-4)
    assert finance.npv(1_000, 300, 0.0, 5) == pytest.approx(500)
    config = base_config(finance__years=5, finance__discount_share_per_year=0.08)
    found = finance.returns(1_000, 300, config)
    assert found.payback_years == pytest.approx(10 / 3)
    assert found.roi == pytest.approx(0.5)


def test_money_that_never_comes_back():
    found = finance.returns(1_000, -5, CONFIG)
    assert found.payback_years is None
    assert found.npv_cad < -1_000
    nothing = finance.of_ports(Ports.of([]), CONFIG)
    assert (nothing.capital_cad, nothing.roi) == (0, None)


# -- break-even --------------------------------------------------------------------------------


def test_break_even_by_hand():
    # one Level 2 port: a year at full power is 19.2 x 8,760 = 168,192 kWh; a kWh leaves
    # 0.3 x 0.85 - 1.1 x (0.14895 + 0.035) = 0.052655; fixed: 420 + 1,000;
    # 25,000 over 7.7217349 years' worth: 3,237.61 a year
    full = 168_192 * 0.052655
    assert finance.break_even(one(l2=1), CONFIG, pays_back=False) == pytest.approx(1_420 / full)
    paid = finance.break_even(one(l2=1), CONFIG)
    assert paid == pytest.approx((1_420 + 25_000 / 7.7217349) / full)


@examples(40)
@given(COUNTS, COUNTS, st.booleans())
def test_break_even_is_the_first_utilisation_that_pays(l2, l3, pays_back):
    ports = one(l2, l3)
    found = finance.break_even(ports, CONFIG, pays_back=pays_back)
    worth = finance.annuity(0.05, 10)
    wanted = finance.capital_cad(ports, CONFIG).sum() / worth if pays_back else 0.0

    def left(used):
        return finance.year(ports, CONFIG, used).cash.sum() - wanted

    grid = np.linspace(0, 1, 401)
    pays = [used for used in grid if left(used) >= -1e-6]
    if found is None:
        assert not pays
        return
    # at the point itself, or just beyond a step; nothing before it pays
    assert left(min(found + 1e-9, 1.0)) >= -0.01
    assert all(used >= found - 1e-9 for used in pays)


def test_break_even_price_closes_the_books():
    ports = one(l3=2)
    price = finance.break_even_price(ports, CONFIG)
    config = CONFIG.with_values(finance__price__l3_cad_per_kwh=price)
    assert finance.of_ports(ports, config).npv_cad == pytest.approx(0, abs=0.01)
    assert finance.break_even_price(ports, base_config(demand__utilisation=0.0)) is None


# -- reconciliation ----------------------------------------------------------------------------


TOYS = {
    "new": (
        [(0, 0, 900, 30), (4_000, 0, 300, 4)],
        [],
        [(100, 0, "parking"), (4_000, 9, "parking")],
    ),
    "conversion": ([(0, 0, 900, 30)], [(10, 0, 3, 0), (-10, 0, 1, 0)], []),
    "added": ([(0, 0, 900, 4_000)], [(10, 0, 1, 1)], []),
}


@pytest.mark.parametrize("name", TOYS)
@pytest.mark.parametrize("retained", [0, 1])
def test_installation_is_the_plans_net_cost_to_the_dollar(name, retained):
    given = {"demand__enforce": True, "ports__retained_l2": retained}
    plan = solve(toy(*TOYS[name]), **given)
    assert plan.actions
    reconciles(plan, case(**given).config)


def reconciles(plan, config):
    capital = finance.capital_cad(Ports.of(plan.actions), config)
    assert [round(c, 2) for c in capital] == [round(a.net_cad, 2) for a in plan.actions]
    assert capital.sum() == pytest.approx(plan.cost.net_cad, abs=0.005)
    year = finance.year(Ports.of(plan.actions), config).total()
    assert year.upkeep == pytest.approx(plan.cost.operating_cad_per_year, abs=0.005)


def test_the_base_plan_reconciles_and_its_tables_add_up(project, tables, base_plan, base_case):
    reconciles(base_plan, base_case.config)
    business = Business(project, tables, base_plan, base_case.config)
    kinds, sites = business.by_kind(), business.by_site()
    parts, (total,) = kinds[kinds["kind"] != ALL], kinds[kinds["kind"] == ALL].to_dict("records")
    assert total["capital_cad"] == pytest.approx(base_plan.cost.net_cad, abs=0.005)
    assert len(sites) == len({a.place_id for a in base_plan.actions})
    for column in ("stations", "capital_cad", "income", "energy", "power", "other", "cash",
                   "npv_cad"):  # fmt: skip
        assert parts[column].sum() == pytest.approx(total[column])
        assert sites[column].sum() == pytest.approx(total[column])
    assert (sites["npv_low_cad"] < sites["npv_high_cad"]).all()
    # draw by draw the places add up to the plan
    worth = finance.present_values(business.ports, business.draws)
    assert worth.shape == (finance.DRAWS, len(base_plan.actions))
    assert worth.sum(axis=1) == pytest.approx(business.drawn["npv_cad"].to_numpy())
    # what is told to pay soonest pays no later than any new station of the plan
    for level, words in LEVEL_NAMES.items():
        kind = sites[sites["what"] == KIND_NAMES[f"new_{level}"]]
        every = business.every_size
        soonest = every.loc[every["level"] == words, "pays"].min()
        assert not (kind["break_even"] < soonest - 1e-9).any()
    # income and its like rest on an assumed use and are told in three digits, the cost is not
    told = {number.name: number.digits for number in returns._whole(business)}
    assert {told[f"money_{name}"] for name in ("income", "running", "npv")} == {3}
    assert told["money_capital"] == 0
    assert returns.left(-7852.3) == "falls $7,850 a year short of its running cost"
    assert returns.left(7852.3) == "has $7,850 left each year"
    # what drivers can fill is what the municipalities' vehicles need over what ports could give
    assert 0 < business.supported() < business.supported("2030") < business.supported("2035")
    # a study's row says the same as the plan
    text = " ".join(f"{a.id}:{a.ports_added}" for a in base_plan.actions)
    row = finance.of_row(text, tables, base_case.config)
    assert row.npv_cad == pytest.approx(business.now.npv_cad)
    rows = pd.DataFrame([{"budget_cad": 4e6, "actions": text}, {"budget_cad": 0.0, "actions": ""}])
    budgets = by_budget(rows, tables, base_case.config)
    assert budgets["capital_cad"].tolist() == pytest.approx([base_plan.cost.net_cad, 0])
    assert budgets["npv_cad"].tolist() == pytest.approx([business.now.npv_cad, 0])
    assert np.isnan(budgets["roi"].iloc[1])
    assert row.capital_cad == pytest.approx(base_plan.cost.net_cad)


def test_a_row_that_names_no_action_is_refused(tables):
    with pytest.raises(KwevError, match="no action 'new_l2_nowhere'"):
        finance.of_row("new_l2_nowhere:1", tables, CONFIG)


def test_no_plan_depends_on_finance():
    dear = CONFIG.with_values(finance__price__l3_cad_per_kwh=0.9)
    assert dear.planning_sha256() == CONFIG.planning_sha256()
    assert dear.sha256() != CONFIG.sha256()
    tables = toy([(0, 0, 900, 30)], [], [(100, 0, "parking")])
    plan, again = solve(tables), case(finance__years=15)
    assert certify(plan, tables, again).violations == []


# -- intervals ---------------------------------------------------------------------------------


def test_every_value_of_the_section_is_in_the_ledger(project):
    def leaves(node, path):
        if not isinstance(node, dict):
            return [path]
        return [leaf for key, value in node.items() for leaf in leaves(value, f"{path}.{key}")]

    listed = {e["key"] for e in read_json(project.root / "data" / "assumptions.json")}
    assert set(leaves(CONFIG.finance.model_dump(), "finance")) <= listed


def test_cited_values_are_those_of_the_table(project, tables):
    cited = tables.tariffs.set_index("tariff_id")
    base = load_config("base", project.config)
    found = 0
    for entry in read_json(project.root / "data" / "assumptions.json"):
        if "tariff" not in entry:
            continue
        row, value = cited.loc[entry["tariff"]], spread_value(base, entry["key"])
        in_cad = row["cad"] if not np.isnan(row["cad"]) else row["value"] / 100
        assert value == pytest.approx(in_cad), entry["key"]
        assert entry["source"].startswith("cited")
        found += 1
    assert found == 7
    # the ends that are said to be cited
    assert cited.loc["tesla_supercharger_kitchener_2024", "high_cad"] == 0.9


def spread_value(config, key):
    node = config.as_dict()
    for part in key.split("."):
        node = node[part]
    return node


SPANS = [
    finance.Span("finance.years", "years", {"finance.years": (7.0, 15.0)}),
    finance.Span(
        "operating",
        "upkeep",
        {
            "operating.l2_port_cad_per_year": (250.0, 1_000.0),
            "operating.l3_port_cad_per_year": (2_500.0, 15_000.0),
        },
    ),
    finance.Span("demand.utilisation", "use", {"demand.utilisation": (0.05, 0.2)}),
]


def test_draws_fill_each_range_once_and_move_groups_together():
    drawn = finance.draws(SPANS, CONFIG, size=50)
    used = np.array([c.demand.utilisation for c in drawn])
    cell = np.floor((used - 0.05) / 0.15 * 50).astype(int)
    assert sorted(cell.tolist()) == list(range(50))
    l2 = np.array([(c.operating.l2_port_cad_per_year - 250) / 750 for c in drawn])
    l3 = np.array([(c.operating.l3_port_cad_per_year - 2_500) / 12_500 for c in drawn])
    assert l2 == pytest.approx(l3)
    assert {type(c.finance.years) for c in drawn} == {int}
    assert {c.finance.years for c in drawn} == set(range(7, 16))
    assert [c.demand.utilisation for c in finance.draws(SPANS, CONFIG, size=50)] == used.tolist()


def test_a_changed_configuration_is_the_checked_one():
    values = {"finance.price.l3_cad_per_kwh": 0.5, "costs.l2_port_cad": 7_000.0}
    fast = finance.changed(CONFIG, values)
    assert fast == CONFIG.with_values(
        finance__price__l3_cad_per_kwh=0.5, costs__l2_port_cad=7_000.0
    )


def test_one_at_a_time_by_hand():
    # only the price of a fast kWh moves: 613,200 kWh x 0.85 x 7.7217349 for each CAD/kWh
    price = finance.Span("p", "price", {"finance.price.l3_cad_per_kwh": (0.5, 0.8)})
    none = finance.Span("n", "nothing", {"finance.price.l2_cad_per_kwh": (0.1, 0.9)})
    table = finance.one_at_a_time(one(l3=2), [none, price], CONFIG).set_index("name")
    worth = 613_200 * 0.85 * 7.7217349
    assert table.index.tolist() == ["p", "n"]
    assert table.loc["p", "change_low_cad"] == pytest.approx(-0.1 * worth)
    assert table.loc["p", "change_high_cad"] == pytest.approx(0.2 * worth)
    assert table.loc["n", "swing_cad"] == 0


def test_an_interval_holds_nine_tenths_of_the_draws():
    assert finance.interval(pd.Series(range(101))) == (5, 95)
    # what never pays back stays infinite
    assert finance.interval(pd.Series([1.0] * 50 + [np.inf] * 51)) == (1, np.inf)


def test_the_ledgers_spans_are_in_the_scenario(project):
    known = finance.spans(project)
    keys = [key for span in known for key in span.ends]
    assert len(keys) == len(set(keys))
    assert "operating.years" not in keys
    assert {"demand.utilisation", "costs.l3_port_cad", "finance.years"} <= set(keys)
    for span in known:
        for end in (0.0, 1.0):
            assert json.dumps(finance.changed(CONFIG, span.at(end)).as_dict())


# -- words -------------------------------------------------------------------------------------


def station(level, ports, pays, power=0.0):
    return {"level": level, "ports": ports, "pays": pays, "power": power}


def test_sentences_on_stations_follow_the_numbers():
    table = pd.DataFrame(
        [
            station("Level 2", 1, 0.5),
            station("Level 2", 4, 0.6, power=8_000.0),
            station("Level 3", 2, 0.04, power=30_000.0),
        ]
    )
    assert returns.paying(table, 0.01) == "no new station of either level pays back"
    assert returns.paying(table, 0.1) == "new Level 3 stations pay back and no others"
    assert returns.paying(table, 0.5).startswith("2 of the 3 kinds")
    assert returns.paying(table, 0.9) == "new stations of either level pay back"
    assert "needs more use to pay, not less" in returns.larger_customer(table)
    better = table.assign(pays=[0.5, 0.4, 0.04])
    assert "still needs less use" in returns.larger_customer(better)
    never = table.assign(pays=np.nan)
    assert "more use to pay" in returns.larger_customer(never)


def test_sentences_on_use_and_payback():
    assert returns.filled(0.02, 0.1).startswith("not for the assumed 10%")
    assert "about the assumed 10%" in returns.filled(0.1, 0.1)
    assert "more than the assumed" in returns.filled(0.2, 0.1)
    assert returns.payback(None) == returns.payback(np.inf) == "the money never comes back"
    assert returns.pays_from(np.nan) == "at no use"
    assert returns.pays_from(0.081) == "from 8.1% of the hours"
    assert returns.payback(4.25) == "the money is back after 4.2 years"


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (0.9, "pays for itself within 10 years, interest included"),
        # at 0.20 a kWh leaves 0.17 - 0.164 for all that is fixed
        (0.2, "does not even cover the running cost"),
        # between the price that covers the running cost and the one that pays back, 0.35
        (0.3, "covers the running cost but not the money spent"),
    ],
)
def test_the_verdict_follows_the_price(project, price, words):
    config = base_config(finance__price__l3_cad_per_kwh=price, ports__min_l3=2)
    tables = toy([(0, 0, 900, 30)], [(10, 0, 1, 0)], [(4_000, 0, "shopping_mall")])
    plan = solve(tables)
    assert [a.kind for a in plan.actions] == ["new_l3"]
    business = Business(project, tables, plan, config)
    assert words in returns.verdict(business.now, 10)


def test_a_dollar_brings_more_the_more_it_is_used(project, tables, base_plan, base_case):
    business = Business(project, tables, base_plan, base_case.config)
    table = business.over_utilisation()
    for _, part in table.groupby("level"):
        assert (part["low"] <= part["high"]).all()
        first, last = part.iloc[0], part.iloc[-1]
        assert first["yield"] < 0 < last["yield"]
    # the yield that pays back is one over what a dollar a year is worth
    assert table["needed"].iloc[0] == pytest.approx(1 / 7.7217349)
    figure = returns.yields(table, origin=Origin("hand", "now"))
    again = returns.yields(table, origin=Origin("hand", "now"))
    assert figure.static().printed == again.static().printed
    assert figure.interactive() == again.interactive()
    assert "13.0% a year pays the money back" in figure.alt


def test_an_amount_below_zero_has_its_sign_before_the_dollar():
    assert str(Number("a", -1_234.0, "CAD", "hand")) == "\N{MINUS SIGN}$1,234"
    assert str(Number("a", -0.5, "share", "hand", "{:.0%}")) == "\N{MINUS SIGN}50%"
    assert str(Number("a", "-x", "text", "hand")) == "-x"
    assert str(Number("a", 1_234.0, "CAD", "hand")) == "$1,234"
