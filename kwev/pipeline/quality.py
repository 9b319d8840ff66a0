"""The ledger of what the pipeline repaired, dropped, kept and flagged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Action = Literal["dropped", "repaired", "kept", "flagged"]
COLUMNS = ["stage", "dataset", "rule", "action", "rows", "note"]


@dataclass
class Ledger:
    """Counts of rows by rule, in the order in which the stages ran."""

    rows: list[tuple[str, str, str, Action, int, str]] = field(default_factory=list)

    def add(  # noqa: PLR0913, PLR0917 - one argument for each column of quality.csv
        self, stage: str, dataset: str, rule: str, action: Action, rows: int, note: str = ""
    ) -> None:
        """Record that ``rows`` rows met ``rule``; zero is worth recording too."""
        self.rows.append((stage, dataset, rule, action, int(rows), note))

    def table(self) -> pd.DataFrame:
        """Return the ledger with the columns of ``quality.csv``."""
        return pd.DataFrame(self.rows, columns=COLUMNS)
