"""What a chapter's file may hold: the listed subset of Quarto, and no number that was typed.

- Both renderings can do all of the subset; anything else is refused with its line.
- Prose, captions and text alternatives hold no figure outside :data:`ALLOWED`, cells no number but
  0 and 1 (unless ``echo: true`` shows the cell as an example) and no digit in displayed text.
- What has a label is named before it appears, references and citations lead somewhere.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from kwev.book.chapters import CodeBlock, code_lines
from kwev.book.pages import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kwev.book.chapters import Chapter

    Found = Iterator[tuple[int, str]]

FRONT_MATTER = frozenset({"description", "keywords"})
CELL_OPTIONS = frozenset(
    {"label", "fig-cap", "fig-alt", "tbl-cap", "echo", "output", "code-fold", "code-summary"}
)
_CALLOUTS = ("note", "tip", "important", "warning", "caution")
DIV_CLASSES = frozenset({"landscape", *(f"callout-{kind}" for kind in _CALLOUTS)})
DIV_KEYS = frozenset({"title", "collapse", "lang"})
HEADING_CLASSES = frozenset({"unnumbered"})
HEADING_KEYS = frozenset({"lang"})
LABEL = re.compile(r"^(?:fig|tbl|sec|eq)-[a-z0-9]+(?:-[a-z0-9]+)*$")
_MAX_LEVEL = 4

ALLOWED = (
    (r"\b(?:19|20)\d\d(?:[-\N{EN DASH}]\d\d){0,2}\b", "years and dates"),
    (r"\b(?:[Ll]evel|niveau) [23]\b|\bL[23]\b", "charger levels"),
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
_NAME = re.compile(r"^[a-z_][a-z0-9_.\-/:]*(?: [a-z_][a-z0-9_.\-/:]*)*$")
_LITERALS = (0, 1)
_BIB_ENTRY = re.compile(
    r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*(?P<key>[^,\s]+)\s*,", re.MULTILINE | re.IGNORECASE
)

# Markdown that a check must not read, beginning with code and mathematics.
_CODE = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"(?<!`)(?P<marks>`+)(?!`).*?(?<!`)(?P=marks)(?!`)(?:\{[^}]*\})?", re.DOTALL),
    re.compile(r"\$\$.*?\$\$(?:\s*\{#eq-[\w-]+\})?", re.DOTALL),
    re.compile(r"(?<![\\$\w])\$(?=\S)(?:[^$\n]|\n(?!\n))*?(?<=\S)(?<!\\)\$(?![\d$])"),
)
_AUTOLINK = re.compile(r"<(?:https?|mailto):[^>\s]*>")
_SILENT = (
    re.compile(rf"{_AUTOLINK.pattern}|https?://[^\s)>\]]+"),
    re.compile(r"(?<=\])\((?:[^()\n]|\([^()\n]*\))*\)"),  # a link's target
    re.compile(r"\{[^{}\n]*\}"),
    re.compile(r"-?@(?:\{[^}]+\}|[A-Za-z_][\w:.#$%&+?<>~/-]*)"),
    re.compile(r"\[\^[^\]]+\]:?"),
    re.compile(r"</?[A-Za-z][^>\n]*>"),
    re.compile(r"^\s{0,3}\(?(?:\d+|#)[.)](?=\s)", re.MULTILINE),  # a list's number
)
_CITATION = re.compile(r"(?<![\w@.])-?@(?P<key>\{[^}]+\}|[A-Za-z_][\w:.#$%&+?<>~/-]*)")
_DEFINED = re.compile(r"\{[^{}\n]*#(?P<id>(?:fig|tbl|sec|eq)-[\w-]+)")
_HEADING = re.compile(
    r"^(?P<marks>#+)\s+(?P<title>.*?)(?:\s*\{(?P<attributes>[^}]*)\})?\s*$", re.MULTILINE
)
_DIV = re.compile(r"^[ \t]*:{3,}[ \t]*(?P<rest>\S.*?)[ \t]*:*[ \t]*$", re.MULTILINE)
_FENCE_INFO = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?P<info>\{.*)$", re.MULTILINE)
_EXECUTABLE = re.compile(r"^\{(?!\.|#|=)")
_OTHER_KINDS = "lst|thm|lem|cor|prp|cnj|def|exm|exr|sol|rem|alg|nte|tip|wrn|imp|cau"
_REFUSED = (
    (re.compile(rf"(?<![\w@])@(?:{_OTHER_KINDS})-[\w-]+", re.IGNORECASE), "cross-reference"),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), "image"),
    (re.compile(r"\{\{<.*?>\}\}"), "shortcode"),
    (re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>\n]*)?/?>"), "HTML"),
)
_RAW_INLINE = re.compile(r"`[^`\n]+`\{=\w+\}")
_ATTRIBUTE = re.compile(
    r"""\#(?P<id>[\w:.-]+)|\.(?P<class>[\w-]+)|(?P<key>[\w-]+)=(?:"[^"]*"|'[^']*'|\S+)"""
)


def check_subset(chapter: Chapter) -> list[Problem]:
    """Return what a chapter uses beyond the subset, in order of lines."""
    found = [
        (1, f"front matter key {key} is not used here")
        for key in chapter.front_matter
        if key not in FRONT_MATTER
    ]
    headings: list[tuple[int, int]] = []
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            found += _options(block)
            continue
        visible = _without_code(block.text)
        headings += [
            (block.line + _line(visible, match.start()), len(match["marks"]))
            for match in _HEADING.finditer(visible)
        ]
        places = [*_raw(block.text), *_headings(visible), *_divs(visible)]
        no_links = _blank(visible, _AUTOLINK)
        places += [
            (_line(no_links, match.start()), f"{kind} {match[0]} is not in the subset")
            for pattern, kind in _REFUSED
            for match in pattern.finditer(no_links)
        ]
        found += [(block.line + line, what) for line, what in places]
    return _problems(chapter, [*found, *_outline(headings)])


def check_prose(chapter: Chapter) -> list[Problem]:
    """Return bare figures, literals in cells, and figures shown before they are named."""
    return _problems(chapter, [*_figures(chapter), *_cells(chapter), *_names(chapter)])


def check_citations(chapters: Iterable[Chapter], bibliography: Path | None) -> list[Problem]:
    """Return citations without an entry and entries that nobody cites."""
    name = bibliography.name if bibliography else "references.bib"
    text = bibliography.read_text(encoding="utf-8") if bibliography else ""
    entries = {m["key"]: _line(text, m.start("key")) + 1 for m in _BIB_ENTRY.finditer(text)}
    cited = [
        (chapter.where(line), key)
        for chapter in chapters
        for line, key in _keys(chapter)
        if not _is_reference(key)
    ]
    missing = [
        Problem(where, f"citation @{key} is not in {name}")
        for where, key in cited
        if key not in entries
    ]
    unused = entries.keys() - {key for _, key in cited}
    return missing + [Problem(f"{name}:{entries[k]}", f"entry {k} is not cited") for k in unused]


def check_labels(chapters: Iterable[Chapter]) -> list[Problem]:
    """Return cross-references that lead nowhere and labels used twice, over the whole book."""
    chapters = list(chapters)
    defined: dict[str, str] = {}
    problems = []
    for chapter in chapters:
        for line, label in _labels(chapter):
            where = chapter.where(line)
            if label in defined:
                problems.append(Problem(where, f"label {label} is used at {defined[label]} too"))
            defined[label] = where
    return problems + [
        Problem(chapter.where(line), f"@{key} leads nowhere")
        for chapter in chapters
        for line, key in _keys(chapter)
        if _is_reference(key) and _lowered(key) not in defined
    ]


def bare_figures(markdown: str) -> list[tuple[int, str]]:
    """Return line (from 0) and text of the figures in Markdown that no allowance covers."""
    text = _blank(_without_code(markdown), *_SILENT, *_ALLOWED)
    return [(_line(text, match.start()), match[0].strip()) for match in _FIGURE.finditer(text)]


def literals(tree: ast.AST, *, numbers: bool = True) -> list[tuple[int, str]]:
    """Return line and message for each number beyond 0 and 1 and each displayed digit.

    A string that has the form of names (lower case, none begins with a digit: keys, columns, a
    path) is not displayed. Without ``numbers`` only displayed digits are told.
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool | type(None)):
            continue
        if isinstance(node.value, str):
            if not _NAME.match(node.value) and bare_figures(node.value):
                found.append((node.lineno, f"digit in a displayed string: {node.value!r}"))
        elif isinstance(node.value, int | float | complex) and node.value not in _LITERALS:
            found += [(node.lineno, f"numeric literal {node.value!r} in a cell")] * numbers
    return found


def _problems(chapter: Chapter, found: Iterable[tuple[int, str]]) -> list[Problem]:
    return [Problem(chapter.where(line), what) for line, what in sorted(set(found))]


def _line(text: str, offset: int) -> int:
    """Return how many lines lie before an offset."""
    return text.count("\n", 0, offset)


def _blank(text: str, *patterns: re.Pattern[str]) -> str:
    """Put spaces for what the patterns match, so that offsets and lines keep their meaning."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def _without_code(text: str) -> str:
    """Blank out fenced code, inline code, comments and mathematics."""
    lines = zip(text.split("\n"), [*code_lines(text), False], strict=False)
    return _blank("\n".join(" " * len(line) if code else line for line, code in lines), *_CODE)


def _is_reference(key: str) -> bool:
    kind, dash, _ = key.partition("-")
    return bool(dash) and kind.lower() in {"fig", "tbl", "eq", "sec"}


def _lowered(key: str) -> str:
    return key[:1].lower() + key[1:]


# -- the subset


def _options(block: CodeBlock) -> Found:
    line = max(1, block.line - len(block.options))
    for key in block.options:
        if key not in CELL_OPTIONS:
            yield line, f"cell option {key} is not in the subset"
    if block.options.get("output") not in {None, True, False, "asis"}:
        yield line, f"cell option output may be true, false or asis, not {block.options['output']}"
    if block.label.startswith(("fig", "tbl")) and not LABEL.match(block.label):
        yield line, f"label {block.label} is not of the form fig-name or tbl-name"
    for kind in ("fig", "tbl"):
        if block.options.get(f"{kind}-cap") and not block.label.startswith(f"{kind}-"):
            yield line, f"{kind}-cap needs a label {kind}-name"


def _outline(headings: list[tuple[int, int]]) -> Found:
    if not headings or headings[0][1] != 1:
        yield 1, "the chapter doesn't begin with # Title {#sec-name}"
    for line, level in headings[1:]:
        if level == 1:
            yield line, "a second heading of level 1"
        elif level > _MAX_LEVEL:
            yield line, f"a heading of level {level}"


def _headings(visible: str) -> Found:
    for match in _HEADING.finditer(visible):
        line = _line(visible, match.start())
        names = _attributes(match["attributes"] or "")
        for name in [*(names["class"] - HEADING_CLASSES), *(names["key"] - HEADING_KEYS)]:
            yield line, f"heading attribute {name} is not in the subset"
        if len(match["marks"]) == 1 and not any(name.startswith("sec-") for name in names["id"]):
            yield line, "the chapter's title has no id {#sec-name}"


def _divs(visible: str) -> Found:
    for match in _DIV.finditer(visible):
        line, rest = _line(visible, match.start()), match["rest"]
        names = _attributes(rest.strip("{}") if rest.startswith("{") else f".{rest}")
        for kind, allowed in (("class", DIV_CLASSES), ("key", DIV_KEYS), ("id", frozenset())):
            word = "attribute" if kind == "key" else kind
            for name in sorted(names[kind] - allowed):
                yield line, f"div {word} {name} is not in the subset"


def _raw(text: str) -> Found:
    for match in _RAW_INLINE.finditer(text):
        yield _line(text, match.start()), f"raw inline {match[0]} is not in the subset"
    for match in _FENCE_INFO.finditer(text):
        info = match["info"]
        if info.startswith("{="):
            yield _line(text, match.start()), f"raw block {info} is not in the subset"
        elif _EXECUTABLE.match(info):
            yield _line(text, match.start()), f"cell of another kind: {info}"


def _attributes(text: str) -> dict[str, set[str]]:
    matches = list(_ATTRIBUTE.finditer(text))
    return {kind: {m[kind] for m in matches if m[kind]} for kind in ("id", "class", "key")}


# -- numbers, names, citations


def _figures(chapter: Chapter) -> Found:
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            for option in ("fig-cap", "tbl-cap", "fig-alt", "code-summary"):
                for _, figure in bare_figures(str(block.options.get(option) or "")):
                    yield block.line, f"bare figure {figure} in {option}"
        else:
            for line, figure in bare_figures(block.text):
                yield block.line + line, f"bare figure {figure} in prose"


def _cells(chapter: Chapter) -> Found:
    for block in chapter.code:
        try:
            tree = ast.parse(block.source)
        except SyntaxError as error:
            yield block.line + (error.lineno or 1) - 1, f"not valid Python: {error.msg}"
            continue
        # an example that the reader sees in full may state its own inputs
        for line, what in literals(tree, numbers=block.options.get("echo") is not True):
            yield block.line + line - 1, what
    for inline in (inline for block in chapter.markdown for inline in block.inlines):
        try:
            expression = ast.parse(inline.expression, mode="eval")
        except SyntaxError as error:
            yield inline.line, f"inline expression is not valid Python: {error.msg}"
            continue
        for _, what in literals(expression):
            yield inline.line, what


def _names(chapter: Chapter) -> Found:
    """Tell which labels appear before they are named, and which cells have no caption."""
    named: set[str] = set()
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            kind = block.label[:4]
            if kind in {"fig-", "tbl-"}:
                if block.label not in named:
                    yield block.line, f"{block.label} appears before it is named"
                if not block.options.get(f"{kind}cap"):
                    yield block.line, f"{block.label} has no {kind}cap"
            continue
        visible = _without_code(block.text)
        events = [(m.start(), True, m["key"]) for m in _CITATION.finditer(visible)]
        events += [
            (m.start(), False, m["id"])
            for m in _DEFINED.finditer(visible)
            if m["id"].startswith(("fig-", "tbl-"))
        ]
        for offset, is_key, name in sorted(events):
            if is_key:
                named.add(_lowered(name.rstrip(".,;:?!/-")))
            elif name not in named:
                yield block.line + _line(visible, offset), f"{name} appears before it is named"


def _labels(chapter: Chapter) -> Found:
    """Give line and label of everything in a chapter that can be referred to."""
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            if block.label.startswith(("fig-", "tbl-")):
                yield block.line, block.label
        else:
            for match in _DEFINED.finditer(block.text):
                yield block.line + _line(block.text, match.start()), match["id"]


def _keys(chapter: Chapter) -> Found:
    """Give line and key of each citation and cross-reference, in blocks and captions."""
    for block in chapter.blocks:
        texts = [(block.line, block.text)] if not isinstance(block, CodeBlock) else [
            (max(1, block.line - 1), str(block.options[option]))
            for option in ("fig-cap", "tbl-cap")
            if block.options.get(option)
        ]  # fmt: skip
        for line, text in texts:
            visible = _blank(_without_code(text), re.compile(r"\{[^{}\n]*\}(?!\))"))
            for match in _CITATION.finditer(visible):
                key = match["key"].strip("{}").rstrip(".,;:?!/-")
                yield line + _line(text, match.start()), key
