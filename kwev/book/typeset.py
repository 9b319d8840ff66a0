"""The same blocks in the words of HTML or of Typst: headings, floats, equations, callouts."""

from __future__ import annotations

import html
import posixpath
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kwev.book.numbering import resolve
from kwev.book.outputs import table_region, typst_string
from kwev.book.pandoc import attributes, plain_text, raw_block, raw_inline, transform, with_widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwev.book.chapters import Page
    from kwev.book.numbering import Index, Target
    from kwev.book.outputs import Form
    from kwev.book.pandoc import Node

_REMOTE = ("http://", "https://", "mailto:")


@dataclass(frozen=True)
class Typesetter:
    """Writes one page of the book in one form."""

    index: Index
    page: Page
    form: Form

    @property
    def up(self) -> str:
        """What leads from this page to the site's root."""
        return "../" * (len(self.page.output.parts) - 1)

    def typeset(self, blocks: list[Node]) -> list[Node]:
        """Put numbers and references into blocks whose cells are filled already."""
        blocks = resolve(blocks, self.index, self.page, self.href)
        headings = iter(self.index.headings[self.page])
        blocks = [self._number(block, headings) for block in blocks]
        changed: list[Node] = transform(blocks, self._change)
        return changed

    def href(self, target: Target) -> str:
        """Where a label lies, seen from this page."""
        if self.form == "typst" or target.page == self.page:
            return f"#{target.label}"
        return f"{self.up}{target.page.output}#{target.label}"

    def anchor(self, identifier: str) -> str:
        """Return an id as it stands in this form: in the PDF automatic ones carry the page."""
        if self.form == "html":
            return identifier
        return self._book_wide(self.page, identifier)

    def _book_wide(self, page: Page, identifier: str) -> str:
        if not identifier or identifier in self.index.targets:
            return identifier
        return f"{page.name}--{identifier}"

    def _number(self, block: Node, headings: Iterator[object]) -> Node:
        """Put numbers before headings, those inside divs too, in the index's order."""

        def change(node: Node) -> Node | None:
            if node["t"] != "Header":
                return None
            level, (identifier, classes, pairs), inlines = node["c"]
            number = getattr(next(headings), "number", "")
            if number and self.form == "html":
                mark = f'<span class="header-section-number">{html.escape(number)}</span> '
                inlines = [raw_inline("html", mark), *inlines]
            elif number:
                inlines = [{"t": "Str", "c": number}, {"t": "Space"}, *inlines]
            return {"t": "Header", "c": [level, [identifier, classes, pairs], inlines]}

        numbered: Node = transform([block], change)[0]
        return numbered

    def _change(self, node: Node) -> Node | list[Node] | None:
        changes: dict[str, Callable[[Node], Node | list[Node] | None]] = {
            "Header": self._header,
            "Link": self._link,
            "Image": self._image,
            "Figure": self._plain_figure,
            "Table": self._table,
            "Span": self._equation,
            "Div": self._div,
        }
        change = changes.get(node["t"])
        return change(node) if change else None

    def _header(self, node: Node) -> Node:
        level, (identifier, classes, pairs), inlines = node["c"]
        return {"t": "Header", "c": [level, [self.anchor(identifier), classes, pairs], inlines]}

    def _link(self, node: Node) -> Node:
        attr, inlines, (url, title) = node["c"]
        return {"t": "Link", "c": [attr, inlines, [self._url(url), title]]}

    def _table(self, node: Node) -> list[Node]:
        if self.form == "typst":
            return [with_widths(node)]
        opening, closing = table_region("\n", "Table").split("\n")
        return [raw_block("html", opening), node, raw_block("html", closing)]

    def _div(self, node: Node) -> Node | list[Node] | None:
        (identifier, classes, pairs), blocks = node["c"]
        if "kwev-float" in classes:
            caption, *content = blocks
            make = self._html_float if self.form == "html" else self._typst_float
            return make(identifier, caption["c"][1], content)
        if "kwev-callout" in classes:
            return self._callout(identifier, dict(pairs), blocks)
        columns = dict(pairs).get("layout-ncol")
        if columns and self.form == "html":
            style = f"--columns: {int(columns)}"
            attr = attributes(identifier, [*classes, "layout"], style=style)
            return {"t": "Div", "c": [attr, blocks]}
        if columns:
            cells: list[Node] = [raw_block("typst", f"#grid(columns: {int(columns)}, gutter: 1em,")]
            for block in blocks:
                cells += [raw_block("typst", "["), block, raw_block("typst", "],")]
            return [*cells, raw_block("typst", ")")]
        return None

    def _html_float(self, identifier: str, caption: list[Node], content: list[Node]) -> list[Node]:
        kind = identifier.partition("-")[0]
        opening = raw_block("html", f'<figure id="{html.escape(identifier)}" class="float-{kind}">')
        text = [
            raw_block("html", "<figcaption>"),
            *self._numbered(identifier, caption),
            raw_block("html", "</figcaption>"),
        ]
        body = [*text, *content] if kind == "tbl" else [*content, *text]
        return [opening, *body, raw_block("html", "</figure>")]

    def _typst_float(self, identifier: str, caption: list[Node], content: list[Node]) -> list[Node]:
        if identifier.startswith("tbl-"):
            # Not a figure: a table may run over several pages, under a caption that stays with it.
            return [
                raw_block("typst", "#kwev-table[#kwev-table-caption["),
                *self._numbered(identifier, caption),
                raw_block("typst", f"] <{identifier}>"),
                *content,
                raw_block("typst", "]"),
            ]
        opening = '#figure(kind: "kwev-fig", supplement: none, numbering: none, caption: ['
        return [
            raw_block("typst", opening),
            *self._numbered(identifier, caption),
            raw_block("typst", "])["),
            *content,
            raw_block("typst", f"] <{identifier}>"),
        ]

    def _numbered(self, identifier: str, caption: list[Node]) -> list[Node]:
        """Put the number before a caption."""
        mark = self.index.targets[identifier].text + (":" if caption else "")
        number = {"t": "Str", "c": mark}
        if not caption:
            return [{"t": "Plain", "c": [number]}]
        first, *rest = caption
        return [{"t": "Plain", "c": [number, {"t": "Space"}, *first["c"]]}, *rest]

    def _equation(self, node: Node) -> list[Node] | None:
        (identifier, classes, _), inlines = node["c"]
        if "kwev-equation" not in classes:
            return None
        number = self.index.targets[identifier].number
        if self.form == "html":
            opening = f'<span class="equation" id="{html.escape(identifier)}">'
            closing = f'<span class="equation-number">({html.escape(number)})</span></span>'
            return [raw_inline("html", opening), *inlines, raw_inline("html", closing)]
        return [
            raw_inline("typst", "#kwev-equation["),
            *inlines,
            raw_inline("typst", f"][({number})] <{identifier}>"),
        ]

    def _callout(self, identifier: str, pairs: dict[str, str], blocks: list[Node]) -> list[Node]:
        kind, heading = pairs["kind"], pairs["heading"]
        if self.form == "html":
            anchor = f' id="{html.escape(identifier)}"' if identifier else ""
            opening = (
                f'<div{anchor} class="callout callout-{kind}" role="note">'
                f'<p class="callout-title">{html.escape(heading)}</p>'
            )
            return [raw_block("html", opening), *blocks, raw_block("html", "</div>")]
        opening = f"#kwev-callout(callout-colours.{kind}, {typst_string(heading)})["
        return [raw_block("typst", opening), *blocks, raw_block("typst", "]")]

    def _image(self, node: Node) -> Node | None:
        (identifier, classes, pairs), inlines, (url, title) = node["c"]
        keys = dict(pairs)
        alt = keys.pop("fig-alt", "") or keys.pop("alt", "") or plain_text(inlines)
        if self.form == "html":
            attr = attributes(identifier, classes, **keys, alt=alt)
            return {"t": "Image", "c": [attr, [], [url, title]]}
        width = f", width: {keys['width']}" if "width" in keys else ""
        path = typst_string(self.from_root(url))
        return raw_inline("typst", f"#image({path}, alt: {typst_string(alt)}{width})")

    def _plain_figure(self, node: Node) -> list[Node]:
        """Return a captioned image without a label: the image, then its caption."""
        _, (_, caption), content = node["c"]
        return [*content, *caption]

    def from_root(self, url: str) -> str:
        """Return a page-relative path seen from the book's root."""
        return posixpath.normpath(posixpath.join(self.page.source.parent, url))

    def _url(self, url: str) -> str:
        path, mark, anchor = url.partition("#")
        if url.startswith(_REMOTE):
            return url
        if self.form == "html":
            is_chapter = path.endswith(".qmd")
            return (
                str(PurePosixPath(path).with_suffix(".html")) + mark + anchor if is_chapter else url
            )
        if not path and anchor:
            return f"#{self.anchor(anchor)}"
        if path.endswith(".qmd"):
            return self._chapter_anchor(path, anchor)
        return url

    def _chapter_anchor(self, path: str, anchor: str) -> str:
        source = PurePosixPath(self.from_root(path))
        for page, headings in self.index.headings.items():
            if page.source == source:
                return f"#{self._book_wide(page, anchor or headings[0].identifier)}"
        return path
