"""What a map is made of: layers of areas or points, drawn once for the screen and once for print.

Both forms of a map read the same layers, so they can't show different things.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from kwev.display import style
from kwev.display.table import columns_of
from kwev.units import crs_metres

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.display.table import Column, Columns

DECIMALS = 5
"""Decimals of degrees in a map's file (about 1 m)."""

_FEWEST_STEPS = 3


@dataclass(frozen=True)
class Mark:
    """How one class of a layer looks.

    Attributes
    ----------
    label
        Words in the legend; empty keeps it out.
    fill
        Fill colour; empty for none.
    line, width
        Colour and width (px) of the outline.
    opacity
        Of the fill, 0 to 1.
    radius
        Of a point (px).
    dash
        Dashes of the outline, as in SVG; empty for a full line.
    is_square
        Whether a point is a square, which stands for what is planned, and not a circle.
    """

    label: str
    fill: str = ""
    line: str = style.PAPER
    width: float = 1.0
    opacity: float = 1.0
    radius: float = 5.0
    dash: str = ""
    is_square: bool = False


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a map.

    Attributes
    ----------
    name
        In the layer control.
    frame
        Geometry in EPSG:4326, all areas, all points or all lines; column ``mark`` counts into
        ``marks``.
    marks
        Looks of the classes.
    title
        Column that heads a popup (and is printed where ``labels``); empty for no popup.
    facts
        Columns shown in a popup, and in the CSV.
    heading
        What the classes measure, with unit, in the legend.
    show
        Whether the layer is on when the map opens.
    control
        Whether the layer is in the layer control.
    labels
        Whether the titles are printed on the map.
    printed
        Whether the static form shows the layer.
    popup
        Whether a click opens the facts (an area in reach would hide what lies below it).
    above
        Layers with a higher number are drawn over those with a lower one; equal ones in order.
    """

    name: str
    frame: gpd.GeoDataFrame
    marks: tuple[Mark, ...]
    title: str = ""
    facts: Columns = ()
    heading: str = ""
    show: bool = True
    control: bool = True
    labels: bool = False
    printed: bool = True
    popup: bool = True
    above: int = 0

    @property
    def columns(self) -> tuple[Column, ...]:
        """The facts that a click opens, in order."""
        return columns_of(self.facts)

    @property
    def is_points(self) -> bool:
        """Whether the layer holds points."""
        return bool(len(self.frame)) and bool((self.frame.geom_type == "Point").all())

    @property
    def is_lines(self) -> bool:
        """Whether the layer holds lines."""
        return bool(len(self.frame)) and bool(self.frame.geom_type.str.contains("Line").all())

    def legend(self) -> list[Mark]:
        """Return the marks that stand in the legend: those in use, or all of a graded layer."""
        used = set(self.frame["mark"]) if len(self.frame) else set()
        return [m for i, m in enumerate(self.marks) if m.label and (self.heading or i in used)]

    def at_night(self) -> list[Mark]:
        """Return the marks as they look on a dark ground.

        Classes that run from light to dark run from dark to light there: few stays near the ground.
        The white outline that parts points stays white.
        """
        fills = [style.NIGHT.get(mark.fill, mark.fill) for mark in self.marks]
        if self.heading and not self.is_points and _darkens([mark.fill for mark in self.marks]):
            fills = _risen([mark.fill for mark in self.marks])
        lines = style.NIGHT | ({style.PAPER: style.PAPER} if self.is_points else {})
        return [
            replace(
                mark,
                fill=fill,
                line=fill if mark.line == mark.fill else lines.get(mark.line, mark.line),
            )
            for mark, fill in zip(self.marks, fills, strict=True)
        ]


def _risen(fills: Sequence[str]) -> list[str]:
    """Return as many colours from just above the dark ground to a light one of the scale."""
    low, high = (_channels(colour) for colour in (style.NIGHT_LOW, fills[len(fills) // 3]))
    shares = np.linspace(0, 1, len(fills))
    mixed = [np.rint(low + share * (high - low)).astype(int) for share in shares]
    return ["#" + "".join(f"{channel:02x}" for channel in colour) for colour in mixed]


def _channels(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)


def _darkens(fills: Sequence[str]) -> bool:
    """Tell whether each colour (``#rrggbb``) is darker than the one before."""
    if not all(fill.startswith("#") for fill in fills) or len(fills) < _FEWEST_STEPS:
        return False
    light = [float(_channels(fill) @ (0.2126, 0.7152, 0.0722)) for fill in fills]
    return all(b < a for a, b in pairwise(light))


def data_of(layers: Sequence[Layer]) -> pd.DataFrame:
    """Return what the layers draw as one table: layer, class, then the facts of each."""
    parts = []
    for layer in layers:
        if not layer.title or not len(layer.frame):
            continue
        keys = list(dict.fromkeys([layer.title, *(column.key for column in layer.columns)]))
        part = pd.DataFrame(layer.frame[keys])
        part.insert(0, "layer", layer.name)
        part.insert(1, "class", [layer.marks[i].label for i in layer.frame["mark"]])
        if layer.is_points:
            part["latitude"] = layer.frame.geometry.y
            part["longitude"] = layer.frame.geometry.x
        parts.append(part.astype(object))
    return pd.concat(parts, ignore_index=True)


def breaks(values: Sequence[float], classes: int) -> list[float]:
    """Return ``classes - 1`` rising limits at the quantiles, rounded to be read.

    Rounded to two figures; limits that fall together are one.
    """
    shares = np.linspace(0, 1, classes + 1)[1:-1]
    limits = np.quantile(np.asarray(values, dtype=float), shares)
    return sorted({float(f"{limit:.2g}") for limit in limits if limit > 0})


def metric(frame: gpd.GeoDataFrame) -> str:
    """Return the metric projection of a layer in degrees: that of its middle."""
    west, _, east, _ = frame.total_bounds
    return crs_metres((west + east) / 2)


def stacked(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers from the ground up."""
    return sorted(layers, key=lambda layer: layer.above)


def graded(
    values: Sequence[float], colours: Sequence[str], form: str = ",.0f", line: str = ""
) -> tuple[list[int], tuple[Mark, ...]]:
    """Return the class of each value and the looks of the classes, light to dark.

    ``line`` is the outline; without one areas have that of their fill and run together.
    """
    limits = breaks(values, len(colours))
    marks = []
    for index in range(len(limits) + 1):
        low = format(limits[index - 1], form) if index else ""
        high = format(limits[index], form) if index < len(limits) else ""
        between = f"{low}{style.DASH}{high}"
        label = between if low and high else f"under {high}" if high else f"{low}+"
        step = round(index * (len(colours) - 1) / max(len(limits), 1))
        marks.append(Mark(label, colours[step], line=line or colours[step], width=0.6))
    return np.searchsorted(limits, values, side="right").tolist(), tuple(marks)


def polygons(layer: Layer) -> list[list[Any]]:
    """Return areas or lines as [GeoJSON coordinates, mark, title, values].

    Without popup there are no values.
    """
    shapes = shapely.set_precision(np.asarray(layer.frame.geometry), 10.0**-DECIMALS)
    return [
        [_rounded(shapely.geometry.mapping(shape)["coordinates"]), *rest]
        for shape, rest in zip(shapes, _texts(layer), strict=True)
        if not shape.is_empty
    ]


def points(layer: Layer) -> list[list[Any]]:
    """Return the points of a layer as [longitude, latitude, mark, title, values]."""
    where = layer.frame.geometry
    return [
        [round(x, DECIMALS), round(y, DECIMALS), *rest]
        for x, y, rest in zip(where.x, where.y, _texts(layer), strict=True)
    ]


def _texts(layer: Layer) -> list[tuple[int, str, list[str]]]:
    frame = layer.frame
    titles = [str(t) for t in frame[layer.title]] if layer.title else [""] * len(frame)
    shown = [
        [column.show(value) for value in frame[column.key].tolist()]
        for column in (layer.columns if layer.popup else ())
    ]
    values = [list(row) for row in zip(*shown, strict=True)] if shown else [[] for _ in titles]
    marks = [int(mark) for mark in frame["mark"]]
    return list(zip(marks, titles, values, strict=True))


def _rounded(geometry: Any) -> Any:
    """Return nested coordinates that have no digits beyond the grid's."""
    if isinstance(geometry, list | tuple):
        return [_rounded(part) for part in geometry]
    return round(float(geometry), DECIMALS)
