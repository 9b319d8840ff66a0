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
settings.load_profile("kwev")

LONG_FOLDERS = frozenset({"chapters", "cli", "model", "pipeline", "properties", "site"})
LONG_FIXTURES = frozenset({"base_plan", "browser", "recommended", "rendered"})
"""What `make test-fast` leaves out: folders, and what waits for a plan, a book or a browser."""


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
