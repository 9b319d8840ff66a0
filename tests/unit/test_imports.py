"""What is loaded: nothing for a name, little for a help text, no map or chart for a solve."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "cvxpy", "geopandas", "gurobipy", "highspy", "matplotlib", "numpy", "osmnx", "pandas", "plotly",
    "pydantic", "pyproj", "pyscipopt", "scipy", "shapely", "sklearn", "statsmodels", "rich",
}  # fmt: skip
SOLVING = {"cvxpy", "numpy", "pandas", "pydantic", "scipy", "highspy", "gurobipy", "pyscipopt"}
SOLVING |= {"pyproj"}
SOLVE = (
    "import kwev\n"
    "[getattr(kwev, name) for name in ('load_config', 'load_tables', 'build_inputs')]\n"
    "[getattr(kwev, name) for name in ('build_model', 'solve', 'certify')]\n"
    "import kwev.solve.stages"
)
HELP = (
    "import sys\nfrom kwev import cli\nsys.argv = ['kwev', '--help']\n"
    "try:\n    cli.main()\nexcept SystemExit:\n    pass"
)


def loaded(code):
    """Return the names of the packages that a fresh Python has loaded after some code."""
    told = f"{code}\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("code", ["import kwev", "import kwev.cli", HELP])
def test_a_name_and_a_help_text_load_nothing_heavy(code):
    assert loaded(code) & HEAVY == set()


def test_a_solve_loads_no_map_no_chart_and_no_statistics():
    assert loaded(SOLVE) & HEAVY <= SOLVING


def test_reading_a_report_loads_nothing_that_solves_draws_or_checks_schemas():
    heavy = {"cvxpy", "geopandas", "highspy", "matplotlib", "pandera", "plotly", "sklearn"}
    assert loaded("import kwev.report.scenario") & heavy == set()


def test_the_version_is_told_all_the_same():
    import kwev

    assert kwev.__version__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kwev.nothing
