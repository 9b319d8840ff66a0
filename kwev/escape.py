"""Text from data, written so that it stays text wherever it is put: all escapes are made here.

Each function is for one place. What a reader sees is what was typed; characters that nobody sees
(control and direction characters, half of a surrogate pair) are shown by their number. Which
channel takes which is in ``docs/text-from-data.md``; a test forbids other escapes.
"""

from __future__ import annotations

import html as _html
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")


def visible(text: str, keep: str = "") -> str:
    r"""Return a text in which control and direction characters are seen (``\x1b``, ``\u202e``).

    Parameters
    ----------
    keep
        Characters that the place takes as they are.
    """

    def number(match: re.Match[str]) -> str:
        return match[0] if match[0] in keep else ascii(match[0])[1:-1]

    return _UNSEEN.sub(number, text)


def terminal(text: str) -> str:
    """Return a text as one line for a terminal or a log: no escape sequence, no line break."""
    return visible(text)


# -- Pages.


def html(text: str) -> str:
    """Return a text for an HTML element, or for an attribute in double quotes."""
    return _html.escape(visible(text, keep="\t\r\n"))


def fold(title: str, markdown: str) -> str:
    """Return Markdown of ours, which is not escaped, folded on a page under a title."""
    head = f'<details class="kwev-fold"><summary>{html(title)}</summary>'
    return f"```{{=html}}\n{head}\n```\n\n{markdown}\n\n```{{=html}}\n</details>\n```"


_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LEADING: Final = ("http:", "https:", "mailto:")


def href(address: str) -> str:
    """Return an address for an attribute; one that a browser would run leads nowhere.

    Addresses without a scheme lie in the site; others are ``http``, ``https`` or ``mailto``.
    """
    # as browsers do: blanks and control characters do not count
    bare = re.sub(r"[\x00-\x20]", "", address)
    scheme = _SCHEME.match(bare)
    return html(address) if not scheme or scheme[0].lower() in _LEADING else "#"


_IN_SCRIPT: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"}


def script(value: Any) -> str:
    """Return a value as JSON that can stand inside a script element, without spare blanks.

    It holds no ``<``, so that it ends no element and opens no comment, template or shortcode.
    """
    text = json.dumps(_seen(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return in_script(text)


def in_script(text: str) -> str:
    """Return JSON text so that it can stand inside a script element."""
    return text.translate(_IN_SCRIPT)


def _seen(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value, keep="\t\r\n")
    if isinstance(value, dict):
        return {key: _seen(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_seen(part) for part in value]
    return value


def plotly(value: Any) -> Any:
    """Return a text for plotly, which reads tags in every label; a line break stays one.

    Lists are taken part by part; what is no text stays as it is.
    """
    if isinstance(value, list | tuple):
        return [plotly(part) for part in value]
    if not isinstance(value, str):
        return value
    text = _html.escape(visible(value, keep="\n"), quote=False)
    return text.replace("%{", "%&#123;").replace("\n", "<br>")


# -- Prose and print.

_MARKUP: Final = re.compile(
    r"""(?P<always>[\\`*_\[\]<>|$@~^#{}])
    | & (?=\#?\w+;)             # an entity
    | - (?=-) | (?<=-) -        # dashes, which would become one
    | \. (?=\.\.)               # an ellipsis
    | (?<=[A-Za-z]) : (?=\S)    # an address, which some readers link by themselves
    | ^ [-+:] (?=\s|$) | ^ = (?=[=\s]*$)   # a list, a definition, the line below a heading
    | (?<=^\d) [.)] (?=\s|$) | (?<=^\d\d) [.)] (?=\s|$) | (?<=^[A-Za-z]) [.)] (?=\s|$)
    """,
    re.VERBOSE,
)


def markdown(text: str) -> str:
    """Return a text as inline Markdown of pandoc and Quarto in which nothing is markup."""
    line = _BLANKS.sub(" ", visible(text, keep="\t\r\n\f\v")).strip(" ")
    return _MARKUP.sub(r"\\\g<0>", line)


_LOOKS_UNFINISHED: Final = re.compile(r"[@{]|^:::")


def markdown_value(text: str) -> str:
    """Return :func:`markdown` in a span of its own where it looks like what was left unrendered.

    The finished pages are searched for such remains (:mod:`kwev.book.pages`), which skips these.
    """
    shown = markdown(text)
    return f"[{shown}]{{.{FROM_DATA}}}" if _LOOKS_UNFINISHED.search(text) else shown


FROM_DATA: Final = "kwev-data"
"""Class of what shows text from data that looks like markup."""


def typst(text: str) -> str:
    """Return a text as a string literal of Typst."""
    line = _BLANKS.sub(" ", visible(text, keep="\t\r\n\f\v"))
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def drawn(text: str, has: Callable[[str], bool]) -> str:
    """Return a text for a picture; a character that its font lacks is shown by its number.

    Parameters
    ----------
    has
        Tells whether the font has a character.
    """
    seen = visible(text, keep="\n")
    return "".join(c if c == "\n" or has(c) else f"[U+{ord(c):04X}]" for c in seen)


# -- CSV, which people open in a spreadsheet.

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GUARDED: Final = re.compile(rb"'[=+\-@\t\r\n\xef]")


def cell(text: str) -> str:
    """Return a text for a cell of a CSV: an apostrophe keeps a spreadsheet from computing it.

    Numbers stay as they are; :func:`from_cell` gives every text back.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_cell(text: str) -> str:
    """Return the text that :func:`cell` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def csv(table: pd.DataFrame) -> str:
    """Return a table as CSV text with LF line ends and no index, safe to open in a spreadsheet."""
    made = table.rename(columns=_of_texts(cell))
    for place in range(made.shape[1]):
        column = made.iloc[:, place]
        if column.dtype.kind not in "biufcmM":
            made.isetitem(place, column.map(_of_texts(cell)).array)
    text: str = made.to_csv(index=False, lineterminator="\n")
    return text


def from_csv(table: pd.DataFrame, content: bytes) -> pd.DataFrame:
    """Return a table read from CSV with the texts that :func:`csv` was given.

    Parameters
    ----------
    content
        The file, in which a look tells whether anything was guarded.
    """
    if not _GUARDED.search(content):
        return table
    made = table.rename(columns=_of_texts(from_cell))
    for place in range(made.shape[1]):
        made.isetitem(place, made.iloc[:, place].map(_of_texts(from_cell)).array)
    return made


def _of_texts(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, str) else value
