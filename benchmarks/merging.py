"""Merging: the best choice of the sites of several good ones, by HiGHS.

Where parts of a region hardly touch, each choice that a search meets is best in some of them, and
none in all. The program over the sites of several choices has them all, is small, and is solved to
the end [Rothberg, 2007: solution polishing; Cook and Seymour, 2003: tour merging].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.covering import Covering
    from benchmarks.effort import Effort

OTHERS = 4
"""Choices whose sites are merged with those of the best: the program of more takes too long."""

NODES, LONGEST_S = 20, 2.0
"""Nodes of the tree and time (s) that a program is given: most need neither."""


def merged(
    covering: Covering,
    choices: Sequence[NDArray[np.int64]],
    effort: Effort,
    seconds: float,
    limit: dict[str, float],
) -> NDArray[np.int64]:
    """Return the best choice found of the sites of several.

    Parameters
    ----------
    covering
        The problem.
    choices
        Sites of each; the first is within the budget, and is where the search starts from.
    effort
        Clock, seed and threads.
    seconds, limit
        Longest time (s) by the clock of the effort, and HiGHS's own limit.
    """
    kept = np.unique(np.concatenate(choices))
    program = Program(covering, kept, np.zeros(len(kept)))
    options = {"mip_heuristic_effort": 0.05, "mip_max_nodes": NODES, **limit}
    return program.solve(effort, 1e-7, seconds, choices[0], options)[0]
