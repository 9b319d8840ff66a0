"""A map's own page: folium and Leaflet, with every script and style in the site's folder."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

import folium
from branca.element import MacroElement
from folium.template import Template

from kwev.display import layers as display_layers
from kwev.display import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.display.layers import Layer, Mark

_VENDOR = "../vendor"
_SCRIPTS = [("leaflet", f"{_VENDOR}/leaflet/leaflet.js"), ("kwev", f"{_VENDOR}/maps.js")]
_STYLES = [("leaflet_css", f"{_VENDOR}/leaflet/leaflet.css"), ("kwev_css", f"{_VENDOR}/maps.css")]
_SWATCH_PX = 16


class _Marks(MacroElement):
    """The areas, lines or points of a layer, inside its feature group."""

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "{{ this.call }}({{ this._parent.get_name() }}, {{ this.data }}, {{ this.spec }});\n"
        "{% endmacro %}"
    )

    def __init__(self, layer: Layer) -> None:
        super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
        self._name = "Marks"
        self.call = "kwevPoints" if layer.is_points else "kwevAreas"
        drawn = display_layers.points(layer) if layer.is_points else display_layers.polygons(layer)
        self.data = _script_json(drawn)
        self.spec = _script_json(
            {
                "marks": [_look(mark) for mark in layer.marks],
                "heads": [column.heading for column in layer.columns],
                "labels": layer.labels,
                "focus": layer.focus,
                "lines": layer.is_lines,
                "popup": layer.popup and bool(layer.title and layer.facts),
            }
        )


class _Ready(MacroElement):
    """What is left to do once all layers stand."""

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "kwevReady({{ this._parent.get_name() }}, {{ this.bounds }},"
        " [{% for group in this.groups %}{{ group.get_name() }},{% endfor %}]);\n"
        "{% endmacro %}"
    )

    def __init__(self, bounds: list[list[float]], groups: list[folium.FeatureGroup]) -> None:
        super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
        self._name = "Ready"
        self.bounds = _script_json(bounds)
        self.groups = groups


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
        Draw on a canvas: fast with thousands of points, but the keyboard can't reach each.
    """
    west, south, east, north = (round(float(v), 4) for v in layers[0].frame.total_bounds)
    board = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_start=10,
        prefer_canvas=canvas,
        zoom_snap=0.25,
        min_zoom=8,
        max_zoom=17,
        scroll_wheel_zoom=False,
    )
    board.default_js = _SCRIPTS
    board.default_css = _STYLES
    groups = []
    for layer in layers:
        group = folium.FeatureGroup(name=layer.name, show=layer.show, control=layer.control)
        _Marks(layer).add_to(group)
        group.add_to(board)
        groups.append(group)
    control = folium.LayerControl()
    # the page's width says whether the control starts closed
    del control.options["collapsed"]
    control.add_to(board)
    order = [groups[layers.index(layer)] for layer in display_layers.stacked(layers)]
    _Ready([[south, west], [north, east]], order).add_to(board)
    root: Any = board.get_root()
    root.title = title
    # an empty icon: browsers would ask for one elsewhere
    root.header.add_child(folium.Element('<link rel="icon" href="data:,">'), name="icon")
    root.html.add_child(folium.Element(_legend_html(layers, note)), name="legend")
    _name_all(root)
    text: str = root.render()
    # folium's page forbids zooming with two fingers; a reader may need to
    text = text.replace(", maximum-scale=1.0, user-scalable=no", "").replace(
        "initial-scale=1.0, maximum-scale=1.0, user-scalable=no", "initial-scale=1.0"
    )
    return text.replace("<html>", '<html lang="en">', 1)


def _name_all(root: Any) -> None:
    """Give the elements running numbers for ids, so that the same map has the same bytes."""
    waiting, number = [root], 0
    while waiting:
        element = waiting.pop()
        element._id = f"{number:04d}"  # noqa: SLF001 - folium offers no other way to set an id
        number += 1
        waiting += reversed(element._children.values())  # noqa: SLF001


def _look(mark: Mark) -> dict[str, Any]:
    return {
        "fill": mark.fill,
        "line": mark.line,
        "width": mark.width,
        "opacity": mark.opacity,
        "radius": mark.radius,
        "dash": mark.dash,
    }


def _script_json(value: Any) -> str:
    """Return JSON without spare spaces that can stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("</", "<\\/")


def _legend_html(layers: Sequence[Layer], note: str) -> str:
    lists = []
    loose: list[str] = []
    for layer in layers:
        items = [_item(mark, layer) for mark in layer.legend()]
        if layer.heading and items:
            lists.append(f"<ul><li><b>{html.escape(layer.heading)}</b></li>{''.join(items)}</ul>")
        else:
            loose += items
    if loose:
        lists.insert(0, f"<ul>{''.join(loose)}</ul>")
    return (
        f'<div class="kwev-legend" role="group" aria-label="Legend" tabindex="0">{"".join(lists)}'
        f"<p>{html.escape(note)}</p></div>"
    )


def _item(mark: Mark, layer: Layer) -> str:
    # a white outline parts marks on the map; in the legend a grey one parts them from the page
    is_solid = mark.line == mark.fill and mark.opacity == 1
    line = style.BORDER if mark.line == style.PAPER or is_solid else mark.line
    middle, size = _SWATCH_PX / 2, min(mark.radius, _SWATCH_PX / 2 - 1)
    look = (
        f'fill="{mark.fill or "none"}" fill-opacity="{mark.opacity}" stroke="{line}"'
        f' stroke-width="{min(mark.width, 2)}" stroke-dasharray="{mark.dash}"'
    )
    if layer.is_lines:
        shape = (
            f'<line x1="1" y1="{middle}" x2="{_SWATCH_PX - 1}" y2="{middle}" stroke="{mark.line}"'
            f' stroke-width="{mark.width}" stroke-dasharray="{mark.dash}"/>'
        )
    elif layer.is_points:
        shape = f'<circle cx="{middle}" cy="{middle}" r="{size}" {look}/>'
    else:
        shape = f'<rect x="1" y="3" width="{_SWATCH_PX - 2}" height="{_SWATCH_PX - 6}" {look}/>'
    return (
        f'<li><svg width="{_SWATCH_PX}" height="{_SWATCH_PX}" aria-hidden="true">{shape}</svg>'
        f"{html.escape(mark.label)}</li>"
    )
