"""The layer of wards: linked by municipality and number, refused where it does not fit."""

from __future__ import annotations

import hashlib
import json

import dirty
import geopandas as gpd
import numpy as np
import pytest
import shapely
from home_region import CRS, FILES, REGION

from kwev.errors import KwevError
from kwev.pipeline.boundaries import read_boundaries, ward_layer
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger, Raw
from kwev.report.wards import ward_of, wards

HALF = shapely.box(0, 0, 500, 1000)
OTHER = shapely.box(500, 0, 1000, 1000)
WATERLOO = shapely.box(1000, 0, 2000, 1000)


def degrees(shape):
    moved = [dirty.degrees(x, y) for x, y in shape.exterior.coords]
    return shapely.Polygon(moved)


def layer(tmp_path, squares, rows):
    """Return the layer that rows of (town, number, outline in metres) give."""
    features = [
        ({"WardNumber": number, "Municipali": town, "WardName": "Ward 1"}, degrees(shape))
        for town, number, shape in rows
    ]
    path = tmp_path / "raw" / FILES["wards"]
    path.parent.mkdir(parents=True)
    path.write_bytes(dirty.layer(features))
    entry = {"file": FILES["wards"], "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (tmp_path / "sources.json").write_text(json.dumps({"sources": [entry]}))
    raw = Raw(tmp_path / "raw", tmp_path / "sources.json", REGION)
    raw.crs = CRS
    return ward_layer(raw, squares, Parameters(), Ledger())


def test_a_ward_is_known_by_its_municipality_and_number(tmp_path, squares):
    rows = [("Waterloo", 1, WATERLOO), ("Kitchener", 2, OTHER), ("Kitchener", 1, HALF)]
    frame, columns = layer(tmp_path, squares, rows)
    assert frame["ward_id"].tolist() == ["3530013-01", "3530013-02", "3530016-01"]
    assert columns == ["ward_id", "municipality_id", "number"]
    assert frame.area.to_numpy() == pytest.approx([5e5, 5e5, 1e6], rel=1e-3)


@pytest.mark.parametrize(
    "rows",
    [
        [("Kitchener", 1, HALF)],  # Waterloo has none
        [("Kitchener", 1, HALF), ("Kitchener", 1, OTHER), ("Waterloo", 1, WATERLOO)],
        [("Kitchener", 1, HALF), ("Toronto", 1, OTHER), ("Waterloo", 1, WATERLOO)],
    ],
)
def test_wards_that_do_not_fit_are_refused(tmp_path, squares, rows):
    with pytest.raises(KwevError, match="wards are not those of the municipalities"):
        layer(tmp_path, squares, rows)


def test_the_published_layer_is_small_valid_and_covers_the_region(project, tables):
    path = project.processed / "wards.geojson"
    assert path.stat().st_size <= 120_000
    frame = gpd.read_file(path)
    assert frame.geometry.is_valid.all()
    assert frame["ward_id"].is_monotonic_increasing
    assert frame["ward_id"].is_unique
    assert set(frame["municipality_id"]) == set(tables.municipalities["municipality_id"])
    area = frame.to_crs("EPSG:26917").area.sum() / 1e6
    assert area == pytest.approx(tables.municipalities["area_km2"].sum(), rel=0.005)


def test_simplifying_moves_hardly_anybody_to_another_ward(raw_dir, project, tables):
    """Against the outlines as published, unsimplified."""
    raw, ledger = Raw(raw_dir, project.register, REGION), Ledger()
    bounds = read_boundaries(raw, Parameters(), ledger)
    exact, _ = ward_layer(raw, bounds, Parameters(simplify_m=0.01), ledger)
    cells = tables.cells
    xy = cells[["easting_m", "northing_m"]].to_numpy(float)
    towns = cells["municipality_id"].to_numpy(str)
    ours = ward_of(xy, towns, wards(CRS, project.processed))
    theirs = ward_of(xy, towns, exact)
    people = cells["population"].to_numpy(float)
    assert people[ours != theirs].sum() < 0.005 * people.sum()
    assert np.all(ours != "")
