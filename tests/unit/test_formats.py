"""The published schemas: as generated, valid, and true of the files that are written."""

from __future__ import annotations

import json

import jsonschema
import pytest
from planted import village

from kwev import formats
from kwev.files import dump_json
from kwev.plan.export import FILES, as_csv, as_frame, as_geojson, write_plan
from kwev.plan.format import Action, read_plan
from kwev.project import Project
from kwev.sets import MANIFEST

SCHEMAS = formats.schemas()


@pytest.fixture(scope="module")
def town():
    return village()


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_on_disk_is_the_generated_one(project, name):
    assert (project.root / name).read_text() == dump_json(SCHEMAS[name], indent=2)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_write_schemas_writes_them_all(tmp_path):
    written = formats.write_schemas(Project(tmp_path))
    assert sorted(str(path.relative_to(tmp_path)) for path in written) == sorted(SCHEMAS)
    assert all(path.is_file() for path in written)


def test_every_scenario_fits_the_schema(project):
    from kwev.config import load_config, scenario_paths

    for name in scenario_paths(project.config):
        values = load_config(name, project.config).as_dict()
        jsonschema.validate(values, SCHEMAS["config/schema.json"])


@pytest.mark.parametrize("change", [{"buget": {}}, {"budget": {"limit_cad": -1}}])
def test_the_configuration_schema_refuses_what_kwev_refuses(project, change):
    from kwev.config import load_config

    values = {**load_config("base", project.config).as_dict(), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, SCHEMAS["config/schema.json"])


def test_the_four_files_fit_their_schemas(town, tmp_path):
    account = {
        "solver": "highs",
        "solver_version": "1",
        "seconds": 0.1,
        "nodes": 1,
        "log": "",
        "solves": {
            "plan": {
                "status": "optimal",
                "seconds": 0.1,
                "nodes": 1,
                "value": 1.0,
                "bound": None,
                "log": "",
            }
        },
        "size": {"columns": 3},
        "machine": {},
    }
    write_plan(tmp_path, town.plan, account)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*FILES, MANIFEST))
    for name, schema in (
        ("plan.json", "docs/schemas/plan.json"),
        ("plan.geojson", "docs/schemas/plan.geojson.json"),
        ("solve.json", "docs/schemas/solve.json"),
    ):
        jsonschema.validate(json.loads((tmp_path / name).read_text()), SCHEMAS[schema])
    assert read_plan(tmp_path / "plan.json") == town.plan


def test_a_real_account_fits_its_schema(town):
    from kwev.solve.stages import solve_scenario

    account = solve_scenario(town.tables, town.case).account
    jsonschema.validate(account, SCHEMAS["docs/schemas/solve.json"])
    assert account["solver"] == "highs"
    assert all(solve["log"] for solve in account["solves"].values())
    assert account["size"]["points"] == len(town.tables.das)


def test_geojson_and_csv_hold_the_same_actions(town):
    features = as_geojson(town.plan)["features"]
    frame = as_frame(town.plan)
    assert [f["id"] for f in features] == [a.id for a in town.plan.actions] == list(frame["id"])
    assert list(frame.columns) == list(Action.model_fields)
    for feature, action in zip(features, town.plan.actions, strict=True):
        assert feature["geometry"]["coordinates"] == [action.longitude, action.latitude]
        assert feature["properties"] == action.model_dump(mode="json")
    text = as_csv(town.plan)
    assert "\r" not in text
    assert text.count("\n") == 1 + len(town.plan.actions)


def test_actions_stand_in_one_order(town):
    rank = {"upgrade": 0, "new_l3": 1, "new_l2": 2}
    keys = [(rank[action.kind], action.place_id) for action in town.plan.actions]
    assert keys == sorted(keys)


def test_a_plan_without_actions_is_written_too(tmp_path, town):
    empty = town.plan.model_copy(update={"actions": []})
    write_plan(tmp_path, empty, {})
    assert (tmp_path / "plan.csv").read_text() == ",".join(Action.model_fields) + "\n"
    assert json.loads((tmp_path / "plan.geojson").read_text())["features"] == []
