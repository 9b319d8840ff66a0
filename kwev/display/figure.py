"""A figure: a picture that is there at once, and a form that moves when a reader asks for it.

The picture comes from a matplotlib canvas that gives the same bytes for the same drawing. A page
shows it, print shows it, and it is what a reader takes away; ``assets/figures.js`` puts the form
that moves in its place.
"""

from __future__ import annotations

import base64
import io
import struct
import textwrap
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from kwev import escape
from kwev.display import ground, style
from kwev.errors import KwevError
from kwev.files import write_bytes, write_csv, write_text
from kwev.project import Project, find_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure as Canvas

NOTE_IN = 0.28
"""Height kept free at the bottom for two lines of source and date (inches)."""

_NOTE_LETTERS = 135

SCREEN_DPI = 96
PNG_DPI = 2 * SCREEN_DPI
"""Resolution of a PNG: twice that of a screen."""

_COLOURS = 256


def picture(
    draw: Callable[[Any], None],
    *,
    height_in: float,
    alt: str,
    note: str,
    arrange: bool = True,
) -> Picture:
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
    arrange
        Let matplotlib find room for axes, labels and legends; else ``draw`` places its axes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

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
        svg = _save(canvas, "svg", {"Date": None, "Creator": None, "Title": alt})
        png = _save(canvas, "png", {"Software": None})
    return Picture(svg, _light(png, alt))


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


def _light(png: bytes, alt: str) -> bytes:
    """Return a PNG with a palette, a third of the bytes, and its title."""
    from PIL import Image, PngImagePlugin

    words = PngImagePlugin.PngInfo()
    words.add_itxt("Title", alt)
    content = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(content, "png", optimize=True, dpi=(PNG_DPI, PNG_DPI), pnginfo=words)
    return content.getvalue()


SVG_LIMIT = 300_000
"""Largest picture printed as SVG (bytes); a larger one is printed as PNG."""

SHOWN_LIMIT = 60_000
"""Largest picture that a page shows as SVG where the PNG is smaller (bytes)."""


@dataclass(frozen=True)
class Picture:
    """One drawing in two forms: lines that stay sharp, and dots that stay few."""

    svg: bytes
    png: bytes

    @property
    def printed(self) -> bytes:
        """What the PDF holds."""
        return self.svg if len(self.svg) <= SVG_LIMIT else self.png

    @property
    def shown(self) -> Literal["svg", "png"]:
        """Which form a page loads."""
        return "svg" if len(self.svg) <= max(SHOWN_LIMIT, len(self.png)) else "png"

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height on the screen at full size."""
        width, height = struct.unpack(">II", self.png[16:24])  # the head of every PNG
        return width * SCREEN_DPI // PNG_DPI, height * SCREEN_DPI // PNG_DPI


# -- A figure as one object with two forms: one that moves, and a picture.

ASSETS = "assets"
"""Folder below the project's root, and path below the site's root, of what pages load."""

FIGURES = "figures"
"""Folder of the pictures, below that."""

SCRIPT = f'<script defer src="/{ASSETS}/vendor/figures.js"></script>'
"""What stands in each figure; a browser loads it once."""

_ASK = {"chart": "Interactive chart", "map": "Move the map"}

_VENDORED = (
    "figures.js",
    "page.css",
    "page.js",
    "tables.js",
    "maps.js",
    "maps.css",
    "ground.js",
    "leaflet/leaflet.js",
    "leaflet/leaflet.css",
    "leaflet/LICENSE",
    "leaflet/images/layers.png",
    "leaflet/images/layers-2x.png",
    "plotly/plotly-basic.min.js",
    "plotly/LICENSE",
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
        Returns the form that moves: for a chart the HTML that goes into the page, for a map the
        whole HTML document that the page shows in a frame.
    static
        Returns the same as a picture.
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
    static: Callable[[], Picture] = field(repr=False)
    kind: Literal["chart", "map"] = "chart"
    height_px: int = 420

    def __post_init__(self) -> None:
        check_name(self.name)
        for what in ("alt", "source", "vintage"):
            if not str(getattr(self, what)).strip():
                raise KwevError(f"figure {self.name} has no {what}", hint=f"Give it a {what}.")

    def html(self, picture: Picture | None = None) -> str:
        """Return the picture, the form that waits behind its button, source and files.

        Parameters
        ----------
        picture
            The picture where it is drawn already.
        """
        picture = picture or self.static()
        more = "".join(
            f' · <a href="/{ASSETS}/{FIGURES}/{self.name}.{form}" download>{form.upper()}</a>'
            for form in ("svg", "png")
        )
        if self.kind == "map":
            more += f' · <a href="/{ASSETS}/maps/{self.name}.html">Map on its own page</a>'
        origin = Origin(self.source, self.vintage)
        return (
            f'<div class="kwev-figure kwev-{self.kind}" id="figure-{self.name}">\n'
            f"{self._button()}\n{self._still(picture)}\n{self._live()}\n"
            f"{source_note(origin, f'data/{self.name}.csv', more)}\n{SCRIPT}\n</div>"
        )

    def publish(self, project: Project, picture: Picture | None = None) -> None:
        """Write what the page loads below ``<project>/assets``."""
        picture = picture or self.static()
        publish_vendor(project)
        folder = project.shown / ASSETS
        write_csv(folder / "data" / f"{self.name}.csv", self.data)
        write_bytes(folder / FIGURES / f"{self.name}.svg", picture.svg)
        write_bytes(folder / FIGURES / f"{self.name}.png", picture.png)
        if self.kind == "map":
            write_text(folder / "maps" / f"{self.name}.html", self.interactive())

    def _button(self) -> str:
        words = _ASK[self.kind]
        name = escape.html(f"{words}: {self.name.replace('-', ' ')}")
        # without scripts there is nothing behind it
        return (
            f'<p class="kwev-ask" hidden><button type="button" aria-label="{name}"'
            f' aria-expanded="false" aria-controls="live-{self.name}">{words}</button></p>'
        )

    def _still(self, picture: Picture) -> str:
        width, height = picture.size_px
        return (
            f'<div class="kwev-still"><img src="/{ASSETS}/{FIGURES}/{self.name}.{picture.shown}"'
            f' alt="{escape.html(self.alt)}" width="{width}" height="{height}" loading="lazy"'
            ' decoding="async" style="width:100%;height:auto"></div>'
        )

    def _live(self) -> str:
        where, body = "", ""
        if self.kind == "map":
            where = f' data-src="/{ASSETS}/maps/{self.name}.html" data-height="{self.height_px}"'
        else:
            body = f"\n{self.interactive()}\n"
        return f'<div class="kwev-live" id="live-{self.name}"{where} hidden>{body}</div>'

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        picture = self.static()
        self.publish(find_project(), picture)
        bundle = {"text/html": self.html(picture), "text/plain": escape.visible(self.alt)}
        if is_svg(picture.printed):
            bundle["image/svg+xml"] = picture.printed.decode()
        else:
            bundle["image/png"] = base64.b64encode(picture.printed).decode()
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
    vendor = project.shown / ASSETS / "vendor"
    for name in _VENDORED:
        _copy(files("kwev.display").joinpath("assets", name).read_bytes(), vendor / name)
    ground.publish(project, vendor)


def _copy(content: bytes, target: Path) -> None:
    if not target.is_file() or target.read_bytes() != content:
        write_bytes(target, content)
