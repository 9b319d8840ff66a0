"""The published plan to take away: GeoPackage, GeoJSON, CSV and JSON, each with its columns told.

One row a site, in flat columns, so that a spreadsheet and a GIS read it without a script.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from kwev import escape
from kwev.data.tables import read_held
from kwev.display.figure import ASSETS
from kwev.display.table import Column, table
from kwev.files import dump_json, write_bytes, write_text
from kwev.model.siting import counted
from kwev.plan.export import as_frame
from kwev.report import effects, site_packages
from kwev.report import plan as plans
from kwev.report.geopackage import Layer, Look, geopackage
from kwev.units import CRS_DEGREES
from kwev.vocabulary import ACTION_KIND, L2, L3, LANDS

if TYPE_CHECKING:
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report

FOLDER: Final = f"{ASSETS}/downloads"
"""Folder of the files, below the project and below the site."""


@dataclass(frozen=True)
class Told:
    """What a column holds: its unit (a key of ``kwev.units.COLUMN_UNITS``) and one line."""

    unit: str
    about: str


SITE_COLUMNS: Final = {
    "id": Told("", "Name of the action: its kind and its place"),
    "kind": Told("", "What is done: new_l2, new_l3, upgrade, add_l2, add_l3 or remove"),
    "place_id": Told("", "Candidate site of a new station, else the station"),
    "name": Told("", "Name of the place in its source"),
    "municipality": Told("", "Municipality that the place stands in"),
    "category": Told("", "Category of the site"),
    "latitude": Told("°", "Latitude, WGS 84"),
    "longitude": Told("°", "Longitude, WGS 84"),
    "charger_type": Told("", "Level of the new ports; empty where none is added"),
    "ports_added": Told("ports", "New ports"),
    "port_kw": Told("kW", "Power of a new port"),
    "volts": Told("1", "Volts; line to line of three phases for Level 3"),
    "phases": Told("1", "Phases of the supply"),
    "current_a": Told("1", "Amperes of all new ports at once"),
    "apparent_power_kva": Told("1", "Kilovolt-amperes of all new ports at once"),
    "transformer_kva": Told("1", "Least usual transformer that carries them (kVA)"),
    "power_increase_kw": Told("kW", "Power after less power before"),
    "power_after_kw": Told("kW", "Power of all ports at the place"),
    "grid_proxy_kw": Told("kW", "What the place can draw: a proxy, not a utility's figure"),
    "headroom_kw": Told("kW", "Proxy less power after"),
    "purchase_cad": Told("CAD", "Cost of what is bought"),
    "resale_cad": Told("CAD", "Money from what is sold"),
    "estimated_cost_cad": Told("CAD", "Net cost: purchase less resale"),
    "phase": Told("1", "Phase of the specification"),
    "period": Told("1", "Period of the best schedule"),
    "month_from": Told("1", "First month of the works, counted from their start"),
    "month_to": Told("1", "Last month of the works"),
    "needs": Told("", "What has to be settled at the site, by topic"),
    "l2_ports_before": Told("ports", "Level 2 ports before the action"),
    "l2_ports_after": Told("ports", "Level 2 ports after the action"),
    "l3_ports_before": Told("ports", "Level 3 ports before the action"),
    "l3_ports_after": Told("ports", "Level 3 ports after the action"),
    "operating_cad_per_year": Told("CAD", "Running cost a year that the action adds, no energy"),
    "land": Told("", "Class of land of a new station; empty at a station"),
    "consent": Told("", "What a new station there needs before it can be built"),
}
"""Columns of the plan's sites, in their order."""

STATION_COLUMNS: Final = {
    "station_id": Told("", "Name of the station in this project"),
    "name": Told("", "Name of the station in its source"),
    "operator": Told("", "Operator, where a source names one"),
    "address": Told("", "Address in its source"),
    "municipality": Told("", "Municipality; empty outside the Region"),
    "latitude": Told("°", "Latitude, WGS 84"),
    "longitude": Told("°", "Longitude, WGS 84"),
    "l2_ports": Told("ports", "Level 2 ports"),
    "l3_ports": Told("ports", "Level 3 ports"),
    "level": Told("", "Highest level that it offers: Level 2 or Level 3"),
}
"""Columns of the stations of today."""

TOWN_COLUMNS: Final = {
    "name": Told("", "Municipality"),
    "people": Told("people", "People of the census of 2021"),
    **{
        f"{key}_{when}": Told("share", f"People near {level}, along the roads, {words}")
        for key, level in (("l2", L2.name), ("l3", L3.name))
        for when, words in (("before", "today"), ("after", "with the plan"))
    },
    "actions": Told("1", "Actions of the plan"),
    "net_cad": Told("CAD", "Net cost of the plan"),
}
"""Columns of the municipalities."""

LAYERS: Final = {
    "plan": ("What the plan does: one row a site", SITE_COLUMNS),
    "stations_today": ("Public stations of today that the plan counts", STATION_COLUMNS),
    "municipalities": ("Municipalities: reach today and with the plan", TOWN_COLUMNS),
}
"""Layers of the GeoPackage, the first on top: what each is, and its columns."""

FILES: Final = {
    "plan.gpkg": "The plan as a GeoPackage for QGIS, styled: sites, stations today, municipalities",
    "plan-sites.geojson": "The plan's sites as GeoJSON, in flat columns",
    "plan-sites.csv": "The plan's sites as a table, in flat columns",
    "plan.json": "The plan with its proof, as `kwev check` reads it",
}
"""Files by name, with what each is."""

_L3_MM, _L2_MM, _TODAY_MM, _LINE_MM = 4.0, 2.6, 2.0, 0.4


def sites(report: Report) -> pd.DataFrame:
    """Return the plan's sites: :data:`SITE_COLUMNS`, one row an action, in the plan's order."""
    flat = site_packages.as_frame(report.packages)
    more = as_frame(report.plan)
    shown = [name for name in SITE_COLUMNS if name in more and name not in flat]
    classes = report.tables.sites.set_index("site_id")["land"]
    land = more["place_id"].map(classes).fillna("")
    consent = {key: of_land.consent for key, of_land in LANDS.items()}
    made = flat.join(more[shown]).assign(land=land, consent=land.map(consent).fillna(""))
    return made[list(SITE_COLUMNS)]


def stations(report: Report) -> pd.DataFrame:
    """Return the public stations of today that the plan counts: :data:`STATION_COLUMNS`."""
    found = counted(report.tables.stations, report.config)
    names = report.tables.municipalities.set_index("municipality_id")["name"]
    names.index = names.index.astype(str)
    key = found["municipality_id"].astype("string")
    level = (found["l3_ports"] > 0).map({True: L3.name, False: L2.name})
    made = found.assign(municipality=key.map(names).fillna(""), level=level)
    made = made.sort_values("station_id", ignore_index=True)
    return made[list(STATION_COLUMNS)].fillna({"operator": "", "address": ""})


def towns(report: Report) -> gpd.GeoDataFrame:
    """Return the municipalities with their outlines: :data:`TOWN_COLUMNS` and ``geometry``."""
    shapes = gpd.read_file(
        io.BytesIO(read_held(report.project.processed / "municipalities.geojson"))
    )
    names = report.tables.municipalities.set_index("municipality_id")["name"]
    names.index = names.index.astype(str)
    shapes["name"] = shapes["municipality_id"].astype(str).map(names)
    reach = effects.municipalities(report.findings.groups).rename(columns={"total": "people"})
    built = plans.actions_by_municipality(report.plan).set_index("municipality")
    kinds = [name for name in built.columns if name != "net_cad"]
    built["actions"] = built[kinds].sum(axis=1)
    frame = reach.merge(built[["actions", "net_cad"]], how="left", left_on="name", right_index=True)
    frame = frame.fillna({"actions": 0, "net_cad": 0.0}).astype({"actions": int})
    shares = [name for name in TOWN_COLUMNS if name.startswith(("l2_", "l3_"))]
    frame[shares] = frame[shares].round(_SHARE_DECIMALS)
    frame["people"] = frame["people"].round()
    found = frame[list(TOWN_COLUMNS)].merge(shapes[["name", "geometry"]], on="name")
    return gpd.GeoDataFrame(found, crs=CRS_DEGREES).sort_values("name", ignore_index=True)


_SHARE_DECIMALS: Final = 6


def layers(report: Report) -> list[Layer]:
    """Return the layers of the GeoPackage (:data:`LAYERS`), each with its look."""
    used = plans.kinds_of(report.plan)
    kinds = tuple(
        Look(key, ACTION_KIND[key].name, ACTION_KIND[key].colour, *_mark(key)) for key in used
    )
    today = tuple(
        Look(level.name, f"{level.name} today", level.colour_today, "circle", _TODAY_MM)
        for level in (L3, L2)
    )
    outline = (Look("", "Municipality", "#6b7280", "", _LINE_MM),)
    made: dict[str, tuple[gpd.GeoDataFrame, str, tuple[Look, ...]]] = {
        "plan": (_points(sites(report)), "kind", kinds),
        "stations_today": (_points(stations(report)), "level", today),
        "municipalities": (towns(report), "", outline),
    }
    return [Layer(name, made[name][0], LAYERS[name][0], *made[name][1:]) for name in LAYERS]


def _mark(kind: str) -> tuple[str, float]:
    """Return shape and size (mm) of a kind: what adds Level 3 is a diamond, and larger."""
    return ("diamond", _L3_MM) if ACTION_KIND[kind].adds == L3.key else ("circle", _L2_MM)


def _points(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    places = gpd.points_from_xy(frame["longitude"], frame["latitude"], crs=CRS_DEGREES)
    return gpd.GeoDataFrame(frame, geometry=places)


def flat_geojson(frame: pd.DataFrame) -> dict[str, Any]:
    """Return rows with ``longitude`` and ``latitude`` as GeoJSON (RFC 7946), a column a property.

    A missing value is null.
    """
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row["id"],
                "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
                "properties": row,
            }
            for row in rows
        ],
    }


def write_files(report: Report, project: Project) -> None:
    """Write :data:`FILES` below the project's downloads."""
    folder, found = project.shown / FOLDER, sites(report)
    write_bytes(folder / "plan.gpkg", geopackage(layers(report)))
    write_text(folder / "plan-sites.geojson", dump_json(flat_geojson(found), indent=None))
    write_text(folder / "plan-sites.csv", escape.csv(found))
    write_text(folder / "plan.json", dump_json(report.plan.as_dict()))


def files_table(report: Report) -> Table:
    """Return the files of the plan to take away."""
    rows = [{"file": name, "url": f"/{FOLDER}/{name}", "about": about}
            for name, about in FILES.items()]  # fmt: skip
    columns = (Column("file", "File", link="url"), "about")
    found = table("plan-files", pd.DataFrame(rows), columns, report.origin)
    return replace(found, more=lambda project: write_files(report, project), is_noted=False)
