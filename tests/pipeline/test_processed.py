"""What the committed tables hold."""

from __future__ import annotations

import hashlib
import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from bad_inputs import UNFIT, declared
from pandas.testing import assert_frame_equal

from kwev.data import tables as tables_module
from kwev.data.columns import DWELLING_TYPES
from kwev.data.tables import INPUTS, held_sha256, load_tables, read_held
from kwev.errors import KwevError
from kwev.project import Project
from kwev.vocabulary import SITE_CATEGORIES

pytestmark = pytest.mark.usefixtures("_parsed_once")


def test_people_households_and_dwellings_of_the_census(tables):
    assert len(tables.das) == 766
    assert tables.das["population"].sum() == 587_165
    assert tables.das["dwellings"].sum() == 233_253
    assert tables.das["households"].sum() == 222_350
    assert (tables.das["dwellings"] != tables.das["population"]).all()
    outside = tables.das["area_id"] == "wellesley"
    assert outside.sum() == 19
    assert tables.das.loc[~outside, "population"].sum() == 575_847
    assert tables.das.loc[~outside, "area_id"].nunique() == 119


def test_each_area_holds_its_people_in_cells(tables):
    sums = tables.cell_parts.groupby("da_id")[["population", "households", "bev", "phev", "ev"]]
    das = tables.das.set_index("da_id")
    assert (
        sums.sum() - das[["population", "households", "bev", "phev", "ev"]]
    ).abs().max().max() < 1e-9
    cells = tables.cells.set_index("cell_id")
    for name in ("addresses", "population", "households", "ev"):
        parts = tables.cell_parts.groupby("cell_id")[name].sum()
        assert (parts - cells[name]).abs().max() < 1e-9
    assert tables.cells["population"].sum() == pytest.approx(587_165, abs=1e-6)
    assert tables.cells["addresses"].sum() == tables.das["addresses"].sum()


@pytest.mark.parametrize("name", ["population", "households", "dwellings", "ev"])
def test_levels_agree(tables, name):
    whole = tables.das[name].sum()
    assert tables.tracts[name].sum() == pytest.approx(whole, abs=1e-6)
    assert tables.municipalities[name].sum() == pytest.approx(whole, abs=1e-6)


def test_one_unique_point_for_each_tract(tables):
    assert len(tables.tracts) == 119 + 19
    assert not tables.tracts.duplicated(["easting_m", "northing_m"]).any()


def test_vehicles_by_code(tables):
    fsas = tables.fsas
    assert len(fsas) == 25
    assert fsas["fsa"].is_unique
    assert (fsas["bev"] + fsas["phev"] == fsas["ev"]).all()
    partial = fsas["inside_share"] < 1
    assert set(fsas.loc[partial, "fsa"]) == {"N0B", "N1R", "N3A", "N3C"}
    for kind in ("bev", "phev", "ev"):
        inside = fsas[kind] * fsas["inside_share"]
        assert (inside - fsas[f"{kind}_inside"]).abs().max() < 2e-6
        assert fsas[f"{kind}_inside"].sum() == pytest.approx(tables.das[kind].sum(), abs=1e-6)
    assert fsas["population_inside"].sum() == pytest.approx(587_165, abs=1e-6)


def test_areas_are_within_one_percent_of_the_published_land_area(tables):
    # water is in the polygons, not in the published land area
    ratio = tables.municipalities["area_km2"] / tables.municipalities["land_area_km2"]
    assert ratio.between(1.0, 1.03).all()
    tracts = tables.tracts[tables.tracts["area_id"] != "wellesley"].set_index("tract_id")
    das = tables.das.groupby("area_id")["area_km2"].sum()
    assert (das.drop("wellesley") / tracts["area_km2"]).between(0.99, 1.01).all()


def test_sites_cover_categories_and_municipalities(tables):
    sites = tables.sites
    assert set(sites["category"]) == set(SITE_CATEGORIES)
    assert set(sites["municipality_id"]) == set(tables.municipalities["municipality_id"])
    shouting = sites["name"].map(lambda n: len(n) > 12 and n.isupper())
    assert not shouting.any()


def test_no_two_sites_stand_at_one_place(tables):
    from scipy.spatial import cKDTree

    # a kerb is other land than the lot behind it, so the two may be near; kerbs may not
    kerb = tables.sites["category"] == "kerbside"
    for alike in (tables.sites[kerb], tables.sites[~kerb]):
        assert len(alike)
        assert not cKDTree(alike[["easting_m", "northing_m"]]).query_pairs(29.9)


def test_site_on_a_station_names_it(tables):
    from scipy.spatial import cKDTree

    tree = cKDTree(tables.stations[["easting_m", "northing_m"]])
    apart, _ = tree.query(tables.sites[["easting_m", "northing_m"]])
    assert ((apart <= 30) == (tables.sites["station_id"] != "")).all()


def test_reconciliation_adds_up(tables):
    records = tables.station_records
    raw = records["source"].value_counts()
    assert (raw["ocm"], raw["nrcan"]) == (183, 264)
    used = records[records["outcome"] != "dropped"]
    sources = (
        used[used["source"].isin(["ocm", "nrcan"])]
        .groupby("station_id")["source"]
        .agg(lambda s: "+".join(sorted(set(s), reverse=True)))
    )
    stations = tables.stations.set_index("station_id")["sources"]
    pd.testing.assert_series_equal(sources.sort_index(), stations, check_names=False)
    assert (records["station_id"].eq("") == records["outcome"].eq("dropped")).all()
    leads = records[records["outcome"] == "kept"]
    assert sorted(leads["record_id"]) == sorted(tables.stations["station_id"])


def test_stations_have_ports_and_a_place(tables):
    stations = tables.stations
    assert (stations["l2_ports"] + stations["l3_ports"] > 0).all()
    assert (stations["municipality_id"].ne("") == stations["in_region"]).all()
    assert (stations["l2_ports"].gt(0) & stations["l3_ports"].gt(0)).any()


def test_dwelling_types_do_not_exceed_households_by_more_than_rounding(tables):
    total = tables.das[list(DWELLING_TYPES)].sum(axis=1)
    assert (total - tables.das["households"]).abs().max() <= 5 * len(DWELLING_TYPES)


def test_manifest_and_size(project):
    manifest = json.loads((project.processed / "manifest.json").read_text())
    files = {p.name for p in project.processed.iterdir()} - {"manifest.json"}
    assert set(manifest["processed"]) == files
    total = 0
    for name, entry in manifest["processed"].items():
        content = (project.processed / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["bytes"]
        assert entry["sha256"] not in manifest["raw"].values()
        total += len(content)
    assert total < 15e6


def test_register_names_every_raw_file_with_licence_and_attribution(project):
    register = json.loads(project.register.read_text())
    entries = {e["file"]: e for e in register["sources"]}
    manifest = json.loads((project.processed / "manifest.json").read_text())
    for file, digest in manifest["raw"].items():
        assert entries[file]["sha256"] == digest
    assert len({e["id"] for e in register["sources"]}) == len(register["sources"])
    for file in manifest["raw"]:
        entry = entries[file]
        assert register["licences"][entry["licence"]]["url"] == entry["licence_url"]
        assert entry["attribution"]


@pytest.mark.parametrize("name", ["region", "municipalities", "tracts", "das", "fsas"])
def test_map_layers_are_valid_and_sorted(project, tables, name):
    frame = gpd.read_file(project.processed / f"{name}.geojson")
    assert frame.geometry.is_valid.all()
    key = frame.columns[0]
    assert frame[key].astype(str).is_monotonic_increasing
    if name != "region":
        assert set(frame[key].astype(str)) == set(getattr(tables, name)[key])
    area = shapely.union_all(frame.to_crs("EPSG:26917").geometry.to_numpy()).area / 1e6
    assert area == pytest.approx(tables.municipalities["area_km2"].sum(), rel=0.005)


def test_tables_refuse_a_damaged_folder(project, tmp_path):
    whole = load_tables(copied(project, tmp_path))
    assert whole.inputs_sha256 == load_tables(project.processed).inputs_sha256
    text = (tmp_path / "sites.csv").read_text()
    declared(tmp_path, "sites.csv", text.replace(",3530013,", ",3530099,", 1))
    with pytest.raises(KwevError, match=r"'3530099' is not in municipalities\.csv"):
        load_tables(tmp_path)
    declared(tmp_path, "sites.csv", text.replace("category", "kind", 1))
    with pytest.raises(KwevError, match="column missing: 'category'"):
        load_tables(tmp_path)
    (tmp_path / "sites.csv").unlink()
    with pytest.raises(KwevError, match="processed table missing"):
        load_tables(tmp_path)


def copied(project, folder):
    """Copy the tables and their manifest, to change them."""
    for path in [*project.processed.glob("*.csv"), project.processed / "manifest.json"]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def checkout(project, tmp_path):
    """Return a checkout of its own with the tables, in which nothing was read yet."""
    (tmp_path / "config").mkdir()
    for name in ("config/base.json", "config/region.json"):
        (tmp_path / name).write_bytes((project.root / name).read_bytes())
    (tmp_path / "data" / "processed").mkdir(parents=True)
    copied(project, tmp_path / "data" / "processed")
    return Project(tmp_path)


def forget():
    """Let the next reading be as in a process of its own."""
    tables_module._load.cache_clear()


def test_tables_noted_as_sound_are_read_as_those_that_are_checked(checkout, monkeypatch):
    checked = load_tables(checkout.processed)
    (note,) = (checkout.build / "sound").iterdir()
    forget()
    monkeypatch.setattr(tables_module, "_checked", lambda *_: pytest.fail("checked again"))
    again = load_tables(checkout.processed)
    assert again is not checked
    assert again.inputs_sha256 == checked.inputs_sha256
    for name in tables_module.TABLES:
        assert_frame_equal(getattr(again, name), getattr(checked, name), check_exact=True)
    note.unlink()
    forget()
    with pytest.raises(pytest.fail.Exception, match="checked again"):
        load_tables(checkout.processed)


def test_a_note_is_of_these_bytes_and_this_code_alone(checkout, monkeypatch):
    load_tables(checkout.processed)
    sites = checkout.processed / "sites.csv"
    text = sites.read_text()
    sites.write_text(text.replace(",3530013,", ",3530099,", 1))
    with pytest.raises(KwevError, match=r"not the one that manifest\.json names"):
        load_tables(checkout.processed)
    declared(checkout.processed, "sites.csv", sites.read_text())
    with pytest.raises(KwevError, match=r"'3530099' is not in municipalities\.csv"):
        load_tables(checkout.processed)
    declared(checkout.processed, "sites.csv", text)
    forget()
    monkeypatch.setattr(tables_module, "version", lambda _: "0")
    monkeypatch.setattr(tables_module, "_checked", lambda *_: pytest.fail("checked again"))
    with pytest.raises(pytest.fail.Exception, match="checked again"):
        load_tables(checkout.processed)


def test_tables_that_are_no_checkouts_own_leave_no_note(project, tmp_path):
    load_tables(copied(project, tmp_path))
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".json"}


def test_a_table_that_its_manifest_does_not_name_is_refused(project, tmp_path):
    path = copied(project, tmp_path) / "cells.csv"
    rows = path.read_text().splitlines()
    population = rows[0].split(",").index("population")
    first = rows[1].split(",")
    first[population] = "99999"
    path.write_text("\n".join([rows[0], ",".join(first), *rows[2:]]) + "\n")
    with pytest.raises(KwevError, match=r"not the one that manifest\.json names.*cells\.csv.*kwev"):
        load_tables(tmp_path)
    # and where the manifest is changed with it, the cells are not the sum of their parts
    declared(tmp_path, "cells.csv", path.read_text())
    with pytest.raises(KwevError, match=r"is not the sum of its rows in cell_parts\.csv"):
        load_tables(tmp_path)
    declared(tmp_path, "cells.csv", "\n".join(rows) + "\n", rows=1)
    with pytest.raises(KwevError, match=r"rows, and manifest\.json says 1"):
        load_tables(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(KwevError, match="processed manifest missing"):
        load_tables(tmp_path)


@pytest.mark.parametrize(("name", "change", "words"), UNFIT)
def test_tables_that_do_not_fit_each_other_are_refused(project, tmp_path, name, change, words):
    text = (copied(project, tmp_path) / f"{name}.csv").read_text()
    declared(tmp_path, f"{name}.csv", change(text))
    with pytest.raises(KwevError, match=words):
        load_tables(tmp_path)


def test_map_layers_and_the_footer_are_held_too(project, tmp_path):
    for path in project.processed.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    whole = held_sha256(tmp_path)
    assert whole == load_tables(tmp_path).manifest_sha256
    (tmp_path / "das.geojson").write_text((tmp_path / "das.geojson").read_text() + " ")
    for read in (lambda: read_held(tmp_path / "das.geojson"), lambda: held_sha256(tmp_path)):
        with pytest.raises(KwevError, match=r"manifest\.json names.*das\.geojson"):
            read()


def test_hash_follows_every_input_table(project, tmp_path):
    before = load_tables(copied(project, tmp_path)).inputs_sha256
    for name in INPUTS:
        text = (tmp_path / f"{name}.csv").read_bytes().decode()
        declared(tmp_path, f"{name}.csv", text.replace("\n", "\r\n"))
        assert load_tables(tmp_path).inputs_sha256 != before
        declared(tmp_path, f"{name}.csv", text)
    declared(tmp_path, "quality.csv", (tmp_path / "quality.csv").read_text() + "\n")
    assert load_tables(tmp_path).inputs_sha256 == before
