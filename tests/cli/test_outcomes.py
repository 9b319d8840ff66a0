"""Every bad input again: one line, one code, nothing lost, and the row that the page has."""

from __future__ import annotations

from collections import Counter

import pytest
from bad_inputs import CASES, RAW
from home_region import FILES
from outcomes import PAGE, elsewhere, of_commands, page, tried

pytestmark = pytest.mark.usefixtures("_parsed_once")


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch):
    """A scheduler that is not there answers no sooner than in a second, and no later either."""
    monkeypatch.setattr("kwev.studies.store.CONNECT_S", 1)


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: f"{bad.kind}: {bad.name}"[:70])
def test_a_bad_input_gives_what_the_page_says(checkout, bad):
    """Where the page alone is another: python tests/outcomes.py --write."""
    if bad.needs_raw and not (RAW / FILES["nrcan"]).is_file():
        pytest.skip("no raw files: set KWEV_RAW or fill data/raw")
    line = tried(checkout, bad).line()
    assert line in PAGE.read_text().splitlines(), line


def test_the_page_has_these_rows_and_no_others():
    told = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    kinds = Counter(line.split(" | ")[0].removeprefix("| ") for line in told)
    assert kinds == Counter(row.kind for row in [*CASES, *elsewhere()])
    assert PAGE.read_text() == page(of_commands(PAGE.read_text()))
    (name, times) = Counter((bad.kind, bad.name) for bad in CASES).most_common(1)[0]
    assert times == 1, name
