"""`kwev sweep`: what it tells of the committed tables, without solving."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def table(checkout, project):
    """Return the table of a small study, copied into the checkout."""
    target = checkout.root / "data" / "results" / "geography.csv"
    target.parent.mkdir()
    shutil.copy(project.results / "geography.csv", target)
    return target


@pytest.mark.usefixtures("table")
def test_sound_rows_are_listed_checked_and_left_as_they_are(checkout):
    before = checkout.hashes()
    listed = checkout.call("sweep", "geography", "--list")
    assert (listed.code, listed.out.split()) == (0, ["geography", "3", "points", "sound"])
    checked = checkout.call("sweep", "geography", "--check")
    assert (checked.code, checked.out) == (0, "3 rows measured again, 0 problems\n")
    made = checkout.call("sweep", "geography")
    assert (made.code, made.out.splitlines()[0]) == (0, "3 points of 1 studies, 0 made now")
    assert checkout.hashes() == before


def test_a_damaged_row_is_named(checkout, table):
    table.write_text(table.read_text().replace("within_gap", "not_proven", 1))
    listed = checkout.call("sweep", "geography", "--list")
    assert listed.code == 0
    assert "1 to make: row 'cell' (line 2) is damaged: its checksum does not fit" in listed.out
    checked = checkout.call("sweep", "geography", "--check")
    assert checked.code == 1
    assert "geography: row 'cell' (line 2) is damaged" in checked.out


def test_an_unknown_study_is_one_line(checkout):
    ended = checkout.call("sweep", "geografy")
    assert ended.is_one_error("unknown study 'geografy'", "Did you mean 'geography'?")
