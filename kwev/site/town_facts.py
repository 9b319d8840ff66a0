"""What a municipality or a ward has today, gets with the plan, pays and goes without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.data.links import crs_of
from kwev.display import cartography
from kwev.model.coverage import ruler_of
from kwev.model.demand import share_of
from kwev.report import gaps
from kwev.report.effects import WHENS
from kwev.report.region import metres
from kwev.report.wards import ward_of, wards
from kwev.solve.record import covered
from kwev.vocabulary import LEVEL_KEYS, LevelKey

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.config import Metric
    from kwev.report.effects import Effects, When
    from kwev.report.scenario import Report
    from kwev.report.site_packages import SitePackage
    from kwev.solve.record import Covered
    from kwev.vocabulary import LandKey

METRICS: Final[tuple[Metric, ...]] = ("network", "straight_line")
PLACES: Final = 3
"""Places without a charger that a page names."""


@dataclass(frozen=True)
class Town:
    """A municipality, or a ward of one.

    Attributes
    ----------
    slug
        Its page's name after ``town-``.
    name
        ``Guelph``, ``Ward 3 of Guelph``.
    municipality
        Name of the municipality that it is or lies in.
    number
        Of a ward; 0 for a municipality.
    cells
        (n,) whether each cell lies in it.
    sites
        Packages of the plan's sites in it, in the order of months.
    stations
        (s,) whether each station of today lies in it.
    shape
        Outline (m).
    """

    slug: str
    name: str
    municipality: str
    number: int
    cells: NDArray[np.bool_]
    sites: tuple[SitePackage, ...]
    stations: NDArray[np.bool_]
    shape: BaseGeometry

    @property
    def is_ward(self) -> bool:
        """Whether it is a ward."""
        return self.number > 0

    @property
    def page(self) -> str:
        """Name of its page."""
        return f"town-{self.slug}"

    @property
    def cost_cad(self) -> float:
        """Net cost of the plan's sites in it (CAD)."""
        return sum(site.implementation.estimated_cost_cad for site in self.sites)


@dataclass(frozen=True)
class Without:
    """People of a place whom the plan leaves without a level.

    Attributes
    ----------
    people
        How many.
    beyond
        Of them, those within reach of no place where the plan may build.
    places
        Name of a place nearby and people, for the largest groups.
    """

    people: float
    beyond: float
    places: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class TownFacts:
    """All municipalities and wards of a report, measured on the cells.

    A cell, a station and a site belong to the municipality of the census and, in it, to the ward
    that holds its point, or is nearest (:func:`kwev.report.wards.ward_of`).
    """

    report: Report

    @property
    def effects(self) -> Effects:
        """What the published plan changes."""
        return self.report.findings.effects

    @cached_property
    def crs(self) -> str:
        """The region's metric projection."""
        return crs_of(self.report.tables.das)

    @cached_property
    def towns(self) -> list[Town]:
        """Municipalities by name, each before its wards by number."""
        names = self.report.tables.municipalities.set_index("municipality_id")["name"]
        outlines = cartography.areas(
            "municipalities", "municipality_id", self.report.project.processed
        )
        shapes = outlines.to_crs(self.crs).set_index("municipality_id").geometry
        found = []
        for key, name in names.sort_values().items():
            found.append(self._town(str(key), str(name), 0, shapes[str(key)]))
            own = self._wards[self._wards["municipality_id"] == key]
            found += [
                self._town(str(ward), str(name), int(number), shape)
                for ward, number, shape in zip(
                    own["ward_id"], own["number"], own.geometry, strict=True
                )
            ]
        return found

    def _town(self, key: str, name: str, number: int, shape: BaseGeometry) -> Town:
        at = 1 if number else 0
        sites = [
            package
            for package, where in zip(self.report.packages, self._site_places, strict=True)
            if where[at] == key
        ]
        sites.sort(key=lambda one: (one.implementation.schedule.month_from, one.name, one.id))
        slug = name.lower().replace(" ", "-") + (f"-ward-{number}" if number else "")
        words = f"Ward {number} of {name}" if number else name
        cells, stations = self._cell_places[at] == key, self._station_places[at] == key
        return Town(slug, words, name, number, cells, tuple(sites), stations, shape)

    @cached_property
    def _wards(self) -> gpd.GeoDataFrame:
        return wards(self.crs, self.report.project.processed)

    @cached_property
    def _cell_places(self) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        cells = self.effects.cells
        return cells.municipality, ward_of(cells.xy_m, cells.municipality, self._wards)

    @cached_property
    def _station_places(self) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        known = self.effects.stations
        town = np.where(known.in_region, known.municipality, "")
        return town, ward_of(known.xy_m, town, self._wards)

    @cached_property
    def _site_places(self) -> list[tuple[str, str]]:
        """Municipality and ward of each package of the report, by id."""
        tables = self.report.tables
        both = [tables.sites.assign(key=tables.sites["site_id"]),
                tables.stations.assign(key=tables.stations["station_id"])]  # fmt: skip
        xy_m = {key: xy for t in both for key, xy in zip(t["key"], metres(t), strict=True)}
        ids = tables.municipalities.set_index("name")["municipality_id"]
        packages = self.report.packages
        town = np.array([ids.get(one.municipality, "") for one in packages], dtype="U16")
        where = np.array([xy_m[one.place_id] for one in packages]).reshape(-1, 2)
        return list(zip(town.tolist(), ward_of(where, town, self._wards).tolist(), strict=True))

    def land(self, site: SitePackage) -> LandKey | None:
        """Return the class of a site's land; None for an action at a station."""
        return self._lands.get(site.place_id)

    @cached_property
    def _lands(self) -> dict[str, LandKey]:
        sites = self.report.tables.sites
        return dict(zip(sites["site_id"], sites["land"], strict=True))

    # -- what is measured --------------------------------------------------------------------

    def people(self, town: Town) -> float:
        """People of a place (census, on the cells)."""
        return float(self.effects.cells.people[town.cells].sum())

    def vehicles(self, town: Town) -> float:
        """Electric vehicles that the plan counts there."""
        return float(self.effects.cells.ev[town.cells].sum())

    def people_share(self, town: Town) -> float:
        """Its part of the Region's people."""
        return share_of(self.effects.cells.people, town.cells)

    def money_share(self, town: Town) -> float:
        """Its part of the plan's net cost; 0 where the plan costs nothing."""
        whole = self.report.plan.cost.net_cad
        return town.cost_cad / whole if whole else 0.0

    @cached_property
    def _covered(self) -> dict[tuple[Metric, When], Covered]:
        found = self.effects
        return {
            (metric, when): covered(
                found.cells, found.network[when], found.config, ruler_of(found.tables, metric)
            )
            for metric, when in product(METRICS, WHENS)
        }

    def reached(self, metric: Metric, when: When, level: LevelKey) -> NDArray[np.bool_]:
        """Return which cells a level reaches by a metric, shape (n,)."""
        found = self._covered[metric, when]
        return found.l2 if level == "l2" else found.l3

    def share(self, town: Town, metric: Metric, when: When, level: LevelKey) -> float:
        """Return the part of its people within reach of a level."""
        weights = self.effects.cells.people * town.cells
        return share_of(weights, self.reached(metric, when, level))

    def vehicle_share(self, town: Town, metric: Metric, when: When) -> float:
        """Return the part of its vehicles within reach of either level."""
        either = self.reached(metric, when, "l2") | self.reached(metric, when, "l3")
        return share_of(self.effects.cells.ev * town.cells, either)

    def without(self, town: Town, level: LevelKey) -> Without:
        """Return the people whom the plan leaves without a level, by the plan's own metric."""
        people = self.effects.cells.people
        out = ~self.effects.covered(level, "after") & town.cells
        beyond = out & ~self._possible[level]
        group = self._gaps[level]
        inside = out & (group >= 0)
        sizes = pd.Series(np.bincount(group[inside], people[inside]), dtype=float)
        sizes = sizes[sizes >= gaps.GAP_RULE.core_people].round(6)
        named = self.report.findings.gaps
        near = named[named["level"] == level].set_index("gap")["near"]
        # two groups near one well-known place are told as one
        told = sizes.groupby(near.reindex(sizes.index + 1).to_numpy(str)).sum()
        first = told.sort_values(ascending=False, kind="stable").head(PLACES)
        places = tuple((str(name), float(count)) for name, count in first.items())
        return Without(float(people[out].sum()), float(people[beyond].sum()), places)

    @cached_property
    def _possible(self) -> dict[LevelKey, NDArray[np.bool_]]:
        return {level: gaps.possible(self.effects, level) for level in LEVEL_KEYS}

    @cached_property
    def _gaps(self) -> dict[LevelKey, NDArray[np.int64]]:
        return {level: gaps.gap_of_cells(self.effects, level) for level in LEVEL_KEYS}
