"""Tables of claims and assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev import claims as judged
from kwev import ledger
from kwev.exhibits.common import OWN
from kwev.figures.tables import Column, Table

if TYPE_CHECKING:
    from kwev.report import Report


def claims(report: Report) -> Table:
    """Return the client's figures beside the computed or cited ones."""
    columns = [
        Column("claim", "Claim"),
        Column("stated", "Stated"),
        Column("computed", "Computed or cited"),
        Column("verdict", "Verdict"),
        Column("section", "Section"),
        Column("source", "Source"),
    ]
    frame = judged.table(report)
    return Table("claims", frame, tuple(columns), OWN.source, OWN.vintage, pdf_rows=len(frame))


def assumptions(report: Report) -> Table:
    """Return every planning choice with its range and source."""
    frame = ledger.assumptions(report)
    columns = [
        Column("what", "Assumption"),
        Column("value", "Value", format=",.10g", align="right"),
        Column("unit", "Unit"),
        Column("range", "Range", align="right"),
        Column("hangs", "Hangs on it most"),
        Column("net_cad", "Net cost moves", "CAD", "+,.0f"),
        Column("source", "Source"),
        Column("enters", "Enters"),
    ]
    return Table("assumptions", frame, tuple(columns), OWN.source, OWN.vintage, len(frame))
