"""Static pictures: a matplotlib canvas that gives the same bytes for the same drawing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine

from kwev.figures import style

if TYPE_CHECKING:
    from collections.abc import Callable

PNG_DPI = 192
"""Resolution of a PNG: twice that of a screen."""


def picture(
    draw: Callable[[Any], None],
    *,
    height_in: float,
    alt: str,
    note: str,
    form: Literal["svg", "png"] = "svg",
) -> bytes:
    """Return what ``draw`` puts on a canvas of the page's text width.

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
    """
    with mpl.rc_context(style.MATPLOTLIB):
        # room for the note below the axes
        layout = ConstrainedLayoutEngine(rect=(0, 0.17 / height_in, 1, 1 - 0.17 / height_in))
        canvas = Canvas(figsize=(style.STATIC_WIDTH_IN, height_in), layout=layout)
        FigureCanvasAgg(canvas)
        draw(canvas)
        canvas.text(0.005, 0.03 / height_in, note, fontsize=6, color=style.QUIET, va="bottom")
        content = io.BytesIO()
        if form == "svg":
            metadata = {"Date": None, "Creator": None, "Title": alt}
            canvas.savefig(content, format="svg", dpi=PNG_DPI, metadata=metadata)
        else:
            metadata = {"Software": None, "Title": alt}
            canvas.savefig(content, format="png", dpi=PNG_DPI, metadata=metadata)
    return content.getvalue()
