"""The page on the levels of RAP: every criterion is there, and what it denies is still not so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from kwev.config import read_publisher

ROOT = Path(__file__).resolve().parents[2]
CRITERIA = {"Baseline": 5, "Silver": 9, "Gold": 4}
"""Criteria by level, as the NHS community counted them in September 2024."""


def rows():
    """Return level, criterion, state and evidence of each row."""
    level, found = "", []
    for line in (ROOT / "docs" / "rap.md").read_text().splitlines():
        if line.startswith("## "):
            level = line[3:].partition(":")[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"criterion", "---"}:
            found.append((level, *cells))
    return found


def test_every_criterion_has_a_state_and_its_evidence():
    found = rows()
    levels = [row[0] for row in found]
    assert {level: levels.count(level) for level in CRITERIA} == CRITERIA
    assert {row[2] for row in found} <= {"met", "in part", "not met"}
    assert all(len(row) == 4 and len(row[3]) > 20 for row in found)


def test_the_level_that_it_claims_follows_from_its_rows():
    text = (ROOT / "docs" / "rap.md").read_text()
    has_baseline = all(row[2] == "met" for row in rows() if row[0] == "Baseline")
    assert ("has not reached the baseline" in text) is not has_baseline


def test_what_it_says_is_missing_is_missing():
    """With a publisher or a first release, the page has to change."""
    states = {row[1]: row[2] for row in rows()}
    (published,) = [state for name, state in states.items() if "published in the open" in name]
    publisher = read_publisher(ROOT / "config")
    assert (published == "met") is bool(publisher.site and publisher.repository)
    done = subprocess.run(
        ["git", "-C", ROOT, "tag", "--list", "v*"], capture_output=True, text=True, check=False
    )
    if done.stdout.split():  # a clone may be without tags
        assert states["Changes are signposted"] == "met"


def test_people_who_read_the_house_rules_find_it():
    for name in ("README.md", "CONTRIBUTING.md"):
        assert re.search(r"\]\(docs/rap\.md\)", (ROOT / name).read_text())
