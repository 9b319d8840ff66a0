"""The doctor's findings, the folders of a checkout, and the physical constants."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from kwev import doctor, units
from kwev.doctor import examine
from kwev.errors import KwevError
from kwev.files import sha256_bytes, write_json
from kwev.lock import asked_for, read_lock
from kwev.project import Project, find_project
from kwev.sets import write_set


def finding(project, what):
    (found,) = [f for f in examine(project) if f.what == what]
    return found


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """Return a checkout with nothing in it, and no key."""
    monkeypatch.delenv("KWEV_RAW", raising=False)
    for key in doctor.KEYS:
        monkeypatch.delenv(key, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "base.json").write_text("{}")
    return Project(tmp_path)


def test_the_lock_is_hashed_and_setup_insists_on_it(project):
    for name, most in (("requirements.txt", 1_000), ("requirements-uv.txt", 1)):
        text = (project.root / name).read_text().replace("\\\n", " ")
        rows = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert most / 10 < len(rows) <= most
        for row in rows:
            hashed = r"[a-z0-9._-]+(\[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}"
            assert re.match(hashed, row), row[:80]
    # `make newest` alone asks for what no lock holds: the newest versions
    setup = (project.root / "Makefile").read_text().partition("\nnewest:")[0]
    lines = setup.partition("$(STAMP):")[2].replace("\\\n", " ").splitlines()
    installs = [
        part for line in lines for part in re.split(r"[;{}|]+", line)
        if re.search(r"\$\(PIP\)|pip install", part)
    ]  # fmt: skip
    assert [("--require-hashes" in one) or ("--no-deps" in one) for one in installs] == [True] * 4
    code = "".join(path.read_text() for path in (project.root / "kwev").rglob("*.py"))
    assert not re.search(
        r"[\"']-?m?[\"', ]*pip[\"', ]+[\"']?install|ensurepip|pip\._internal", code
    )


def test_the_doctor_is_content_here(project):
    findings = examine(project)
    assert [f.what for f in findings if f.mark == "missing"] == []
    assert all(f.detail for f in findings)


def test_whatever_is_not_right_has_a_remedy(project, empty):
    findings = [*examine(project), *examine(empty)]
    assert all(f.remedy.endswith(".") for f in findings if f.mark != "ok")
    assert not any(f.remedy for f in findings if f.mark == "ok")


def test_missing_data_is_missing_and_missing_raw_is_a_note(empty):
    assert finding(empty, "data/processed").mark == "missing"
    assert finding(empty, "raw data").mark == "note"


def test_an_old_python_is_missing_and_a_new_one_a_note(monkeypatch, empty):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 14))
    assert finding(empty, "Python").mark == "missing"
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    assert finding(empty, "Python").mark == "note"


def test_a_python_that_is_too_old_for_pyproject_is_no_traceback(monkeypatch, project):
    monkeypatch.setitem(sys.modules, "tomllib", None)
    assert asked_for(project.root) == []
    assert finding(project, "data/processed").mark == "ok"


@pytest.mark.parametrize(
    ("licence", "mark", "words"),
    [
        ("full", "ok", "no limits"),
        ("none", "note", "HiGHS is used"),
        ("size-limited, non-production", "note", "at most 2,000 variables"),
    ],
)
def test_gurobi_is_never_a_must(monkeypatch, empty, licence, mark, words):
    monkeypatch.setattr("kwev.solve.solvers.gurobi_licence", lambda: licence)
    found = finding(empty, "Gurobi")
    assert found.mark == mark
    assert words in found.detail


def test_packages_are_held_against_the_lock(empty):
    """One as locked, one in another version, one that is needed and absent, one that is not."""
    here = version("numpy")
    rows = [
        f"numpy=={here}", "pandas==0.0.1", "no-such-solver==1.0", "no-such-tool==2.0",
        "no-such-thing==1 ; python_version < '3'",
    ]  # fmt: skip
    hashes = "".join(f" \\\n    --hash=sha256:{c * 64}" for c in "ab")
    (empty.root / "requirements.txt").write_text("".join(f"{row}{hashes}\n" for row in rows))
    needs = '[project]\ndependencies = ["numpy>=1", "No_Such.Solver>=1  "]\n'
    (empty.root / "pyproject.toml").write_text(needs)
    assert finding(empty, "packages").detail == "1 of 4 as in requirements.txt"
    lacking = finding(empty, "packages needed")
    assert (lacking.mark, lacking.detail) == ("missing", "no-such-solver")
    rest = finding(empty, "packages not here")
    assert (rest.mark, rest.detail) == ("note", "no-such-tool")
    assert finding(empty, "other versions").detail == (f"pandas {version('pandas')} (lock: 0.0.1)")
    first = read_lock(empty.root / "requirements.txt")[0]
    assert first.sha256 == ("a" * 64, "b" * 64)


def test_a_lock_that_pins_nothing_is_one_line(empty):
    (empty.root / "requirements.txt").write_text("numpy>=1\n")
    with pytest.raises(KwevError, match="not a pinned package: numpy>=1"):
        read_lock(empty.root / "requirements.txt")
    assert finding(empty, "packages").mark == "note"


@pytest.mark.parametrize(
    ("says", "mark", "words"),
    [
        ("echo 1.10.3", "ok", "1.10.3"),
        ("echo 1.9.37", "note", "older than the book"),
        ("echo 2.0.1", "ok", "2.0.1"),
        ("exit 1", "note", "does not run"),
    ],
)
def test_quarto_is_asked_for_its_version(empty, monkeypatch, says, mark, words):
    program = empty.root / "bin" / "quarto"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setattr(doctor.sys, "executable", str(program.parent / "python"))
    found = finding(empty, "Quarto")
    assert found.mark == mark
    assert words in found.detail


@pytest.mark.parametrize("name", doctor.KEYS)
def test_a_key_is_told_of_and_never_told(empty, monkeypatch, name):
    what, key = f"key of {doctor.KEYS[name][0]}", "planted-1f6e0d"
    assert finding(empty, what).mark == "note"
    (empty.root / ".env").write_text(f"OTHER={key}\n{name}=\n")
    assert finding(empty, what).mark == "note"
    (empty.root / ".env").write_text(f"{name}={key}\n")
    assert finding(empty, what).mark == "ok"
    (empty.root / ".env").unlink()
    monkeypatch.setenv(name, key)
    assert finding(empty, what).mark == "ok"
    findings = examine(empty)
    assert key not in "".join([*doctor.told(findings), *doctor.told(findings, as_json=True)])


def test_raw_files_are_held_against_the_register(empty):
    raw = empty.root / "data" / "raw"
    raw.mkdir(parents=True)
    kept = {name: sha256_bytes(name.encode()) for name in ("a.csv", "b.csv", "c.csv")}
    sources = [{"file": name, "sha256": known} for name, known in kept.items()]
    write_json(empty.register, {"sources": sources})
    for name in kept:
        (raw / name).write_text(name)
    assert finding(empty, "raw data").mark == "ok"
    (raw / "b.csv").write_text("changed")
    (raw / "c.csv").unlink()
    found = finding(empty, "raw data")
    assert (found.mark, found.detail) == ("note", "missing, or not as registered: b.csv, c.csv")


def test_a_changed_table_is_missing(empty):
    write_set(empty.processed, {"das.csv": "da_id\n1\n"})
    (empty.processed / "das.csv").write_text("da_id\n2\n")
    found = finding(empty, "data/processed")
    assert found.mark == "missing"
    assert "das.csv is not the file" in found.detail


def test_what_stands_in_the_way_of_writing_is_missing(empty, monkeypatch):
    assert finding(empty, "writing build/").detail == "allowed; made when needed"
    (empty.root / "build").write_text("")
    assert "is a file" in finding(empty, "writing build/").detail
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert "may not be written to" in finding(empty, "writing _book/").detail


@pytest.mark.parametrize(("free", "mark"), [(50, "ok"), (2, "note"), (0.5, "missing")])
def test_a_full_disk_is_missing(empty, monkeypatch, free, mark):
    usage = SimpleNamespace(free=free * 1e9)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert finding(empty, "disk").mark == mark


def test_a_bare_machine_is_told_what_it_lacks(project):
    """Without any package (-S) neither the doctor nor the command ends in a traceback."""

    def bare(*arguments):
        return subprocess.run(
            [sys.executable, "-S", "-m", *arguments],
            cwd=project.root, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = bare("kwev.doctor", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["ready"]) == (2, "", False)
    missing = {one["what"]: one for one in told["findings"] if one["mark"] == "missing"}
    assert missing.keys() == {"packages needed", "HiGHS"}
    assert {one["remedy"] for one in missing.values()} == {"Run 'make setup'."}
    done = bare("kwev", "scenarios")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no module ")
    assert len(done.stderr.splitlines()) == 1


def test_the_project_is_found_from_below(project):
    assert find_project(project.root / "kwev" / "pipeline").root == project.root


def test_a_folder_elsewhere_falls_back_on_the_installed_checkout(project, tmp_path):
    assert find_project(tmp_path).root == project.root


def test_no_project_anywhere_is_one_line(tmp_path, monkeypatch):
    from kwev import project as module

    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages" / "kwev" / "x.py"))
    with pytest.raises(KwevError, match="no kwev project here"):
        find_project(tmp_path)


def test_raw_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("KWEV_RAW", str(tmp_path / "bundle"))
    assert Project(tmp_path).raw == tmp_path / "bundle"
    monkeypatch.setenv("KWEV_RAW", "")
    assert Project(tmp_path).raw == tmp_path / "data" / "raw"


def test_constants():
    assert units.HOURS_PER_YEAR == 365 * 24
    assert math.isclose(units.SQRT3**2, 3)
    assert units.CRS_DEGREES == "EPSG:4326"


def test_three_phase_arithmetic_of_the_specification():
    """350 kW at 480 V and 0.95 draw 443 A and 368 kVA; two ports need 737 kVA."""
    from toy import base_config

    power = base_config().power
    apparent_kva = power.l3_kw / power.power_factor
    current_a = apparent_kva * 1_000 / (units.SQRT3 * power.l3_volts)
    assert round(apparent_kva) == 368
    assert round(2 * apparent_kva) == 737
    assert round(current_a) == 443
