"""The commands of the release room as users run them: one line each where they refuse."""

from __future__ import annotations

import json

import pytest


def test_a_folder_without_git_is_no_release_and_nothing_to_verify(unsolved):
    assert unsolved.call("release").is_one_error("git failed", "Work in a clone of kwev.")
    assert unsolved.call("verify", "numbers").is_one_error("git failed")
    assert not (unsolved.root / "build" / "release").exists()


def test_a_step_that_is_not_known_is_one_line(unsolved):
    assert unsolved.call("verify", "datas").is_one_error("unknown step 'datas'", "'data'")


@pytest.mark.parametrize("broken", [False, True])
def test_the_doctor_tells_programs_what_it_tells_people(unsolved, broken):
    table = unsolved.root / "data" / "processed" / "das.csv"
    content = table.read_bytes()
    if broken:
        table.write_bytes(content[:-1])
    try:
        people, programs = unsolved.call("doctor"), unsolved.call("doctor", "--json")
    finally:
        table.write_bytes(content)
    told = json.loads(programs.out)
    assert people.code == programs.code == (2 if broken else 0)
    assert told["ready"] is not broken
    assert len(told["findings"]) == len(people.out.splitlines())
    for finding, line in zip(told["findings"], people.out.splitlines(), strict=True):
        assert line.startswith(finding["mark"])
        assert finding["what"] in line
        assert finding["remedy"] in line
