"""The monthly renewal as a script: what it commits and lists, with commands that stand for kwev."""

from __future__ import annotations

import sys

import pytest
from renewals import clone, git, programs, push

KWEV = f"""#!{sys.executable}
import os, sys
from pathlib import Path
command = " ".join(sys.argv[1:])
with open(os.environ["LOG"], "a") as log:
    log.write(f"kwev {{command}}\\n")
if command == "data" and os.environ.get("MOVED"):
    Path("data/processed/das.csv").write_text("da_id\\n2\\n")
if command == "fetch":
    Path("data/sources.json").write_text("fetched now\\n")
    Path("data/raw/new.csv").write_text("raw\\n")
if command == "expect":
    Path("tests/chapters/expected.json").write_text("moved\\n")
told = {{"fetch --offline --diff": "1 station opened: <script>alert(1)</script> ```"}}
print(told.get(command, f"told by {{command}}"))
code = dict(pair.split("=") for pair in os.environ.get("CODES", "").split(",") if pair)
raise SystemExit(int(code.get(command, 0)))
"""


@pytest.fixture
def place(tmp_path):
    made = clone(tmp_path)
    for name, text in (
        ("data/processed/das.csv", "da_id\n1\n"), ("data/sources.json", "as registered\n"),
        ("tests/chapters/expected.json", "as expected\n"), ("DATA_LICENCES.md", "notices\n"),
        ("data/targets.json", "watched\n"), ("data/results/budget.csv", "kept\n"),
        (".gitignore", "/build/\n/data/raw\n"),
    ):  # fmt: skip
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
        (made.root / name).write_text(text)
    push(made)
    programs(made, kwev=KWEV)
    return made


def test_where_nothing_moved_nothing_is_solved_and_nobody_asked(place):
    done = place.renew()
    assert done.returncode == 0, done.stderr
    assert place.asked == [
        "gh release view raw", "kwev fetch", "kwev fetch --offline --diff", "kwev data",
    ]  # fmt: skip
    assert place.branches == ["main"]


def test_what_moved_is_computed_again_committed_and_listed(place):
    done = place.renew(MOVED="1")
    assert done.returncode == 0, done.stderr
    kwev = [line for line in place.asked if line.startswith("kwev ")]
    assert kwev[3:] == ["kwev monitor --from-processed", "kwev sweep", "kwev expect", "kwev render"]
    (branch,) = set(place.branches) - {"main"}
    assert branch.startswith("renew/20")
    changed = git(place.remote, "diff", "--name-only", "main", branch).split()
    assert changed == [
        "data/processed/das.csv",
        "data/sources.json",
        "tests/chapters/expected.json",
    ]
    create = place.asked[-1]
    assert create.startswith(f"gh pr create --head {branch} --title Renewal of ")
    assert create.endswith("--body-file build/renewal.md")
    headings = [line[3:] for line in place.list.splitlines() if line.startswith("## ")]
    assert headings == [
        "Sources: what was fetched", "Sources: what changed", "Tables", "Targets", "Studies",
        "Numbers of the book", "Book",
    ]  # fmt: skip


def test_what_a_region_does_not_keep_is_not_renewed(place):
    for name in ("data/targets.json", "data/results/budget.csv", "tests/chapters/expected.json"):
        git(place.root, "rm", "-q", name)
    push(place)
    done = place.renew(MOVED="1")
    assert done.returncode == 0, done.stderr
    kwev = [line for line in place.asked if line.startswith("kwev ")]
    assert kwev[3:] == ["kwev render"]
    assert len(place.branches) == 2


def test_a_name_from_a_source_is_code_in_the_list(place):
    place.renew(MOVED="1")
    (line,) = [line for line in place.list.splitlines() if "<script>" in line]
    assert line.startswith("    1 station opened")
    before = place.list.splitlines()[place.list.splitlines().index(line) - 1]
    assert before == ""  # a blank line makes it a block of code


def test_a_request_that_is_open_is_renewed(place):
    done = place.renew(MOVED="1", OPEN="1")
    assert done.returncode == 0, done.stderr
    assert place.asked[-1].startswith("gh pr edit renew/")
    assert not any(line.startswith("gh pr create") for line in place.asked)


def test_a_silent_publisher_and_a_lost_target_are_listed_and_stop_nothing(place):
    done = place.renew(MOVED="1", CODES="fetch=2,monitor --from-processed=3")
    assert done.returncode == 0, done.stderr
    assert len(place.branches) == 2
    assert "    told by fetch\n" in place.list
    assert "    told by monitor --from-processed\n" in place.list


@pytest.mark.parametrize(
    ("codes", "ended"),
    [("data=2", 2), ("monitor --from-processed=2", 2), ("sweep=70", 70), ("expect=2", 2),
     ("render=2", 2), ("fetch=130", 130), ("fetch --offline --diff=2", 2)],
)  # fmt: skip
def test_a_command_that_fails_ends_it_and_nothing_is_pushed(place, codes, ended):
    done = place.renew(MOVED="1", CODES=codes)
    assert done.returncode == ended
    assert f"ended with {ended}; nothing was committed." in done.stderr
    assert place.branches == ["main"]
    assert git(place.root, "log", "--oneline").count("\n") == 0


def test_by_hand_it_ends_with_the_commit(place):
    done = place.renew("--local", MOVED="1")
    assert done.returncode == 0, done.stderr
    assert not any(line.startswith("gh ") for line in place.asked)
    assert git(place.root, "log", "-1", "--format=%s").startswith("Renewal of ")
    assert place.branches == ["main"]
