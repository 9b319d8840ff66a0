"""Every chapter of the book: runs, repeats itself under nbval, and says nothing that is typed.

A chapter is executed once, which writes its outputs; nbval then runs the notebook again and
compares every output, inline values included, so that what is not deterministic fails. The book's
numbers are the expected ones, and a wrong expectation is told by name: in this file, as all of them
are worked out once in a process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from prose import check_citations, check_labels, check_prose, check_subset

from kwev.book import expected as book_expected
from kwev.book import keys
from kwev.book.chapters import read_book, read_chapter
from kwev.book.execute import ENVIRONMENT, inline_problems, inline_values
from kwev.book.kept import Shelf
from kwev.book.ledger import names_used
from kwev.book.papers import chapter_of, papers_of
from kwev.book.preview import require_alt
from kwev.errors import KwevError
from kwev.project import Project
from kwev.report import numbers, plan, reach, region, stations
from kwev.report.french import in_french
from kwev.report.numbers import everything
from kwev.report.scenario import load_report, plan_files

ROOT = Path(__file__).resolve().parents[2]
SANITIZE = Path(__file__).with_name("sanitize.cfg")
BOOK = read_book(ROOT)
CHAPTERS = {str(page.source): read_chapter(ROOT, page) for page in BOOK.pages}


@pytest.fixture(scope="session")
def shelf():
    """Run the chapters that are not kept, as `make book` does, and with them those of papers."""
    papers = [chapter_of(ROOT, paper) for paper in papers_of(ROOT)]
    plans = keys.of_files(ROOT, plan_files(load_report()))
    return Shelf.of(ROOT, [*CHAPTERS.values(), *papers], plans)


@pytest.fixture(scope="session")
def executed(shelf):
    """Return what runs a chapter, by its source; all are run when the first is asked for."""
    done = {str(one.chapter.page.source): one for one in shelf.run(lays_out=False)}
    return done.__getitem__


@pytest.fixture(scope="module")
def known(report):
    """Return each number of the book by name, as it is printed."""
    return {number.name: number._repr_markdown_() for number in everything(report)}


@pytest.fixture(scope="module")
def known_in_french(report):
    french = in_french(everything(report))
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


# -- the expected numbers -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report():
    return load_report()


@pytest.fixture(scope="module")
def now(report):
    return book_expected.measured(report)


@pytest.fixture(scope="module")
def expected(project):
    return book_expected.read(project)


def test_every_number_of_the_book_is_as_expected(expected, now):
    assert book_expected.problems(expected, now) == []


@pytest.mark.parametrize("source", CHAPTERS)
def test_every_number_a_chapter_prints_is_expected(source, expected, report):
    known = {number.name for number in numbers.everything(report)}
    used = known & set(names_used(CHAPTERS[source]))
    about_the_solver = {n.name for n in plan.of_plan(report) if not book_expected.is_expected(n)}
    assert used - set(expected.numbers) <= about_the_solver


def test_what_is_left_out_is_about_the_solver_and_the_check(report):
    left_out = {n.name for n in numbers.everything(report) if not book_expected.is_expected(n)}
    assert left_out == {"solver", "solver_reason", "checks"}


def test_only_numbers_of_a_solve_have_its_tolerance(report, now):
    """The parts of the book's numbers that need a plan, and no others, may use its gap."""
    data = [n for room in (region, stations, reach) for n in room.numbers(report)]
    data += plan.of_scenario(report)
    for number in data:
        assert not number.origin.startswith(book_expected.SOLVED), number.name
    for name, number in now.numbers.items():
        if isinstance(number.value, str) or number.unit == "count":
            assert number.within == 0, name
        else:
            solved = number.origin.startswith(book_expected.SOLVED)
            assert solved == (number.within > 1e-8 * abs(number.value)), name


def moved(expectation, name, value):
    wrong = replace(expectation.numbers[name], value=value)
    return replace(expectation, numbers={**expectation.numbers, name: wrong})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("stations", lambda value: value + 1),
        ("actions_in_words", lambda value: value.replace("1", "2")),
        ("l2_now", lambda value: value * (1 + 1e-7)),
        ("l2_radius", lambda value: value + 1),
        ("l2_after", lambda value: value + 0.001),
        ("objective", lambda value: value + 0.1),
    ],
)
def test_a_wrong_expectation_is_caught_and_named(expected, now, name, change):
    wrong = moved(expected, name, change(expected.numbers[name].value))
    (problem,) = book_expected.problems(wrong, now)
    assert problem.startswith(f"moved    {name}: ")
    assert "→" in problem


def test_a_move_inside_the_gap_is_shown_to_the_reviewer_and_fails_nothing(now):
    # of two equal sets but for one move: another machine's own moves inside the gap stay out
    near = moved(now, "objective", now.numbers["objective"].value + 0.01)
    assert book_expected.problems(near, now) == []
    (line,) = book_expected.differences(near, now, every=True)
    assert line.startswith("moved    objective: ")
    assert "points" in line
    assert "%" in line


def test_a_tolerance_edited_in_the_file_allows_nothing(expected, now):
    wrong = moved(expected, "stations", expected.numbers["stations"].value + 1)
    loose = replace(wrong.numbers["stations"], within=1e9)
    assert book_expected.problems(
        replace(wrong, numbers={**wrong.numbers, "stations": loose}), now
    ) == book_expected.problems(wrong, now)


def test_a_missing_and_a_surplus_number_are_told(expected, now):
    fewer = {name: n for name, n in expected.numbers.items() if name != "people"}
    (added,) = book_expected.problems(replace(expected, numbers=fewer), now)
    assert added.startswith("added    people: ")
    more = {**expected.numbers, "nothing": expected.numbers["people"]}
    (removed,) = book_expected.problems(replace(expected, numbers=more), now)
    assert removed.startswith("removed  nothing: ")


@pytest.mark.parametrize("key", ["inputs_sha256", "config_sha256", "scenario", "geography"])
def test_a_file_made_from_something_else_is_stale(expected, now, key):
    (problem,) = book_expected.problems(replace(expected, **{key: "other"}), now)
    assert problem.startswith(f"stale: {key} is ")
    assert "make expect" in problem


def test_renewing_tells_old_and_new(tmp_path, report, expected):
    project = Project(tmp_path)
    with pytest.raises(KwevError, match="keeps no expected numbers"):
        book_expected.renew(project, report)
    book_expected.path(project).parent.mkdir(parents=True)
    told = f"new file with {len(expected.numbers)} numbers"
    assert book_expected.renew(project, report) == [told]
    values = json.loads(book_expected.path(project).read_text())
    values["numbers"]["stations"]["value"] -= 1
    book_expected.path(project).write_text(json.dumps(values))
    (line,) = book_expected.renew(project, report)
    assert line.startswith("moved    stations: ")
    assert book_expected.renew(project, report) == []


@pytest.mark.parametrize("content", ["[]", "{}", '{"numbers": {"people": {}}}', "not JSON"])
def test_a_damaged_file_is_refused_by_name(tmp_path, content):
    project = Project(tmp_path)
    book_expected.path(project).parent.mkdir(parents=True)
    book_expected.path(project).write_text(content)
    with pytest.raises(KwevError, match=r"expected\.json"):
        book_expected.read(project)
