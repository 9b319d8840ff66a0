"""The specification's three phases: conversions, new Level 3, new Level 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kwev.plan import Plan


@dataclass(frozen=True)
class Phase:
    """A phase of the implementation: months are counted from the start of the works, inclusive."""

    number: int
    name: str
    kind: str
    month_from: int
    month_to: int


PHASES = (
    Phase(1, "Level 2 to Level 3 conversions", "upgrade", 1, 4),
    Phase(2, "New Level 3 stations", "new_l3", 5, 8),
    Phase(3, "New Level 2 stations", "new_l2", 9, 12),
)
"""Order and months of the client's specification, section 3.5.1."""


def phases(plan: Plan) -> pd.DataFrame:
    """Return one row a phase; stations, ports and cost sum to the plan's totals.

    Columns: ``phase``, ``name``, ``kind`` (of action), ``month_from``, ``month_to``, ``actions``
    (stations plus ports installed, as the specification counts them), ``stations``, ``ports``,
    ``kw`` and ``cost_cad`` (net of resale).
    """
    rows = []
    for phase in PHASES:
        done = [a for a in plan.actions if a.kind == phase.kind]
        ports = sum(a.l2_ports_after if a.kind == "new_l2" else a.l3_ports_after for a in done)
        rows.append(
            {
                "phase": phase.number,
                "name": phase.name,
                "kind": phase.kind,
                "month_from": phase.month_from,
                "month_to": phase.month_to,
                "actions": len(done) + ports,
                "stations": len(done),
                "ports": ports,
                "kw": sum(a.kw_after for a in done),
                "cost_cad": sum(a.net_cad for a in done),
            }
        )
    return pd.DataFrame(rows)
