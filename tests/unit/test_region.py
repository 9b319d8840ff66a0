"""The region is told by its codes, and no code but a local source's reader names one."""

from __future__ import annotations

import json
import re

import pytest
from home_region import REGION

from kwev.errors import KwevError
from kwev.region import Region, area_id, area_name, read_region
from kwev.units import crs_metres, crs_of_place

NAMES = re.compile(
    r"waterloo|kitchener|cambridge|wellesley|wilmot|woolwich|dumfries|grand river"
    r"|\b3530\d*\b|26917",
    re.IGNORECASE,
)
LOCAL = {
    "kwev/fetch/grt.py", "kwev/fetch/region_hub.py", "kwev/pipeline/base_map.py",
    "kwev/pipeline/candidates.py", "kwev/pipeline/homes.py", "kwev/pipeline/sites.py",
    "kwev/pipeline/transit.py", "kwev/report/other_counts.py",
}  # fmt: skip
"""Readers of sources of the Region's own bodies: they belong to it, and rest where it has none."""
LOCAL_TABLES = re.compile(r"^raw,(kitchener_homes|kitchener_facilities|waterloo_facilities),")


def test_nothing_in_the_code_names_a_region(project):
    named = {
        f"{path.relative_to(project.root)}:{number}: {line.strip()[:80]}"
        for kind in ("py", "js", "css", "html", "csv", "json")
        for path in sorted((project.root / "kwev").rglob(f"*.{kind}"))
        if str(path.relative_to(project.root)) not in LOCAL
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if NAMES.search(line) and not LOCAL_TABLES.match(line)
    }
    assert named == set()


def test_each_exception_is_still_one(project):
    for name in sorted(LOCAL):
        assert NAMES.search((project.root / name).read_text()), name


def test_a_region_is_a_division_or_a_list_of_subdivisions():
    assert (REGION.code, REGION.divisions) == ("3530", ("3530",))
    assert REGION.holds("3530013")
    assert not REGION.holds("3523008")
    two = REGION.model_copy(
        update={"census_division": None, "census_subdivisions": ("3530010", "3523008")}
    )
    assert (two.code, two.divisions) == ("3523008-3530010", ("3523", "3530"))
    assert two.holds("3523008")
    assert not two.holds("3530013")
    assert REGION.place == "Region of Waterloo, Ontario, Canada"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"census_division": "353"}, "census_division"),
        ({"census_division": None}, "either census_division or census_subdivisions"),
        ({"census_subdivisions": ["3530010"]}, "either census_division or census_subdivisions"),
        ({"province": "QC"}, "province"),
        ({"public_owners": ["("]}, "not a pattern"),
        ({"citys": []}, "Did you mean 'cities'"),
        ({"sources": {"national": {}, "local": {}}}, "no file of 'das'"),
    ],
)
def test_a_wrong_region_is_refused_in_a_line(tmp_path, change, words):
    value = REGION.model_dump(mode="json") | change
    (tmp_path / "region.json").write_text(json.dumps(value))
    with pytest.raises(KwevError, match=re.escape(words)):
        read_region(tmp_path)


def test_a_missing_region_says_how_to_write_one(tmp_path):
    with pytest.raises(KwevError, match="kwev region new"):
        read_region(tmp_path)


def test_a_file_stands_once():
    files = REGION.sources.model_dump()
    files["local"]["das"] = "boundaries/again.geojson"
    with pytest.raises(ValueError, match="'das' stands twice"):
        Region.model_validate(REGION.model_dump() | {"sources": files})


@pytest.mark.parametrize("place", ["North Dumfries", "Wellesley"])
def test_a_place_without_tracts_is_known_by_its_name(place):
    assert area_name(area_id(place)) == place
    assert area_name("5410001.00") == "5410001.00"


@pytest.mark.parametrize(
    ("longitude", "crs"),
    [(-80.5, "EPSG:26917"), (-75.7, "EPSG:26918"), (-89.2, "EPSG:26916"), (-123.1, "EPSG:26910")],
)
def test_the_projection_is_that_of_the_zone(longitude, crs):
    assert crs_metres(longitude) == crs


@pytest.mark.parametrize("longitude", [-84.5, -83.9, -81.0, -78.1, -77.5])
@pytest.mark.parametrize("latitude", [42.0, 49.0, 56.0])
def test_a_place_tells_the_projection_of_its_metres_on_either_side_of_a_border(longitude, latitude):
    from pyproj import Transformer

    for crs in ("EPSG:26916", "EPSG:26917", "EPSG:26918"):
        to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        easting, _ = to_metres.transform(longitude, latitude)
        assert crs_of_place(longitude, latitude, easting) == crs
