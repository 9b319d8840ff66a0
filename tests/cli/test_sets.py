"""A plan's folder is one set: `kwev check` tells each file that is not of this plan."""

from __future__ import annotations

import json

import pytest

from kwev.sets import MANIFEST

FILES = ("plan.csv", "plan.geojson", "results.json", "solve.json")
MADE = ("schedule.json", "phases.json", "site-packages.csv", "site-packages.geojson")


@pytest.fixture(scope="module")
def scheduled(solved, tmp_path_factory):
    """Return a copy of the solved checkout with a schedule beside the plan; never to change."""
    import shutil

    root = tmp_path_factory.mktemp("scheduled") / "checkout"
    shutil.copytree(solved.root, root)
    checkout = type(solved)(root)
    assert checkout.run("schedule", "plan/plan.json").code == 0
    return checkout


@pytest.fixture
def mixed(scheduled, tmp_path):
    import shutil

    shutil.copytree(scheduled.root, tmp_path / "checkout")
    return type(scheduled)(tmp_path / "checkout")


def test_a_whole_folder_is_clean(scheduled):
    assert scheduled.call("check", "plan/plan.json").code == 0
    kept = json.loads((scheduled.root / "plan" / MANIFEST).read_text())["files"]
    assert sorted(kept) == sorted(("plan.json", *FILES, *MADE))


@pytest.mark.parametrize("name", [*FILES, *MADE])
def test_each_file_that_was_changed_or_lost_is_told(mixed, name):
    path = mixed.root / "plan" / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1))
    ended = mixed.call("check", "plan/plan.json")
    assert ended.code == 1, ended.err
    assert f"violation: {name} is not the file that manifest.json names" in ended.out
    path.unlink()
    assert f"violation: {name} cannot be read" in mixed.call("check", "plan/plan.json").out


@pytest.mark.parametrize("name", ["plan.csv", "plan.geojson", "results.json"])
def test_a_file_that_says_something_else_is_told_without_a_manifest_too(mixed, name):
    (mixed.root / "plan" / MANIFEST).unlink()
    path = mixed.root / "plan" / name
    text = path.read_text()
    assert '"net_cost_cad": ' in text or "new_" in text
    path.write_text(text.replace('"net_cost_cad": ', '"net_cost_cad": 1').replace("new_", "old_"))
    ended = mixed.call("check", "plan/plan.json")
    assert (ended.code, f"violation: {name} does not say what" in ended.out) == (1, True), ended.out


def test_a_schedule_of_another_plan_is_told(mixed):
    assert mixed.call("solve", "-s", "low_budget", "-g", "tract", "-o", "plan").code == 0
    ended = mixed.call("check", "plan/plan.json")
    assert ended.code == 1
    for name in MADE:
        assert f"violation: {name} was made from another plan than plan.json" in ended.out
    assert mixed.call("schedule", "plan/plan.json").code == 0
    assert mixed.call("check", "plan/plan.json").code == 0
