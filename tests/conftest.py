"""Shared fixtures: the toy builder, the project, its tables and the base plan."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

# A busy machine is no fault: nothing is timed, and the examples are the same on each run.
settings.register_profile(
    "kwev", deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("fast", parent=settings.get_profile("kwev"), max_examples=10)
settings.register_profile("thorough", parent=settings.get_profile("kwev"), max_examples=1_000)
settings.load_profile("kwev")

LONG_FOLDERS = frozenset({"chapters", "cli", "model", "pipeline", "properties", "site"})
LONG_FIXTURES = frozenset({"base_plan", "browser", "recommended", "rendered"})
"""What `make test-fast` leaves out: folders, and what waits for a plan, a book or a browser."""

LONGEST = (
    "chapters/test_chapters.py", "properties/test_brute_force.py",
    "certificate/test_planted_faults.py", "model/test_committed_studies.py",
    "site/test_site.py", "cli/test_outcomes.py", "model/test_sensitivity.py",
    "properties/test_reduction.py", "cli/test_hostile.py", "model/test_study.py",
    "fetch/test_renewal.py", "pipeline/test_raw.py", "cli/test_region.py",
    "site/test_place.py", "book/test_kept.py", "site/test_what_if.py", "cli/test_sets.py",
    "properties/test_covering.py", "model/test_cluster.py", "model/test_scenarios.py",
    "figures/test_maps.py", "properties/test_reasons.py", "chapters/test_claims.py",
    "book/test_notebooks.py", "properties/test_rules.py", "cli/test_solve_and_check.py",
    "properties/test_plans.py",
)  # fmt: skip
"""Files that begin first, the longest at the head: one that begins last keeps one worker alone."""


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="the tests of the inner loop alone")


def pytest_configure(config):
    if config.getoption("--fast"):
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path, config):
    if config.getoption("--fast") and collection_path.parent == Path(__file__).parent:
        return collection_path.name in LONG_FOLDERS or None
    return None


def pytest_collection_modifyitems(config, items):
    folder = Path(__file__).parent
    place = {folder / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
    if not config.getoption("--fast"):
        return
    long = {
        item for item in items
        if item.get_closest_marker("slow") or LONG_FIXTURES & set(getattr(item, "fixturenames", ()))
    }  # fmt: skip
    config.hook.pytest_deselected(items=list(long))
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def project():
    from kwev.project import Project

    return Project(Path(__file__).resolve().parents[1])


@pytest.fixture(scope="session")
def tables(project):
    from kwev.data.tables import load_tables

    return load_tables(project.processed)


@pytest.fixture(scope="module")
def _parsed_once():
    """Parse each content of a table once: tests spoil one file of many, and check all of them."""
    from kwev.data import tables

    parse, done = tables.parsed, {}

    def parsed(content, schema, where):
        at = (Path(where).name, content)
        if at not in done:
            done[at] = parse(content, schema, where)
        return done[at]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "parsed", parsed)
        yield


@pytest.fixture(scope="session")
def base_case(project):
    from kwev.config import Case, load_config

    return Case("base", load_config("base", project.config), "da")


@pytest.fixture(scope="session")
def base_plan(project, tables, base_case):
    """Return the certified base plan at `da`, from the store or solved once."""
    from kwev.studies.store import stored

    return stored(project, tables, base_case).plan


@pytest.fixture(scope="session")
def recommended():
    """Return the report of the plan that the book publishes, from the store or solved once."""
    from kwev.report.scenario import load_report

    report = load_report()
    _ = report.entry
    return report


@pytest.fixture(scope="module")
def browser():
    """Return the one browser of a file of tests: notebooks run in others of the same process."""
    from chromium import chromium, find_browser

    if find_browser() is None:
        pytest.skip("no chromium on the PATH")
    with chromium() as opened:
        yield opened
