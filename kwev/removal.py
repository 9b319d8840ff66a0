"""Removals need an alternative: each level of a removed station is still offered nearby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kwev.coverage import within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.inputs import Inputs


@dataclass(frozen=True)
class Alternatives:
    """Rows ``chosen @ x <= base + change @ x``: what is removed is offered elsewhere.

    One row for each removal and each level that its station offers. In whole numbers a removal is
    allowed where at least one other station or new place within the distance offers the level
    once the plan is done.

    Attributes
    ----------
    chosen
        Shape (r, m), int8: 1 at the removal that the row is about.
    change
        Shape (r, m), int8: +1 where an action brings the level within the distance, -1 where it
        ends it at another station.
    base
        Shape (r,): other stations within the distance that offer the level today.
    """

    chosen: sparse.csr_array
    change: sparse.csr_array
    base: NDArray[np.int64]


def alternatives(inputs: Inputs, config: Config) -> Alternatives | None:
    """Return the rows that removals have to keep; None where the scenario asks for none.

    Distances are straight lines, inclusive to the centimetre, whatever the metric of coverage.
    """
    limit_m = config.siting.removal.alternative_m
    columns, stations = inputs.columns, inputs.stations
    removals = np.flatnonzero(columns.is_kind("remove"))
    if limit_m is None or len(removals) == 0:
        return None
    parts = [
        _of_level(inputs, limit_m, removals[ends[removals]], (has, brings, ends))
        for has, brings, ends in (
            (stations.l2_ports > 0, columns.brings_l2, columns.ends_l2),
            (stations.l3_ports > 0, columns.brings_l3, columns.ends_l3),
        )
    ]
    return Alternatives(
        chosen=sparse.csr_array(sparse.vstack([part.chosen for part in parts])),
        change=sparse.csr_array(sparse.vstack([part.change for part in parts])),
        base=np.concatenate([part.base for part in parts]),
    )


def _of_level(
    inputs: Inputs,
    limit_m: float,
    removals: NDArray[np.int64],
    level: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
) -> Alternatives:
    has, brings, ends = level
    columns, stations = inputs.columns, inputs.stations
    here, own = columns.xy_m[removals], columns.station[removals]
    rows, shape = np.arange(len(removals)), (len(removals), len(columns))
    ones = np.ones(len(removals), np.int8)
    chosen = sparse.csr_array((ones, (rows, removals)), shape=shape)
    near_today = within(here, stations.xy_m, limit_m).astype(np.int64)
    # the station itself is no alternative to itself
    base = near_today @ has.astype(np.int64) - has[own]
    sign = brings.astype(np.int8) - ends.astype(np.int8)
    change = within(here, columns.xy_m, limit_m) @ sparse.diags_array(sign, dtype=np.int8)
    # what is done at its own place does not make up for it either
    other = (columns.place[None, :] != columns.place[removals][:, None]).astype(np.int8)
    change = sparse.csr_array(change.multiply(other)).astype(np.int8)
    change.eliminate_zeros()
    return Alternatives(chosen, change, np.asarray(base, np.int64))


def touched(inputs: Inputs, config: Config) -> NDArray[np.bool_]:
    """Return the columns that a removal's alternative hangs on: no dominance may drop them.

    Shape (m,), bool; all False where removals need no alternative.
    """
    rows = alternatives(inputs, config)
    if rows is None:
        return np.zeros(len(inputs.columns), bool)
    count = abs(rows.chosen) + abs(rows.change)
    return np.asarray(count.sum(axis=0) > 0).ravel()
