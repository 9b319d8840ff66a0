"""Ports by forward sortation area as another reader of the public register counted them.

A check alone: undated, without names or places, private ports included. No plan reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.data.schemas import PROCESSED, arrange, no_rows

if TYPE_CHECKING:
    import pandas as pd

    from kwev.pipeline.raw import Raw


def check_table(raw: Raw) -> pd.DataFrame:
    """Return ``station_checks``: the counts as they are, a row an area.

    Parameters
    ----------
    raw
        ``station_checks``: stations and ports by area (``afdc_counts_by_fsa_undated_check_only``).
    """
    if not raw.has("station_checks"):
        return no_rows(PROCESSED["station_checks"])
    table = raw.read("station_checks").rename(columns={"level2_ports": "l2_ports",
                                                       "dcfc_ports": "l3_ports"})  # fmt: skip
    return arrange(table.assign(licence="citation"), "station_checks", "fsa")
