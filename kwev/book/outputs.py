"""A cell's outputs as blocks for HTML or for Typst.

Which form of an output is taken follows Quarto: HTML takes ``text/html`` first; Typst takes
Markdown, then a picture, then an HTML table read into a real table. A picture becomes a file.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kwev.book.chapters import CodeBlock
from kwev.book.pandoc import attributes, div, raw_block, read_html, transform
from kwev.errors import KwevError
from kwev.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kwev.book.execute import Executed
    from kwev.book.pandoc import Node

Form = Literal["html", "typst"]

PICTURES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
_HTML_ORDER = ("text/html", "text/markdown", *PICTURES, "text/plain")
_TYPST_ORDER = ("text/markdown", *PICTURES, "text/html", "text/plain")
_ROOT_URL = re.compile(r"""(?P<before>\b(?:src|href|data-src|data)\s*=\s*["'])/(?!/)""")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_XML_HEAD = re.compile(r"^\s*(<\?xml[^>]*\?>)?\s*(<!DOCTYPE[^>]*>)?\s*")
ASSET_URL = "assets/figures"
SOURCE_OPTIONS = ("echo", "code-fold", "code-summary")


@dataclass(frozen=True)
class Filler:
    """Fills the cells of one chapter for one form.

    Parameters
    ----------
    executed
        The chapter with outputs.
    form
        ``html`` or ``typst``.
    site
        Folder that pictures are written under (``assets/figures/…``).
    up
        What leads from the page to the site's root: empty or ``../``.
    options
        How cells show their source unless they say otherwise: ``echo``, ``code-fold``,
        ``code-summary``.
    """

    executed: Executed
    form: Form
    site: Path
    up: str
    options: Mapping[str, Any]
    written: list[Path] = field(default_factory=list)

    def fill(self, blocks: list[Node]) -> list[Node]:
        """Replace the cell markers by their outputs."""
        filled: list[Node] = transform(blocks, self._cell)
        return filled

    def _cell(self, node: Node) -> Node | list[Node] | None:
        if node["t"] != "Div" or "kwev-cell" not in node["c"][0][1]:
            return None
        number = int(dict(node["c"][0][2])["block"])
        block = self.executed.chapter.blocks[number]
        if not isinstance(block, CodeBlock):
            raise TypeError("a cell marker points at Markdown")
        parsed = {
            int(dict(inner["c"][0][2])["output"]): inner["c"][1]
            for inner in node["c"][1]
            if inner["t"] == "Div" and "kwev-markdown" in inner["c"][0][1]
        }
        blocks: list[Node] = []
        if block.options.get("output", True) is not False:
            for index, output in enumerate(self.executed.outputs(number)):
                blocks += self._output(block, number, index, output, parsed.get(index))
        options = {**self.options, **block.options}
        if options.get("echo", True):
            source = _source(block, options, self.form)
            # what is folded stands below what it made, what is shown above it
            blocks = [*blocks, *source] if _is_folded(options, self.form) else [*source, *blocks]
        return [div(blocks, classes=["cell"])] if blocks else []

    def _output(
        self,
        block: CodeBlock,
        number: int,
        index: int,
        output: dict[str, Any],
        parsed: list[Node] | None,
    ) -> list[Node]:
        if output["output_type"] == "stream":
            return parsed or [_verbatim(output["text"], f"cell-output-{output['name']}")]
        data = output.get("data", {})
        mime = self._choose(data)
        if mime is None or mime == "text/markdown":
            return parsed or []
        content = data[mime]
        text = content if isinstance(content, str) else "".join(content)
        if mime in PICTURES:
            name = f"{self.executed.chapter.page.name}-{block.label or number}"
            alt = alt_text(block, output)
            return [self._picture(name if index == 0 else f"{name}-{index}", mime, text, alt)]
        if mime == "text/html":
            return self._html(text, block)
        return [_verbatim(text)]

    def _choose(self, data: dict[str, Any]) -> str | None:
        for mime in _HTML_ORDER if self.form == "html" else _TYPST_ORDER:
            if mime not in data:
                continue
            if mime == "text/html" and self.form == "typst" and not _TABLE.search(data[mime]):
                continue
            return mime
        return None

    def _html(self, text: str, block: CodeBlock) -> list[Node]:
        if self.form == "typst":
            return read_html(text, where=self.executed.chapter.where(block.line))
        local = root_urls(text, self.up)
        if _TABLE.search(local) and "table-scroll" not in local:
            local = table_region(local, str(block.options.get("tbl-cap") or "Table"))
        return [raw_block("html", local)]

    def _picture(self, name: str, mime: str, content: str, alt: str) -> Node:
        path = self.site / ASSET_URL / f"{name}.{PICTURES[mime]}"
        if mime == "image/svg+xml":
            write_bytes(path, _XML_HEAD.sub("", content, count=1).encode())
        else:
            write_bytes(path, base64.b64decode(content))
        self.written.append(path)
        return picture(self.form, f"{self.up}{ASSET_URL}/{path.name}", alt)


def root_urls(text: str, up: str) -> str:
    """Turn URLs from the site's root (``/assets/…``) into ones relative to a page."""
    return _ROOT_URL.sub(lambda match: match["before"] + up, text)


def _is_folded(options: Mapping[str, Any], form: Form) -> bool:
    return form == "html" and bool(options.get("code-fold"))


def _source(block: CodeBlock, options: Mapping[str, Any], form: Form) -> list[Node]:
    code = {"t": "CodeBlock", "c": [attributes("", ["python"]), block.source]}
    if not _is_folded(options, form):
        return [code]
    summary = html.escape(str(options.get("code-summary") or "Code"))
    opening = f'<details class="code-fold"><summary>{summary}</summary>'
    return [raw_block("html", opening), code, raw_block("html", "</details>")]


def _verbatim(text: str, *classes: str) -> Node:
    return {"t": "CodeBlock", "c": [attributes("", ["cell-output", *classes]), text]}


def picture(form: Form, url: str, alt: str) -> Node:
    """Return a block that shows a picture in the width of the text."""
    if form == "html":
        source, description = html.escape(url), html.escape(alt)
        return raw_block(
            "html", f'<p><img class="figure-img" src="{source}" alt="{description}"></p>'
        )
    return raw_block(
        "typst",
        f"#kwev-picture({typst_string(url)}, {typst_string(alt)})",
    )


def table_region(table: str, name: str) -> str:
    """Let a wide table scroll inside its own region, which the keyboard can reach."""
    label = html.escape(name)
    return f'<div class="table-scroll" role="group" tabindex="0" aria-label="{label}">{table}</div>'


def alt_text(block: CodeBlock, output: dict[str, Any]) -> str:
    """Return the text alternative of a cell's figure: ``fig-alt``, else the output's metadata."""
    option = block.options.get("fig-alt")
    if option:
        return str(option)
    metadata = output.get("metadata", {})
    for entry in (metadata, *(value for value in metadata.values() if isinstance(value, dict))):
        if entry.get("alt"):
            return str(entry["alt"])
    return ""


def typst_string(text: str) -> str:
    """Return ``text`` as a Typst string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def require_alt(executed: Executed) -> None:
    """Refuse a figure without a text alternative.

    Raises
    ------
    KwevError
        Naming the first such cell.
    """
    for number, block in enumerate(executed.chapter.blocks):
        if not isinstance(block, CodeBlock) or not block.label.startswith("fig-"):
            continue
        for output in executed.outputs(number):
            pictured = any(mime in output.get("data", {}) for mime in PICTURES)
            if pictured and not alt_text(block, output):
                raise KwevError(
                    f"figure {block.label} has no text alternative",
                    where=executed.chapter.where(block.line),
                    hint="Give the Figure an alt text or the cell #| fig-alt.",
                )
