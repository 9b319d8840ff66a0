"""Chapters as notebooks: run in order, inline values, and failures that name their place."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest

from kwev.book.chapters import read_chapter
from kwev.book.execute import build, execute, inline_values, value_markdown
from kwev.errors import KwevError


def chapter(book, number=1):
    return read_chapter(book.root, book.pages[number])


def test_inline_expressions_are_cells_in_their_place(make_book):
    notebook = build(chapter(make_book(), 0))
    kinds = [cell.metadata.kwev.get("kind", "markdown") for cell in notebook.cells]
    assert kinds == ["setup", "markdown", "cell", "markdown", "inline", "inline"]


def test_a_chapter_runs_and_keeps_its_outputs(make_book):
    book = make_book()
    executed = execute(chapter(book), book.root / "build" / "notebooks")
    ((where, expression, value),) = inline_values(executed)
    assert (where, expression, value) == (
        "chapters/01-cover.qmd:36",
        "squares.share(squares.ONE)",
        "27.8 %",
    )
    stored = nbformat.read(book.root / "build" / "notebooks" / "01-cover.ipynb", as_version=4)
    figures = [o for cell in stored.cells for o in cell.get("outputs", []) if "data" in o]
    assert any("image/svg+xml" in output["data"] for output in figures)


@pytest.mark.parametrize(
    ("overlay", "parts"),
    [
        ("failing-cell", ["chapters/01-cover.qmd:11", "AttributeError", "nothing_here"]),
        ("wrong-inline", ["chapters/01-cover.qmd:8", "squares.no_such_value()", "AttributeError"]),
        ("error-value", ["chapters/01-cover.qmd:7", "gives nan"]),
    ],
)
def test_a_failure_names_chapter_line_and_cell(make_book, overlay, parts):
    book = make_book(overlay)
    with pytest.raises(KwevError) as caught:
        execute(chapter(book), book.root / "build")
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_a_cell_that_runs_too_long_is_stopped(make_book):
    book = make_book()
    path = book.root / "chapters" / "01-cover.qmd"
    path.write_text("# T {#sec-t}\n\n```{python}\nimport time\ntime.sleep(60)\n```\n")
    with pytest.raises(KwevError, match=r"longer than 1 s .*01-cover"):
        execute(chapter(book), book.root / "build", timeout_seconds=1)


def test_python_that_cannot_be_parsed_is_refused_before_running(make_book):
    book = make_book()
    path = book.root / "chapters" / "01-cover.qmd"
    path.write_text("# T {#sec-t}\n\n```{python}\nx = (\n```\n")
    with pytest.raises(KwevError, match=r"not valid Python.*01-cover\.qmd:4"):
        build(chapter(book))
    path.write_text("# T {#sec-t}\n\nIs `{python} x = 1`.\n")
    with pytest.raises(KwevError, match=r"inline expression is not valid Python.*01-cover\.qmd:3"):
        build(chapter(book))


@pytest.mark.parametrize(
    ("data", "markdown"),
    [
        ({"text/markdown": "**3** %", "text/plain": "3"}, "**3** %"),
        ({"text/plain": "'a_b'"}, r"a\_b"),
        ({"text/plain": "12"}, "12"),
    ],
)
def test_an_inline_value_reads_as_under_quarto(data, markdown):
    assert value_markdown([{"output_type": "execute_result", "data": data}]) == markdown


@pytest.mark.slow
@pytest.mark.parametrize(("overlay", "passes"), [("", True), ("not-deterministic", False)])
def test_nbval_catches_what_differs_on_a_second_run(make_book, overlay, passes):
    book = make_book(overlay)
    folder = book.root / "build"
    execute(chapter(book), folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "--nbval-current-env",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
            "--rootdir",
            str(folder),
            str(folder / "01-cover.ipynb"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert (done.returncode == 0) is passes, done.stdout
    if not passes:
        assert "uuid.uuid4" in done.stdout
