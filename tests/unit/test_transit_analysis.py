"""Who lives near transit: counted by hand on a plane, and what holds on the Region's tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toy import AREA, ORIGIN, case, toy

from kwev.report import transit


@pytest.fixture
def plane():
    """Five cells, a frequent bus stop at 0, a seldom one at 2,000, an ION station at 4,000 m."""
    made = toy(
        [(0, 0, 100, 1), (400, 0, 200, 1), (401, 0, 300, 1), (2000, 0, 150, 1), (4800, 0, 250, 1)],
        sites=[(400, 0, "parking"), (1500, 0, "parking")],
        stations=[(2000, 300, 2, 0), (9000, 0, 2, 0), (4000, 0, 2, 0), (4390, 0, 2, 0)],
    )
    made.transit_stops = pd.DataFrame(
        {
            "stop_id": ["a", "b", "c"],
            "name": ["A", "B", "C"],
            "mode": ["bus", "bus", "ion"],
            "municipality_id": AREA,
            "easting_m": ORIGIN[0] + np.array([0.0, 2000.0, 4000.0]),
            "northing_m": ORIGIN[1],
            "trips_peak_per_h": [4.0, 8.0, 12.0],
            "trips_midday_per_h": [4.0, 3.9, 12.0],
            "score": [0.5, 0.4, 0.8],
            "hub": [False, False, True],
        }
    )
    made.municipalities = made.municipalities.assign(land_area_km2=10.0)
    made.transit_lengths = pd.DataFrame(
        {"municipality_id": [AREA], "route_km": [30.0], "street_km": [20.0]}
    )
    return made


def test_people_are_counted_where_their_addresses_are(plane):
    table = transit.by_municipality(plane).set_index("municipality")
    town = table.loc["Kitchener"]
    # of 1,000 people: 100 + 200 up to 400 m of the first stop, 150 at the second
    assert town["bus"] == pytest.approx(0.45)
    assert town["ion"] == pytest.approx(0.25)
    assert town["either"] == pytest.approx(0.70)
    # the second stop is frequent in the peak only
    assert town["frequent"] == pytest.approx(0.55)
    # 100 at the door of 0.5, 150 at the door of 0.4, the others at the end of their walk
    assert town["access"] == pytest.approx((100 * 0.5 + 150 * 0.4) / 1000)
    assert town["route_km_per_km2"] == pytest.approx(3.0)
    assert town["street_km_per_km2"] == pytest.approx(2.0)
    pd.testing.assert_series_equal(town, table.loc[transit.REGION], check_names=False)


def test_places_near_a_stop(plane):
    config = case().config
    near = transit.places_near(plane, config)
    assert near == {"sites": 0.5, "stations": 0.75}


def test_the_best_places_are_a_walk_apart(plane):
    best = transit.best_places(plane)
    assert best["stop_id"].tolist() == ["c", "a", "b"]
    assert best[["mode", "hub"]].to_numpy().tolist()[:2] == [["ION", "yes"], ["Bus", "no"]]
    assert transit.best_places(plane, most=1)["stop_id"].tolist() == ["c"]
    plane.transit_stops.loc[1, "easting_m"] = plane.transit_stops.loc[0, "easting_m"] + 400.0
    assert transit.best_places(plane)["stop_id"].tolist() == ["c", "a"]


def test_no_stops_reach_no_one():
    stops = pd.DataFrame({"easting_m": [], "northing_m": []})
    assert not transit.near_stop(np.zeros((3, 2)), stops, 400.0).any()


def test_the_regions_table_adds_up(tables):
    table = transit.by_municipality(tables).set_index("municipality")
    towns, region = table.drop(index=transit.REGION), table.loc[transit.REGION]
    assert region["population"] == pytest.approx(587_165, abs=1e-6)
    for share in ("bus", "ion", "either", "frequent", "access"):
        assert table[share].between(0, 1).all()
        whole = (towns[share] * towns["population"]).sum() / towns["population"].sum()
        assert region[share] == pytest.approx(whole)
    assert (table["either"] >= table[["bus", "ion"]].max(axis=1)).all()
    assert (table["either"] >= table["frequent"]).all()
    assert (table["route_km"] >= table["street_km"] - 1e-9).all()


def test_the_regions_stops(tables):
    stops = tables.transit_stops
    # 2,372 stops of the bus feed without its 14 parents: 2,326 of buses and 32 platforms of ION
    assert stops["platforms"].sum() == 2_326 + 32
    rail = stops[stops["mode"] == "ion"]
    assert len(rail) == 19
    assert rail["platforms"].sum() == 32
    assert (stops["score"].between(0, 1, inclusive="left")).all()
    routes = tables.transit_routes.set_index("route_id")
    assert (routes["mode"] == "ion").sum() == 1
    days = tables.transit_days.set_index("day")
    for day in days.index:
        trips = routes.groupby(routes["mode"] == "ion")[f"trips_{day}"].sum()
        assert trips.tolist() == days.loc[day, ["bus_trips", "ion_trips"]].tolist()
    # nothing runs at a planned stop: none is a stop
    assert not set(tables.transit_planned["stop_id"]) & set(stops["stop_id"])
