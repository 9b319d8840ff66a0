"""The certificate loads neither a solver nor the code that it judges."""

from __future__ import annotations

import subprocess
import sys

JUDGED = ("cvxpy", "highspy", "gurobipy", "pyscipopt", "kwev.model", "kwev.solve")


def test_certify_imports_nothing_that_it_judges():
    code = "import sys, kwev.certify; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert {"kwev.certify.certificate", "kwev.certify.schedule"} <= set(loaded)
    assert [name for name in loaded if name.startswith(JUDGED)] == []
