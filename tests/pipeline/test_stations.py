"""Dirty station lists are cleaned as stated; every record's fate is kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from home_region import CRS

from kwev.data.schemas import PROCESSED, check
from kwev.pipeline.addresses import Gazetteer
from kwev.pipeline.geometry import unproject
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger
from kwev.pipeline.station_records import read_records
from kwev.pipeline.stations import merge_stations


def degrees(east, north):
    lon, lat = unproject(pd.DataFrame([[540_000.0 + east, 4_810_000.0 + north]]).to_numpy(), CRS)[0]
    return lon, lat


def ocm(name, east, north, **changes):
    lon, lat = degrees(east, north)
    return {
        "name": name,
        "latitude": lat,
        "longitude": lon,
        "num_chargers": changes.get("ports", 2),
        "charger_type": changes.get("level", "Level 2"),
        "operator": changes.get("operator", "flo"),
        "usage_cost": changes.get("cost", ""),
        "address": changes.get("address", ""),
        "city": changes.get("city", "Kitchener"),
    }


def nrcan(number, name, east, north, **changes):
    lon, lat = degrees(east, north)
    return {
        "ID": str(number),
        "Station Name": name,
        "Fuel Type Code": "ELEC",
        "City": "Kitchener",
        "State": changes.get("state", "ON"),
        "Latitude": lat,
        "Longitude": lon,
        "EV Level2 EVSE Num": changes.get("l2", 2),
        "EV DC Fast Count": changes.get("l3", 0),
        "Access Code": changes.get("access", "public"),
        "Status Code": changes.get("status", "E"),
        "Open Date": changes.get("opened", "2020-01-01"),
    }


def older(number, **changes):
    lon, lat = degrees(0, 0)
    row = {
        "ID": str(number),
        "Station Name": "x",
        "Street Address": "1 King St",
        "Fuel Type Code": "ELEC",
        "Latitude": lat,
        "Longitude": lon,
        "EV Level2 EVSE Num": 2,
        "EV DC Fast Count": None,
        "EV Network": "FLO",
        "EV Connector Types": "J1772",
        "Owner Type Code": "P",
        "Access Days Time": changes.pop("hours", None),
        "Facility Type": None,
        "Status Code": "E",
        "Access Code": "public",
        "Open Date": "2020-01-01",
    }
    return row | changes


@pytest.fixture
def merge(tiny_raw, squares):
    def run(first, second, third=(), fast=()):
        lon, lat = degrees(0, 0)
        plain = {
            "id": "999",
            "station_name": "x",
            "ev_network": "FLO",
            "street_address": "",
            "connector_file": "TESLA",
            "longitude": lon,
            "latitude": lat,
        }
        raw = tiny_raw(
            ocm=pd.DataFrame(first),
            nrcan=pd.DataFrame(second),
            nrcan_2022=pd.DataFrame([*third, older(1)]),
            dc_fast=pd.DataFrame([plain, *(plain | changes for changes in fast)]),
        )
        ledger, parameters = Ledger(), Parameters()
        places = Gazetteer.of(CIVIC, ROADS, {"Kitchener", "Waterloo"})
        records = read_records(raw, squares.region, places.settlements, parameters, ledger)
        stations, fates = merge_stations(records, squares, places, parameters, ledger)
        # the grid stage fills the last column
        check(stations.assign(grid_kw=np.nan), PROCESSED["stations"], where="stations", hint="")
        check(fates, PROCESSED["station_records"], where="station_records", hint="")
        assert set(fates["record_id"]) == set(records["record_id"])
        named = set(fates["station_id"]) - {""}
        assert named == set(stations["station_id"])
        return stations.set_index("station_id"), fates.set_index("record_id"), ledger.table()

    return run


CIVIC = pd.DataFrame(
    [
        ("1", "King St", "Kitchener", 100, 100),
        ("9", "King St", "Kitchener", 500, 100),
        ("40", "King St", "Kitchener", 900, 100),
        ("1", "Mill St W", "Waterloo", 1100, 100),
    ],
    columns=["street_no", "street", "city", "easting_m", "northing_m"],
).assign(
    easting_m=lambda t: t["easting_m"] + 540_000.0,
    northing_m=lambda t: t["northing_m"] + 4_810_000.0,
)
ROADS = pd.DataFrame({"LeftSettle": ["St Jacobs"], "LeftMunici": ["Waterloo"]})

AWAY = [nrcan(7, "Elsewhere", 1900, 900)]
AWAY_OCM = [ocm("Elsewhere", 1900, 900)]


def test_same_place_in_both_sources_is_one_station_with_the_newer_ports(merge):
    stations, fates, _ = merge(
        [ocm("City Hall", 100, 100, ports=4), *AWAY_OCM],
        [nrcan(8, "City Hall", 130, 100, l2=3, l3=1), *AWAY],
    )
    assert len(stations) == 2
    row = stations.loc["nrcan_8"]
    assert (row["l2_ports"], row["l3_ports"], row["sources"], row["confidence"]) == (
        3,
        1,
        "ocm+nrcan",
        "matched",
    )
    assert fates.loc["ocm_540100_4810100", "outcome"] == "merged"
    assert fates.loc["nrcan_8", "reason"] == "leads a place that both sources know"


def test_matching_is_one_to_one_and_takes_most_pairs(merge):
    # B is nearer to A's match, but then A would stay alone
    stations, _, _ = merge(
        [ocm("A", 100, 100), ocm("B", 160, 100), *AWAY_OCM],
        [nrcan(8, "left", 140, 100), nrcan(9, "right", 230, 100), *AWAY],
    )
    assert (stations["sources"] == "ocm+nrcan").sum() == 3
    assert len(stations) == 3


def test_beyond_100_m_they_stay_apart(merge):
    stations, fates, _ = merge([ocm("A", 100, 100), *AWAY_OCM], [nrcan(8, "A", 201, 100), *AWAY])
    assert sorted(stations["confidence"]) == ["matched", "single", "single"]
    assert fates.loc["ocm_540100_4810100", "reason"] == "leads a place that only ocm knows"


def test_levels_must_agree(merge):
    stations, _, _ = merge(
        [ocm("A", 100, 100, level="Level 3"), *AWAY_OCM], [nrcan(8, "A", 110, 100, l2=2), *AWAY]
    )
    assert len(stations) == 3


def test_numbered_units_add_up_and_an_exact_repeat_does_not(merge):
    stations, fates, quality = merge(
        AWAY_OCM,
        [
            nrcan(10, "MONTEZ STATION 1", 100, 100),
            nrcan(11, "MONTEZ STATION 2", 160, 100),
            nrcan(12, "MONTEZ FAST", 105, 100, l2=0, l3=2),
            nrcan(13, "Kia", 500, 500, l2=1),
            nrcan(14, "Kia", 500, 500, l2=1),
            *AWAY,
        ],
    )
    assert stations.loc["nrcan_10", ["l2_ports", "l3_ports"]].tolist() == [4, 2]
    assert stations.loc["nrcan_13", "l2_ports"] == 1
    assert fates.loc["nrcan_14", ["outcome", "station_id"]].tolist() == ["merged", "nrcan_13"]
    assert quality[quality["rule"].str.startswith("row repeats")]["rows"].sum() == 1


def test_openchargemap_repeats_count_once_and_unnamed_operators_do_not_add(merge):
    at = {"address": "135 Westminster Dr S"}
    stations, _, _ = merge(
        [
            ocm("Westminster", 100, 100, operator="ChargePoint", **at),
            ocm("The Regional Municipality of Waterloo", 160, 100, operator="Unknown", **at),
            ocm("Garment St", 700, 700, ports=10, operator="SWTCH", address="100 Victoria St"),
            ocm(
                "SWTCH Energy Inc.", 750, 700, ports=10, operator="SWTCH", address="100 Victoria St"
            ),
            *AWAY_OCM,
        ],
        AWAY,
    )
    assert stations["l2_ports"].tolist() == [2, 2, 10]


def test_tesla_only_is_flagged_unless_others_may_use_it(merge):
    stations, _, _ = merge(
        [
            ocm("Super", 100, 100, level="Level 3", operator="Tesla (including non-tesla)"),
            ocm("Hotel", 600, 600, operator="Tesla (Tesla-only charging)"),
            ocm("Hotel", 610, 600, operator="ChargePoint"),
            *AWAY_OCM,
        ],
        [nrcan(8, "Mall - Tesla Supercharger", 100, 100, l2=0, l3=8), *AWAY],
    )
    assert stations.loc["nrcan_8", "access"] == "public"
    assert sorted(stations.drop(["nrcan_8", "nrcan_7"])["access"]) == ["public", "tesla_only"]


def test_faults_are_dropped_with_their_reason(merge):
    stations, fates, quality = merge(
        [
            ocm("Lofts", 100, 100, city="Guelph, Unknown", cost="£1.50/hour"),
            ocm("Inn", 300, 300, cost="Complimentary to registered guests ONLY"),
            ocm("Bank", 600, 600, level="Unknown"),
            *AWAY_OCM,
        ],
        [
            nrcan(8, "Far", 1000, 8001),
            nrcan(9, "Near", 1000, 7990),
            nrcan(10, "Shut", 100, 900, status="T"),
            nrcan(11, "Empty", 200, 900, l2=0),
            *AWAY,
        ],
    )
    assert set(stations.index) == {"nrcan_7", "nrcan_9"}
    assert not stations.loc["nrcan_9", "in_region"]
    assert stations.loc["nrcan_9", "municipality_id"] == ""
    assert stations.loc["nrcan_7", "municipality_id"] == "3530016"
    reasons = fates[fates["outcome"] == "dropped"]["reason"]
    assert reasons["ocm_540100_4810100"] == "address and coordinates name different municipalities"
    assert reasons["ocm_540300_4810300"] == "for hotel guests only"
    assert reasons["ocm_540600_4810600"] == "level unknown and no match"
    assert reasons["nrcan_8"].startswith("more than 7 km")
    assert reasons["nrcan_10"] == "not public or not available"
    assert reasons["nrcan_11"] == "no port"
    counted = quality.set_index("rule")["rows"]
    assert counted["price in a currency other than CAD (prices are not used)"] == 1


def test_unknown_level_is_taken_from_the_match(merge):
    stations, _, _ = merge(
        [ocm("Bank", 600, 600, level="Unknown", ports=1), *AWAY_OCM],
        [nrcan(8, "Bank", 620, 600, l2=0, l3=1), *AWAY],
    )
    assert stations.loc["nrcan_8", ["l2_ports", "l3_ports", "sources"]].tolist() == [
        0,
        1,
        "ocm+nrcan",
    ]


def test_older_snapshot_adds_operator_address_and_owner(merge):
    stations, fates, _ = merge(
        AWAY_OCM,
        [nrcan(8, "Scotiabank", 100, 100), nrcan(9, "WRDSB Oak", 600, 100), *AWAY],
        [older(8, **{"Owner Type Code": "SG", "Facility Type": "BANK"})],
    )
    row = stations.loc["nrcan_8"]
    assert (row["operator"], row["address"], row["owner"]) == (
        "FLO",
        "1 King St, Kitchener",
        "private",
    )
    assert stations.loc["nrcan_9", "owner"] == "public"
    assert fates.loc["nrcan2022_8", ["outcome", "station_id"]].tolist() == ["merged", "nrcan_8"]
    assert fates.loc["nrcan2022_1", "outcome"] == "dropped"


def test_a_repeat_in_other_case_or_with_blanks_counts_once(merge):
    stations, fates, _ = merge(
        [
            ocm("Twice", 100, 100, ports=3, operator="Jule"),
            ocm(" TWICE ", 100, 100, ports=3, operator="jule"),
            *AWAY_OCM,
        ],
        [nrcan(13, "Kia", 500, 500, l2=1), nrcan(14, "kia  ", 500, 500, l2=1), *AWAY],
    )
    assert stations.loc["ocm_540100_4810100", "l2_ports"] == 3
    assert stations.loc["nrcan_13", "l2_ports"] == 1
    assert fates.loc["nrcan_14", "reason"].startswith("row repeats another")


def test_a_repeat_of_a_row_that_is_dropped_stands(merge):
    stations, _, quality = merge(
        [ocm("Inn", 100, 100, cost="guests only"), ocm("Inn", 100, 100), *AWAY_OCM],
        [nrcan(13, "Kia", 500, 500, access="private"), nrcan(14, "Kia", 500, 500), *AWAY],
    )
    assert stations.loc["ocm_540100_4810100_2", "l2_ports"] == 2
    assert stations.loc["nrcan_14", "l2_ports"] == 2
    assert quality[quality["rule"].str.startswith("row repeats")]["rows"].sum() == 0


@pytest.mark.parametrize("city", ["", "  ", "Kitchener, ON N2G 4V6", "Waterloo, Ontario, Canada"])
def test_without_a_town_the_place_decides(merge, city):
    stations, _, quality = merge([ocm("Here", 100, 100, city=city), *AWAY_OCM], AWAY)
    assert stations.loc["ocm_540100_4810100", "in_region"]
    told = quality["rule"].str.startswith("no town")
    assert quality.loc[told, "rows"].sum() == (not city.strip())


def test_another_province_is_dropped_and_says_so(merge):
    stations, fates, quality = merge(
        [ocm("A", 100, 100, city="Waterloo, Iowa"), *AWAY_OCM],
        [nrcan(8, "B", 500, 500, state="MI"), nrcan(9, "C", 900, 900, state=" on "), *AWAY],
    )
    assert set(stations.index) == {"nrcan_7", "nrcan_9"}
    why = "listed in another province or state than its coordinates"
    assert fates.loc[["ocm_540100_4810100", "nrcan_8"], "reason"].tolist() == [why] * 2
    assert quality[quality["rule"] == why]["rows"].tolist() == [1, 1]


def test_quantity_0_is_no_port_and_opening_later_is_later(merge):
    stations, fates, _ = merge(
        [ocm("None", 100, 100, ports=0), *AWAY_OCM],
        [nrcan(8, "Later", 500, 500, opened="2031-01-01"),
         nrcan(9, "Same day", 900, 900, opened="2025-10-17"), *AWAY],
    )  # fmt: skip
    assert set(stations.index) == {"nrcan_7", "nrcan_9"}
    assert fates.loc["ocm_540100_4810100", "reason"] == "no port"
    assert fates.loc["nrcan_8", "reason"] == "opens after the date of the list"


def test_tesla_is_known_by_network_and_open_by_its_connectors(merge):
    lot = "Lot - Tesla Supercharger"
    stations, _, _ = merge(
        [ocm("9 Nikola Tesla Blvd", 100, 500, operator="Unknown"), *AWAY_OCM],
        [
            nrcan(8, "12 Nikola Tesla Blvd", 100, 100),
            nrcan(9, "Mall", 500, 100, l2=0, l3=4),
            nrcan(10, lot, 900, 100, l2=0, l3=4),
            nrcan(11, lot, 500, 500, l2=0, l3=4),
            nrcan(12, lot, 900, 500, l2=0, l3=4),
            *AWAY,
        ],
        [
            older(9, **{"EV Network": "Tesla", "EV Connector Types": "TESLA"}),
            older(11, **{"EV Network": "Tesla", "EV Connector Types": "TESLA J1772COMBO"}),
        ],
        [{"id": "12", "ev_network": "Tesla", "connector_file": "J1772COMBO"}],
    )
    tesla = stations.index[stations["access"] == "tesla_only"]
    assert sorted(tesla) == ["nrcan_10", "nrcan_9"]
    assert "Tesla" not in set(stations.loc[["nrcan_8"], "operator"])


def test_a_column_of_power_is_not_read_and_that_is_said(tiny_raw):
    raw = tiny_raw(ocm=pd.DataFrame([ocm("A", 100, 100) | {"power_kW": 50, "kwh": 1}]))
    raw.read("ocm")
    ledger = Ledger()
    raw.mends.note(ledger)
    row = ledger.table().set_index("dataset").loc["ocm"]
    assert row["rule"].startswith("column of power is not read")
    assert (row["action"], row["note"]) == ("flagged", "power_kW")


def test_four_dc_ports_with_two_plugs_each_are_four(merge):
    stations, _, _ = merge(
        [ocm("Mall", 100, 100, ports=8, level="Level 3"), *AWAY_OCM],
        [nrcan(8, "Mall", 100, 100, l2=0, l3=4), *AWAY],
    )
    row = stations.loc["nrcan_8"]
    assert row[["l3_ports_low", "l3_ports", "l3_ports_high", "l2_ports"]].tolist() == [4, 4, 4, 0]


@pytest.mark.parametrize("status", ["P", "T", "X"])
def test_what_is_planned_or_removed_does_not_count(merge, status):
    stations, fates, _ = merge(AWAY_OCM, [nrcan(8, "A", 100, 100, status=status), *AWAY])
    assert list(stations.index) == ["nrcan_7"]
    assert fates.loc["nrcan_8", "reason"] == "not public or not available"
