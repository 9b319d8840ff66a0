"""With the raw files: rebuilding gives the committed bytes, and damage gives one clear line."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import shapely
from home_region import CRS, FILES, REGION
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from kwev.errors import KwevError
from kwev.pipeline.build import build
from kwev.pipeline.raw import Raw

pytestmark = pytest.mark.slow


@pytest.fixture
def raw(raw_dir, project):
    return Raw(raw_dir, project.register, REGION)


def test_rebuild_gives_the_committed_files(raw_dir, project, tmp_path):
    report = build(raw_dir, tmp_path / "processed", REGION, progress=False)
    made = {p.name: p.read_bytes() for p in (tmp_path / "processed").iterdir()}
    kept = {p.name: p.read_bytes() for p in project.processed.iterdir()}
    assert sorted(made) == sorted(kept)
    differ = [name for name in made if made[name] != kept[name]]
    assert not differ
    assert sum(cost.seconds for cost in report.costs) < 180
    assert max(cost.peak_mb for cost in report.costs) < 3_000
    assert [p.name for p in tmp_path.iterdir()] == ["processed"]


def test_rows_match_as_in_the_trial(raw):
    from kwev.pipeline.geometry import farther
    from kwev.pipeline.geometry import project as to_metres

    region = shapely.union_all(raw.read_shapes("das").to_crs("EPSG:26917").geometry.to_numpy())
    ocm, nrcan = raw.read("ocm"), raw.read("nrcan")
    first = to_metres(ocm["longitude"], ocm["latitude"], CRS)
    second = to_metres(nrcan["Longitude"], nrcan["Latitude"], CRS)
    inside = ~farther(second, region, 0.0)
    assert (len(ocm), inside.sum()) == (183, 193)
    apart = cdist(first, second[inside])
    rows, columns = linear_sum_assignment(np.where(apart <= 100, apart, 1e9))
    matched = columns[apart[rows, columns] <= 100]
    assert len(matched) == 126
    alone = nrcan[inside].drop(nrcan[inside].index[matched])
    assert len(alone) == 67
    before = alone[alone["Open Date"] < "2024-11-23"]
    # one of them is half of a pair of equal rows, the other half of which found a match
    same = ["Station Name", "Latitude", "Longitude", "Open Date"]
    repeats = nrcan.duplicated(same, keep=False)
    assert (~repeats[before.index]).sum() == 41


def _at_zero(content):
    value = json.loads(content)
    value["features"][0]["geometry"]["coordinates"] = [0, 0]
    return json.dumps(value).encode()


BAD = {
    "missing": ("evs", lambda _: None, "raw file missing"),
    "truncated table": ("ocm", lambda c: c[: len(c) // 2], "the last line has no end"),
    "truncated map": ("das", lambda c: c[: len(c) // 2], "not valid JSON.*may be cut off"),
    "truncated parquet": ("roads", lambda c: c[: len(c) // 2], "cannot be read, it may be cut"),
    "truncated zip": ("grt_feed", lambda c: c[: len(c) // 2], "cannot be read, it may be cut"),
    "empty": ("evs", lambda _: b"", "raw file is empty"),
    "blank": ("ocm", lambda _: b"\r\n \n", "raw file is empty"),
    "header only": ("nrcan", lambda c: c.splitlines(keepends=True)[0], "file has no rows"),
    "renamed column": (
        "nrcan", lambda c: c.replace(b"EV DC Fast Count", b"Fast", 1),
        "column missing: 'EV DC Fast Count'"),
    "renamed property": (
        "fsas", lambda c: c.replace(b"CFSAUID", b"CODE"), "column missing: 'CFSAUID'"),
    "station at 0,0": (
        "ocm", lambda c: c.replace(b"43.451718,-80.492581", b"0,0", 1),
        "column 'latitude': 0.0 is below 41.6 in 1 row"),
    "facility at 0,0": ("libraries", _at_zero, "coordinate outside Canada"),
    "letters for a number": (
        "evs", lambda c: c.replace(b"429,239", b"many,239", 1),
        "column 'BEV': many cannot be read as"),
    "repeated code": (
        "evs", lambda c: c + b"2025Q4,N0B,1,1,2\n", "repeat a key"),
    "another version": ("ocm", lambda c: c.replace(b"Unknown,200", b"Free,200", 1),
                        "not the one of the register"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_damage_gives_one_line_and_leaves_the_outputs(case, raw_dir, raw_copy, project, tmp_path):
    name, spoil, expected = BAD[case]
    out = tmp_path / "processed"
    shutil.copytree(project.processed, out)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.iterdir()}
    folder = raw_copy(FILES[name], spoil((raw_dir / FILES[name]).read_bytes()))
    accepted = frozenset({FILES[name]} if case != "another version" else ())
    with pytest.raises(KwevError, match=expected) as caught:
        build(folder, out, REGION, progress=False, accepted=accepted)
    line = str(caught.value)
    assert "\n" not in line
    assert FILES[name] in line
    assert caught.value.hint
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["processed", "raw"]


def test_command_reports_damage_with_exit_code_2(raw_copy, tmp_path):
    from typer.testing import CliRunner

    from kwev import cli

    folder = raw_copy(FILES["evs"], None)
    arguments = ["data", "--raw", str(folder), "--out", str(tmp_path / "processed")]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, (KwevError, SystemExit))
