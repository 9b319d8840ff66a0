"""Forty questions of the page "Change the plan", held against the package; outside the suite.

Each is answered by the page's own solver in a browser, as the page asks it. The answer is measured
again by the certificate's code; where a committed study has solved the same question, its plan must
not be above the bound, nor the answer above the study's checked bound. Prints a table in Markdown;
exit code 1 where anything is false.

    python tests/what_if_questions.py [--ms 10000] [--alone] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from chromium import chromium
from questions import Asking, Question

from kwev import terminal
from kwev.certify import ActionKey, Evaluation
from kwev.config import load_config
from kwev.plan.questions import QUESTION_KEYS
from kwev.report import registry
from kwev.report.scenario import load_report
from kwev.report.sweeps import CHANGES, changed
from kwev.site import what_if

STUDIES = ("budget", "shortfall-price", "land", "l2-radius", "l3-radius", "ports", "weights")
RADII = {f"coverage.{level}_radius_m": radii for level, radii in what_if.data.RADII_M.items()}
SITES = ("new_l3_", "new_l2_")
MIXED = (
    ({"budget.limit_cad": 3e6, "siting.land": ["own"]}, 0, 0),
    ({"budget.limit_cad": 3e6, "siting.land": ["own", "partner"]}, 0, 0),
    ({"budget.limit_cad": 1e6}, 0, 0),
    ({"budget.limit_cad": 8e6, "weights.l2": 2.0}, 0, 0),
    ({"coverage.l2_radius_m": 800.0, "coverage.l3_radius_m": 3000.0}, 0, 0),
    ({"coverage.l2_radius_m": 400.0, "coverage.l3_radius_m": 7e3, "budget.limit_cad": 5e6}, 0, 0),
    ({"ports.min_l2": 4, "ports.min_l3": 4, "budget.limit_cad": 6e6}, 0, 0),
    ({"weights.l2": 0.0, "weights.l3": 4.0}, 0, 0),
    ({"objective.shortfall_points_per_point": 0.0, "weights.l2": 3.0}, 0, 0),
    ({}, 0, 10),
    ({}, 3, 0),
    ({"budget.limit_cad": 2.5e6}, 2, 5),
    ({"siting.land": ["own", "partner", "customers"], "budget.limit_cad": 4.5e6}, 1, 20),
)  # fmt: skip
"""Questions that no study has: values, how many sites are forced in, and how many out."""


def questions(start):
    """Return the questions, with the study and row that answer each, where there are such."""
    found = []
    for study in STUDIES:
        for name, values in CHANGES[study].items():
            offered = all(
                key in QUESTION_KEYS and v in RADII.get(key, (v,)) for key, v in values.items()
            )
            if offered and (values or not found):
                found.append((Question(f"{study} {name}", values), study, name))
    done = [action for action, _ in start["recommended"]]
    places = [action.removeprefix(SITES[1]) for action in done if action.startswith(SITES[1])]
    others = [p for p in start["ground"]["places"]["id"] if p.startswith("library_")]
    for n, (values, ins, outs) in enumerate(MIXED, start=1):
        forced = tuple(f"new_l2_{place}" for place in others[:ins])
        name = f"mixed {n}: " + (
            ", ".join(f"{k} {v}" for k, v in values.items()) or "as recommended"
        )
        name += f"; {ins} in" * bool(ins) + f"; {outs} out" * bool(outs)
        found.append((Question(name, values, forced, tuple(places[:outs])), None, None))
    return found


HEAD = (
    "question", "page's value", "page's bound", "gap of the gain", "package's value",
    "package's bound", "measured again, apart", "first answer (s)", "searched (s)", "faults",
)  # fmt: skip


def faults_of(question, found, config, evaluation):
    """Return what is wrong with an answer by the certificate's code, and its value there."""
    ports = {ActionKey.from_id(action): n for action, n in found["actions"]}
    value = evaluation.objective_points(ports)
    cost = sum(evaluation.effect(key, n).net_cad for key, n in ports.items())
    faults = [p for key, n in ports.items() if (p := evaluation.problem(key, n, ports))]
    done, places = {key.id for key in ports}, {key.place_id for key in ports}
    faults += [f"costs {cost:,.0f}"] * (cost > config.budget.limit_cad + 0.005)
    faults += ["another value"] * (abs(value - found["value"]) > 1e-6)
    faults += ["a forced site is missing"] * (not done.issuperset(question.forced_in))
    faults += ["a site left out is used"] * (not places.isdisjoint(question.forced_out))
    return faults, value


def main():
    """Ask, compare, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ms", type=int, default=10_000)
    parser.add_argument("--alone", action="store_true", help="do not start from the published plan")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    report = load_report()
    (page,) = what_if.pages(report)
    data = json.loads(json.dumps(dict(page.data)))
    start, rows, wrong = data[what_if.NAME], [HEAD, ("---",) * len(HEAD)], 0
    studies = {name: registry.results(report.project, name).set_index("name") for name in STUDIES}
    with chromium() as browser:
        asking = Asking(
            browser.new_page(), start, lambda level, m: data[f"{what_if.NAME}-{level}-{m}"]
        )
        for question, study, name in questions(start):
            found = asking.ask(question, ms=given.ms, seeded=not given.alone)
            config = changed(load_config("recommended", report.project.config), question.values)
            evaluation = Evaluation(report.tables, config, "cell")
            faults, value = faults_of(question, found, config, evaluation)
            package = bound = ""
            if study:
                row = studies[study].loc[name]
                objective, gap = float(row["objective"]), float(row["gap_checked"])
                most = objective + gap * abs(objective)
                faults += ["a false bound"] * (found["bound"] < objective - 1e-6)
                faults += ["above the package's bound"] * (found["value"] > most + 1e-6)
                package, bound = f"{objective:.3f}", f"{most:.3f}"
            wrong += bool(faults)
            rows.append((
                question.name, f"{found['value']:.3f}", f"{found['bound']:.3f}",
                f"{found['gap']:.2%}", package, bound, f"{abs(value - found['value']):.0e}",
                f"{found['first_ms'] / 1000:.2f}", f"{found['ms'] / 1000:.1f}",
                "; ".join(faults) or "none",
            ))  # fmt: skip
            terminal.echo(" | ".join(rows[-1]))
    told = f"{len(rows) - 2} questions, {wrong} with a fault"
    if given.out:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        given.out.write_text("\n".join([*lines, "", told, ""]), encoding="utf-8")
    terminal.echo(told)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
