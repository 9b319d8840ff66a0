"""The documents of the house: a picture that is not stale, and paths that exist."""

from __future__ import annotations

import importlib.util
import re

import pytest

PATH = re.compile(r"`(?:\.\./)*((?:kwev|tests|config|docs|data|benchmarks|chapters)/[\w./-]*)`")


@pytest.fixture(scope="module")
def drawing(project):
    path = project.root / "docs" / "draw_architecture.py"
    spec = importlib.util.spec_from_file_location("draw_architecture", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_drawn_from_the_imports_of_today(drawing, project):
    drawn = (project.root / "docs" / "images" / "architecture.svg").read_text()
    hint = "run `python docs/draw_architecture.py`"
    assert drawn == drawing.picture(project.root), hint


def test_another_import_is_another_picture(drawing, tmp_path, project):
    (tmp_path / "kwev").mkdir()
    (tmp_path / "pyproject.toml").write_text((project.root / "pyproject.toml").read_text())
    for row in drawing.layers(project.root):
        for room in row:
            (tmp_path / "kwev" / f"{room}.py").write_text("")
    bare = drawing.picture(tmp_path)
    (tmp_path / "kwev" / "cli.py").write_text("from kwev.report import plan\n")
    assert drawing.imports(tmp_path).edges == {("cli", "report")}
    assert drawing.picture(tmp_path) != bare


MADE = {"data/raw"}
"""Paths that a user makes: git does not hold them."""


def _documents(root):
    return [
        root / "README.md", root / "CONTRIBUTING.md", root / "DATA_LICENCES.md",
        *sorted((root / "docs").rglob("*.md")),
    ]  # fmt: skip


def test_every_path_in_the_documents_exists(project):
    lost = [
        f"{path.relative_to(project.root)}: {found}"
        for path in _documents(project.root)
        for found in PATH.findall(path.read_text(encoding="utf-8"))
        if found.rstrip("/") not in MADE and not list(project.root.glob(found.rstrip("/")))
    ]
    assert lost == []


def test_every_dotted_name_in_the_documents_is_a_module(project):
    lost = []
    for path in _documents(project.root):
        for name in re.findall(r"`(kwev(?:\.[a-z_]+)+)", path.read_text(encoding="utf-8")):
            parts = name.split(".")
            if not any(
                (project.root / "/".join(parts[:n])).with_suffix(".py").is_file()
                or (project.root / "/".join(parts[:n]) / "__init__.py").is_file()
                for n in (len(parts), len(parts) - 1)
            ):
                lost.append(f"{path.name}: {name}")
    assert lost == []
