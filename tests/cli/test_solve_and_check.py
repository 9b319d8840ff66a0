"""The command as users run it: a set of files, the same bytes again, exit codes 0, 1 and 2."""

from __future__ import annotations

import json

import jsonschema
import pytest
from planted import refreshed

from kwev import __version__
from kwev.files import write_json
from kwev.formats import schemas
from kwev.plan.export import FILES
from kwev.plan.export import RESULTS as FILE
from kwev.sets import MANIFEST


def test_solve_writes_five_files_and_their_manifest(solved):
    folder = solved.root / "plan"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, FILE, MANIFEST])
    plan = json.loads((folder / "plan.json").read_text())
    published = schemas()
    jsonschema.validate(plan, published["docs/schemas/plan.json"])
    for name in ("plan.geojson", "solve.json"):
        schema = published["docs/schemas/plan.geojson.json" if "geo" in name else
                           "docs/schemas/solve.json"]  # fmt: skip
        jsonschema.validate(json.loads((folder / name).read_text()), schema)
    results = json.loads((folder / FILE).read_text())
    jsonschema.validate(results, published["docs/schemas/results.json"])
    assert results["cost_analysis"]["net_cost_cad"] == plan["cost"]["net_cad"]
    assert len(results["sites"]) == len(plan["actions"])
    assert plan["solver_says"]["kwev_version"] == __version__
    assert plan["certificate"]["violations"] == []
    assert plan["cost"]["net_cad"] <= plan["cost"]["budget_cad"]


def test_a_second_run_gives_the_same_bytes_and_a_summary(solved):
    again = solved.run("solve", "-s", "base", "-g", "tract")
    assert (again.code, again.err) == (0, "")
    for words in (
        "within 0.01% of the best",
        "solver's word",
        "net cost",
        "least budget",
        "0 violations",
        "wrote",
    ):
        assert words in again.out
    folder = solved.root / "build" / "plans" / "base-tract"
    for name in ("plan.json", "plan.geojson", "plan.csv"):
        assert (folder / name).read_bytes() == (solved.root / "plan" / name).read_bytes(), name


def test_check_of_a_clean_plan_is_0(solved):
    ended = solved.run("check", "plan/plan.json")
    assert (ended.code, ended.err) == (0, "")
    assert "0 violations" in ended.out


def test_check_of_a_forged_plan_is_1(checkout):
    path = checkout.root / "plan" / "plan.json"
    values = json.loads(path.read_text())
    values["actions"][0]["purchase_cad"] += 1
    values["actions"][0]["net_cad"] += 1
    write_json(path, refreshed(values))
    before = checkout.hashes()
    ended = checkout.run("check", "plan/plan.json")
    assert (ended.code, ended.err) == (1, "")
    assert f"violation: action {values['actions'][0]['id']}: purchase_cad" in ended.out
    assert checkout.hashes() == before


def test_check_against_another_scenario_is_1(solved):
    ended = solved.call("check", "plan/plan.json", "--scenario", "balanced")
    assert ended.code == 1
    assert "violation: scenario is 'base', must be 'balanced'" in ended.out


def test_check_after_the_configuration_changed_is_1(checkout):
    path = checkout.root / "config" / "base.json"
    values = json.loads(path.read_text())
    values["budget"]["limit_cad"] = 3_000_000
    path.write_text(json.dumps(values))
    ended = checkout.call("check", "plan/plan.json")
    assert ended.code == 1
    assert "violation: config.budget" in ended.out


def test_check_after_the_data_changed_is_2(checkout):
    path = checkout.root / "data" / "processed" / "cells.csv"
    head, *rows, last = path.read_text().splitlines(keepends=True)
    column = head.rstrip("\n").split(",").index("addresses")
    cells = last.split(",")
    cells[column] = str(int(cells[column]) + 1)
    path.write_text("".join([head, *rows, ",".join(cells)]))
    ended = checkout.call("check", "plan/plan.json")
    assert ended.is_one_error("cells.csv", "not the one that manifest.json names")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version"], __version__),
        (["--help"], "Commands:"),
        (["scenarios"], "aggressive"),
        (["schema", "--out", "schemas"], "plan.geojson.json"),
        (["schema", "--out", "schemas"], "results.json"),
        (["doctor"], "data/processed"),
    ],
)
def test_the_small_commands(checkout, arguments, words):
    ended = checkout.call(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert words in ended.out
