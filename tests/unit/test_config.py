"""Configuration: read strictly, refused with the path of the key, merged, described."""

from __future__ import annotations

import json
import shutil

import pytest
from pydantic import BaseModel
from toy import ROOT, base_config

from kwev import config as kwev_config
from kwev.config import Config
from kwev.errors import KwevError
from kwev.vocabulary import PLACE_CATEGORIES, SITE_CATEGORIES

NAMES = ("base", "aggressive", "balanced", "conservative", "high_budget", "low_budget",
         "recommended")  # fmt: skip
CASES = {
    "network": ("coverage.metric", "network"),
    "l3_at_2km": ("coverage.l3_radius_m", 2_000),
    "l3_at_750m": ("coverage.l3_radius_m", 750),
    "tesla_counts": ("coverage.include_tesla_only", True),
    "outside_counts": ("coverage.include_outside", True),
    "l3_counts_for_l2": ("coverage.l3_counts_for_l2", True),
    "power_7_150": ("power.l3_kw", 150),
    "l3_cost_doubled": ("costs.l3_port_cad", 100_000),
    "public_owners_only": ("siting.public_owners_only", True),
    "ev_2030": ("demand.ev_year", "2030"),
    "home_access": (
        "demand.home_access",
        {"house": 0.12, "row_or_duplex": 0.19, "apartment": 0.44},
    ),
    "removal": (
        "siting.removal",
        {"stations": "all", "usage": {}, "below_usage": None, "alternative_m": 1_000},
    ),
    "weighted": ("objective.mode", "weighted"),
}
"""Named cases: base with one thing changed."""


@pytest.fixture
def config_dir(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config"


def write_scenario(config_dir, values):
    (config_dir / "scenarios" / "mine.json").write_text(json.dumps(values))
    return "mine"


def sections(model=Config, path=()):
    """Return every object of the configuration with its path."""
    found = [(path, model)]
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += sections(field.annotation, (*path, name))
    return found


def nested(path, value):
    for part in reversed(path):
        value = {part: value}
    return value


def test_the_scenarios_and_cases_load():
    names = {*NAMES, *CASES}
    assert set(kwev_config.scenario_paths(ROOT / "config")) == names
    described = {kwev_config.load_config(name, ROOT / "config").description for name in names}
    assert len(described) == len(names)


@pytest.mark.parametrize("name", CASES)
def test_a_case_changes_one_section_of_base(name):
    key, value = CASES[name]
    base, case = (kwev_config.load_config(n, ROOT / "config").as_dict() for n in ("base", name))
    section, leaf = key.split(".")
    assert case[section][leaf] == value != base[section][leaf]
    changed = {key for key in base if base[key] != case[key]}
    assert changed == {section, "description"}


@pytest.mark.parametrize(
    ("name", "settled"),
    [
        ("base", (4e6, 0.95, 0.85, 500, 5_000)),
        ("aggressive", (6e6, 0.95, 0.90, 400, 3_000)),
        ("balanced", (4e6, 0.90, 0.85, 500, 5_000)),
        ("conservative", (2e6, 0.85, 0.75, 800, 7_000)),
        ("high_budget", (25e6, 0.95, 0.85, 500, 5_000)),
        ("low_budget", (0.25e6, 0.95, 0.85, 500, 5_000)),
        ("ev_2030", (4e6, 0.95, 0.85, 500, 5_000)),
    ],
)
def test_scenarios_are_as_settled(name, settled):
    c = kwev_config.load_config(name, ROOT / "config")
    radii = (c.coverage.l2_radius_m, c.coverage.l3_radius_m)
    assert (c.budget.limit_cad, c.targets.l2, c.targets.l3, *radii) == settled


def test_a_scenario_changes_only_what_it_names():
    base = kwev_config.load_config("base", ROOT / "config").as_dict()
    conservative = kwev_config.load_config("conservative", ROOT / "config").as_dict()
    assert conservative["targets"]["ev_owners"] == base["targets"]["ev_owners"]
    assert conservative["coverage"]["metric"] == base["coverage"]["metric"]
    for section in ("weights", "power", "costs", "ports", "demand", "siting", "scores", "solver"):
        assert conservative[section] == base[section]


def test_merge_is_deep_and_leaves_its_inputs_alone():
    base = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    merged = kwev_config.merge(base, {"a": {"c": {"d": 4}}, "f": 5})
    assert merged == {"a": {"b": 1, "c": {"d": 4}}, "e": 3, "f": 5}
    assert base == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}


@pytest.mark.parametrize(
    ("path", "model"), sections(), ids=lambda v: ".".join(v) if isinstance(v, tuple) else ""
)
def test_an_unknown_key_is_refused_at_every_depth(config_dir, path, model):
    known = next(iter(model.model_fields))
    name = write_scenario(config_dir, nested(path, {f"{known}s": 1}))
    with pytest.raises(KwevError) as refused:
        kwev_config.load_config(name, config_dir)
    dotted = ".".join((*path, f"{known}s"))
    assert refused.value.what == f"unknown key {dotted!r}"
    assert refused.value.where == str(config_dir / "scenarios" / "mine.json")
    assert refused.value.hint == f"Did you mean {known!r}?"


def test_a_far_off_key_lists_the_known_ones(config_dir):
    name = write_scenario(config_dir, {"budget": {"zzz": 1}})
    with pytest.raises(KwevError, match=r"Known: limit_cad\."):
        kwev_config.load_config(name, config_dir)


@pytest.mark.parametrize("path", [path for path, _ in sections() if path])
def test_a_missing_section_is_named(config_dir, path):
    base = json.loads((config_dir / "base.json").read_text())
    node = base
    for part in path[:-1]:
        node = node[part]
    del node[path[-1]]
    (config_dir / "base.json").write_text(json.dumps(base))
    with pytest.raises(KwevError, match=rf"missing key '{'.'.join(path)}'"):
        kwev_config.load_config("base", config_dir)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget.limit_cad", -1),
        ("budget.limit_cad", "4000000"),
        ("budget.limit_cad", True),
        ("budget.limit_cad", None),
        ("budget", 4_000_000),
        ("coverage.l2_radius_m", 0),
        ("coverage.l3_radius_m", -5),
        ("coverage.metric", "road"),
        ("coverage.include_outside", 1),
        ("targets.l2", 95),
        ("targets.ev_owners.share", 1.01),
        ("weights", {"people": 0, "ev": 0, "score": 0}),
        ("weights.score", -0.1),
        ("scores.site", {"people": 0.4}),
        ("scores.demand", {"transit": 0.3}),
        ("scores.adjust.traffic", 1.5),
        ("scores.charger_reach_m", 0),
        ("weights.l2", -1),
        ("power.l3_kw", 0),
        ("costs.resale_factor", 1.5),
        ("ports.min_l2", 0),
        ("ports.min_l3", 2.5),
        ("ports.max_new_l2", "10"),
        ("ports", {"min_l3": 9}),
        ("demand.utilisation", 2),
        ("siting.grid_factor", 0),
        ("siting.grid_factor", "1"),
        ("solver.name", "cplex"),
        ("solver.mip_gap", 1),
        ("solver.threads", 0),
        ("description", 3),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(config_dir, key, value):
    name = write_scenario(config_dir, nested(key.split("."), value))
    with pytest.raises(KwevError) as refused:
        kwev_config.load_config(name, config_dir)
    assert refused.value.what.startswith(f"{key}: ")
    assert refused.value.hint
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(config_dir, text):
    path = config_dir / "scenarios" / "mine.json"
    path.write_text('{"budget": {"limit_cad": %s}}' % text)  # noqa: UP031 -- braces of JSON
    with pytest.raises(KwevError):
        kwev_config.load_config("mine", config_dir)


@pytest.mark.parametrize("text", ["[]", "3", '"base"', "null", "{", "", "{'a': 1}"])
def test_a_file_that_is_no_object_is_refused(config_dir, text):
    (config_dir / "scenarios" / "mine.json").write_text(text)
    with pytest.raises(KwevError, match=r"mine\.json"):
        kwev_config.load_config("mine", config_dir)


@pytest.mark.parametrize(("name", "meant"), [("bse", "base"), ("agressive", "aggressive")])
def test_a_misspelt_scenario_names_the_nearest(name, meant):
    with pytest.raises(KwevError, match=f"unknown scenario {name!r}.*Did you mean {meant!r}"):
        kwev_config.load_config(name, ROOT / "config")


def test_with_values_changes_a_copy():
    config = base_config()
    other = config.with_values(budget__limit_cad=1e6, targets__ev_owners__enforce=True)
    assert (other.budget.limit_cad, other.targets.ev_owners.enforce) == (1e6, True)
    assert config.budget.limit_cad == 4e6


@pytest.mark.parametrize(
    "change", [{"budget__limit": 1}, {"budgets__limit_cad": 1}, {"budget__limit_cad__x": 1}]
)
def test_with_values_refuses_unknown_keys(change):
    with pytest.raises(KwevError, match="unknown key"):
        base_config(**change)


def test_the_configuration_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        base_config().budget.limit_cad = 1.0


def test_hashes_follow_what_is_planned():
    config = base_config()
    slower = config.with_values(solver__time_limit_s=1.0, description="another text")
    dearer = config.with_values(costs__l2_port_cad=5_001.0)
    assert slower.sha256() != config.sha256()
    assert slower.planning_sha256() == config.planning_sha256()
    later = config.with_values(phasing__periods=12, phasing__crews__l2=1)
    assert later.sha256() != config.sha256()
    assert later.planning_sha256() == config.planning_sha256()
    assert dearer.planning_sha256() != config.planning_sha256()


def test_integers_and_floats_are_the_same_configuration():
    whole = base_config(budget__limit_cad=4_000_000)
    assert whole.sha256() == base_config(budget__limit_cad=4_000_000.0).sha256()


def test_capacities_know_every_category_of_the_data():
    assert set(PLACE_CATEGORIES) == {*SITE_CATEGORIES, "existing_station"}


UNITS = {
    "_cad": "CAD",
    "_m": "(m)",
    "_kw": "(kW)",
    "_volts": "(V)",
    "_s": "(s)",
    "kwh_per_ev_year": "(kWh)",
}


@pytest.mark.parametrize(
    ("model", "name"),
    [(m, n) for path, m in sections() for n in m.model_fields if path or n == "description"],
)
def test_every_value_is_described_with_its_unit(model, name):
    description = model.model_fields[name].description
    assert description
    assert description.endswith(".")
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            assert unit in description
