"""Bad input: one line that says what, where and what to do; exit code 2; nothing touched."""

from __future__ import annotations

import json

import pytest


def set_in(path, dotted, value):
    """Set one key of a JSON file."""
    values = json.loads(path.read_text())
    node = values
    *parents, leaf = dotted.split(".")
    for parent in parents:
        node = node[parent]
    node[leaf] = value
    path.write_text(json.dumps(values))


CONFIG = {
    "unknown key": ("budget.limit_cda", 1, ["budget.limit_cda", "base.json", "'limit_cad'"]),
    "unknown section": ("buget", {}, ["'buget'", "base.json", "'budget'"]),
    "no grid": ("siting.grid_factor", 0, ["siting.grid_factor", "greater than 0", "base.json"]),
    "negative budget": ("budget.limit_cad", -1, ["budget.limit_cad", "not -1", "base.json"]),
    "radius of 0": ("coverage.l2_radius_m", 0, ["coverage.l2_radius_m", "base.json", "(m)"]),
    "text for a number": ("targets.l2", "95%", ["targets.l2", "'95%'", "0 to 1"]),
    "percent for a share": ("targets.l2", 95, ["targets.l2", "not 95", "0 to 1"]),
    "ports the wrong way": ("ports.min_l3", 99, ["min_l3 is above max_new_l3", "base.json"]),
    "unknown solver": ("solver.name", "cplex", ["solver.name", "'cplex'", "'highs'"]),
}


@pytest.mark.parametrize("name", CONFIG)
def test_a_bad_configuration(checkout, name):
    key, value, words = CONFIG[name]
    set_in(checkout.root / "config" / "base.json", key, value)
    before = checkout.hashes()
    assert checkout.run("solve", "-g", "tract", "-o", "plan").is_one_error(*words)
    assert checkout.hashes() == before


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b'{"budget": {"limit_cad": NaN}}', "NaN"),
        (b'{"budget": ', "not valid JSON"),
        (b"[]", "JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (None, "file not found"),
    ],
)
def test_a_damaged_configuration_file(checkout, content, word):
    path = checkout.root / "config" / "scenarios" / "balanced.json"
    path.unlink()
    if content is None:
        path.symlink_to("nowhere.json")
    else:
        path.write_bytes(content)
    before = checkout.hashes()
    ended = checkout.call("solve", "-s", "balanced", "-g", "tract", "-o", "plan")
    assert ended.is_one_error(word, "balanced.json")
    assert checkout.hashes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "agressive"], ["'agressive'", "config", "'aggressive'"]),
        (["--scenario", "winter"], ["unknown scenario", "Known: "]),
        (["--geography", "das"], ["'das'", "--geography", "'da'"]),
        (["--geography", "block"], ["'block'", "--geography", "Known: cell, da, tract"]),
        (["--solver", "higs"], ["'higs'", "--solver", "'highs'"]),
        (["--solver", "cplex"], ["'cplex'", "--solver", "Known: "]),
    ],
)
def test_a_bad_option_of_solve(solved, arguments, words):
    before = solved.hashes()
    assert solved.run("solve", *arguments, "--out", "plan").is_one_error(*words)
    assert solved.hashes() == before


def test_a_size_limited_gurobi_refuses_in_one_line(solved):
    pytest.importorskip("gurobipy")
    from kwev.solve.solvers import gurobi_licence

    if gurobi_licence() != "size-limited, non-production":
        pytest.skip("needs the licence of the gurobipy wheel")
    before = solved.hashes()
    ended = solved.run("solve", "-g", "cell", "--solver", "gurobi", "--out", "plan")
    assert ended.is_one_error("Gurobi", "size-limited", "--solver highs")
    assert solved.hashes() == before


def test_an_output_folder_that_is_a_file(checkout):
    (checkout.root / "taken").write_text("mine")
    before = checkout.hashes()
    ended = checkout.run("solve", "-s", "low_budget", "-g", "tract", "-o", "taken")
    assert ended.is_one_error("stands in the way", "taken", "folder")
    assert checkout.hashes() == before


PLANS = {
    "cut in half": (lambda content: content[: len(content) // 2], "not valid JSON"),
    "empty": (lambda _: b"", "not valid JSON"),
    "a list": (lambda _: b"[]", "this is a list"),
    "a number": (lambda _: b"3", "must be a JSON object"),
    "another object": (lambda _: b'{"type": "FeatureCollection"}', "not a plan of format 1"),
    "not UTF-8": (lambda _: b"\xff\xfe{}", "not UTF-8"),
    "a later format": (
        lambda content: content.replace(b'"format_version": 1', b'"format_version": 2'),
        "format_version",
    ),
    "a port without end": (
        lambda content: content.replace(
            b'"l2_ports_after": 0', b'"l2_ports_after": 1' + b"0" * 400
        ),
        "l2_ports_after",
    ),
    "an unknown geography": (
        lambda content: content.replace(b'"geography": "tract"', b'"geography": "block"'),
        "geography",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_bad_plan_file(checkout, name):
    spoil, word = PLANS[name]
    path = checkout.root / "plan" / "plan.json"
    content = spoil(path.read_bytes())
    assert content != path.read_bytes()
    path.write_bytes(content)
    before = checkout.hashes()
    assert checkout.run("check", "plan/plan.json").is_one_error(word, "plan/plan.json")
    assert checkout.hashes() == before


def test_a_missing_plan_file_and_a_folder(solved):
    assert solved.run("check", "none.json").is_one_error("file not found", "none.json", "path")
    assert solved.run("check", "plan").is_one_error("cannot be read", "plan")


def test_check_against_an_unknown_scenario(solved):
    ended = solved.run("check", "plan/plan.json", "-s", "bass")
    assert ended.is_one_error("unknown scenario 'bass'", "'base'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve", "--bogus"],
        ["check"],
        ["plan"],
        ["check", "a.json", "b.json"],
        ["data", "extra"],
    ],
)
def test_usage_errors_are_2(solved, arguments):
    ended = solved.run(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err
    assert "Traceback" not in ended.err


def cut(content):
    return content[: len(content) // 2]


TABLES = {
    "missing": (lambda _: None, "stations.csv"),
    "cut in half": (cut, "stations.csv"),
    "renamed column": (lambda c: c.replace(b"l2_ports", b"l2_plugs", 1), "l2_ports"),
    "not UTF-8": (lambda _: b"\xff\xfe", "stations.csv"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_bad_processed_table(checkout, name):
    spoil, word = TABLES[name]
    path = checkout.root / "data" / "processed" / "stations.csv"
    content = spoil(path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    before = checkout.hashes()
    assert checkout.call("solve", "-g", "tract", "-o", "plan").is_one_error(word)
    assert checkout.hashes() == before


def test_check_without_data(checkout):
    (checkout.root / "data" / "processed" / "cells.csv").unlink()
    assert checkout.run("check", "plan/plan.json").is_one_error("cells.csv", "kwev data")
