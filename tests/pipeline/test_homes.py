"""Homes on two squares: tenure, deprivation and age by hand, and what the committed tables hold."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.data.columns import DWELLING_TYPES
from kwev.data.schemas import PROCESSED, check
from kwev.pipeline.homes import (
    DIMENSIONS,
    SCORES,
    construction_table,
    da_profiles,
    main_fsa,
    middle_rank,
    old_share,
    quintiles,
    scores,
    tenure,
    tract_profiles,
)
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger

SINGLE, HIGH = (
    "Single-detached house",
    "Apartment in a building that has five or more storeys",
)
TOTALS = ("Total - Structural type of dwelling", "Total - Period of construction")


def periods():
    town = "2021A00053530013"
    rows = [
        (town, SINGLE, "1920 or before", 10),
        (town, SINGLE, "1971 to 1980", 20),
        (town, SINGLE, "1981 to 1990", 70),
        (town, HIGH, "1961 to 1970", 50),
        (town, HIGH, "2016 to 2021", 50),
        (town, SINGLE, TOTALS[1], 100),
        (town, TOTALS[0], "1971 to 1980", 20),
        (town, "Other attached dwelling", "1961 to 1970", 50),
        ("2021A00033530", SINGLE, "1971 to 1980", 20),
        ("2021A00053530016", SINGLE, "1981 to 1990", 5),
    ]
    names = ["DGUID", "Dwelling Type", "Period of Construction", "Number of Units"]
    return pd.DataFrame(rows, columns=names)


def kitchener(**changes):
    table = pd.DataFrame(
        {
            "DAUID": ["35300001"],
            "population": 100,
            "median_house_income": [80_000.0],
            "count_renters": [30.0],
            "count_owners": [70.0],
            "comments": [None],
        }
    )
    return table.assign(**changes)


def fsas(renters=(10, 60)):
    return pd.DataFrame({"fsa": ["N0B", "N2A"], "population_2021": [2042, 80]}).assign(
        households_owner=[90, 40],
        households_renter=list(renters),
        median_household_income=[120_000, 70_000],
    )


def index(values=((-1.0, 2.0), (1.0, -2.0)), ids=("35300001", "35300002")):
    table = pd.DataFrame({"DAUID": list(ids)})
    for name, key in SCORES.items():
        column = list(DIMENSIONS).index(key) if key in DIMENSIONS else 0
        table[name] = [row[column] for row in values]
    return table


def rule(ledger, part):
    table = ledger.table()
    hit = table["rule"].str.contains(part)
    assert hit.any()
    return int(table.loc[hit, "rows"].sum())


@pytest.fixture
def das(squares):
    return pd.DataFrame(squares.das.drop(columns="geometry")).assign(ev=[10.0, 4.0])


@pytest.fixture
def points():
    """Three points in the first area, two of them in the second code; one in the second area."""
    made = SimpleNamespace(da=np.array([0, 0, 0, 1]), people=np.array([40, 30, 30, 9]))
    vehicles = SimpleNamespace(area=np.array([0, 1, 1, 0]), fsas=fsas())
    return made, vehicles


def test_sums_are_left_out_and_their_parts_stand(tiny_raw):
    ledger = Ledger()
    table = construction_table(tiny_raw(dwelling_periods=periods()), ledger)
    assert table["dwellings"].sum() == 205
    assert set(table["dwelling_type"]) == {"single_detached", "apartment_high_rise"}
    assert set(table["municipality_id"]) == {"3530013", "3530016"}
    assert rule(ledger, "sums over") == 4


def test_age_of_homes_is_the_mix_of_types_times_the_municipalitys_shares(tiny_raw, das):
    table = construction_table(tiny_raw(dwelling_periods=periods()), Ledger())
    both = das.assign(municipality_id="3530013")
    # singles 30 of 100 old, towers 50 of 100
    assert old_share(table, both, Parameters()).tolist() == [0.3, 0.5]
    half = both.assign(single_detached=50, apartment_high_rise=50)
    assert old_share(table, half, Parameters()) == pytest.approx([0.4, 0.4])
    later = old_share(table, both, Parameters(old_before=1971))
    assert later.tolist() == [0.1, 0.5]


def test_an_unpublished_type_has_the_municipalitys_share(tiny_raw, das):
    table = construction_table(tiny_raw(dwelling_periods=periods()), Ledger())
    trailers = das.assign(municipality_id="3530013", **dict.fromkeys(DWELLING_TYPES, 0))
    assert old_share(table, trailers.assign(movable=9), Parameters()).tolist() == [0.4, 0.4]
    assert old_share(table, trailers, Parameters()).tolist() == [0.4, 0.4]


def test_the_code_of_an_area_is_where_most_of_its_people_live(points):
    assert main_fsa(*points, 2).tolist() == ["N2A", "N0B"]


def test_tenure_and_income_of_the_area_itself_come_first(tiny_raw, das):
    raw = tiny_raw(kitchener_homes=kitchener(), fsa_census=fsas())
    big = das.assign(population=[300, 1001])
    table = tenure(raw, big, np.array(["N2A", "N0B"]), Parameters(), Ledger())
    assert table["renter_share"].tolist() == [0.3, 0.1]
    assert table["renter_source"].tolist() == ["da", "fsa"]
    assert table["median_income_cad"].tolist() == [80_000, 120_000]


def test_an_income_that_the_census_does_not_publish_is_not_taken(tiny_raw, das):
    ledger = Ledger()
    raw = tiny_raw(kitchener_homes=kitchener(), fsa_census=fsas())
    table = tenure(raw, das, np.array(["N2A", "N0B"]), Parameters(), ledger)  # 100 people
    assert table["median_income_cad"].tolist() == [70_000, 120_000]
    assert table["income_source"].tolist() == ["fsa", "fsa"]
    assert table["renter_source"].tolist() == ["da", "fsa"]
    assert rule(ledger, "filled by the compiler") == 1
    assert rule(ledger, "income: not public") == 2


def test_an_area_with_no_home_counted_has_the_share_of_its_code(tiny_raw, das):
    raw = tiny_raw(kitchener_homes=kitchener(count_renters=0, count_owners=0), fsa_census=fsas())
    table = tenure(raw, das, np.array(["N2A", "N0B"]), Parameters(), Ledger())
    assert table["renter_share"].tolist() == [0.6, 0.1]


def test_an_area_without_score_is_in_no_quintile(tiny_raw, das):
    ledger = Ledger()
    table = scores(tiny_raw(deprivation=index(((0.5, 0.5),), ("35300001",))), das, ledger)
    assert table["instability"].tolist()[0] == 0.5
    assert table.iloc[1].isna().all()
    assert ledger.rows[-1][4:] == (1, "1001 people")
    found = quintiles(table, das["population"].to_numpy(float))
    assert found.notna().tolist() == [True, False]


def test_quintiles_by_hand():
    table = pd.DataFrame({name: np.arange(5.0) for name in DIMENSIONS})
    assert quintiles(table, np.full(5, 7.0)).tolist() == [1, 2, 3, 4, 5]
    # the first area holds two fifths: its middle person is at 0.2, the next ones at 0.475 and on
    assert quintiles(table, np.array([8.0, 3.0, 3.0, 3.0, 3.0])).tolist() == [2, 3, 4, 4, 5]
    opposed = table.assign(**{DIMENSIONS[1]: table[DIMENSIONS[0]].to_numpy()[::-1]})
    assert len(set(quintiles(opposed, np.full(5, 1.0)))) == 1  # ranks cancel, all tie


people = st.lists(
    st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 900)), min_size=1, max_size=40
)


@given(people)
def test_quintiles_rise_with_both_scores_and_hold_about_a_fifth(areas):
    table = pd.DataFrame({name: [float(a[i]) for a in areas] for i, name in enumerate(DIMENSIONS)})
    weight = np.array([a[2] for a in areas], float)
    found = quintiles(table, weight).to_numpy()
    assert set(found) <= {1, 2, 3, 4, 5}
    one, two = (table[name].to_numpy() for name in DIMENSIONS)
    worse = (one[:, None] <= one) & (two[:, None] <= two)
    assert (found[:, None] <= found)[worse].all()
    mean = (middle_rank(one, weight) + middle_rank(two, weight)).round(9)
    largest = max(weight[mean == value].sum() for value in mean)
    for fifth in range(1, 6):
        assert weight[found <= fifth].sum() <= fifth / 5 * weight.sum() + largest / 2 + 1e-6


@given(st.lists(st.integers(1, 100), min_size=1, max_size=30))
def test_ranks_are_those_of_the_middle_person(weights):
    order = np.arange(len(weights), dtype=float)
    rank = middle_rank(order, np.array(weights, float))
    total, below = sum(weights), 0
    for value, weight in zip(rank, weights, strict=True):
        assert value == pytest.approx((below + weight / 2) / total)
        below += weight


@pytest.fixture
def built(tiny_raw, das, points):
    raw = tiny_raw(
        kitchener_homes=kitchener(),
        fsa_census=fsas(),
        deprivation=index(),
        dwelling_periods=periods(),
    )
    construction = construction_table(raw, Ledger())
    homes = da_profiles(
        raw, das.assign(fsa=main_fsa(*points, 2)), construction, Parameters(), Ledger()
    )
    tracts = pd.DataFrame({"tract_id": ["5410001.00", "35300002"]})
    return homes, tract_profiles(homes, das, tracts), construction


def test_profiles_fit_their_schemas_and_add_up(built):
    homes, tracts, construction = built
    for name, table in zip(("da_profiles", "tract_profiles", "construction"), built, strict=True):
        check(table, PROCESSED[name], where=name, hint="")
    assert homes["fsa"].tolist() == ["N2A", "N0B"]
    assert homes["density_per_km2"].tolist() == [100, 1001]
    assert homes["multi_unit_households"].tolist() == [0, 100]
    assert homes["multi_unit_ev"].tolist() == [0, 4]  # all homes of the second are apartments
    assert tracts["tract_id"].tolist() == ["35300002", "5410001.00"]
    assert tracts["renter_share"].tolist() == [0.1, 0.3]
    assert construction["dwellings"].sum() == 205


def test_a_tract_weighs_its_areas(built, das):
    homes, _, _ = built
    one = das.assign(area_id="5410001.00", households=[100, 300])
    table = tract_profiles(homes, one, pd.DataFrame({"tract_id": ["5410001.00"]})).iloc[0]
    assert table["renter_share"] == pytest.approx((100 * 0.3 + 300 * 0.1) / 400)
    assert table["renter_source"] == "mixed"
    assert table["income_source"] == "fsa"
    assert table["instability"] == pytest.approx((-1 * 100 + 1 * 1001) / 1101, abs=1e-6)
    assert table["household_size"] == pytest.approx(1101 / 400)
    assert table["multi_unit_share"] == 0.5  # of the hundred homes of each type
    assert table["density_per_km2"] == pytest.approx(1101 / 2)


def test_apartments_hold_fewer_vehicles_a_household(tiny_raw, das, points, built):
    construction = built[2]
    raw = tiny_raw(kitchener_homes=kitchener(), fsa_census=fsas(), deprivation=index())
    mixed = das.assign(single_detached=60, apartment_low_rise=40, apartment_high_rise=0)
    homes = da_profiles(
        raw, mixed.assign(fsa=main_fsa(*points, 2)), construction, Parameters(), Ledger()
    )
    ratio = Parameters().apartment_ev_ratio
    assert homes["multi_unit_ev"].iloc[0] == pytest.approx(10 * 40 * ratio / (60 + 40 * ratio))


# -- what is committed ---------------------------------------------------------------------------


def test_density_times_land_is_population(tables):
    das = tables.das.merge(tables.da_profiles, on="da_id")
    back = das["density_per_km2"] * das["land_area_km2"]
    assert (back - das["population"]).abs().max() < 1e-3
    tracts = tables.tracts.merge(tables.tract_profiles, on="tract_id")
    back = tracts["density_per_km2"] * tracts["land_area_km2"]
    assert (back - tracts["population"]).abs().max() < 1e-3
    assert tracts["land_area_km2"].sum() == pytest.approx(das["land_area_km2"].sum(), abs=1e-3)


@pytest.mark.parametrize("level", ["da", "tract"])
def test_homes_agree_with_the_counts(tables, level):
    counts = getattr(tables, f"{level}s")
    profiles = getattr(tables, f"{level}_profiles")
    assert set(profiles[f"{level}_id"]) == set(counts[f"{level}_id"])
    both = counts.merge(profiles, on=f"{level}_id")
    flats = tables.das[["apartment_low_rise", "apartment_high_rise"]].sum().sum()
    assert profiles["multi_unit_households"].sum() == flats == 57_750
    size = both["household_size"] * both["households"]
    assert (size - both["population"])[both["households"] > 0].abs().max() < 0.01
    assert (both["multi_unit_ev"] <= both["ev"] + 1e-6).all()
    total = tables.da_profiles["multi_unit_ev"].sum()
    assert profiles["multi_unit_ev"].sum() == pytest.approx(total, abs=1e-3)


def test_each_quintile_holds_a_fifth_of_the_people(tables):
    for level, slack in (("da", 0.002), ("tract", 0.01)):
        both = getattr(tables, f"{level}s").merge(getattr(tables, f"{level}_profiles"))
        people = both.groupby("deprivation_quintile")["population"].sum()
        assert people.index.tolist() == [1, 2, 3, 4, 5]
        assert (people / both["population"].sum()).between(0.2 - slack, 0.2 + slack).all()


def test_more_deprived_fifths_are_poorer_where_the_census_says(tables):
    own = tables.da_profiles[tables.da_profiles["income_source"] == "da"]
    income = own.groupby("deprivation_quintile")["median_income_cad"].median()
    assert income.is_monotonic_decreasing


def test_values_of_the_area_itself_stand_in_kitchener_only(tables):
    homes = tables.da_profiles
    kitchener = homes["municipality_id"] == "3530013"
    assert (homes.loc[~kitchener, ["renter_source", "income_source"]] == "fsa").all().all()
    assert (homes.loc[kitchener, "renter_source"] == "da").sum() == 320
    assert (homes.loc[kitchener, "income_source"] == "da").sum() == 312


def test_construction_adds_up_to_the_occupied_dwellings(tables):
    """Parts are rounded at random, and those under ten are missing: townships lose most."""
    built = tables.construction.groupby("municipality_id")["dwellings"].sum()
    towns = tables.municipalities.set_index("municipality_id")
    assert (built / towns["households"]).between(0.975, 1.01).all()
    assert built.sum() == pytest.approx(222_350, rel=0.005)
    kinds = tables.construction.groupby("dwelling_type")["dwellings"].sum()
    for kind in ("single_detached", "row_house", "apartment_low_rise", "apartment_high_rise"):
        assert kinds[kind] == pytest.approx(tables.das[kind].sum(), rel=0.01)


def test_tract_sums_are_the_published_totals(tables, raw_dir):
    published = pd.read_csv(
        raw_dir / "population/ct_2021_population_occupied_dwellings.csv", dtype={"ctuid": str}
    ).set_index("ctuid")
    ours = tables.tracts.set_index("tract_id").join(published, how="inner")
    assert len(ours) == 119
    assert (ours["population"] / ours["pop_2021"]).between(0.995, 1.005).all()
    assert ours["households"].sum() == pytest.approx(ours["dwe_2021"].sum(), rel=0.005)
    whole = tables.tracts["population"].sum()
    assert whole == 587_165
    assert (tables.tracts["dwellings"] != tables.tracts["population"]).all()
