"""Table and figure of what a plan of 2022 would have reached by 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.analysis.metrics import TARGET_NAMES
from kwev.exhibits.common import table
from kwev.figures import hindsightchart
from kwev.figures.figure import Origin
from kwev.figures.tables import Column

if TYPE_CHECKING:
    from kwev.figures.figure import Figure
    from kwev.figures.tables import Table
    from kwev.report import Report

_NETWORKS = {
    "then": "The network of 2022",
    "built": "What was really built by 2025",
    "random_mid": "As many sites by lot: the middle",
    "greedy": "As many sites, most people first",
    "plan": "The plan of 2022",
}


def hindsight(report: Report) -> Table:
    """Return what each network reaches: people by level, vehicles of today and of 2022."""
    shares = report.hindsight["shares"]
    frame = pd.DataFrame([{"network": words, **shares[key]} for key, words in _NETWORKS.items()])
    columns = [
        Column("network", "Network"),
        Column("l2", "People near Level 2", format=".1%"),
        Column("l3", "People near Level 3", format=".1%"),
        Column("ev_owners", "Today's EVs near either", format=".1%"),
        Column("ev_owners_then", "EVs of 2022 near either", format=".1%"),
    ]
    return table("hindsight", frame, columns, _origin(report.hindsight))


def hindsight_chart(report: Report) -> Figure:
    """Return what each network reaches as a chart."""
    shares = report.hindsight["shares"]
    names = {"l2": TARGET_NAMES["l2"], "l3": TARGET_NAMES["l3"], "ev_owners": "Today's EVs"}
    frame = pd.DataFrame(
        [
            {"name": words, **{network: shares[network][key] for network in shares}}
            for key, words in names.items()
        ]
    )
    return hindsightchart.compared(frame, origin=_origin(report.hindsight))


def _origin(record: dict[str, Any]) -> Origin:
    return Origin(
        "Natural Resources Canada, two snapshots filtered alike; Statistics Canada; kwev",
        f"{record['cut']} and {record['newest']}",
    )
