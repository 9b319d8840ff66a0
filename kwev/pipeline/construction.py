"""When homes were built: published by municipality and type, bridged to areas by their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kwev.schemas import DWELLING_TYPES, PROCESSED

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

TYPES: Final = {
    "Single-detached house": "single_detached",
    "Semi-detached house": "semi_detached",
    "Row house": "row_house",
    "Apartment or flat in a duplex": "duplex",
    "Apartment in a building that has fewer than five storeys": "apartment_low_rise",
    "Apartment in a building that has five or more storeys": "apartment_high_rise",
    "Other single-attached house": "other_attached",
}
"""Published type to ours; movable dwellings are not published by period."""

_TOTAL: Final = "Total"
_MUNICIPALITY: Final = "2021A0005"


def construction_table(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Return ``construction``: occupied dwellings by municipality, type and period.

    Rows of the whole Region, totals, and the type "Other attached dwelling", which adds up other
    types, would count dwellings twice and are dropped.
    """
    table = raw.read("dwelling_periods")
    single = table["DGUID"].str.startswith(_MUNICIPALITY) & table["Dwelling Type"].isin(TYPES)
    single &= ~table["Period of Construction"].str.startswith(_TOTAL)
    ledger.add(
        "homes",
        "dwelling_periods",
        "sums over places, types or periods: their parts stand",
        "dropped",
        int((~single).sum()),
    )
    kept = table[single]
    made = kept.assign(
        municipality_id=kept["DGUID"].str.removeprefix(_MUNICIPALITY),
        dwelling_type=kept["Dwelling Type"].map(TYPES),
        period=kept["Period of Construction"],
        dwellings=kept["Number of Units"].astype("int64"),
    )
    key = ["municipality_id", "dwelling_type", "period"]
    return made.sort_values(key, ignore_index=True)[list(PROCESSED["construction"].columns)]


def old_share(
    construction: pd.DataFrame, das: pd.DataFrame, parameters: Parameters
) -> NDArray[np.float64]:
    """Return (D,) share of each area's homes that were built before ``old_before``.

    The share of each type in the municipality, weighted by the area's own mix of types. A type
    that is not published for the municipality has the municipality's share over all types, and so
    has an area whose dwellings are not published.

    Parameters
    ----------
    construction
        As :func:`construction_table` returns it.
    das
        Columns municipality_id and households by dwelling type.
    """
    last_year = construction["period"].str.extract(r"(\d{4})\D*$", expand=False).astype(int)
    before = last_year < parameters.old_before
    old = construction.assign(old=construction["dwellings"].where(before, 0))
    sums = old.groupby(["municipality_id", "dwelling_type"])[["old", "dwellings"]].sum()
    towns = sums.groupby("municipality_id").sum()
    overall = (towns["old"] / towns["dwellings"]).to_dict()
    known = (sums["old"] / sums["dwellings"]).to_dict()
    rate = np.array(
        [
            [known.get((town, kind), overall[town]) for kind in DWELLING_TYPES]
            for town in das["municipality_id"]
        ]
    )
    homes = das[list(DWELLING_TYPES)].to_numpy(float)
    total = homes.sum(axis=1)
    share = np.array([overall[town] for town in das["municipality_id"]])
    np.divide((homes * rate).sum(axis=1), total, out=share, where=total > 0)
    return share
