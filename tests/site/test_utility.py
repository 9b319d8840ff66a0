"""For the utility: kW recomputed from the plan, load requests, a tract found with two clicks."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from toy import base_config

from kwev.model.siting import power_limit_kw
from kwev.project import Project
from kwev.site import load_requests, utility
from kwev.site.page import publish
from kwev.site.utility_facts import PROXY, UTILITY, UtilityFacts, limit_of


@pytest.fixture(scope="module")
def facts(recommended):
    return UtilityFacts(recommended)


@pytest.fixture(scope="module")
def made(recommended):
    return utility.pages(recommended)


def test_kw_by_tract_and_month_are_those_of_the_plans_actions(facts, made, recommended):
    """From actions, stations and schedule alone, against the CSV that is offered."""
    tables = recommended.tables
    area = dict(zip(tables.sites["site_id"], tables.sites["area_id"], strict=True))
    area |= dict(zip(tables.stations["station_id"], tables.stations["area_id"], strict=True))
    wanted, last_kw = {}, {}
    stands = recommended.findings.effects.stations
    today = dict(zip(stands.ids, stands.standing_kw, strict=True))
    for action in recommended.plan.actions:
        before = last_kw.get(action.place_id, today.get(action.place_id, 0.0))
        last_kw[action.place_id] = action.kw_after
        key = area[action.place_id], recommended.timetable.window(action.id)
        wanted[key] = wanted.get(key, 0.0) + action.kw_after - before
    table = pd.read_csv(io.BytesIO(made[0].files["kw-by-tract.csv"]), dtype={"area_id": str})
    found = {
        (row["area_id"], window): row[f"kw_months_{window[0]}_{window[1]}"]
        for row in table.to_dict("records")
        for window in facts.windows
    }
    assert {key: kw for key, kw in found.items() if kw} == pytest.approx(wanted)
    assert set(table["area_id"]) == set(tables.area_grid["area_id"])
    after = recommended.findings.areas.set_index("area_id")["kw_after"]
    assert table["after_kw"].to_numpy() == pytest.approx(after[table["area_id"]].to_numpy())
    assert table["sites"].sum() == len(recommended.plan.actions)


def test_a_request_for_each_site_on_screen_in_the_file_and_in_the_pdf(facts, made, recommended):
    ids = [action.id for action in recommended.plan.actions]
    soup = BeautifulSoup(made[1].body, "html.parser")
    assert [sheet["id"] for sheet in soup.select("details.request > div")] == ids
    table = pd.read_csv(io.BytesIO(made[0].files["load-requests.csv"]))
    assert table["id"].tolist() == ids
    total = sum(p.implementation.grid_requirements.power_increase_kw for p in recommended.packages)
    assert table["power_increase_kw"].sum() == pytest.approx(total)
    pdf = made[1].files[load_requests.PDF]
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(ids)
    assert len(pdf) < 1e6
    assert pdf == load_requests.pdf(facts)  # the same bytes again


def with_file(*circles):
    known = [
        {"easting_m": x, "northing_m": y, "reach_m": reach, "kw": kw, "feeder": name}
        for x, y, reach, kw, name in circles
    ]
    return base_config(siting__capacity=known)


def test_a_capacity_file_names_the_feeder_of_what_it_reaches():
    config = with_file((1_000, 1_000, 100, 500, "F1"), (1_150, 1_000, 100, 900, ""))
    assert limit_of(config, 1_000, 1_090).feeder == "F1"
    assert limit_of(config, 1_090, 1_000) == limit_of(config, 1_200, 1_000)
    assert limit_of(config, 1_200, 1_000).source == UTILITY
    assert limit_of(config, 1_200, 1_000).feeder == ""
    assert limit_of(config, 2_000, 2_000).source == PROXY
    assert limit_of(base_config(), 1_000, 1_000).source == PROXY


@examples(60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 6), st.integers(1, 4)),
             min_size=1, max_size=6),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
)  # fmt: skip
def test_the_feeder_is_that_of_the_figure_that_limits_the_model(circles, here):
    config = with_file(
        *((10.0 * x, 10.0 * y, 10.0 * reach, 100.0 * kw, f"F{kw}") for x, y, reach, kw in circles)
    )
    xy = np.array([[10.0 * here[0], 10.0 * here[1]]])
    (limit_kw,) = power_limit_kw(config, xy, np.array([77.0]))
    found = limit_of(config, *xy[0])
    assert (found.source == UTILITY) == (limit_kw != 77.0)
    assert found.feeder == (f"F{limit_kw / 100:.0f}" if found.source == UTILITY else "")


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    publish(Project(root), made)
    return root / "assets" / "pages"


def test_a_tract_is_chosen_by_keyboard_in_the_table_and_by_its_address(browser, folder, facts):
    row = facts.by_area.iloc[0]
    tab = browser.new_page(viewport={"width": 320, "height": 800})
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(f"file://{folder}/utility.html")
    tab.wait_for_selector("#tract-map path")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.get_by_label("Find a tract or municipality:").fill(row["area_id"])
    link = tab.locator("#tracts tbody tr:visible a")
    assert link.count() == 1
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#tract h3")
    told = tab.locator("#tract").inner_text()
    assert f"Tract {row['area_id']}, {row['municipality']}" in told
    assert f"{utility.kw(row['added_kw'])} kW" in told
    assert tab.locator("#tract li").count() == row["sites"]
    # no trap of tab stops: the map's tracts are none
    stops = tab.locator('#tract-map path:not([tabindex="-1"])[tabindex]').count()
    assert stops == 0
    tab.locator("#tract li a").first.click()
    assert "load-requests.html#" in tab.url
    tab.wait_for_selector("details[open]")
    assert tab.locator("details[open]").count() == 1
    assert tab.locator("details[open] :target").is_visible()
    other = facts.by_area.iloc[1]["area_id"]
    tab.goto(f"file://{folder}/utility.html#tract={other}")
    tab.wait_for_selector("#tract h3")
    assert other in tab.locator("#tract h3").inner_text()
    assert wrong == []
    tab.close()


def test_each_request_prints_on_one_sheet(browser, folder, recommended):
    tab = browser.new_page()
    tab.goto(f"file://{folder}/load-requests.html")
    printed = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(recommended.packages)
    tab.close()
