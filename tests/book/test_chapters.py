"""Reading _quarto.yml and chapter files."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from kwev.book.chapters import CodeBlock, Page, parse_chapter, read_book
from kwev.errors import KwevError

PAGE = Page(PurePosixPath("chapters/01-x.qmd"))


def test_the_book_lists_pages_in_order(make_book):
    book = make_book()
    outputs = [str(page.output) for page in book.pages]
    assert outputs == [
        "index.html",
        "chapters/01-cover.html",
        "chapters/02-limits.html",
        "chapters/a-terms.html",
    ]
    assert [page.appendix for page in book.pages] == [False, False, False, True]
    assert book.pdf_name == "squares.pdf"
    assert book.language == "en-CA"
    assert book.setting("html", "echo") is True
    assert book.setting("typst", "echo") is False


def test_a_chapter_becomes_blocks_with_lines():
    text = (
        "---\ndescription: words\n---\n# T {#sec-t}\n\n"
        "Says `{python} one` and\n`{python}  two.b`.\n"
        "\n```{python}\n#| label: fig-a\n#| fig-cap: 'A: b'\n\nx = 1\n```\n\nEnd.\n"
    )
    chapter = parse_chapter(text, PAGE)
    assert chapter.front_matter == {"description": "words"}
    before, cell, after = chapter.blocks
    assert [(i.expression, i.line) for i in before.inlines] == [("one", 6), ("two.b", 7)]
    assert before.text[before.inlines[0].start : before.inlines[0].end] == "`{python} one`"
    assert isinstance(cell, CodeBlock)
    assert cell.options == {"label": "fig-a", "fig-cap": "A: b"}
    assert (cell.source, cell.line) == ("x = 1", 12)
    assert after.line == 15


def test_code_that_is_shown_is_not_run():
    text = (
        "# T {#sec-t}\n\n````markdown\n```{python}\nx\n```\n`{python} no`\n````\n"
        "``{python} shown``\n"
    )
    chapter = parse_chapter(text, PAGE)
    assert chapter.code == ()
    assert chapter.markdown[0].inlines == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("# T\n\n```{python}\nx = 1\n", "chapters/01-x.qmd:3"),
        ("---\na: b\n", "chapters/01-x.qmd:1"),
        ("```{python}\n#| label: [\nx\n```\n", "chapters/01-x.qmd:2"),
        (
            "```{python}\n#| label: fig-a\n#| fig-cap: 'Of `{python} a.b`'\nx\n```\n",
            r"not evaluated.*chapters/01-x.qmd:3",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(text, where):
    with pytest.raises(KwevError, match=where):
        parse_chapter(text, PAGE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    - index.qmd\n", "", "index.qmd"),
        ("chapters/02-limits.qmd", "chapters/09-gone.qmd", "09-gone.qmd"),
        ("  chapters:\n", "  chapters: 3\n  other:\n", "plain list"),
        ("references.bib", "nothing.bib", "bibliography"),
        ("title:", "titel:", "no title"),
        ("lang: en-CA", "lang: [", "YAML"),
    ],
)
def test_bad_settings_are_refused(make_book, old, new, message):
    root = make_book().root
    path = root / "_quarto.yml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(KwevError, match=message):
        read_book(root)
