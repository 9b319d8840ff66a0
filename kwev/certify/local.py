"""The energy within reach of each area's people against what its vehicles need, recomputed.

Written apart from :mod:`kwev.model.local` on purpose, place by place and point by point.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kwev.certify.actions import LEVELS
from kwev.certify.homes import parts_of_points, public_shares
from kwev.certify.weights import evs

if TYPE_CHECKING:
    from kwev.certify.actions import Level, Ports, Row
    from kwev.certify.evaluation import Evaluation


def unserved_locally(evaluation: Evaluation, ports: Ports, part: float) -> float:
    """Return what areas lack of a part of their need, as a share of the Region's need.

    Parameters
    ----------
    evaluation
        The scenario's data and rules.
    ports
        Ports that each action adds.
    part
        Of its need that each area should get from ports within reach (0 to 1).
    """
    need, total = needs(evaluation), sum(evaluation.need_kwh.values())
    if total <= 0:
        return 0.0
    wanted: dict[str, float] = defaultdict(float)
    for of_point in need.values():
        for area, kwh in of_point.items():
            wanted[area] += part * kwh
    got = supplies(evaluation, ports, need)
    return sum(max(0.0, wanted[area] - got[area]) for area in sorted(wanted)) / total


def needs(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Return by demand point and area the energy that vehicles need in a year (kWh)."""
    tables, demand = evaluation.tables, evaluation.config.demand
    kind = evaluation.points("model").kind
    das, share = tables.das, public_shares(tables, demand)
    ev = evs(tables, demand.ev_year, "da")
    area = dict(zip(das["da_id"], das["area_id"], strict=True))
    parts = parts_of_points(tables, kind)
    addresses: dict[str, int] = defaultdict(int)
    for _, da, count in parts:
        addresses[da] += count
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for point, da, count in parts:
        kwh = ev[da] * demand.kwh_per_ev_year * float(share[da])
        found[point][area[da]] += kwh * count / addresses[da]
    return found


def supplies(
    evaluation: Evaluation, ports: Ports, need: dict[str, dict[str, float]]
) -> dict[str, float]:
    """Return the energy of ports within reach that falls to each area in a year (kWh).

    The ports of a place and level are shared out by the need of the points in their reach.
    """
    points, got = evaluation.points("model"), defaultdict[str, float](float)
    for level in LEVELS:
        kw, rows = _power(evaluation, ports, level)
        near = evaluation.measure.reach(level, points, rows)
        for power, within in zip(kw, near, strict=True):
            here: dict[str, float] = defaultdict(float)
            for j in within.tolist():
                for area, kwh in need[str(points.ids[j])].items():
                    here[area] += kwh
            total = sum(here.values())
            for area, kwh in here.items():
                if total > 0:
                    got[area] += evaluation.kwh_per_kw * power * kwh / total
    return got


def _power(evaluation: Evaluation, ports: Ports, level: Level) -> tuple[list[float], list[Row]]:
    """Return the power of a level at each place after the plan (kW), and the places."""
    kw: list[float] = []
    rows: list[Row] = []
    for station in evaluation.counted():
        kw.append(int(station[f"{level}_ports"]) * evaluation.port_kw(station, level))
        rows.append(station)
    for key, added in ports.items():
        row, change = evaluation.row(key), getattr(evaluation.effect(key, added), level)
        # what an action takes away stood there, what it adds is of the scenario's power
        each = (
            evaluation.port_kw(row, level)
            if change < 0
            else getattr(evaluation.config.power, f"{level}_kw")
        )
        kw.append(change * each)
        rows.append(row)
    return kw, rows
