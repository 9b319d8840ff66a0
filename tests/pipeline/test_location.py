"""A station's place against its own address, on a street of four numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from kwev.data.columns import choices
from kwev.pipeline.addresses import OUTCOMES, Gazetteer, settlement_key, street_of
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger

ADDRESSES = pd.DataFrame(
    [
        ("1", "King St W", "Kitchener", 0.0, 0.0),
        ("9", "King St W", "Kitchener", 80.0, 0.0),
        ("9A", "King St W", "Kitchener", 90.0, 0.0),
        ("40", "King St W", "Kitchener", 400.0, 0.0),
        ("1", "King St E", "Kitchener", -3000.0, 0.0),
        ("7", "Mill Line", "Waterloo", 9000.0, 0.0),
        ("7", "Mill Line", "Kitchener", 0.0, 9000.0),
        ("x", "Nowhere", "Kitchener", 5.0, 5.0),
    ],
    columns=["street_no", "street", "city", "easting_m", "northing_m"],
)
ROADS = pd.DataFrame(
    {
        "LeftSettle": ["St Jacobs", "Waterloo", "Hagersville", None],
        "LeftMunici": ["Woolwich", "Woolwich", "Elsewhere", "Woolwich"],
    }
)
TOWNS = {"Kitchener", "Waterloo", "Woolwich"}


def station(address, city="Kitchener", home="Kitchener", at=(0.0, 0.0), *, inside=True):
    east, north = at
    return {
        "address": address, "city": city, "municipality": home, "in_region": inside,
        "easting_m": east, "northing_m": north,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given_station", "outcome", "apart"),
    [
        (station("1 King Street West, Kitchener"), "ok", 0.0),
        (station("1 King St, Kitchener"), "ok", 0.0),
        (station("9-40 King St. W, Kitchener", at=(400, 250)), "ok", 250.0),
        (station("40 King St W, Kitchener", at=(400, 250.01)), "far_from_address", 250.01),
        (station("1 King St E, Kitchener"), "far_from_address", 3000.0),
        # 5 is not in the list: its block, 1 to 9A, stands for it; 25 has no block
        (station("5 King St W, Kitchener", at=(95, 0)), "ok", 5.0),
        (station("25 King St W, Kitchener"), "not_found", None),
        (station("1 King Rd W, Kitchener"), "not_found", None),
        (station("7 Mill Line, Kitchener", at=(0, 9000)), "ok", 0.0),
        (station("7 Mill Line, Kitchener", home="Waterloo", at=(9000, 30)), "city_differs", 30.0),
        (station("7 Mill Line, Waterloo"), "address_elsewhere", 9000.0),
        (station("1 Queen St, Waterloo", city="Waterloo"), "address_elsewhere", None),
        (station("King & Queen, Kitchener"), "no_number", None),
        (station(""), "no_address", None),
        (station("", city="St. Jacobs", home="Woolwich"), "no_address", None),
        (station("", city="Guelph"), "address_elsewhere", None),
        (station("1 King St W, Kitchener", inside=False), "outside", None),
    ],
)
def test_outcomes(given_station, outcome, apart):
    town = given_station["address"].partition(", ")[2]
    given_station["city"] = town or given_station["city"]
    gazetteer = Gazetteer.of(ADDRESSES, ROADS, TOWNS)
    table = gazetteer.check(pd.DataFrame([given_station]), Parameters(), Ledger())
    assert table["location_check"].tolist() == [outcome]
    found = table["address_apart_m"].iloc[0]
    assert pd.isna(found) if apart is None else found == apart
    assert table[["easting_m", "northing_m"]].to_numpy().tolist() == [
        [given_station["easting_m"], given_station["northing_m"]]
    ]


def test_every_outcome_but_ok_is_counted():
    ledger = Ledger()
    rows = pd.DataFrame([station(""), station(""), station("1 King St W, Kitchener")])
    Gazetteer.of(ADDRESSES, ROADS, TOWNS).check(rows, Parameters(), ledger)
    counted = ledger.table()
    assert counted["rows"].sum() == 2
    assert len(counted) == len(OUTCOMES) - 1
    assert set(OUTCOMES) == set(choices("stations", "location_check"))


def test_streets_in_one_spelling():
    assert street_of("200 University Ave. W") == street_of("200 University Avenue West, Waterloo")
    assert street_of("235 The Boardwalk") == street_of("235 Boardwalk")
    assert street_of("1-4881 Fountain St N.").number == 4881
    assert street_of("12a Mill Line").number == 12
    assert street_of("Francis St. S. & Joseph St.") is None
    # a street may be called after a side or a type
    assert street_of("5 West Ave") == street_of("5 W. Avenue") == (5, "w", "ave", "")
    assert street_of("5 Line 86").name == "line 86"


def test_a_settlement_can_lie_in_two_municipalities():
    towns = Gazetteer.of(ADDRESSES, ROADS, TOWNS).towns_of
    assert towns[settlement_key("St. Jacobs, Unknown")] == {"Woolwich"}
    # roads of Woolwich that name Waterloo do not make Waterloo a part of Woolwich
    assert towns["waterloo"] == {"Waterloo"}
    assert "hagersville" not in towns
