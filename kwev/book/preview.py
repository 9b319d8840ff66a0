"""The book without Quarto: executed notebooks, pandoc, typst.

The same chapters give the same text, numbers, captions and references as under Quarto, plainer
dressed. Nothing is read from the network and no page loads anything from outside its own folder.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kwev.book.draft import draft
from kwev.book.notebooks import NOTEBOOK_DIR, execute_book
from kwev.book.numbering import index_book, is_reference
from kwev.book.outputs import SOURCE_OPTIONS, Filler, require_alt
from kwev.book.pages import STYLE_URL, Site, body_html, stylesheet
from kwev.book.pandoc import div, raw_block, walk
from kwev.book.pdf import write_pdf
from kwev.book.provenance import collect
from kwev.book.typeset import Typesetter
from kwev.errors import KwevError
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwev.book.chapters import Book
    from kwev.book.notebooks import Executed
    from kwev.book.outputs import Form
    from kwev.book.pandoc import Document, Node

ASSETS_DIR = "assets"
"""What figures leave for pages to load (``/assets/…`` in their HTML), copied into the site."""

_PARALLEL = 2


def render_preview(
    book: Book,
    site: Path,
    *,
    to: Sequence[str] = ("html", "pdf"),
    progress: Callable[[str], None] | None = None,
) -> None:
    """Render the preview into the empty folder ``site``.

    Parameters
    ----------
    to
        ``html``, ``pdf`` or both.
    progress
        Told what is being done.

    Raises
    ------
    KwevError
        If a chapter fails, a reference or citation leads nowhere, or a figure has no alt text.
    """
    say = progress or (lambda _: None)
    executed = execute_book(book, book.root / NOTEBOOK_DIR, progress=progress)
    for chapter in executed:
        require_alt(chapter)
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        drafts = list(pool.map(draft, executed))
    index = index_book(
        (chapter.chapter.page, document) for chapter, document in zip(executed, drafts, strict=True)
    )
    shared = Site(book, index, collect(book.root), "pdf" in to)
    if "html" in to:
        say("writing the pages")
        _write_site(shared, executed, drafts, site)
    if "pdf" in to:
        say("setting the PDF")
        with tempfile.TemporaryDirectory(prefix="pdf-", dir=site.parent) as name:
            work = Path(name)
            whole = _whole_book(shared, executed, drafts, work)
            write_pdf(whole, book, shared.provenance, work, site / book.pdf_name)


def _write_site(shared: Site, executed: list[Executed], drafts: list[Document], site: Path) -> None:
    book = shared.book
    _copy_resources(book, drafts, executed, site)
    assets = book.root / ASSETS_DIR
    if assets.is_dir():
        shutil.copytree(assets, site / "assets", dirs_exist_ok=True)
    write_text(site / STYLE_URL, stylesheet(book))

    def one(pair: tuple[Executed, Document]) -> None:
        chapter, document = pair
        page = chapter.chapter.page
        ready = _typeset(shared, chapter, document, "html", site)
        body = body_html(ready, book, page)
        write_text(site / page.output, shared.page(page, body))

    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        list(pool.map(one, zip(executed, drafts, strict=True)))


def _typeset(
    shared: Site, executed: Executed, document: Document, form: Form, folder: Path
) -> Document:
    page = executed.chapter.page
    typesetter = Typesetter(shared.index, page, form)
    options = {key: shared.book.setting(form, key) for key in SOURCE_OPTIONS}
    given = {key: value for key, value in options.items() if value is not None}
    filler = Filler(executed, form, folder, typesetter.up if form == "html" else "", given)
    blocks = typesetter.typeset(filler.fill(document["blocks"]))
    if form == "html" and _cites(document):
        heading = '<h2 id="references" class="unnumbered">References</h2>'
        blocks = [*blocks, raw_block("html", heading), div([], "refs")]
    return _document(blocks, document)


def _whole_book(
    shared: Site, executed: list[Executed], drafts: list[Document], work: Path
) -> Document:
    _copy_resources(shared.book, drafts, executed, work)
    blocks: list[Node] = []
    for chapter, document in zip(executed, drafts, strict=True):
        blocks += _typeset(shared, chapter, document, "typst", work)["blocks"]
    if any(_cites(document) for document in drafts):
        blocks += [raw_block("typst", "= References"), div([], "refs")]
    return _document(blocks, drafts[0])


def _document(blocks: list[Node], like: Document) -> Document:
    meta = {"link-citations": {"t": "MetaBool", "c": True}}
    return {**like, "meta": meta, "blocks": blocks}


def _cites(document: Document) -> bool:
    """Tell whether a chapter cites anything beside its own labels."""
    return any(
        not is_reference(citation["citationId"])
        for node in walk(document["blocks"])
        if node["t"] == "Cite"
        for citation in node["c"][0]
    )


def _copy_resources(
    book: Book, drafts: list[Document], executed: list[Executed], site: Path
) -> None:
    """Copy the local images that chapters name, to the same place in the site."""
    for chapter, document in zip(executed, drafts, strict=True):
        folder = chapter.chapter.page.source.parent
        for node in walk(document["blocks"]):
            if node["t"] != "Image" or "://" in node["c"][2][0]:
                continue
            source = (book.root / folder / node["c"][2][0]).resolve()
            if not source.is_file() or not source.is_relative_to(book.root.resolve()):
                raise KwevError(
                    f"image {node['c'][2][0]} does not exist",
                    where=str(chapter.chapter.page.source),
                )
            target = site / source.relative_to(book.root.resolve())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
