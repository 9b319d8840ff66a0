"""An executed chapter as one pandoc document, with every numbered thing in one plain form.

Whatever way a chapter writes them, after :func:`draft` there are only

- ``Header``;
- ``Div`` of class ``kwev-float`` with the label as id: first a ``kwev-caption`` div, then content;
- ``Span`` of class ``kwev-equation`` with the label as id around display mathematics;
- ``Div`` of class ``kwev-callout`` with attributes ``kind`` and ``heading``;
- ``Div`` of class ``kwev-cell`` with attribute ``block``, to be filled with a cell's outputs.
"""

from __future__ import annotations

import html
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import typst

from kwev.book.chapters import CodeBlock, MarkdownBlock
from kwev.book.execute import NOTEBOOK_DIR, execute_book
from kwev.book.numbering import index_book, is_reference
from kwev.book.outputs import SOURCE_OPTIONS, Filler, require_alt, typst_string
from kwev.book.pandoc import (
    attributes,
    div,
    plain_text,
    raw_block,
    read_markdown,
    transform,
    walk,
    write,
)
from kwev.book.pre_render import typst_pairs
from kwev.book.provenance import collect
from kwev.book.typeset import Typesetter
from kwev.errors import KwevError
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwev.book.chapters import Book, Page
    from kwev.book.execute import Executed
    from kwev.book.numbering import Heading, Index
    from kwev.book.outputs import Form
    from kwev.book.pandoc import Document, Node
    from kwev.book.provenance import Provenance

FLOAT_PREFIXES = ("fig-", "tbl-")
CALLOUTS = ("note", "tip", "important", "warning", "caution")
_EQUATION_ID = re.compile(r"^\{#(eq-[\w-]+)\}(?P<rest>[.,;:]?)$")


def draft(executed: Executed) -> Document:
    """Return the chapter's document before numbering, the same for HTML and PDF."""
    source = str(executed.chapter.page.source)
    document = read_markdown(markdown(executed), where=source)
    document["blocks"] = transform(document["blocks"], _normalise)
    document["meta"] = {}
    return document


def markdown(executed: Executed) -> str:
    """Return the chapter as Markdown with inline values in place and a marker for each cell."""
    parts: list[str] = []
    for number, block in enumerate(executed.chapter.blocks):
        if isinstance(block, MarkdownBlock):
            parts.append(_with_values(block, executed, number))
        else:
            parts.append(_cell_marker(block, number, executed.outputs(number)))
    return "\n\n".join(parts) + "\n"


def caption_of(block: CodeBlock) -> str:
    """Return the caption that fits the label of a cell."""
    key = "tbl-cap" if block.label.startswith("tbl-") else "fig-cap"
    return str(block.options.get(key) or "")


def _with_values(block: MarkdownBlock, executed: Executed, number: int) -> str:
    pieces: list[str] = []
    position = 0
    for index, inline in enumerate(block.inlines):
        pieces.append(block.text[position : inline.start])
        pieces.append(executed.inline_value(number, index))
        position = inline.end
    pieces.append(block.text[position:])
    return "".join(pieces)


def _cell_marker(block: CodeBlock, number: int, outputs: list[dict[str, Any]]) -> str:
    lines = [f'::: {{.kwev-cell block="{number}" label="{block.label}"}}', ""]
    caption = caption_of(block)
    if caption:
        lines += ["::: {.kwev-caption}", caption, ":::", ""]
    for index, output in enumerate(outputs):
        text = markdown_output(block, output)
        if text:
            lines += [f'::: {{.kwev-markdown output="{index}"}}', text, ":::", ""]
    return "\n".join([*lines, ":::"])


def markdown_output(block: CodeBlock, output: dict[str, Any]) -> str:
    """Return the Markdown of an output, if it has any."""
    if block.options.get("output") == "asis" and output.get("name") == "stdout":
        return _joined(output["text"])
    return _joined(output.get("data", {}).get("text/markdown", ""))


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _normalise(node: Node) -> Node | list[Node] | None:
    kind = node["t"]
    if kind == "Figure" and _is_float(node["c"][0][0]):
        (identifier, _, _), (_, caption), content = node["c"]
        return _float(identifier, caption, content)
    if kind == "Table" and _is_float(node["c"][0][0]):
        identifier = node["c"][0][0]
        caption = node["c"][1][1]
        table = {"t": "Table", "c": [attributes(), [None, []], *node["c"][2:]]}
        return _float(identifier, caption, [table])
    if kind == "Div":
        return _normalise_div(node)
    if kind in {"Para", "Plain"}:
        return {"t": kind, "c": _label_equations(node["c"])}
    return None


def _normalise_div(node: Node) -> Node | list[Node] | None:
    (identifier, classes, pairs), blocks = node["c"]
    if "kwev-cell" in classes:
        label = dict(pairs)["label"]
        if not _is_float(label):
            return None
        caption = [block for block in blocks if _has_class(block, "kwev-caption")]
        rest = [block for block in blocks if not _has_class(block, "kwev-caption")]
        inner = {"t": "Div", "c": [["", classes, pairs], rest]}
        return _float(label, caption[0]["c"][1] if caption else [], [inner])
    for callout in CALLOUTS:
        if f"callout-{callout}" in classes:
            return _callout(callout, identifier, dict(pairs), blocks)
    if _is_float(identifier) and "kwev-float" not in classes and len(blocks) > 1:
        return _float(identifier, [blocks[-1]], blocks[:-1])
    return None


def _callout(kind: str, identifier: str, pairs: dict[str, str], blocks: list[Node]) -> Node:
    heading = pairs.get("title", "")
    if not heading and blocks and blocks[0]["t"] == "Header":
        heading = plain_text(blocks[0]["c"][2])
        blocks = blocks[1:]
    heading = heading or kind.capitalize()
    classes = ["kwev-callout"]
    return {"t": "Div", "c": [attributes(identifier, classes, kind=kind, heading=heading), blocks]}


def _float(identifier: str, caption: list[Node], content: list[Node]) -> Node:
    return div([div(caption, classes=["kwev-caption"]), *content], identifier, ["kwev-float"])


def _label_equations(inlines: list[Node]) -> list[Node]:
    """Turn display mathematics followed by ``{#eq-x}`` into a labelled span."""
    result: list[Node] = []
    for inline in inlines:
        match = _EQUATION_ID.match(inline["c"]) if inline["t"] == "Str" else None
        spaces = 0
        while match and spaces < len(result) and result[-1 - spaces]["t"] in {"Space", "SoftBreak"}:
            spaces += 1
        mathematics = result[-1 - spaces] if match and spaces < len(result) else None
        if match is None or mathematics is None or not is_display(mathematics):
            result.append(inline)
            continue
        del result[len(result) - 1 - spaces :]
        span = {"t": "Span", "c": [attributes(match[1], ["kwev-equation"]), [mathematics]]}
        result.append(span)
        if match["rest"]:
            result.append({"t": "Str", "c": match["rest"]})
    return result


def is_display(node: Node) -> bool:
    """Tell whether an inline is display mathematics."""
    return node["t"] == "Math" and bool(node["c"][0]["t"] == "DisplayMath")


def _is_float(identifier: str) -> bool:
    return identifier.startswith(FLOAT_PREFIXES)


def _has_class(node: Node, name: str) -> bool:
    return node["t"] == "Div" and name in node["c"][0][1]


# -- The pages of the preview's site: one template, a sidebar, a table of contents, a footer.

STYLE_URL = "assets/kwev.css"
LACKS = (
    "full-text search",
    "a switch between light and dark (it follows the system)",
    "buttons that copy code",
    "hover previews of references",
)
_TOC_DEPTH = 3
_COLOUR = re.compile(r"^\$kwev-(?P<name>[\w-]+):\s*(?P<value>[^;]+);", re.MULTILINE)


@dataclass(frozen=True)
class Site:
    """What all pages of the site share."""

    book: Book
    index: Index
    provenance: Provenance
    pdf: bool

    def page(self, page: Page, body: str) -> str:
        """Return a whole page around the HTML of its chapter."""
        up = "../" * (len(page.output.parts) - 1)
        title = self.index.title(page)
        home = page == self.book.pages[0]
        position = self.book.pages.index(page)
        previous = self.book.pages[position - 1] if position else None
        following = self.book.pages[position + 1] if position + 1 < len(self.book.pages) else None
        return Template(asset("page.html")).substitute(
            language=html.escape(self.book.language),
            title=html.escape(self.book.title if home else f"{title} | {self.book.title}"),
            book_title=html.escape(self.book.title),
            subtitle=html.escape(self.book.subtitle),
            authors=html.escape(", ".join(self.book.authors)),
            up=up,
            style=STYLE_URL,
            pdf=self._pdf_link(up),
            chapters=self._chapters(page, up),
            contents=_contents(self.index.headings[page]),
            banner=html.escape(banner()),
            body=body,
            previous=self._step(previous, up, "prev", "Previous"),
            following=self._step(following, up, "next", "Next"),
            provenance=self.provenance.html(),
        )

    def _pdf_link(self, up: str) -> str:
        if not self.pdf:
            return ""
        return f'<p class="pdf-link"><a href="{up}{html.escape(self.book.pdf_name)}">PDF</a></p>'

    def _label(self, page: Page) -> str:
        number = self.index.number(page)
        mark = f'<span class="chapter-number">{number}</span> ' if number else ""
        return mark + html.escape(self.index.title(page))

    def _chapters(self, current: Page, up: str) -> str:
        groups = []
        for appendix, name in ((False, ""), (True, "Appendices")):
            entries = [
                self._entry(page, current, up)
                for page in self.book.pages
                if page.appendix is appendix
            ]
            if entries:
                heading = f'<p class="part">{name}</p>' if name else ""
                groups.append(f"{heading}<ul>{''.join(entries)}</ul>")
        return "".join(groups)

    def _entry(self, page: Page, current: Page, up: str) -> str:
        mark = ' aria-current="page"' if page == current else ""
        return f'<li><a href="{up}{page.output}"{mark}>{self._label(page)}</a></li>'

    def _step(self, page: Page | None, up: str, relation: str, word: str) -> str:
        if page is None:
            return "<span></span>"
        return (
            f'<a rel="{relation}" href="{up}{page.output}">'
            f'<span class="step">{word}</span> {self._label(page)}</a>'
        )


def banner() -> str:
    """Say on each page that this is the preview, and what it lacks."""
    return (
        "Preview rendered without Quarto: the same text, numbers, figures and references, "
        f"without {', '.join(LACKS[:-1])} and {LACKS[-1]}."
    )


def body_html(document: Document, book: Book, page: Page) -> str:
    """Return the HTML of a chapter, with citations and mathematics in place."""
    arguments = [
        "-t",
        "html5",
        "--mathml",
        "--wrap=none",
        "--email-obfuscation=none",
        *citation_arguments(book),
    ]
    return write(document, arguments, where=str(page.source))


def citation_arguments(book: Book) -> list[str]:
    """Return pandoc's options for citations, if the book has a bibliography."""
    if book.bibliography is None:
        return []
    arguments = ["--citeproc", f"--bibliography={book.bibliography}"]
    if book.settings.get("csl"):
        arguments.append(f"--csl={book.root / str(book.settings['csl'])}")
    return arguments


def stylesheet(book: Book) -> str:
    """Return the site's CSS: the book's own colours, then the rules."""
    theme = ((book.settings.get("format") or {}).get("html") or {}).get("theme") or {}
    light = _colours(book.root, theme.get("light") if isinstance(theme, dict) else None)
    dark = _colours(book.root, theme.get("dark") if isinstance(theme, dict) else None)
    rules = asset("kwev.css")
    if light:
        rules += f":root {{ {light} }}\n"
    if dark:
        rules += f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return rules


def asset(name: str) -> str:
    """Return the text of a file shipped with the package."""
    return files("kwev.book").joinpath("assets", name).read_text(encoding="utf-8")


def _colours(root: Path, listed: object) -> str:
    """Read ``$kwev-name: value;`` lines of theme files as CSS variables."""
    names = listed if isinstance(listed, list) else [listed]
    found = []
    for name in names:
        path = root / str(name)
        if str(name).endswith(".scss") and path.is_file():
            text = path.read_text(encoding="utf-8")
            found += [f"--{m['name']}: {m['value'].strip()};" for m in _COLOUR.finditer(text)]
    return " ".join(found)


def _contents(headings: tuple[Heading, ...]) -> str:
    """Return the page's own table of contents, levels 2 and 3."""
    entries = [
        f'<li class="level-{heading.level}"><a href="#{html.escape(heading.identifier)}">'
        f"{html.escape(f'{heading.number} {heading.title}'.strip())}</a></li>"
        for heading in headings[1:]
        if heading.level <= _TOC_DEPTH and heading.identifier
    ]
    if not entries:
        return ""
    return (
        '<nav class="contents" aria-labelledby="contents-title">'
        '<h2 id="contents-title">On this page</h2>'
        f"<ul>{''.join(entries)}</ul></nav>"
    )


# -- The preview's PDF: pandoc writes Typst, the typst package sets it.


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


# -- The book without Quarto: executed notebooks, pandoc, typst.

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
