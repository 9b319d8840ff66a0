"""A small region with everything that results read, and plans of chosen actions without a solve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from toy import ORIGIN, base_config, streets, toy

from kwev.model.inputs import build_inputs
from kwev.solve.record import Choice, Extreme, Outcome, action_id, plan_record

TARGETS = ("l2", "l3", "ev_owners")
SOLVER_SAYS = {
    "kwev_version": "1", "name": "highs", "version": "1", "licence": "open source",
    "reason": "asked_for", "ended": "gap", "bound": 1.0, "shortfall_bound_points": 0.0,
    "settings": base_config().solver.model_dump(),
}  # fmt: skip


def furnished(tables, *, fifths=None, vehicles=None, areas="a", stops=()):
    """Add to a toy region what results read beside people, stations and sites.

    fifths: quintile of each point, None where unpublished; vehicles: (bev, phev) of each point;
    areas: the area of each station and then of each site, one letter a place, repeated where it is
    short; stops: (x_m, y_m, mode, departures an hour).
    """
    n = len(tables.cells)
    mix = vehicles or [(ev, 0) for ev in tables.cells["ev"]]
    tables.cells = tables.cells.assign(
        bev=[float(b) for b, _ in mix], phev=[float(p) for _, p in mix], area_id="a"
    )
    tables.cell_parts = pd.DataFrame(
        {"cell_id": tables.cells["cell_id"], "da_id": tables.cells["cell_id"],
         "population": tables.cells["population"].astype(float)}
    )  # fmt: skip
    fifth = pd.Series(fifths or [1.0] * n, dtype=float)
    tables.da_profiles = pd.DataFrame(
        {"da_id": tables.cells["cell_id"], "deprivation_quintile": fifth}
    )
    stations = len(tables.stations)
    letters = [areas[i % len(areas)] for i in range(stations + len(tables.sites))]
    tables.stations = tables.stations.assign(area_id=letters[:stations])
    tables.sites = tables.sites.assign(area_id=letters[stations:])
    known = sorted({*letters, "a"})
    tables.area_grid = pd.DataFrame({"area_id": known, "proxy_kw": 1_000.0})
    tables.transit_stops = pd.DataFrame(
        [(ORIGIN[0] + x, ORIGIN[1] + y, mode, rate, rate) for x, y, mode, rate in stops],
        columns=["easting_m", "northing_m", "mode", "trips_peak_per_h", "trips_midday_per_h"],
    )
    return tables


def on_a_road(tables):
    """Put every place on one straight road at its own easting, as far off as its northing says."""
    west, south = ORIGIN[0] - 1_000, ORIGIN[1]
    spots = {
        row[key]: (0, row["easting_m"] - west, abs(row["northing_m"] - south))
        for table, key in (("das", "da_id"), ("stations", "station_id"), ("sites", "site_id"))
        for row in getattr(tables, table).to_dict("records")
    }
    return streets(tables, [(0, 1, 90_000)], spots)


def plan_of(tables, case, actions):
    """Return the plan that does the given actions: ids, or ids with ports; none is solved."""
    inputs = build_inputs(tables, case.config, case.geography)
    columns = inputs.columns
    at = {action_id(columns, k): k for k in range(len(columns))}
    build, ports = np.zeros(len(columns), bool), np.zeros(len(columns), np.int64)
    wanted = actions if isinstance(actions, dict) else dict.fromkeys(actions)
    for name, added in wanted.items():
        build[at[name]] = True
        ports[at[name]] = columns.min_ports[at[name]] if added is None else added
    why = {"code": "not_found", "target": None, "wanted": None, "most": None}
    none = Extreme(None, None, why)
    unknown, one = dict.fromkeys(TARGETS, none), dict.fromkeys(TARGETS, 1.0)
    outcome = Outcome(Choice(build, ports), dict(SOLVER_SAYS), unknown, one, none)
    return plan_record(tables, case, inputs, outcome)


def line():
    """Return a road with four homes: 100, 50 and 30 people 800 m apart, and 20 at 20 km.

    Station s000 (Level 2) stands at the first home and s001 (Level 3) at the last. Sites for
    Level 2 lie between the first two homes (q000), between the next two (q001), beside the third
    (q002) and beside the last (q003).
    """
    tables = toy(
        [(0, 0, 100, 4), (800, 0, 50, 2), (1_600, 0, 30, 0), (20_000, 0, 20, 2)],
        stations=[(0, 0, 2, 0), (20_000, 0, 0, 2)],
        sites=[
            (400, 0, "library"), (1_200, 0, "library"), (1_600, 300, "library"),
            (20_000, 300, "library"),
        ],
    )  # fmt: skip
    furnished(
        tables,
        fifths=[5, 1, None, 1],
        vehicles=[(3, 1), (1, 1), (0, 0), (2, 0)],
        areas="ababcb",
        stops=[(400, 300, "bus", 8.0), (1_200, 700, "ion", 2.0)],
    )
    return on_a_road(tables)


DONE = ("new_l2_q000", "new_l2_q001", "upgrade_s000")
"""Two sites built and the station converted: what the tests of :func:`line` work out by hand."""
