"""Whether a plan holds, worked out again from the data without the solver and the model.

The package is called by its own name: ``kwev.certify(plan, tables)`` is :func:`certify`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kwev.config import Case, load_config
from kwev.rooms import Room

if TYPE_CHECKING:
    from kwev.data.tables import Tables
    from kwev.plan.format import Certificate, Plan


def certify(plan: Plan, tables: Tables, case: Case | None = None) -> Certificate:
    """Recompute a plan and say what holds.

    Parameters
    ----------
    plan
        The plan as stated.
    tables
        ``data/processed``, read.
    case
        The scenario as it stands in ``config/``, not as the plan states it, and the geography;
        where it is left out, the project's scenario of the plan's name.

    Returns
    -------
    Certificate
        ``violations`` is empty where every rule holds and every reported number is what the
        recomputation gives; ``targets`` says which targets are met, on the cells; ``checks``
        counts the comparisons.

    Raises
    ------
    KwevError
        If no scenario of the project has the plan's name.
    """
    from kwev.certify import certificate  # noqa: PLC0415 -- loads only where it certifies

    if case is None:
        case = Case(plan.scenario, load_config(plan.scenario), plan.geography)
    return certificate.certify(plan, tables, case)


sys.modules[__name__].__class__ = Room
