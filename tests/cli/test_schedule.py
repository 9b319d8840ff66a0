"""`kwev schedule`: four files that fit their schemas, limits from config/, slips in one line."""

from __future__ import annotations

import json

import jsonschema
import pandas as pd
import pytest

from kwev.files import write_json
from kwev.formats import schemas
from kwev.sets import MANIFEST

WRITTEN = ("schedule.json", "phases.json", "site-packages.csv", "site-packages.geojson")


@pytest.mark.slow
def test_schedule_writes_four_files_that_agree(checkout):
    ended = checkout.call("schedule", "plan/plan.json", "--out", "when")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0].startswith("Best schedule: +")
    folder = checkout.root / "when"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*WRITTEN, MANIFEST])
    plan = json.loads((checkout.root / "plan" / "plan.json").read_text())
    ids = [action["id"] for action in plan["actions"]]
    read = {name: json.loads((folder / name).read_text()) for name in WRITTEN if "csv" not in name}
    for name, values in read.items():
        schema = f"docs/schemas/{name}.json" if "geo" in name else f"docs/schemas/{name}"
        jsonschema.validate(values, schemas()[schema])
    when, phases = read["schedule.json"], read["phases.json"]
    assert [done["id"] for done in when["actions"]] == ids
    assert phases["cost_cad"] == plan["cost"]["net_cad"]
    table = pd.read_csv(folder / "site-packages.csv")
    assert table["id"].tolist() == ids
    assert table["estimated_cost_cad"].sum() == plan["cost"]["net_cad"]
    assert table["month_from"].tolist() == [done["month_from"] for done in when["actions"]]
    crews = when["limits"]["crews"]["l2"] + when["limits"]["crews"]["l3"]
    assert all(state["jobs"] <= crews for state in when["states"])


@pytest.mark.slow
def test_other_crews_need_no_other_plan(checkout):
    path = checkout.root / "config" / "base.json"
    base = json.loads(path.read_text())
    base["phasing"]["periods"] = 12
    write_json(path, base)
    assert checkout.call("check", "plan/plan.json").code == 0
    assert checkout.call("schedule", "plan/plan.json").code == 0
    when = json.loads((checkout.root / "plan" / "schedule.json").read_text())
    assert len(when["states"]) == 13
    base["phasing"]["periods"] = 1
    write_json(path, base)
    assert checkout.call("schedule", "plan/plan.json").is_one_error("periods or more", "there are")


def test_a_plan_that_lies_is_not_scheduled(checkout):
    path = checkout.root / "plan" / "plan.json"
    plan = json.loads(path.read_text())
    plan["actions"][0]["net_cad"] += 1
    write_json(path, plan)
    ended = checkout.call("schedule", "plan/plan.json", "--out", "when")
    assert ended.code == 1
    assert "violation: " in ended.out
    assert not (checkout.root / "when").exists()


def test_a_slip_is_one_line(checkout):
    assert checkout.call("schedule", "plan/plan.jso").is_one_error("file not found")
    assert checkout.call("schedule", "plan/plan.json", "--out", "pyproject.toml").is_one_error(
        "a file stands in the way"
    )
