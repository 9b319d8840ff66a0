"""A map's own page: Leaflet, with every script and style in the site's folder.

The page is the same for every map but for its title, its legend and a block of JSON, from which
``assets/maps.js`` draws. Nothing from data is ever part of a script or of a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kwev import escape, polyline
from kwev.display import ground, style
from kwev.display import layers as display_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.display.layers import Layer, Mark

_VENDOR: Final = "../vendor"
_SWATCH_PX: Final = 16
_HEAD: Final = f"""\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_VENDOR}/leaflet/leaflet.css">
<link rel="stylesheet" href="{_VENDOR}/maps.css">
<script src="{_VENDOR}/leaflet/leaflet.js"></script>
<script src="{_VENDOR}/ground.js"></script>
<script defer src="{_VENDOR}/{ground.FILE}"></script>
<script defer src="{_VENDOR}/maps.js"></script>"""
"""What a page loads; an empty icon, as browsers would ask for one elsewhere."""


def document(title: str, layers: Sequence[Layer], *, note: str, canvas: bool = False) -> str:
    """Return the HTML of a map page.

    Parameters
    ----------
    title
        Name of the page and of the map for assistive technology.
    layers
        From the ground up; the first one sets the view.
    note
        Source and date, below the legend.
    canvas
        Draw points on a canvas: fast with thousands of them.
    """
    west, south, east, north = (round(float(v), 4) for v in layers[0].frame.total_bounds)
    stacked = display_layers.stacked(layers)
    drawing = {
        "bounds": [[south, west], [north, east]],
        "canvas": canvas,
        "layers": [_layer(layer) for layer in layers],
        "order": [layers.index(layer) for layer in stacked],
    }
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{_HEAD}\n'
        f'<title>{escape.html(title)}</title>\n</head>\n<body class="kwev-map-page">\n'
        f'<div class="kwev-map" id="map"></div>\n{_legend_html(layers, note)}\n'
        f'<script type="application/json" id="drawing">{escape.script(drawing)}</script>\n'
        "</body>\n</html>\n"
    )


def _layer(layer: Layer) -> dict[str, Any]:
    drawn = display_layers.points(layer) if layer.is_points else _areas(layer)
    return {
        "name": layer.name,
        "show": layer.show,
        "control": layer.control,
        "points": layer.is_points,
        "marks": [
            _look(mark, night) for mark, night in zip(layer.marks, layer.at_night(), strict=True)
        ],
        "heads": [column.heading for column in layer.columns],
        "labels": layer.labels,
        "lines": layer.is_lines,
        "popup": layer.popup and bool(layer.title and layer.facts),
        "drawn": drawn,
    }


def _areas(layer: Layer) -> list[list[Any]]:
    """Return areas or lines with each ring or line as text, which is a third as long."""
    return [[_encoded(where), *rest] for where, *rest in display_layers.polygons(layer)]


def _encoded(coordinates: Any) -> Any:
    if isinstance(coordinates[0][0], float):
        return polyline.encode(np.array(coordinates))
    return [_encoded(part) for part in coordinates]


def _look(mark: Mark, night: Mark) -> dict[str, Any]:
    return {
        "fill": mark.fill,
        "line": mark.line,
        "night": {"fill": night.fill, "line": night.line},
        "width": mark.width,
        "opacity": mark.opacity,
        "radius": mark.radius,
        "dash": mark.dash,
        "square": mark.is_square,
    }


def _legend_html(layers: Sequence[Layer], note: str) -> str:
    lists = []
    loose: list[str] = []
    for layer in layers:
        nights = dict(zip(layer.marks, layer.at_night(), strict=True))
        items = [_item(mark, nights[mark], layer) for mark in layer.legend()]
        if layer.heading and items:
            heading = escape.html(layer.heading)
            lists.append(f"<ul><li><b>{heading}</b></li>{''.join(items)}</ul>")
        else:
            loose += items
    if loose:
        lists.insert(0, f"<ul>{''.join(loose)}</ul>")
    return (
        f'<details class="kwev-legend" open><summary>Legend</summary>{"".join(lists)}'
        f"<p>{escape.html(note)}</p></details>"
    )


def _item(mark: Mark, night: Mark, layer: Layer) -> str:
    middle, size = _SWATCH_PX / 2, min(mark.radius, _SWATCH_PX / 2 - 1)
    colours = (
        f"--fill:{mark.fill or 'none'};--line:{_outline(mark, layer)};"
        f"--night-fill:{night.fill or 'none'};--night-line:{_outline(night, layer)}"
    )
    look = (
        f'fill-opacity="{mark.opacity}" stroke-width="{min(mark.width, 2)}"'
        f' stroke-dasharray="{mark.dash}"'
    )
    if layer.is_lines:
        shape = (
            f'<line x1="1" y1="{middle}" x2="{_SWATCH_PX - 1}" y2="{middle}"'
            f' stroke-width="{mark.width}" stroke-dasharray="{mark.dash}"/>'
        )
    elif layer.is_points and mark.is_square:
        side, start = 1.8 * size, middle - 0.9 * size
        shape = f'<rect x="{start:g}" y="{start:g}" width="{side:g}" height="{side:g}" {look}/>'
    elif layer.is_points:
        shape = f'<circle cx="{middle}" cy="{middle}" r="{size}" {look}/>'
    else:
        shape = f'<rect x="1" y="3" width="{_SWATCH_PX - 2}" height="{_SWATCH_PX - 6}" {look}/>'
    return (
        f'<li><svg width="{_SWATCH_PX}" height="{_SWATCH_PX}" aria-hidden="true"'
        f' style="{colours}">{shape}</svg>{escape.html(mark.label)}</li>'
    )


def _outline(mark: Mark, layer: Layer) -> str:
    # an outline of the ground's colour parts marks on the map; in the legend a grey one parts
    # them from the page
    is_solid = mark.line == mark.fill and mark.opacity == 1
    unseen = mark.line in {style.PAPER, style.NIGHT[style.PAPER]} or is_solid
    return style.BORDER if unseen and not layer.is_lines else mark.line
