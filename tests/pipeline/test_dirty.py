"""A dirty region goes through the readers and stages: cleaned as stated, each repair counted."""

from __future__ import annotations

import io
from types import SimpleNamespace

import dirty
import numpy as np
import pandas as pd
import pytest
from hostile import PAYLOADS

from kwev import escape
from kwev.data.schemas import PROCESSED, check
from kwev.errors import KwevError
from kwev.pipeline.addresses import Gazetteer
from kwev.pipeline.boundaries import read_boundaries
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.population import (
    cell_tables,
    da_table,
    point_table,
    read_addresses,
    spread_population,
)
from kwev.pipeline.raw import Ledger
from kwev.pipeline.station_records import read_records
from kwev.pipeline.stations import merge_stations
from kwev.pipeline.vehicles import downscale_vehicles

STATIONS = ("ocm", "nrcan", "nrcan_2022", "dc_fast")


def clean(raw):
    """Run boundaries, population, adoption, cells and stations."""
    ledger, parameters = Ledger(), Parameters()
    bounds = read_boundaries(raw, parameters, ledger)
    addresses = read_addresses(raw, ledger)
    points = spread_population(addresses, bounds, ledger)
    vehicles = downscale_vehicles(raw, points, bounds, parameters, ledger)
    table = point_table(points, vehicles, bounds, parameters)
    gazetteer = Gazetteer.of(addresses, dirty.ROADS, set(bounds.municipalities["name"]))
    records = read_records(raw, bounds.region, gazetteer.settlements, parameters, ledger)
    stations, fates = merge_stations(records, bounds, gazetteer, parameters, ledger)
    raw.mends.note(ledger)
    made = {
        # the grid stage fills the last column
        "stations": stations.assign(grid_kw=np.nan), "station_records": fates,
        "das": da_table(table, bounds), "cells": cell_tables(table, bounds.crs)[0],
        "quality": ledger.table(),
    }  # fmt: skip
    checked = {k: check(v, PROCESSED[k], where=k, hint="") for k, v in made.items()}
    return SimpleNamespace(bounds=bounds, **checked)


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    return clean(dirty.write(tmp_path_factory.mktemp("dirty")))


def counted(region, dataset, part):
    quality = region.quality
    hit = (quality["dataset"] == dataset) & quality["rule"].str.contains(part, regex=False)
    assert hit.sum() == 1, (dataset, part, quality[["dataset", "rule"]].to_string())
    row = quality[hit].iloc[0]
    return row["action"], row["rows"], row["note"]


def test_swapped_coordinates_are_swapped_back(region):
    assert counted(region, "all", "swapped") == ("repaired", 2, "addresses, ocm")
    row = region.stations.set_index("name").loc["Swapped"]
    assert (row["easting_m"], row["northing_m"]) == pytest.approx((540_100, 4_810_100), abs=0.02)
    # the address list was swapped at the same place, and is found there
    assert row["location_check"] == "ok"
    assert row["address_apart_m"] == pytest.approx(0, abs=0.02)


def test_byte_order_mark_and_crlf_are_read_through(region):
    assert counted(region, "all", "byte-order mark") == ("repaired", 1, "nrcan")
    assert counted(region, "all", "CRLF") == ("repaired", 1, "nrcan")
    assert "Café Zehr" in set(region.stations["name"])
    assert not region.stations["opened"].str.contains("\r").any()


def test_a_station_listed_twice_counts_once(region):
    assert counted(region, "ocm", "row repeats another")[:2] == ("repaired", 1)
    assert counted(region, "nrcan", "row repeats another")[:2] == ("repaired", 1)
    stations = region.stations.set_index("name")
    assert stations.loc["Twice", ["l2_ports_low", "l2_ports", "l2_ports_high"]].tolist() == [
        3, 3, 6,
    ]  # fmt: skip
    assert stations.loc["Kia", ["l2_ports_low", "l2_ports", "l2_ports_high"]].tolist() == [1, 1, 2]


def test_a_missing_quantity_is_neither_one_nor_zero(region):
    assert counted(region, "ocm", "no quantity")[:2] == ("repaired", 1)
    row = region.stations.set_index("name").loc["No count"]
    assert row[["l2_ports_low", "l2_ports", "l2_ports_high"]].tolist() == [1, 2, 4]
    assert row["ports_basis"] == "quantity_or_level_unclear"
    assert row[["l3_ports", "l3_ports_high"]].tolist() == [0, 0]


def test_no_count_at_one_level_is_none_and_at_both_is_no_station(region):
    assert counted(region, "nrcan", "no count at one level")[:2] == ("repaired", 1)
    assert counted(region, "nrcan", "no count at either level")[:2] == ("flagged", 1)
    assert counted(region, "nrcan", "no port")[:2] == ("dropped", 1)
    stations = region.stations.set_index("station_id")
    assert stations.loc["nrcan_10", ["l2_ports", "l3_ports"]].tolist() == [2, 0]
    assert "nrcan_11" not in stations.index


def test_stations_in_toronto_and_guelph_are_dropped_and_say_why(region):
    for source in ("ocm", "nrcan"):
        assert counted(region, source, "more than 7 km outside")[:2] == ("dropped", 1)
    assert counted(region, "ocm", "name different municipalities") == ("dropped", 1, "Guelph")
    fates = region.station_records
    away = fates[fates["name"] == "Away"]
    assert away["reason"].tolist() == ["more than 7 km outside the Region"] * 2
    assert away["latitude"].tolist() == [dirty.TORONTO[0]] * 2
    assert sorted(region.stations["name"]) == ["Café Zehr", "Kia", "No count", "Swapped", "Twice"]
    assert len(fates) == 13


def test_a_tract_that_crosses_itself_is_mended(region):
    assert counted(region, "tracts", "invalid polygon")[:2] == ("repaired", 1)
    tracts = region.bounds.tracts.set_index("tract_id")
    assert tracts.geometry.is_valid.all()
    # the knot is a few hundred square metres of a square kilometre
    assert tracts.geometry["5410001.00"].area == pytest.approx(1e6, abs=500)


def test_a_sliver_is_dropped(region):
    assert counted(region, "tracts", "sliver")[:2] == ("dropped", 1)
    assert sorted(region.bounds.tracts["tract_id"]) == ["35300002", "5410001.00"]


def test_people_and_vehicles_are_whole_all_the_same(region):
    assert region.das["population"].tolist() == [100, 100]
    assert region.cells["population"].sum() == 200
    # half of N0B's people live in the Region, and all of N2A's
    assert region.das["ev"].sum() == pytest.approx(5 + 6)


def test_what_has_no_single_remedy_is_refused(tmp_path):
    tie = dirty.write(tmp_path / "tie", tracts=dirty.boundaries(dirty.BOW_TIE)["tracts"])
    with pytest.raises(KwevError, match=r"cross themselves.*ct_2021_cma541\.geojson"):
        clean(tie)
    nowhere = dirty.open_charge_map().assign(latitude=0.0, longitude=0.0)
    with pytest.raises(KwevError, match=r"column 'latitude': 0\.0 is below"):
        clean(dirty.write(tmp_path / "nowhere", ocm=nowhere))


EMPTY = {"nothing": b"", "white space": b"\r\n \n", "mark": dirty.BYTE_ORDER_MARK}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("name", ["ocm", "tracts", "addresses"])
def test_an_empty_file_is_one_clear_error(tmp_path, name, content):
    raw = dirty.write(tmp_path, **{name: content})
    with pytest.raises(KwevError, match="raw file is empty") as caught:
        clean(raw)
    assert "\n" not in str(caught.value)
    assert caught.value.where.endswith(("csv", "geojson", "parquet"))


def test_a_file_with_a_header_alone_has_no_rows(tmp_path):
    raw = dirty.write(tmp_path, ocm=dirty.open_charge_map().iloc[:0])
    with pytest.raises(KwevError, match="file has no rows"):
        clean(raw)


def test_cleaning_twice_changes_nothing(tmp_path, region):
    again = clean(dirty.write(tmp_path))
    pd.testing.assert_frame_equal(again.stations, region.stations)
    pd.testing.assert_frame_equal(again.quality, region.quality)


def test_hostile_names_come_through_readers_and_tables(tmp_path):
    first = dirty.open_charge_map().iloc[[1]]
    spots = [dirty.degrees(100 + 60 * i, 500) for i in range(len(PAYLOADS))]
    rows = pd.concat([first] * len(PAYLOADS), ignore_index=True).assign(
        name=PAYLOADS, operator=PAYLOADS[::-1], longitude=[x for x, _ in spots],
        latitude=[y for _, y in spots], address=[f"{p} 2 King St" for p in PAYLOADS],
    )  # fmt: skip
    region = clean(dirty.write(tmp_path, ocm=rows))
    kept = region.station_records.query("source == 'ocm'")["name"].tolist()
    assert len(kept) == len(PAYLOADS)
    # readers mend blanks and marks at the end; everything else is as typed
    assert [_bare(name) for name in kept] == [_bare(name) for name in PAYLOADS]
    text = escape.csv(region.stations).encode()
    read = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False)
    again = escape.from_csv(read, text)
    for column in ("name", "operator", "address"):
        assert again[column].tolist() == region.stations[column].tolist()


def _bare(name):
    return "".join(name.split()).strip(" ;,")
