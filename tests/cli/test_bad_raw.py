"""A damaged raw file: one line, exit code 2, and data/processed as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kwev.pipeline.raw import FILES

ROOT = Path(__file__).resolve().parents[2]
NRCAN = FILES["nrcan"]


@pytest.fixture(scope="module")
def raw_dir():
    folder = Path(os.environ.get("KWEV_RAW") or ROOT / "data" / "raw")
    if not (folder / NRCAN).is_file():
        pytest.skip("no raw files: set KWEV_RAW or fill data/raw")
    return folder.resolve()


def at_zero(content: bytes) -> bytes:
    """Move the first station to 0,0."""
    header, first, rest = content.split(b"\n", 2)
    columns, values = header.split(b","), first.split(b",")
    assert b'"' not in first
    for name in (b"Latitude", b"Longitude"):
        values[columns.index(name)] = b"0"
    return b"\n".join([header, b",".join(values), rest])


SPOILS = {
    "missing": (lambda _: None, "missing"),
    "empty": (lambda _: b"", "empty"),
    "truncated": (lambda content: content[: len(content) // 2], NRCAN),
    "renamed column": (lambda content: content.replace(b"Latitude", b"Lat", 1), "Latitude"),
    "coordinate at 0,0": (at_zero, "0.0"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_damaged_raw_file(checkout, raw_dir, tmp_path, name):
    spoil, word = SPOILS[name]
    raw = tmp_path / "raw"
    for file in FILES.values():
        (raw / file).parent.mkdir(parents=True, exist_ok=True)
        (raw / file).symlink_to(raw_dir / file)
    content = spoil((raw_dir / NRCAN).read_bytes())
    (raw / NRCAN).unlink()
    if content is not None:
        (raw / NRCAN).write_bytes(content)
    before = checkout.hashes()
    command = ("data", "--raw", str(raw), "--out", "data/processed")
    # no parser sees what the register does not name, unless its user says so
    expected = "the register" if content else word
    assert checkout.call(*command).is_one_error(expected, NRCAN)
    assert checkout.call(*command, "--accept", NRCAN).is_one_error(word, NRCAN)
    assert checkout.hashes() == before


def test_a_file_that_nobody_reads_cannot_be_accepted(checkout):
    ended = checkout.call("data", "--accept", NRCAN + "x")
    assert ended.is_one_error("--accept", f"Did you mean {NRCAN!r}")


@pytest.mark.parametrize(
    "where", ["raw", "in raw", "above raw", "checkout", "config", "home", "own"]
)
def test_no_folder_of_others_is_replaced(checkout, tmp_path, monkeypatch, where):
    raw, home = tmp_path / "bundle" / "raw", tmp_path / "home"
    for folder in (raw / "sub", home, tmp_path / "own"):
        folder.mkdir(parents=True)
        (folder / "precious.txt").write_text("mine")
    monkeypatch.setenv("HOME", str(home))
    out = {
        "raw": raw, "in raw": raw / "sub", "above raw": raw.parent, "checkout": checkout.root,
        "config": checkout.root / "config", "home": home, "own": tmp_path / "own",
    }[where]  # fmt: skip
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    ended = checkout.call("data", "--raw", str(raw), "--out", str(out))
    assert ended.is_one_error("the output folder", "Nothing was touched", str(out))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_no_raw_folder_at_all(checkout):
    before = checkout.hashes()
    assert checkout.run("data", KWEV_RAW="nowhere").is_one_error("nowhere")
    assert checkout.hashes() == before
