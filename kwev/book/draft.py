"""An executed chapter as one pandoc document, with every numbered thing in one plain form.

Whatever way a chapter writes them, after :func:`draft` there are only

- ``Header``;
- ``Div`` of class ``kwev-float`` with the label as id: first a ``kwev-caption`` div, then content;
- ``Span`` of class ``kwev-equation`` with the label as id around display mathematics;
- ``Div`` of class ``kwev-callout`` with attributes ``kind`` and ``heading``;
- ``Div`` of class ``kwev-cell`` with attribute ``block``, to be filled with a cell's outputs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kwev.book.chapters import CodeBlock, MarkdownBlock
from kwev.book.pandoc import attributes, div, plain_text, read_markdown, transform

if TYPE_CHECKING:
    from kwev.book.notebooks import Executed
    from kwev.book.pandoc import Document, Node

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
