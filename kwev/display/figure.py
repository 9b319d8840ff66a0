"""Static pictures: a matplotlib canvas that gives the same bytes for the same drawing."""

from __future__ import annotations

import base64
import io
import textwrap
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import plotly
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine

from kwev import escape
from kwev.display import ground, style
from kwev.errors import KwevError
from kwev.files import write_bytes, write_csv, write_text
from kwev.project import Project, find_project

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

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
        text = textwrap.fill(style.drawn(note), _NOTE_LETTERS)
        alt = escape.visible(alt)
        below = NOTE_IN / height_in
        layout = ConstrainedLayoutEngine(rect=(0, below, 1, 1 - below)) if arrange else None
        canvas = Canvas(figsize=(style.STATIC_WIDTH_IN, height_in), layout=layout)
        FigureCanvasAgg(canvas)
        draw(canvas)
        _settle(canvas)
        canvas.text(0.005, 0.03 / height_in, text, fontsize=6, color=style.QUIET, va="bottom")
        content = _save(canvas, "svg", {"Date": None, "Creator": None, "Title": alt})
        if len(content) > SVG_LIMIT:
            content = _save(canvas, "png", {"Software": None, "Title": alt})
    return content


def _settle(canvas: Canvas) -> None:
    """Lay out once and keep the axes to a millionth of the canvas.

    The layout's solver orders its terms by memory address: the last bits of an answer differ from
    run to run, and with them the ids of the clip paths.
    """
    if canvas.get_layout_engine() is None:
        return
    canvas.draw_without_rendering()
    canvas.set_layout_engine("none")
    for axes in canvas.axes:
        left, bottom, width, height = (round(v, 6) for v in axes.get_position(original=True).bounds)
        axes.set_position((left, bottom, width, height))


def _save(canvas: Canvas, form: Literal["svg", "png"], metadata: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    canvas.savefig(content, format=form, dpi=PNG_DPI, metadata=metadata)
    return content.getvalue()


# -- A figure as one object with two forms: interactive in HTML, a static picture in the PDF.

ASSETS = "assets"
"""Folder below the project's root, and path below the site's root, of what pages load."""

SVG_LIMIT = 300_000
"""Largest static picture kept as SVG (bytes); a larger one should be drawn as PNG."""

_VENDORED = (
    "figures.js",
    "maps.js",
    "maps.css",
    "ground.js",
    "leaflet/leaflet.js",
    "leaflet/leaflet.css",
    "leaflet/LICENSE",
    "leaflet/images/layers.png",
    "leaflet/images/layers-2x.png",
)


@dataclass(frozen=True)
class Origin:
    """Where the data of a figure or table come from.

    Attributes
    ----------
    source
        Publisher and product, in words.
    vintage
        The date that the data reach to, in words ("2025 Q4").
    """

    source: str
    vintage: str

    def line(self) -> str:
        """Return the words that stand below a figure or table."""
        return f"Source: {self.source} · data to {self.vintage}"


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure in two forms, with its text alternative, source and data.

    Attributes
    ----------
    name
        File name of its parts and id in the page; lower-case letters, digits and hyphens.
    alt
        What the figure shows, in words, for a reader who does not see it.
    source, vintage
        As in :class:`Origin`.
    data
        What is drawn, one row a mark; becomes the CSV behind the link.
    interactive
        Returns the interactive form: for a chart the HTML that goes into the page, for a map the
        whole HTML document that the page shows in a frame.
    static
        Returns the same as SVG or PNG bytes.
    kind
        ``chart`` or ``map``.
    height_px
        Height of the interactive form.
    """

    name: str
    alt: str
    source: str
    vintage: str
    data: pd.DataFrame
    interactive: Callable[[], str] = field(repr=False)
    static: Callable[[], bytes] = field(repr=False)
    kind: Literal["chart", "map"] = "chart"
    height_px: int = 420

    def __post_init__(self) -> None:
        check_name(self.name)
        for what in ("alt", "source", "vintage"):
            if not str(getattr(self, what)).strip():
                raise KwevError(f"figure {self.name} has no {what}", hint=f"Give it a {what}.")

    def html(self) -> str:
        """Return the interactive form with its name for assistive technology, source and CSV."""
        body = self._frame() if self.kind == "map" else self.interactive()
        origin, more = Origin(self.source, self.vintage), ""
        if self.kind == "map":
            more = f' · <a href="/{ASSETS}/maps/{self.name}.html">Map on its own page</a>'
        return (
            f'<div class="kwev-figure kwev-{self.kind}" id="figure-{self.name}" role="group"'
            f' aria-label="{escape.html(self.alt)}">\n{body}\n'
            f"{source_note(origin, f'data/{self.name}.csv', more)}\n</div>"
        )

    def publish(self, project: Project) -> None:
        """Write what the interactive form loads below ``<project>/assets``."""
        publish_vendor(project)
        folder = project.root / ASSETS
        write_csv(folder / "data" / f"{self.name}.csv", self.data)
        if self.kind == "map":
            write_text(folder / "maps" / f"{self.name}.html", self.interactive())

    def _frame(self) -> str:
        return (
            f'<iframe src="/{ASSETS}/maps/{self.name}.html" title="{escape.html(self.alt)}"'
            f' loading="lazy" style="display:block;width:100%;height:{self.height_px}px;'
            'border:1px solid #8a8f98"></iframe>'
        )

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        self.publish(find_project())
        picture = self.static()
        bundle = {"text/html": self.html(), "text/plain": escape.visible(self.alt)}
        if is_svg(picture):
            bundle["image/svg+xml"] = picture.decode()
        else:
            bundle["image/png"] = base64.b64encode(picture).decode()
        return bundle, {"alt": self.alt}


def rows(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a frame as named tuples."""
    return list(frame.itertuples(index=False))


def is_svg(picture: bytes) -> bool:
    """Tell an SVG from a PNG."""
    return picture.lstrip().startswith((b"<?xml", b"<svg"))


def check_name(name: str) -> None:
    """Refuse a name that could not be a file name and an id alike.

    Raises
    ------
    KwevError
        If it is empty or holds anything but lower-case letters, digits and hyphens.
    """
    if not name or set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise KwevError(
            f"not a name for a figure or table: {name!r}",
            hint="Use lower-case letters, digits and hyphens.",
        )


def source_note(origin: Origin, data: str, more: str = "") -> str:
    """Return the line below a figure or table: source, date, link to the CSV (below assets)."""
    return (
        '<p class="source-note" style="text-align:left;font-size:0.85em;margin:0.4em 0">'
        f"{escape.html(origin.line())} · "
        f'<a href="/{ASSETS}/{data}" download>Data (CSV)</a>{more}</p>'
    )


def publish_vendor(project: Project) -> None:
    """Write the scripts and styles that figures load below ``<project>/assets/vendor``.

    Called before rendering, so that a renderer that lists its resources at the start finds them,
    and by each figure, so that a chapter run alone works too. A file that is there is left alone.
    """
    vendor = project.root / ASSETS / "vendor"
    for name in _VENDORED:
        _copy(files("kwev.display").joinpath("assets", name).read_bytes(), vendor / name)
    ground.publish(project.processed, vendor)
    bundle = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = vendor / "plotly.min.js"
    if not target.is_file() or target.stat().st_size != bundle.stat().st_size:
        write_bytes(target, bundle.read_bytes())


def _copy(content: bytes, target: Path) -> None:
    if not target.is_file() or target.read_bytes() != content:
        write_bytes(target, content)
