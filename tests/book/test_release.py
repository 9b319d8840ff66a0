"""A release of a small book: what it holds, the same bytes again, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from kwev.errors import KwevError
from kwev.files import write_json
from kwev.project import Project
from kwev.release import bundle
from kwev.release.bundle import release
from kwev.release.changes import NONE_MOVED, change_list
from kwev.release.checkout import clean_checkout
from kwev.release.dependencies import bill_of_materials, dependencies, licence_report

FIXTURES = Path(__file__).parent / "fixtures"
LOCK = f"""\
numpy=={version("numpy")} \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
pandas=={version("pandas")} \\
    --hash=sha256:{"c" * 64}
python-dateutil=={version("python-dateutil")} \\
    --hash=sha256:{"d" * 64}
no-such-tool==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:{"e" * 64}
"""


def git(root, *arguments):
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    done = subprocess.run(
        ["git", "-C", root, *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(root, words="more"):
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", words)


def numbers(**values):
    """Return a file of expected numbers, each allowed to be half of one off."""
    kept = {
        name: {"value": value, "unit": "CAD", "origin": "toy", "within": 0.5}
        for name, value in values.items()
    }
    return {
        "scenario": "toy", "geography": "da", "inputs_sha256": "0", "config_sha256": "0",
        "numbers": kept,
    }  # fmt: skip


def put(root, *, expected, sources, release="0.2.0"):
    """Write what a release reads of a checkout."""
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "toy"\nversion = "{release}"\ndependencies = ["pandas>=2"]\n'
    )
    (root / "CITATION.cff").write_text(
        f"title: Squares\nversion: {release}\ndate-released: 2026-11-30\nlicense: MIT\n"
        "authors:\n  - name: The kwev authors\n"
    )
    (root / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n- a square *more*\n\n## Old\n"
    )
    (root / "requirements.txt").write_text(LOCK)
    (root / ".gitignore").write_text("__pycache__/\n/_book/\n/build/\n/assets/\n")
    for name in ("LICENSE", "DATA_LICENCES.md"):
        (root / name).write_text(f"{name}\n")
    write_json(root / "tests" / "chapters" / "expected.json", numbers(**expected))
    entries = [{"id": name, "sha256": digest} for name, digest in sources.items()]
    write_json(root / "data" / "sources.json", {"sources": entries})


@pytest.fixture(scope="module")
def checkout_of_squares(tmp_path_factory):
    """Return a clone with a tagged release, changes since, and its book rendered."""
    from kwev.book.render import render

    root = tmp_path_factory.mktemp("release") / "squares"
    shutil.copytree(FIXTURES / "good", root)
    git(root.parent, "init", "-q", str(root))
    put(root, release="0.1.0", expected={"cost": 10, "gone": 1}, sources={"a": "1", "b": "1"})
    commit(root, "the first")
    git(root, "tag", "v0.1.0")
    put(root, expected={"cost": 12, "near": 1}, sources={"a": "1", "b": "2", "c": "1"})
    commit(root, "the second")
    render(root, engine="preview", progress=False, facts={"Scenario": "squares"})
    return root


@pytest.fixture
def root(checkout_of_squares, tmp_path):
    """Return a copy of it, free to break."""
    return Path(shutil.copytree(checkout_of_squares, tmp_path / "squares"))


@pytest.fixture(scope="module")
def released(checkout_of_squares, tmp_path_factory):
    return release(Project(checkout_of_squares), tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def unpacked(released, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(released.path) as archive:
        archive.extractall(folder)
    return folder / "kwev-0.2.0"


def test_a_bundle_holds_the_book_and_all_that_belongs_to_it(released, unpacked):
    names = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    assert names >= {
        "site/index.html", "site/squares.pdf", "site/downloads.json", "site/manifest.json",
        "README.md", "CHANGES.md", "CITATION.cff", "LICENSE", "DATA_LICENCES.md", "codemeta.json",
        "bom.json", "DEPENDENCIES.md", "source.tar", "datapackage.json", "SHA256SUMS",
    }  # fmt: skip
    assert len(names) == released.files
    told = (unpacked / "README.md").read_text()
    assert "Scenario: squares" in told
    tops = {name for name in names if "/" not in name}
    assert all(f"`{name}`" in told for name in tops)


def test_every_file_fits_its_checksum(released, unpacked):
    lines = (unpacked / "SHA256SUMS").read_text().splitlines()
    known = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {
        path.relative_to(unpacked).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in unpacked.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert known == there
    assert list(known) == sorted(known)
    beside = released.path.with_name("kwev-0.2.0.zip.sha256").read_text()
    assert beside == f"{hashlib.sha256(released.path.read_bytes()).hexdigest()}  kwev-0.2.0.zip\n"


def test_the_source_is_what_is_committed(unpacked, checkout_of_squares):
    done = subprocess.run(
        ["tar", "-tf", unpacked / "source.tar"], capture_output=True, text=True, check=True
    )
    files = {name for name in done.stdout.split() if not name.endswith("/")}
    assert files == {f"kwev-0.2.0/{name}" for name in git(checkout_of_squares, "ls-files").split()}


def test_the_same_book_gives_the_same_bytes_again(released, root, tmp_path, monkeypatch):
    """Another folder, other times of files, another mask and another time zone change nothing."""
    for path in root.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (10**9, 10**9))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    mask = os.umask(0o077)
    try:
        again = release(Project(root), tmp_path / "again")
    finally:
        os.umask(mask)
    assert again.path.read_bytes() == released.path.read_bytes()


def test_the_zip_tells_no_time_and_no_owner(released):
    with zipfile.ZipFile(released.path) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert all(name.startswith("kwev-0.2.0/") for name in names)


def test_the_changes_are_those_since_the_tag(unpacked):
    told = (unpacked / "CHANGES.md").read_text()
    assert told.startswith("# kwev 0.2.0, compared with v0.1.0\n")
    assert "- a square *more*" in told
    assert "- moved cost: 10 → 12 CAD (+2, +20.000%; allowed ±0.5)\n- removed gone" in told
    assert "- added near" in told
    assert "- changed: b\n- new: c\n" in told


def test_what_moves_within_its_tolerance_is_not_told(root):
    put(root, expected={"cost": 12.4, "near": 1}, sources={"a": "1", "b": "2", "c": "1"})
    commit(root)
    told = change_list(Project(root), clean_checkout(Project(root)), "HEAD^")
    assert NONE_MOVED in told
    assert "No source changed." in told


def test_without_an_earlier_release_the_changes_say_so(root):
    git(root, "tag", "-d", "v0.1.0")
    told = change_list(Project(root), clean_checkout(Project(root)))
    assert "There is no earlier release here" in told
    with pytest.raises(KwevError, match="no such release: 'v7'"):
        change_list(Project(root), clean_checkout(Project(root)), "v7")


def test_codemeta_and_citation_tell_the_same(unpacked):
    told = json.loads((unpacked / "codemeta.json").read_text())
    assert told["@context"] == "https://w3id.org/codemeta/3.0"
    assert told["version"] == "0.2.0"
    assert told["datePublished"] == "2026-11-30"
    assert told["softwareRequirements"] == ["pandas>=2"]
    assert "version: 0.2.0" in (unpacked / "CITATION.cff").read_text()


def test_the_data_package_is_valid_and_a_changed_file_is_not(unpacked, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    assert frictionless.Package(str(unpacked / "datapackage.json")).validate().valid
    copy = Path(shutil.copytree(unpacked, tmp_path / "copy"))
    (copy / "LICENSE").write_text("none\n")
    assert not frictionless.Package(str(copy / "datapackage.json")).validate().valid


def test_a_data_package_that_is_not_valid_is_refused(root, tmp_path, monkeypatch):
    pytest.importorskip("frictionless")
    made = bundle.metadata.data_package

    def broken(*arguments):
        package = made(*arguments)
        package["resources"][0]["hash"] = "sha256:" + "0" * 64
        return package

    monkeypatch.setattr(bundle.metadata, "data_package", broken)
    with pytest.raises(KwevError, match="data package is not valid: hash-count"):
        release(Project(root), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_frictionless_a_note_says_that_nothing_validated(root, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "frictionless", None)
    assert "was not validated" in release(Project(root), tmp_path).lines[-1]


# -- What is refused.


def changed(root):
    (root / "index.qmd").write_text("changed")


def strange(root):
    (root / "notes.txt").write_text("not committed")


def unrendered(root):
    shutil.rmtree(root / "_book")


def damaged(root):
    (root / "_book" / "index.html").write_text("another")


def lacking(root):
    (root / "_book" / "squares.pdf").unlink()


def older(root):
    (root / "index.qmd").write_text("another text\n")
    commit(root)


def of_two_versions(root):
    path = root / "CITATION.cff"
    path.write_text(path.read_text().replace("0.2.0", "0.3.0"))
    commit(root)


def released_before(root):
    git(root, "tag", "v0.2.0", "HEAD^")


def without_git(root):
    shutil.rmtree(root / ".git")


def without_licence(root):
    git(root, "rm", "-q", "LICENSE")
    git(root, "commit", "-q", "--amend", "-m", "another")
    page = root / "_book" / "index.html"
    manifest = root / "_book" / "manifest.json"
    before = hashlib.sha256(page.read_bytes()).hexdigest()
    head = git(root, "rev-parse", "--short=12", "HEAD")
    old = page.read_text().partition("<dt>Commit</dt><dd>")[2][:12]
    page.write_text(page.read_text().replace(old, head))
    after = hashlib.sha256(page.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(before, after))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (changed, "not committed: index.qmd"),
        (strange, "not committed: notes.txt"),
        (unrendered, "no rendered book"),
        (damaged, "not the book that was rendered: index.html is not the file"),
        (lacking, "not the book that was rendered: squares.pdf cannot be read"),
        (older, "the book was rendered from [0-9a-f]{12}, and the checkout is at [0-9a-f]{12}"),
        (of_two_versions, r"version 0\.3\.0 \(CITATION\.cff\)"),
        (released_before, "version 0.2.0 was released already"),
        (without_git, "git failed"),
        (without_licence, "file cannot be read .*LICENSE"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_is_no_release_is_refused_and_leaves_nothing(root, tmp_path, spoil, words):
    spoil(root)
    with pytest.raises(KwevError, match=words):
        release(Project(root), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# -- What it stands on.


@pytest.fixture(scope="module")
def found(checkout_of_squares):
    return dependencies(checkout_of_squares)


def test_the_bill_of_materials_fits_the_schema_of_cyclonedx(found, checkout_of_squares, project):
    validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    check = validation.JsonStrictValidator(SchemaVersion.V1_6)
    bill = bill_of_materials(checkout_of_squares, found, "0.2.0")
    assert check.validate_str(json.dumps(bill)) is None
    whole = bill_of_materials(project.root, dependencies(project.root), "1.0")
    assert check.validate_str(json.dumps(whole)) is None
    whole["components"][0]["type"] = "nonsense"
    assert check.validate_str(json.dumps(whole)) is not None


def test_the_bill_holds_the_lock_and_who_needs_whom(found, checkout_of_squares):
    bill = bill_of_materials(checkout_of_squares, found, "0.2.0")
    parts = {part["name"]: part for part in bill["components"]}
    assert parts.keys() == {
        "numpy", "pandas", "python-dateutil", "no-such-tool", "leaflet", "plotly.js", "sql.js",
    }  # fmt: skip
    numpy = parts["numpy"]
    assert numpy["version"] == version("numpy")
    assert [one["content"] for one in numpy["hashes"]] == ["a" * 64, "b" * 64]
    assert {name for name, part in parts.items() if part["scope"] == "optional"} == {"no-such-tool"}
    assert parts["no-such-tool"]["properties"][0]["value"] == "sys_platform == 'win32'"
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert needs[parts["pandas"]["bom-ref"]] == [
        numpy["bom-ref"], parts["python-dateutil"]["bom-ref"]
    ]  # fmt: skip
    direct = {parts[name]["bom-ref"] for name in ("pandas", "leaflet", "plotly.js", "sql.js")}
    assert set(needs["pkg:generic/kwev@0.2.0"]) == direct
    again = bill_of_materials(checkout_of_squares, dependencies(checkout_of_squares), "0.2.0")
    assert again == bill


def test_every_package_has_a_licence_in_words(found, project):
    told = licence_report(found)
    assert "| python-dateutil |" in told
    absent = "not installed where this was written"
    assert f"| no-such-tool | 1.0 | {absent} | on other systems |" in told
    whole = dependencies(project.root)
    assert sum(one.licence == absent for one in whole) <= 5
    assert [one.name for one in whole if one.licence == "not told"] == ["axe-playwright-python"]


def test_the_scripts_bear_the_licence_that_lies_beside_them(project):
    said = {one.name: one for one in dependencies(project.root) if "npm" in one.purl}
    for name, folder, words in (
        ("leaflet", "display/assets/leaflet", "BSD 2-Clause License"),
        ("plotly.js", "display/assets/plotly", "MIT License"),
        ("sql.js", "site/assets/sql.js-1.17.0", "MIT license"),
    ):
        assert (project.root / "kwev" / folder / "LICENSE").read_text().startswith(words)
        assert said[name].licence in {"BSD-2-Clause", "MIT"}
        assert said[name].version[0].isdigit()
