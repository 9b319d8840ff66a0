"""The catalogue tells what the pipeline did, and its files to take away open and fit."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import re

import geopandas as gpd
import pandas as pd
import pytest

from kwev.data.schemas import PROCESSED
from kwev.report.catalogue import (
    DESCRIPTOR,
    GZIPPED_FROM,
    NOTICES,
    csv_name,
    spatial_files,
    write_downloads,
)
from kwev.report.sources import FILE, Catalogue, notice, read_catalogue


@pytest.fixture(scope="module")
def catalogue(project):
    return read_catalogue(project)


@pytest.fixture(scope="module")
def folder(project, catalogue, tmp_path_factory):
    made = tmp_path_factory.mktemp("downloads")
    write_downloads(project.processed, catalogue, made)
    return made


@pytest.fixture(scope="module")
def descriptor(folder):
    return json.loads((folder / DESCRIPTOR).read_text())


def source(catalogue, name):
    (found,) = [s for s in catalogue.sources if s.entry["id"] == name]
    return found


def test_every_source_is_used_or_said_not_to_be(catalogue):
    used, unused = catalogue.used(), catalogue.unused()
    assert len(used) + len(unused) == len(catalogue.register["sources"])
    assert {s.entry["file"] for s in used} == set(catalogue.manifest["raw"])
    assert all(s.feeds and s.is_checked for s in used)
    assert not any(s.feeds or s.reads or len(s.rules) for s in unused)


def test_a_source_tells_what_the_rules_did_with_its_rows(catalogue):
    found = source(catalogue, "afdc_nrcan_stations_2022_07_15")
    ledger = catalogue.quality
    mine = ledger[ledger["dataset"] == "nrcan_2022"]
    assert len(found.rules) == len(mine)
    assert found.actions() == mine[mine["rows"] > 0].groupby("action")["rows"].sum().to_dict()
    assert sum(found.actions().values()) >= found.rows == 193
    assert {"stations", "station_records", "sites"} <= set(found.feeds)
    assert "das" not in found.feeds


def test_a_stage_that_stops_reading_makes_a_source_unused(catalogue):
    manifest = copy.deepcopy(catalogue.manifest)
    del manifest["lineage"]["read"]["osm_places"]
    without = Catalogue(catalogue.register, manifest, catalogue.quality, catalogue.region)
    osm = "osm_pois_kitchener_2024_11_11"
    assert source(catalogue, osm).is_used
    assert not source(without, osm).is_used
    # with it goes the licence that it asks for
    assert catalogue.output_licence("sites").key == "odbl-1.0"
    assert without.output_licence("sites").key == "cc-by-4.0"


def test_another_checksum_is_told(catalogue):
    register = copy.deepcopy(catalogue.register)
    (entry,) = [e for e in register["sources"] if e["id"] == "fsa_2021"]
    entry["sha256"] = "0" * 64
    other = Catalogue(register, catalogue.manifest, catalogue.quality, catalogue.region)
    assert [s.entry["id"] for s in other.used() if not s.is_checked] == ["fsa_2021"]


def test_share_alike_reaches_all_that_hangs_on_the_source(catalogue):
    fed = [s.feeds for s in catalogue.sources if s.licence.key == "odbl-1.0"]
    shared = {t.name for t in catalogue.tables if t.licence.key == "odbl-1.0"}
    assert shared == {name for feeds in fed for name in feeds if name != "*"}
    assert {"sites", "base_map"} <= shared
    # a station takes its grid proxy from the candidate on top of it, which may come from OSM
    assert "stations" in shared
    assert not shared & {"das", "tracts", "cells", "cell_parts", "fsas"}


def test_the_notices_are_those_of_the_register(project, catalogue):
    written = (project.root / FILE).read_text()
    assert written == notice(catalogue), "run `kwev data` to write it again"
    for used in catalogue.used():
        assert used.entry["attribution"] in written
        assert f"| {used.entry['title']} | {used.entry['publisher']} |" in written


def test_a_new_attribution_changes_the_notices(catalogue):
    register = copy.deepcopy(catalogue.register)
    (entry,) = [e for e in register["sources"] if e["id"] == "fsa_2021"]
    entry["attribution"] = "Words of a new licence."
    other = Catalogue(register, catalogue.manifest, catalogue.quality, catalogue.region)
    assert "> Words of a new licence." in notice(other)


@pytest.mark.parametrize("name", sorted(PROCESSED))
def test_a_csv_is_the_committed_file(project, catalogue, folder, name):
    (table,) = [t for t in catalogue.tables if t.name == name]
    content = (folder / csv_name(table)).read_bytes()
    committed = (project.processed / f"{name}.csv").read_bytes()
    is_large = len(committed) >= GZIPPED_FROM
    assert csv_name(table).endswith(".gz") == is_large
    assert (gzip.decompress(content) if is_large else content) == committed
    assert len(pd.read_csv(folder / csv_name(table))) == table.rows


def test_geoparquet_has_every_row_in_its_place(catalogue, folder):
    for file in spatial_files(catalogue):
        frame = gpd.read_parquet(folder / f"{file.name}.parquet")
        assert frame.crs.to_epsg() == 4326
        assert not frame.geometry.is_empty.any()
        west, south, east, north = frame.total_bounds
        assert -81.5 < west < east < -79.5
        assert 42.8 < south < north < 44.2
        if file.table:
            (table,) = [t for t in catalogue.tables if t.name == file.table]
            assert len(frame) == table.rows
            assert list(frame.columns) == [*table.schema.columns, "geometry"]
        if file.table and not file.layer and "easting_m" in frame:
            there = frame.to_crs("EPSG:26917").geometry
            assert (there.x - frame["easting_m"]).abs().max() < 0.02
            assert (there.y - frame["northing_m"]).abs().max() < 0.02
        if file.table and not file.layer and "longitude" in frame:
            assert (frame.geometry.x == frame["longitude"]).all()
            assert (frame.geometry.y == frame["latitude"]).all()


def test_two_writings_have_the_same_bytes(project, catalogue, folder, tmp_path):
    write_downloads(project.processed, catalogue, tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir()
    }


def test_the_descriptor_names_every_file(descriptor, folder):
    named = {r["path"] for r in descriptor["resources"]}
    assert named | {DESCRIPTOR, NOTICES} == {p.name for p in folder.iterdir()}
    for resource in descriptor["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        assert resource["licenses"][0]["path"].startswith("https://")


@pytest.mark.parametrize("name", sorted(PROCESSED))
def test_a_table_fits_its_descriptor(descriptor, folder, name):
    (resource,) = [r for r in descriptor["resources"] if r["name"] == name]
    table = pd.read_csv(folder / resource["path"], dtype=str, keep_default_na=False)
    assert misfits(table, resource["schema"]) == []
    assert len(table) == resource["rows"]
    assert all(("unit" in f) == (f["type"] in {"number", "integer"}) for f in fields(resource))
    assert {f["unit"] for f in fields(resource) if "unit" in f} <= set(descriptor["units"])


def test_a_misfit_is_found(descriptor, folder):
    (resource,) = [r for r in descriptor["resources"] if r["name"] == "fsas"]
    table = pd.read_csv(folder / "fsas.csv", dtype=str, keep_default_na=False)
    table.loc[0, "bev"], table.loc[1, "inside_share"], table.loc[2, "fsa"] = "1.5", "1.2", ""
    assert misfits(table, resource["schema"]) == ["fsa: required", "bev: integer", "inside_share"]


def fields(resource):
    return resource["schema"]["fields"]


def misfits(table, schema):
    """Return the columns that break a Tabular Data Package schema, read from its own words."""
    assert list(table.columns) == [field["name"] for field in schema["fields"]]
    kinds = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?(e-?\d+)?", "boolean": "true|false"}
    found = []
    for field in schema["fields"]:
        values, rules = table[field["name"]], field["constraints"]
        given = values[~values.isin(schema["missingValues"])]
        pattern = kinds.get(field["type"], r"(?s).*")
        if not given.str.fullmatch(pattern).all():
            found.append(f"{field['name']}: {field['type']}")
            continue
        if rules.get("required") and len(given) < len(values):
            found.append(f"{field['name']}: required")
        numbers = given.astype(float) if field["type"] in {"integer", "number"} else None
        low, high = rules.get("minimum", -1e99), rules.get("maximum", 1e99)
        outside = numbers is not None and not numbers.between(low, high).all()
        other = "enum" in rules and not set(given) <= set(rules["enum"])
        twice = rules.get("unique") and not given.is_unique
        if outside or other or twice:
            found.append(field["name"])
    if "primaryKey" in schema and table.duplicated(schema["primaryKey"]).any():
        found.append("primaryKey")
    return found
