"""Processed tables of the road network."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import (
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)

ROAD_CLASSES: Final = (
    "freeway", "ramp", "highway", "arterial", "collector", "local_street", "cul_de_sac",
    "turning_lane", "alleyway_lane", "private", "footpath",
)  # fmt: skip
"""Classes of roads, as the Region's road file has them; footpaths are for other networks."""

TABLES: Final[dict[str, Schema]] = {
    "road_nodes": table_of(
        {
            "node_id": integer(unit="id", about="Number of the junction, from west to east."),
            "easting_m": real(400_000, 700_000, unit="m", about="Easting in EPSG:26917."),
            "northing_m": real(4_700_000, 4_900_000, unit="m", about="Northing in EPSG:26917."),
        },
        exact=True,
        unique=["node_id"],
        about="One row for each junction or end of a road.",
    ),
    "road_edges": table_of(
        {
            "edge_id": integer(unit="id", about="Number of the road in the Region's file."),
            "u": integer(unit="id", about="Junction where the road starts, as drawn."),
            "v": integer(unit="id", about="Junction where the road ends; u again for a loop."),
            "length_m": real(0.01, unit="m", about="Length in EPSG:26917, rounded up to 1 cm."),
            "walk": flag(about="Whether one may walk here, and come everywhere from here."),
            "drive_forward": flag(about="Whether one may drive from u to v."),
            "drive_backward": flag(about="Whether one may drive from v to u."),
            "speed_kmh": real(5, 120, unit="km/h", about="Speed limit."),
            "road_class": text(isin=ROAD_CLASSES, about="Class of the road."),
        },
        exact=True,
        unique=["edge_id"],
        about="One row for each road between two junctions.",
    ),
    "road_snaps": table_of(
        {
            "kind": text(isin=("cell", "da", "tract", "station", "site"), about="Kind of place."),
            "id": text(about="Id of the place in the table of its kind."),
            "mode": text(
                isin=("walk", "drive", "both"),
                about="Whether the row holds on foot, by car, or for both.",
            ),
            "edge_id": integer(unit="id", about="Road at which the place is reached."),
            "along_m": real(0, unit="m", about="Way along the road from its start."),
            "offset_m": real(0, unit="m", about="Straight line from the place to the road."),
        },
        exact=True,
        unique=["kind", "id", "mode"],
        about="One row for each place, where it meets the roads; none where no road is near.",
    ),
}
