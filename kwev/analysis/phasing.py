"""The specification's three phases: conversions, new Level 3, new Level 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from kwev.analysis.sitefile import (
    FORMAT_VERSION,
    GridTotals,
    KindRecord,
    LevelPower,
    PhaseFile,
    PhaseRecord,
)

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.plan import ActionKind, Plan


@dataclass(frozen=True)
class Phase:
    """A phase of the implementation: months are counted from the start of the works, inclusive.

    Attributes
    ----------
    kind
        The kind of action that it is named after.
    also
        Kinds that are done in the same months, with the words that its name then takes on.
    """

    number: int
    name: str
    kind: ActionKind
    month_from: int
    month_to: int
    also: dict[ActionKind, str] = field(default_factory=dict)


PHASES = (
    Phase(1, "Level 2 to Level 3 conversions", "upgrade", 1, 4),
    Phase(2, "New Level 3 stations", "new_l3", 5, 8, {"add_l3": "added ports"}),
    Phase(
        3,
        "New Level 2 stations",
        "new_l2",
        9,
        12,
        {"add_l2": "added ports", "remove": "removals"},
    ),
)
"""Order and months of the client's specification, section 3.5.1.

It names no phase for ports added at stations, which go with new stations of their level, nor for
removals, which come last: what replaces a station stands before it goes.
"""


def phase_of(kind: str) -> Phase:
    """Return the phase that actions of a kind belong to."""
    (phase,) = (phase for phase in PHASES if kind in (phase.kind, *phase.also))
    return phase


def phase_file(plan: Plan, power: Power) -> PhaseFile:
    """Return the phases in the form of the client's section 3.5.1; they add up to the plan."""
    records = []
    for row, phase in zip(phases(plan).to_dict("records"), PHASES, strict=True):
        kinds = [_kind_record(plan, kind) for kind in (phase.kind, *phase.also)]
        records.append(
            PhaseRecord(
                phase=phase.number,
                name=str(row["name"]),
                month_from=phase.month_from,
                month_to=phase.month_to,
                actions=int(row["actions"]),
                stations=int(row["stations"]),
                ports=int(row["ports"]),
                cost_cad=float(row["cost_cad"]),
                kinds=[kind for kind in kinds if kind.stations > 0],
            )
        )
    return PhaseFile(
        format_version=FORMAT_VERSION,
        scenario=plan.scenario,
        inputs_sha256=plan.inputs_sha256,
        config_sha256=plan.config_sha256,
        phases=records,
        stations=len(plan.actions),
        ports=sum(action.ports_added for action in plan.actions),
        cost_cad=plan.cost.net_cad,
        grid_requirements=_grid_totals(plan, power),
    )


def _grid_totals(plan: Plan, power: Power) -> GridTotals:
    slow = sum(a.ports_added for a in plan.actions if a.kind in ("new_l2", "add_l2"))
    fast = sum(a.ports_added for a in plan.actions) - slow
    l2, l3 = (
        LevelPower(
            voltage=volts, power_per_port_kw=kw, ports=ports, total_requirement_kw=ports * kw
        )
        for ports, kw, volts in (
            (slow, power.l2_kw, power.l2_volts),
            (fast, power.l3_kw, power.l3_volts),
        )
    )
    return GridTotals(l2_stations=l2, l3_stations=l3)


def _kind_record(plan: Plan, kind: ActionKind) -> KindRecord:
    done = [action for action in plan.actions if action.kind == kind]
    return KindRecord(
        kind=kind,
        stations=len(done),
        ports=sum(action.ports_added for action in done),
        cost_cad=sum(action.net_cad for action in done),
    )


def phases(plan: Plan) -> pd.DataFrame:
    """Return one row a phase; stations, ports and cost sum to the plan's totals.

    Columns: ``phase``, ``name``, ``kind`` (of action), ``month_from``, ``month_to``, ``actions``
    (stations plus ports installed, as the specification counts them), ``stations``, ``ports``,
    ``kw`` (after the phase, at the places where something is done) and ``cost_cad`` (net of
    resale).
    """
    rows = []
    for phase in PHASES:
        done = [a for a in plan.actions if a.kind in (phase.kind, *phase.also)]
        ports = sum(a.ports_added for a in done)
        words = [word for kind, word in phase.also.items() if any(a.kind == kind for a in done)]
        kw_after = {a.place_id: a.kw_after for a in done}
        rows.append(
            {
                "phase": phase.number,
                "name": _listed([phase.name, *words]),
                "kind": phase.kind,
                "month_from": phase.month_from,
                "month_to": phase.month_to,
                "actions": len(done) + ports,
                "stations": len(done),
                "ports": ports,
                "kw": sum(kw_after.values()),
                "cost_cad": sum(a.net_cad for a in done),
            }
        )
    return pd.DataFrame(rows)


def _listed(words: list[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    first = ", ".join(words[:-1])
    return f"{first} and {words[-1]}" if first else words[-1]
