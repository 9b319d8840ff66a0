"""Files are written whole or not at all; errors are one line."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from kwev import files
from kwev.errors import KwevError, nearest


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_crash_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    files.write_text(path, "old")

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_a_full_disk_leaves_the_old_file_and_one_line(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    files.write_text(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(KwevError, match="No space left on device"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_a_file_in_the_way_of_a_folder_is_one_line(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(KwevError, match="cannot write"):
        files.write_text(tmp_path / "out" / "plan.json", "x")


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path):
    path = tmp_path / "plan.json"
    files.write_json(path, {"a": 1})
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"a": float("nan")})
    assert path.read_bytes() == before


def test_same_content_gives_the_same_bytes(tmp_path):
    files.write_json(tmp_path / "a", {"b": 1, "a": [0.1, "é"]})
    files.write_json(tmp_path / "b", {"a": [0.1, "é"], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "é".encode() in (tmp_path / "a").read_bytes()
    assert files.sha256_json({"b": 1, "a": 2}) == files.sha256_json({"a": 2, "b": 1})


def test_csv_has_unix_line_ends(tmp_path):
    files.write_csv(tmp_path / "t.csv", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,x\n2,y\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "BOM"),
        (b"[" * 200_000, "not valid JSON"),
        (b"1" * 5_000, "not valid JSON"),
    ],
)
def test_damaged_json_is_one_line(tmp_path, content, reason):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(KwevError, match=reason) as refused:
        files.read_json(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.hint


def test_missing_files_and_folders_are_one_line(tmp_path):
    with pytest.raises(KwevError, match="file not found"):
        files.read_json(tmp_path / "none.json")
    with pytest.raises(KwevError, match="cannot be read"):
        files.read_json(tmp_path)


def test_an_error_is_what_where_hint_in_one_line():
    error = KwevError("bad\nthing.", where="file.json", hint="Mend\n it.")
    assert str(error) == "bad thing (file.json). Mend it."
    assert str(KwevError("bad thing")) == "bad thing."


def test_nearest_suggests_or_lists():
    assert nearest("bse", ["base", "balanced"]) == "Did you mean 'base'?"
    assert nearest("zzz", ["b", "a"]) == "Known: a, b."


def test_json_round_trip_keeps_floats(tmp_path):
    values = [0.1 + 0.2, 1e-300, 12_345_678.9]
    files.write_json(tmp_path / "x.json", values)
    assert json.loads((tmp_path / "x.json").read_text()) == values
