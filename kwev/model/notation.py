"""The symbols of the model, each described once, and how formulas with them are printed.

A formula is LaTeX with symbols by name in angle brackets, ``<covered>``; the page gets it with the
symbols' own LaTeX.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from kwev.errors import KwevError

_NAME = re.compile(r"<([a-z][a-z0-9_]*)>")


@dataclass(frozen=True)
class Symbol:
    """One symbol.

    Attributes
    ----------
    name
        Its name in the formulas.
    code
        What holds it in the package: module, class and attribute.
    latex
        How it is written, with its indices.
    meaning
        What it stands for; formulas may stand in dollar signs.
    unit
        Unit, empty for none.
    over
        Names of the sets that its indices run over, with spaces between them.
    """

    name: str
    code: str
    latex: str
    meaning: str
    unit: str = ""
    over: str = ""


SETS = (
    Symbol("actions", "model.inputs.Inputs.columns", "K", "actions, $k$ is one"),
    Symbol("points", "model.inputs.Inputs.points", "J", "demand points, $j$ is one"),
    Symbol("levels", "model.formulation.Model.covered", "L",
           r"levels, $\ell$ is one: Level 2 and Level 3"),
    Symbol("places", "model.siting.Columns.place", "I", "places, $i$ is one"),
    Symbol("municipalities", "model.inputs.Energy.municipality", "M", "municipalities, $m$ is one"),
    Symbol("at_place", "model.siting.Columns.place", "K_i", "actions at place $i$", "", "places"),
    Symbol("settling", "model.siting.Columns.uses_l2", r"K_i^{\ell}",
           r"actions at place $i$ that settle what becomes of its equipment of level $\ell$",
           "", "places levels"),
    Symbol("removals", "model.siting.Columns.kind", r"K^{\times}", "removals of stations"),
    Symbol("in_municipality", "model.siting.Columns.municipality", "K_m",
           "actions in municipality $m$", "", "municipalities"),
    Symbol("brings", "model.siting.Columns.kind", r"K^{\ell}",
           r"actions that bring a station of level $\ell$ to a place", "", "levels"),
    Symbol("new_in_area", "model.siting.Columns.kind", "K_a^{+}",
           "actions at places without a station in area $a$", "", "areas"),
    Symbol("areas", "model.demand.Groups.proxy_kw", "A",
           "areas of the grid proxy, $a$ is one: census tracts, and places that have none"),
    Symbol("in_area", "model.demand.Groups.area_of", "K_a", "actions in area $a$", "", "areas"),
    Symbol("groups", "model.demand.Groups.people", "G",
           "groups of people, $g$ is one: municipalities, quintiles of deprivation, or one kind "
           "of household (renters, apartments, low incomes)"),
    Symbol("too_close", "model.siting.Columns.xy_m", r"\mathcal{C}",
           "actions that bring Level 3, and sets of them too close together, $C$ is one"),
    Symbol("near", "model.siting.Columns.xy_m", "N_k",
           "other actions that bring Level 3 within the largest distance of action $k$",
           "", "actions"),
    Symbol("near_ends", "model.siting.Columns.ends_l3", r"N_k^{\times}",
           "removals that end Level 3 within the largest distance of action $k$", "", "actions"),
    Symbol("gone_in_area", "model.siting.Columns.kind", r"K_a^{\times}",
           "removals in area $a$", "", "areas"),
    Symbol("elastic", "model.constraints.Rows.rows", "R",
           "optional rules that may be missed, $r$ is one"),
)  # fmt: skip
VARIABLES = (
    Symbol("build", "model.formulation.Model.build", "x_k",
           "whether action $k$ is done, zero or one", "", "actions"),
    Symbol("ports", "model.formulation.Model.ports", "p_k",
           "ports that action $k$ adds, an integer", "ports", "actions"),
    Symbol("covered", "model.formulation.Model.covered", r"y_j^{\ell}",
           r"whether point $j$ is covered at level $\ell$, between zero and one",
           "", "points levels"),
    Symbol("shortfall", "model.formulation.Model.shortfall", r"s^{\ell}",
           r"by how much the target of level $\ell$ is missed", "share", "levels"),
    Symbol("unserved_all", "model.formulation.Model.shortfall", "s^{e}",
           "by how much the energy target is missed", "share"),
    Symbol("unserved", "model.formulation.Model.constraints", "u_m",
           "energy that no port of municipality $m$ gives, of the Region's need",
           "share", "municipalities"),
    Symbol("missed", "model.constraints.Rows.shortfall", "s^{r}",
           "by how much optional rule $r$ is missed", "share", "elastic"),
    Symbol("below", "model.constraints.Rows.rows", r"u_g^{\ell}",
           r"people of group $g$ below its floor at level $\ell$, of the Region's people",
           "share", "groups levels"),
    Symbol("unserved_local", "model.constraints.Rows.rows", "u_a",
           "energy that area $a$ lacks of what it should get within reach, of the Region's need",
           "share", "areas"),
    Symbol("enough", "model.constraints.Rows.rows", r"z_j^{\ell}",
           r"whether point $j$ has several stations of level $\ell$ within reach",
           "", "points levels"),
    Symbol("newly", "model.constraints.Rows.rows", "v_j",
           "whether point $j$, near no Level 2 station today, is near a new one", "", "points"),
    Symbol("idle", "model.formulation.Model.constraints", "v_m",
           "energy that the ports of municipality $m$ could give beyond its need, of the "
           "Region's need", "share", "municipalities"),
)  # fmt: skip
PARAMETERS = (
    Symbol("target", "config.scenario.Config.targets", r"t^{\ell}",
           r"target of level $\ell$", "share", "levels"),
    Symbol("people", "model.demand.DemandPoints.people", "P_j",
           "people at point $j$", "people", "points"),
    Symbol("vehicles", "model.demand.DemandPoints.ev", "V_j",
           "electric vehicles at point $j$", "EVs", "points"),
    Symbol("score", "model.demand.DemandPoints.score", r"\sigma_j",
           "demand score of point $j$, between zero and one", "", "points"),
    Symbol("people_weight", "config.sections.Weights.people", r"\alpha^{P}",
           "part of the weight that goes by people; the three parts sum to one"),
    Symbol("vehicle_weight", "config.sections.Weights.ev", r"\alpha^{V}",
           "part of the weight that goes by vehicles"),
    Symbol("score_weight", "config.sections.Weights.score", r"\alpha^{\sigma}",
           "part of the weight that goes by people times the demand score"),
    Symbol("weight", "model.demand.DemandPoints.weight", "w_j",
           "weight of point $j$ in the objective; the weights sum to one", "", "points"),
    Symbol("reaches", "model.coverage.CoverRows.matrix", r"a_{jk}^{\ell}",
           r"one where action $k$ brings level $\ell$ within reach of point $j$, minus one where "
           "a conversion or a removal takes it away, zero elsewhere", "", "points actions levels"),
    Symbol("today", "model.coverage.CoverRows.base", r"b_j^{\ell}",
           r"stations of level $\ell$ that reach point $j$ today", "stations", "points levels"),
    Symbol("fixed", "model.siting.Columns.fixed_cad", "f_k",
           "price of action $k$ without ports", "CAD", "actions"),
    Symbol("per_port", "model.siting.Columns.port_cad", "g_k",
           "price of a port of action $k$", "CAD", "actions"),
    Symbol("credit", "model.siting.Columns.resale_cad", "r_k",
           "credit for what action $k$ sells", "CAD", "actions"),
    Symbol("budget", "config.sections.Budget.limit_cad", "B", "budget", "CAD"),
    Symbol("fewest", "model.siting.Columns.min_ports", r"\underline{p}_k",
           "fewest ports of action $k$", "ports", "actions"),
    Symbol("most", "model.siting.Columns.max_ports", r"\overline{p}_k",
           "most ports of action $k$", "ports", "actions"),
    Symbol("port_power", "model.siting.Columns.port_kw", "q_k",
           "power of a port of action $k$", "kW", "actions"),
    Symbol("capacity", "model.siting.Columns.capacity_kw", "Q_i",
           "power that place $i$ can draw, a proxy", "kW", "places"),
    Symbol("standing", "model.siting.Columns.standing_kw", "c_i",
           "power of the ports that stand at place $i$ today", "kW", "places"),
    Symbol("lost", "model.siting.Columns.lost_kw", "d_k",
           "power of the ports that action $k$ takes away", "kW", "actions"),
    Symbol("need", "model.inputs.Energy.need_kwh", "E_m",
           "energy that the vehicles of municipality $m$ take from public ports in a year",
           "kWh", "municipalities"),
    Symbol("supply", "model.inputs.Energy.supply_kwh", "S_m",
           "energy that today's ports of municipality $m$ can give in a year",
           "kWh", "municipalities"),
    Symbol("hours", "model.inputs.Energy.kwh_per_kw", "h",
           "hours of full power of a port in a year", "h"),
    Symbol("level_weight", "config.scenario.Config.weights", r"\omega^{\ell}",
           r"objective points for covering everybody at level $\ell$", "points", "levels"),
    Symbol("price_of_money", "config.sections.Weights.cost_points_per_million_cad", r"\gamma",
           "objective points for a dollar", "points per CAD"),
    Symbol("site_budget", "config.sections.Rules.site_budget_cad", r"B^{\max}",
           "most net cost at one place", "CAD"),
    Symbol("ports_today", "model.siting.Stations.l2_ports", "n_i",
           "ports that stand at place $i$ today", "ports", "places"),
    Symbol("ports_gone", "model.siting.Columns.kept_l2_ports", "e_k",
           "ports that action $k$ removes", "ports", "actions"),
    Symbol("ports_of_place", "config.sections.PortLimits.per_place", r"p^{\max}",
           "most ports at one place", "ports"),
    Symbol("ports_of_level", "config.sections.Rules.ports", r"p^{\ell}",
           r"most ports of level $\ell$ that are added in all", "ports", "levels"),
    Symbol("total_power", "config.sections.Rules.total_kw", r"Q^{\Sigma}",
           "most power that the plan adds in all", "kW"),
    Symbol("taken", "model.siting.Stations.xy_m", r"\tau_C",
           "one where a Level 3 station that stays stands too close to each action of $C$, "
           "zero elsewhere"),
    Symbol("company", "model.siting.Stations.l3_ports", r"\nu_k",
           "Level 3 stations of today within the largest distance of action $k$",
           "stations", "actions"),
    Symbol("stations_today", "model.siting.Stations.ids", "n_a",
           "stations in area $a$ today", "stations", "areas"),
    Symbol("most_stations", "config.sections.Rules.stations_per_area", r"n^{\max}",
           "most stations in one area", "stations"),
    Symbol("area_cap", "config.sections.Rules.area_power", "Q_a",
           "most power of the ports in area $a$; a proxy counts as no less than what stands there",
           "kW", "areas"),
    Symbol("area_power", "model.siting.Stations.l2_kw", "c_a",
           "power of the ports in area $a$ today", "kW", "areas"),
    Symbol("overlap", "config.sections.Rules.overlap", r"\theta",
           "most of the reach of new Level 2 stations that may fall on people reached otherwise",
           "share"),
    Symbol("reach", "model.coverage.Reach.change", "H_k",
           "people within reach of action $k$", "people", "actions"),
    Symbol("group_people", "model.demand.Groups.people", "P_{jg}",
           "people of group $g$ at point $j$", "people", "points groups"),
    Symbol("floor", "config.sections.Rules.municipality", r"\phi^{\ell}",
           r"least share of the people of each group covered at level $\ell$", "share", "levels"),
    Symbol("several", "config.sections.Redundancy.stations", "m^{+}",
           "stations within reach that are several", "stations"),
    Symbol("redundant", "config.sections.Rules.redundancy", r"\rho^{\ell}",
           r"share of people with several stations of level $\ell$ within reach",
           "share", "levels"),
    Symbol("local_part", "config.sections.Demand.local", r"\lambda^{E}",
           "part of its need that each area should get from ports within reach", "share"),
    Symbol("local_need", "model.local.Local.need_kwh", "E_a",
           "energy that the vehicles of area $a$ take from public ports in a year",
           "kWh", "areas"),
    Symbol("local_supply", "model.local.Local.supply_kwh", "S_a",
           "energy that today's ports within reach of area $a$ can give it in a year",
           "kWh", "areas"),
    Symbol("serving", "model.local.Local.parts", "q_{ak}",
           "power of a port of action $k$ that serves area $a$: its part of the need within reach",
           "kW", "areas actions"),
    Symbol("serving_lost", "model.local.Local.parts", "d_{ak}",
           "power serving area $a$ that action $k$ takes away", "kW", "areas actions"),
    Symbol("yearly", "model.siting.Columns.yearly_cad", "o_k",
           "what action $k$ without its ports adds to the operating cost of a year",
           "CAD per year", "actions"),
    Symbol("port_yearly", "model.siting.Columns.port_yearly_cad", r"\pi_k",
           "operating cost of a port of action $k$ in a year", "CAD per year", "actions"),
    Symbol("years", "config.sections.Operating.years", "T",
           "years of operation that count", "years"),
    Symbol("price_of_operation", "config.sections.Weights.operating_points_per_million_cad",
           r"\delta", "objective points for a dollar of operating cost", "points per CAD"),
    Symbol("price_of_idleness", "config.sections.Weights.idle_points_per_point", r"\iota",
           "objective points for idle energy as large as the Region's need", "points"),
    Symbol("price_of_shortfall", "config.sections.Objective.shortfall_points_per_point", r"\rho",
           "objective points for a whole share of shortfall, in the weighted mode", "points"),
    Symbol("others", "model.siting.Stations.xy_m", r"n_k^{\ell}",
           r"other stations near that of removal $k$ that offer level $\ell$ today",
           "stations", "actions levels"),
    Symbol("nearby", "model.siting.Columns.xy_m", r"n_{kk'}^{\ell}",
           r"one where action $k'$ brings level $\ell$ near the station of removal $k$, minus "
           "one where it takes it away there, zero elsewhere", "", "actions levels"),
)  # fmt: skip
MULTIPLIERS = (
    Symbol("proven", "plan.format.Quality.bound_checked", r"\Lambda",
           "bound on the objective that the multipliers prove", "points"),
    Symbol("held", "plan.format.Plan.shortfall", r"\bar{s}^{\ell}",
           r"by how much the plan misses the target of level $\ell$, and a millionth",
           "share", "levels"),
    Symbol("cover_price", "plan.format.Branch.cover", r"\mu_j^{\ell}",
           r"multiplier of the row that covers point $j$ at level $\ell$",
           "points", "points levels"),
    Symbol("target_price", "plan.format.Branch.rows", r"\tau^{\ell}",
           r"multiplier of the target of level $\ell$", "points", "levels"),
    Symbol("money_price", "plan.format.Branch.rows", r"\lambda",
           "multiplier of the budget", "points per CAD"),
)  # fmt: skip
SYMBOLS = (*SETS, *VARIABLES, *PARAMETERS, *MULTIPLIERS)


class Formula(NamedTuple):
    """One row of mathematics: templates with symbols by name.

    ``latex`` has ``&`` where rows are aligned; ``domain`` says what it holds for.
    """

    latex: str
    domain: str = ""


@dataclass(frozen=True)
class Markdown:
    """Text that a chapter shows as it is."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def written(template: str) -> str:
    """Return a template with the symbols' LaTeX in the place of their names.

    Raises
    ------
    KwevError
        If it names a symbol that is not described.
    """
    known = {symbol.name: symbol.latex for symbol in SYMBOLS}

    def latex(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise KwevError(
                f"no symbol {match[1]!r}", where="kwev.model.notation", hint=match.string
            )
        return known[match[1]]

    return _NAME.sub(latex, template)


def named(template: str) -> set[str]:
    """Return the names of the symbols in a template."""
    return set(_NAME.findall(template))


def table() -> Markdown:
    """Return the table of symbols as Markdown: symbol, meaning, unit."""
    rows = [f"| ${s.latex}$ | {s.meaning} | {s.unit} |" for s in SYMBOLS]
    head = ["| Symbol | Meaning | Unit |", f"|:{'-' * 9}|:{'-' * 60}|:{'-' * 14}|"]
    return Markdown("\n".join([*head, *rows, ""]))
