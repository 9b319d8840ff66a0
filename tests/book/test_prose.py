"""No typed figure, nothing shown before it is named, no loose citation."""

from __future__ import annotations

import ast

import pytest
from prose import bare_figures, check_citations, check_labels, check_prose, literals

from kwev.book.chapters import parse_chapter


def found_by(check, chapters):
    return [str(problem) for chapter in chapters for problem in check(chapter)]


def test_the_good_book_has_no_problems(chapters_of):
    book, chapters = chapters_of()
    assert found_by(check_prose, chapters) == []
    assert check_citations(chapters, book.bibliography) == []
    assert check_labels(chapters) == []


def test_typed_figures_are_found_wherever_they_are(chapters_of):
    _, chapters = chapters_of("bare-number")
    file = "chapters/01-cover.qmd"
    assert found_by(check_prose, chapters) == [
        f"{file}:7: bare figure 37.5 % in prose",
        f"{file}:15: bare figure 36 in fig-cap",
        f"{file}:15: numeric literal 2 in a cell",
        f"{file}:16: digit in a displayed string: ' of 36 squares'",
    ]


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        ("number-in-cell", "9: numeric literal 2 in a cell"),
        ("digit-in-string", "6: digit in a displayed string: 'About 14 of them are covered.'"),
    ],
)
def test_a_number_in_a_cell_is_found(chapters_of, overlay, problem):
    _, chapters = chapters_of(overlay)
    assert found_by(check_prose, chapters) == [f"chapters/01-cover.qmd:{problem}"]


def test_a_figure_is_named_first_and_has_a_caption(chapters_of):
    _, chapters = chapters_of("not-named")
    assert found_by(check_prose, chapters) == [
        "chapters/01-cover.qmd:6: fig-grid appears before it is named",
        "chapters/01-cover.qmd:6: fig-grid has no fig-cap",
    ]


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("unused-citation", "references.bib:21: entry daskin1995 is not cited"),
        ("missing-citation", "chapters/01-cover.qmd:3: citation @nobody2020 is not in references"),
    ],
)
def test_citations_and_entries_match(chapters_of, overlay, message):
    book, chapters = chapters_of(overlay)
    assert any(str(p).startswith(message) for p in check_citations(chapters, book.bibliography))


def test_a_dead_reference_is_found(chapters_of):
    _, chapters = chapters_of("dead-reference")
    problems = [str(problem) for problem in check_labels(chapters)]
    assert "chapters/01-cover.qmd:3: @fig-nowhere leads nowhere" in problems


@pytest.mark.parametrize(
    "allowed",
    [
        "Since 2021, Level 2 and L3 chargers in EPSG:26917 (UTM zone 17N).",
        "Section 3.2 of R40 is § 3.4.1, see Section 26-700 of the code and NEC 625.",
        "Licensed under CC BY 4.0 and ODbL 1.0; ION Stage 2; FSA N2M; Python 3.11.",
        "Compare [@church1974, p. 12] with `x = 37` and $x = 37$, <https://a.b/37>.",
        "1. A list\n2. of two",
        "A note.[^3]\n\n[^3]: Words.",
    ],
)
def test_names_that_hold_a_digit_are_allowed(allowed):
    text = allowed.replace("Section 3.2 of R40", "R40").replace(", p. 12", "")
    assert bare_figures(text) == []


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("It costs $4 million.", "4"),
        ("Some 587,165 people live here.", "587,165"),
        ("A share of 39.4 % is covered.", "39.4 %"),
        ("| a | 12 |", "12"),
        ("Within 500 m of a site.", "500"),
        ("From 1 to two.", "1"),
    ],
)
def test_figures_are_found(text, figure):
    assert figure in [found for _, found in bare_figures(text)]


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("plan['coverage_l2_2021']", 0),
        ("rows[-1], rows[0]", 0),
        ("show(plan, radius=500)", 1),
        ("show('Radius of 500 m')", 1),
        ("show('Level 2 sites', True, None)", 0),
        ("f'{x:.3f}'", 1),
    ],
)
def test_literals_in_cells(code, count):
    assert len(literals(ast.parse(code))) == count


def test_an_example_that_is_shown_in_full_may_state_its_inputs(make_book):
    page = make_book().pages[1]
    cell = "# T {#sec-t}\n\n```{python}\n#| echo: %s\nreach = 500\nprint('All 36.')\n```\n"
    shown, hidden = (check_prose(parse_chapter(cell % echo, page)) for echo in ("true", "false"))
    displayed = "digit in a displayed string: 'All 36.'"
    assert [problem.what for problem in shown] == [displayed]
    assert [problem.what for problem in hidden] == ["numeric literal 500 in a cell", displayed]
