"""What the plan asks of the grid: kW by area and month, and whose figure limits each site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev import escape
from kwev.report import site_packages
from kwev.report.region import metres, town_names
from kwev.units import METRE_DECIMALS

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.report.scenario import Report
    from kwev.report.site_packages import SitePackage

PROXY: Final = "grid proxy"
UTILITY: Final = "utility's file"


@dataclass(frozen=True)
class Limit:
    """Where the limit of a place comes from.

    Attributes
    ----------
    source
        :data:`PROXY` or :data:`UTILITY`.
    feeder
        The utility's name of the line; empty where no file gives one.
    """

    source: str
    feeder: str = ""


def limit_of(config: Config, easting_m: float, northing_m: float) -> Limit:
    """Return whose figure limits a place: the nearest of a utility's that reaches it, else ours.

    Of figures as near the least counts, as in the model.
    """
    reaching = []
    for known in config.siting.capacity:
        away = np.hypot(easting_m - known.easting_m, northing_m - known.northing_m)
        away_m = round(float(away), METRE_DECIMALS)
        if away_m <= known.reach_m:
            reaching.append((away_m, known.kw, known.feeder))
    return Limit(UTILITY, min(reaching)[2]) if reaching else Limit(PROXY)


@dataclass(frozen=True, eq=False)
class UtilityFacts:
    """The published plan as a utility reads it."""

    report: Report

    @cached_property
    def windows(self) -> list[tuple[int, int]]:
        """First and last month of each period of the schedule."""
        phasing = self.report.config.phasing
        each = phasing.months_per_period
        return [(k * each + 1, (k + 1) * each) for k in range(phasing.periods)]

    @cached_property
    def _places(self) -> pd.DataFrame:
        """Area and metres of each place with a site of the plan, by its id."""
        tables = self.report.tables
        columns = ["place_id", "area_id", "easting_m", "northing_m"]
        both = [tables.sites.rename(columns={"site_id": "place_id"})[columns],
                tables.stations.rename(columns={"station_id": "place_id"})[columns]]  # fmt: skip
        wanted = {package.place_id for package in self.report.packages}
        rows = pd.concat(both)
        return rows[rows["place_id"].isin(wanted)].set_index("place_id")

    def area_of(self, site: SitePackage) -> str:
        """Return the area (census tract, or a place without tracts) of a site."""
        return str(self._places["area_id"][site.place_id])

    def limit(self, site: SitePackage) -> Limit:
        """Return whose figure limits a site."""
        (here,) = metres(self._places.loc[[site.place_id]])
        return limit_of(self.report.config, float(here[0]), float(here[1]))

    @cached_property
    def by_area(self) -> pd.DataFrame:
        """Power by area (census tract of 2021, or a place without tracts) and month.

        Columns: ``area_id``, ``municipality`` (name), ``proxy_kw`` (grid proxy), ``before_kw`` (all
        ports of today), ``kw_months_<a>_<b>`` (added in these months), ``added_kw``, ``after_kw``,
        ``share_after`` (of the proxy, which counts as no less than what stands) and ``sites``.
        """
        areas = self.report.findings.areas.set_index("area_id")
        proxy = self.report.tables.area_grid.set_index("area_id")["proxy_kw"]
        found = pd.DataFrame(index=areas.index)
        found["municipality"] = self._municipality.reindex(found.index).to_numpy(str)
        found["proxy_kw"] = proxy.reindex(found.index)
        found["before_kw"] = areas["kw_before"]
        rows = pd.DataFrame(
            [
                (self.area_of(site), when.schedule.month_from,
                 when.grid_requirements.power_increase_kw)
                for site in self.report.packages
                for when in [site.implementation]
            ],
            columns=["area_id", "month_from", "kw"],
        )  # fmt: skip
        added = rows.pivot_table(index="area_id", columns="month_from", values="kw", aggfunc="sum")
        for first, last in self.windows:
            one = added[first] if first in added else pd.Series(dtype=float)
            found[f"kw_months_{first}_{last}"] = one.reindex(found.index).fillna(0.0)
        found["added_kw"] = found[self.month_columns].sum(axis=1)
        found["after_kw"] = found["before_kw"] + found["added_kw"]
        found["share_after"] = areas["grid_share_after"]
        counts = rows["area_id"].value_counts().reindex(found.index)
        found["sites"] = counts.fillna(0).astype(int)
        order = found.sort_values(["added_kw", "area_id"], ascending=[False, True])
        return order.round(site_packages.DECIMALS).reset_index()

    @property
    def month_columns(self) -> list[str]:
        """Columns of power by month, in order."""
        return [f"kw_months_{first}_{last}" for first, last in self.windows]

    @cached_property
    def _municipality(self) -> pd.Series[str]:
        names, cells = town_names(self.report.tables), self.report.tables.cells
        most = cells.groupby(["area_id", "municipality_id"])["population"].sum().reset_index()
        most = most.sort_values(["population", "municipality_id"]).drop_duplicates(
            "area_id", keep="last"
        )
        return most.set_index("area_id")["municipality_id"].map(names)

    def requests(self) -> pd.DataFrame:
        """Return the load requests: the packages with area, source of the limit and feeder."""
        frame = site_packages.as_frame(self.report.packages)
        sites = self.report.packages
        frame.insert(5, "area_id", [self.area_of(site) for site in sites])
        frame["limit_source"] = [self.limit(site).source for site in sites]
        frame["feeder"] = [self.limit(site).feeder for site in sites]
        return frame.drop(columns=["purchase_cad", "resale_cad", "estimated_cost_cad"])

    def files(self) -> dict[str, bytes]:
        """Return the downloads: power by area and month, and the load requests, as CSV."""
        return {
            "kw-by-tract.csv": escape.csv(self.by_area).encode(),
            "load-requests.csv": escape.csv(self.requests()).encode(),
        }
