"""``kwev monitor`` as users run it: exit codes, what it writes, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bad_inputs import LIST, vehicles

from kwev.report.history import COLUMNS, read_history

ROOT = Path(__file__).resolve().parents[2]
HISTORY = "data/monitoring/history.csv"
LESS = "\n".join(line for line in LIST.splitlines() if not line.startswith("City")) + "\n"


@pytest.fixture
def place(unsolved):
    """Return the checkout without a history and without lists."""
    (unsolved.root / HISTORY).unlink(missing_ok=True)
    for path in unsolved.root.glob("*.csv"):
        path.unlink()
    begun(unsolved)
    return unsolved


def put(place, name, text):
    (place.root / name).write_text(text)
    return name


def begun(place):
    """Begin the history of a checkout with no line."""
    path = place.root / HISTORY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(",".join(COLUMNS) + "\n")


def kept(place):
    path = place.root / HISTORY
    return path.read_bytes() if path.exists() else b""


def test_a_list_is_appended_once_and_a_loss_ends_with_3(place):
    put(place, "stations-2026-03.csv", LIST)
    first = place.call("monitor", "stations-2026-03.csv")
    assert first.code == 0, first.err
    assert "2026-03-31 stations: 3 stations with 6 Level 2 and 2 Level 3 ports" in first.out
    assert "left out: 1 outside the Region, 1 not for all cars" in first.out
    assert f"wrote {place.root / HISTORY}" in first.out
    once = kept(place)
    assert once.count(b"\n") == 3  # a line a metric, below the heading
    for words in ("distance: along the roads", "distance: in a straight line"):
        assert first.out.count(words) == 1
    # the same file again, and the same stations in another order, change nothing
    rows = LIST.splitlines()
    put(place, "turned-2026-03.csv", "\n".join([rows[0], *reversed(rows[1:])]) + "\n")
    for name in ("stations-2026-03.csv", "turned-2026-03.csv"):
        again = place.call("monitor", name)
        assert again.code == 0
        assert "nothing new" in again.out
        assert kept(place) == once
    # without the city hall fewer people are near: told, written, and 3
    put(place, "stations-2026-04.csv", LESS)
    worse = place.call("monitor", "stations-2026-04.csv")
    assert worse.code == 3, worse.err
    assert "went back" in worse.out
    assert kept(place).startswith(once)
    assert kept(place).count(b"\n") == 5
    # and told again, as long as it is the last
    assert place.call("monitor", "stations-2026-04.csv").code == 3


def test_a_dry_run_writes_nothing(place):
    put(place, "stations.csv", LIST)
    found = place.call("monitor", "stations.csv", "--date", "2026-03", "--dry-run")
    assert found.code == 0
    assert "dry run: nothing was written" in found.out
    assert kept(place).count(b"\n") == 1


def test_geojson_and_another_history_say_the_same(place, tmp_path):
    put(place, "list.csv", LIST)
    table = pd.read_csv(place.root / "list.csv")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
            "properties": {
                key: None if pd.isna(row[key]) else row[key]
                for key in ("name", "l2_ports", "l3_ports", "access")
            },
        }
        for row in table.to_dict("records")
    ]
    points = tmp_path / "stations-2026-03-31.geojson"
    points.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    other = tmp_path / "other.csv"
    assert place.call("monitor", str(points), "--history", str(other), "--begin").code == 0
    assert place.call("monitor", "list.csv", "--date", "2026-03-31").code == 0
    assert other.read_bytes() == kept(place)


def test_the_file_of_natural_resources_canada_is_filtered(place):
    head = (
        "ID,Station Name,Fuel Type Code,Latitude,Longitude,EV Level2 EVSE Num,EV DC Fast Count,"
        "Access Code,Status Code,Open Date\n"
    )
    rows = (
        "1,City Hall,ELEC,43.4516,-80.4925,4.0,,public,E,2020-01-01\n"
        "2,City Hall again,ELEC,43.4516,-80.4925,1,,private,E,2020-01-01\n"
        "3,Planned,ELEC,43.4517,-80.4926,1,,public,P,2020-01-01\n"
        "4,Gas,LPG,43.4518,-80.4927,1,,public,E,2020-01-01\n"
        "5,Undated,ELEC,43.4519,-80.4928,1,,public,E,\n"
        "6,Inn - Tesla Destination,ELEC,43.4520,-80.4929,3,,public,E,2020-01-01\n"
        "1,City Hall,ELEC,43.4516,-80.4925,4,,public,E,2020-01-01\n"
    )
    put(place, "nrcan-2026-01.csv", head + rows)
    found = place.call("monitor", "nrcan-2026-01.csv")
    assert found.code == 0, found.err
    assert "2026-01-31 nrcan: 1 stations with 4 Level 2 and 0 Level 3 ports" in found.out
    assert "5 not for all cars or not standing, 1 said twice" in found.out


def test_a_quarter_of_vehicles_is_told_on_its_own(place):
    put(place, "ev-2026Q1.csv", vehicles(1.1))
    found = place.call("monitor", "ev-2026Q1.csv")
    assert found.code == 0, found.err
    assert "2026-03-31 registrations: 12,677 vehicles of the Region" in found.out
    assert "People near" not in found.out


def test_what_does_not_fit_the_history_is_refused(place):
    put(place, "a-2026-03.csv", LIST)
    put(place, "b-2026-03.csv", LESS)
    put(place, "c-2026-02.csv", LESS)
    assert place.call("monitor", "a-2026-03.csv").code == 0
    once = kept(place)
    assert place.call("monitor", "b-2026-03.csv").is_one_error("another stations for 2026-03-31")
    assert place.call("monitor", "c-2026-02.csv").is_one_error("is older")
    assert place.call("monitor", "b-2026-03.csv", "--series", "other").code == 0
    assert kept(place).startswith(once)
    (place.root / HISTORY).write_bytes(once[:-9])
    assert place.call("monitor", "a-2026-03.csv").is_one_error("not a whole history")


def test_a_file_or_the_processed_data_not_both_nor_neither(place):
    put(place, "a-2026-03.csv", LIST)
    assert place.call("monitor").is_one_error("give a file, or --from-processed")
    assert place.call("monitor", "a-2026-03.csv", "--from-processed").is_one_error("give a file")
    assert place.call("monitor", "nowhere-2026-03.csv").is_one_error("file not found")


def test_the_help_teaches(place):
    told = place.call("monitor", "--help").out
    for word in ("latitude", "l3_ports", "tesla_only", "fsa", "--dry-run", "Exit code", "Example"):
        assert word in told


def test_what_opens_later_and_what_is_for_guests_is_left_out(place):
    days = ["opened", "2031-01-01", "", "2026-03-31", "", ""]
    dated = [f"{line},{day}" for line, day in zip(LIST.splitlines(), days, strict=True)]
    put(place, "list-2026-03.csv", "\n".join(dated) + "\n")
    found = place.call("monitor", "list-2026-03.csv", "--dry-run")
    assert "2026-03-31 stations: 2 stations with 2 Level 2 and 2 Level 3 ports" in found.out
    put(place, "ocm-2026-03.csv", (
        "name,latitude,longitude,num_chargers,charger_type,operator,usage_cost\n"
        "City Hall,43.4516,-80.4925,4,Level 2,ChargePoint,Free\n"
        "Inn,43.4643,-80.5204,2,Level 2,ChargePoint,Guests only\n"
    ))  # fmt: skip
    found = place.call("monitor", "ocm-2026-03.csv", "--dry-run")
    assert "2026-03-31 ocm: 1 stations with 4 Level 2" in found.out, found.err


NRCAN_HEAD = (
    "ID,Station Name,Fuel Type Code,State,Latitude,Longitude,EV Level2 EVSE Num,EV DC Fast Count,"
    "Access Code,Status Code,Open Date,EV Network,EV Connector Types,Power (kW)\n"
)
NRCAN_ROWS = (
    "1,City Hall,ELEC,ON,43.4516,-80.4925,4,,public,E,2020-01-01,FLO,J1772,\n"
    "2, city  HALL,ELEC,ON,43.4516,-80.4925,4,,public,E,2020-01-01,FLO,J1772,\n"
    "3,Later,ELEC,ON,43.4517,-80.4926,1,,public,E,2031-01-01,FLO,J1772,\n"
    "4,Elsewhere,ELEC,NY,43.4518,-80.4927,1,,public,E,2020-01-01,FLO,J1772,\n"
    "5,9 Nikola Tesla Blvd,ELEC,ON,43.4519,-80.4928,2,,public,E,2020-01-01,FLO,J1772,\n"
    "6,Mall,ELEC,ON,43.4520,-80.4929,,8,public,E,2020-01-01,Tesla,J1772COMBO TESLA,250\n"
    "7,Inn,ELEC,ON,43.4521,-80.4930,3,,public,E,2020-01-01,Tesla Destination,J1772 TESLA,11\n"
)


def test_a_list_is_judged_as_the_pipeline_judges_it(place):
    put(place, "nrcan-2026-01.csv", NRCAN_HEAD + NRCAN_ROWS)
    found = place.call("monitor", "nrcan-2026-01.csv", "--dry-run")
    assert found.code == 0, found.err
    # City Hall, Nikola Tesla Blvd, and the mall, whose CCS serves all cars
    assert "2026-01-31 nrcan: 3 stations with 6 Level 2 and 8 Level 3 ports" in found.out
    assert "3 not for all cars or not standing, 1 said twice" in found.out
    assert "not read: Power (kW)" in found.out


def test_a_missing_history_is_not_begun_silently(place, tmp_path):
    put(place, "a-2026-03.csv", LIST)
    (place.root / HISTORY).unlink()
    assert place.call("monitor", "a-2026-03.csv").is_one_error("no history here", "--begin")
    other = tmp_path / "new" / "other.csv"
    ended = place.call("monitor", "a-2026-03.csv", "--history", str(other))
    assert ended.is_one_error("no history here")
    assert not other.parent.exists()
    assert place.call("monitor", "a-2026-03.csv", "--begin").code == 0
    assert kept(place).count(b"\n") == 3


def test_a_link_to_a_history_stays_one(place, tmp_path):
    put(place, "a-2026-03.csv", LIST)
    path = place.root / HISTORY
    path.rename(tmp_path / "real.csv")
    path.symlink_to(tmp_path / "real.csv")
    assert place.call("monitor", "a-2026-03.csv").code == 0
    assert path.is_symlink()
    assert (tmp_path / "real.csv").read_text().count("\n") == 3


def test_six_writers_at_once_lose_nothing(place):
    put(place, "a-2026-03.csv", LIST)
    command = [sys.executable, "-m", "kwev.cli", "monitor", "a-2026-03.csv", "--series"]
    running = [
        subprocess.Popen([*command, f"s{i}"], cwd=place.root, stdout=subprocess.DEVNULL)
        for i in range(6)
    ]
    assert [one.wait() for one in running] == [0] * 6
    lines = read_history(place.root / HISTORY)
    assert sorted(line.series for line in lines) == sorted(
        2 * [f"s{i}" for i in range(6)]  # a line a metric
    )
