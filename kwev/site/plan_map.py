"""The plan on a map, full screen: month by month, with layers, search, and a list in step with it.

Its state stands in the address (``lat``, ``lon``, ``zoom``, ``month``, ``layers``, ``plan``,
``pin``, ``site``, ``embed``), so that a view can be sent, and shown in a frame of another page.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from kwev.pipeline.parameters import Parameters
from kwev.report.region import town_names
from kwev.site import map_layers
from kwev.site.page import Page
from kwev.site.shown_plans import cells_data, measured, plan_data, reach_data
from kwev.vocabulary import ACTION_KINDS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.report.scenario import Report
    from kwev.site.shown_plans import Gauge, ShownPlan

NAME: Final = "map"
MENU: Final = "The plan on a map"


def pages(report: Report) -> list[Page]:
    """Return the page of the map, with the data of all plans and layers."""
    return [page(map_data(report, *measured(report)))]


def page(data: dict[str, Any]) -> Page:
    """Return the page of the map for the data of :func:`map_data`."""
    first = data["map-today"]["plans"][0][0]
    return Page(
        name=NAME,
        title=MENU,
        lead="What stands today, what the plan builds month by month, and who comes into reach.",
        body=files("kwev.site").joinpath("assets", "plan-map.html").read_text("utf-8"),
        menu=MENU,
        scripts=("plan-map.js",),
        styles=("plan-map.css",),
        data=data,
        needs=("map-today", f"plan-{first}"),
        leaflet=True,
        wide=True,
    )


def map_data(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> dict[str, Any]:
    """Return what the map draws, by the name of its file: of all plans, the first shown first."""
    data: dict[str, Any] = {"map-today": _today(report, plans), **_layers(report, gauge, plans)}
    for plan in plans:
        data[f"plan-{plan.key}"] = plan_data(gauge, plan)
        data[f"reach-{plan.key}"] = reach_data(gauge, plan)
    return data


def _today(report: Report, plans: Sequence[ShownPlan]) -> dict[str, Any]:
    tables, folder = report.tables, report.project.processed
    ends = tables.cells[["latitude", "longitude"]].agg(["min", "max"]).round(3)
    return {
        "bounds": ends.to_numpy(float).tolist(),
        "ground": files("kwev.display").joinpath("assets", "ground.js").is_file(),
        "plans": [[plan.key, plan.title] for plan in plans],
        "kinds": _kinds(),
        "towns": sorted(str(name) for name in town_names(tables)),
        "stations": map_layers.stations(tables, report.config),
        "outlines": map_layers.outlines(tables, folder),
    }  # fmt: skip


def _kinds() -> dict[str, dict[str, Any]]:
    """Return the look of each kind of action, and of today's stations by their highest level."""
    shapes = {"upgrade": "diamond"}
    made: dict[str, dict[str, Any]] = {
        kind.key: {
            "name": kind.name, "short": kind.name, "colour": kind.colour, "adds": kind.adds or "",
            "radius": kind.radius_px, "shape": shapes.get(kind.key, "square"), "rank": rank,
        }
        for rank, kind in enumerate(ACTION_KINDS)
    }  # fmt: skip
    for rank, level in enumerate(reversed(LEVELS)):
        made[f"today-{level.key}"] = {
            "name": f"{level.name} today", "short": f"{level.name} today", "adds": "",
            "colour": level.colour_today, "radius": level.radius_px, "shape": "circle",
            "rank": len(ACTION_KINDS) + rank,
        }  # fmt: skip
    return made


def _layers(report: Report, gauge: Gauge, plans: Sequence[ShownPlan]) -> dict[str, Any]:
    tables, folder = report.tables, report.project.processed
    points = gauge.evaluation(plans[0].config, "network").points("cell")
    grid = map_layers.grid_in_degrees(tables)
    return {
        "map-cells": {**cells_data(points, Parameters().cell_m), **grid},
        "map-candidates": map_layers.candidates(tables),
        "map-stops": map_layers.stops(tables),
        "map-tracts": map_layers.tracts(report, folder),
        "map-deprivation": map_layers.deprivation(tables, folder),
    }
