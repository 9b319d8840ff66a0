"""Every chapter of the book: runs, repeats itself under nbval, and says nothing that is typed.

A chapter is executed once, which writes its outputs; nbval then runs the notebook again and
compares every output, inline values included, so that what is not deterministic fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from prose import check_citations, check_labels, check_prose, check_subset

from kwev.book import keys
from kwev.book.chapters import read_book, read_chapter
from kwev.book.execute import ENVIRONMENT, inline_problems, inline_values
from kwev.book.kept import Shelf
from kwev.book.papers import chapter_of, papers_of
from kwev.book.preview import require_alt

ROOT = Path(__file__).resolve().parents[2]
SANITIZE = Path(__file__).with_name("sanitize.cfg")
BOOK = read_book(ROOT)
CHAPTERS = {str(page.source): read_chapter(ROOT, page) for page in BOOK.pages}


@pytest.fixture(scope="session")
def shelf():
    """Run the chapters that are not kept, as `make book` does, and with them those of papers."""
    from kwev.report.scenario import load_report, plan_files

    papers = [chapter_of(ROOT, paper) for paper in papers_of(ROOT)]
    plans = keys.of_files(ROOT, plan_files(load_report()))
    return Shelf.of(ROOT, [*CHAPTERS.values(), *papers], plans)


@pytest.fixture(scope="session")
def executed(shelf):
    """Return what runs a chapter, by its source; all are run when the first is asked for."""
    done = {str(one.chapter.page.source): one for one in shelf.run(lays_out=False)}
    return done.__getitem__


@pytest.fixture(scope="module")
def known():
    """Return each number of the book by name, as it is printed."""
    from kwev.report.numbers import everything
    from kwev.report.scenario import load_report

    return {number.name: number._repr_markdown_() for number in everything(load_report())}


@pytest.fixture(scope="module")
def known_in_french():
    from kwev.report.french import in_french
    from kwev.report.numbers import everything
    from kwev.report.scenario import load_report

    french = in_french(everything(load_report()))
    return {number.name: number._repr_markdown_() for number in french}


@pytest.mark.parametrize("source", CHAPTERS)
def test_the_chapter_stays_inside_the_subset(source):
    assert [str(problem) for problem in check_subset(CHAPTERS[source])] == []


@pytest.mark.parametrize("source", CHAPTERS)
def test_the_chapter_types_no_number_and_names_what_it_shows(source):
    assert [str(problem) for problem in check_prose(CHAPTERS[source])] == []


def test_citations_and_labels_match_over_the_book():
    chapters = CHAPTERS.values()
    problems = check_citations(chapters, BOOK.bibliography) + check_labels(chapters)
    assert [str(problem) for problem in problems] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", CHAPTERS)
def test_every_inline_expression_has_a_value(source, executed):
    chapter = executed(source)
    assert inline_problems(chapter) == []
    written = sum(len(block.inlines) for block in CHAPTERS[source].markdown)
    assert len(inline_values(chapter)) == written


@pytest.mark.slow
@pytest.mark.parametrize("source", CHAPTERS)
def test_what_is_printed_for_a_number_is_that_number(source, executed, known, known_in_french):
    forms = {"n": known, "fr": known_in_french}
    printed = [
        (where, *expression.split(".", 1), value)
        for where, expression, value in inline_values(executed(source))
        if re.fullmatch(r"(?:n|fr)\.\w+", expression)
    ]
    wrong = [p for p in printed if forms[p[1]][p[2]] != p[3]]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("source", CHAPTERS)
def test_every_figure_has_a_text_alternative(source, executed):
    chapter = executed(source)
    require_alt(chapter)
    assert all(cell.cell_type != "code" or cell.execution_count for cell in chapter.notebook.cells)


@pytest.mark.slow
def test_every_chapter_repeats_itself_under_nbval(executed, tmp_path):
    """One after the other in one kernel: that each runs alone is shown by how it was executed."""
    move = nbformat.v4.new_code_cell(f"import os; os.chdir({str(ROOT)!r})")
    cells = [cell for source in CHAPTERS for cell in executed(source).notebook.cells]
    again = [move, *(cell for cell in cells if cell.metadata["kwev"]["kind"] != "setup")]
    for number, cell in enumerate(again):
        cell.id = f"cell-{number}"
    metadata = executed("index.qmd").notebook.metadata
    notebook = tmp_path / "book.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=again, metadata=metadata), notebook)
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "--nbval", "--nbval-current-env", "-q", "--no-header"),
            *("--nbval-cell-timeout", "600", "--nbval-sanitize-with", str(SANITIZE)),
            *("-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)),
            str(notebook),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **ENVIRONMENT},  # sums of floats hang on threads
    )
    assert done.returncode == 0, done.stdout
    counted = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert int(counted[1]) == sum(cell.cell_type == "code" for cell in again)
