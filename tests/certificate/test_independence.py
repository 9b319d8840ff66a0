"""The certificate loads neither a solver nor the code that it judges."""

from __future__ import annotations

import subprocess
import sys

JUDGED = (
    "cvxpy",
    "highspy",
    "gurobipy",
    "pyscipopt",
    "kwev.model",
    "kwev.engines",
    "kwev.solve",
    "kwev.record",
    "kwev.inputs",
    "kwev.removal",
    "kwev.coverage",
    "kwev.siting",
    "kwev.demand",
    "kwev.network",
    "kwev.paths",
    "kwev.places",
    "kwev.scores",
    "kwev.rules",
    "kwev.areas",
    "kwev.multipliers",
    "kwev.schedule",
)


def test_certify_imports_nothing_that_it_judges():
    loads = "import sys, kwev.certify, kwev.timekeeper"
    code = f"{loads}; print([m for m in {JUDGED!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
