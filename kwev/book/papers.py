"""Papers beside the book: short PDFs set from its own named values, each with its most pages.

A paper is a file of ``reports/`` in the chapters' subset of Quarto, executed and set like the
preview's PDF under either engine, and held to PDF/UA-1: tagged, with text alternatives, outline,
title and language.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from kwev import escape
from kwev.book.chapters import Page, read_chapter
from kwev.book.execute import NOTEBOOK_DIR, execute
from kwev.book.preview import asset, body_of, require_alt, typeset
from kwev.book.provenance import collect
from kwev.errors import KwevError
from kwev.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kwev.book.chapters import Book, Chapter
    from kwev.book.execute import Executed

FOLDER: Final = "reports"
"""Folder of the papers' files, below the project."""

_COUNT = re.compile(rb"/Type\s*/Pages\b[^>]*?/Count\s+(\d+)|/Count\s+(\d+)[^>]*?/Type\s*/Pages\b")
_PACKED = re.compile(rb"/Type\s*/ObjStm.*?stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@dataclass(frozen=True)
class Paper:
    """One paper: its name, the most pages that it may have, and what it is in a few words."""

    name: str
    most_pages: int
    about: str

    @property
    def source(self) -> PurePosixPath:
        """Its file, below the project."""
        return PurePosixPath(FOLDER, f"{self.name}.qmd")

    @property
    def file(self) -> str:
        """Name of its PDF, beside the book's."""
        return f"{self.name}.pdf"


PAPERS: Final = (
    Paper("brief", 2, "The plan in two pages, draft motions first"),
    Paper("council-report", 10, "Report to council: motions, who gains, land, money, months"),
)


def papers_of(root: Path) -> list[Paper]:
    """Return the papers that a project has files of."""
    return [paper for paper in PAPERS if (root / paper.source).is_file()]


def chapter_of(root: Path, paper: Paper) -> Chapter:
    """Read and parse the file of a paper."""
    return read_chapter(root, Page(paper.source))


def write_papers(
    book: Book,
    site: Path,
    progress: Callable[[str], None] = lambda _: None,
    executed: Iterable[Executed] = (),
) -> list[Path]:
    """Write the PDF of every paper of a project into ``site``; return the files.

    Parameters
    ----------
    executed
        Papers that have been run; the others are run now.

    Raises
    ------
    KwevError
        If a cell fails, a figure has no text alternative, Typst refuses the paper, or it has more
        pages than it may.
    """
    written, run = [], {one.chapter.page.source: one for one in executed}
    for paper in papers_of(book.root):
        progress(f"setting {paper.file}")
        content = pdf_of(book, paper, run.get(paper.source))
        pages = page_count(content)
        if pages > paper.most_pages:
            raise KwevError(
                f"{pages} pages, where {paper.most_pages} are allowed", where=str(paper.source)
            )
        write_bytes(site / paper.file, content)
        written.append(site / paper.file)
    return written


def pdf_of(book: Book, paper: Paper, executed: Executed | None = None) -> bytes:
    """Return the PDF of a paper, however many pages it has; it is run where it is not given run."""
    if executed is None:
        executed = execute(chapter_of(book.root, paper), book.root / NOTEBOOK_DIR)
    require_alt(executed)
    alone = replace(book, pages=(executed.chapter.page,), bibliography=None)
    with tempfile.TemporaryDirectory(prefix="paper-") as name:
        work = Path(name)
        front = (
            f"\n#show: doc => paper(title: {escape.typst(title_of(executed.chapter))}, "
            f"book-title: {escape.typst(book.title)}, "
            f"authors: ({''.join(f'{escape.typst(author)}, ' for author in book.authors)}), "
            f"language: {escape.typst(book.language.partition('-')[0])}, "
            f"provenance: {collect(book.root).typst()}, doc)\n\n"
        )
        look = asset("look.typ") + asset("book.typ") + asset("paper.typ")
        return typeset(look + front + body_of(alone, [executed], work), work, str(paper.source))


def title_of(chapter: Chapter) -> str:
    """Return the heading that a paper begins with."""
    text = next(block.text for block in chapter.markdown if block.text.lstrip().startswith("# "))
    return text.lstrip().splitlines()[0].removeprefix("# ").partition(" {#")[0].strip()


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF of Typst has, from the root of its page tree.

    Raises
    ------
    KwevError
        If there is no page tree to be read.
    """
    packed = (zlib.decompress(match[1]) for match in _PACKED.finditer(pdf))
    counts = [int(m[1] or m[2]) for part in (pdf, *packed) for m in _COUNT.finditer(part)]
    if not counts:
        raise KwevError("a PDF without a page tree")
    return max(counts)
