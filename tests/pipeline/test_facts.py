"""Facts behind the scores: hand-made neighbourhoods, roads and profiles, then the real tables."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kwev.data.schemas import PROCESSED, check
from kwev.pipeline.geometry import distance_m, nearest_lines, sums_within
from kwev.pipeline.grid import grid_per_household
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.population import Places, point_facts, shares_of_cells
from kwev.pipeline.raw import Ledger
from kwev.pipeline.sites import OWNERSHIP, site_facts, with_surroundings

WEST, SOUTH = 540_000.0, 4_810_000.0


def at(*places):
    return np.array(places, float).reshape(-1, 2) + np.array([WEST, SOUTH])


def test_a_point_on_the_circle_counts_and_one_a_centimetre_beyond_does_not():
    places = at((0, 0), (2_000, 0))
    points = at((300, 400), (300.01, 400), (0, 0), (2_000, 499.99))
    values = np.array([[1, 10], [2, 20], [4, 40], [8, 80]], float)
    assert sums_within(places, points, values, 500).tolist() == [[5, 50], [8, 80]]


def test_distances_are_rounded_to_centimetres():
    assert distance_m(at((0, 0)), at((1, 1), (9, 9))).tolist() == [1.41]


def test_where_roads_meet_the_highest_value_counts():
    lines = np.array(
        [shapely.LineString(at((0, 10), (100, 10))), shapely.LineString(at((100, 10), (100, 90)))]
    )
    distance, value = nearest_lines(at((120, -5), (50, 0)), lines, np.array([3.0, 7.0]))
    assert distance.tolist() == [25.0, 10.0]
    assert value.tolist() == [7.0, 3.0]


@pytest.fixture
def roads():
    """A street along the axis, an arterial with a count 100 m north, a freeway and a gated lane."""
    rows = [
        ("Local Street", "Public roadway", 0, None),
        ("Arterial", "Public roadway", 100, 12_000.0),
        ("Freeway", "Public roadway", 40, None),
        ("Private", "Private gated road", 5, None),
        ("Private", "Private, but accessible road", 160, None),
    ]
    frame = pd.DataFrame(rows, columns=["CartoClass", "PublicAcce", "north", "AADT"])
    lines = [shapely.LineString(at((-3_000, y), (3_000, y))) for y in frame["north"]]
    return gpd.GeoDataFrame(frame.drop(columns="north"), geometry=lines, crs="EPSG:26917")


@pytest.fixture
def facts(roads):
    spots = at((0, 30), (0, 80), (0, 150), (0, -200), (50_000, 0))
    sites = pd.DataFrame(
        {
            "site_id": ["a", "b", "c", "d", "e"],
            "category": ["library", "parking", "shopping_mall", "library", "highway_corridor"],
            "owner": ["public", "unknown", "private", "public", "unknown"],
            "grid_kw": [300.0, 750, 2_000, 300, 2_000],
            "transit": 0.25,
            "easting_m": spots[:, 0],
            "northing_m": spots[:, 1],
        }
    )
    there = at((0, 0), (0, 700))
    cells = pd.DataFrame(
        {
            "easting_m": there[:, 0],
            "northing_m": there[:, 1],
            "population": [100.0, 50],
            "ev": [2.0, 1],
            "ev_2030": [6.0, 2],
        }
    )
    stations = pd.DataFrame(
        {"access": ["public", "tesla_only"], "easting_m": [WEST, WEST],
         "northing_m": [SOUTH + 1_030, SOUTH]}
    )  # fmt: skip
    ledger = Ledger()
    known = with_surroundings(sites, cells, stations, Parameters(), ledger)
    table = site_facts(known, roads, Parameters(), ledger)
    check(table, PROCESSED["site_facts"], where="site_facts", hint="")
    return table.set_index("site_id"), ledger.table().set_index("rule")["rows"]


def test_people_and_vehicles_nearby_by_hand(facts):
    table, ledger = facts
    assert table["people_near"].tolist() == [100, 100, 100, 100, 0]
    area = np.pi  # km² of a circle of 1 km
    assert table.loc["a", "evs_per_km2"] == pytest.approx(3 / area, abs=1e-3)
    assert table.loc["a", "growth"] == pytest.approx(8 / 3, abs=1e-4)
    # nobody there: the Region's growth, and counted
    assert table.loc["e", ["evs_per_km2", "growth"]].tolist() == [0, pytest.approx(8 / 3, abs=1e-4)]
    assert ledger["no vehicle nearby"] == 1


def test_only_public_stations_are_chargers_nearby(facts):
    assert facts[0].loc["a", "charger_m"] == 1_000


def test_roads_by_hand(facts):
    table, ledger = facts
    # not the freeway 10 m away, nor the gated lane
    assert table.loc[["a", "b", "c", "d"], "access_m"].tolist() == [30, 20, 10, 200]
    classes = ["local_street", "arterial", "arterial", "local_street"]
    assert table.loc[["a", "b", "c", "d"], "road_class"].tolist() == classes
    assert table["aadt"].tolist()[:3] == [12_000] * 3
    assert table["aadt"].isna().tolist() == [False, False, False, True, True]
    assert ledger["no traffic count nearby"] == 2


def test_land_use_is_category_times_context(facts):
    table, _ = facts
    fit = dict(Parameters().land_use_fit)
    quiet = Parameters().local_street_fit
    assert table.loc["a", "land_use"] == pytest.approx(fit["library"] * quiet)
    assert table.loc["c", "land_use"] == pytest.approx(fit["shopping_mall"])
    assert table["ownership"].tolist() == [1, 0.5, 0, 1, 0.5]


def test_every_category_has_a_land_use_fit():
    from kwev.vocabulary import SITE_CATEGORIES

    fit = dict(Parameters().land_use_fit)
    assert set(fit) == set(SITE_CATEGORIES)
    assert all(0 < value <= 1 for value in fit.values())
    assert OWNERSHIP["public"] > OWNERSHIP["unknown"] > OWNERSHIP["private"]


PROFILES = pd.DataFrame(
    {
        "da_id": ["35300001", "35300002"],
        "density_per_km2": [1_000.0, 20.0],
        "old_dwelling_share": [1.0, 0.0],
        "multi_unit_share": [0.5, 0.0],
    }
)


def test_a_cell_of_two_areas_takes_their_mean_by_addresses():
    parts = pd.DataFrame(
        {"cell_id": ["c_1_1", "c_1_1", "c_2_1"], "da_id": ["35300001", "35300002", "35300002"],
         "addresses": [3, 1, 0]}
    )  # fmt: skip
    shares = shares_of_cells(parts, PROFILES).set_index("cell_id")
    assert shares.loc["c_1_1"].tolist() == [0.75, 0.375]
    assert shares.loc["c_2_1"].tolist() == [0, 0]


def test_points_of_three_geographies_by_hand():
    place = {"easting_m": [WEST], "northing_m": [SOUTH], "area_id": ["5410001.00"]}
    cells = pd.DataFrame({"cell_id": ["c_1_1"], "population": [12.5], **place})
    parts = pd.DataFrame({"cell_id": ["c_1_1"], "da_id": ["35300001"], "addresses": [2]})
    das = pd.DataFrame({"da_id": ["35300001"], **place})
    tracts = pd.DataFrame({"tract_id": ["5410001.00"], **place})
    tract_profiles = PROFILES.iloc[:1].assign(tract_id="5410001.00", density_per_km2=800.0)
    table = point_facts(
        Places(das.iloc[:0], das, tracts, cells, parts, cell_m=100),
        (PROFILES, tract_profiles),
        pd.Series({"5410001.00": 2.3456}),
        lambda xy: np.full(len(xy), 0.123456),
        Ledger(),
    )
    check(table, PROFILES_SCHEMA, where="point_facts", hint="")
    assert table["geography"].tolist() == ["cell", "da", "tract"]
    # a cell has a hundredth of a square kilometre
    assert table["density_per_km2"].tolist() == [1_250, 1_000, 800]
    assert table["transit"].tolist() == [0.1235] * 3
    assert table["grid_kw"].tolist() == [2.35] * 3
    assert table["old_dwelling_share"].tolist() == [1, 1, 1]


def test_a_place_without_a_published_type_takes_the_median_and_is_counted():
    place = {"easting_m": [WEST] * 3, "northing_m": [SOUTH] * 3, "area_id": ["a"] * 3}
    ids = ["35300001", "35300002", "35300003"]
    profiles = pd.DataFrame(
        {"da_id": ids, "density_per_km2": 1.0, "old_dwelling_share": 0.5,
         "multi_unit_share": [0.2, np.nan, 0.6]}
    )  # fmt: skip
    das = pd.DataFrame({"da_id": ids, **place})
    cells = pd.DataFrame({"cell_id": ["c_1_1"], "population": [1.0], "easting_m": [WEST],
                          "northing_m": [SOUTH], "area_id": ["a"]})  # fmt: skip
    parts = pd.DataFrame({"cell_id": ["c_1_1"], "da_id": [ids[1]], "addresses": [1]})
    tracts = das.rename(columns={"da_id": "tract_id"})
    ledger = Ledger()
    table = point_facts(
        Places(das.iloc[:0], das, tracts, cells, parts, cell_m=100),
        (profiles, profiles.rename(columns={"da_id": "tract_id"})),
        pd.Series({"a": 2.0}),
        lambda xy: np.zeros(len(xy)),
        ledger,
    ).set_index(["geography", "id"])
    assert table.loc[("da", ids[1]), "multi_unit_share"] == pytest.approx(0.4)
    assert table.loc[("cell", "c_1_1"), "multi_unit_share"] == pytest.approx(0.4)
    assert ledger.table()["rows"].tolist() == [1, 1]


PROFILES_SCHEMA = PROCESSED["point_facts"]


def test_every_point_and_site_has_facts(tables):
    facts = tables.point_facts.groupby("geography")["id"].agg(set)
    assert facts["cell"] == set(tables.cells["cell_id"])
    assert facts["da"] == set(tables.das["da_id"])
    assert facts["tract"] == set(tables.tracts["tract_id"])
    assert set(tables.site_facts["site_id"]) == set(tables.sites["site_id"])
    assert tables.point_facts.notna().all().all()


def test_no_fact_of_a_site_but_traffic_is_missing(tables):
    facts = tables.site_facts
    assert facts.drop(columns="aadt").notna().all().all()
    counted = tables.quality.set_index(["stage", "rule"])["rows"]
    missing = counted["facts", "no traffic count nearby"]
    assert facts["aadt"].isna().sum() == missing
    assert 0 < missing < len(facts)


def test_density_times_area_is_people(tables):
    facts = tables.point_facts.set_index(["geography", "id"])["density_per_km2"]
    das = tables.das[tables.das["land_area_km2"] > 0]
    people = facts["da"].loc[das["da_id"]].to_numpy() * das["land_area_km2"].to_numpy()
    rounding = 0.005 * das["land_area_km2"].to_numpy() + 1e-6
    # the published land area is rounded too, to a hundredth of a hectare
    slack = rounding + 0.5e-4 * facts["da"].loc[das["da_id"]].to_numpy()
    assert (np.abs(people - das["population"].to_numpy()) <= slack).all()


def test_people_near_a_site_counted_pair_by_pair(tables):
    few = tables.sites.iloc[::150]
    cells = tables.cells
    for site in few.itertuples():
        apart = np.hypot(cells["easting_m"] - site.easting_m, cells["northing_m"] - site.northing_m)
        people = cells.loc[apart <= 500, "population"].sum()
        fact = tables.site_facts.set_index("site_id").loc[site.site_id, "people_near"]
        assert fact == pytest.approx(people, abs=0.06)


def test_the_file_of_points_is_small(project):
    assert (project.processed / "point_facts.csv").stat().st_size < 1_500_000


def test_the_grid_proxy_of_an_area_is_shared_by_its_households():
    areas = pd.DataFrame(
        {"area_id": ["a", "b"], "proxy_kw": [3_000.0, 10.0], "households": [1_500, 0]}
    )
    assert grid_per_household(areas).to_dict() == {"a": 2.0, "b": 10.0}
