"""A utility's capacity file: read by a scenario, refused in a line where it is wrong."""

from __future__ import annotations

import json
import shutil

import pytest
from toy import ROOT

from kwev.config import load_config
from kwev.errors import KwevError

HEADING = "latitude,longitude,reach_m,capacity_kw\n"
KITCHENER = "43.4516,-80.4925,400,1250\n"


@pytest.fixture
def folder(tmp_path):
    """Return a folder of scenarios with one, `utility`, that names a capacity file."""
    (tmp_path / "cases").mkdir()
    shutil.copy(ROOT / "config" / "base.json", tmp_path)
    over = {"description": "with a utility's figures", "siting": {"capacity": "utility.csv"}}
    (tmp_path / "cases" / "utility.json").write_text(json.dumps(over))
    return tmp_path


def written(folder, text):
    (folder / "cases" / "utility.csv").write_text(text)
    return folder


def test_a_file_becomes_figures_in_metres(folder):
    (found,) = load_config("utility", written(folder, HEADING + KITCHENER)).siting.capacity
    assert (found.reach_m, found.kw) == (400, 1_250)
    # a degree of the meridian is 111.1 km here, and the zone's middle is 81 degrees west
    assert found.northing_m == pytest.approx(4_811_000, abs=1_000)
    assert found.easting_m == pytest.approx(500_000 + 0.5075 * 80_800, abs=300)


def test_the_order_of_columns_is_free_and_figures_stay_in_the_plan(folder):
    mixed = "capacity_kw,reach_m,longitude,latitude\n1250,400,-80.4925,43.4516\n"
    config = load_config("utility", written(folder, mixed))
    assert config == load_config("utility", written(folder, HEADING + KITCHENER))
    assert config.as_dict()["siting"]["capacity"][0]["kw"] == 1_250
    base = load_config("base", folder)
    assert "capacity" not in base.as_dict()["siting"]  # a plan without one keeps its key
    assert config.planning_sha256() != base.planning_sha256()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no capacity file"),
        ("", "no capacity"),
        (HEADING, "no capacity in it"),
        (HEADING + KITCHENER.strip(), "the last line has no end"),
        (HEADING + "43.4,-80.5,400\n", "has 3 cells and not 4"),
        ("lat,longitude,reach_m,capacity_kw\n" + KITCHENER, "line 2"),
        (HEADING + "43.4,-80.5,400,many\n", "capacity_kw"),
        (HEADING + "43.4,-80.5,400,-1\n", "capacity_kw"),
        (HEADING + "43.4,-80.5,400,nan\n", "capacity_kw"),
        (HEADING + "43.4,-80.5,0,1\n", "reach_m"),
        (HEADING + KITCHENER + "-80.5,43.4,400,1\n", "line 3"),  # the wrong way round
    ],
)
def test_a_wrong_file_is_refused_in_a_line(folder, text, words):
    if text is not None:
        written(folder, text)
    with pytest.raises(KwevError, match=words) as told:
        load_config("utility", folder)
    assert "utility.csv" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_may_name_the_feeder(folder):
    named = "latitude,longitude,reach_m,capacity_kw,feeder\n43.4516,-80.4925,400,1250,12F7\n"
    (found,) = load_config("utility", written(folder, named)).siting.capacity
    assert (found.kw, found.feeder) == (1_250, "12F7")
    plain = load_config("utility", written(folder, HEADING + KITCHENER))
    assert plain.siting.capacity[0].feeder == ""
    assert "feeder" not in plain.as_dict()["siting"]["capacity"][0]
