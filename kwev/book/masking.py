"""Blanking out the parts of Markdown that a check must not read, in place.

Blanked characters become spaces and line ends stay, so offsets and lines keep their meaning.
"""

from __future__ import annotations

import re

from kwev.book.chapters import code_lines

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
