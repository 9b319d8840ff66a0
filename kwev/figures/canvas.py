"""Static pictures: a matplotlib canvas that gives the same bytes for the same drawing."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine

from kwev.figures import style
from kwev.figures.figure import SVG_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE_IN = 0.28
"""Height kept free at the bottom for two lines of source and date (inches)."""

_NOTE_LETTERS = 135

PNG_DPI = 192
"""Resolution of a PNG: twice that of a screen."""


def picture(
    draw: Callable[[Any], None],
    *,
    height_in: float,
    alt: str,
    note: str,
    arrange: bool = True,
) -> bytes:
    """Return what ``draw`` puts on a canvas of the page's text width: SVG, or PNG if that is small.

    Parameters
    ----------
    draw
        Called with the matplotlib figure.
    height_in
        Height (inches).
    alt
        Title inside the file, read by assistive technology.
    note
        Source and date, printed below the drawing.
    arrange
        Let matplotlib find room for axes, labels and legends; else ``draw`` places its axes.
    """
    with mpl.rc_context(style.MATPLOTLIB):
        # room for the note below the axes
        text = textwrap.fill(note, _NOTE_LETTERS)
        below = NOTE_IN / height_in
        layout = ConstrainedLayoutEngine(rect=(0, below, 1, 1 - below)) if arrange else None
        canvas = Canvas(figsize=(style.STATIC_WIDTH_IN, height_in), layout=layout)
        FigureCanvasAgg(canvas)
        draw(canvas)
        canvas.text(0.005, 0.03 / height_in, text, fontsize=6, color=style.QUIET, va="bottom")
        content = _save(canvas, "svg", {"Date": None, "Creator": None, "Title": alt})
        if len(content) > SVG_LIMIT:
            content = _save(canvas, "png", {"Software": None, "Title": alt})
    return content


def _save(canvas: Canvas, form: Literal["svg", "png"], metadata: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    canvas.savefig(content, format=form, dpi=PNG_DPI, metadata=metadata)
    return content.getvalue()
