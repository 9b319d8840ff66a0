"""Whose land a candidate stands on, and the kerb for dense housing, by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from kwev.pipeline.land import RULES, classified, kerb_sites, snapped
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.raw import Ledger
from kwev.vocabulary import LAND_KEYS, SITE_CATEGORIES


def streets(*rows):
    names = ["CartoClass", "PublicAcce", "FullStreet", "line"]
    frame = pd.DataFrame(rows, columns=names)
    lines = [shapely.LineString(line) for line in frame["line"]]
    return gpd.GeoDataFrame(frame.drop(columns="line"), geometry=lines, crs="EPSG:26917")


def homes(*spots):
    east, north = zip(*spots, strict=True)
    names = [f"{10 * i} Tower St" for i in range(len(spots))]
    return pd.DataFrame({"name": names, "easting_m": east, "northing_m": north})


def test_a_kerb_stands_between_the_street_and_the_homes():
    roads = streets(("Local Street", "Public roadway", "Low St", [(0, 0), (200, 0)]))
    ledger = Ledger()
    found = kerb_sites(homes((50, 40), (60, -30), (70, 3), (80, 151)), roads, Parameters(), ledger)
    # 5 m from the centre line on the homes' side; homes closer than that have it at their door
    assert found[["easting_m", "northing_m"]].to_numpy().tolist() == [[50, 5], [60, -5], [70, 3]]
    assert found["name"].iloc[0] == "Kerb on Low St, near 0 Tower St"
    assert set(found["category"]) == {"kerbside"}
    assert ledger.table()["rows"].tolist() == [1]  # the homes 151 m off


@pytest.mark.parametrize(
    ("kind", "access"),
    [
        ("Arterial", "Public roadway"),
        ("Private", "Private, but accessible road"),
        ("Local Street", "Private gated road"),
    ],
)
def test_a_kerb_is_on_a_municipal_street(kind, access):
    near = (kind, access, "Near St", [(0, 20), (200, 20)])
    far = ("Collector", "Public roadway", "Far St", [(0, -60), (200, -60)])
    found = kerb_sites(homes((50, 10)), streets(near, far), Parameters(), Ledger())
    assert found[["easting_m", "northing_m"]].to_numpy().tolist() == [[50, -55]]


def test_without_streets_or_homes_there_is_no_kerb():
    roads = streets(("Arterial", "Public roadway", "Main St", [(0, 0), (200, 0)]))
    assert kerb_sites(homes((50, 10)), roads, Parameters(), Ledger()).empty
    assert kerb_sites(homes((5, 5)).iloc[:0], roads, Parameters(), Ledger()).empty


def test_the_end_of_a_street_is_where_its_kerb_ends():
    line = np.array([shapely.LineString([(0, 0), (100, 0)])])
    assert snapped(np.array([shapely.Point(130, 40)]), line, 5.0).tolist() == [[103.0, 4.0]]


@pytest.mark.parametrize(
    ("category", "owner", "source", "land"),
    [
        ("kerbside", "public", "road network", "own"),
        ("library", "public", "City of Waterloo", "own"),
        ("recreation_centre", "private", "City of Waterloo", "customers"),
        ("transit_station", "public", "ION stops", "partner"),
        ("parking", "public", "City of Kitchener", "partner"),
        ("parking", "private", "City of Kitchener", "residential"),
        ("parking", "private", "road network", "customers"),
        ("parking", "unknown", "OpenStreetMap", "customers"),
        ("dense_residential", "private", "address points", "residential"),
        ("shopping_mall", "private", "food premises", "customers"),
        ("highway_corridor", "unknown", "road network", "customers"),
    ],
)
def test_whose_land_it_is(category, owner, source, land):
    site = pd.DataFrame({"category": [category], "owner": [owner], "source": [source]})
    assert classified(site)["land"].tolist() == [land]


def test_every_category_has_a_class_and_every_class_is_known():
    assert {rule[3] for rule in RULES} == set(LAND_KEYS)
    site = pd.DataFrame({"category": list(SITE_CATEGORIES), "owner": "public", "source": "x"})
    assert set(classified(site)["land"]) <= set(LAND_KEYS)


def test_the_kerbs_of_the_region_lie_at_municipal_streets(tables):
    sites = tables.sites
    kerbs = sites[sites["category"] == "kerbside"]
    dense = sites[sites["category"] == "dense_residential"]
    assert 0.8 * len(dense) < len(kerbs) <= len(dense)
    assert set(kerbs["land"]) == {"own"}
    apart = shapely.distance(
        shapely.points(kerbs[["easting_m", "northing_m"]].to_numpy())[:, None],
        shapely.points(dense[["easting_m", "northing_m"]].to_numpy())[None, :],
    ).min(axis=1)
    assert apart.max() <= Parameters().kerb_reach_m
    # no utility feeds a fast charger from a pedestal: two ports of 150 kW do not fit
    assert kerbs["grid_kw"].max() < 2 * 150
