"""A GeoPackage that opens in QGIS with its colours, and has the same content each time.

Layers are written through GDAL; the styles stand in the table ``layer_styles``, where QGIS looks
for them. No time of writing is kept.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyogrio

from kwev import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

UNDATED: Final = "1970-01-01T00:00:00.000Z"
"""Stands where the format asks for a time of writing."""

STYLES: Final = "layer_styles"

_STYLE_TABLE: Final = f"""
CREATE TABLE {STYLES} (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""


@dataclass(frozen=True)
class Look:
    """How the features of one class are drawn.

    Attributes
    ----------
    value
        Of the column that the layer is drawn by.
    label
        In the legend.
    colour
        ``#rrggbb``; of the fill for points, of the outline for areas.
    shape
        QGIS's name of a marker (``circle``, ``diamond``); empty for an area.
    size_mm
        Of the marker, or width of the outline.
    """

    value: str
    label: str
    colour: str
    shape: str
    size_mm: float


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer: its name, rows in EPSG:4326, what it is, and how it is drawn by which column.

    Without a column (``by`` is empty) all rows have the first look.
    """

    name: str
    rows: gpd.GeoDataFrame
    about: str
    by: str
    looks: tuple[Look, ...]


def geopackage(layers: Sequence[Layer]) -> bytes:
    """Return the GeoPackage with these layers, the first on top.

    Raises
    ------
    pyogrio.errors.DataSourceError
        If GDAL cannot write a layer.
    """
    with tempfile.TemporaryDirectory(prefix="geopackage-") as folder:
        path = Path(folder) / "made.gpkg"
        kept = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": UNDATED})
        try:
            for layer in layers:
                pyogrio.write_dataframe(
                    layer.rows, path, layer=layer.name, driver="GPKG", append=path.exists(),
                    layer_options={"DESCRIPTION": layer.about, "IDENTIFIER": layer.name},
                )  # fmt: skip
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": kept})
        with closing(sqlite3.connect(path)) as database:
            _add_styles(database, layers)
        return path.read_bytes()


def _add_styles(database: sqlite3.Connection, layers: Sequence[Layer]) -> None:
    database.execute(_STYLE_TABLE)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
        " VALUES (?, 'attributes', ?, ?, ?)",
        (STYLES, STYLES, "How QGIS draws the layers", UNDATED),
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner,"
        " update_time)"
        " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
        [(layer.name, layer.name, qml(layer), layer.about, UNDATED) for layer in layers],
    )
    database.commit()
    database.execute("VACUUM")


def qml(layer: Layer) -> str:
    """Return the style of a layer as QGIS keeps it: a symbol for each class, or one for all."""
    symbols = "".join(_symbol(number, look) for number, look in enumerate(layer.looks))
    classes = "".join(
        f'<category symbol="{number}" value="{escape.html(look.value)}"'
        f' label="{escape.html(look.label)}" render="true"/>'
        for number, look in enumerate(layer.looks)
    )
    kind, inside = 'type="singleSymbol"', ""
    if layer.by:
        kind = f'type="categorizedSymbol" attr="{escape.html(layer.by)}"'
        inside = f"<categories>{classes}</categories>"
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.34" styleCategories="Symbology">'
        f'<renderer-v2 {kind} forceraster="0">{inside}<symbols>{symbols}</symbols>'
        "</renderer-v2></qgis>\n"
    )


def _symbol(number: int, look: Look) -> str:
    red, green, blue = (int(look.colour[at : at + 2], 16) for at in (1, 3, 5))
    colour = f"{red},{green},{blue},255"
    if look.shape:
        kind, of_layer = "marker", "SimpleMarker"
        options = {
            "name": look.shape, "color": colour, "outline_color": "255,255,255,255",
            "outline_width": "0.2", "size": f"{look.size_mm:g}", "size_unit": "MM",
        }  # fmt: skip
    else:
        kind, of_layer = "fill", "SimpleFill"
        options = {
            "style": "no", "outline_color": colour, "outline_style": "solid",
            "outline_width": f"{look.size_mm:g}", "outline_width_unit": "MM",
        }  # fmt: skip
    told = "".join(f'<Option name="{k}" value="{v}" type="QString"/>' for k, v in options.items())
    return (
        f'<symbol type="{kind}" name="{number}" alpha="1" clip_to_extent="1">'
        f'<layer class="{of_layer}" enabled="1" pass="0" locked="0">'
        f'<Option type="Map">{told}</Option></layer></symbol>'
    )
