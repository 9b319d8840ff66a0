"""A small picture of a town for paper: its outline, the stations of today and the plan's sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from kwev import escape
from kwev.pipeline.geometry import project
from kwev.vocabulary import L2, L3

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.report.site_packages import SitePackage
    from kwev.site.town_facts import Town

WIDTH, HEIGHT = 640, 400
"""Size of the picture (units of its own)."""
_EDGE: Final = 16
_STATION: Final = "#55606e"


def picture(town: Town, stations_m: NDArray[np.float64], words: str, crs: str) -> str:
    """Return an SVG: squares stand today, circles are new Level 2 sites, triangles new Level 3.

    Parameters
    ----------
    stations_m
        (n, 2) stations of today in the town (m).
    words
        What the picture shows, for who does not see it.
    crs
        The region's metric projection.
    """
    west, south, east, north = town.shape.bounds
    scale = min((WIDTH - 2 * _EDGE) / (east - west), (HEIGHT - 2 * _EDGE) / (north - south))
    middle = np.array([(west + east) / 2, (south + north) / 2])

    def drawn(xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
        off = (xy_m - middle) * [scale, -scale] + [WIDTH / 2, HEIGHT / 2]
        return np.asarray(np.rint(off), np.int64)

    two, three = (
        drawn(project([at.longitude for at in places], [at.latitude for at in places], crs))
        for level in (L2, L3)
        for places in [[s.location for s in town.sites if _brings(s, level.name)]]
    )
    outline = shapely.simplify(town.shape, 1 / scale)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape.html(words)}">'
        f'<path d="{_rings(outline, drawn)}" fill="#f4f6f8" stroke="{_STATION}"/>'
        f'<path d="{_marks(drawn(stations_m), "m-4-4h8v8h-8z")}" fill="{_STATION}"/>'
        f'<path d="{_marks(two, "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z")}" fill="{L2.colour}"/>'
        f'<path d="{_marks(three, "m0-9l8 14h-16z")}" fill="{L3.colour}" stroke="#fff"/></svg>'
        "<figcaption>Squares: public stations today. Circles: new Level 2 sites. Triangles: new "
        "Level 3 sites.</figcaption>"
    )


def _brings(site: SitePackage, level: str) -> bool:
    return site.charging is not None and site.charging.charger_type == level


def _rings(shape: BaseGeometry, drawn: Callable[[NDArray[np.float64]], NDArray[np.int64]]) -> str:
    found = []
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            points = drawn(shapely.get_coordinates(ring)[:-1]).tolist()
            found.append("M" + "L".join(f"{x} {y}" for x, y in points) + "z")
    return "".join(found)


def _marks(points: NDArray[np.int64], mark: str) -> str:
    return "".join(f"M{x} {y}{mark}" for x, y in points.tolist())
