"""Three cities of the literature: points, reach, and the best choice known for each p.

The instances are those of AILS-MCLP [Máximo et al., 2022], read as they stand: every point is a
customer and a site, and a site reaches what lies within a great circle of its radius, itself
included. Folder ``covering`` beside the raw files holds them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from benchmarks.covering import Covering
from benchmarks.effort import Effort
from benchmarks.maximal_covering import solve_covering, told
from benchmarks.record import Watch, verdict
from kwev.errors import KwevError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.record import Sheet

EARTH_M = np.float32(6_378_100)
"""Radius of the earth that the authors of the instances took."""

PROVEN = {
    *(("NewYork", count) for count in (50, 60, 70, 80, 90)),
    *(("Bronx", count) for count in (50, 60)),
    ("SanFrancisco", 50),
}
"""Best choices that their authors call optimal; of the others, no bound is told."""


@dataclass(frozen=True)
class Known:
    """The best choice known of one instance.

    Attributes
    ----------
    city, count, radius_m
        Which instance: the city, the number of sites, and their reach (m).
    value
        Weight that the best choice known covers.
    chosen
        Its sites, sorted.
    """

    city: str
    count: int
    radius_m: float
    value: float
    chosen: NDArray[np.int64]

    @property
    def name(self) -> str:
        """What ``--only`` calls it."""
        return f"{self.city}-{self.count}"

    @property
    def proven(self) -> bool:
        """Whether its authors call it optimal."""
        return (self.city, self.count) in PROVEN


def known_best(folder: Path) -> list[Known]:
    """Return the best choices known, cities by size, fewest sites first.

    Raises
    ------
    KwevError
        If the folder holds none.
    """
    found = [_read_best(path) for path in folder.glob("best/*.txt")]
    if not found:
        raise KwevError(
            "no instances of cities",
            where=str(folder),
            hint="Put city/ and best/ of the public covering benchmarks there.",
        )
    cities = ("NewYork", "Bronx", "SanFrancisco")
    return sorted(found, key=lambda known: (cities.index(known.city), known.count))


def _read_best(path: Path) -> Known:
    city, count, radius_m = path.stem.split("_")
    value, chosen = re.findall(r"[\d ]+", path.read_text(encoding="utf-8").replace("\n", ";"))[:2]
    sites = np.sort(np.array(chosen.split(), np.int64))
    return Known(city, int(count), float(radius_m), float(value), sites)


def read_city(folder: Path, known: Known) -> Covering:
    """Return the covering problem of an instance."""
    path = folder / "city" / f"{known.city}.txt"
    _, places, weights = re.split(r"[A-Z_]+_SECTION\s+", path.read_text(encoding="utf-8"))
    latitude, longitude = np.array(places.split(), np.float64).reshape(-1, 2).T
    weight = np.array(weights.removesuffix("EOF").split(), np.float64)
    within = _apart_m(latitude, longitude) <= known.radius_m
    np.fill_diagonal(within, val=True)
    return Covering.of(sparse.csr_array(within), weight, float(known.count))


def _apart_m(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return all distances (m) by the law of cosines, in single precision as their authors did."""
    north, east = np.radians(latitude), np.radians(longitude)
    cosine = np.sin(north)[:, None] * np.sin(north)
    cosine += np.cos(north)[:, None] * np.cos(north) * np.cos(east[:, None] - east)
    return np.asarray(np.arccos(np.clip(cosine, -1, 1)).astype(np.float32) * EARTH_M)


LIMIT_S, LATE = 150.0, 1.02
"""Processor seconds for an instance, and by how much it may overrun them."""


def solve(known: Known, folder: Path, sheet: Sheet) -> None:
    """Solve an instance within the limit, and hold it against the best choice known."""
    covering = read_city(folder, known)
    with Watch() as watch:
        found = solve_covering(covering, Effort(0.0, LIMIT_S, process_time), told)
    kept = found.value >= known.value and watch.time.cpu_s <= LIMIT_S * LATE
    equal = found.value == known.value
    apart = "equal" if equal else f"{found.value / known.value - 1:+.3%}"
    goal = verdict(kept, f"{found.value:,.0f} of {known.value:,.0f} ({apart})")
    sheet.add(
        f"{known.city}, p = {known.count}", watch.time, found.gap, goal, city=known.city,
        count=known.count, radius_m=known.radius_m, value=found.value, bound=found.bound,
        known=known.value, known_proven=known.proven, limit_s=LIMIT_S,
        chosen=found.chosen.tolist(),
    )  # fmt: skip
