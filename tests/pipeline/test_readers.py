"""What users' own files do at each reader: repaired and said, or refused in one line.

``CASES`` lists each with its outcome, for the table of all of them.
"""

from __future__ import annotations

import io
import json
import time
import zipfile

import dirty
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from home_region import CRS
from timetables import bus_feed, ion_feed, write_feed

from kwev.data.schemas import RAW, column, table_of
from kwev.errors import KwevError
from kwev.pipeline import raw as raw_files
from kwev.pipeline import timetables
from kwev.pipeline.candidates import _metres
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger, checked, read_csv, read_geojson
from kwev.pipeline.roads import road_graph
from kwev.pipeline.timetables import buses_only, read_feed, transit_service
from kwev.pipeline.vehicles import registered

ONE_LINE = "one line, exit code 2; data/processed as it was"


def refused(expected, step):
    """Insist on one clear line that names what is wrong."""
    with pytest.raises(KwevError, match=expected) as caught:
        step()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- numbers and days ------------------------------------------------------------------------

ROW = {
    "ID": "8", "Station Name": "x", "Fuel Type Code": "ELEC", "Access Code": "public",
    "Status Code": "E", "City": "Kitchener", "Latitude": "43.4", "Longitude": "-80.5",
    "EV Level2 EVSE Num": "2", "EV DC Fast Count": "0", "Open Date": "2020-01-01",
}  # fmt: skip
NUMBERS = {
    "infinity": ("EV Level2 EVSE Num", "inf", "inf is above 1000"),
    "1e400": ("EV Level2 EVSE Num", "1e400", "inf is above 1000"),
    "minus infinity": ("EV Level2 EVSE Num", "-inf", "-inf is below 0"),
    "twenty digits": ("EV Level2 EVSE Num", "1" * 20, "is above 1000"),
    "99,999 ports": ("EV Level2 EVSE Num", "99999", "is above 1000"),
    "half a port": ("EV Level2 EVSE Num", "1.5", "is no whole number"),
    "no number": ("EV Level2 EVSE Num", "two", "two cannot be read as"),
    "latitude of 1e400": ("Latitude", "1e400", "inf is above 83.2"),
    "month 13": ("Open Date", "2020-13-01", "2020-13-01 is no day of the calendar"),
    "31 February": ("Open Date", "2026-02-31", "2026-02-31 is no day of the calendar"),
    "year 2260": ("Open Date", "2260-01-05", "2260-01-05 is no day of the calendar"),
    "no day": ("Open Date", "soon", "soon does not look like"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_and_days_have_bounds(case):
    name, value, expected = NUMBERS[case]
    text = pd.DataFrame([ROW | {name: value}]).to_csv(index=False).encode()
    refused(expected, lambda: checked(read_csv(text), RAW["nrcan"], "a.csv"))


@pytest.mark.parametrize("kind", ["real", "whole", "integer"])
@pytest.mark.parametrize("value", ["inf", "-inf", "1e400", "1e300", "1" * 20, "-" + "9" * 30])
def test_no_column_of_numbers_is_without_bounds(kind, value):
    schema = table_of({"x": column(type=kind)})
    refused("column 'x'", lambda: checked(pd.DataFrame({"x": [value]}), schema, "a.csv"))


def test_a_column_that_stands_twice_is_refused():
    table = pd.DataFrame([[1, 1]], columns=["x", "x"])
    schema = table_of({"x": column(type="real")}, exact=False)
    refused("'x' stands twice", lambda: checked(table, schema, "a.csv"))


def test_a_file_that_ends_in_mid_line_may_be_cut_off(tmp_path):
    text = dirty.open_charge_map().to_csv(index=False).encode()
    raw = dirty.write(tmp_path, ocm=text[:-1])
    refused("the last line has no end", lambda: raw.read("ocm"))


# -- GeoJSON ---------------------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[-80.5, 43.4], [-80.4, 43.4], [-80.4, 43.5]]]}
POINT = {"type": "Point", "coordinates": [-80.5, 43.4]}


def features(*geometries, **properties):
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": g}
                     for g in geometries],
    }  # fmt: skip


GEOJSON = {
    "features null": ({"features": None}, "no list of features"),
    "features a number": ({"features": 7}, "no list of features"),
    "features of numbers": ({"features": [7]}, "no list of features"),
    "no features": ({"type": "FeatureCollection"}, "no list of features"),
    "a list": ([], "no list of features"),
    "a text": ("x", "no list of features"),
    "null": (None, "no list of features"),
    "none at all": ({"features": []}, "no rows"),
    "properties a list": ({"features": [{"properties": [1], "geometry": POINT}]}, "feature 1 has"),
    "geometry a text": ({"features": [{"properties": {}, "geometry": "x"}]}, "feature 1 has"),
    "no geometry": (features(None, DAUID="35300001", LANDAREA=1), "without geometry"),
    "geometry of no kind": (features({"type": "Ball", "coordinates": []}), "not GeoJSON"),
    "no coordinates": (features({"type": "Point"}), "not GeoJSON"),
    "coordinates a text": (features({"type": "Point", "coordinates": "x"}), "not GeoJSON"),
    "coordinates null": (features({"type": "Point", "coordinates": [None, 1]}), "not GeoJSON"),
    "an open ring": (features(SQUARE), "not GeoJSON|column missing"),
    "a point for an area": (features(POINT, DAUID="35300001", LANDAREA=1), "a feature is a Point"),
    "a column that is a list": (features(POINT, DAUID=["a"], LANDAREA=1), "column 'DAUID'"),
}  # fmt: skip


@pytest.mark.parametrize("case", GEOJSON)
def test_geojson_of_any_shape_ends_in_one_line(tmp_path, case):
    value, expected = GEOJSON[case]
    raw = dirty.write(tmp_path, das=json.dumps(value).encode())
    assert "da_2021" in refused(expected, lambda: raw.read_shapes("das"))


TEXTS = {
    "NaN": '{"features": [{"properties": {"x": NaN}, "geometry": null}]}',
    "1e400": '{"features": [{"properties": {"x": 1e400}, "geometry": null}]}',
    "twenty digits": '{"features": [{"properties": {"x": ' + "1" * 30 + '}, "geometry": null}]}',
    "twice a key": '{"features": [], "features": []}',
    "nested": "[" * 100_000,
    "half a character": '{"features": [{"properties": {"x": "\\ud800"}, "geometry": null}]}',
}


@pytest.mark.parametrize("case", TEXTS)
def test_json_that_is_none_ends_in_one_line(case):
    refused("not valid JSON", lambda: read_geojson(TEXTS[case].encode(), "a.geojson"))


def test_places_may_be_points_lines_and_areas():
    ring = [*SQUARE["coordinates"][0], SQUARE["coordinates"][0][0]]
    line = {"type": "LineString", "coordinates": ring[:2]}
    given = features(POINT, line, {"type": "Polygon", "coordinates": [ring]}, Name="x",
                     Municipali="y")  # fmt: skip
    frame = read_geojson(json.dumps(given).encode(), "a.geojson", ["Name"])
    table = checked(frame, RAW["libraries"], "a.geojson")
    spots = _metres(gpd.GeoDataFrame(table).to_crs(CRS))[["easting_m", "northing_m"]].to_numpy()
    shapes = frame.to_crs("EPSG:26917").geometry.to_numpy()
    assert (shapely.distance(shapely.points(spots), shapes) <= 0.01).all()


# -- sizes -----------------------------------------------------------------------------------


def test_a_large_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    raw = dirty.write(tmp_path)
    monkeypatch.setattr(raw_files, "MOST_BYTES", 100)
    refused("raw file is too large", lambda: raw.read("ocm"))


def test_a_parquet_file_of_many_rows_is_refused_by_what_it_says(tmp_path, monkeypatch):
    many = pd.DataFrame({"street_no": np.zeros(200_000, np.int8)})
    raw = dirty.write(tmp_path, addresses=many)
    monkeypatch.setattr(raw_files, "MOST_ROWS", 100_000)
    refused("too large unpacked", lambda: raw.read("addresses"))


def test_a_zip_bomb_is_stopped_by_the_size_it_declares(tmp_path, monkeypatch):
    path = write_feed(tmp_path / "bomb.zip", bus_feed())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("frequencies/shapes.txt.bak", b"0" * 10**6)  # no table: never unpacked
    assert len(read_feed(path).trips)
    monkeypatch.setattr(timetables, "MOST_BYTES", 1_000)
    refused("larger than", lambda: read_feed(path))


def test_a_zip_bomb_is_stopped_by_its_real_size(tmp_path, monkeypatch):
    path = write_feed(tmp_path / "bomb.zip", bus_feed())
    real = zipfile.ZipFile.infolist

    def humble(archive):
        items = real(archive)
        for item in items:
            item.file_size = min(100, item.file_size)
        return items

    monkeypatch.setattr(zipfile.ZipFile, "infolist", humble)
    # what declares less than it holds is cut off there, and its checksum tells
    refused("cut off|larger", lambda: read_feed(path))


# -- timetables ------------------------------------------------------------------------------


def spoilt(tmp_path, name, table, feed=None):
    return write_feed(tmp_path / "a.zip", (feed or ion_feed()) | {name: table})


def week(**changes):
    return ion_feed()["calendar"].assign(**changes)


CALENDARS = {
    "year 2260": (week(end_date="22600105"), "22600105 is no day of the calendar"),
    "one digit missing": (week(end_date="2260105"), "does not look like"),
    "30 years": (week(end_date="20560131"), "one of them is a slip"),
    "month 13": (week(end_date="20261301"), "is no day of the calendar"),
    "a word": (week(end_date="soon"), "does not look like"),
    "no end": (week().drop(columns="end_date"), "column missing: 'end_date'"),
    "no Tuesday": (week(tuesday=None), "column 'tuesday'"),
    "two Tuesdays": (week(tuesday=2), "column 'tuesday': 2 is above 1"),
}


@pytest.mark.parametrize("case", CALENDARS)
def test_a_calendar_out_of_bounds_is_refused_at_once(tmp_path, case):
    table, expected = CALENDARS[case]
    began = time.perf_counter()
    refused(expected, lambda: read_feed(spoilt(tmp_path, "calendar", table)))
    assert time.perf_counter() - began < 10


def headway(seconds, end="09:00:00"):
    return bus_feed()["frequencies"].assign(headway_secs=seconds, end_time=end)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (headway(1), "column 'headway_secs': 1.0 is below 60"),
        (headway(0), "column 'headway_secs': 0.0 is below 60"),
        (headway(900, "99:00:00"), "column 'end_time'"),
        (pd.concat([headway(60, "49:00:00")] * 100), "feed with .* trips"),
    ],
)
def test_headways_write_out_no_more_trips_than_a_feed_has(tmp_path, monkeypatch, table, expected):
    monkeypatch.setattr(timetables, "MOST_TRIPS", 10_000)
    refused(expected, lambda: read_feed(spoilt(tmp_path, "frequencies", table, bus_feed())))


def test_blanks_in_a_header_say_nothing(tmp_path):
    table = week().rename(columns={"start_date": " start_date", "service_id": "service_id "})
    found = read_feed(spoilt(tmp_path, "calendar", table))
    assert found.services == read_feed(write_feed(tmp_path / "b.zip", ion_feed())).services


def test_a_day_that_is_removed_has_no_service(tmp_path):
    changes = pd.DataFrame(
        [("ALL", "20260107", 2), ("ALL", "20260201", 1)],
        columns=["service_id", "date", "exception_type"],
    )
    found = read_feed(spoilt(tmp_path, "calendar_dates", changes)).services
    assert found["20260106"] == found["20260201"] == {"ALL"}
    assert found["20260107"] == frozenset()
    assert len(found) == 28


def test_a_feed_in_a_folder_of_its_zip_is_read(tmp_path):
    path = write_feed(tmp_path / "a.zip", ion_feed())
    with zipfile.ZipFile(path) as flat, zipfile.ZipFile(tmp_path / "b.zip", "w") as deep:
        for name in flat.namelist():
            deep.writestr(f"google_transit/{name}", flat.read(name))
    assert len(read_feed(tmp_path / "b.zip").trips) == 2
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as deep:
        deep.writestr("stops.txt", "stop_id\n1\n")
    refused("two stops.txt", lambda: read_feed(tmp_path / "b.zip"))


def test_trips_without_calls_are_none(tmp_path):
    feed = bus_feed()
    more = pd.DataFrame(
        [("ghost", "1", "WD", 0, "s1"), ("one", "1", "WD", 0, "s1")], columns=feed["trips"].columns
    )
    feed["trips"] = pd.concat([feed["trips"], more])
    call = feed["stop_times"].tail(1).assign(trip_id="one", departure_time="10:00:00")
    feed["stop_times"] = pd.concat([feed["stop_times"], call])
    bus = read_feed(write_feed(tmp_path / "bus.zip", feed))
    ion = read_feed(write_feed(tmp_path / "ion.zip", ion_feed()))
    assert bus.silent == 2
    service = transit_service(buses_only(bus, ion, Ledger()), ion, Ledger())
    assert service.days["bus_trips"].tolist() == [19, 2, 1]


def test_a_feed_whose_trips_call_nowhere_is_refused(tmp_path):
    feed = ion_feed()
    feed["stop_times"] = feed["stop_times"].drop_duplicates("trip_id")
    path = write_feed(tmp_path / "a.zip", feed)
    refused("without a trip that calls twice", lambda: read_feed(path))


# -- vehicles --------------------------------------------------------------------------------


def counts(bev, phev, total):
    return pd.DataFrame(
        {"quarter": "2025Q4", "FSA": ["N0B", "N2A"], "BEV": [8, bev], "PHEV": [2, phev],
         "TotalEV": [10, total]}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept", "rule"),
    [
        ((None, 3, 10), (7, 3, 10), "BEV blank: what the other leaves of the total"),
        ((7, None, 10), (7, 3, 10), "PHEV blank: what the other leaves of the total"),
        ((7, 3, None), (7, 3, 10), "total blank: BEV + PHEV stand"),
        ((7, None, None), (7, 0, 7), "total blank: BEV + PHEV stand"),
        ((7, 3, 12), (7, 3, 10), "BEV + PHEV differ from the published total: their sum stands"),
        ((None, None, None), (0, 0, 0), "no count published for a quarter: blank stands for 0"),
    ],
)
def test_a_blank_count_is_repaired_and_said(tiny_raw, squares, given, kept, rule):
    ledger = Ledger()
    raw = tiny_raw(evs=counts(*given))
    found = registered(raw, squares, Parameters(), ledger).set_index("fsa")
    assert found.loc["N2A", ["bev", "phev", "ev"]].tolist() == list(kept)
    assert ledger.table().set_index("rule").loc[rule, "rows"] == 1


def test_a_total_without_its_parts_is_refused_and_no_vehicle_lost(tiny_raw, squares):
    raw = tiny_raw(evs=counts(None, None, 10))
    expected = r"N2A in 2025Q4 has a total of 10 vehicles and neither BEV nor PHEV .*ev_by_fsa"
    refused(expected, lambda: registered(raw, squares, Parameters(), Ledger()))


@pytest.mark.parametrize("cell", ["..", "x", "", "F", "-1", "1.5", "1e400"])
def test_people_that_are_suppressed_are_refused(tmp_path, cell):
    census = dirty.census()["da_census"].astype(str)
    census.loc[0, "2021-a-Population"] = cell
    raw = dirty.write(tmp_path, da_census=census)
    refused("column '2021-a-Population'", lambda: raw.read("da_census"))


# -- roads -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "access", "way"),
    [
        ("Rapid Transit", "Public roadway", "walk"),
        ("Local Street", "Closed", "walk"),
        ("Freeway", "Public roadway", "walk"),
        ("Local Street", "Emergency Access Only", "drive"),
    ],
)
def test_a_file_of_no_road_is_refused(kind, access, way):
    lines = [shapely.LineString([(540_000, 4_810_000), (540_100, 4_810_000)])]
    roads = gpd.GeoDataFrame(
        {"OBJECTID": [1], "CartoClass": kind, "FlowDirect": "Two-Way", "PublicAcce": access,
         "SpeedZone": 50.0},
        geometry=lines, crs="EPSG:26917",
    )  # fmt: skip
    refused(
        f"no road is left that one may {way}", lambda: road_graph(roads, Parameters(), Ledger())
    )


def test_what_is_no_road_file_is_refused(tmp_path):
    point = gpd.GeoDataFrame(
        {"OBJECTID": [1], "CartoClass": "Local Street", "RMWID": "", "FullStreet": "x",
         "PublicAcce": "", "RoadNumber": "", "LeftSettle": "", "LeftMunici": "",
         "FlowDirect": "Two-Way", "SpeedZone": 50.0, "AADT": 1.0},
        geometry=[shapely.Point(-80.5, 43.4)], crs="EPSG:4326",
    )  # fmt: skip
    stream = io.BytesIO()
    point.to_parquet(stream)
    raw = dirty.write(tmp_path, roads=stream.getvalue())
    refused("a feature is a Point", lambda: raw.read_shapes("roads"))


@pytest.mark.parametrize("rows", ["every", "one"])
def test_a_cell_too_many_is_refused(tmp_path, rows):
    path = tmp_path / "feed.zip"
    text = bus_feed()["calendar_dates"].to_csv(index=False)
    head, first, *rest = text.splitlines()
    uneven = [f"{line}," for line in rest] if rows == "every" else rest
    write_feed(path, bus_feed() | {"calendar_dates": None})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("calendar_dates.txt", "\n".join([head, f"{first},", *uneven, ""]))
    refused("row 1 has 4 cells and not 3", lambda: read_feed(path))


# -- the rows of the table -------------------------------------------------------------------

CASES = [
    *(("number or day of a raw file", case, f"refused: {NUMBERS[case][2]}") for case in NUMBERS),
    *(("GeoJSON", case, f"refused: {GEOJSON[case][1]}") for case in GEOJSON),
    *(("GeoJSON", case, "refused: not valid JSON") for case in TEXTS),
    *(("calendar of a timetable", case, f"refused: {CALENDARS[case][1]}") for case in CALENDARS),
    ("timetable", "zip bomb, declared or real size", "refused: larger than it may be unpacked"),
    ("timetable", "headway of a second", "refused: below 60"),
    ("timetable", "a cell more in each row, or in one", "refused: row 1 has 4 cells and not 3"),
    ("timetable", "blanks in a header", "read as if they were not there"),
    ("timetable", "folder in the zip", "read"),
    ("timetable", "the same table twice", "refused: feed with two"),
    ("timetable", "trips without calls, or with one", "left out and counted"),
    ("vehicles", "BEV or PHEV blank", "repaired: what the other leaves of the total"),
    ("vehicles", "both blank beside a total", "refused: their vehicles would be lost"),
    ("vehicles", "total blank", "repaired: BEV + PHEV stand"),
    ("roads", "tracks, closed roads or motorways only", "refused: no road is left"),
    ("roads", "points for lines", "refused: a feature is a Point"),
    ("table", "larger than 268 MB, or of five million rows", "refused: too large"),
    ("table", "a last line without its end", "refused: it may be cut off there"),
    ("table", "suppressed or odd counts of people", "refused: column '2021-a-Population'"),
    ("places", "points, lines and areas", "a point on each"),
    ("stations", "planned, removed, private", "dropped: not public or not available"),
    ("stations", "four DC ports with two plugs each", "four ports"),
    ("stations", "town left blank", "kept: the place alone decides"),
    ("stations", "another province or state", "dropped: in another province than its place"),
    ("stations", "repeat in other case or with blanks", "counted once"),
    ("stations", "a repeat of a row that is dropped", "kept"),
    ("stations", "quantity 0", "dropped: no port"),
    ("stations", "opens after the date of the list", "dropped: opens after the date of the list"),
    ("stations", "Tesla's, with CCS", "open to all cars"),
    ("stations", "Nikola Tesla Blvd", "open to all cars"),
    ("stations", "column of power", "told: it is not read"),
]
"""Kind, what was tried, and the outcome; nothing is left behind by any of them."""


def test_the_table_is_whole():
    assert len({case[:2] for case in CASES}) == len(CASES)
    assert all(all(case) for case in CASES)
