"""The certificate loads neither a solver nor the code that it judges."""

from __future__ import annotations

import subprocess
import sys

JUDGED = ("cvxpy", "highspy", "gurobipy", "pyscipopt", "kwev.model.", "kwev.solve.")


def test_certify_imports_nothing_that_it_judges():
    loads = "import sys, kwev.certify.certificate, kwev.certify.schedule"
    code = f"{loads}; print([m for m in sys.modules if (m + '.').startswith({JUDGED!r})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
