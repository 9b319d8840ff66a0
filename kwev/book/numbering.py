"""Numbers of chapters, sections, figures, tables and equations, and cross-references to them.

The numbers are Quarto's: chapters count from 1 and appendices from A, in the order of
``_quarto.yml``; figures, tables and equations count within their chapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwev.book.pandoc import plain_text, text_inlines, transform, walk
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kwev.book.chapters import Page
    from kwev.book.pandoc import Document, Node

REFERENCE_KINDS = {"fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section"}
_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Target:
    """Something that a cross-reference can lead to."""

    label: str
    page: Page
    word: str
    number: str
    title: str = ""

    @property
    def text(self) -> str:
        """What the reference reads, such as ``Figure 2.1``; an unnumbered heading gives its own."""
        return f"{self.word}{_NBSP}{self.number}" if self.number else self.title


@dataclass(frozen=True)
class Heading:
    """A heading of a chapter, in order."""

    level: int
    identifier: str
    number: str
    title: str


@dataclass(frozen=True)
class Index:
    """Every label of the book, and the headings of each page."""

    targets: Mapping[str, Target]
    headings: Mapping[Page, tuple[Heading, ...]]

    def title(self, page: Page) -> str:
        """Return the title of a page."""
        return self.headings[page][0].title

    def number(self, page: Page) -> str:
        """Return the chapter number of a page, empty for an unnumbered one."""
        return self.headings[page][0].number


def index_book(documents: Iterable[tuple[Page, Document]]) -> Index:
    """Give every label and heading of a book's drafts its number.

    Raises
    ------
    KwevError
        If a chapter doesn't begin with a heading of level 1, or a label is used twice.
    """
    targets: dict[str, Target] = {}
    headings: dict[Page, tuple[Heading, ...]] = {}
    chapters = appendices = 0
    for page, document in documents:
        first = next((node for node in document["blocks"] if node["t"] == "Header"), None)
        if first is None or first["c"][0] != 1:
            raise KwevError(
                "the chapter has no title",
                where=str(page.source),
                hint="Begin it with # Title {#sec-name}.",
            )
        chapter = ""
        if "unnumbered" not in first["c"][1][1]:
            if page.appendix:
                appendices += 1
                chapter = chr(ord("A") + appendices - 1)
            else:
                chapters += 1
                chapter = str(chapters)
        counter = _Counter(page, chapter)
        found = list(counter.count(document))
        headings[page] = tuple(counter.headings)
        for target in found:
            if target.label in targets:
                raise KwevError(
                    f"label {target.label} is used twice",
                    where=f"{targets[target.label].page.source} and {page.source}",
                )
            targets[target.label] = target
    return Index(targets, headings)


class _Counter:
    """Counts through one chapter."""

    def __init__(self, page: Page, chapter: str) -> None:
        self.page = page
        self.chapter = chapter
        self.sections = [0] * 6
        self.floats = {"fig": 0, "tbl": 0, "eq": 0}
        self.headings: list[Heading] = []

    def count(self, document: Document) -> Iterable[Target]:
        for node in walk(document["blocks"]):
            if node["t"] == "Header":
                yield from self.header(node)
            elif node["t"] in {"Div", "Span"}:
                (identifier, classes, _), _ = node["c"]
                if {"kwev-float", "kwev-equation"} & set(classes):
                    kind = identifier.partition("-")[0]
                    self.floats[kind] += 1
                    number = self.numbered(self.floats[kind])
                    yield Target(identifier, self.page, REFERENCE_KINDS[kind], number)

    def numbered(self, count: int) -> str:
        return f"{self.chapter}.{count}" if self.chapter else str(count)

    def header(self, node: Node) -> Iterable[Target]:
        level, (identifier, classes, _), inlines = node["c"]
        number = ""
        if "unnumbered" not in classes:
            number = self.section(level)
        title = plain_text(inlines)
        self.headings.append(Heading(level, identifier, number, title))
        if identifier.startswith("sec-"):
            word = "Section"
            if level == 1:
                word = "Appendix" if self.page.appendix else "Chapter"
            yield Target(identifier, self.page, word, number, title)

    def section(self, level: int) -> str:
        if level == 1:
            return self.chapter
        if not self.chapter:
            return ""
        self.sections[level - 2] += 1
        self.sections[level - 1 :] = [0] * len(self.sections[level - 1 :])
        return ".".join([self.chapter, *map(str, self.sections[: level - 1])])


def is_reference(identifier: str) -> bool:
    """Tell whether a citation key is a cross-reference."""
    kind, dash, _ = identifier.partition("-")
    return bool(dash) and kind.lower() in REFERENCE_KINDS


def resolve(
    blocks: list[Node], index: Index, page: Page, href: Callable[[Target], str]
) -> list[Node]:
    """Replace cross-references by links; ``href`` says where a target lies.

    Raises
    ------
    KwevError
        If a label doesn't exist.
    """

    def change(node: Node) -> Node | list[Node] | None:
        if node["t"] != "Cite":
            return None
        citations = node["c"][0]
        if not any(is_reference(citation["citationId"]) for citation in citations):
            return None
        inlines: list[Node] = []
        for citation in citations:
            if inlines:
                inlines += [{"t": "Str", "c": ","}, {"t": "Space"}]
            inlines += _reference(citation, index, page, href)
        return inlines

    changed: list[Node] = transform(blocks, change)
    return changed


def _reference(
    citation: Node, index: Index, page: Page, href: Callable[[Target], str]
) -> list[Node]:
    label = citation["citationId"]
    target = index.targets.get(label) or index.targets.get(label[:1].lower() + label[1:])
    if target is None:
        raise KwevError(
            f"cross-reference @{label} leads nowhere",
            where=str(page.source),
            hint="No figure, table, section or equation has this label.",
        )
    text = target.text
    if citation["citationMode"]["t"] == "SuppressAuthor" and target.number:
        text = target.number
    elif citation["citationPrefix"]:
        text = f"{plain_text(citation['citationPrefix'])}{_NBSP}{target.number}"
    content = [{"t": "Str", "c": text}] if target.number else text_inlines(text)
    link = {"t": "Link", "c": [["", ["quarto-xref"], []], content, [href(target), ""]]}
    suffix = citation["citationSuffix"]
    return [link, *suffix]
