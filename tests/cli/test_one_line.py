"""One line and one code always: whatever the terminal, the folder or the file, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kwev import outcome
from kwev.errors import KwevError

ROOT = Path(__file__).resolve().parents[2]
LONG = "a" * 300
HALF = "a\udcff"
"""A name that is no UTF-8, as the system hands it over."""


def shell(checkout, script, **environment):
    """Run a shell script in a checkout, with `kwev` in it, and insist on no traceback."""
    prepared = f'kwev() {{ "{sys.executable}" -m kwev.cli "$@"; }}\n{script}'
    done = subprocess.run(
        ["bash", "-c", prepared], cwd=checkout.root, check=False, capture_output=True,
        env={**os.environ, **environment}, errors="backslashreplace", encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize(
    "command",
    [
        ["check", f"{LONG}.json"],
        ["check", f"{HALF}.json"],
        ["check", "/root/../proc/1/mem"],
        ["schedule", f"{LONG}/plan.json"],
        ["schedule", "plan/plan.json", "--out", LONG],
        ["solve", "-g", "tract", "--out", LONG],
        ["solve", "-g", "tract", "-s", LONG],
        ["solve", "-g", "tract", "-s", HALF],
        ["explain", "-s", LONG],
        ["data", "--raw", LONG],
        ["data", "--out", f"{LONG}/x"],
        ["data", "--accept", HALF],
        ["monitor", f"{LONG}-2026-01.csv"],
        ["monitor", f"{HALF}-2026-01.csv"],
        ["monitor", "config", "--date", "2026-01"],
        ["sweep", HALF],
        ["sweep", LONG],
        ["render", "--engine", HALF],
        ["schema", "--out", LONG],
        ["schema", "--out", "/proc/nowhere"],
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG").encode("ascii", "replace").decode(),
)  # fmt: skip
def test_a_name_that_cannot_be(solved, command):
    before = solved.hashes()
    assert solved.call(*command).is_one_error()
    assert solved.hashes() == before


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("kwev scenarios > /dev/full", 2, "No space left on device"),
        ("kwev scenarios >&-", 2, "standard output is closed"),
        ("kwev --help > /dev/full", 2, "No space left"),
        ("kwev check plan/plan.json > /dev/full", 2, "No space left"),
        ("kwev check plan/plan.json >&-", 2, "standard output is closed"),
        ("kwev scenarios 2>&-", 0, ""),
        ("kwev check nowhere.json >&- 2>&-", 2, ""),
        ("kwev check plan/plan.json | true; exit ${PIPESTATUS[0]}", 2, "was closed before"),
        ("mkdir gone && cd gone && rmdir ../gone && kwev scenarios; x=$?; exit $x", 2, "error: "),
        ("TMPDIR=/nowhere HOME=/nowhere kwev check plan/plan.json", 0, ""),
    ],
)
def test_a_terminal_or_folder_that_fails(solved, script, code, words):
    ended = shell(solved, script)
    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == (1 if words else 0), ended.stderr


@pytest.mark.parametrize("command", ["scenarios", "check plan/plan.json", "check Zoë.json"])
def test_an_ascii_terminal(solved, command):
    ended = shell(solved, f"kwev {command}", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert ended.returncode == (2 if "Zo" in command else 0), ended.stderr


def failing(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KwevError("bad\nthing"), 2, "error: bad thing."),
        (MemoryError(), 2, "memory ran out"),
        (PermissionError(13, "Permission denied", "x.json"), 2, "Permission denied (x.json)"),
        (OSError(28, "No space left on device"), 2, "Make room"),
        (BrokenPipeError(32, "Broken pipe"), 2, "Broken pipe"),
        (KeyboardInterrupt(), 130, "stopped by the keyboard"),
        (RecursionError("too deep"), 70, "RecursionError: too deep. This is a fault of kwev"),
        (KeyError("da\nid"), 70, "report it with the command and"),
        (ValueError("half a character \udcff"), 70, "half a character"),
    ],
)
def test_what_escapes_is_one_line_and_a_code_of_the_table(capsys, error, code, words):
    assert outcome.run(failing(error)) == code
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    assert code in outcome.EXIT_CODES


def test_a_fault_leaves_its_traceback_in_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(outcome.tempfile, "tempdir", str(tmp_path))
    assert outcome.run(failing(KeyError("x"))) == 70
    (log,) = tmp_path.iterdir()
    assert str(log) in capsys.readouterr().err
    assert "Traceback" in log.read_text()
    # where no file can be written, the line alone stands
    monkeypatch.setattr(outcome.tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert outcome.run(failing(KeyError("x"))) == 70
    assert "report it with the command and this line" in capsys.readouterr().err


def test_a_crash_of_check_is_not_1(solved, monkeypatch):
    import kwev.certify

    def crash(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(kwev.certify, "certify", crash)
    ended = solved.call("check", "plan/plan.json")
    assert ended.code == 70
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"\x00",
        b"{" * 9999,
    ],
)
def test_json_that_no_file_of_ours_holds(solved, tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    assert solved.call("check", str(path)).is_one_error("not valid JSON")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "help"])
def test_the_table_of_codes_is_documented(solved, name):
    text = solved.call("--help").out if name == "help" else (ROOT / name).read_text()
    flat = " ".join(text.split())
    for code, what in outcome.EXIT_CODES.items():
        assert re.search(rf"{code}\W{{1,5}}{re.escape(what)}", flat), (code, what)
