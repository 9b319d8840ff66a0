"""Blanking out the parts of Markdown that a check must not read, in place.

Blanked characters become spaces and line ends stay, so offsets and lines keep their meaning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kwev.book.chapters import CodeBlock, code_lines
from kwev.book.checks import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.book.chapters import Chapter

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE_CODE = re.compile(
    r"(?<!`)(?P<marks>`+)(?!`).*?(?<!`)(?P=marks)(?!`)(?:\{[^}]*\})?", re.DOTALL
)
_DISPLAY_MATH = re.compile(r"\$\$.*?\$\$(?:\s*\{#eq-[\w-]+\})?", re.DOTALL)
_INLINE_MATH = re.compile(r"(?<![\\$\w])\$(?=\S)(?:[^$\n]|\n(?!\n))*?(?<=\S)(?<!\\)\$(?![\d$])")
_LINK_TARGET = re.compile(r"(?<=\])\((?:[^()\n]|\([^()\n]*\))*\)")
_AUTOLINK = re.compile(r"<(?:https?|mailto):[^>\s]*>|https?://[^\s)>\]]+")
_ATTRIBUTES = re.compile(r"\{[^{}\n]*\}")
_KEY = re.compile(r"-?@(?:\{[^}]+\}|[A-Za-z_][\w:.#$%&+?<>~/-]*)")
_FOOTNOTE = re.compile(r"\[\^[^\]]+\]:?")
_LIST_NUMBER = re.compile(r"^\s{0,3}\(?(?:\d+|#)[.)](?=\s)", re.MULTILINE)
_HTML_TAG = re.compile(r"</?[A-Za-z][^>\n]*>")


def blank(text: str, *patterns: re.Pattern[str]) -> str:
    """Replace what the patterns match by spaces, one pattern after the other."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def without_code(text: str) -> str:
    """Blank out fenced code, inline code, comments and mathematics."""
    lines = [
        " " * len(line) if fenced else line
        for line, fenced in zip(text.splitlines(), code_lines(text), strict=True)
    ]
    joined = "\n".join(lines) + ("\n" if text.endswith("\n") else "")
    return blank(joined, _COMMENT, _INLINE_CODE, _DISPLAY_MATH, _INLINE_MATH)


def prose_only(text: str) -> str:
    """Blank out everything that a reader doesn't read as words or figures."""
    return blank(
        without_code(text),
        _AUTOLINK,
        _LINK_TARGET,
        _ATTRIBUTES,
        _KEY,
        _FOOTNOTE,
        _HTML_TAG,
        _LIST_NUMBER,
    )


def line_of(text: str, offset: int) -> int:
    """Return how many lines lie before an offset."""
    return text.count("\n", 0, offset)


# -- The part of Quarto that chapters may use, so that both renderings can do all of it.

FRONT_MATTER = frozenset({"description", "keywords"})
CELL_OPTIONS = frozenset(
    {"label", "fig-cap", "fig-alt", "tbl-cap", "echo", "output", "code-fold", "code-summary"}
)
DIV_CLASSES = frozenset(f"callout-{k}" for k in ("note", "tip", "important", "warning", "caution"))
DIV_KEYS = frozenset({"title", "layout-ncol"})
HEADING_CLASSES = frozenset({"unnumbered", "unlisted"})
IMAGE_KEYS = frozenset({"width", "fig-alt", "alt"})
LABEL = re.compile(r"^(?:fig|tbl|sec|eq)-[a-z0-9]+(?:-[a-z0-9]+)*$")
_MAX_LEVEL = 4

_HEADING = re.compile(
    r"^(?P<marks>#+)\s+(?P<title>.*?)(?:\s*\{(?P<attributes>[^}]*)\})?\s*$", re.MULTILINE
)
_DIV = re.compile(r"^[ \t]*:{3,}[ \t]*(?P<rest>\S.*?)[ \t]*:*[ \t]*$", re.MULTILINE)
_SHORTCODE = re.compile(r"\{\{<.*?>\}\}")
_BAD_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?P<info>\{.*)$", re.MULTILINE)
_RAW_INLINE = re.compile(r"`[^`\n]+`\{=\w+\}")
_ANY_HTML_TAG = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>\n]*)?/?>")
_ANY_AUTOLINK = re.compile(r"<(?:https?|mailto):[^>\s]*>")
_REFERENCE = re.compile(r"(?<![\w@])@(?P<kind>[A-Za-z]{2,5})-[\w-]+")
_OTHER_KINDS = frozenset(
    {"lst", "thm", "lem", "cor", "prp", "cnj", "def", "exm", "exr", "sol", "rem", "alg"}
    | {"nte", "tip", "wrn", "imp", "cau"}
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)\{(?P<attributes>[^}]*)\}")
_ATTRIBUTE = re.compile(
    r"""\#(?P<id>[\w:.-]+)|\.(?P<class>[\w-]+)|(?P<key>[\w-]+)=(?:"[^"]*"|'[^']*'|\S+)"""
)
_EXECUTABLE = re.compile(r"^\{(?!\.|#|=)")


def check_subset(chapter: Chapter) -> list[Problem]:
    """Return what a chapter uses beyond the subset, in order of lines."""
    found: list[tuple[int, str]] = []
    found += [
        (1, f"front matter key {key} is not used here")
        for key in chapter.front_matter
        if key not in FRONT_MATTER
    ]
    headings: list[tuple[int, int]] = []
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            found += _cell(block)
            continue
        visible = without_code(block.text)
        headings += [
            (block.line + line_of(visible, match.start()), len(match["marks"]))
            for match in _HEADING.finditer(visible)
        ]
        places = [*_fences(block.text)]
        for check in (_headings, _divs, _references, _images, _raw):
            places += check(visible)
        found += [(block.line + line, what) for line, what in places]
    found += _outline(headings)
    return [Problem(chapter.where(line), what) for line, what in sorted(set(found))]


def _cell(block: CodeBlock) -> Iterator[tuple[int, str]]:
    line = max(1, block.line - len(block.options))
    for key in block.options:
        if key not in CELL_OPTIONS:
            yield line, f"cell option {key} is not in the subset"
    if block.options.get("output") not in {None, True, False, "asis"}:
        yield line, f"cell option output may be true, false or asis, not {block.options['output']}"
    if block.label.startswith(("fig", "tbl")) and not LABEL.match(block.label):
        yield line, f"label {block.label} is not of the form fig-name or tbl-name"
    if block.options.get("fig-cap") and not block.label.startswith("fig-"):
        yield line, "fig-cap needs a label fig-name"
    if block.options.get("tbl-cap") and not block.label.startswith("tbl-"):
        yield line, "tbl-cap needs a label tbl-name"


def _outline(headings: list[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    if not headings or headings[0][1] != 1:
        yield 1, "the chapter doesn't begin with # Title {#sec-name}"
    for line, level in headings[1:]:
        if level == 1:
            yield line, "a second heading of level 1"
        elif level > _MAX_LEVEL:
            yield line, f"a heading of level {level}"


def _headings(visible: str) -> Iterator[tuple[int, str]]:
    for match in _HEADING.finditer(visible):
        line = line_of(visible, match.start())
        identifiers, classes, keys = _attributes(match["attributes"] or "")
        for name in [*(classes - HEADING_CLASSES), *keys]:
            yield line, f"heading attribute {name} is not in the subset"
        if len(match["marks"]) == 1 and not any(name.startswith("sec-") for name in identifiers):
            yield line, "the chapter's title has no id {#sec-name}"


def _divs(visible: str) -> Iterator[tuple[int, str]]:
    for match in _DIV.finditer(visible):
        line = line_of(visible, match.start())
        rest = match["rest"]
        inner = rest.strip("{}") if rest.startswith("{") else f".{rest}"
        identifiers, classes, keys = _attributes(inner)
        for name in sorted(classes - DIV_CLASSES):
            yield line, f"div class {name} is not in the subset"
        for name in sorted(keys - DIV_KEYS):
            yield line, f"div attribute {name} is not in the subset"
        for name in sorted(identifiers):
            if not LABEL.match(name) and name != "refs":
                yield line, f"div id {name} is not a label"


def _fences(text: str) -> Iterator[tuple[int, str]]:
    for match in _RAW_INLINE.finditer(text):
        yield line_of(text, match.start()), f"raw inline {match[0]} is not in the subset"
    for match in _BAD_FENCE.finditer(text):
        info = match["info"]
        if info.startswith("{="):
            yield line_of(text, match.start()), f"raw block {info} is not in the subset"
        elif _EXECUTABLE.match(info):
            yield line_of(text, match.start()), f"cell of another kind: {info}"


def _references(visible: str) -> Iterator[tuple[int, str]]:
    for match in _REFERENCE.finditer(visible):
        if match["kind"].lower() in _OTHER_KINDS:
            yield (
                line_of(visible, match.start()),
                f"cross-reference {match[0]} is not in the subset",
            )


def _images(visible: str) -> Iterator[tuple[int, str]]:
    for match in _IMAGE.finditer(visible):
        _, classes, keys = _attributes(match["attributes"])
        for name in sorted([*classes, *(keys - IMAGE_KEYS)]):
            yield line_of(visible, match.start()), f"image attribute {name} is not in the subset"


def _raw(visible: str) -> Iterator[tuple[int, str]]:
    for match in _SHORTCODE.finditer(visible):
        yield line_of(visible, match.start()), f"shortcode {match[0]} is not in the subset"
    for match in _ANY_HTML_TAG.finditer(
        _ANY_AUTOLINK.sub(lambda link: " " * len(link[0]), visible)
    ):
        yield line_of(visible, match.start()), f"HTML {match[0]} is not in the subset"


def _attributes(text: str) -> tuple[set[str], set[str], set[str]]:
    identifiers: set[str] = set()
    classes: set[str] = set()
    keys: set[str] = set()
    for match in _ATTRIBUTE.finditer(text):
        for group, names in (("id", identifiers), ("class", classes), ("key", keys)):
            if match[group]:
                names.add(match[group])
    return identifiers, classes, keys
