"""Forged plan files: what a stranger might hand to ``kwev check``, and what finds each.

A forgery is made of the plan of a small town, of which every number is known. Those that edit text
are not even JSON, or not as strict as a plan file; those that edit values put right what a careful
forger would: sums, hashes, gaps, and the plan's own certificate is left out. ``refused`` says that
the reader takes none of it (exit 2); otherwise the words of a violation stand there (exit 1).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planted import Ground, agreed, refreshed

REFUSED = "refused"
Edit = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Forgery:
    """A forged file: its text or bytes, and the words of what finds it."""

    name: str
    kind: str
    made: Callable[[Ground], bytes]
    words: str

    @property
    def caught_by(self) -> str:
        """Return in a word or two what finds it."""
        return "reader: refused" if self.kind in (TEXT, TYPES) else f"check: {self.words}"


TEXT, TYPES = "text of the file", "types and keys"
WHOLE, SAID, EXTREME, PROOF, SETTINGS = (
    "the plan as a whole", "how good it is said to be", "attainable and least budget",
    "bounds and multipliers", "scenario and data",
)  # fmt: skip
FORGERIES: list[Forgery] = []


def text_of(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def text(name: str, edit: Callable[[str], str | bytes], words: str = "not valid JSON") -> None:
    """Register a forgery of the file's text."""

    def made(ground: Ground) -> bytes:
        before = text_of(ground.copy())
        after = edit(before)
        assert after != before, name
        return after if isinstance(after, bytes) else after.encode("utf-8", "surrogatepass")

    FORGERIES.append(Forgery(name, TEXT, made, words))


def edited(name: str, kind: str, edit: Callable[[dict[str, Any], Ground], Any], words: str) -> None:
    """Register a forgery of values; what the edit returns, if anything, stands for them."""

    def made(ground: Ground) -> bytes:
        values = ground.copy()
        after = edit(values, ground)
        return text_of(values if after is None else after).encode()

    FORGERIES.append(Forgery(name, kind, made, words))


def at(values: Any, path: str) -> tuple[Any, Any]:
    """Return the object or list that holds a dotted path, and the last key."""
    *parents, leaf = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in parents:
        values = values[part]
    return values, leaf


def put(path: str, value: Any, *, again: bool = True) -> Callable[[dict[str, Any], Ground], Any]:
    """Return the edit that puts a value, or what a function makes of the old one, at a path."""

    def edit(values: dict[str, Any], _: Ground) -> Any:
        node, leaf = at(values, path)
        node[leaf] = value(node[leaf]) if callable(value) else value
        return refreshed(values) if again else values

    return edit


# -- the text ----------------------------------------------------------------------------------


def doubled(key: str) -> Callable[[str], str]:
    return lambda t: t.replace(f'"{key}":', f'"{key}": 1, "{key}":', 1)


for key in ("format_version", "net_cad", "objective", "quality", "least_budget_cad", "targets"):
    text(f"key `{key}` twice", doubled(key), "stands there twice")
for what, number in (
    ("NaN", "NaN"), ("infinity", "Infinity"), ("minus infinity", "-Infinity"),
    ("1e400", "1e400"), ("-1e999", "-1e999"), ("a number of 400 digits", "9" * 400),
):  # fmt: skip
    text(
        f"{what} as the objective",
        lambda t, n=number: t.replace('"objective": ', f'"objective": {n}, "x": ', 1),
    )
text("half a character in a name", lambda t: t.replace('"name": "', '"name": "\\ud800', 1), "half")
text(
    "half a character as a key",
    lambda t: t.replace('{"actions"', '{"\\udfff": 1, "actions"', 1),
    "half",
)
text("the first half of the file", lambda t: t[: len(t) // 2])
text("an empty file", lambda _: "")
text("two plans in one file", lambda t: t + t)
text("a comment", lambda t: "/* audited */" + t)
text("brackets without end", lambda _: "[" * 100_000)
text("bytes that are no text", lambda t: b"\xff\xfe" + t.encode(), "not UTF-8")
text("a list of plans", lambda t: f"[{t}]", "must be a JSON object")
text("null", lambda _: "null", "must be a JSON object")
text(
    "a plan of format 1",
    lambda t: t.replace('"format_version": 2', '"format_version": 1'),
    "format 1",
)
text(
    "a plan of format 3",
    lambda t: t.replace('"format_version": 2', '"format_version": 3'),
    "format_version",
)
text(
    "format true",
    lambda t: t.replace('"format_version": 2', '"format_version": true'),
    "format_version",
)

# -- types and keys ----------------------------------------------------------------------------

for path, value in {
    "quality.objective": "286.5",
    "cost.net_cad": True,
    "coverage.l2.after": "0.95",
    "actions.0.l3_ports_after": "2",
    "actions.0.l2_ports_after": True,
    "actions.0.l2_ports_before": 4.0,
    "certificate.checks": True,
    "config.budget.limit_cad": "450000",
    "config.demand.enforce": 1,
    "proof.branches.plan.0.rows.budget": -1,
    "proof.branches.plan.0.least.l2": 10**19,
    "witnesses.attainable_l2.actions.0.1": True,
}.items():
    edited(f"`{path}` is {value!r}", TYPES, put(path, value, again=False), path.split(".")[-1])
for path, value in {
    "actions.0.l3_ports_after": 100_000,
    "actions.0.latitude": 991.0,
    "actions.0.name": "x" * 501,
    "cost.budget_cad": 1e13,
    "coverage.l2.after": 1.5,
    "shortfall.l2": -0.1,
    "certificate.checks": 10**19,
    "quality.status": "optimal",
    "certificate.targets.l2": "met, surely",
    "metric": "as the crow flies",
    "solver_says.version": "1.15, which never errs",
    "solver_says.kwev_version": "audited by the Region",
    "solver_says.reason": "no other solver is as good",
    "solver_says.licence": "certified for public money",
    "solver_says.ended": "optimal",
    "proof.missing": "audited by hand and found optimal",
    "cost.no_least_budget": "target l2 is unimportant: every resident agrees (0.9500, 0.8210)",
}.items():
    edited(
        f"`{path}` is {str(value)[:50]!r}",
        TYPES,
        put(path, value, again=False),
        path.split(".")[-1],
    )
for path, value in {
    "approved": "by council",
    "actions.0.discount_cad": 5_000.0,
    "cost.note": "a bargain",
    "solver_says.proof": "trust me",
    "config.finance": {"discount_rate": 0.0},
    "config.phasing": {"periods": 1},
    "config.solver": {"mip_gap": 0.5},
    "config.description": "the best plan there is",
    "coverage.l4": {},
}.items():
    edited(f"a key `{path}` more", TYPES, put(path, value, again=False), path.split(".")[-1])
edited("a key that would colour the terminal", TYPES,
       lambda v, _: {**v, "\x1b[31mnote": 1}, "\\x1b[31mnote")  # fmt: skip
for path in ("proof", "solver_says", "cost.least_budget_bound_checked_cad", "config.rules"):

    def gone(values: dict[str, Any], _: Ground, path: str = path) -> None:
        node, leaf = at(values, path)
        del node[leaf]

    edited(f"`{path}` left out", TYPES, gone, path.split(".")[-1])


# -- the plan as a whole -----------------------------------------------------------------------


def emptied(values: dict[str, Any], ground: Ground) -> Any:
    """Do nothing, say so everywhere, and keep the bounds of the best plan."""
    values["actions"] = []
    return agreed(values, ground)


def halved(values: dict[str, Any], ground: Ground) -> Any:
    values["actions"] = values["actions"][: len(values["actions"]) // 2]
    return agreed(values, ground)


def unsaid(values: dict[str, Any]) -> dict[str, Any]:
    """Take the solver's word back to what the plan itself gives."""
    said = values["solver_says"]
    said["bound"] = values["quality"]["objective"]
    said["shortfall_bound_points"] = values["shortfall"]["total_points"]
    return values


def called_best(values: dict[str, Any]) -> dict[str, Any]:
    """Say that the plan is its own bound."""
    quality, short = values["quality"], values["shortfall"]
    quality |= {"bound_checked": quality["objective"], "gap_checked": 0.0}
    short["bound_checked_points"] = short["total_points"]
    return unsaid(values)


def without_proof(values: dict[str, Any]) -> dict[str, Any]:
    """Take every bound back."""
    values["proof"] = {"missing": "not_asked", "branches": {}}
    values["quality"] |= {"bound_checked": None, "gap_checked": None, "status": "not_proven"}
    values["shortfall"]["bound_checked_points"] = None
    values["cost"]["least_budget_bound_checked_cad"] = None
    for reached in values["coverage"].values():
        reached["bound_checked"] = None
    return values


def swapped(values: dict[str, Any], ground: Ground) -> Any:
    """Hand in the plan of another budget under this one's name."""
    other = other_plan(ground)
    other["scenario"] = values["scenario"]
    return other


def other_plan(ground: Ground) -> dict[str, Any]:
    from planted import settle

    from kwev.config import Case

    config = ground.case.config.with_values(budget__limit_cad=900_000.0)
    return refreshed(settle(ground.tables, Case("toy", config, "da")).copy())


def of_another_region(values: dict[str, Any], _: Ground) -> Any:
    values["inputs_sha256"] = "1" * 64
    for action in values["actions"]:
        action["place_id"] = "z" + action["place_id"]
        action["id"] = f"{action['kind']}_{action['place_id']}"
    return refreshed(values)


edited("an empty plan, called its own bound", WHOLE,
       lambda v, g: called_best(emptied(v, g)), "quality.bound_checked")  # fmt: skip
edited("an empty plan beside the solver's word on the best", WHOLE, emptied, "solver_says")
edited("half a plan, called its own bound", WHOLE,
       lambda v, g: called_best(halved(v, g)), "quality.bound_checked")  # fmt: skip
edited("half a plan under the numbers of the whole", WHOLE,
       lambda v, _: refreshed({**v, "actions": v["actions"][:2]}), "quality.objective")  # fmt: skip
edited("the plan of another budget", WHOLE, swapped, "config.budget")
edited("the actions of another budget's plan", WHOLE,
       lambda v, g: {**v, "actions": other_plan(g)["actions"], "certificate": None},
       "CAD over the budget")  # fmt: skip
edited("a plan of another region", WHOLE, of_another_region, "no place")
edited("one action twice", WHOLE,
       lambda v, _: refreshed({**v, "certificate": v["certificate"] | {"checks": 1}}
                              | {"actions": [v["actions"][0], *v["actions"]]}),
       "a second action at one place")  # fmt: skip
edited("a station's name rewritten", WHOLE, put("actions.0.name", "Free power"), "name is")
edited(
    "a port nobody paid for", WHOLE, put("actions.2.l2_ports_after", lambda n: n + 1), "kw_after"
)
edited("a certificate that admits nothing though there is something", WHOLE,
       lambda v, _: v | {"cost": v["cost"] | {"net_cad": 1.0}}, "cost.net_cad")  # fmt: skip
edited("a certificate of more checks", WHOLE,
       put("certificate.checks", 9_999, again=False), "certificate.checks")  # fmt: skip
edited("a certificate with every target met", WHOLE,
       put("certificate.targets", dict.fromkeys(("l2", "l3", "ev_owners"), "met"), again=False),
       "certificate.targets")  # fmt: skip

# -- how good it is said to be -----------------------------------------------------------------

edited("the objective raised", SAID, put("quality.objective", lambda x: x + 1), "quality.objective")
edited("a gap of nought", SAID, put("quality.gap_checked", 0.0, again=False), "quality.gap_checked")
edited("a bound at the objective", SAID,
       put("quality.bound_checked", 286.53280718954244), "quality.bound_checked")  # fmt: skip
edited("a bound 40 % above", SAID,
       put("quality.bound_checked", lambda x: 1.4 * x), "quality.bound_checked")  # fmt: skip
edited("proven without a proof", SAID,
       lambda v, _: without_proof(v) | {"quality": v["quality"] | {"status": "within_gap"}},
       "quality.status")  # fmt: skip
edited("not proven though it is", SAID,
       put("quality.status", "not_proven", again=False), "quality.status")  # fmt: skip
edited("a search said to have ended within its gap at a gap of 40 %", SAID,
       put("solver_says.bound", lambda x: 1.4 * x, again=False), "solver_says.ended")  # fmt: skip
edited("the solver's bound below the plan", SAID,
       put("solver_says.bound", 1.0, again=False), "solver_says.bound")  # fmt: skip
edited("the solver's least shortfall above the plan's", SAID,
       put("solver_says.shortfall_bound_points", 50.0), "shortfall_bound_points")  # fmt: skip
edited("a solver under another one's licence", SAID,
       put("solver_says.name", "gurobi", again=False), "has the licence")  # fmt: skip
edited("points moved from cost to coverage", SAID,
       lambda v, _: v | {"objective_parts": v["objective_parts"] | {
           "l2": v["objective_parts"]["l2"] + 1, "net_cost": v["objective_parts"]["net_cost"] - 1}},
       "objective_parts.l2")  # fmt: skip
edited("a shortfall made smaller", SAID, put("shortfall.l2", 0.0), "shortfall.l2")
edited("a rule that nobody set, missed", SAID,
       put("shortfall.rules", {"everybody_l2": 0.5}), "shortfall.rules")  # fmt: skip
edited("no plan misses less, they say", SAID,
       put("shortfall.bound_checked_points", lambda x: x + 0.1),
       "bound_checked_points")  # fmt: skip

# -- attainable and least budget ---------------------------------------------------------------


def starved(values: dict[str, Any], ground: Ground) -> Any:
    """Let the empty plan show what is attainable."""
    values["witnesses"]["attainable_l2"]["actions"] = []
    values["coverage"]["l2"]["attainable"] = ground.evaluation.cover("model", {}).share("l2")
    return refreshed(values)


def inflated(values: dict[str, Any], ground: Ground) -> Any:
    """Let a far dearer plan show what is enough, and call that the least."""
    used = {action for action, _ in values["witnesses"]["least_budget"]["actions"]}
    more = [("new_l3_q005", 2), ("new_l2_q006", 5)]
    values["witnesses"]["least_budget"]["actions"] += [m for m in more if m[0] not in used]
    evaluation = ground.evaluation
    from kwev.certify import ActionKey

    net = sum(
        evaluation.effect(ActionKey.from_id(action), ports).net_cad
        for action, ports in values["witnesses"]["least_budget"]["actions"]
    )
    values["cost"] |= {"least_budget_cad": net, "least_budget_bound_checked_cad": net}
    return refreshed(values)


def no_least(code: str, **more: Any) -> Callable[[dict[str, Any], Ground], Any]:
    """Return the edit that takes the least budget away for a reason."""

    def edit(values: dict[str, Any], _: Ground) -> Any:
        why = {"code": code, "target": None, "wanted": None, "most": None, **more}
        values["cost"] |= {"least_budget_cad": None, "no_least_budget": why}
        values["cost"]["least_budget_bound_checked_cad"] = None
        del values["witnesses"]["least_budget"]
        return refreshed(values)

    return edit


edited("attainable understated below the plan", EXTREME, starved, "is below what the plan covers")
edited("attainable understated without a witness for it", EXTREME,
       put("coverage.l2.attainable", lambda x: x - 0.05), "coverage.l2.attainable")  # fmt: skip
edited("attainable overstated", EXTREME,
       put("coverage.l3.attainable", lambda x: x - 1e-6), "coverage.l3.attainable")  # fmt: skip
edited("attainable left out", EXTREME,
       put("coverage.l2.attainable", None), "coverage.l2.attainable is missing")  # fmt: skip
edited("a ceiling lowered", EXTREME, put("coverage.l2.ceiling", 0.9), "coverage.l2.ceiling")
edited("a witness that breaks a rule", EXTREME,
       put("witnesses.attainable_l2.actions.0.1", 99), "witnesses.attainable_l2")  # fmt: skip
edited("a witness left out", EXTREME,
       lambda v, _: refreshed(v | {"witnesses": {
           k: w for k, w in v["witnesses"].items() if k != "attainable_l3"}}),
       "witnesses.attainable_l3 is missing")  # fmt: skip
edited("a witness of nothing", EXTREME,
       put("witnesses.heaven", {"actions": []}), "witnesses of nothing")  # fmt: skip
edited("a least budget far too high, with an equal bound", EXTREME, inflated,
       "cost.least_budget_bound_checked_cad")  # fmt: skip
edited("a least budget a dollar lower", EXTREME,
       put("cost.least_budget_cad", lambda x: x - 1), "cost.least_budget_cad")  # fmt: skip
edited("both a least budget and a reason why there is none", EXTREME,
       put("cost.no_least_budget",
           {"code": "not_found", "target": None, "wanted": None, "most": None}),
       "cost.no_least_budget")  # fmt: skip
edited("a target out of reach that is not", EXTREME,
       no_least("out_of_reach", target="l2", wanted=0.9, most=0.5),
       "cost.no_least_budget")  # fmt: skip
edited("a target out of reach that nobody set", EXTREME,
       no_least("out_of_reach", target="ev_owners", wanted=0.98, most=0.5),
       "is no target of the scenario")  # fmt: skip
edited("a proof of what was only not found", EXTREME,
       no_least("not_found", target="l2"), "cost.no_least_budget")  # fmt: skip

# -- bounds and multipliers --------------------------------------------------------------------

edited("no multipliers, the bounds kept", PROOF,
       put("proof.branches", {}), "proof.missing")  # fmt: skip
edited("multipliers of a row that is none", PROOF,
       put("proof.branches.plan.0.rows.luck", 1), "multiplier of no row")  # fmt: skip
edited("a branch that leaves plans out", PROOF,
       put("proof.branches.plan.0.least", {"l2": 5}), "leave out some plans")  # fmt: skip
edited("a covering row that takes too much", PROOF,
       put("proof.branches.plan.0.cover.l2", "1000001*4"), "takes more than its point")  # fmt: skip
edited("a problem that is none", PROOF,
       put("proof.branches.peace", []), "no problem 'peace'")  # fmt: skip
edited("multipliers of another problem", PROOF,
       lambda v, _: refreshed(v | {"proof": v["proof"] | {"branches": v["proof"]["branches"] | {
           "attainable_l2": v["proof"]["branches"]["shortfall"]}}}),
       "proof: ")  # fmt: skip
edited("a reason where nothing is missing", PROOF,
       put("proof.missing", "no_multipliers"), "proof.missing")  # fmt: skip
edited("a scenario said to be beyond the bound", PROOF,
       lambda v, _: refreshed(without_proof(v) | {
           "proof": {"missing": "no_exact_model", "branches": {}}}),
       "proof.missing")  # fmt: skip
edited("a bound on one target lowered", PROOF,
       put("coverage.l2.bound_checked", lambda x: x - 0.01),
       "coverage.l2.bound_checked")  # fmt: skip
edited("a bound of the least budget raised", PROOF,
       put("cost.least_budget_bound_checked_cad", lambda x: x + 1),
       "least_budget_bound_checked_cad")  # fmt: skip

# -- scenario and data -------------------------------------------------------------------------

for path, value in {
    "config.budget.limit_cad": 900_000.0,
    "config.coverage.l2_radius_m": 501.0,
    "config.targets.l2": 0.5,
    "config.costs.l2_port_cad": 1.0,
    "config.siting.grid_factor": 2.0,
    "config.demand.ev_year": "2030",
    "config.demand.home_access": {"house": 0.0, "row_or_duplex": 0.0, "apartment": 0.0},
    "config.demand.local": 0.5,
    "config.rules.l3_spacing_m": 10.0,
    "config.weights.l3": 0.0,
    "config.scores.demand.density": 0.0,
}.items():
    edited(
        f"`{path}` edited, hash renewed", SETTINGS, put(path, value), f"config.{path.split('.')[1]}"
    )
edited("the budget edited everywhere", SETTINGS,
       lambda v, _: put("config.budget.limit_cad", 9e5)(v, _) | {
           "cost": v["cost"] | {"budget_cad": 9e5}}, "cost.budget_cad")  # fmt: skip
edited("a stale hash of the configuration", SETTINGS,
       put("config_sha256", "f" * 64, again=False), "config_sha256")  # fmt: skip
edited("other data", SETTINGS, put("inputs_sha256", "f" * 64), "inputs_sha256")
edited("another scenario's name", SETTINGS, put("scenario", "balanced"), "scenario is")
edited("another geography", SETTINGS, put("geography", "cell"), "geography is")
edited("another metric", SETTINGS, put("metric", "network"), "metric is")


def table() -> str:
    """Return what was tried and what catches it, as a page."""
    lines = [
        "# Forged plans and what catches each",
        "",
        f"{len(FORGERIES)} files that lie, made from the certified plan of a small town.",
        "`python tests/forgeries.py` writes this; `tests/certificate/test_forged.py` tries each.",
        "What the reader refuses ends in one line and exit code 2, a violation in exit code 1.",
        "",
        "| kind | forgery | caught by |",
        "|---|---|---|",
        *(
            f"| {f.kind} | {f.name.replace('|', ' ')} | {f.caught_by} |"
            for f in FORGERIES
        ),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).resolve().parents[1].joinpath("docs/forged-plans.md").write_text(table())
