"""The page "Change the plan": its solver against the package, its plans, and the page itself."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from questions import Asking, Question, small_start
from regions import SETTINGS, seeded_region
from toy import base_config, toy

from kwev.certify import ActionKey, Evaluation, certify
from kwev.config import Case, load_config
from kwev.files import sha256_json
from kwev.plan.format import parse_plan
from kwev.plan.questions import QUESTION_KEYS, asked
from kwev.report import registry
from kwev.report.sweeps import changed
from kwev.site import what_if, what_if_data
from kwev.site.page import publish
from kwev.solve.stages import solve_scenario


@pytest.fixture(scope="module")
def tab(browser):
    return browser.new_page()


# -- what is shipped ------------------------------------------------------------------------------


@SETTINGS
@given(st.lists(st.integers(0, 2**50), max_size=30))
def test_packed_numbers_come_back(tab_numbers, numbers):
    assert tab_numbers("kwevWhatIf.unpack", what_if_data.packed(numbers)) == numbers


@pytest.fixture(scope="module")
def tab_numbers(tab):
    tab.add_script_tag(path=str(files("kwev.site").joinpath("assets", "what-if-solver.js")))
    return lambda function, *given: tab.evaluate(
        f"(given) => Array.from({function}(...given))", given
    )


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="from 0 on"):
        what_if_data.packed([3, -1])


@SETTINGS
@given(st.lists(st.sets(st.integers(0, 12)), max_size=8))
def test_lists_that_resemble_each_other_come_back(tab_numbers, lists):
    given = [np.array(sorted(numbers), np.int64) for numbers in lists]
    text = what_if_data.steps(given, 13)
    assert tab_numbers("kwevWhatIf.unpackLists", text, len(given)) == [list(g) for g in given]


# -- small regions, solved to the end by the package ----------------------------------------------


def small_case(seed):
    rng = np.random.default_rng(seed)
    return base_config(
        objective__mode="weighted",
        objective__shortfall_points_per_point=float(rng.choice([0, 0.5, 1, 3])),
        budget__limit_cad=float(rng.choice([50_000, 200_000, 450_000, 900_000])),
        coverage__l2_radius_m=float(rng.choice([250, 500, 750])),
        coverage__l3_radius_m=float(rng.choice([500, 1_000, 2_500])),
        weights__l2=float(rng.choice([0, 1, 2])),
        ports__min_l2=int(rng.choice([1, 2])),
        ports__min_l3=int(rng.choice([1, 2])),
        demand__enforce=bool(rng.random() < 0.7),
        demand__utilisation=float(rng.choice([0.0002, 0.002])),
        costs__resale_factor=float(rng.choice([0.0, 0.5])),
        solver__extremes=False,
    )


def measured(tables, config, actions, geography="cell"):
    """Return the certificate's own objective of actions, and what is wrong with them."""
    evaluation = Evaluation(tables, config, geography)
    ports = {ActionKey.from_id(name): n for name, n in actions}
    wrong = [problem for k, n in ports.items() if (problem := evaluation.problem(k, n, ports))]
    cost = sum(evaluation.effect(key, n).net_cad for key, n in ports.items())
    if cost > config.budget.limit_cad + 0.005:
        wrong.append(f"costs {cost}")
    return evaluation.objective_points(ports), wrong


@pytest.mark.parametrize("seed", range(24))
def test_no_bound_is_below_the_best_and_no_value_above_it(tab, seed):
    tables, config = seeded_region(seed), small_case(seed)
    start, level_of = small_start(tables, config)
    if not start["ground"]["places"]["id"]:
        pytest.skip("a region without a place to decide about")
    found = Asking(tab, start, level_of).ask(Question("toy"), ms=150)
    best = solve_scenario(tables, Case("toy", config, "cell"), plain=True).plan.quality.objective
    value, wrong = measured(tables, config, found["actions"])
    assert wrong == []
    assert found["value"] == pytest.approx(value, abs=1e-6)
    assert found["value"] <= best + 1e-6
    assert found["bound"] >= best - 1e-6


@pytest.mark.parametrize("seed", [2, 5, 9, 14, 17, 21])
def test_spoilt_multipliers_prove_less_and_never_wrongly(tab, seed):
    tables, config = seeded_region(seed), small_case(seed)
    start, level_of = small_start(tables, config)
    asking = Asking(tab, start, level_of)
    values = asking.values(Question("toy"))
    best = solve_scenario(tables, Case("toy", config, "cell"), plain=True).plan.quality.objective
    bounds = tab.evaluate(
        """(values) => {
          const [P] = problemOf(values, {}), found = [];
          let seed = 1;
          const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
          for (let i = 0; i < 200; i++) {
            const M = kwevWhatIf.multipliers(P, {});
            M.part.forEach((part) => part.forEach((_, g) => { part[g] = random(); }));
            M.budget = random() * 10 ** (2 * random() - 5);
            M.target = [random() * P.price, random() * P.price];
            M.alone = M.target.map((used) => random() * (P.price - used));
            M.town = M.town.map((_, m) => P.lack[m] > 0 ? random() * P.price : 0);
            found.push(kwevWhatIf.bound(P, M, i % 2 === 0).value);
          }
          return found;
        }""",
        values,
    )
    assert min(bounds) >= best - 1e-6
    assert max(bounds) > best + 1


def test_a_region_solved_by_hand(tab):
    """Two groups of 60 and 40 people a kilometre apart, money for one station of two ports."""
    tables = toy(
        [(0, 0, 60, 6), (5_000, 0, 40, 4)], sites=[(0, 0, "parking"), (5_000, 0, "parking")]
    )
    config = base_config(
        objective__mode="weighted", objective__shortfall_points_per_point=1.0,
        budget__limit_cad=30_000, targets__l2=0.95, targets__l3=0.0, ports__min_l2=2,
        operating__years=0,
    )  # fmt: skip
    start, level_of = small_start(tables, config)
    asking = Asking(tab, start, level_of)
    free = asking.ask(Question("free"), ms=1500)
    assert free["actions"] == [["new_l2_q000", 2]]
    # 60 points of people and of EVs, 0.1 a million of 30,000, and 35 points short of 95
    assert free["value"] == pytest.approx(60 - 0.003 - 35)
    assert free["value"] - 1e-9 <= free["bound"] < 40
    other = asking.ask(Question("out", forced_out=("q000",)), ms=100)
    assert other["actions"] == [["new_l2_q001", 2]]
    assert other["value"] == pytest.approx(40 - 0.003 - 55)
    forced = asking.ask(Question("in", forced_in=("new_l2_q001",)), ms=100)
    assert forced["actions"] == other["actions"]
    assert other["value"] <= forced["bound"]
    dear = asking.ask(Question("both", forced_in=("new_l2_q000", "new_l2_q001")), ms=100)
    assert dear["over"] == pytest.approx(30_000)


# -- the cells of the Region ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(recommended):
    (page,) = what_if.pages(recommended)
    return page


@pytest.fixture(scope="module")
def asking(published, browser):
    # plain values, as the page's scripts hold them
    data = json.loads(json.dumps(dict(published.data)))

    def level_of(level, radius):
        return data[f"what-if-{level}-{radius}"]

    return Asking(browser.new_page(), data["what-if"], level_of)


STUDIED = [
    ("budget", "2000k", {"budget.limit_cad": 2e6}),
    ("budget", "6000k", {"budget.limit_cad": 6e6}),
    ("shortfall-price", "0", {"objective.shortfall_points_per_point": 0.0}),
    ("shortfall-price", "5", {"objective.shortfall_points_per_point": 5.0}),
    ("land", "own", {"siting.land": ["own"]}),
    ("l2-radius", "800", {"coverage.l2_radius_m": 800.0}),
    ("l3-radius", "3000", {"coverage.l3_radius_m": 3000.0}),
    ("ports", "min_l3-1", {"ports.min_l3": 1}),
]


@pytest.mark.parametrize("studied", STUDIED, ids=lambda studied: f"{studied[0]}-{studied[1]}")
def test_an_answer_on_the_cells_is_the_packages_own(project, tables, asking, studied):
    study, name, values = studied
    found = asking.ask(Question(name, values), ms=2500)
    config = changed(load_config("recommended", project.config), values)
    value, wrong = measured(tables, config, found["actions"])
    assert wrong == []
    assert found["value"] == pytest.approx(value, abs=1e-6)
    row = registry.results(project, study).set_index("name").loc[name]
    # the study's plan is one that the bound must not exclude, and its checked bound one that the
    # page's value must not exceed
    assert found["bound"] >= row["objective"] - 1e-6
    proven = row["objective"] + row["gap_checked"] * abs(row["objective"])
    assert found["value"] <= proven + 1e-6
    assert found["value"] >= row["objective"] - 0.02 * abs(row["objective"] - found["nothing"])


def test_a_saved_plan_passes_the_check(tables, project, published, asking):
    values = {"budget.limit_cad": 3e6, "weights.l3": 3.0, "siting.land": ["own", "partner"]}
    cells = json.loads(json.dumps(published.data["what-if-cells"]))
    found = asking.ask(Question("saved", values), ms=800, cells=cells)
    plan = parse_plan(json.loads(json.dumps(found["plan"])), where="page")
    config, told = asked(plan, load_config("recommended", project.config))
    assert told == values
    assert certify(plan, tables, Case("recommended", config, "cell")).violations == []
    spoilt = plan.model_copy(
        update={"cost": plan.cost.model_copy(update={"net_cad": plan.cost.net_cad - 1})}
    )
    assert certify(spoilt, tables, Case("recommended", config, "cell")).violations != []


def test_what_the_page_does_not_offer_is_not_taken_from_a_plan(project, published, asking):
    cells = json.loads(json.dumps(published.data["what-if-cells"]))
    found = asking.ask(Question("saved"), ms=1, cells=cells)["plan"]
    found["config"]["costs"]["l2_port_cad"] = 1.0
    own = load_config("recommended", project.config)
    config, told = asked(parse_plan(found, where="page"), own)
    assert (config, told) == (own, {})


def test_the_hash_of_a_question_is_that_of_its_configuration(project, asking):
    values = {**asking.values(Question("plain")), "budget.limit_cad": 2_750_000, "ports.min_l2": 3}
    config = changed(load_config("recommended", project.config), values)
    text, sha256 = asking.tab.evaluate(
        """(values) => {
          const text = kwevPlanFile.configText(start.canonical, values);
          return [text, kwevPlanFile.sha256(text)];
        }""",
        values,
    )
    assert sha256 == config.planning_sha256()
    assert sha256_json(json.loads(text)) == sha256  # floats are written as Python writes them
    assert not any(f"@{key}" in text for key in QUESTION_KEYS)


# -- the page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(published, tmp_path_factory):
    from kwev.project import Project

    root = tmp_path_factory.mktemp("site")
    publish(Project(root), [published])
    return root / "assets" / "pages"


@pytest.fixture
def fresh(browser):
    """Return what opens a tab of a reader who has not been here before."""

    @contextmanager
    def made():
        context = browser.new_context()
        try:
            yield context.new_page()
        finally:
            context.close()

    return made


ANSWERED = "document.documentElement.dataset.firstMs"


def opened(tab, address):
    wrong = []
    tab.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(address)
    tab.wait_for_function(ANSWERED)
    return wrong


def again(tab, act):
    """Do something that asks anew, and wait for the answer."""
    before = tab.evaluate("document.documentElement.dataset.answered")
    act()
    tab.wait_for_function(f"document.documentElement.dataset.answered !== '{before}'")


def test_a_site_is_forced_in_and_out_by_keyboard_and_the_address_keeps_it(folder, fresh):
    address = f"{folder.as_uri()}/what-if.html"
    with fresh() as tab:
        wrong = opened(tab, address)
        assert tab.locator("#proof").inner_text() != ""
        tab.fill("#find", "Grand River Hospital")
        if not tab.locator("#list tbody button").count():
            tab.fill("#find", "Cambridge")
        tab.locator("#list tbody button").first.focus()
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.id") == "site-h"
        name = tab.locator("#site-h").inner_text()
        again(tab, lambda: (tab.locator("#site-choice input").nth(1).focus(),
                            tab.keyboard.press("Space")))  # fmt: skip
        assert "in=" in tab.url
        chosen = tab.evaluate("kwevWhatIfShown().actions.map((a) => a.name)")
        assert name in chosen
        again(tab, tab.locator("#site-choice input").last.check)
        assert "out=" in tab.url
        assert name not in tab.evaluate("kwevWhatIfShown().actions.map((a) => a.name)")
        assert name in tab.locator("#fixed").inner_text()
        again(tab, lambda: tab.select_option("#q-coverage\\.l2_radius_m", "800"))
        held = tab.url
        assert wrong == []
    with fresh() as tab:
        assert opened(tab, held) == []
        assert tab.input_value("#q-coverage\\.l2_radius_m") == "800"
        assert name in tab.locator("#fixed").inner_text()
        assert "800 m" in tab.locator("#metric").inner_text()
        again(tab, lambda: tab.click("#reset"))
        assert "#" not in tab.url
        assert tab.locator("#fixed button").count() == 0


def test_without_a_worker_the_page_answers_too(folder, fresh):
    with fresh() as tab:
        tab.add_init_script("window.Worker = function () { throw new Error('refused'); };")
        assert opened(tab, f"{folder.as_uri()}/what-if.html#budget=2000000") == []
        tab.wait_for_function("kwevWhatIfShown().state.steps > 3")
        assert tab.evaluate("kwevWhatIfShown().now.money.net") <= 2e6


def test_files_to_take_away_say_the_same_plan(folder, fresh):
    with fresh() as tab:
        opened(tab, f"{folder.as_uri()}/what-if.html")
        read = {}
        for form in ("json", "csv", "geojson"):
            with tab.expect_download() as waiting:
                tab.click(f'[data-save="{form}"]')
            read[form] = waiting.value.path().read_text(encoding="utf-8")
        ids = [feature["id"] for feature in json.loads(read["geojson"])["features"]]
        assert len(ids) == len(read["csv"].splitlines()) - 1
        assert len(ids) > 100
        parse_plan(json.loads(read["json"]), where="page")


def test_a_phone_has_no_sideways_scroll_and_a_status_that_is_spoken(folder, fresh):
    with fresh() as tab:
        tab.set_viewport_size({"width": 320, "height": 700})
        opened(tab, f"{folder.as_uri()}/what-if.html")
        assert tab.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        assert tab.locator("#said").get_attribute("aria-live") == "polite"
        assert tab.locator("#said").inner_text().startswith(("First answer", "Done"))


def test_what_the_page_loads_is_small(folder):
    sizes = {path.name: path.stat().st_size for path in (folder / "data").iterdir()}
    first = ("what-if.js", "what-if-l2-500.js", "what-if-l3-5000.js")
    assert sum(sizes[name] for name in first) < 0.7e6
    assert sum(sizes.values()) < 2.5e6
