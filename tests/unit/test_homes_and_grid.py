"""Homes and grid proxy in the book: sums by hand, what is printed, and the word proxy."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from toy import base_config

from kwev.config import load_config
from kwev.data.columns import DWELLING_TYPES
from kwev.display.table import columns_of
from kwev.model.siting import candidates
from kwev.pipeline.parameters import GridRule
from kwev.project import find_project
from kwev.report import grid, homes, region


@pytest.fixture
def small():
    """Two areas in two towns, and one without a published dwelling or score."""
    das = pd.DataFrame(
        {
            "da_id": ["a", "b", "c"],
            "municipality_id": ["1", "2", "2"],
            "population": [300, 500, 200],
            "households": [100, 300, 0],
            "ev": [12.0, 30.0, 1.0],
            **dict.fromkeys(DWELLING_TYPES, 0),
        }
    )
    das.loc[0, ["single_detached", "apartment_low_rise"]] = [75, 25]
    das.loc[1, ["row_house", "apartment_high_rise", "movable"]] = [100, 150, 50]
    profiles = pd.DataFrame(
        {
            "da_id": das["da_id"],
            "municipality_id": das["municipality_id"],
            "multi_unit_households": [25, 150, 0],
            "multi_unit_ev": [2.0, 8.0, 0.0],
            "multi_unit_share": [0.25, 0.5, np.nan],
            "renter_share": [0.2, 0.6, 0.9],
            "renter_source": ["da", "fsa", "fsa"],
            "median_income_cad": [100_000.0, 60_000.0, 60_000.0],
            "income_source": ["fsa", "fsa", "fsa"],
            "deprivation_quintile": [1.0, 5.0, np.nan],
            "old_dwelling_share": [0.4, 0.6, 0.5],
        }
    )
    towns = pd.DataFrame({"municipality_id": ["1", "2"], "name": ["Up", "Down"]})
    construction = pd.DataFrame(
        [
            ("1", "single_detached", "1920 or before", 10),
            ("1", "apartment_low_rise", "1981 to 1990", 20),
            ("2", "row_house", "1981 to 1990", 30),
            ("2", "duplex", "1981 to 1990", 5),
        ],
        columns=["municipality_id", "dwelling_type", "period", "dwellings"],
    )
    return SimpleNamespace(
        das=das, da_profiles=profiles, municipalities=towns, construction=construction
    )


def test_types_by_municipality(small):
    table = homes.types_by_municipality(small).set_index("municipality")
    assert table.index.tolist() == ["Down", "Up", "Region"]
    assert table.loc["Up", "share"] == 0.25
    assert table.loc["Down", "share"] == 0.5
    assert table.loc["Region", "share"] == pytest.approx(175 / 400)
    assert table["other"].tolist() == [50, 0, 50]


def test_the_share_in_apartments_is_one_share(small, tables):
    for known in (small, tables):
        types, charging = (
            homes.types_by_municipality(known),
            homes.multi_unit_demand(known, base_config()),
        )
        both = types.merge(charging, on="municipality", suffixes=("", "_charging"))
        assert len(both) == len(types)
        assert both["share"].tolist() == both["share_charging"].tolist()


def test_people_on_cells_differ_from_the_census_by_what_is_told(tables):
    on_cells = tables.cells.groupby("municipality_id")["population"].sum()
    census = tables.municipalities.set_index("municipality_id")["population"]
    assert on_cells.sum() == pytest.approx(census.sum())
    apart = (on_cells - census).abs()
    assert apart.max() == region.border_people(tables)
    assert apart.max() < 50  # a few homes on a border, not a quarter of a town


def test_charging_of_apartments_by_hand(small):
    # 3,000 kWh x 0.2 = 600 kWh a vehicle; a port gives 19.2 x 8,760 x 0.001 = 168.192 kWh
    config = base_config(demand__utilisation=0.001)
    table = homes.multi_unit_demand(small, config).set_index("municipality")
    assert table["ev"].tolist() == [8, 2, 10]
    assert table["energy_mwh"].tolist() == pytest.approx([4.8, 1.2, 6.0])
    # 4,800, 1,200 and 6,000 kWh over 168.192: 28.5, 7.1 and 35.7; rows rounded up are not added
    assert table["ports"].tolist() == [29, 8, 36]
    assert table.loc["Region", "ev_share"] == pytest.approx(10 / 43)
    assert table.loc["Up", "share"] == 0.25
    idle = homes.multi_unit_demand(small, base_config(demand__utilisation=0))
    assert idle["ports"].tolist() == [0, 0, 0]


def test_an_area_whose_ports_exceed_its_proxy_is_named_and_raised(tables):
    config = load_config("base")
    found = grid.over_proxy(tables, config)
    assert (found["kw"] > found["proxy_kw"]).all()
    assert found["share"].is_monotonic_decreasing
    words = grid.over_words(found)
    assert str(found["area_id"].iloc[0]) in words
    assert found["municipality"].iloc[0] in words
    assert f"{len(found)} areas in all" in words
    assert "in none" in grid.over_words(found[:0])
    assert "in all" not in grid.over_words(found[:1])
    # at the ports' cited power fewer are over
    less = grid.over_proxy(tables, config.with_values(power__l2_kw=7.2, power__l3_kw=150.0))
    assert set(less["area_id"]) <= set(found["area_id"])


def test_no_text_says_that_capacity_is_secret():
    """Distributors have to publish it: what is true is that no file of theirs is among the data."""
    root = find_project().root
    files = [root / "README.md", root / "index.qmd", *root.glob("chapters/*.qmd"),
             *root.glob("docs/**/*.md"), *root.glob("kwev/**/*.py")]  # fmt: skip
    said = re.compile(
        r"known to the utilities alone|publishes what its lines|utility publishes|"
        r"capacity is not public|[Nn]o (?:public )?hosting-capacity data",
    )
    wrong = [str(p) for p in files if said.search(p.read_text(encoding="utf-8"))]
    assert wrong == []


def test_tenure_is_weighted_by_households_and_deprivation_by_people(small):
    table = homes.households_by_municipality(small).set_index("municipality")
    assert table.loc["Region", "renters"] == pytest.approx((20 + 180) / 400)
    assert table.loc["Region", "income_cad"] == pytest.approx(70_000)
    assert table.loc["Region", "own"] == pytest.approx(0.3)
    assert table.loc["Down", "deprived"] == pytest.approx(500 / 700)


def test_every_fact_accounts_for_every_area(small, tables):
    table = homes.completeness(small).set_index(["fact", "source"])
    assert table.loc[("Deprivation", "not published"), "areas"] == 1
    assert table.loc[("Deprivation", "not published"), "share_people"] == 0.2
    assert table.loc[("Tenure", "census, the area itself"), "areas"] == 1
    for known in (small, tables):
        sums = homes.completeness(known).groupby("fact")[["areas", "share_people"]].sum()
        assert sums.pop("areas").drop("Property value").eq(len(known.das)).all()
        assert sums["share_people"].drop("Property value").to_numpy() == pytest.approx(1)
        assert sums.loc["Property value", "share_people"] == 0


def test_construction_by_period_and_kind(small, tables):
    table = homes.construction_by_period(small)
    assert table["period"].tolist() == ["1920 or before", "1981 to 1990"]
    assert table[["houses", "rows", "apartments"]].to_numpy().tolist() == [[10, 0, 0], [0, 35, 20]]
    whole = homes.construction_by_period(tables)
    assert whole[list(homes.GROUPS)].sum().sum() == tables.construction["dwellings"].sum()
    assert whole["period"].is_monotonic_increasing
    drawn = homes.construction_chart(tables)
    assert f"{whole['apartments'].iloc[-1]:,} apartments" in drawn.alt


def test_correlations_are_those_of_ranks(tables):
    table = homes.age_correlations(tables).set_index("fact")["rank_correlation"]
    both = tables.da_profiles[["old_dwelling_share", "median_income_cad"]].rank()
    expected = both.corr().iloc[0, 1]
    assert table["Median household income"] == pytest.approx(expected, abs=1e-3)
    assert table.between(-1, 1).all()


def test_sites_with_room_for_level_3(tables):
    once = grid.by_category(tables, base_config()).set_index("category")
    twice = grid.by_category(tables, base_config(siting__grid_factor=2)).set_index("category")
    free = candidates(tables, base_config())["station_id"] == ""
    assert once["sites"].sum() == free.sum() < len(tables.sites)
    assert (twice.loc[once.index, "l3"] >= once["l3"]).all()
    assert twice["l3"].sum() > once["l3"].sum()
    assert (twice.loc[once.index, "median_kw"] == 2 * once["median_kw"]).all()
    library = once.loc["Library"]
    assert library["base_kw"] == GridRule().base_kw["library"]
    assert library["low_kw"] <= library["median_kw"] <= library["high_kw"] < 700
    assert (once["l3"] <= once["sites"]).all()


def test_every_choice_of_the_proxy_is_printed_with_its_source():
    table = grid.choices()
    rule = GridRule()
    single = [name for name in vars(rule) if name != "base_kw"]
    assert len(table) == len(single)
    assert table["value"].tolist() == [getattr(rule, name) for name in single]
    assert set(table["source"]) == {"assumption", "Statistics Canada"}
    assert (table.loc[table["source"] == "assumption", "range"] != "").all()
    assert table.set_index("what").loc["Least capacity of a place", "unit"] == "kW"


def test_the_map_says_proxy_in_legend_popup_and_source(tables):
    figure = grid.grid_map(tables, base_config())
    page = figure.interactive()
    assert "Grid proxy of an area (kW), no utility" in page  # legend
    assert page.count("Grid proxy, no utility") >= 3  # popups of areas and of both kinds of site
    assert "with room for Level 3, by proxy" in page
    assert "proxy" in figure.source
    assert "proxy" in figure.alt
    columns = columns_of("base_kw low_kw median_kw high_kw l3_by_category l3:proxy")
    headings = [column.heading for column in columns]
    assert all("roxy" in h or "base" in h for h in headings if "kW" in h or "Level 3" in h)


def test_the_map_of_deprivation_shows_the_areas_without_a_score(tables):
    figure = homes.deprivation_map(tables)
    assert len(figure.data) >= len(tables.das)
    unknown = figure.data[figure.data["class"] == "No score published"]
    assert len(unknown) == tables.da_profiles["deprivation_quintile"].isna().sum() == 2
    assert "the area itself" in figure.interactive()


def test_numbers_of_homes_and_grid(tables):
    report = SimpleNamespace(tables=tables, config=base_config())
    n = homes.numbers(report) | grid.numbers(report)
    assert str(n.flats) == "57,750"
    assert str(n.das_unscored) == "2"
    assert str(n.grid_pair) == "700 kW"
    assert n.grid_l3.value < n.grid_l3_by_category.value < n.grid_sites.value
    assert 0 < n.grid_convertible_l3.value < n.grid_convertible.value
    assert str(n.old_before) == "1981"
    assert n.income_least_deprived.value > 1.5 * n.income_most_deprived.value
