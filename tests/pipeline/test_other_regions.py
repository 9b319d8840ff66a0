"""Other regions go the whole road: data, a plan, and a certificate that finds it sound."""

from __future__ import annotations

from types import SimpleNamespace

import elsewhere
import pytest
from home_region import CRS, REGION
from toy import case

from kwev.certify import certify
from kwev.data.links import crs_of
from kwev.data.tables import load_tables
from kwev.pipeline.build import build
from kwev.region import Region, Sources
from kwev.solve.stages import solve_scenario

CAMBRIDGE, NORTH_DUMFRIES = "3530010", "3530004"
ABSENT = ("grt_feed", "ion_feed", "ion_stops", "wards", "tariffs", "deprivation")


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """A made-up town in another zone, from nothing but national sources."""
    folder = tmp_path_factory.mktemp("elsewhere")
    raw, register = elsewhere.write(folder)
    out = folder / "data" / "processed"
    build(raw, out, elsewhere.REGION, progress=False, register=register)
    return SimpleNamespace(tables=load_tables(out), again=(raw, register), out=out)


@pytest.fixture(scope="module")
def cut(tmp_path_factory, raw_dir):
    """Cambridge with North Dumfries out of the bundle, with roads and without transit."""
    kept = {
        kind: {name: file for name, file in files.items() if name not in ABSENT}
        for kind, files in REGION.sources.model_dump().items()
    }
    region = Region(
        name="Cambridge and North Dumfries", province="ON", cities=("Cambridge",),
        census_subdivisions=(CAMBRIDGE, NORTH_DUMFRIES), sources=Sources(**kept),
    )  # fmt: skip
    out = tmp_path_factory.mktemp("cut") / "processed"
    build(raw_dir, out, region, progress=False)
    return load_tables(out)


def solved(tables, **changes):
    given = case(
        coverage__metric="straight_line", weights__score=1.0, demand__enforce=True, **changes
    )
    plan = solve_scenario(tables, given).plan
    return plan, certify(plan, tables, given)


def test_a_town_in_another_zone_is_measured_in_its_own_projection(synthetic):
    tables = synthetic.tables
    assert crs_of(tables.das) == elsewhere.CRS
    assert len(tables.municipalities) == 1
    assert tables.das["population"].sum() == 16 * 400
    east = tables.cells["easting_m"] - elsewhere.WEST
    assert east.between(0, 4_000).all()
    assert tables.tracts["area_km2"].to_numpy() == pytest.approx(4.0, abs=1e-4)
    # half of what is registered in the east's postal area is the town's, all of the west's
    share = tables.fsas.set_index("fsa")["inside_share"]
    assert share.to_dict() == {"K1A": 1.0, "K2B": 0.5}


def test_what_a_region_does_not_have_is_empty_and_said(synthetic):
    tables = synthetic.tables
    for name in ("transit_stops", "road_edges", "road_snaps", "streets", "tariffs", "construction"):
        assert getattr(tables, name).empty, name
    assert (tables.stations["l3_ports"] == 0).all()
    assert len(tables.stations) == 2
    said = tables.quality[tables.quality["rule"] == "the region has no such source"]
    assert {"roads", "grt_feed", "wards", "addresses"} <= set(said["dataset"])
    assert not set(said["dataset"]) & set(elsewhere.REGION.files)


def test_a_town_without_level_3_gets_a_plan_that_certifies(synthetic):
    plan, certificate = solved(synthetic.tables)
    assert certificate.violations == []
    assert certificate.checks > 50
    assert any(action.l3_ports_after for action in plan.actions)


def test_the_same_town_is_the_same_bytes(synthetic, tmp_path):
    raw, register = synthetic.again
    build(raw, tmp_path / "again", elsewhere.REGION, progress=False, register=register)
    for path in sorted(synthetic.out.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_two_municipalities_of_the_bundle_are_a_region_of_their_own(cut, tables):
    ours = tables.das[tables.das["municipality_id"].isin([CAMBRIDGE, NORTH_DUMFRIES])]
    assert crs_of(cut.das) == CRS
    assert sorted(cut.das["da_id"]) == sorted(ours["da_id"])
    assert cut.das["population"].sum() == ours["population"].sum()
    # a postal area that two regions share is given to each by its people
    both = cut.fsas.merge(tables.fsas, on="fsa", suffixes=("", "_whole"))
    assert len(both) == len(cut.fsas)
    assert (both["ev_inside"] <= both["ev_inside_whole"] + 1e-6).all()
    assert (both["population_inside"] <= both["population_inside_whole"] + 1e-6).all()
    assert len(cut.road_edges) > 0
    assert cut.transit_stops.empty


def test_a_plan_of_two_municipalities_certifies(cut):
    plan, certificate = solved(cut)
    assert certificate.violations == []
    towns = set(cut.sites["municipality_id"])
    assert towns == {CAMBRIDGE, NORTH_DUMFRIES}
    assert plan.actions
