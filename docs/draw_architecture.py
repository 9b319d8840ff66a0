"""Draw the rooms of kwev and who imports whom: ``docs/images/architecture.svg``.

Rows are the layers of the import contract in ``pyproject.toml``; arrows are read from the code. An
arrow that follows from two others is left out, and so are those to the ground that all stand on.
``python docs/draw_architecture.py`` writes the picture; a test compares it with the code.
"""

from __future__ import annotations

import ast
import sys
import textwrap
import tomllib
from html import escape
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"

WIDTH, GAP, LINE, MARGIN = 960, 34, 15, 16
GROUND = 2
"""Layers at the bottom that every room may read: no arrow leads to them."""

LETTER = 5.7
"""Width of a letter of a module's name (px)."""


def layers(root: Path = ROOT) -> list[list[str]]:
    """Return the rooms by layer, the uppermost first, without the package's name."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (own,) = [c for c in contracts["contracts"] if c["type"] == "layers"]
    return [
        [part.strip().removeprefix("kwev.") for part in row.split(":")] for row in own["layers"]
    ]


def modules(room: str, root: Path = ROOT) -> list[Path]:
    """Return the modules of a room; a room may be a single module."""
    folder = root / "kwev" / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports(root: Path = ROOT) -> nx.DiGraph:
    """Return which room imports which, also inside functions, not for type checking alone."""
    rooms = [room for row in layers(root) for room in row]
    graph = nx.DiGraph()
    graph.add_nodes_from(rooms)
    for room in rooms:
        for path in modules(room, root):
            for name in _imported(ast.parse(path.read_text(encoding="utf-8"))):
                other = name.split(".")[1] if "." in name else ""
                if other in rooms and other != room:
                    graph.add_edge(room, other)
    return graph


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return []
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kwev":
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for child in ast.iter_child_nodes(node) for name in _imported(child)]


def picture(root: Path = ROOT) -> str:
    """Return the picture as SVG."""
    boxes, parts, top = {}, [], MARGIN
    for row in layers(root):
        width = (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) / len(row)
        texts = {room: _names(room, width, root) for room in row}
        height = LINE * (1 + max(map(len, texts.values()))) + 14
        for place, room in enumerate(row):
            left = MARGIN + place * (width + GAP)
            boxes[room] = (left, top, width, height)
            parts.append(_box(room, texts[room], boxes[room]))
        top += height + GAP
    ground = {room for row in layers(root)[-GROUND:] for room in row}
    arrows = [e for e in sorted(nx.transitive_reduction(imports(root)).edges) if e[1] not in ground]
    parts = [_arrow(boxes[a], boxes[b]) for a, b in arrows] + parts
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" '
        'font-family="sans-serif" font-size="12">\n<title>Rooms of kwev and their imports</title>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b6470"/></marker></defs>\n'
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _names(room: str, width: float, root: Path) -> list[str]:
    found = modules(room, root)
    if len(found) == 1:
        return []
    names = " · ".join(path.stem for path in found if path.stem != "__init__")
    return [text.removeprefix("· ") for text in textwrap.wrap(names, int((width - 16) / LETTER))]


def _box(room: str, names: list[str], box: tuple[float, float, float, float]) -> str:
    left, top, width, height = box
    lines = [
        (
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="5" '
            'fill="#eaf2fa" stroke="#0072b2"/>'
        ),
        f'<text x="{left + 8:.0f}" y="{top + 18:.0f}" font-weight="bold">{escape(room)}</text>',
    ]
    lines += [
        f'<text x="{left + 8:.0f}" y="{top + 18 + LINE * n:.0f}" fill="#1c2430" font-size="11">'
        f"{escape(text)}</text>"
        for n, text in enumerate(names, start=1)
    ]
    return "\n".join(lines)


def _arrow(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> str:
    x1, y1 = one[0] + one[2] / 2, one[1] + one[3]
    x2, y2 = other[0] + other[2] / 2, other[1]
    return (
        f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke="#5b6470" fill="none" '
        'marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    sys.stdout.write(f"wrote {PICTURE.relative_to(ROOT)}\n")
