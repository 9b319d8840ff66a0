"""The public way in: one call after the other, each name loaded when it is first used."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from toy import base_config, toy

import kwev
from kwev.config import Case, load_config
from kwev.data.tables import load_tables

ROOMS = ("kwev", "kwev.certify", "kwev.config", "kwev.data", "kwev.solve", "kwev.studies")
HEAVY = ("cvxpy", "pandas", "numpy", "pydantic", "highspy")


def function(name):
    found = getattr(kwev, name)
    return getattr(found, name) if inspect.ismodule(found) else found


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, kwev; dir(kwev); print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_data_to_certificate_in_five_calls():
    tables = toy([(0, 0, 100, 1), (5_000, 0, 60, 1)], sites=[(0, 0, "library")])
    config = base_config()
    inputs = kwev.build_inputs(tables, config, "da")
    model = kwev.build_model(inputs, config)
    plan = kwev.solve(model, tables, scenario="toy")
    assert isinstance(plan, kwev.Plan)
    assert {action.id for action in plan.actions} == {"new_l2_q000"}
    assert kwev.solve(model, tables, scenario="toy", plain=True).actions == plan.actions
    certificate = kwev.certify(plan, tables, Case("toy", config, "da"))
    assert certificate.violations == []
    assert certificate.checks > 0


def test_project_and_scenario_are_found_where_they_are_left_out(project):
    assert kwev.load_config() == kwev.load_config("base") == load_config("base", project.config)
    assert kwev.load_tables() is load_tables(project.processed)


def test_a_plan_is_certified_by_the_projects_scenario(base_plan, tables):
    assert kwev.certify(base_plan, tables).violations == []


def test_a_package_and_the_function_of_its_name_are_one():
    import kwev.solve.stages

    assert kwev.solve.stages.__name__ == "kwev.solve.stages"
    assert callable(kwev.solve)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kwev.nothing  # noqa: B018 -- asking is the test


def exported(kind):
    """Return what the rooms export of one kind, by dotted name."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in module.__all__:
            one = getattr(module, name)
            one = getattr(one, name) if inspect.ismodule(one) else one
            if kind(one):
                found[f"{room}.{name}"] = one
    return found


FUNCTIONS = exported(inspect.isfunction)
RECORDS = exported(dataclasses.is_dataclass)


def sections(described):
    """Return the entries of each section of a numpy docstring: the lines without indentation."""
    parts = re.split(r"^(\w+)\n-+\n", described, flags=re.MULTILINE)
    bodies = zip(parts[1::2], parts[2::2], strict=True)
    return {name: re.findall(r"^(\S.*)$", body, re.MULTILINE) for name, body in bodies}


def raises_itself(function):
    """Return whether the function's own body makes a KwevError."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    thrown = (
        ast.unparse(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc
    )
    return any(what.startswith("KwevError") for what in thrown)


def listed(entries):
    return [name.strip(" *") for line in entries for name in line.split(",")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_describes_itself(name):
    one = FUNCTIONS[name]
    signature, told = inspect.signature(one), sections(inspect.getdoc(one))
    assert listed(told.get("Parameters", [])) == list(signature.parameters)
    if signature.return_annotation != "None":
        assert len({"Returns", "Yields"} & told.keys()) == 1
    if raises_itself(one):
        assert "KwevError" in told["Raises"]


@pytest.mark.parametrize("name", sorted(set(kwev.__all__) - {"Plan"}))
def test_a_step_of_the_way_in_takes_five_arguments_at_most(name):
    assert len(inspect.signature(function(name)).parameters) <= 5


@pytest.mark.parametrize("name", RECORDS)
def test_a_public_record_describes_its_fields(name):
    told = sections(inspect.getdoc(RECORDS[name]))
    fields = [field.name for field in dataclasses.fields(RECORDS[name])]
    assert listed(told["Attributes"]) == fields


def test_a_solve_of_the_callers_own_beforehand_does_no_harm():
    """HiGHS keeps the threads of a process's first solve, and refuses others later on."""
    code = (
        "import cvxpy as cp; x = cp.Variable(integer=True);"
        "cp.Problem(cp.Maximize(x), [x <= 1.5]).solve(solver=cp.HIGHS, threads=1);"
        "from toy import base_config, toy; import kwev;"
        "config = base_config(solver__threads=2);"
        "tables = toy([(0, 0, 100, 1)], sites=[(0, 0, 'library')]);"
        "model = kwev.build_model(kwev.build_inputs(tables, config, 'da'), config);"
        "print(len(kwev.solve(model, tables, scenario='toy').actions))"
    )
    paths = [str(Path(__file__).resolve().parents[1]), *sys.path]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env
    )
    assert done.stdout.strip() == "1", done.stderr
