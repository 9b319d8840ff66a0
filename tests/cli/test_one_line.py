"""One line and one code always: whatever the terminal, the folder or the file, no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from outcomes import script

from kwev import outcome
from kwev.errors import KwevError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", ["scenarios", "check plan/plan.json", "check Zoë.json"])
def test_an_ascii_terminal(solved, command):
    ended = script(solved, f"kwev {command}", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert ended.code == (2 if "Zo" in command else 0), ended.err
    assert "Traceback" not in ended.err + ended.out


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


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "help"])
def test_the_table_of_codes_is_documented(solved, name):
    text = solved.call("--help").out if name == "help" else (ROOT / name).read_text()
    flat = " ".join(text.split())
    for code, what in outcome.EXIT_CODES.items():
        assert re.search(rf"{code}\W{{1,5}}{re.escape(what)}", flat), (code, what)
