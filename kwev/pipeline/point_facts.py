"""What the score of a demand point is made of, at each of the three geographies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.schemas import PROCESSED

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger

M2_PER_KM2: Final = 1_000_000
_OF_AREA: Final = ["old_dwelling_share", "multi_unit_share"]
_DECIMALS: Final = {
    "density_per_km2": 2, "transit": 4, "old_dwelling_share": 4, "grid_kw": 2,
    "multi_unit_share": 4,
}  # fmt: skip


def point_facts(  # noqa: PLR0913, PLR0917 - the facts come from every table before
    cells: pd.DataFrame,
    parts: pd.DataFrame,
    das: pd.DataFrame,
    tracts: pd.DataFrame,
    profiles: tuple[pd.DataFrame, pd.DataFrame],
    grid: pd.Series[float],
    access: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``point_facts``: one row for each cell, dissemination area and tract.

    Parameters
    ----------
    profiles
        ``da_profiles`` and ``tract_profiles``.
    grid
        Grid proxy for each household of an area (kW), by ``area_id``.
    access
        Transit access in [0, 1] of (n, 2) metres.
    """
    da_profiles, tract_profiles = (_filled(profile, ledger) for profile in profiles)
    density = cells["population"] / (parameters.cell_m**2 / M2_PER_KM2)
    cell = cells.assign(density_per_km2=density).merge(
        shares_of_cells(parts, da_profiles), on="cell_id", validate="1:1"
    )
    known = ["density_per_km2", *_OF_AREA]
    da = das.merge(da_profiles[["da_id", *known]], on="da_id", validate="1:1")
    tract = tracts.merge(tract_profiles[["tract_id", *known]], on="tract_id", validate="1:1")
    tables = []
    for geography, frame in (("cell", cell), ("da", da), ("tract", tract)):
        metres = frame[["easting_m", "northing_m"]].to_numpy(float)
        facts = frame.assign(
            geography=geography,
            id=frame[f"{geography}_id"],
            transit=access(metres),
            grid_kw=frame["area_id"].map(grid),
        )
        tables.append(facts[list(PROCESSED["point_facts"].columns)].sort_values("id"))
    return pd.concat(tables, ignore_index=True).round(_DECIMALS)


def _filled(profiles: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return profiles with the median share where none is published, and count these places."""
    missing = profiles["multi_unit_share"].isna()
    key = str(profiles.columns[0])
    ledger.add(
        "facts", key.replace("_id", "_profiles"), "no type of dwelling published", "repaired",
        int(missing.sum()), "takes the median share of apartments",
    )  # fmt: skip
    share = profiles["multi_unit_share"].fillna(profiles["multi_unit_share"].median())
    return profiles.assign(multi_unit_share=share)


def shares_of_cells(parts: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """Return the shares of each cell: means of its dissemination areas, weighted by addresses.

    A cell's households are spread evenly over its addresses, so an address is the weight that no
    cell lacks.
    """
    joined = parts.merge(profiles[["da_id", *_OF_AREA]], on="da_id", validate="m:1")
    weight = joined["addresses"].clip(lower=1)
    sums = joined[_OF_AREA].mul(weight, axis=0).assign(weight=weight)
    total = sums.groupby(joined["cell_id"]).sum()
    shares = total[_OF_AREA].div(total["weight"], axis=0)
    return shares.reset_index()


def grid_per_household(areas: pd.DataFrame) -> pd.Series[float]:
    """Return the grid proxy for each household (kW), by ``area_id``, from ``area_grid``.

    A large area has a large proxy because it is large: what tells areas apart is the part of a
    household.
    """
    homes = areas["households"].clip(lower=1)
    return pd.Series((areas["proxy_kw"] / homes).to_numpy(float), areas["area_id"].to_numpy())
