"""Places by kind and id: what a distance, straight or along the roads, is measured between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Places:
    """Places in an order of the caller's; every array has one entry per place.

    Attributes
    ----------
    kind
        ``cell``, ``da``, ``tract``, ``station`` or ``site``: the table that knows the id.
    ids
        Ids, text.
    xy_m
        Shape (n, 2), EPSG:26917 (m), rounded to 0.01 m.
    """

    kind: NDArray[np.str_]
    ids: NDArray[np.str_]
    xy_m: NDArray[np.float64]

    @classmethod
    def of_kind(cls, kind: str, ids: NDArray[np.str_], xy_m: NDArray[np.float64]) -> Places:
        """Return places of one kind."""
        return cls(np.full(len(ids), kind, dtype="U7"), ids, xy_m)

    @classmethod
    def joined(cls, parts: Sequence[Places]) -> Places:
        """Return the places of several sets, one after the other."""
        return cls(
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.xy_m for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Places:
        """Return some of the places, by mask or by index."""
        return Places(self.kind[which], self.ids[which], self.xy_m[which])
