"""The certificate loads neither a solver nor the code that it judges."""

from __future__ import annotations

import subprocess
import sys

JUDGED = (
    "cvxpy",
    "highspy",
    "gurobipy",
    "pyscipopt",
    "kwev.model.formulation",
    "kwev.solve.solvers",
    "kwev.solve.stages",
    "kwev.solve.record",
    "kwev.model.inputs",
    "kwev.model.constraints",
    "kwev.model.coverage",
    "kwev.model.siting",
    "kwev.model.demand",
    "kwev.model.network",
    "kwev.model.network",
    "kwev.model.network",
    "kwev.model.scores",
    "kwev.model.constraints",
    "kwev.model.groups",
    "kwev.solve.dual_multipliers",
    "kwev.solve.schedule",
)


def test_certify_imports_nothing_that_it_judges():
    loads = "import sys, kwev.certify.certificate, kwev.certify.schedule"
    code = f"{loads}; print([m for m in {JUDGED!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
