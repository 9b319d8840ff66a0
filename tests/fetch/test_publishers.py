"""Each publisher's protocol, spoken over HTTP, ends as the file that the pipeline reads."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import pandas as pd
import pytest
from fetch.publishers import DAS, FSAS, KEY
from home_region import FILES, REGION

from kwev.errors import KwevError
from kwev.fetch import ontario, open_charge_map
from kwev.fetch.osm import question
from kwev.pipeline.raw import Raw
from kwev.pipeline.station_records import SNAPSHOTS, snapshot
from kwev.pipeline.timetables import Feed


def table(desk, name):
    return pd.read_csv(desk.raw / FILES[name], dtype=str, keep_default_na=False)


def test_everything_lands_as_the_pipeline_reads_it(fetched):
    raw = Raw(fetched.raw, fetched.root / "data" / "sources.json", REGION)
    brought = [name for name, file in FILES.items() if (fetched.raw / file).is_file()]
    assert len(brought) == 17
    for name in brought:  # checks sha256 against the register, and the schema
        feed = name.endswith("_feed")
        layer = FILES[name].endswith((".geojson", "roads_2026-01.parquet"))
        read = raw.read_feed if feed else raw.read_shapes if layer else raw.read
        found = read(name)
        entry = fetched.register()[FILES[name]]
        assert isinstance(found, Feed) or len(found) == entry["rows"]
        assert entry["url"].startswith("http://127.0.0.1")
        assert entry["fetched"].endswith("Z")
        assert entry["licence_url"]
        assert entry["bytes"] == (fetched.raw / FILES[name]).stat().st_size


def test_outlines_come_page_by_page_in_the_order_of_their_codes(fetched):
    frame = gpd.read_file(fetched.raw / FILES["das"])
    assert list(frame["DAUID"]) == sorted(DAS)  # two a page
    xy = frame.geometry.iloc[0].exterior.coords
    assert max(y for _, y in xy) == 43.4123457  # 7 decimals
    assert set(gpd.read_file(fetched.raw / FILES["fsas"])["CFSAUID"]) == set(FSAS)


def test_blocks_add_up_to_areas_of_the_division_alone(fetched):
    links = table(fetched, "da_links")
    assert dict(zip(links["da_id_21"], links["ct_id_21"], strict=True)) == DAS
    assert set(links["da_pop_21"]) == {"400"}  # two blocks of 200
    assert set(links["csd_name_21"]) == {"Kitchener"}


def test_the_profile_gives_each_column_its_characteristic(fetched):
    census = table(fetched, "da_census").set_index("DAUID").loc["35300001"]
    assert census["CSDUID"] == "3530013"
    assert float(census["2021-a-Population"]) == 400 + 1 + 1
    assert float(census["2021-h-Apartment five or more storeys"]) == 400 + 47 + 1
    assert float(census["2021-i-Apartment fewer than five storeys"]) == 400 + 46 + 1
    people = table(fetched, "fsa_census").set_index("fsa")
    assert float(people.loc["N2G", "median_household_income"]) == 60_000
    assert table(fetched, "municipalities").to_dict("records") == [
        {"csduid": "3530013", "name": "Kitchener", "population": "402.0"}
    ]


def test_a_census_by_many_requests_is_the_same(empty, monkeypatch):
    monkeypatch.setattr("kwev.fetch.statcan.AREAS_A_REQUEST", 2)
    assert empty.call("--only", "statcan").code == 0
    assert len([one for one in empty.server.asked if "DF_DA" in one.path]) == 2
    assert len(table(empty, "da_census")) == 3


def test_quarters_are_found_by_name_and_put_under_each_other(fetched):
    evs = table(fetched, "evs")
    assert list(evs["quarter"].unique()) == ["2025Q1", "2025Q2"]
    assert set(evs["FSA"]) == set(FSAS)  # Toronto's is not ours
    assert evs[evs["quarter"] == "2025Q2"]["TotalEV"].tolist() == ["220", "220"]


@pytest.mark.parametrize(
    ("name", "quarter"),
    [
        ("Q3 2024", "2024Q3"), ("2024 Q3", "2024Q3"), ("ev_fsa_q4_2022.csv", "2022Q4"),
        ("EVs by FSA - 2023-Q1", "2023Q1"), ("Data dictionary", ""), ("Q5 2024", ""),
        ("ev_q12024", "2024Q1"), ("Q1 20244", ""),
    ],
)  # fmt: skip
def test_the_quarter_of_a_name(name, quarter):
    assert ontario.quarter_of(name) == quarter


def test_a_station_with_both_levels_is_two_rows_and_no_quantity_stays_empty(fetched):
    ocm = table(fetched, "ocm")
    first = ocm[ocm["name"] == "Station 1"]
    assert dict(zip(first["charger_type"], first["num_chargers"], strict=True)) == {
        "Level 2": "4", "Level 3": "2",
    }  # fmt: skip
    assert ocm[ocm["name"] == "Station 2"]["num_chargers"].tolist() == [""]
    assert "Station 3" not in set(ocm["name"])  # private
    assert {"Station 4", "Station 5"} <= set(ocm["name"])  # the third page of two


@pytest.mark.parametrize(
    ("connections", "plugs"),
    [
        ([], {}),
        ([{"LevelID": 1, "Quantity": 2}], {}),
        ([{"Level": {"ID": 2}, "Quantity": 2}, {"LevelID": 2}], {"Level 2": 2}),
        ([{"LevelID": 2, "Quantity": 0}], {"Level 2": None}),
        ([{"LevelID": 3, "Quantity": 2, "StatusType": {"IsOperational": False}}], {}),
        ([{"Quantity": 2}], {"Unknown": 2}),
        ([{"CurrentTypeID": 30}], {"Level 3": None}),
    ],
)
def test_connections_become_plugs_by_level(connections, plugs):
    assert open_charge_map.plugs_of({"Connections": connections}) == plugs


def test_the_key_travels_in_a_header_to_its_publisher_alone(empty):
    assert empty.call().code == 0
    asked = empty.server.asked
    assert not [one for one in asked if KEY in one.path]
    assert {one.path.split("/")[1].split("?")[0] for one in asked if KEY in str(one.headers)} == {
        "ocm"
    }


def test_stations_of_the_box_with_their_own_columns(fetched):
    nrcan = table(fetched, "nrcan")
    assert nrcan["ID"].tolist() == ["1", "2", "3", "4"]  # Ottawa is far
    assert nrcan.columns[0] == "ID"


def test_openstreetmap_by_kind(fetched):
    places = table(fetched, "osm_places")
    assert places[["name", "amenity"]].to_numpy().tolist() == [["Lot", "parking"], ["", "fuel"]]
    water = gpd.read_file(fetched.raw / FILES["water"])
    assert water.geom_type.tolist() == ["MultiPolygon"]
    assert len(gpd.read_file(fetched.raw / "road_network/osm_footpaths.geojson")) == 1


def test_the_question_to_overpass():
    asked = question({"amenity": ["parking", "fuel"]}, (-81.0, 43.0, -80.0, 44.0))
    assert asked == (
        '[out:xml][timeout:50][bbox:43.0,-81.0,44.0,-80.0];(nwr["amenity"~"^(parking|fuel)$"];);'
        "(._;>;);out body;"
    )


def test_roads_have_the_names_that_a_shapefile_keeps(fetched):
    roads = gpd.read_parquet(io.BytesIO((fetched.raw / FILES["roads"]).read_bytes()))
    assert {"PublicAcce", "FlowDirect", "RightMunic"} <= set(roads.columns)
    assert "PlowRoute" not in roads
    assert roads["OBJECTID"].tolist() == [2, 3, 4, 5]


def test_a_second_fetch_of_the_same_changes_nothing(fetched, tmp_path, server):
    from fetch.desk import copied

    desk = copied(fetched, tmp_path, server)
    before = desk.state()
    ended = desk.call()
    assert ended.code == 0, ended.err
    # addresses differ by the port alone; no file of data/raw and no entry moves
    changed = {name for name, digest in desk.state().items() if digest != before.get(name)}
    assert changed <= {"fetched.json"}
    assert ended.out.count("as it was") == 19


def test_what_has_not_changed_is_not_loaded_again(empty):
    assert empty.call("--only", "grt", "--only", "nrcan").code == 0
    before = empty.state()
    ended = empty.call("--only", "grt", "--only", "nrcan")
    assert ended.out.count("says the publisher") == 3
    assert empty.state() == before
    assert [one.headers.get("if-none-match", "")[:1] for one in empty.server.asked[3:]] == ['"'] * 3
    # a file that is gone is asked for again, whatever is remembered
    (empty.raw / FILES["nrcan"]).unlink()
    assert empty.call("--only", "nrcan").code == 0
    assert (empty.raw / FILES["nrcan"]).is_file()


def test_only_what_can_be_asked_for_again_is_remembered(fetched):
    remembered = json.loads((fetched.root / "data" / "fetched.json").read_text())
    assert set(remembered) == {FILES[name] for name in ("nrcan", "grt_feed", "ion_feed")}
    assert all(len(one["answers"]) == 1 for one in remembered.values())


def test_the_day_of_a_fetch_is_the_date_of_the_list(fetched, project):
    """A station that opens after it is left out, so an old date would lose the newest ones."""
    raw = Raw(fetched.raw, fetched.root / "data" / "sources.json", REGION)
    day = fetched.register()[FILES["nrcan"]]["fetched"][:10]
    assert snapshot(raw, "nrcan") == day > SNAPSHOTS["nrcan"]
    bundle = Raw(fetched.raw, project.register, REGION)
    assert snapshot(bundle, "nrcan") == SNAPSHOTS["nrcan"]


def test_a_dry_run_asks_nothing_and_names_what_no_service_has(empty):
    before = empty.state()
    ended = empty.call("--dry-run")
    assert empty.server.asked == []
    assert empty.state() == before
    lines = ended.out.splitlines()
    assert len(lines) == 2 + len(FILES)  # boundary and footpaths are not read by the pipeline
    assert sum(line.startswith("left alone") for line in lines) == len(FILES) - 17
    assert any("ckan/package_show" in line for line in lines)


def test_offline_tells_what_is_here(desk):
    ended = desk.call("--offline")
    assert desk.server.asked == []
    assert ended.code == 2  # what no service has is missing
    assert f"17 of {len(FILES)} raw files are here" in ended.out
    (desk.raw / FILES["evs"]).write_text("spoilt")
    assert f"{FILES['evs']}: not the registered one" in desk.call("--offline").out


def test_services_are_refused_where_they_are_wrong(empty):
    path = empty.root / "data" / "services.json"
    value = json.loads(path.read_text())
    value["services"]["ontario"] = "ftp://data.ontario.ca"
    path.write_text(json.dumps(value))
    assert empty.call("--only", "ontario").is_one_error("services.ontario")
    empty.services()
    assert empty.call("--only", "ontari").is_one_error("'ontari'", "Did you mean 'ontario'?")


def test_a_file_of_keys_is_read_and_the_environment_goes_first(empty, monkeypatch):
    from kwev.fetch.services import read_services
    from kwev.project import Project

    monkeypatch.delenv("OCMAP_API_KEY", raising=False)
    (empty.root / ".env").write_text("# mine\nexport OCMAP_API_KEY='from-file'\nODD\n")
    assert read_services(Project(empty.root)).key("OCMAP_API_KEY", "x") == "from-file"
    monkeypatch.setenv("OCMAP_API_KEY", "from-shell")
    services = read_services(Project(empty.root))
    assert services.key("OCMAP_API_KEY", "x") == "from-shell"
    assert "from-shell" not in repr(services)
    monkeypatch.setenv("OCMAP_API_KEY", "two\nlines")
    with pytest.raises(KwevError, match="odd character") as caught:
        read_services(Project(empty.root))
    assert "two" not in str(caught.value)
