"""What news would change, told before anything is computed; and keys that stand nowhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from fetch.publishers import KEY
from home_region import CRS, FILES

from kwev.pipeline.geometry import project as to_metres
from kwev.pipeline.station_records import point_ids

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def computed(desk):
    """Return a checkout whose ``data/processed`` speaks of the files that are there."""
    folder = desk.root / "data" / "processed"
    folder.mkdir()
    shutil.copy(ROOT / "data" / "processed" / "region.geojson", folder)
    digests = {file: entry["sha256"] for file, entry in desk.register().items()}
    (folder / "manifest.json").write_text(json.dumps({"raw": digests}))
    nrcan = pd.read_csv(desk.raw / FILES["nrcan"])
    ocm = pd.read_csv(desk.raw / FILES["ocm"])
    rows = [
        {"record_id": f"nrcan_{row['ID']}", "source": "nrcan", "name": row["Station Name"],
         "in_region": True, "l2_ports": 2, "l3_ports": 0}
        for _, row in nrcan.iterrows()
    ]  # fmt: skip
    ids = point_ids("ocm", to_metres(ocm["longitude"], ocm["latitude"], CRS))
    rows += [
        {"record_id": key, "source": "ocm", "name": row["name"], "in_region": True,
         "l2_ports": max(row["num_chargers"], 1) if row["charger_type"] == "Level 2" else 0,
         "l3_ports": row["num_chargers"] if row["charger_type"] == "Level 3" else 0}
        for key, (_, row) in zip(ids, ocm.fillna({"num_chargers": 1}).iterrows(), strict=True)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "station_records.csv", index=False)
    evs = pd.read_csv(desk.raw / FILES["evs"])
    quarters = evs.rename(columns={"FSA": "fsa", "TotalEV": "ev"})[["fsa", "quarter", "ev"]]
    quarters.to_csv(folder / "ev_quarters.csv", index=False)
    return desk


def test_stations_opened_and_closed_and_vehicles_added(computed):
    ended = computed.call("--only", "nrcan", "--only", "openchargemap", "--only", "ontario",
                          "--only", "grt", "--diff")  # fmt: skip
    assert ended.code == 0, ended.err
    told = ended.out.splitlines()
    # version 2 lists 2 to 5 where version 1 had 1 to 4
    assert (
        f"{FILES['nrcan']}: 1 stations opened, 1 closed, 0 with other ports; 4 listed, 4 before"
        in told
    )
    assert "  opened: Station 5, 2 L2 and 0 L3 ports (nrcan_5)" in told
    assert "  closed: Station 1, 2 L2 and 0 L3 ports (nrcan_1)" in told
    assert any(
        line.startswith(f"{FILES['ocm']}: 1 stations opened, 0 closed, 0 with other ports")
        for line in told
    )
    assert f"{FILES['evs']}: 1 new quarter(s) after 2025Q2" in told
    assert "  2025Q3: 660 vehicles, +220" in told  # two areas of 330, after two of 220
    assert f"{FILES['grt_feed']}: another version" in told


def test_the_difference_stays_until_it_is_computed(computed):
    computed.call("--only", "nrcan")
    first, second = (computed.call("--offline", "--diff").out for _ in range(2))
    assert first == second
    assert "1 stations opened, 1 closed" in first
    assert computed.server.asked
    manifest = computed.root / "data" / "processed" / "manifest.json"
    digests = {file: entry["sha256"] for file, entry in computed.register().items()}
    manifest.write_text(json.dumps({"raw": digests}))
    assert "opened" not in computed.call("--offline", "--diff").out


def test_other_ports_and_restated_counts(computed):
    def more(answer):
        answer.body = answer.body.replace(b",E,2,", b",E,3,")
        return answer

    def restated(answer):
        answer.body = answer.body.replace(b"N2G,100,10,110", b"N2G,90,10,100")
        return answer

    computed.server.version = 1
    computed.server.spoil("/nrcan/", more)
    computed.server.spoil("Q1_2025", restated)
    told = computed.call("--only", "nrcan", "--only", "ontario", "--diff").out
    assert "0 stations opened, 0 closed, 4 with other ports" in told
    assert "  1 count(s) of earlier quarters are others now, or missing" in told


def test_a_difference_needs_what_was_computed(desk):
    assert desk.call("--offline", "--diff").is_one_error("manifest.json")


def test_the_projects_own_files_are_those_it_was_computed_from(project):
    from kwev.fetch.changes import changes

    if not (project.raw / FILES["evs"]).is_file():
        pytest.skip("no raw files: set KWEV_RAW or fill data/raw")
    (line,) = changes(project, project.raw)
    assert line.startswith(f"{len(FILES)} of {len(FILES)} raw files")


# -- A planted key stands nowhere.


def test_a_key_stands_in_nothing_that_is_written_or_said(desk, capfd):
    """Whatever happens: fetched, echoed, refused, moved, cut off."""
    server = desk.server
    said = [desk.call().out]
    for spoil in (
        lambda a: a.__class__(KEY.encode(), "text/html", 200),  # the publisher echoes it
        lambda a: a.__class__(f'{{"error": "{a.status}"}}'.encode(), status=403),
        lambda a: a.__class__(status=302, headers={"Location": f"{server.url}/lost"}),
        lambda a: a.__class__(a.body, a.kind, cut=0.1),
    ):
        server.spoils.clear()
        server.spoil("/ocm/", spoil)
        ended = desk.call("--only", "openchargemap")
        assert ended.code == 2, ended
        said += [ended.out, ended.err]
    server.spoils.clear()
    ended = desk.call("--only", "openchargemap", "--diff")
    said += [ended.out, ended.err]
    out, err = capfd.readouterr()
    assert not any(KEY in text for text in (*said, out, err))
    files = [path for path in desk.root.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert any(KEY in str(one.headers) for one in server.asked)  # it was used
