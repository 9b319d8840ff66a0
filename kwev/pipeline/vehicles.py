"""Electric vehicles: as registered, spread over address points, and their growth by place.

Registrations come by quarter and forward sortation area (FSA). They go to address points by
households and kind of dwelling; the Region's forecast goes to areas and points the same way. Every
total is conserved exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.columns import DWELLING_TYPES
from kwev.data.schemas import arrange
from kwev.errors import KwevError
from kwev.pipeline.geometry import nearest_index, within_index
from kwev.pipeline.population import from_micro, split_largest_remainder, to_micro, tract_of
from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.forecast import Outlook
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Places, Points
    from kwev.pipeline.raw import Ledger, Raw

KINDS = ["bev", "phev", "ev"]
_NAMES = {"quarter": "quarter", "FSA": "fsa", "BEV": "bev", "PHEV": "phev", "TotalEV": "ev"}


def registered(
    raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return fsa, quarter, bev, phev, ev of the Region's codes, every quarter of the file.

    A blank count is what the other leaves of the total; without a total it was not published and
    stands for 0. BEV + PHEV is the total.

    Parameters
    ----------
    raw
        ``evs``: Ontario's registrations by forward sortation area (``ev_by_fsa_2022q1_2025q4``).
    bounds
        Its codes are the Region's.
    parameters
        ``quarter`` is the latest.
    ledger
        Takes what is left out, blank or adds up otherwise.

    Returns
    -------
    pandas.DataFrame
        Counts of vehicles (EV) by code and quarter.

    Raises
    ------
    KwevError
        If the parameters' quarter is not in the file, a code of the Region lacks a quarter, or a
        total stands without BEV and PHEV: their vehicles would be lost.
    """
    table = raw.read("evs").rename(columns=_NAMES)[list(_NAMES.values())]
    note = parameters.quarter or str(table["quarter"].max())
    _refuse_absent(table, set(bounds.fsas["fsa"]), note)
    ours = table["fsa"].isin(set(bounds.fsas["fsa"]))
    latest = table["quarter"] == note
    ledger.add("evs", "codes whose area lies outside the Region", "dropped", ~ours & latest, note)
    blank = table[KINDS].isna().any(axis=1)
    note = f"all quarters; {int((blank & ~ours).sum())} more outside the Region"
    ledger.add(
        "evs", "no count published for a quarter: blank stands for 0", "flagged", blank & ours, note
    )
    return _added_up(_filled(table[ours], ledger), ledger)


def _filled(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the counts without a blank."""
    lost = table[["bev", "phev"]].isna().all(axis=1) & (table["ev"] > 0)
    if lost.any():
        row = table[lost].iloc[0]
        raise KwevError(
            f"{row['fsa']} in {row['quarter']} has a total of {row['ev']:.0f} vehicles and neither "
            f"BEV nor PHEV ({lost.sum()} such row(s))",
            where="ev_by_fsa",
            hint="Enter one of the two; the other is what it leaves of the total.",
        )
    filled = table.copy()
    for kind, other in (("bev", "phev"), ("phev", "bev")):
        rest = (table["ev"] - table[other]).clip(lower=0)
        filled[kind] = table[kind].fillna(rest).fillna(0)
        rule = f"{kind.upper()} blank: what the other leaves of the total"
        ledger.met("evs", rule, "repaired", table[kind].isna() & (rest > 0), "all quarters")
    rule = "total blank: BEV + PHEV stand"
    ledger.met("evs", rule, "repaired", table["ev"].isna(), "all quarters")
    return filled.assign(ev=table["ev"].fillna(filled["bev"] + filled["phev"]))


def _inside_quarters(table: pd.DataFrame, fsas: pd.DataFrame) -> pd.DataFrame:
    """Return ``ev_quarters``: each code's part inside is that of the census in all quarters."""
    share = table["fsa"].map(fsas.set_index("fsa")["inside_share"])
    parts = [to_micro((table[kind] * share).round(PEOPLE_DECIMALS)) for kind in ("bev", "phev")]
    table = table.assign(ev_inside=from_micro(parts[0] + parts[1]))
    return arrange(table, "ev_quarters", "fsa", "quarter")


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
    note = "all quarters"
    rule = "BEV + PHEV differ from the published total: their sum stands"
    ledger.add("evs", rule, "repaired", wrong, note)
    table = table.assign(ev=table["bev"] + table["phev"])
    return table.astype(dict.fromkeys(KINDS, "int64"))


APARTMENTS: Final = ("apartment_low_rise", "apartment_high_rise")
"""Dwelling types in multi-unit buildings: apartments of any height. A flat in a duplex is counted
with the ground-oriented types, as it mostly has a driveway."""

GROUND_ORIENTED: Final = tuple(kind for kind in DWELLING_TYPES if kind not in APARTMENTS)
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

    Parameters
    ----------
    raw
        ``evs`` and ``fsa_census`` are read.
    points
        Address points with their households.
    bounds
        Outlines of the codes, and dwellings by type.
    parameters
        ``quarter`` and ``apartment_ev_ratio`` are used.
    ledger
        Takes what was repaired.

    Returns
    -------
    Vehicles
        EVs at points in millionths, and the tables ``fsas`` and ``ev_quarters``.
    """
    every = registered(raw, bounds, parameters, ledger)
    area = _area_of(points, bounds, ledger)
    latest = parameters.quarter or every["quarter"].max()
    counts = every[every["quarter"] == latest].sort_values("fsa", ignore_index=True)
    counts = _with_share(raw, counts, area, points, bounds)
    weight = points.households * propensity(bounds.das, parameters)[points.da]
    bev = split_largest_remainder(to_micro(counts["bev_inside"]), area, weight)
    phev = split_largest_remainder(to_micro(counts["phev_inside"]), area, weight)
    return Vehicles(bev, phev, counts, _inside_quarters(every, counts), area, weight)


def propensity(das: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    """Return (D,) EVs per household relative to a ground-oriented one (1).

    An area whose dwellings are not published gets the mean of the Region.

    Parameters
    ----------
    das
        Households by dwelling type: the columns :data:`kwev.data.columns.DWELLING_TYPES`.
    parameters
        ``apartment_ev_ratio`` is used.

    Returns
    -------
    numpy.ndarray
        (D,) relative EVs per household.
    """
    ground = das[list(GROUND_ORIENTED)].sum(axis=1).to_numpy(float)
    flats = das[list(APARTMENTS)].sum(axis=1).to_numpy(float)
    known = ground + flats
    mean = (ground.sum() + parameters.apartment_ev_ratio * flats.sum()) / known.sum()
    total = ground + parameters.apartment_ev_ratio * flats
    rate = np.full(len(das), mean)
    return np.asarray(np.divide(total, known, out=rate, where=known > 0))


def _area_of(points: Points, bounds: Boundaries, ledger: Ledger) -> NDArray[np.int64]:
    polygons = bounds.fsas.geometry.to_numpy()
    area = within_index(points.metres, polygons)
    lost = np.flatnonzero(area < 0)
    area[lost], apart = nearest_index(points.metres[lost], polygons)
    note = f"up to {apart.max(initial=0):.0f} m away"
    ledger.add(
        "addresses", "in no forward sortation area: joins the nearest", "repaired", len(lost), note
    )
    return area


def _with_share(
    raw: Raw, counts: pd.DataFrame, area: NDArray[np.int64], points: Points, bounds: Boundaries
) -> pd.DataFrame:
    census = raw.read("fsa_census").set_index("fsa")["population_2021"]
    inside = np.zeros(len(counts), dtype=np.int64)
    np.add.at(inside, area, points.people)
    counts["population"] = counts["fsa"].map(census).astype("int64")
    counts["population_inside"] = from_micro(inside)
    share = (counts["population_inside"] / counts["population"]).clip(upper=1.0)
    partial = counts["fsa"].isin(bounds.fsas.loc[bounds.fsas["partial"], "fsa"])
    counts["inside_share"] = share.where(partial, 1.0).round(9)
    for kind in ("bev", "phev"):
        counts[f"{kind}_inside"] = (counts[kind] * counts["inside_share"]).round(PEOPLE_DECIMALS)
    total = to_micro(counts["bev_inside"]) + to_micro(counts["phev_inside"])
    counts["ev_inside"] = from_micro(total)
    return arrange(counts, "fsas")


# -- Growth by place: the Region's forecast shared out to areas and address points.

YEARS: Final = (2030, 2035)
"""Years whose ends are shared out to places."""

COLUMNS: Final = [f"ev_{year}" for year in YEARS]
_YEAR_QUARTERS: Final = 4
_WINDOW: Final = 8
"""Quarters whose increase tells where growth is: two years, one of each season twice."""


@dataclass(frozen=True)
class Growth:
    """EVs to come.

    Parameters
    ----------
    fsas
        ``fsa_growth.csv``.
    points
        (N, 2) millionths of a vehicle at address points at the ends of :data:`YEARS`.
    """

    fsas: pd.DataFrame
    points: NDArray[np.int64]


def grow(vehicles: Vehicles, outlook: Outlook, additions_share: float) -> Growth:
    """Share the Region's forecast out to areas and their address points.

    Within an area the vehicles to come go where today's are: by households and kind of dwelling.

    Parameters
    ----------
    vehicles
        Today's EVs at points, and their history by code.
    outlook
        The Region's forecast.
    additions_share
        0 to 1, as in :func:`share_out`.

    Returns
    -------
    Growth
        ``fsa_growth``, and EVs at points in millionths.
    """
    history = vehicles.quarters.pivot_table(index="fsa", columns="quarter", values="ev_inside")
    history = history.sort_index(axis=1).loc[vehicles.fsas["fsa"]]
    counts = history.to_numpy(float)
    table = pd.DataFrame(
        {
            "fsa": vehicles.fsas["fsa"],
            "growth_4q_per_year": yearly(counts, _YEAR_QUARTERS),
            "growth_8q_per_year": yearly(counts, _WINDOW),
        }
    )
    micro = to_micro(counts)
    now, before = micro[:, -1], micro[:, -1 - min(_WINDOW, counts.shape[1] - 1)]
    points = []
    for year, column in zip(YEARS, COLUMNS, strict=True):
        later = share_out(to_micro(outlook.middle(year)), now, before, additions_share)
        table[column] = from_micro(later)
        points.append(split_largest_remainder(later, vehicles.area, vehicles.weight))
    return Growth(table, np.column_stack(points))


def yearly(counts: NDArray[np.float64], quarters: int) -> NDArray[np.float64]:
    """Return (F,) mean growth per year over the last quarters (share), 0 where none was before.

    Parameters
    ----------
    counts
        (F, T) totals by area and quarter.
    quarters
        How far back; a shorter history is taken whole.
    """
    back = min(quarters, counts.shape[1] - 1)
    before, now = counts[:, -1 - back], counts[:, -1]
    ratio = np.divide(now, before, out=np.ones(len(now)), where=before > 0)
    return np.asarray(np.round(ratio ** (_YEAR_QUARTERS / back) - 1, 6))


def share_out(
    total: int | np.int64 | NDArray[np.int64],
    now: NDArray[np.int64],
    before: NDArray[np.int64],
    additions_share: float,
) -> NDArray[np.int64]:
    """Return (F,) whole parts of ``total``: what stands, and a part of what is added.

    The part of an area in what is added is ``additions_share`` times its part of the last increase
    and the rest times its part of what stands: an area that grew fast goes on to, but less so. A
    total below what stands is shared by what stands.

    Parameters
    ----------
    total
        Whole total, at least 0.
    now, before
        (F,) whole counts today and at the start of the last increase, at least 0.
    additions_share
        0 to 1.
    """
    one = np.zeros(len(now), dtype=np.int64)
    added = int(total) - int(now.sum())
    stock = now / max(int(now.sum()), 1)
    if added < 0:
        return split_largest_remainder(np.array([int(total)]), one, stock)
    rise = np.clip(now - before, 0, None)
    # where nothing rose, what stands is all that is known
    recent = rise / rise.sum() if rise.sum() > 0 else stock
    weight = additions_share * recent + (1 - additions_share) * stock
    return now + split_largest_remainder(np.array([added]), one, weight)


def growth_tables(
    growth: Growth, points: pd.DataFrame, places: Places
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return ``da_growth``, ``tract_growth`` and ``cell_growth``: sums over address points.

    Parameters
    ----------
    points
        One row for each address point, with ``da_id`` and ``cell_id``.
    places
        The processed tables of places, whose order is kept.
    """
    das, tracts, cells = places.das, places.tracts, places.cells
    return (
        _summed(growth, points["da_id"], das, "da_id"),
        _summed(growth, points["da_id"].map(tract_of(das, tracts)), tracts, "tract_id"),
        _summed(growth, points["cell_id"], cells, "cell_id"),
    )


def _summed(growth: Growth, ids: pd.Series[str], table: pd.DataFrame, key: str) -> pd.DataFrame:
    sums = pd.DataFrame(growth.points, columns=COLUMNS).groupby(ids.to_numpy()).sum()
    found = sums.loc[table[key]]
    return pd.DataFrame({key: table[key].to_numpy(), **{c: from_micro(found[c]) for c in COLUMNS}})
