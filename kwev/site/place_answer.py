"""The nearest chargers of a spot on the roads, as the page finds them, by the package's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from kwev.model.coverage import MODE_OF
from kwev.model.network import Places, RoadNetwork
from kwev.report.effects import WHENS
from kwev.units import CM_PER_M
from kwev.vocabulary import LEVEL_KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.model.coverage import Level
    from kwev.model.network import Mode
    from kwev.report.effects import Effects, When
    from kwev.site.place_address import Spot

HERE: Final = "address"
FARTHEST_M: Final = 1e6
"""No two places of the Region are farther apart along its roads (m)."""


class Nearest(NamedTuple):
    """A charger: id of its station or site, and how far it is along the roads (m)."""

    place_id: str
    metres: float


def answer(effects: Effects, spot: Spot) -> dict[tuple[Level, When], Nearest | None]:
    """Return the nearest charger of each level today and with the plan.

    On foot to Level 2, by car from the spot to Level 3; None where no way leads to any.
    """
    found: dict[tuple[Level, When], Nearest | None] = {}
    for when in WHENS:
        for level in LEVEL_KEYS:
            network = effects.network[when]
            places = network.l2 if level == "l2" else network.l3
            metres = metres_to(effects, MODE_OF[level], spot, places)
            first = int(np.argmin(metres)) if len(metres) else 0
            known = len(metres) > 0 and np.isfinite(metres[first])
            found[level, when] = Nearest(str(places.ids[first]), metres[first]) if known else None
    return found


def metres_to(effects: Effects, mode: Mode, spot: Spot, places: Places) -> NDArray[np.float64]:
    """Return the way from a spot to each place (m), infinite where there is none."""
    tables = effects.tables
    here = {"kind": HERE, "id": HERE, "mode": "both", "edge_id": spot.edge_id,
            "along_m": float(spot.along_m), "offset_m": float(abs(spot.offset_m))}  # fmt: skip
    snaps = pd.concat([tables.road_snaps, pd.DataFrame([here])], ignore_index=True)
    roads = RoadNetwork(tables.road_nodes, tables.road_edges, snaps)
    point = Places.of_kind(HERE, np.array([HERE]), np.zeros((1, 2)))
    pairs = roads.pairs(mode, point, places, FARTHEST_M)
    metres = np.full(len(places), np.inf)
    metres[pairs.target] = pairs.distance_cm / CM_PER_M
    return metres
