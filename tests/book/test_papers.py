"""Papers beside the book: short enough, tagged, named; their words follow the chapters' rules."""

from __future__ import annotations

import re

import pytest
import typst
from prose import check_labels, check_prose, check_subset
from sentences import long_sentences

from kwev.book import downloads, papers, quarto_hooks
from kwev.book.chapters import read_book, read_chapter
from kwev.book.papers import PAPERS, Paper, chapter_of, page_count, papers_of, write_papers
from kwev.errors import KwevError
from kwev.project import find_project

ROOT = find_project().root
MINE = papers_of(ROOT)
GOOD = """\
# A paper: of squares {#sec-brief .unnumbered}

```{python}
#| echo: false
import squares
```

@fig-one shows them, @tbl-one counts them.

## What to decide {#sec-brief-what}

```{python}
#| label: fig-one
#| fig-cap: "Squares."
squares.drawing(1)
```

```{python}
#| label: tbl-one
#| tbl-cap: "Squares by reach."
squares.table(range(1))
```
"""


@pytest.fixture
def paper_of(make_book, monkeypatch):
    """Return a book with one paper of a given text, which may have so many pages."""

    def make(text, most=1):
        book = make_book()
        paper = Paper("brief", most, "A paper")
        path = book.root / paper.source
        path.parent.mkdir()
        path.write_text(text)
        monkeypatch.setattr(papers, "PAPERS", (paper,))
        return read_book(book.root)

    return make


def streams(pdf):
    """Return a PDF with what its object streams hold."""
    import zlib

    packed = re.finditer(rb"/Type\s*/ObjStm.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(zlib.decompress(match[1]) for match in packed)


def test_a_paper_is_tagged_and_has_title_language_outline_and_alternatives(paper_of, tmp_path):
    book = paper_of(GOOD)
    (path,) = write_papers(book, tmp_path)
    assert path == tmp_path / "brief.pdf"
    whole = streams(path.read_bytes())
    for part in (rb"/MarkInfo\s*<<\s*/Marked true", rb"/StructTreeRoot", rb"/Outlines",
                 rb"/Lang\s*\(en\)", rb"/S\s*/TH\b", rb"/S\s*/Figure\b", rb"/Alt\s*\(",
                 rb"/DisplayDocTitle true"):  # fmt: skip
        assert re.search(part, whole), part
    xmp = re.search(rb"<x:xmpmeta.*?</x:xmpmeta>", whole, re.DOTALL)[0].decode()
    assert "A paper: of squares" in xmp
    assert re.search(r"pdfuaid:part(?:=\"|>)1", xmp)
    assert page_count(path.read_bytes()) == 1


def test_the_book_is_tagged_too_and_its_formulas_have_alternatives(rendered):
    book, _ = rendered
    whole = streams((book.output_dir / book.pdf_name).read_bytes())
    xmp = re.search(rb"<x:xmpmeta.*?</x:xmpmeta>", whole, re.DOTALL)[0].decode()
    assert re.search(r"pdfuaid:part(?:=\"|>)1", xmp)
    assert re.search(rb"/S\s*/Formula\b", whole)
    assert book.title in xmp


def test_a_paper_that_is_too_long_is_refused(paper_of, tmp_path):
    words = "\n\n".join(["Words that fill a page."] * 80)
    book = paper_of(f"# Long {{#sec-brief .unnumbered}}\n\n{words}\n", most=1)
    with pytest.raises(KwevError, match="2 pages, where 1 are allowed") as told:
        write_papers(book, tmp_path)
    assert told.value.where == "reports/brief.qmd"
    assert not (tmp_path / "brief.pdf").exists()


def test_two_settings_have_the_same_bytes(paper_of, tmp_path):
    book = paper_of(GOOD)
    (tmp_path / "again").mkdir()
    first, again = write_papers(book, tmp_path), write_papers(book, tmp_path / "again")
    assert first[0].read_bytes() == again[0].read_bytes()


def test_quartos_script_after_a_render_writes_papers_and_catalogue(paper_of, monkeypatch):
    book = paper_of(GOOD)
    (book.root / "_site").mkdir()
    monkeypatch.chdir(book.root)
    monkeypatch.setenv("QUARTO_PROJECT_OUTPUT_DIR", "_site")
    quarto_hooks.main("post")
    assert page_count((book.root / "_site" / "brief.pdf").read_bytes()) == 1
    assert downloads.problems(book.root / "_site") == []


def test_a_project_without_papers_writes_none(make_book, tmp_path):
    assert write_papers(make_book(), tmp_path) == []


@pytest.mark.parametrize("pages", [1, 3, 40])
def test_pages_are_counted_as_typst_does(pages, tmp_path):
    source = tmp_path / "some.typ"
    source.write_text("a" + "#pagebreak()\nb" * (pages - 1))
    drawn = typst.compile(source, format="svg")
    assert (
        page_count(typst.compile(source)) == pages == (len(drawn) if isinstance(drawn, list) else 1)
    )


def test_what_is_no_pdf_is_refused():
    with pytest.raises(KwevError, match="without a page tree"):
        page_count(b"%PDF-1.7")


# -- the project's own


def test_every_file_of_reports_is_a_paper():
    assert {path.stem for path in (ROOT / papers.FOLDER).glob("*.qmd")} == {p.name for p in PAPERS}
    assert {paper.name: paper.most_pages for paper in PAPERS} == {"brief": 2, "council-report": 10}


@pytest.mark.parametrize("paper", MINE, ids=lambda paper: paper.name)
def test_its_words_follow_the_rules_of_the_chapters(paper):
    chapter = chapter_of(ROOT, paper)
    problems = [*check_subset(chapter), *check_prose(chapter), *check_labels([chapter])]
    assert [str(problem) for problem in problems] == []
    assert long_sentences(chapter) == []


@pytest.mark.parametrize("paper", MINE, ids=lambda paper: paper.name)
def test_its_motions_come_first_and_are_the_books(paper):
    motion = re.compile(r"^1\. \*\*(That council .*?)\*\*$", re.MULTILINE)
    page = next(p for p in read_book(ROOT).pages if p.name == "06-monitoring")
    ours = "".join(block.text for block in chapter_of(ROOT, paper).markdown)
    books = "".join(block.text for block in read_chapter(ROOT, page).markdown)
    assert motion.findall(ours) == motion.findall(books)
    assert len(motion.findall(ours)) == 6
    sections = re.findall(r"^## (.*?) \{", ours, re.MULTILINE)
    assert sections[0] == "Draft motions"
