"""Other public counts of ports: steps that add up by name, and what is left."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from kwev.data.tables import INPUTS
from kwev.report import other_counts


def small(**ports):
    towns = pd.DataFrame(
        {"municipality_id": ["1", "2"], "name": ["Cambridge", "Down"], "kind": ["city", "township"]}
    )
    stations = pd.DataFrame(
        [("a", "Hall", "1", "public", 10, 2, 12, 3, "1 Main St, Cambridge"),
         ("b", "Lot - Tesla Supercharger", "1", "tesla_only", 0, 8, 0, 8, ""),
         ("c", "Rest stop", "2", "public", 4, 0, 4, 0, "401, Cambridge"),
         ("d", "Barn", "2", "public", 5, 0, 5, 0, "1 Farm Rd, Down")],
        columns=["station_id", "name", "municipality_id", "access", "l2_ports", "l3_ports",
                 "l2_ports_high", "l3_ports_high", "address"],
    )  # fmt: skip
    records = pd.DataFrame(
        [("nrcan2022_1", "Closed shop", 3, 0, "", -80.3, 43.36),
         ("nrcan2022_2", "Hall", 10, 2, "a", -80.3, 43.36),
         ("nrcan2022_3", "Closed barn", 7, 0, "", -80.7, 43.50)],
        columns=["record_id", "name", "l2_ports", "l3_ports", "station_id", "longitude",
                 "latitude"],
    )  # fmt: skip
    das = pd.DataFrame(
        {"municipality_id": ["1", "2"], "easting_m": [556_700.0, 524_300.0],
         "northing_m": [4_801_000.0, 4_816_300.0], "longitude": [-80.3, -80.7],
         "latitude": [43.36, 43.5]}
    )  # fmt: skip
    stated = {"l2": 30.0, "l3": 13.0} | ports
    return SimpleNamespace(
        municipalities=towns, stations=stations, das=das,
        station_records=records.assign(
            source="nrcan_2022", comparable=True, in_region=True, opened="2020-01-01"
        ),
        tariffs=pd.DataFrame(
            {"tariff_id": list(other_counts.STATED.values()), "value": [stated["l2"], stated["l3"]]}
        ),
    )  # fmt: skip


def test_steps_by_hand():
    found = other_counts.steps(small()).set_index("what")
    assert found["l2_ports"].tolist() == [10, 0, 4, 3, 2, 19, 30, 11]
    assert found["l3_ports"].tolist() == [2, 8, 0, 0, 1, 11, 13, 2]
    assert found["which"].tolist()[1:4] == ["Lot - Tesla Supercharger", "Rest stop", "Closed shop"]


def test_what_is_left_is_said_whatever_its_sign():
    assert other_counts.left_words(46, "Level 2") == "46 Level 2 ports are not explained"
    assert other_counts.left_words(1, "Level 2") == "1 Level 2 port is not explained"
    assert other_counts.left_words(0, "Level 3") == "all Level 3 ports are explained"
    assert "6 more could stand" in other_counts.left_words(-6, "Level 3")


def test_the_steps_and_what_is_left_are_the_dashboard(tables):
    found = other_counts.steps(tables).set_index("what")
    for name in other_counts.PORTS:
        every = found[name].drop([other_counts.TOGETHER, other_counts.DASHBOARD, other_counts.LEFT])
        assert every.sum() == found.loc[other_counts.TOGETHER, name]
        left = found.loc[other_counts.DASHBOARD, name] - found.loc[other_counts.TOGETHER, name]
        assert left == found.loc[other_counts.LEFT, name]
    stations = tables.stations
    towns = stations["municipality_id"].map(
        tables.municipalities.set_index("municipality_id")["name"]
    )
    own = stations[(towns == other_counts.TOWN) & (stations["access"] == "public")]
    assert found.iloc[0]["l2_ports"] == own["l2_ports"].sum()


def test_every_place_has_its_check_and_no_port_stands_twice(tables):
    found = other_counts.by_place(tables).set_index("place")
    assert set(found.index) == {"Cambridge", "Kitchener", "Waterloo", other_counts.TOWNSHIPS}
    assert found["areas"].sum() == len(tables.station_checks)
    for level in ("l2", "l3"):
        checked = tables.station_checks[f"{level}_ports"].sum()
        assert found[f"{level}_check"].sum() == checked
        inside = tables.stations[tables.stations["in_region"]]
        ours = found[f"{level}_check"] - found[f"{level}_left"]
        assert ours.sum() <= inside[f"{level}_ports"].sum()
        assert (ours >= found[f"{level}_ports"]).all()


def test_no_plan_reads_the_check():
    assert not {"station_checks", "citations", "tariffs"} & set(INPUTS)
