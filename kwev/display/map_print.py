"""The maps once more, drawn with geopandas and matplotlib in metres for print."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path

from kwev.display import ground, style
from kwev.display.figure import NOTE_IN
from kwev.display.layers import metric, stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from kwev.display.layers import Layer, Mark

_PX_TO_PT = 0.72
_GROUND = 9.5
"""Where the ground lies among what is drawn: above areas, below lines and points."""
_DETAIL_M = 100.0
_LEAST_ROAD_M = 600.0
_LEAST_WATER_M2 = 150_000.0
"""Of the ground: the least corner, road and water that paper shows (m, m, m²)."""
_SCALE_SHARE = 0.25
"""Of the width, what a scale bar may take."""
_MARGIN = 0.02
_COLUMNS = 4
_LINE_IN = 0.17
_GRADED_IN = 0.42
"""Height of a graded legend with its heading; above, of a line of the other (inches)."""


def draw(canvas: Any, layers: Sequence[Layer], base: pd.DataFrame | None = None) -> None:
    """Draw the layers that are for print, their legend and a scale bar.

    Parameters
    ----------
    canvas
        A matplotlib figure.
    layers
        From the ground up; the first sets the view.
    base
        The table ``base_map``, of which the main roads, the larger waters and the municipalities'
        names are drawn over the areas and below the points; none draws none.
    """
    printed = [layer for layer in stacked(layers) if layer.printed and len(layer.frame)]
    top, bottom = _legends(canvas, printed)
    height = canvas.get_figheight()
    axes = canvas.add_axes((0, bottom / height, 1, 1 - (top + bottom) / height))
    axes.set_axis_off()
    axes.set_aspect("equal")
    crs = metric(layers[0].frame)
    for order, layer in enumerate(printed):
        _layer(axes, layer, order, crs)
    if base is not None:
        _ground(axes, base, crs, named=not any(layer.labels for layer in printed))
    west, south, east, north = layers[0].frame.to_crs(crs).total_bounds
    room_x, room_y = _MARGIN * (east - west), _MARGIN * (north - south)
    axes.set_xlim(west - room_x, east + room_x)
    axes.set_ylim(south - room_y, north + room_y)
    _scale_bar(axes, west, south, _round_m(_SCALE_SHARE * (east - west)))


def _layer(axes: Any, layer: Layer, order: int, crs: str) -> None:
    frame = layer.frame.to_crs(crs)
    for index, mark in enumerate(layer.marks):
        part = frame[frame["mark"] == index]
        if part.empty:
            continue
        if layer.is_points:
            axes.scatter(
                part.geometry.x,
                part.geometry.y,
                s=(1.35 * mark.radius * _PX_TO_PT) ** 2,
                facecolor=mark.fill or "none",
                edgecolor=mark.line,
                linewidth=0.5 * mark.width,
                alpha=mark.opacity,
                marker=_marker(mark),
                zorder=10 + order,
                rasterized=len(part) > 400,  # noqa: PLR2004 - as vectors they would fill the file
            )
            continue
        outline = PathCollection(
            [_path(shape) for shape in part.geometry],
            facecolor=mark.fill or "none",
            edgecolor=mark.line,
            linewidth=0.5 * mark.width,
            linestyle="--" if mark.dash else "-",
            alpha=mark.opacity if mark.fill else 1,
            # areas lie below all points, lines where their layer stands among them
            zorder=10 + order if layer.is_lines else order,
            rasterized=len(frame) > 50,  # noqa: PLR2004
        )
        axes.add_collection(outline, autolim=False)
    if layer.labels:
        inside = frame.representative_point()
        for title, x, y in zip(frame[layer.title], inside.x, inside.y, strict=True):
            _name(axes, str(title), (x, y), zorder=40)


def _ground(axes: Any, base: pd.DataFrame, crs: str, *, named: bool) -> None:
    """Draw the ground lightly: what is below it must be read, and what is above it first."""
    rings = [shapely.Polygon(ring) for ring in ground.lines_m(base, ["water"], crs)]
    wet = shapely.union_all(shapely.make_valid(rings))  # islands are too small for paper
    waters = [p.simplify(_DETAIL_M) for p in shapely.get_parts(wet) if p.area > _LEAST_WATER_M2]
    parts: list[tuple[list[Any], dict[str, Any]]] = [
        (waters, {"facecolor": style.WATER, "edgecolor": "none"}),
        (_light(base, "river", crs), {"edgecolor": style.WATER, "linewidth": 0.4}),
        (_light(base, "arterial", crs), {"edgecolor": style.EXISTING, "linewidth": 0.3}),
        (_light(base, "freeway", crs), {"edgecolor": style.QUIET, "linewidth": 0.7}),
    ]
    for shapes, look in parts:
        if not shapes:
            continue
        # as one path: many short ones would fill the file
        whole = Path.make_compound_path(*(_path(shape) for shape in shapes))
        drawn = PathCollection([whole], **({"facecolor": "none"} | look), alpha=0.6, zorder=_GROUND)
        axes.add_collection(drawn, autolim=False)
    for name, x, y in ground.names_m(base, ["city", "township"], crs) if named else ():
        _name(axes, name, (x, y), zorder=_GROUND)


def _light(base: pd.DataFrame, kind: str, crs: str) -> list[Any]:
    lines = shapely.line_merge(shapely.MultiLineString(ground.lines_m(base, [kind], crs)))
    long = [part for part in shapely.get_parts(lines) if part.length > _LEAST_ROAD_M]
    return [part.simplify(_DETAIL_M) for part in long]


def _name(axes: Any, words: str, where: tuple[float, float], *, zorder: float) -> None:
    axes.annotate(
        style.drawn(words),
        where,
        ha="center",
        va="center",
        fontsize=6.5,
        zorder=zorder,
        bbox={"boxstyle": "round,pad=0.12", "fc": style.PAPER, "ec": "none", "alpha": 0.7},
    )


def _marker(mark: Mark) -> str:
    return "s" if mark.is_square else "o"


def _path(shape: Any) -> Path:
    """Return a polygon, or several, as one path with holes; or lines as one path."""
    if "Line" in shape.geom_type:
        parts = [Path(shapely.get_coordinates(part)) for part in shapely.get_parts(shape)]
        return Path.make_compound_path(*parts)
    rings = [
        Path(shapely.get_coordinates(ring), closed=True)
        for part in shapely.get_parts(shape)
        for ring in (
            shapely.orient_polygons(part).exterior,
            *shapely.orient_polygons(part).interiors,
        )
    ]
    return Path.make_compound_path(*rings)


def _round_m(most_m: float) -> int:
    """Return the longest of 1, 2 or 5 times a power of ten (m) up to a length, at least 1 m."""
    power = int(10 ** math.floor(math.log10(max(most_m, 1.0))))
    return max(step * power for step in (1, 2, 5) if step * power <= max(most_m, 1.0))


def _scale_bar(axes: Any, west: float, south: float, length_m: int) -> None:
    axes.plot([west, west + length_m], [south, south], color=style.INK, linewidth=2, zorder=50)
    axes.text(
        west + length_m / 2,
        south + length_m / 25,
        f"{length_m // 1000} km" if length_m >= 1000 else f"{length_m} m",  # noqa: PLR2004 -- 1 km
        ha="center",
        va="bottom",
        fontsize=7,
        zorder=50,
    )


def _legends(canvas: Any, layers: Sequence[Layer]) -> tuple[float, float]:
    """Draw the legends and return the height (in) that they take at the top and the bottom."""
    height = canvas.get_figheight()
    handles = [
        _handle(mark, layer) for layer in layers if not layer.heading for mark in layer.legend()
    ]
    lines = math.ceil(len(handles) / _COLUMNS)
    if handles:
        canvas.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, NOTE_IN / height), ncols=_COLUMNS
        )
    graded = [layer for layer in layers if layer.heading]
    for index, layer in enumerate(graded):
        canvas.legend(
            handles=[_handle(mark, layer) for mark in layer.legend()],
            title=style.drawn(layer.heading),
            title_fontsize=7,
            alignment="left",
            loc="upper left",
            bbox_to_anchor=(0, 1 - index * _GRADED_IN / height),
            ncols=len(layer.marks),
            columnspacing=1.4,
            handlelength=1.4,
        )
    return _GRADED_IN * len(graded), NOTE_IN + _LINE_IN * lines + 0.1


def _handle(mark: Mark, layer: Layer) -> Any:
    if layer.is_lines:
        return Line2D(
            [], [], color=mark.line, linewidth=0.5 * mark.width, label=style.drawn(mark.label)
        )
    # a white outline parts marks on the map; in the legend a grey one parts them from the page
    is_solid = mark.line == mark.fill and mark.opacity == 1
    line = style.BORDER if mark.line == style.PAPER or is_solid else mark.line
    if layer.is_points:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker=_marker(mark),
            markersize=1.35 * mark.radius * _PX_TO_PT,
            markerfacecolor=mark.fill or "none",
            markeredgecolor=line,
            markeredgewidth=0.5 * mark.width,
            alpha=mark.opacity,
            label=style.drawn(mark.label),
        )
    return Patch(
        facecolor=mark.fill or "none",
        edgecolor=line,
        linewidth=0.5 * max(mark.width, 1),
        linestyle="--" if mark.dash else "-",
        alpha=mark.opacity if mark.fill else 1,
        label=style.drawn(mark.label),
    )
