"""The preview's PDF: pandoc writes Typst, the typst package sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typst

from kwev.book.before_quarto import typst_pairs
from kwev.book.outputs import typst_string
from kwev.book.pages import asset, banner, citation_arguments
from kwev.book.pandoc import write
from kwev.errors import KwevError
from kwev.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.book.chapters import Book
    from kwev.book.pandoc import Document
    from kwev.book.provenance import Provenance


def write_pdf(
    document: Document, book: Book, provenance: Provenance, work: Path, target: Path
) -> None:
    """Set the whole book as one PDF.

    Parameters
    ----------
    document
        All chapters in order, numbered and with references resolved for Typst.
    work
        Folder that holds the pictures which the document names; the Typst source goes there.
    target
        Where the PDF goes.

    Raises
    ------
    KwevError
        If Typst refuses the document.
    """
    body = write(
        document,
        ["-t", "typst", "--wrap=none", *citation_arguments(book)],
        where="the book's PDF",
    )
    source = work / "book.typ"
    write_text(source, asset("look.typ") + asset("book.typ") + _front(book, provenance) + body)
    try:
        typst.compile(source, output=target, root=work, font_paths=[], ignore_system_fonts=True)
    except typst.TypstError as error:
        raise KwevError(f"typst refused the book: {error}", where=str(source)) from error


def _front(book: Book, provenance: Provenance) -> str:
    authors = "".join(f"{typst_string(author)}, " for author in book.authors)
    language = book.language.partition("-")[0]
    subtitle = typst_string(book.subtitle) if book.subtitle else "none"
    return (
        "\n#show: doc => book("
        f"title: {typst_string(book.title)}, subtitle: {subtitle}, "
        f"authors: ({authors}), language: {typst_string(language)}, "
        f"provenance: {typst_pairs(provenance)}, note: {typst_string(banner())}, doc)\n\n"
    )
