"""What a chart is made of: series on the two axes of a panel; sizes are those of the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kwev.display import style

if TYPE_CHECKING:
    from collections.abc import Sequence

Dash: TypeAlias = Literal["", "solid", "dash", "dot", "dashdot", "longdash"]
Mark: TypeAlias = Literal[
    "", "circle", "square", "diamond", "cross", "star", "up", "down", "left", "tick"
]
Pattern: TypeAlias = Literal["", "/", ".", "x"]
Form: TypeAlias = Literal["", "share", "count", "date", "category"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line, points, or both.

    Attributes
    ----------
    x, y
        Values, as long as each other; dates are texts (YYYY-MM or YYYY-MM-DD).
    label
        Words in the legend; empty stays out of it.
    dash
        Empty draws no line.
    mark, size, filled
        Shape of the points, their size (px), and whether they are filled; empty draws none.
    width
        Of the line (px).
    step
        Whether a value holds until the next one.
    hover
        What a point says: a template of plotly, with ``%{x}``, ``%{y}``, ``%{customdata[0]}``;
        empty says nothing.
    facts
        Rows behind ``customdata``.
    """

    x: Sequence[Any]
    y: Sequence[Any]
    colour: str
    label: str = ""
    dash: Dash = "solid"
    mark: Mark = ""
    size: float = 9
    filled: bool = True
    width: float = 2
    step: bool = False
    hover: str = ""
    facts: Sequence[Any] = ()


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars with one colour each, upright or lying.

    Attributes
    ----------
    at
        Where each stands: names, or numbers.
    size
        How long each is; below zero to the other side.
    colour
        One for all, or one for each.
    start
        Where each begins; empty stacks on the bars before, or begins at zero.
    text
        Words on each, outside of it where ``inside`` is false.
    bold
        Whether these are bold on the screen.
    lying
        Whether bars lie, the first on top.
    """

    at: Sequence[Any]
    size: Sequence[float]
    colour: str | Sequence[str]
    label: str = ""
    start: Sequence[float] = ()
    text: Sequence[str] = ()
    bold: bool = False
    inside: str = ""
    lying: bool = False
    pattern: Pattern = ""
    thick: float = 0.66
    hover: str = ""
    facts: Sequence[Any] = ()


@dataclass(frozen=True, kw_only=True)
class Band:
    """What lies between two courses."""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    colour: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A straight line across the panel, upright at ``x`` or level at ``y``."""

    x: float | None = None
    y: float | None = None
    colour: str = style.INK
    dash: Dash = "dot"


Series: TypeAlias = Line | Bars | Band | Rule


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of a panel; a line break in a text is one in the chart.

    Attributes
    ----------
    title
        What it measures, with its unit.
    form
        How its values are printed; ``share`` prints 0 to 1 as percent.
    span
        First and last value; empty follows the data.
    ticks
        Values with their words; empty follows the data.
    flipped
        Whether the first value is on top.
    from_zero
        Whether it begins at zero.
    """

    title: str = ""
    form: Form = ""
    span: tuple[float, float] | None = None
    ticks: tuple[Sequence[float], Sequence[str]] | None = None
    flipped: bool = False
    from_zero: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Series on two axes."""

    series: Sequence[Series]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    title: str = ""
    share: float = 1.0


_LABEL_ROOM = 0.3
"""Part of the width that is kept free beyond bars for their labels."""


def room_for_labels(values: Sequence[float]) -> tuple[float, float]:
    """Return the span of an axis that leaves room for labels beyond the ends of lying bars."""
    low, high = min(0.0, *values), max(0.0, *values)
    room = _LABEL_ROOM * (high - low or 1)
    return (low - 1.5 * room if low < 0 else 0.0), high + room
