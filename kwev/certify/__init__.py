"""The certificate: a plan recomputed from the data, without solver or model.

The certificate trusts neither solver nor model: an import contract holds it. :func:`certify` checks
a plan; :class:`Evaluation` recomputes what actions cover, cost and miss; :class:`ScheduleCheck`
does it month by month. The package is called by its own name: ``kwev.certify(plan, tables)`` is
:func:`certify`.
"""

import sys

from kwev.certify.actions import KINDS, NEW, ActionKey, ActionRules, Effect
from kwev.certify.certificate import NOT_CHECKED, certify, target_status
from kwev.certify.constraints import broken, missed
from kwev.certify.evaluation import Cover, Evaluation
from kwev.certify.reach import Measure, Points
from kwev.certify.schedule import PeriodEnd, PersonMonths, ScheduleCheck
from kwev.certify.weights import evs, point_weights
from kwev.rooms import Room

__all__ = [
    "KINDS",
    "NEW",
    "NOT_CHECKED",
    "ActionKey",
    "ActionRules",
    "Cover",
    "Effect",
    "Evaluation",
    "Measure",
    "PeriodEnd",
    "PersonMonths",
    "Points",
    "ScheduleCheck",
    "broken",
    "certify",
    "evs",
    "missed",
    "point_weights",
    "target_status",
]

sys.modules[__name__].__class__ = Room
