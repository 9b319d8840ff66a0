"""Electric vehicles as registered: every quarter by forward sortation area, repaired openly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kwev.errors import KwevError
from kwev.pipeline.geometry import nearest_index, within_index
from kwev.pipeline.population import from_micro, split_largest_remainder, to_micro
from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points
    from kwev.pipeline.raw import Ledger, Raw

KINDS = ["bev", "phev", "ev"]
_NAMES = {"quarter": "quarter", "FSA": "fsa", "BEV": "bev", "PHEV": "phev", "TotalEV": "ev"}


def registered(
    raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return fsa, quarter, bev, phev, ev of the Region's codes, every quarter of the file.

    A blank count is one that was not published and stands for 0; BEV + PHEV is the total.

    Raises
    ------
    KwevError
        If the parameters' quarter is not in the file, or a code of the Region lacks a quarter.
    """
    table = raw.read("evs").rename(columns=_NAMES)[list(_NAMES.values())]
    _refuse_absent(table, set(bounds.fsas["fsa"]), parameters.quarter)
    ours = table["fsa"].isin(set(bounds.fsas["fsa"]))
    latest = table["quarter"] == parameters.quarter
    ledger.add(
        "adoption",
        "evs",
        "codes whose area lies outside the Region",
        "dropped",
        int((~ours & latest).sum()),
        parameters.quarter,
    )
    blank = table[KINDS].isna().any(axis=1)
    ledger.add(
        "adoption",
        "evs",
        "no count published for a quarter: blank stands for 0",
        "flagged",
        int((blank & ours).sum()),
        f"all quarters; {int((blank & ~ours).sum())} more outside the Region",
    )
    return _added_up(table[ours].fillna(dict.fromkeys(KINDS, 0)), ledger)


def inside_quarters(table: pd.DataFrame, fsas: pd.DataFrame) -> pd.DataFrame:
    """Return ``ev_quarters``: the counts with the part of each code that falls to the Region.

    The share inside is that of the census, the same for all quarters.

    Parameters
    ----------
    table
        As :func:`registered` returns it.
    fsas
        Columns ``fsa`` and ``inside_share`` (0 to 1).
    """
    share = table["fsa"].map(fsas.set_index("fsa")["inside_share"])
    parts = [to_micro((table[kind] * share).round(PEOPLE_DECIMALS)) for kind in ("bev", "phev")]
    table = table.assign(ev_inside=from_micro(parts[0] + parts[1]))
    return table.sort_values(["fsa", "quarter"], ignore_index=True)[
        ["fsa", "quarter", *KINDS, "ev_inside"]
    ]


def _refuse_absent(table: pd.DataFrame, codes: set[str], latest: str) -> None:
    hint = "Fetch the file again."
    if not (table["quarter"] == latest).any():
        raise KwevError(f"no rows of quarter {latest}", where="ev_by_fsa", hint=hint)
    for quarter, rows in table.groupby("quarter", sort=True):
        absent = codes - set(rows["fsa"])
        if absent:
            raise KwevError(
                f"no EV counts for {', '.join(sorted(absent))} in {quarter}",
                where="ev_by_fsa",
                hint=hint,
            )


def _added_up(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    wrong = table["bev"] + table["phev"] != table["ev"]
    ledger.add(
        "adoption",
        "evs",
        "BEV + PHEV differ from the published total: their sum stands",
        "repaired",
        int(wrong.sum()),
        "all quarters",
    )
    table = table.assign(ev=table["bev"] + table["phev"])
    return table.astype(dict.fromkeys(KINDS, "int64"))


# -- Electric vehicles: from forward sortation areas to address points, totals conserved.

GROUND_ORIENTED = (
    "single_detached",
    "semi_detached",
    "row_house",
    "duplex",
    "other_attached",
    "movable",
)
"""Dwelling types that mostly have their own driveway."""


@dataclass(frozen=True)
class Vehicles:
    """EVs at address points, in millionths, and the account by forward sortation area.

    Parameters
    ----------
    bev, phev
        (N,) in the order of :class:`Points`.
    fsas
        ``fsas.csv``: the latest quarter.
    quarters
        ``ev_quarters.csv``: every quarter.
    area
        (N,) row of ``fsas`` that a point lies in.
    weight
        (N,) by which an area's vehicles go to its points, at least 0.
    """

    bev: NDArray[np.int64]
    phev: NDArray[np.int64]
    fsas: pd.DataFrame
    quarters: pd.DataFrame
    area: NDArray[np.int64]
    weight: NDArray[np.float64]


def downscale_vehicles(
    raw: Raw, points: Points, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> Vehicles:
    """Spread the registered EVs of each forward sortation area over its address points.

    The weight of a point is its households times the EV propensity of its dissemination area:
    1 for a ground-oriented dwelling, ``apartment_ev_ratio`` for an apartment.
    """
    every = registered(raw, bounds, parameters, ledger)
    area = _area_of(points, bounds, ledger)
    counts = every[every["quarter"] == parameters.quarter].sort_values("fsa", ignore_index=True)
    counts = _with_share(raw, counts, area, points, parameters)
    weight = points.households * propensity(bounds.das, parameters)[points.da]
    bev = split_largest_remainder(to_micro(counts["bev_inside"]), area, weight)
    phev = split_largest_remainder(to_micro(counts["phev_inside"]), area, weight)
    return Vehicles(bev, phev, counts, inside_quarters(every, counts), area, weight)


def propensity(das: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    """Return (D,) EVs per household relative to a ground-oriented one (1).

    An area whose dwellings are not published gets the mean of the Region.
    """
    ground = das[list(GROUND_ORIENTED)].sum(axis=1).to_numpy(float)
    flats = das[["apartment_low_rise", "apartment_high_rise"]].sum(axis=1).to_numpy(float)
    known = ground + flats
    mean = (ground.sum() + parameters.apartment_ev_ratio * flats.sum()) / known.sum()
    total = ground + parameters.apartment_ev_ratio * flats
    rate: NDArray[np.float64] = np.full(len(das), mean)
    np.divide(total, known, out=rate, where=known > 0)
    return rate


def _area_of(points: Points, bounds: Boundaries, ledger: Ledger) -> NDArray[np.int64]:
    polygons = bounds.fsas.geometry.to_numpy()
    area = within_index(points.metres, polygons)
    lost = np.flatnonzero(area < 0)
    area[lost], apart = nearest_index(points.metres[lost], polygons)
    ledger.add(
        "adoption",
        "addresses",
        "in no forward sortation area: joins the nearest",
        "repaired",
        len(lost),
        f"up to {apart.max(initial=0):.0f} m away",
    )
    return area


def _with_share(
    raw: Raw, counts: pd.DataFrame, area: NDArray[np.int64], points: Points, parameters: Parameters
) -> pd.DataFrame:
    census = raw.read("fsa_census").set_index("fsa")["population_2021"]
    inside = np.zeros(len(counts), dtype=np.int64)
    np.add.at(inside, area, points.people)
    counts["population"] = counts["fsa"].map(census).astype("int64")
    counts["population_inside"] = from_micro(inside)
    share = (counts["population_inside"] / counts["population"]).clip(upper=1.0)
    partial = counts["fsa"].isin(parameters.partial_fsas)
    counts["inside_share"] = share.where(partial, 1.0).round(9)
    for kind in ("bev", "phev"):
        counts[f"{kind}_inside"] = (counts[kind] * counts["inside_share"]).round(PEOPLE_DECIMALS)
    total = to_micro(counts["bev_inside"]) + to_micro(counts["phev_inside"])
    counts["ev_inside"] = from_micro(total)
    order = [
        "fsa",
        "quarter",
        "bev",
        "phev",
        "ev",
        "population",
        "population_inside",
        "inside_share",
        "bev_inside",
        "phev_inside",
        "ev_inside",
    ]
    return counts[order]
