"""The plan to take away: a GeoPackage that says what the plan says, with its styles, undated."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from lxml import etree
from settled import DONE, line, plan_of
from toy import case

from kwev import escape
from kwev.report import plan_files, site_packages, timing
from kwev.report.geopackage import UNDATED, Layer, Look, geopackage, qml
from kwev.report.timing import Timetable
from kwev.units import COLUMN_UNITS
from kwev.vocabulary import ACTION_KIND, LANDS

LIMITS = {
    "phasing__crews__l2": 1,
    "phasing__connected_kw_per_period": 1_000,
    "phasing__budget_share_per_period": 1.0,
}


@pytest.fixture(scope="module")
def report():
    """Return what a report gives of the road with four homes and three actions."""
    tables, given = line(), case(**LIMITS)
    plan = plan_of(tables, given, DONE)
    times = Timetable.of(tables, plan, given.config, timing.make(tables, plan, given.config, {}))
    packages = site_packages.packages(tables, plan, given.config, times.periods("best"))
    land = tables.sites.assign(land="own")
    return SimpleNamespace(
        plan=plan, packages=packages, config=given.config,
        tables=SimpleNamespace(sites=land, stations=tables.stations),
    )  # fmt: skip


def points(**columns):
    places = gpd.points_from_xy([-80.5, -80.4], [43.4, 43.5], crs="EPSG:4326")
    return gpd.GeoDataFrame(columns, geometry=places)


TWO = Layer(
    "plan", points(id=["a", "b"], kind=["x & y", "z"], cost_cad=[1.5, 2.0]), "Two <places>",
    "kind", (Look("x & y", 'One "&" two', "#d55e00", "diamond", 4), Look("z", "Z", "#0072b2",
                                                                           "circle", 2.5)),
)  # fmt: skip


@pytest.fixture
def two(tmp_path):
    path = tmp_path / "two.gpkg"
    path.write_bytes(geopackage([TWO, Layer("more", points(n=[1, 2]), "More", "", TWO.looks[1:])]))
    return path


def test_a_geopackage_opens_with_every_layer_and_row(two):
    assert [name for name, kind in pyogrio.list_layers(two) if kind] == ["plan", "more"]
    read = pyogrio.read_dataframe(two, layer="plan")
    assert read.crs.to_epsg() == 4326
    pd.testing.assert_frame_equal(
        pd.DataFrame(read.drop(columns="geometry")),
        pd.DataFrame(TWO.rows.drop(columns="geometry")), check_dtype=False,
    )  # fmt: skip
    assert read.geometry.geom_equals(TWO.rows.geometry).all()


def test_each_layer_has_a_style_by_default_that_qgis_can_read(two):
    with closing(sqlite3.connect(two)) as database:
        found = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        columns = {row[1] for row in database.execute("PRAGMA table_info(plan)")}
    assert [row[:3] for row in found] == [("plan", "geom", 1), ("more", "geom", 1)]
    style = etree.fromstring(found[0][3])
    renderer = style.find("renderer-v2")
    assert renderer.get("attr") in columns
    assert [c.get("value") for c in renderer.iter("category")] == ["x & y", "z"]
    assert renderer.find(".//category").get("label") == 'One "&" two'
    symbols = {s.get("name"): s for s in renderer.iter("symbol")}
    assert symbols.keys() == {c.get("symbol") for c in renderer.iter("category")}
    options = {o.get("name"): o.get("value") for o in symbols["0"].iter("Option")}
    assert (options["name"], options["color"]) == ("diamond", "213,94,0,255")
    assert etree.fromstring(found[1][3]).find("renderer-v2").get("type") == "singleSymbol"


def test_no_time_of_writing_is_kept_and_the_content_is_the_same_again(two, tmp_path):
    again = tmp_path / "again.gpkg"
    again.write_bytes(geopackage([TWO, Layer("more", points(n=[1, 2]), "More", "", TWO.looks[1:])]))
    dumps = []
    for path in (two, again):
        with closing(sqlite3.connect(path)) as database:
            dates = {d for (d,) in database.execute("SELECT last_change FROM gpkg_contents")}
            assert dates == {UNDATED}
            dumps.append([line for line in database.iterdump() if "INSERT" in line])
    assert dumps[0] == dumps[1]


def test_the_sites_of_a_plan_say_what_the_plan_says(report, tmp_path):
    path = tmp_path / "plan.gpkg"
    made = Layer("plan", plan_files._points(plan_files.sites(report)), "Sites", "", ())
    path.write_bytes(geopackage([made]))
    read = pyogrio.read_dataframe(path, layer="plan").set_index("id")
    assert len(read) == len(report.plan.actions) > 1
    for action in report.plan.actions:
        row = read.loc[action.id]
        assert (row["kind"], row["name"], row["municipality"]) == (
            action.kind, action.name, action.municipality)  # fmt: skip
        assert (row["l2_ports_after"], row["l3_ports_after"]) == (
            action.l2_ports_after, action.l3_ports_after)  # fmt: skip
        assert row["estimated_cost_cad"] == pytest.approx(action.net_cad)
        assert row["power_after_kw"] == pytest.approx(action.kw_after)
        assert (row.geometry.x, row.geometry.y) == (action.longitude, action.latitude)
        is_new = action.kind.startswith("new")
        assert row["land"] == ("own" if is_new else "")
        assert row["consent"] == (LANDS["own"].consent if is_new else "")


def test_geojson_and_csv_are_flat_and_have_the_same_values(report):
    frame = plan_files.sites(report)
    text = json.dumps(plan_files.flat_geojson(frame), allow_nan=False)
    features = json.loads(text)["features"]
    table = pd.read_csv(io.StringIO(escape.csv(frame)))
    for feature, (_, row) in zip(features, table.iterrows(), strict=True):
        told = feature["properties"]
        assert list(told) == list(plan_files.SITE_COLUMNS) == list(table.columns)
        assert not any(isinstance(value, dict | list) for value in told.values())
        assert feature["geometry"]["coordinates"] == [row["longitude"], row["latitude"]]
        assert told["estimated_cost_cad"] == pytest.approx(row["estimated_cost_cad"])


def test_every_column_is_told_with_a_unit_that_is_known():
    for _, columns in plan_files.LAYERS.values():
        assert all(told.about and told.unit in COLUMN_UNITS for told in columns.values())


def test_the_published_plan_has_its_layers(recommended, tmp_path):
    path = tmp_path / "plan.gpkg"
    made = plan_files.layers(recommended)
    path.write_bytes(geopackage(made))
    for layer in made:
        read = pyogrio.read_dataframe(path, layer=layer.name)
        assert list(read.columns) == [*plan_files.LAYERS[layer.name][1], "geometry"]
        assert len(read) == len(layer.rows) > 0
        if layer.by:
            drawn = {look.value for look in layer.looks}
            assert set(read[layer.by]) <= drawn
    plan = pyogrio.read_dataframe(path, layer="plan")
    assert list(plan["id"]) == [action.id for action in recommended.plan.actions]
    assert plan["estimated_cost_cad"].sum() == pytest.approx(recommended.plan.cost.net_cad)
    towns = pyogrio.read_dataframe(path, layer="municipalities")
    reach = (towns["l2_after"] * towns["people"]).sum() / towns["people"].sum()
    assert reach == pytest.approx(recommended.plan.coverage.l2.after, abs=1e-4)
    assert towns["actions"].sum() == len(plan)


def test_what_adds_level_3_is_told_apart_by_its_shape():
    marks = {key: plan_files._mark(key)[0] for key in ACTION_KIND}
    diamonds = {key for key, shape in marks.items() if shape == "diamond"}
    assert diamonds == {"new_l3", "upgrade", "add_l3"}
    assert "diamond" in qml(TWO)
