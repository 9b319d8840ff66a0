"""The doctor's findings, the folders of a checkout, and the physical constants."""

from __future__ import annotations

import math
import re

import pytest

from kwev import doctor, units
from kwev.doctor import examine
from kwev.errors import KwevError
from kwev.project import Project, find_project


def finding(project, what):
    (found,) = [f for f in examine(project) if f.what == what]
    return found


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


def test_missing_data_is_missing_and_missing_raw_is_a_note(tmp_path, monkeypatch):
    monkeypatch.delenv("KWEV_RAW", raising=False)
    empty = Project(tmp_path)
    assert finding(empty, "data/processed").mark == "missing"
    assert finding(empty, "raw data").mark == "note"


def test_an_old_python_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 14))
    assert finding(Project(tmp_path), "Python").mark == "missing"


@pytest.mark.parametrize(
    ("licence", "mark"),
    [("full", "ok"), ("none", "note"), ("size-limited, non-production", "note")],
)
def test_gurobi_is_never_a_must(monkeypatch, tmp_path, licence, mark):
    monkeypatch.setattr(doctor, "gurobi_licence", lambda: licence)
    assert finding(Project(tmp_path), "Gurobi").mark == mark


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
    assert (units.CRS_METRES, units.CRS_DEGREES) == ("EPSG:26917", "EPSG:4326")


def test_three_phase_arithmetic_of_the_specification():
    """350 kW at 480 V and 0.95 draw 443 A and 368 kVA; two ports need 737 kVA."""
    from toy import base_config

    power = base_config().power
    apparent_kva = power.l3_kw / power.power_factor
    current_a = apparent_kva * 1_000 / (units.SQRT3 * power.l3_volts)
    assert round(apparent_kva) == 368
    assert round(2 * apparent_kva) == 737
    assert round(current_a) == 443
