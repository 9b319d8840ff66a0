"""Who is served by kind of household: renters, people in apartments, low incomes.

Tenure and income are public for the area itself in Kitchener alone; elsewhere an area has the value
of its forward sortation area. Within an area all kinds of household are taken to live alike over
its addresses, so differences inside an area are not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.analysis.beneficiaries import COLUMNS, shares
from kwev.areas import HOUSEHOLDS, household_share, low_income_cad

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.analysis.effects import Effects
    from kwev.tables import Tables

GROUP: Final = "By household, of people"
NAMES: Final = {
    "renters": ("Renters", "Owners"),
    "multi_unit": ("In apartment buildings", "In other homes"),
    "low_income": ("Areas of low income", "Other areas"),
}
"""What each kind is called, and everybody else."""


def by_household(effects: Effects) -> pd.DataFrame:
    """Return who is in reach before and after, by kind of household.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`kwev.analysis.beneficiaries.by_group`, two rows a kind: those of it,
        and all others.
    """
    rows = []
    for kind, names in NAMES.items():
        inside = people(effects, kind)
        for name, weights in zip(names, (inside, effects.cells.people - inside), strict=True):
            rows.append(
                {"group": GROUP, "name": name, "unit": "people", "total": float(weights.sum()),
                 **shares(effects, weights)}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def people(effects: Effects, kind: str) -> NDArray[np.float64]:
    """Return shape (n,): the people of each cell in a kind of household (``HOUSEHOLDS``)."""
    tables, cells = effects.tables, effects.cells
    share = household_share(tables, tables.da_profiles, "da_id", kind)
    parts = tables.cell_parts
    at = pd.Index(cells.ids).get_indexer(pd.Index(parts["cell_id"]))
    living = parts["population"].to_numpy(np.float64) * parts["da_id"].map(share).to_numpy()
    return np.bincount(at, living, len(cells)).astype(np.float64)


def shares_of_kinds(effects: Effects) -> dict[str, float]:
    """Return the part of the Region's people in each kind of household."""
    total = float(effects.cells.people.sum())
    return {kind: float(people(effects, kind).sum()) / total for kind in HOUSEHOLDS}


def low_income_limit_cad(tables: Tables) -> float:
    """Return the median income up to which an area counts as one of low income (CAD)."""
    both = tables.das[["da_id", "population"]].merge(
        tables.da_profiles[["da_id", "median_income_cad"]], on="da_id", validate="1:1"
    )
    return low_income_cad(
        both["median_income_cad"].to_numpy(np.float64), both["population"].to_numpy(np.float64)
    )
