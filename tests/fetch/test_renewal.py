"""The monthly renewal of another region as it runs: script, command and protocols, all of them."""

from __future__ import annotations

import json
import sys
from functools import partial

import pytest
from cli.conftest import Checkout
from fetch.publishers import KEY
from fetch.town import NATIONAL, Town
from renewals import SCRIPT, clone, git, programs, push

from kwev.fetch import web

KWEV = f"""#!{sys.executable}
from functools import partial
from kwev.fetch import web
web.Web = partial(web.Web, pause_s=0.0)
from kwev.cli import main
if __name__ == "__main__":
    main()
"""
"""The command as it is, but for the pause between two requests: these publishers are ours."""
BEFORE = "2026-01-15T00:00:00Z"
LIBRARY = {
    "ID": "3", "Station Name": "Library", "Fuel Type Code": "ELEC", "City": "Elsewhere",
    "State": "ON", "EV Level2 EVSE Num": 6, "Access Code": "public", "Status Code": "E",
    "Open Date": "2026-02-01",
}  # fmt: skip


@pytest.fixture
def publishers(monkeypatch):
    monkeypatch.delenv("KWEV_RAW", raising=False)
    monkeypatch.setenv("OCMAP_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(web, "Web", partial(web.Web, pause_s=0.0))
    made = Town()
    yield made
    made.close()


@pytest.fixture
def town(project, publishers, tmp_path):
    """A region's repository as its owner pushed it: founded, fetched, computed, one study kept."""
    home = Checkout(project.root)
    founded = ("region", "new", "Town of Elsewhere", "--csd", "3506008", "--out")
    checkout = Checkout(tmp_path / "clone")
    assert home.call(*founded, str(checkout.root)).code == 0
    services = checkout.root / "data" / "services.json"
    assert json.loads(services.read_text())["services"].keys() == set(NATIONAL)
    services.write_text(json.dumps(publishers.services()))
    steps = ("fetch",), ("data",), ("monitor", "--from-processed"), ("sweep", "cases")
    for arguments in steps:
        ended = checkout.call(*arguments)
        assert ended.code == 0, (arguments, ended.out, ended.err)
        if arguments == ("fetch",):
            long_ago(checkout.root / "data" / "sources.json")
    place = clone(tmp_path)
    push(place)
    programs(place, kwev=KWEV)
    return place


def long_ago(register):
    """Let every file have been fetched on an earlier day."""
    value = json.loads(register.read_text())
    for entry in value["sources"]:
        entry["fetched"] = BEFORE
    register.write_text(json.dumps(value))


@pytest.mark.slow
def test_a_station_and_a_quarter_are_listed_and_computed(town, publishers):
    done = town.renew()
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("Nothing moved.\n")
    assert (town.asked, town.branches) == (["gh release view raw"], ["main"])
    assert git(town.root, "status", "--porcelain") == ""

    east, north = publishers.places["osm_places"].iloc[1][["longitude", "latitude"]]
    publishers.news.stations.append({**LIBRARY, "Longitude": east, "Latitude": north})
    publishers.news.vehicles["2026Q1"] = {"K1A": 500, "K2B": 400}
    done = town.renew()
    assert done.returncode == 0, done.stderr
    listed = town.list
    for line in (
        "1 stations opened, 0 closed, 0 with other ports; 3 listed, 2 before",
        "opened: Library, 6 L2 and 0 L3 ports (nrcan_3)",
        "1 new quarter(s) after 2025Q4",
        "2026Q1: 900 vehicles, +300",
        "11 of 13 raw files are those that data/processed was computed from",
        "distance: in a straight line",
        "1 points of 1 studies, 1 made now",
        "3 pages",
    ):
        assert line in listed, listed
    headings = [line[3:] for line in listed.splitlines() if line.startswith("## ")]
    assert headings == [
        "Sources: what was fetched", "Sources: what changed", "Tables", "Targets", "Studies", "Book"
    ]  # fmt: skip

    (branch,) = set(town.branches) - {"main"}
    assert town.asked[-1].startswith(f"gh pr create --head {branch} ")
    assert town.asked[-1].endswith("--body-file build/renewal.md")
    changed = set(git(town.remote, "diff", "--name-only", "main", branch).split())
    assert {
        "data/processed/stations.csv", "data/processed/ev_quarters.csv", "data/sources.json",
        "data/monitoring/history.csv", "data/results/cases.csv",
    } <= changed  # fmt: skip
    assert not [name for name in changed if not name.startswith("data/")]
    assert not [name for name in changed if name.startswith("data/raw")]
    history = "data/monitoring/history.csv"
    old, new = (git(town.remote, "show", f"{at}:{history}") for at in ("main", branch))
    assert new.startswith(old)  # a history only grows
    assert SCRIPT.parent.parent != town.root
