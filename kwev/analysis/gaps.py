"""Level 3 gaps: dense neighbourhoods whose people live far from a Level 3 station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kwev.analysis.neighbourhoods import RULE, ClusterRule, cluster_of_cells, clusters, distances_m
from kwev.analysis.reach import of_cells

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.tables import Tables

GAP_M = 2_000.0
"""From here on a dense neighbourhood is far from Level 3 (m): the drive that the client's section
1.2.1 gives to Level 3; at the radius of the plan hardly any dense place is left."""


def graded_clusters(
    tables: Tables,
    config: Config,
    rule: ClusterRule = RULE,
    *,
    l3_m: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the dense neighbourhoods with how many of their people live far from Level 3.

    Parameters
    ----------
    l3_m
        Distance of each row of ``cells`` to the nearest Level 3 station (m), by whatever metric;
        in a straight line by default.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`kwev.analysis.neighbourhoods.clusters`, ``beyond_gap`` and
        ``beyond_radius``: people farther than ``GAP_M``, and than the plan's own radius, from
        every Level 3 station.
    """
    cell = cluster_of_cells(tables, rule)
    people = tables.cells["population"].to_numpy(np.float64)
    far_m = distances_m(tables, config)["l3_m"] if l3_m is None else l3_m
    table = clusters(tables, config, rule)
    for name, limit_m in (("beyond_gap", GAP_M), ("beyond_radius", config.coverage.l3_radius_m)):
        far = (cell >= 0) & (far_m > limit_m)
        table[name] = np.bincount(cell[far], people[far], minlength=len(table))
    return table


def by_road(tables: Tables, config: Config, rule: ClusterRule = RULE) -> pd.DataFrame:
    """Return the dense neighbourhoods with how many of their people live far along the roads.

    Columns as :func:`graded_clusters`; who cannot reach any station by car is far.
    """
    drive_m = of_cells(tables, config).set_index("cell_id")["l3_m"]
    of_cell = drive_m.reindex(tables.cells["cell_id"]).fillna(np.inf)
    return graded_clusters(tables, config, rule, l3_m=of_cell.to_numpy(np.float64))


def gaps(tables: Tables, config: Config, rule: ClusterRule = RULE) -> pd.DataFrame:
    """Return the dense neighbourhoods with people far from Level 3, most such people first."""
    table = graded_clusters(tables, config, rule)
    table = table[table["beyond_gap"] > 0]
    return table.sort_values(
        ["beyond_gap", "cluster"], ascending=[False, True], kind="stable", ignore_index=True
    )
