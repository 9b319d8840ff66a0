"""What a chapter's text and cells may hold: numbers come from computed values, never from typing.

- Prose, captions and text alternatives hold no figure outside :data:`ALLOWED`.
- Cells hold no numeric literal but 0 and 1, and no digit in a string that a reader would see.
- A figure or table is named in the text before it appears, and has a caption; a figure has a text
  alternative.
- Each citation key is in the bibliography, and each entry of the bibliography is cited somewhere.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from kwev.book.chapters import CodeBlock
from kwev.book.checks import Problem
from kwev.book.numbering import is_reference
from kwev.book.subset import blank, line_of, prose_only, without_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kwev.book.chapters import Chapter

ALLOWED = (
    (r"\b(?:19|20)\d\d(?:[-\N{EN DASH}]\d\d){0,2}\b", "years and dates"),
    (r"\b[Ll]evel [23]\b|\bL[23]\b", "charger levels"),
    (r"\bION [Ss]tage [12]\b|\b[Ss]tage [12] of ION\b", "stages of the ION line"),
    (r"\bEPSG:\d+\b|\bUTM(?: zone)? \d+N\b|\bNAD ?83\b|\bWGS ?84\b", "coordinate systems"),
    (r"\bR\d{1,2}\b", "requirements of the specification"),
    (r"§+ ?[A-Z]?\d+(?:\.\d+)*", "sections of the specification or of a law"),
    (r"\b(?:NEC|OESC|CSA|ISO|IEC|IEEE|SAE|O\. ?Reg\.)[ -]?[A-Z]?\d[\w.:/-]*", "codes, standards"),
    (r"\b(?:Section|Rule|Article|Table|Clause) \d+(?:[-.]\d+)*(?= of the)", "a law's paragraph"),
    (r"\b(?:CC BY(?:-SA)?|ODbL|OGL[ -]\w+|v(?:ersion)?\.?) ?\d+(?:\.\d+)*\b", "licences, versions"),
    (r"\bPython \d(?:\.\d+)*\b|\bQuarto \d(?:\.\d+)*\b", "versions of software"),
    (r"\b[NLK]\d[A-Z]\b", "postal areas"),
    (r"\b[Cc]ensus division \d{4}\b|\bCMA \d{3}\b", "names of census areas"),
    (r"\bCO(?:2|\N{SUBSCRIPT TWO})\b|\bPM2\.5\b", "chemical names"),
)
"""Figures that are names, not results: pattern and what it stands for."""

_ALLOWED = tuple(re.compile(pattern) for pattern, _ in ALLOWED)
_FIGURE = re.compile(r"\d+(?:[.,\N{NO-BREAK SPACE} ]\d+)*(?:\s?%)?")
_CITATION = re.compile(r"(?<![\w@.])-?@(?P<key>\{[^}]+\}|[A-Za-z_][\w:.#$%&+?<>~/-]*)")
_BIB_ENTRY = re.compile(
    r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*(?P<key>[^,\s]+)\s*,", re.MULTILINE | re.IGNORECASE
)
_NAME = re.compile(r"^[a-z_][a-z0-9_.\-/:]*(?: [a-z_][a-z0-9_.\-/:]*)*$")
_SENTENCE_END = re.compile(r"(?<=[a-z)\]])[.!?] +(?=[A-Z@`*])")
_LABEL = re.compile(r"\{[^{}\n]*#(?P<id>(?:fig|tbl|sec|eq)-[\w-]+)")
_LITERALS = (0, 1)


def check_prose(chapter: Chapter) -> list[Problem]:
    """Return bare figures, literals in cells, and figures shown before they are named."""
    found = [*_figures(chapter), *_cells(chapter), *_labels(chapter)]
    return [Problem(chapter.where(line), what) for line, what in sorted(set(found))]


def check_citations(chapters: Iterable[Chapter], bibliography: Path | None) -> list[Problem]:
    """Return citations without an entry and entries that nobody cites."""
    entries: dict[str, int] = {}
    name = bibliography.name if bibliography else "references.bib"
    if bibliography is not None:
        text = bibliography.read_text(encoding="utf-8")
        for match in _BIB_ENTRY.finditer(text):
            entries[match["key"]] = line_of(text, match.start("key")) + 1
    problems: list[Problem] = []
    cited: set[str] = set()
    for chapter in chapters:
        for line, key in citations(chapter):
            cited.add(key)
            if key not in entries:
                problems.append(Problem(chapter.where(line), f"citation @{key} is not in {name}"))
    problems += [
        Problem(f"{name}:{line}", f"entry {key} is not cited")
        for key, line in entries.items()
        if key not in cited
    ]
    return problems


def check_labels(chapters: Iterable[Chapter]) -> list[Problem]:
    """Return cross-references that lead nowhere and labels used twice, over the whole book."""
    chapters = list(chapters)
    defined: dict[str, str] = {}
    problems = []
    for chapter in chapters:
        for line, label in labels(chapter):
            where = chapter.where(line)
            if label in defined:
                problems.append(Problem(where, f"label {label} is used at {defined[label]} too"))
            defined[label] = where
    problems += [
        Problem(chapter.where(line), f"@{key} leads nowhere")
        for chapter in chapters
        for line, key in references(chapter)
        if key not in defined and key[:1].lower() + key[1:] not in defined
    ]
    return problems


def lint_sentences(chapter: Chapter) -> list[Problem]:
    """Return lines that hold more than one sentence: a hint, not a fault."""
    hints = []
    for block in chapter.markdown:
        for number, line in enumerate(prose_only(block.text).splitlines()):
            if _SENTENCE_END.search(line) and not line.lstrip().startswith("|"):
                where = chapter.where(block.line + number)
                hints.append(Problem(where, "more than one sentence on the line"))
    return hints


def citations(chapter: Chapter) -> list[tuple[int, str]]:
    """Return line and key of each citation, cross-references excepted."""
    return [(line, key) for line, key in _keys(chapter) if not is_reference(key)]


def references(chapter: Chapter) -> list[tuple[int, str]]:
    """Return line and label of each cross-reference."""
    return [(line, key) for line, key in _keys(chapter) if is_reference(key)]


def labels(chapter: Chapter) -> list[tuple[int, str]]:
    """Return line and label of everything in a chapter that can be referred to."""
    found: list[tuple[int, str]] = []
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            if block.label.startswith(("fig-", "tbl-")):
                found.append((block.line, block.label))
            continue
        found += [
            (block.line + line_of(block.text, match.start()), match["id"])
            for match in _LABEL.finditer(block.text)
        ]
    return found


def _keys(chapter: Chapter) -> Iterator[tuple[int, str]]:
    for line, text in _texts(chapter):
        visible = blank(without_code(text), re.compile(r"\{[^{}\n]*\}(?!\))"))
        for match in _CITATION.finditer(visible):
            key = match["key"].strip("{}").rstrip(".,;:?!/-")
            yield line + line_of(text, match.start()), key


def _texts(chapter: Chapter) -> Iterator[tuple[int, str]]:
    """Give all Markdown of a chapter with its first line: blocks and captions."""
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            for option in ("fig-cap", "tbl-cap"):
                if block.options.get(option):
                    yield max(1, block.line - 1), str(block.options[option])
        else:
            yield block.line, block.text


def _figures(chapter: Chapter) -> Iterator[tuple[int, str]]:
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            for option in ("fig-cap", "tbl-cap", "fig-alt", "code-summary"):
                for _, figure in bare_figures(str(block.options.get(option) or "")):
                    yield block.line, f"bare figure {figure} in {option}"
        else:
            for line, figure in bare_figures(block.text):
                yield block.line + line, f"bare figure {figure} in prose"


def bare_figures(markdown: str) -> list[tuple[int, str]]:
    """Return line (from 0) and text of the figures in Markdown that no allowance covers."""
    text = blank(prose_only(markdown), *_ALLOWED)
    return [(line_of(text, match.start()), match[0].strip()) for match in _FIGURE.finditer(text)]


def _cells(chapter: Chapter) -> Iterator[tuple[int, str]]:
    for block in chapter.code:
        try:
            tree = ast.parse(block.source)
        except SyntaxError as error:
            yield block.line + (error.lineno or 1) - 1, f"not valid Python: {error.msg}"
            continue
        for line, what in literals(tree):
            yield block.line + line - 1, what
    for markdown in chapter.markdown:
        for inline in markdown.inlines:
            try:
                expression = ast.parse(inline.expression, mode="eval")
            except SyntaxError as error:
                yield inline.line, f"inline expression is not valid Python: {error.msg}"
                continue
            for _, what in literals(expression):
                yield inline.line, what


def literals(tree: ast.AST) -> list[tuple[int, str]]:
    """Return line and message for each number beyond 0 and 1 and each displayed digit.

    A string that has the form of names (lower case, none begins with a digit: keys, columns, a
    path) is not displayed.
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool | type(None)):
            continue
        if isinstance(node.value, str):
            if not _NAME.match(node.value) and bare_figures(node.value):
                found.append((node.lineno, f"digit in a displayed string: {node.value!r}"))
        elif isinstance(node.value, int | float | complex) and node.value not in _LITERALS:
            found.append((node.lineno, f"numeric literal {node.value!r} in a cell"))
    return found


def _labels(chapter: Chapter) -> Iterator[tuple[int, str]]:
    named: set[str] = set()
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            yield from _labelled_cell(block, named)
            continue
        visible = without_code(block.text)
        events = [
            (m.start(), "key", m["key"].rstrip(".,;:?!/-")) for m in _CITATION.finditer(visible)
        ]
        events += [
            (m.start(), "label", m["id"])
            for m in _LABEL.finditer(visible)
            if m["id"].startswith(("fig-", "tbl-"))
        ]
        for offset, kind, name in sorted(events):
            if kind == "key":
                named.add(name[:1].lower() + name[1:])
            elif name not in named:
                yield block.line + line_of(visible, offset), f"{name} appears before it is named"


def _labelled_cell(block: CodeBlock, named: set[str]) -> Iterator[tuple[int, str]]:
    label = block.label
    if not label.startswith(("fig-", "tbl-")):
        return
    if label not in named:
        yield block.line, f"{label} appears before it is named"
    option = "fig-cap" if label.startswith("fig-") else "tbl-cap"
    if not block.options.get(option):
        yield block.line, f"{label} has no {option}"
