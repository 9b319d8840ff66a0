"""A plan's folder is one set: `kwev check` tells each file that is not of this plan."""

from __future__ import annotations

import json

import pytest
from bad_inputs import BESIDE

from kwev.sets import MANIFEST

MADE = ("schedule.json", "phases.json", "site-packages.csv", "site-packages.geojson")


@pytest.fixture(scope="module")
def scheduled(solved, tmp_path_factory):
    """Return a copy of the solved checkout with a schedule beside the plan; never to change."""
    import shutil

    root = tmp_path_factory.mktemp("scheduled") / "checkout"
    shutil.copytree(solved.root, root)
    checkout = type(solved)(root)
    assert checkout.call("schedule", "plan/plan.json").code == 0
    return checkout


@pytest.fixture
def mixed(scheduled, tmp_path):
    import shutil

    shutil.copytree(scheduled.root, tmp_path / "checkout")
    return type(scheduled)(tmp_path / "checkout")


def test_a_whole_folder_is_clean(scheduled):
    assert scheduled.call("check", "plan/plan.json").code == 0
    kept = json.loads((scheduled.root / "plan" / MANIFEST).read_text())["files"]
    assert sorted(kept) == sorted(("plan.json", *BESIDE, *MADE))


@pytest.mark.parametrize("name", MADE)
def test_each_file_that_was_changed_or_lost_is_told(mixed, name):
    path = mixed.root / "plan" / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1))
    ended = mixed.call("check", "plan/plan.json")
    assert ended.code == 1, ended.err
    assert f"violation: {name} is not the file that manifest.json names" in ended.out
    path.unlink()
    assert f"violation: {name} cannot be read" in mixed.call("check", "plan/plan.json").out


def test_a_schedule_of_another_plan_is_told(mixed):
    assert mixed.call("solve", "-s", "low_budget", "-g", "tract", "-o", "plan").code == 0
    ended = mixed.call("check", "plan/plan.json")
    assert ended.code == 1
    for name in MADE:
        assert f"violation: {name} was made from another plan than plan.json" in ended.out
    assert mixed.call("schedule", "plan/plan.json").code == 0
    assert mixed.call("check", "plan/plan.json").code == 0
