"""Every fault of a publisher again: one line, good data untouched, and the row of the page."""

from __future__ import annotations

from collections import Counter

import pytest
from fetch.faults import FAULTS, HEAD, PAGE, of_server


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.source}: {fault.name}")
def test_a_fault_gives_what_the_page_says(fetched, tmp_path, fault):
    """Where the page alone is another: python tests/fetch/faults.py --write."""
    assert of_server(fetched, tmp_path, fault) in PAGE.read_text().splitlines()


def test_the_page_has_these_faults_and_no_others():
    text = PAGE.read_text()
    assert text.startswith(HEAD)
    assert text.endswith(f"\n{len(FAULTS)} faults.\n")
    told = [line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")][1:]
    assert told == [[f"| {fault.source}", fault.name] for fault in FAULTS]
    (_, times) = Counter((fault.source, fault.name) for fault in FAULTS).most_common(1)[0]
    assert times == 1
