"""The book's list of chapters and what each chapter file is made of.

``_quarto.yml`` holds the one list of chapters. A chapter file (.qmd) is front matter, Markdown and
```` ```{python} ```` cells with ``#|`` options; Markdown may hold inline expressions, written
`` `{python} expression` ``. Lines are counted from 1, so that every message can name its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Mapping

QUARTO_FILE = "_quarto.yml"

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
_CELL_INFO = re.compile(r"^\s*\{python\}\s*$")
_OPTION = re.compile(r"^#\|\s?(?P<text>.*)$")
_INLINE = re.compile(r"(?<!`)`\{python\}[ \t]+(?P<expression>[^`]+?)[ \t]*`(?!`)")


@dataclass(frozen=True)
class Page:
    """One file of the book, in the order of ``_quarto.yml``."""

    source: PurePosixPath
    appendix: bool = False

    @property
    def output(self) -> PurePosixPath:
        """Path of the page inside the site, the same as Quarto's."""
        return self.source.with_suffix(".html")

    @property
    def up(self) -> str:
        """What leads from the page to the site's root: empty or ``../``."""
        return "../" * (len(self.output.parts) - 1)

    @property
    def name(self) -> str:
        """File name without folder and extension, such as ``01-scope``."""
        return self.source.stem


@dataclass(frozen=True)
class Book:
    """What ``_quarto.yml`` says about the book.

    ``settings`` is the whole file, for what only one reader needs.
    """

    root: Path
    title: str
    subtitle: str
    authors: tuple[str, ...]
    language: str
    pages: tuple[Page, ...]
    bibliography: Path | None
    output_dir: Path
    settings: Mapping[str, Any] = field(repr=False)

    @property
    def pdf_name(self) -> str:
        """File name of the PDF: ``book: output-file:``, or the title as Quarto writes it."""
        book = self.settings["book"]
        stem = book.get("output-file") or re.sub(r'[\s<>:"/\\|?*]+', "-", self.title).strip("-")
        return f"{stem}.pdf"

    def setting(self, form: str, key: str, default: Any = None) -> Any:
        """Return how cells are shown in ``form``: what the format says, else ``execute:``."""
        of_form = (self.settings.get("format") or {}).get(form)
        of_all = self.settings.get("execute") or {}
        return {**of_all, **(of_form if isinstance(of_form, dict) else {})}.get(key, default)


@dataclass(frozen=True)
class Inline:
    """An inline expression; ``start`` and ``end`` are offsets into its block's text."""

    expression: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class MarkdownBlock:
    """Markdown between two cells, as written."""

    text: str
    line: int
    inlines: tuple[Inline, ...] = ()


@dataclass(frozen=True)
class CodeBlock:
    """A python cell: its source without options; ``line`` is that of the first source line."""

    source: str
    line: int
    options: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Label from the options, or an empty text."""
        return str(self.options.get("label") or "")


@dataclass(frozen=True, eq=False)
class Chapter:
    """A parsed chapter file."""

    page: Page
    path: Path
    front_matter: Mapping[str, Any]
    blocks: tuple[MarkdownBlock | CodeBlock, ...]

    @property
    def code(self) -> tuple[CodeBlock, ...]:
        """Cells only, in order."""
        return tuple(block for block in self.blocks if isinstance(block, CodeBlock))

    @property
    def markdown(self) -> tuple[MarkdownBlock, ...]:
        """Markdown blocks only, in order."""
        return tuple(block for block in self.blocks if isinstance(block, MarkdownBlock))

    def where(self, line: int) -> str:
        """Return ``file:line`` with the file as the book names it."""
        return f"{self.page.source}:{line}"


def read_book(root: Path) -> Book:
    """Read ``_quarto.yml`` in ``root``.

    Raises
    ------
    KwevError
        If the file is missing or not YAML, if a key is missing, or if a chapter file is.
    """
    settings = _parse_yaml(
        _read(root / QUARTO_FILE, "Run this in the project's folder."), QUARTO_FILE
    )
    book = settings.get("book")
    if not isinstance(book, dict) or not book.get("title"):
        raise KwevError("the book has no title", where=f"{QUARTO_FILE}: book.title")
    pages = tuple(
        Page(PurePosixPath(source), appendix=kind == "appendices")
        for kind in ("chapters", "appendices")
        for source in _listed(book, kind)
    )
    if not pages or pages[0].source != PurePosixPath("index.qmd"):
        raise KwevError("the first chapter is not index.qmd", where=f"{QUARTO_FILE}: book.chapters")
    bibliography = settings.get("bibliography")
    for source in [*(page.source for page in pages), bibliography or "index.qmd"]:
        if not (root / source).is_file():
            raise KwevError(
                f"{'bibliography' if source == bibliography else 'chapter'} {source} doesn't exist",
                where=f"{QUARTO_FILE}: book",
                hint="Write the file or take it off the list.",
            )
    authors = book.get("author") or []
    return Book(
        root=root,
        title=str(book["title"]),
        subtitle=str(book.get("subtitle") or ""),
        authors=tuple(authors if isinstance(authors, list) else [authors]),
        language=str(settings.get("lang") or "en"),
        pages=pages,
        bibliography=root / bibliography if bibliography else None,
        output_dir=root / str((settings.get("project") or {}).get("output-dir") or "_book"),
        settings=settings,
    )


def read_chapter(root: Path, page: Page) -> Chapter:
    """Read and parse one chapter file.

    Raises
    ------
    KwevError
        If the file can't be read, a fence or the front matter is not closed, or YAML is broken.
    """
    path = root / page.source
    return parse_chapter(_read(path), page, path)


def parse_chapter(text: str, page: Page, path: Path | None = None) -> Chapter:
    """Split the text of a chapter into front matter, Markdown and cells."""
    lines = text.splitlines()
    front_matter, start = _front_matter(lines, str(page.source))
    blocks: list[MarkdownBlock | CodeBlock] = []
    pending: list[str] = []
    pending_line = start + 1
    position = start
    while position < len(lines):
        fence = _FENCE.match(lines[position])
        if fence is None:
            pending.append(lines[position])
            position += 1
            continue
        end = _closing(lines, position, fence, str(page.source))
        if _CELL_INFO.match(fence["info"]):
            if any(line.strip() for line in pending):
                blocks.append(_markdown(pending, pending_line))
            blocks.append(_cell(lines[position + 1 : end], position + 2, str(page.source)))
            pending, pending_line = [], end + 2
        else:
            pending.extend(lines[position : end + 1])
        position = end + 1
    if any(line.strip() for line in pending):
        blocks.append(_markdown(pending, pending_line))
    return Chapter(page, path or Path(page.source), front_matter, tuple(blocks))


def code_lines(text: str) -> list[bool]:
    """Tell for each line of Markdown whether it is part of a fenced code block."""
    flags: list[bool] = []
    closing: re.Match[str] | None = None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if closing is None:
            closing = fence
            flags.append(fence is not None)
        else:
            flags.append(True)
            if fence is not None and _closes(fence, closing):
                closing = None
    return flags


def _read(path: Path, hint: str = "") -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KwevError(f"cannot be read: {error}", where=str(path), hint=hint) from error


def _front_matter(lines: list[str], source: str) -> tuple[dict[str, Any], int]:
    if not lines or lines[0].rstrip() != "---":
        return {}, 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in {"---", "..."}:
            return _parse_yaml("\n".join(lines[1:number]), f"{source}:2"), number + 1
    raise KwevError("the front matter is not closed", where=f"{source}:1", hint="End it with ---.")


def _closes(fence: re.Match[str], opening: re.Match[str]) -> bool:
    return (
        fence["marks"][0] == opening["marks"][0]
        and len(fence["marks"]) >= len(opening["marks"])
        and not fence["info"].strip()
    )


def _closing(lines: list[str], opened: int, opening: re.Match[str], source: str) -> int:
    for number in range(opened + 1, len(lines)):
        fence = _FENCE.match(lines[number])
        if fence is not None and _closes(fence, opening):
            return number
    raise KwevError("the code block is not closed", where=f"{source}:{opened + 1}")


def _cell(lines: list[str], first_line: int, source: str) -> CodeBlock:
    options: list[str] = []
    for line in lines:
        match = _OPTION.match(line)
        if match is None:
            break
        options.append(match["text"])
    for number, text in enumerate(options):
        if _INLINE.search(text):
            raise KwevError(
                f"an inline expression in a cell option is not evaluated: {text.strip()}",
                where=f"{source}:{first_line + number}",
                hint="Put the value into the prose, or let the figure's alt text tell it.",
            )
    code = lines[len(options) :]
    return CodeBlock(
        source="\n".join(code).strip("\n"),
        line=first_line + len(options),
        options=_parse_yaml("\n".join(options), f"{source}:{first_line}"),
    )


def _markdown(lines: list[str], first_line: int) -> MarkdownBlock:
    text = "\n".join(lines) + "\n"
    fenced = code_lines(text)
    inlines = []
    for match in _INLINE.finditer(text):
        line = text.count("\n", 0, match.start())
        if not fenced[line]:
            expression = " ".join(match["expression"].split())
            inlines.append(Inline(expression, first_line + line, match.start(), match.end()))
    return MarkdownBlock(text, first_line, tuple(inlines))


def _parse_yaml(text: str, where: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text) if text.strip() else {}
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or "not valid YAML"
        raise KwevError(f"not valid YAML: {reason}", where=where) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise KwevError("expected keys and values in YAML", where=where)
    return value


def _listed(book: dict[str, Any], kind: str) -> list[str]:
    listed = book.get(kind) or []
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
        raise KwevError("expected a plain list of .qmd files", where=f"{QUARTO_FILE}: book.{kind}")
    return listed
