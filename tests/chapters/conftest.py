"""The plans that chapters show are solved before the first of them runs, as `make book` does."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _plans_in_the_store():
    from kwev.report.scenario import load_report, prepare

    prepare(load_report())
