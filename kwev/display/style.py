"""One look for all figures: colours that colour-blind readers tell apart, one typography.

Colours are those of Okabe and Ito (Color Universal Design, 2008), each with one meaning throughout
the book. Every figure also tells its classes apart by position, shape, outline or a label, so that
none rests on colour alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from kwev import escape, vocabulary
from kwev.vocabulary import ACTION_KIND, ACTION_KINDS, LEVELS

L2: Final = LEVELS[0].colour
"""A new L2 station; L2 service (blue)."""

L3: Final = LEVELS[1].colour
"""A new L3 station; L3 service (vermilion)."""

UPGRADE: Final = ACTION_KIND["upgrade"].colour
"""An L2 station converted to L3 (reddish purple)."""

EXISTING_L2: Final = LEVELS[0].colour_today
"""An L2 station that stands already (sky blue: the lighter kin of new L2)."""

EXISTING_L3: Final = LEVELS[1].colour_today
"""An L3 station that stands already (orange: the lighter kin of new L3)."""

EXISTING: Final = "#8a8f98"
"""What stands before the plan, whatever the level (grey)."""

GOOD: Final = vocabulary.GOOD
"""A target, a limit that is kept (bluish green)."""

INK: Final = vocabulary.INK
"""Text and thin lines. Scripts swap it for the page's text colour where the theme is dark."""

QUIET: Final = "#5b6470"
"""Notes and axes (readable on white: contrast above 5)."""

LINE: Final = "#c9d0d8"
"""Grid lines."""

PAPER: Final = "#ffffff"
"""The ground that maps and static pictures are drawn on."""

LAND: Final = "#f4f2ec"
"""The Region's land on a map."""

WATER: Final = "#9cc3da"
"""Water on a printed map."""

BORDER: Final = "#6b7280"
"""Municipal boundaries."""

NIGHT: Final = {
    PAPER: "#1b2026", LAND: "#1b2026", INK: "#e6e9ed", QUIET: "#a8b1bc", BORDER: "#98a1ad",
    LINE: "#4a545f", "#000000": "#f4f6f8", "#eceff1": "#2a323a",
}  # fmt: skip
"""What stands for a colour of the ground, of ink and of greys on a dark map; others stay."""

NIGHT_LOW: Final = "#26303a"
"""Lowest class of a scale on a dark map."""

SEQUENCE: Final = ("#eaf2fa", "#cfe1f2", "#9ac8e1", "#529dcc", "#1c6cb1", "#08306b")
"""Six steps of blue, light to dark: densities."""

QUALITATIVE: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000",
)  # fmt: skip
"""Okabe and Ito's eight, for classes that have no colour of their own."""

ACTIONS: Final[dict[str, str]] = {kind.key: kind.colour for kind in ACTION_KINDS}
"""Colour of an action, in the order of the phases; ports added have the colour of their level."""

ACTION_NAMES: Final[dict[str, str]] = {kind.key: kind.short for kind in ACTION_KINDS}
"""Name of an action in keys of figures."""

MINUS: Final = "\N{MINUS SIGN}"
"""What stands before a negative number."""

DASH: Final = "\N{EN DASH}"
"""What stands for a missing value."""

FONT_STACK: Final = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'
)
"""Fonts that a reader has already."""

STATIC_FONT: Final = "DejaVu Sans"
"""The font that comes with matplotlib."""

STATIC_WIDTH_IN: Final = 6.0
"""Width of a static picture (inches): the text width of the PDF page."""

MATPLOTLIB: Final[Any] = {
    "font.family": STATIC_FONT,
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "text.parse_math": False,  # a dollar sign in a name is one
    "svg.hashsalt": "kwev",
}
"""matplotlib settings of every static picture; the salt keeps the SVG's ids the same."""


@cache
def _letters() -> frozenset[int]:
    """Return the characters of the static font."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(STATIC_FONT)).get_charmap())


def drawn(text: str) -> str:
    """Return a text as a static picture shows it: what its font lacks stands as a number."""
    return escape.drawn(text, lambda letter: ord(letter) in _letters())


def plotly_layout(*, height_px: int) -> dict[str, Any]:
    """Return the plotly layout that all charts share (transparent, the page's font and ink)."""
    axis = {
        "gridcolor": LINE,
        "linecolor": QUIET,
        "zerolinecolor": QUIET,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 13}},
    }
    return {
        "template": "none",
        "height": height_px,
        "font": {"family": FONT_STACK, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 10, "r": 16, "t": 16, "b": 10},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "xanchor": "left"},
        "hoverlabel": {"font": {"family": FONT_STACK}},
        "xaxis": axis,
        "yaxis": axis,
    }


def money(cad: float) -> str:
    """Return an amount for a label: "$1.96 M", "$250 k", "$40", with a true minus sign.

    Examples
    --------
    >>> money(1_960_000), money(250_000), money(40)
    ('$1.96 M', '$250 k', '$40')
    """
    sign = MINUS if cad < 0 else ""
    size = abs(cad)
    if size >= 999_500:  # noqa: PLR2004 - rounds to a million
        return f"{sign}${size / 1e6:.2f} M"
    if size >= 1e3:  # noqa: PLR2004 - a thousand
        return f"{sign}${size / 1e3:.0f} k"
    return f"{sign}${size:.0f}"
