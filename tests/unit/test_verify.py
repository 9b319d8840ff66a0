"""Verification: what a clone makes anew is compared; a planted difference is found at its step."""

from __future__ import annotations

import subprocess

import pytest

from kwev.errors import KwevError
from kwev.files import write_json
from kwev.project import Project
from kwev.release.verify import STEPS, run_kwev, verify
from kwev.sets import write_set

NUMBERS = {
    "scenario": "toy", "geography": "da", "inputs_sha256": "0", "config_sha256": "0",
    "numbers": {"cost": {"value": 10, "unit": "CAD", "origin": "toy", "within": 0.5}},
}  # fmt: skip


@pytest.fixture
def toy_project(tmp_path, monkeypatch):
    """Return a small checkout with tables, expected numbers and raw files."""
    monkeypatch.setenv("KWEV_RAW", str(tmp_path / "raw"))
    (tmp_path / "raw").mkdir()
    root = tmp_path / "toy"
    project = Project(root)
    write_set(project.processed, {"das.csv": "da_id\n1\n"})
    write_json(root / "tests" / "chapters" / "expected.json", NUMBERS)
    (root / ".gitignore").write_text("/build/\n/_book/\n")
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "toy"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return project


class Commands:
    """What the commands of a sound checkout leave, and what they were asked for."""

    def __init__(self):
        self.asked = []
        self.renders = 0

    def __call__(self, root, arguments):
        self.asked.append(tuple(arguments))
        return getattr(self, arguments[0])(Project(root))

    def data(self, clone):
        write_set(clone.processed, {"das.csv": "da_id\n1\n"})
        return 0, "wrote 1 table\n"

    def sweep(self, _clone):
        return 0, "12 rows measured again, 0 problems\n"

    def expect(self, clone):
        write_json(clone.root / "tests" / "chapters" / "expected.json", NUMBERS)
        return 0, "no number moved\n"

    def render(self, clone):
        self.renders += 1
        write_set(clone.root / "_book", {"index.html": "book", "a.csv": "1\n"})
        return 0, ""


def differences(project, commands, *steps):
    return {one.step: one.differs for one in verify(project, steps, command=commands)}


def test_a_sound_checkout_is_the_same_at_every_step(toy_project):
    commands = Commands()
    assert differences(toy_project, commands) == dict.fromkeys(STEPS, ())
    raw = str(toy_project.raw)
    assert commands.asked == [
        ("data", "--raw", raw), ("sweep", "--check"), ("expect",), ("render",),
        ("render", "--fresh"),
    ]  # fmt: skip


def test_another_table_is_found(toy_project):
    class Other(Commands):
        def data(self, clone):
            write_set(clone.processed, {"das.csv": "da_id\n2\n", "new.csv": "x\n"})
            return 0, ""

    found = differences(toy_project, Other(), "data")["data"]
    assert found == (
        "data/processed/das.csv is another one", "data/processed/manifest.json is another one",
        "data/processed/new.csv is another one",
    )  # fmt: skip


def test_rows_that_do_not_hold_are_listed(toy_project):
    class Other(Commands):
        def sweep(self, _clone):
            return 1, "budget: row 3 costs more\n1 rows measured again, 1 problems\n"

    found = differences(toy_project, Other(), "results")["results"]
    assert found[0] == "budget: row 3 costs more"


@pytest.mark.parametrize(("value", "moved"), [(10.4, False), (10.6, True)])
def test_a_number_beyond_its_tolerance_is_found(toy_project, value, moved):
    class Other(Commands):
        def expect(self, clone):
            one = {**NUMBERS["numbers"]["cost"], "value": value}
            made = {**NUMBERS, "numbers": {"cost": one}}
            write_json(clone.root / "tests" / "chapters" / "expected.json", made)
            return 0, ""

    found = differences(toy_project, Other(), "numbers")["numbers"]
    assert bool(found) is moved
    assert all("moved    cost: 10 → 10.6" in line for line in found)


def test_a_second_render_that_differs_is_found(toy_project):
    class Other(Commands):
        def render(self, clone):
            super().render(clone)
            more = {"b.csv": "2\n"} if self.renders > 1 else {}
            write_set(clone.root / "_book", {"index.html": f"book {self.renders}", **more})
            return 0, ""

    assert differences(toy_project, Other(), "book")["book"] == (
        "index.html is another one in the second render", "b.csv is in one render alone",
    )  # fmt: skip


def test_what_is_not_committed_is_not_looked_at(toy_project):
    (toy_project.processed / "das.csv").write_text("spoilt")
    assert differences(toy_project, Commands(), "data") == {"data": ()}


def test_a_command_that_fails_is_one_error(toy_project):
    class Failing(Commands):
        def expect(self, _clone):
            return 2, "a line\nerror: no plan was found.\n"

    with pytest.raises(KwevError, match=r"ended with 2: no plan was found \(kwev expect\)"):
        differences(toy_project, Failing(), "numbers")


def test_slips_are_refused_before_anything_is_cloned(toy_project):
    with pytest.raises(KwevError, match=r"unknown step 'nombers'.*Did you mean 'numbers'"):
        differences(toy_project, Commands(), "nombers")
    toy_project.raw.rmdir()
    with pytest.raises(KwevError, match="no raw files"):
        differences(toy_project, Commands())
    assert not (toy_project.build / "verify").exists()
    assert differences(toy_project, Commands(), "results") == {"results": ()}


def test_a_step_tells_at_most_twenty_differences(toy_project):
    class Other(Commands):
        def sweep(self, _clone):
            return 1, "\n".join(f"row {n}" for n in range(30))

    (found,) = verify(toy_project, ["results"], command=Other())
    assert "30 differences" in found.lines[0]
    assert found.lines[-1] == "  and 10 more"


def test_the_clone_runs_its_own_code(tmp_path):
    """The module that runs is that of the folder, not of this checkout."""
    (tmp_path / "kwev").mkdir()
    (tmp_path / "kwev" / "__init__.py").write_text("")
    (tmp_path / "kwev" / "cli.py").write_text("import sys\nprint('own', *sys.argv[1:])\n")
    assert run_kwev(tmp_path, ["data", "--raw", "x"]) == (0, "own data --raw x\n")
