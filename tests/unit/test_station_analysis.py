"""Spacing, growth, operators, places and port ranges on networks small enough to count."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from toy import AREA, base_config, toy

from kwev.report import inventories, stations


def network():
    """Four stations in a row at 0, 3, 7 and 100 km; the last is Tesla's, the second Level 3."""
    tables = toy(
        [(0, 0, 1, 1)],
        stations=[
            {"x": 0, "y": 0, "l2_ports": 2, "l3_ports": 0},
            {"x": 3000, "y": 0, "l2_ports": 0, "l3_ports": 4},
            {"x": 7000, "y": 0, "l2_ports": 2, "l3_ports": 0, "l2_ports_low": 1},
            {"x": 100_000, "y": 0, "l2_ports": 9, "l3_ports": 0, "access": "tesla_only"},
        ],
    )
    tables.municipalities = pd.DataFrame(
        {
            "municipality_id": [AREA, "3530016"],
            "name": ["Kitchener", "Waterloo"],
            "area_km2": [75.0, 25.0],
        }
    )
    tables.stations["operator"] = ["FLO", "", "FLO", "Tesla"]
    tables.stations["ports_basis"] = ["one_count", "one_count", "lists_differ", "one_count"]
    return tables


def test_spacing_by_level():
    found = stations.spacing(network(), base_config()).set_index("level")
    whole = found.loc["Any level"]
    # to the next: 3, 3 and 4 km; pairs: 3, 4 and 7 km
    assert whole["stations"] == 3
    assert whole["nearest_mean_km"] == pytest.approx(10 / 3)
    assert whole[["nearest_median_km", "nearest_max_km"]].tolist() == [3, 4]
    assert whole["pair_mean_km"] == pytest.approx(14 / 3)
    assert whole["pair_median_km"] == 4
    assert found.loc["Level 2", ["stations", "nearest_mean_km", "pair_mean_km"]].tolist() == [
        2, 7, 7,
    ]  # fmt: skip
    # one station has no next one
    assert found.loc["Level 3", "stations"] == 1
    assert np.isnan(found.loc["Level 3", "nearest_mean_km"])
    assert np.isnan(found.loc["Level 3", "pair_mean_km"])


def test_spacing_by_municipality_looks_for_the_next_one_everywhere():
    tables = network()
    tables.stations.loc[0, "municipality_id"] = "3530016"
    found = stations.spacing_by_municipality(tables, base_config()).set_index("municipality")
    assert found.loc["Waterloo", ["any", "any_km", "l2_km"]].tolist() == [1, 3, 7]
    assert found.loc["Kitchener", ["any", "any_km"]].tolist() == [2, 3.5]
    assert found.loc["Waterloo", "l3"] == 0
    assert np.isnan(found.loc["Waterloo", "l3_km"])


def test_readings_begin_with_the_closest():
    # four stations on 100 km2 have 25 km2 each: squares of 5 km
    found = stations.spacing_readings(
        network(), base_config(), ("Kitchener", "Waterloo"), stated_km=4.9, stated_stations=4
    )
    assert found["reading"].iloc[0].startswith("The stated number of stations, spread evenly")
    assert found["km"].iloc[0] == 5
    assert found["ratio"].iloc[0] == pytest.approx(5 / 4.9)
    off = np.abs(np.log(found["ratio"]))
    assert off.is_monotonic_increasing
    assert found["km"].notna().all()


def test_operators_with_the_unknown_last():
    found = stations.operators(network(), base_config())
    assert found["operator"].tolist() == ["FLO", stations.NO_OPERATOR]
    assert found["stations"].tolist() == [2, 1]
    assert found["ports_per_station"].tolist() == [2, 4]
    assert found["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("end", ["low", "base", "high"])
def test_port_ranges_stand_whichever_end_the_scenario_takes(end):
    found = stations.port_ranges(network(), base_config(siting__port_counts=end))
    assert found["stations"].tolist() == [2, 1, 3]
    assert found.iloc[-1][["l2_low", "l2_base", "l2_high", "l3_base"]].tolist() == [3, 4, 4, 4]


def records(*rows):
    columns = ["record_id", "source", "snapshot", "opened", "comparable", "in_region"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(
        l2_ports=2, l3_ports=0, reason="", outcome="kept", longitude=0.0, latitude=0.0,
        name=table["record_id"].str.split("_").str[1],
    )  # fmt: skip
    return SimpleNamespace(station_records=table)


LISTED = records(
    ("nrcan2022_1", "nrcan_2022", "2022-07-15", "2020-01-31", True, True),
    ("nrcan2022_2", "nrcan_2022", "2022-07-15", "2020-03-01", True, True),
    ("nrcan2022_3", "nrcan_2022", "2022-07-15", "", False, True),  # undated
    ("nrcan2022_4", "nrcan_2022", "2022-07-15", "2020-01-01", True, False),  # outside
    ("nrcan_1", "nrcan", "2025-10-17", "2020-01-31", True, True),
    ("nrcan_5", "nrcan", "2025-10-17", "2021-01-01", True, True),  # late: older, not listed then
    ("nrcan_6", "nrcan", "2025-10-17", "2023-01-01", True, True),
    ("ocm_1", "ocm", "2024-11-23", "", False, True),
)


def test_growth_between_snapshots_filtered_alike():
    older, ocm, newer = inventories.growth(LISTED).to_dict("records")
    assert (older["records"], older["gone"], older["l2_ports"]) == (2, 1, 4)
    assert (newer["records"], newer["fresh"], newer["late"]) == (3, 1, 1)
    assert older["records"] - older["gone"] + newer["fresh"] + newer["late"] == newer["records"]
    assert (ocm["source"], ocm["records"]) == ("ocm", 1)


def test_a_row_that_repeats_another_is_no_station_that_has_gone():
    twice = [
        (f"{source}_{number}", source.replace("2022", "_2022"), date, "2016-09-15", True, True)
        for source, date in (("nrcan2022", "2022-07-15"), ("nrcan", "2025-10-17"))
        for number in (83793, 83794)
    ]
    others = LISTED.station_records.iloc[[1, -1], :6].to_numpy().tolist()
    listed = records(*twice, *others)
    listed.station_records.loc[:3, "name"] = "Waterloo Kia"
    older, _, newer = inventories.growth(listed).to_dict("records")
    # listed twice in both, it stands once in both; the other one has gone
    assert (older["records"], older["gone"], newer["records"]) == (2, 1, 1)
    # numbered anew where one row of the two is left
    anew = SimpleNamespace(station_records=listed.station_records.drop(index=2))
    assert inventories.growth(anew).iloc[0]["gone"] == 1


def test_openings_add_up_month_by_month():
    found = inventories.openings(LISTED)
    older = found[found["source"] == "nrcan_2022"]
    assert older["month"].tolist() == ["2020-01", "2020-02", "2020-03"]
    assert older["records"].tolist() == [1, 1, 2]
    newer = found[found["source"] == "nrcan"]
    assert len(newer) == 37  # January 2020 to January 2023
    assert newer["records"].iloc[-1] == 3
    assert newer["records"].is_monotonic_increasing


def test_places_and_misplaced():
    table = pd.DataFrame(
        {
            "station_id": list("abcd"), "name": list("ABCD"), "address": "1 King St",
            "in_region": [True, True, True, False], "municipality_id": AREA,
            "location_check": ["ok", "far_from_address", "address_elsewhere", "outside"],
            "address_apart_m": [10.0, 900.0, None, None],
        }
    )  # fmt: skip
    towns = pd.DataFrame({"municipality_id": [AREA], "name": ["Kitchener"]})
    tables = SimpleNamespace(stations=table, municipalities=towns)
    found = stations.address_checks(tables)
    assert found["stations"].tolist() == [1, 1, 1]
    assert found["share"].sum() == pytest.approx(1)
    assert stations.misplaced(tables)["name"].tolist() == ["C", "B"]


def test_the_network_as_committed(tables):
    older, _, newer = inventories.growth(tables).to_dict("records")
    assert older["records"] - older["gone"] + newer["fresh"] + newer["late"] == newer["records"]
    curves = inventories.openings(tables)
    for row in (older, newer):
        assert curves[curves["source"] == row["source"]]["records"].iloc[-1] == row["records"]
    ends = stations.port_ranges(tables, base_config())
    assert (ends.iloc[:-1].sum(numeric_only=True) == ends.iloc[-1, 1:].astype(int)).all()
    for level in ("l2", "l3"):
        assert (ends[f"{level}_low"] <= ends[f"{level}_base"]).all()
        assert (ends[f"{level}_base"] <= ends[f"{level}_high"]).all()
    assert stations.address_checks(tables)["stations"].sum() == tables.stations["in_region"].sum()
