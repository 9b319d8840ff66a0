"""Numbers of the grid proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import gridproxy
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import GridRule

if TYPE_CHECKING:
    from kwev.report import Report

_KW_PER_MW = 1_000


def of_grid(report: Report) -> Numbers:
    """Return the numbers of the grid proxy."""
    t, c, rule = report.tables, report.config, GridRule()
    areas = t.area_grid
    kinds = gridproxy.by_category(t, c)
    never = kinds.loc[kinds["l3"] == 0, "category"].str.replace("_", " ")
    dense = areas["density_factor"]
    names = sorted(never)
    origin, place = "area_grid", "sites.grid_kw"
    upgrades = t.stations[
        t.stations["in_region"] & (t.stations["l2_ports"] > 0) & (t.stations["l3_ports"] == 0)
        & (t.stations["access"] == "public")
    ]  # fmt: skip
    can = upgrades["grid_kw"] * c.siting.grid_factor >= gridproxy.pair_kw(c)
    rules = [
        Number(f"grid_{name}", float(getattr(rule, name)), unit, "pipeline.parameters", show)
        for name, unit, show in (
            ("age_new", "ratio", "{:g}"),
            ("age_old", "ratio", "{:g}"),
            ("type_houses", "ratio", "{:g}"),
            ("type_apartments", "ratio", "{:g}"),
            ("density_low", "ratio", "{:g}"),
            ("density_high", "ratio", "{:g}"),
            ("rural_per_km2", "count", ""),
            ("dense_per_km2", "count", ""),
            ("site_low_kw", "kW", "{:,.0f} kW"),
            ("site_high_kw", "kW", "{:,.0f} kW"),
            ("spare_kw_per_household", "kW", "{:g} kW"),
            ("area_low_kw", "kW", "{:,.0f} kW"),
            ("area_high_kw", "kW", "{:,.0f} kW"),
        )
    ]
    return Numbers(
        [
            *rules,
            Number("grid_areas", len(areas), "count", origin),
            Number("grid_pair", gridproxy.pair_kw(c), "kW", "config", "{:,.0f} kW"),
            Number("grid_sites", int(kinds["sites"].sum()), "count", place),
            Number("grid_l3_by_category", int(kinds["l3_by_category"].sum()), "count", place),
            Number("grid_l3", int(kinds["l3"].sum()), "count", place),
            Number("grid_never", " and ".join([", ".join(names[:-1]), names[-1]]), "text", place),
            Number("grid_convertible", len(upgrades), "count", "stations.grid_kw"),
            Number("grid_convertible_l3", int(can.sum()), "count", "stations.grid_kw"),
            Number("grid_area_median", float(areas["proxy_kw"].median()) / _KW_PER_MW, "ratio",
                   origin, "{:.1f} MW"),
            Number("grid_region", float(areas["proxy_kw"].sum()) / _KW_PER_MW, "ratio", origin,
                   "{:,.0f} MW"),
            Number("grid_age_low", float(areas["age_factor"].min()), "ratio", origin),
            Number("grid_age_high", float(areas["age_factor"].max()), "ratio", origin),
            Number("grid_density_factor_low", float(dense.min()), "ratio", origin),
            Number("grid_density_factor_high", float(dense.max()), "ratio", origin),
        ]
    )  # fmt: skip
