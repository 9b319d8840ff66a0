"""How far stations stand from each other, by every reading of "average distance".

The specification names one figure without saying what it measures, so each reading is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from kwev.siting import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables

CLAIMED = ("Kitchener", "Waterloo")
"""Cities in which the specification counts its stations."""
LEVELS = {"any": "Any level", "l2": "Level 2", "l3": "Level 3"}


def by_level(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing of the counted stations by level.

    Columns: ``level`` (words), ``stations``, ``nearest_mean_km``, ``nearest_median_km``,
    ``nearest_max_km`` (to the next station of the level), ``pair_mean_km``, ``pair_median_km``
    (over all pairs); straight line, NaN where there is no second station.
    """
    table = counted(tables.stations, config)
    return pd.DataFrame(
        [{"level": words, **_spacing(_of(table, level))} for level, words in LEVELS.items()]
    )


def by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing within each municipality, the next station looked for everywhere.

    Columns: ``municipality``, and for each level of ``any``, ``l2``, ``l3`` the number of stations
    (``any``, …) and the mean distance to the next one (``any_km``, …).
    """
    table = counted(tables.stations, config)
    names = tables.municipalities.set_index("municipality_id")["name"].sort_values()
    rows: list[dict[str, object]] = [{"municipality": name} for name in names]
    for level in LEVELS:
        part = _of(table, level)
        apart = nearest_m(_metres(part))
        for row, key in zip(rows, names.index, strict=True):
            here = (part["municipality_id"] == key).to_numpy()
            row[level] = int(here.sum())
            row[f"{level}_km"] = float(apart[here].mean() / 1000) if here.any() else np.nan
    return pd.DataFrame(rows)


def nearest_m(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance from each point to the next one (m; NaN where there is none)."""
    if len(metres) < 2:  # noqa: PLR2004 - a next one needs two
        return np.full(len(metres), np.nan)
    distance, _ = cKDTree(metres).query(metres, k=2)
    return np.asarray(distance, np.float64)[:, 1]


def readings(
    tables: Tables, config: Config, *, stated_km: float, stated_stations: int
) -> pd.DataFrame:
    """Return each reading of the stated average distance, the closest first.

    One reading takes the stated number of stations, which the claim finds in :data:`CLAIMED`.

    Columns: ``reading``, ``stations``, ``km`` and ``ratio`` (to ``stated_km``).
    """
    whole, towns = by_level(tables, config), by_municipality(tables, config)
    rows: list[tuple[str, int, float]] = []
    for row in whole.to_dict("records"):
        name, n = str(row["level"]), int(row["stations"])
        rows += [
            (f"{name}: mean distance to the next station", n, float(row["nearest_mean_km"])),
            (f"{name}: median distance to the next station", n, float(row["nearest_median_km"])),
            (f"{name}: mean over all pairs", n, float(row["pair_mean_km"])),
            (f"{name}: spread evenly over the Region", n, _even_km(tables, n)),
        ]
    for row in towns.to_dict("records"):
        n, km = int(row["any"]), float(row["any_km"])
        rows.append((f"{row['municipality']}: mean distance to the next station", n, km))
    cities = " and ".join(CLAIMED)
    rows.append(
        (
            f"The stated number of stations, spread evenly over {cities}",
            stated_stations,
            _even_km(tables, stated_stations, CLAIMED),
        )
    )
    table = pd.DataFrame(rows, columns=["reading", "stations", "km"]).dropna(subset="km")
    table["ratio"] = table["km"] / stated_km
    off = np.abs(np.log(table["ratio"].to_numpy()))
    return table.iloc[np.argsort(off, kind="stable")].reset_index(drop=True)


def _even_km(tables: Tables, stations: int, names: tuple[str, ...] = ()) -> float:
    """Return the side of an equal share of the municipalities named, else of the Region (km)."""
    towns = tables.municipalities
    area = float(towns.loc[towns["name"].isin(names or towns["name"]), "area_km2"].sum())
    return float(np.sqrt(area / stations)) if stations else float("nan")


def _of(table: pd.DataFrame, level: str) -> pd.DataFrame:
    return table if level == "any" else pd.DataFrame(table[table[f"{level}_ports"] > 0])


def _metres(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["easting_m", "northing_m"]].to_numpy(np.float64)


def _spacing(table: pd.DataFrame) -> dict[str, float | int]:
    metres = _metres(table)
    nearest = nearest_m(metres) / 1000
    pairs = pdist(metres) / 1000
    return {
        "stations": len(table),
        "nearest_mean_km": _or_nan(np.mean, nearest),
        "nearest_median_km": _or_nan(np.median, nearest),
        "nearest_max_km": _or_nan(np.max, nearest),
        "pair_mean_km": _or_nan(np.mean, pairs),
        "pair_median_km": _or_nan(np.median, pairs),
    }


def _or_nan(of: Callable[..., np.floating], values: NDArray[np.float64]) -> float:
    return float(of(values)) if len(values) else float("nan")
