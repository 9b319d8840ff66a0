"""The faults: each edits a certified plan the way a forger or a defect might.

Every fault returns the forged plan and the words that a violation has to contain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planted import Ground, agreed, reconfigured, refreshed

from kwev.model.siting import candidates
from kwev.plan.format import Action, ObjectiveParts

Forged = tuple[dict[str, Any], str]
Fault = Callable[[Ground], Forged]
FAULTS: dict[str, Fault] = {}

TEXT, WHOLE, DEGREES, AMOUNT = (
    ("id", "name", "category", "municipality"),
    ("l2_ports_before", "l2_ports_after", "l3_ports_before", "l3_ports_after"),
    ("latitude", "longitude"),
    ("kw_after", "grid_kw", "purchase_cad", "resale_cad", "net_cad", "operating_cad_per_year"),
)
STEP = dict.fromkeys(WHOLE, 1) | dict.fromkeys(DEGREES, 1e-7) | dict.fromkeys(AMOUNT, 1.0)


def fault(function: Fault) -> Fault:
    FAULTS[function.__name__] = function
    return function


def first(values: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """Return the first action of a kind where there is one, else the first of all."""
    actions = values["actions"]
    return next((a for a in actions if a["kind"] == kind), actions[0])


def counted(action: dict[str, Any]) -> str:
    """Return the field that says how many ports an action adds."""
    return "l2_ports_after" if action["kind"] in ("new_l2", "add_l2") else "l3_ports_after"


# -- one fault per field of an action -----------------------------------------------------------


def edited_field(field: str) -> Fault:
    """Return the fault that changes one field of the first action a little."""

    def plant(ground: Ground) -> Forged:
        values = ground.copy()
        action = first(values)
        words = f"action {action['id']}: {field}"
        if field in STEP:
            action[field] += STEP[field]
            if field == counted(action):  # the checker takes this field at its word
                words = f"action {action['id']}: kw_after"
        elif field == "kind":
            action["kind"] = "new_l2" if action["kind"] != "new_l2" else "new_l3"
            words = f"action {action['id']}: no place"
        elif field == "place_id":
            action["place_id"] = "nowhere"
            words = f"action {action['id']}: no place 'nowhere'"
        elif field == "id":
            action["id"] += "x"
            words = f"action {action['id']}: id is"
        else:
            action[field] += "x"
        return refreshed(values), words

    return plant


FAULTS.update({f"field_{name}": edited_field(name) for name in Action.model_fields})


# -- rules: everything agrees with the forged actions but the rule ---------------------------------


def with_action(ground: Ground, kind: str, place_id: str, added: int) -> dict[str, Any]:
    """Return the plan with one action more, every number agreeing with it."""
    values = ground.copy()
    values["actions"].append(ground.action(kind, place_id, added))
    return agreed(values, ground)


def with_ports(ground: Ground, kind: str, added: int) -> Forged:
    values = ground.copy()
    action = first(values, kind)
    action.update(ground.action(action["kind"], action["place_id"], added))
    return agreed(values, ground), f"action {action['id']}: {added} new ports, allowed"


@fault
def a_port_too_many(ground: Ground) -> Forged:
    return with_ports(ground, "new_l2", ground.case.config.ports.max_new_l2 + 1)


@fault
def a_port_too_few(ground: Ground) -> Forged:
    values, rule = ground.copy(), ground.case.config.ports
    fewest = rule.min_l2 if first(values, "upgrade")["kind"] == "new_l2" else rule.min_l3
    return with_ports(ground, "upgrade", fewest - 1)


@fault
def a_station_without_ports(ground: Ground) -> Forged:
    return with_ports(ground, "new_l2", 0)


@fault
def power_over_capacity(ground: Ground) -> Forged:
    site = ground.free_site("library")
    return with_action(ground, "new_l3", site, 2), f"new_l3_{site}: 700.0 kW exceed the capacity"


@fault
def capacity_raised_to_fit(ground: Ground) -> Forged:
    values = with_action(ground, "new_l3", site := ground.free_site("library"), 2)
    values["actions"][-1]["grid_kw"] = 700.0
    return values, f"action new_l3_{site}: grid_kw"


@fault
def one_action_twice(ground: Ground) -> Forged:
    values = ground.copy()
    values["actions"].append(dict(first(values)))
    return agreed(values, ground), f"{first(values)['id']}: a second action at one place"


@fault
def both_levels_at_one_site(ground: Ground) -> Forged:
    values = with_action(ground, "new_l2", site := ground.free_site("shopping_mall"), 1)
    values["actions"].append(ground.action("new_l3", site, 2))
    return agreed(values, ground), f"new_l3_{site}: a second action at one place"


@fault
def a_site_on_top_of_a_station(ground: Ground) -> Forged:
    table = ground.tables.sites
    site = str(table.loc[table["station_id"] != "", "site_id"].iloc[0])
    return with_action(ground, "new_l2", site, 1), f"new_l2_{site}: the site is the existing"


@fault
def upgrade_of_a_station_with_l3(ground: Ground) -> Forged:
    station = ground.station(in_region=True, access="public", l3_ports=lambda n: n > 0)
    return with_action(ground, "upgrade", station, 2), f"{station}: the station has L3 already"


@fault
def upgrade_of_a_station_for_teslas_only(ground: Ground) -> Forged:
    station = ground.station(access="tesla_only", in_region=True)
    return with_action(ground, "upgrade", station, 2), f"{station}: the station does not count"


@fault
def upgrade_outside_the_region(ground: Ground) -> Forged:
    station = ground.station(in_region=False)
    return with_action(ground, "upgrade", station, 2), f"{station}: the station is outside"


@fault
def upgrade_of_a_candidate_site(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "new_l2")
    action |= {"kind": "upgrade", "id": f"upgrade_{action['place_id']}"}
    return refreshed(values), f"no place '{action['place_id']}' for upgrade"


@fault
def a_removal_that_the_scenario_does_not_allow(ground: Ground) -> Forged:
    used = {action.place_id for action in ground.plan.actions}
    station = ground.station(
        in_region=True,
        access="public",
        l2_ports=lambda n: n > 0,
        station_id=lambda name: name not in used,
    )
    return with_action(ground, "remove", station, 0), "the scenario removes no station"


@fault
def ports_added_to_a_level_that_is_not_there(ground: Ground) -> Forged:
    station = ground.station(in_region=True, access="public", l3_ports=0)
    return with_action(ground, "add_l3", station, 1), f"{station}: the station has no L3 to add to"


@fault
def too_many_ports_added_at_a_station(ground: Ground) -> Forged:
    station = ground.station(in_region=True, access="public", l2_ports=lambda n: n > 0)
    most = ground.case.config.ports.max_new_l2
    words = f"add_l2_{station}: {most + 1} new ports, allowed 1 to {most}"
    return with_action(ground, "add_l2", station, most + 1), words


@fault
def ports_added_over_capacity(ground: Ground) -> Forged:
    station = ground.station(
        in_region=True, access="public", l3_ports=lambda n: n > 0, grid_kw=lambda kw: kw < 2_500
    )
    most = ground.case.config.ports.max_new_l3
    values = with_action(ground, "add_l3", station, most)
    return values, f"add_l3_{station}: {values['actions'][-1]['kw_after']} kW exceed the capacity"


@fault
def ports_added_at_a_station_that_is_sold(ground: Ground) -> Forged:
    station = first(ground.copy(), "upgrade")["place_id"]
    return with_action(ground, "add_l2", station, 1), f"add_l2_{station}: a second action"


@fault
def over_the_budget(ground: Ground) -> Forged:
    values, config = ground.copy(), ground.case.config
    table = ground.tables.sites
    for row in table[table["station_id"] == ""].to_dict("records"):
        spent = sum(action["net_cad"] for action in values["actions"])
        if spent > config.budget.limit_cad:
            break
        used = {action["place_id"] for action in values["actions"]}
        ports = int(min(row["grid_kw"] // config.power.l2_kw, config.ports.max_new_l2))
        if row["site_id"] not in used:
            values["actions"].append(ground.action("new_l2", row["site_id"], ports))
    return agreed(values, ground), "CAD over the budget"


@fault
def a_worse_plan_passed_off_as_optimal(ground: Ground) -> Forged:
    values = ground.copy()
    values["actions"] = values["actions"][: len(values["actions"]) // 2]
    # its gap is told honestly; only the solver's own word still calls it the best
    return agreed(values, ground), "solver_says.ended is 'gap' with a gap"


# -- actions against the rest of the plan ----------------------------------------------------------


@fault
def a_moved_site(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "new_l2")
    action["latitude"] += 0.01
    return refreshed(values), f"action {action['id']}: latitude"


@fault
def a_swapped_site(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "new_l2")
    site = ground.free_site()
    action |= {"place_id": site, "id": f"new_l2_{site}"}
    return refreshed(values), f"action new_l2_{site}: name"


@fault
def a_port_that_nobody_paid_for(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "new_l2")
    action["l2_ports_after"] += 1
    return refreshed(values), f"action {action['id']}: purchase_cad"


@fault
def a_dollar_too_little(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "new_l2")
    action["purchase_cad"] -= 1
    action["net_cad"] -= 1
    return refreshed(values), "cost.purchase_cad"


@fault
def resale_too_high(ground: Ground) -> Forged:
    values = ground.copy()
    action = first(values, "upgrade")
    action["net_cad"] -= 5_000
    action["resale_cad"] += 5_000
    return refreshed(values), "cost.resale_cad"


@fault
def a_dropped_action(ground: Ground) -> Forged:
    values = ground.copy()
    values["actions"].remove(first(values, "upgrade"))
    return refreshed(values), "quality.objective"


@fault
def an_invented_action(ground: Ground) -> Forged:
    values = ground.copy()
    values["actions"].append(ground.action("new_l2", ground.free_site("library"), 1))
    return refreshed(values), "quality.objective"


# -- what is covered ---------------------------------------------------------------------------


def uncovered(ground: Ground, level: str) -> str:
    covered = set(getattr(ground.plan.model_covered, level))
    return next(str(i) for i in ground.evaluation.points("model").ids if str(i) not in covered)


@fault
def a_covered_point_out_of_reach(ground: Ground) -> Forged:
    values = ground.copy()
    point = uncovered(ground, "l2")
    values["model_covered"]["l2"] = sorted([*values["model_covered"]["l2"], point])
    return refreshed(values), f"model_covered.l2: 1 out of reach ({point})"


@fault
def a_covered_point_left_out(ground: Ground) -> Forged:
    values = ground.copy()
    point = values["model_covered"]["l3"].pop()
    return refreshed(values), f"model_covered.l3: 1 left out ({point})"


@fault
def a_covered_point_listed_twice(ground: Ground) -> Forged:
    values = ground.copy()
    values["model_covered"]["l2"].append(values["model_covered"]["l2"][-1])
    return refreshed(values), "model_covered.l2: order or repetition differs"


def edited_share(part: str, target: str, moment: str) -> Fault:
    """Return the fault that changes one reported share by a millionth."""

    def plant(ground: Ground) -> Forged:
        values = ground.copy()
        values[part][target][moment] += 1e-6
        return refreshed(values), f"{part}.{target}.{moment}"

    return plant


FAULTS.update(
    {
        f"{part}_{target}_{moment}_off_by_a_millionth": edited_share(part, target, moment)
        for part in ("coverage", "model_coverage")
        for target in ("l2", "l3", "ev_owners")
        for moment in ("before", "after")
    }
)


# -- settings --------------------------------------------------------------------------------------


@fault
def an_edited_budget(ground: Ground) -> Forged:
    limit = ground.case.config.budget.limit_cad * 2
    values = reconfigured(ground.copy(), budget__limit_cad=limit)
    values["cost"]["budget_cad"] = limit
    return values, "cost.budget_cad"


@fault
def an_edited_budget_in_the_configuration_only(ground: Ground) -> Forged:
    limit = ground.case.config.budget.limit_cad * 2
    return reconfigured(ground.copy(), budget__limit_cad=limit), "config.budget"


@fault
def an_edited_radius(ground: Ground) -> Forged:
    return reconfigured(ground.copy(), coverage__l2_radius_m=501), "config.coverage"


@fault
def an_edited_target(ground: Ground) -> Forged:
    values = reconfigured(ground.copy(), targets__l2=0.5)
    values["coverage"]["l2"]["target"] = 0.5
    values["shortfall"]["l2"] = max(0.0, 0.5 - values["model_coverage"]["l2"]["after"])
    return refreshed(values), "coverage.l2.target"


@fault
def vehicles_of_another_year(ground: Ground) -> Forged:
    return reconfigured(ground.copy(), demand__ev_year="2030"), "config.demand"


@fault
def an_edited_price(ground: Ground) -> Forged:
    price = ground.case.config.costs.l2_port_cad + 1
    return reconfigured(ground.copy(), costs__l2_port_cad=price), "config.costs"


@fault
def an_edited_capacity(ground: Ground) -> Forged:
    return reconfigured(ground.copy(), siting__grid_factor=1.5), "config.siting"


@fault
def other_data(ground: Ground) -> Forged:
    return refreshed({**ground.copy(), "inputs_sha256": "f" * 64}), "inputs_sha256"


@fault
def a_stale_configuration_hash(ground: Ground) -> Forged:
    return {**refreshed(ground.copy()), "config_sha256": "f" * 64}, "config_sha256"


@fault
def another_scenario(ground: Ground) -> Forged:
    return refreshed({**ground.copy(), "scenario": "balanced"}), "scenario is 'balanced'"


@fault
def another_geography(ground: Ground) -> Forged:
    return refreshed({**ground.copy(), "geography": "cell"}), "geography is 'cell'"


@fault
def another_metric(ground: Ground) -> Forged:
    return refreshed({**ground.copy(), "metric": "road"}), "metric: Input should be"


# -- shortfall, objective, extremes ----------------------------------------------------------------


def edited_number(part: str, key: str, step: float, *, resum: bool = True) -> Fault:
    """Return the fault that adds ``step`` to one number."""

    def plant(ground: Ground) -> Forged:
        values = refreshed(ground.copy())
        values[part][key] += step
        return refreshed(values) if resum else values, f"{part}.{key}"

    return plant


FAULTS.update(
    {
        "shortfall_l2": edited_number("shortfall", "l2", -1e-6),
        "shortfall_l3": edited_number("shortfall", "l3", 1e-6),
        "shortfall_demand": edited_number("shortfall", "demand", 1e-6),
        "shortfall_total": edited_number("shortfall", "total_points", -1e-3, resum=False),
        "shortfall_bound_above_the_total": edited_number(
            "solver_says", "shortfall_bound_points", 50.0
        ),
        "objective_raised": edited_number("quality", "objective", 0.01),
        "bound_below_the_objective": edited_number("solver_says", "bound", -1.0),
        "purchase_total": edited_number("cost", "purchase_cad", -1.0, resum=False),
        "resale_total": edited_number("cost", "resale_cad", 1.0, resum=False),
        "net_total": edited_number("cost", "net_cad", -1.0, resum=False),
        "operating_total": edited_number("cost", "operating_cad_per_year", -1.0, resum=False),
        **{
            f"objective_part_{name}": edited_number("objective_parts", name, 1e-5)
            for name in ObjectiveParts.model_fields
        },
    }
)


@fault
def a_search_that_ended_far_from_its_gap(ground: Ground) -> Forged:
    values = ground.copy()
    values["solver_says"]["bound"] += 5
    return refreshed(values), "solver_says.ended is 'gap' with a gap"


@fault
def an_unknown_status(ground: Ground) -> Forged:
    values = ground.copy()
    values["quality"]["status"] = "optimal"
    return refreshed(values), "quality.status: Input should be 'within_gap' or 'not_proven'"


@fault
def a_status_without_its_proof(ground: Ground) -> Forged:
    values = ground.copy()
    values["quality"]["status"] = "not_proven"
    return refreshed(values), "quality.status is 'not_proven'"


@fault
def an_unknown_solver(ground: Ground) -> Forged:
    values = ground.copy()
    values["solver_says"]["name"] = "oracle"
    return refreshed(values), "solver_says.name"


@fault
def a_licence_of_another_solver(ground: Ground) -> Forged:
    values = ground.copy()
    values["solver_says"] |= {"name": "gurobi", "licence": "open source"}
    return refreshed(values), "no gurobi has the licence"


def edited_extreme(target: str, key: str, step: float | None) -> Fault:
    """Return the fault that moves, or with None removes, an attainable share or a ceiling."""

    def plant(ground: Ground) -> Forged:
        values = ground.copy()
        reached = values["coverage"][target]
        reached[key] = None if step is None else reached[key] + step
        return refreshed(values), f"coverage.{target}.{key}"

    return plant


FAULTS.update(
    {
        "attainable_raised": edited_extreme("l2", "attainable", 1e-4),
        "attainable_lowered": edited_extreme("l2", "attainable", -1e-4),
        "attainable_of_evs_raised": edited_extreme("ev_owners", "attainable", 1e-4),
        "attainable_removed": edited_extreme("l3", "attainable", None),
        "ceiling_raised": edited_extreme("l2", "ceiling", 1e-4),
        "ceiling_lowered": edited_extreme("l3", "ceiling", -1e-4),
        "ceiling_removed": edited_extreme("ev_owners", "ceiling", None),
    }
)


@fault
def an_attainable_share_below_the_plan(ground: Ground) -> Forged:
    values = ground.copy()
    values["witnesses"]["attainable_l2"]["actions"] = []
    values["coverage"]["l2"]["attainable"] = values["model_coverage"]["l2"]["before"]
    return refreshed(values), "coverage.l2.attainable"


@fault
def a_witness_without_one_action(ground: Ground) -> Forged:
    values = ground.copy()
    witness = values["witnesses"]["attainable_l2"]["actions"]
    before = ground.evaluation.cover("model", {}).share("l2")
    assert values["coverage"]["l2"]["attainable"] > before
    # the last action alone may add nobody: half of them do not
    del witness[len(witness) // 2 :]
    return refreshed(values), "coverage.l2.attainable"


@fault
def a_witness_over_the_budget(ground: Ground) -> Forged:
    values = ground.copy()
    witness = values["witnesses"]["attainable_l3"]["actions"]
    taken = {action_id.split("_", 2)[-1] for action_id, _ in witness}
    table = candidates(ground.tables, ground.case.config)
    large = (table["station_id"] == "") & (table["grid_kw"] >= 700)
    spare = [site for site in table.loc[large, "site_id"] if site not in taken]
    other = [site for site in table.loc[table["station_id"] == "", "site_id"] if site not in taken]
    witness += [(f"new_l3_{site}", 2) for site in spare]
    witness += [(f"new_l2_{site}", 10) for site in other if site not in spare]
    return refreshed(values), "witnesses.attainable_l3 costs"


@fault
def a_witness_that_breaks_a_rule(ground: Ground) -> Forged:
    values = ground.copy()
    values["witnesses"]["attainable_l2"]["actions"][0][1] = 99
    return refreshed(values), "witnesses.attainable_l2: "


@fault
def a_witness_with_one_action_twice(ground: Ground) -> Forged:
    values = ground.copy()
    witness = values["witnesses"]["attainable_l2"]["actions"]
    witness.append(witness[0])
    return refreshed(values), f"witnesses.attainable_l2: {witness[0][0]}: twice"


@fault
def a_witness_removed(ground: Ground) -> Forged:
    values = ground.copy()
    del values["witnesses"]["attainable_ev_owners"]
    return refreshed(values), "witnesses.attainable_ev_owners is missing"


@fault
def a_witness_of_nothing(ground: Ground) -> Forged:
    values = ground.copy()
    values["witnesses"]["attainable_heaven"] = {"actions": []}
    return refreshed(values), "witnesses of nothing: attainable_heaven"


@fault
def another_least_budget(ground: Ground) -> Forged:
    values = ground.copy()
    cost = values["cost"]
    cost["least_budget_cad"] = (cost["least_budget_cad"] or 1_000_000) - 1
    cost["no_least_budget"] = None
    values["witnesses"].setdefault("least_budget", {"actions": []})
    return refreshed(values), "least_budget"


@fault
def no_least_budget_for_an_invented_reason(ground: Ground) -> Forged:
    values = ground.copy()
    values["cost"]["least_budget_cad"] = None
    values["cost"]["no_least_budget"] = {
        "code": "out_of_reach", "target": "l2", "wanted": 0.95, "most": 0.1234,
    }  # fmt: skip
    values["witnesses"].pop("least_budget", None)
    return refreshed(values), "cost.no_least_budget.most"


@fault
def a_bound_of_the_least_budget_that_nothing_proves(ground: Ground) -> Forged:
    values = ground.copy()
    cost = values["cost"]
    cost["least_budget_bound_checked_cad"] = (cost["least_budget_cad"] or 0) + 1_000
    return refreshed(values), "cost.least_budget_bound_checked_cad"


# -- the plan's own certificate --------------------------------------------------------------------


def edited_certificate(key: str, value: Any) -> Fault:
    """Return the fault that changes what the plan's own certificate says."""

    def plant(ground: Ground) -> Forged:
        values = ground.copy()
        values["certificate"][key] = value
        return values, f"certificate.{key}"

    return plant


FAULTS.update(
    {
        "certificate_says_met": edited_certificate(
            "targets", {"l2": "met", "l3": "met", "ev_owners": "met"}
        ),
        "certificate_admits_a_violation": edited_certificate("violations", ["something"]),
        "certificate_counts_wrong": edited_certificate("checks", 3),
    }
)


# -- bounds and the multipliers that prove them ----------------------------------------------------

FAULTS.update(
    {
        "a_tighter_bound_than_proven": edited_number("quality", "bound_checked", -1e-6),
        "a_weaker_bound_than_proven": edited_number("quality", "bound_checked", 1e-6),
        "a_gap_smaller_than_proven": edited_number("quality", "gap_checked", -1e-6, resum=False),
        "a_larger_least_shortfall_than_proven": edited_number(
            "shortfall", "bound_checked_points", 1e-6
        ),
        "a_lower_most_than_proven": edited_extreme("l2", "bound_checked", -1e-6),
        "a_proof_of_l3_removed": edited_extreme("l3", "bound_checked", None),
    }
)


@fault
def a_bound_at_the_objective(ground: Ground) -> Forged:
    values = ground.copy()
    values["quality"]["bound_checked"] = values["quality"]["objective"]
    return refreshed(values), "quality.bound_checked"


@fault
def multipliers_of_another_plan(ground: Ground) -> Forged:
    values = ground.copy()
    for branch in values["proof"]["branches"]["plan"]:
        branch["rows"]["budget"] = 2 * branch["rows"].get("budget", 0) + 10**9
    return refreshed(values), "quality.bound_checked"


@fault
def a_branch_left_out(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["branches"]["shortfall"].pop()
    return refreshed(values), "proof: the branches of shortfall leave out some plans"


@fault
def branches_that_leave_out_the_stations_that_cover(ground: Ground) -> Forged:
    values = ground.copy()
    for branch in values["proof"]["branches"]["plan"]:
        branch["most"]["l2"] = 0
    return refreshed(values), "proof: the branches of plan leave out some plans"


@fault
def a_multiplier_of_a_row_that_is_none(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["branches"]["plan"][0]["rows"]["luck"] = 1
    return refreshed(values), "proof: multiplier of no row: luck"


@fault
def covering_rows_that_are_not_all_there(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["branches"]["plan"][0]["cover"]["l2"] = "0"
    return refreshed(values), "proof: 1 covering rows for"


@fault
def a_covering_row_that_takes_more_than_there_is(ground: Ground) -> Forged:
    values = ground.copy()
    size = len(ground.evaluation.points("model").ids)
    values["proof"]["branches"]["plan"][0]["cover"]["l2"] = f"1000001*{size}"
    return refreshed(values), "proof: a covering row takes more than its point gains"


@fault
def bounds_without_a_proof(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["branches"] = {}
    return refreshed(values), "proof.missing"


@fault
def bounds_taken_back_without_a_reason(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["branches"] = {}
    values["quality"] |= {"bound_checked": None, "gap_checked": None, "status": "not_proven"}
    values["shortfall"]["bound_checked_points"] = None
    values["cost"]["least_budget_bound_checked_cad"] = None
    for reached in values["coverage"].values():
        reached["bound_checked"] = None
    return refreshed(values), "proof.missing"


@fault
def a_reason_where_nothing_is_missing(ground: Ground) -> Forged:
    values = ground.copy()
    values["proof"]["missing"] = "not_asked"
    return refreshed(values), "proof.missing"


@fault
def a_problem_that_is_none(ground: Ground) -> Forged:
    values = ground.copy()
    branches = values["proof"]["branches"]
    branches["attainable_everything"] = branches["plan"]
    return refreshed(values), "proof: no problem 'attainable_everything' to bound"
