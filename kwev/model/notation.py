"""The mathematics of the model: each symbol described once, each formula written once.

A formula is LaTeX with symbols by name in angle brackets, ``<covered>``; the page gets it with the
symbols' own LaTeX. Each row of the model (a name in ``Model.constraints``, or in
``Model.target_rows`` with ``target_`` before it) belongs to one formula.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
        Names of the sets that its indices run over.
    """

    name: str
    code: str
    latex: str
    meaning: str
    unit: str = ""
    over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """One row of mathematics.

    Attributes
    ----------
    equation
        Which displayed equation it belongs to.
    latex
        Template: symbols by name in angle brackets, ``&`` where rows are aligned.
    rows
        Names of the model's rows that it stands for; none for what is minimised or maximised.
    domain
        Template of what it holds for.
    """

    equation: str
    latex: str
    rows: tuple[str, ...] = ()
    domain: str = ""


SETS = (
    Symbol("actions", "inputs.Inputs.columns", "K", "actions, $k$ is one"),
    Symbol("points", "inputs.Inputs.points", "J", "demand points, $j$ is one"),
    Symbol("levels", "model.Model.covered", "L", r"levels, $\ell$ is one: Level 2 and Level 3"),
    Symbol("places", "siting.Columns.place", "I", "places, $i$ is one"),
    Symbol("municipalities", "inputs.Energy.municipality", "M", "municipalities, $m$ is one"),
    Symbol("at_place", "siting.Columns.place", "K_i", "actions at place $i$", "", ("places",)),
    Symbol(
        "settling",
        "siting.Columns.uses_l2",
        r"K_i^{\ell}",
        r"actions at place $i$ that settle what becomes of its equipment of level $\ell$",
        "",
        ("places", "levels"),
    ),
    Symbol("removals", "siting.Columns.kind", r"K^{\times}", "removals of stations"),
    Symbol(
        "in_municipality",
        "siting.Columns.municipality",
        "K_m",
        "actions in municipality $m$",
        "",
        ("municipalities",),
    ),
    Symbol("brings", "siting.Columns.kind", r"K^{\ell}",
           r"actions that bring a station of level $\ell$ to a place", "", ("levels",)),
    Symbol("new_in_area", "siting.Columns.kind", "K_a^{+}",
           "actions at places without a station in area $a$", "", ("areas",)),
    Symbol("areas", "areas.Areas.proxy_kw", "A",
           "areas of the grid proxy, $a$ is one: census tracts, and Wellesley"),
    Symbol("in_area", "areas.Areas.area_of", "K_a", "actions in area $a$", "", ("areas",)),
    Symbol("groups", "areas.Areas.groups", "G",
           "groups of people, $g$ is one: municipalities, quintiles of deprivation, or one kind of "
           "household (renters, apartments, low incomes)"),
    Symbol("too_close", "siting.Columns.xy_m", r"\mathcal{C}",
           "sets of actions that bring Level 3 too close together, $C$ is one"),
    Symbol("near", "siting.Columns.xy_m", "N_k",
           "other actions that bring Level 3 within the largest distance of action $k$", "",
           ("actions",)),
    Symbol("near_ends", "siting.Columns.ends_l3", r"N_k^{\times}",
           "removals that end Level 3 within the largest distance of action $k$", "", ("actions",)),
    Symbol("gone_in_area", "siting.Columns.kind", r"K_a^{\times}", "removals in area $a$", "",
           ("areas",)),
    Symbol("elastic", "rules.Rows.elastic", "R", "optional rules that may be missed, $r$ is one"),
)  # fmt: skip
VARIABLES = (
    Symbol(
        "build", "model.Model.build", "x_k", "whether action $k$ is done, zero or one", "",
        ("actions",),
    ),
    Symbol(
        "ports", "model.Model.ports", "p_k", "ports that action $k$ adds, an integer", "ports",
        ("actions",),
    ),
    Symbol(
        "covered", "model.Model.covered", r"y_j^{\ell}",
        r"whether point $j$ is covered at level $\ell$, between zero and one", "",
        ("points", "levels"),
    ),
    Symbol(
        "shortfall", "model.Model.shortfall", r"s^{\ell}",
        r"by how much the target of level $\ell$ is missed", "share", ("levels",),
    ),
    Symbol(
        "unserved_all", "model.Model.shortfall", "s^{e}",
        "by how much the energy target is missed", "share",
    ),
    Symbol(
        "unserved", "model.Model.constraints", "u_m",
        "energy that no port of municipality $m$ gives, of the Region's need", "share",
        ("municipalities",),
    ),
    Symbol("missed", "rules.Rows.shortfall", "s^{r}", "by how much optional rule $r$ is missed",
           "share", ("elastic",)),
    Symbol("below", "rules.Rows.elastic", r"u_g^{\ell}",
           r"people of group $g$ below its floor at level $\ell$, of the Region's people", "share",
           ("groups", "levels")),
    Symbol("enough", "rules.Rows.elastic", r"z_j^{\ell}",
           r"whether point $j$ has several stations of level $\ell$ within reach", "",
           ("points", "levels")),
    Symbol("newly", "rules.Rows.hard", "v_j",
           "whether point $j$, near no Level 2 station today, is near a new one", "", ("points",)),
    Symbol(
        "idle", "model.Model.constraints", "v_m",
        "energy that the ports of municipality $m$ could give beyond its need, of the Region's "
        "need",
        "share", ("municipalities",),
    ),
)  # fmt: skip
PARAMETERS = (
    Symbol("target", "config.Config.targets", r"t^{\ell}", r"target of level $\ell$", "share",
           ("levels",)),
    Symbol("people", "demand.DemandPoints.people", "P_j", "people at point $j$", "people",
           ("points",)),
    Symbol("vehicles", "demand.DemandPoints.ev", "V_j", "electric vehicles at point $j$", "EVs",
           ("points",)),
    Symbol("score", "demand.DemandPoints.score", r"\sigma_j",
           "demand score of point $j$, between zero and one", "", ("points",)),
    Symbol("people_weight", "config.Weights.people", r"\alpha^{P}",
           "part of the weight that goes by people; the three parts sum to one"),
    Symbol("vehicle_weight", "config.Weights.ev", r"\alpha^{V}",
           "part of the weight that goes by vehicles"),
    Symbol("score_weight", "config.Weights.score", r"\alpha^{\sigma}",
           "part of the weight that goes by people times the demand score"),
    Symbol(
        "weight", "demand.DemandPoints.weight", "w_j",
        "weight of point $j$ in the objective; the weights sum to one", "", ("points",),
    ),
    Symbol(
        "reaches", "coverage.CoverRows.matrix", r"a_{jk}^{\ell}",
        r"one where action $k$ brings level $\ell$ within reach of point $j$, minus one where a "
        "conversion or a removal takes it away, zero elsewhere",
        "", ("points", "actions", "levels"),
    ),
    Symbol(
        "today", "coverage.CoverRows.base", r"b_j^{\ell}",
        r"stations of level $\ell$ that reach point $j$ today", "stations", ("points", "levels"),
    ),
    Symbol("fixed", "siting.Columns.fixed_cad", "f_k", "price of action $k$ without ports", "CAD",
           ("actions",)),
    Symbol("per_port", "siting.Columns.port_cad", "g_k", "price of a port of action $k$", "CAD",
           ("actions",)),
    Symbol("credit", "siting.Columns.resale_cad", "r_k", "credit for what action $k$ sells", "CAD",
           ("actions",)),
    Symbol("budget", "config.Budget.limit_cad", "B", "budget", "CAD"),
    Symbol("fewest", "siting.Columns.min_ports", r"\underline{p}_k", "fewest ports of action $k$",
           "ports", ("actions",)),
    Symbol("most", "siting.Columns.max_ports", r"\overline{p}_k", "most ports of action $k$",
           "ports", ("actions",)),
    Symbol("port_power", "siting.Columns.port_kw", "q_k", "power of a port of action $k$", "kW",
           ("actions",)),
    Symbol("capacity", "siting.Columns.capacity_kw", "Q_i",
           "power that place $i$ can draw, a proxy", "kW", ("places",)),
    Symbol("standing", "siting.Columns.standing_kw", "c_i",
           "power of the ports that stand at place $i$ today", "kW", ("places",)),
    Symbol("lost", "siting.Columns.lost_kw", "d_k",
           "power of the ports that action $k$ takes away", "kW", ("actions",)),
    Symbol("need", "inputs.Energy.need_kwh", "E_m",
           "energy that the vehicles of municipality $m$ take from public ports in a year", "kWh",
           ("municipalities",)),
    Symbol("supply", "inputs.Energy.supply_kwh", "S_m",
           "energy that today's ports of municipality $m$ can give in a year", "kWh",
           ("municipalities",)),
    Symbol("hours", "inputs.Energy.kwh_per_kw", "h", "hours of full power of a port in a year",
           "h"),
    Symbol("level_weight", "config.Config.weights", r"\omega^{\ell}",
           r"objective points for covering everybody at level $\ell$", "points", ("levels",)),
    Symbol("price_of_money", "config.Weights.cost_points_per_million_cad", r"\gamma",
           "objective points for a dollar", "points per CAD"),
    Symbol("site_budget", "config.Rules.site_budget_cad", r"B^{\max}", "most net cost at one place",
           "CAD"),
    Symbol("ports_today", "siting.Stations.l2_ports", "n_i", "ports that stand at place $i$ today",
           "ports", ("places",)),
    Symbol("ports_gone", "siting.Columns.kept_l2_ports", "e_k", "ports that action $k$ removes",
           "ports", ("actions",)),
    Symbol("ports_of_place", "config.PortLimits.per_place", r"p^{\max}", "most ports at one place",
           "ports"),
    Symbol("ports_of_level", "config.Rules.ports", r"p^{\ell}",
           r"most ports of level $\ell$ that are added in all", "ports", ("levels",)),
    Symbol("total_power", "config.Rules.total_kw", r"Q^{\Sigma}",
           "most power that the plan adds in all", "kW"),
    Symbol("taken", "siting.Stations.xy_m", r"\tau_C",
           "one where a Level 3 station that stays stands too close to an action of $C$, zero "
           "elsewhere"),
    Symbol("company", "siting.Stations.l3_ports", r"\nu_k",
           "Level 3 stations of today within the largest distance of action $k$", "stations",
           ("actions",)),
    Symbol("stations_today", "siting.Stations.ids", "n_a", "stations in area $a$ today", "stations",
           ("areas",)),
    Symbol("most_stations", "config.Rules.stations_per_area", r"n^{\max}",
           "most stations in one area", "stations"),
    Symbol("area_cap", "config.Rules.area_power", "Q_a", "most power of the ports in area $a$",
           "kW", ("areas",)),
    Symbol("area_power", "siting.Stations.l2_kw", "c_a", "power of the ports in area $a$ today",
           "kW", ("areas",)),
    Symbol("overlap", "config.Rules.overlap", r"\theta",
           "most of the reach of new Level 2 stations that may fall on people reached otherwise",
           "share"),
    Symbol("reach", "coverage.Reach.change", "H_k", "people within reach of action $k$", "people",
           ("actions",)),
    Symbol("group_people", "areas.Groups.people", "P_{jg}", "people of group $g$ at point $j$",
           "people", ("points", "groups")),
    Symbol("floor", "config.Rules.municipality", r"\phi^{\ell}",
           r"least share of the people of each group covered at level $\ell$", "share",
           ("levels",)),
    Symbol("several", "config.Redundancy.stations", "m^{+}",
           "stations within reach that are several", "stations"),
    Symbol("redundant", "config.Rules.redundancy", r"\rho^{\ell}",
           r"share of people with several stations of level $\ell$ within reach", "share",
           ("levels",)),
    Symbol("yearly", "siting.Columns.yearly_cad", "o_k",
           "what action $k$ without its ports adds to the operating cost of a year", "CAD per year",
           ("actions",)),
    Symbol("port_yearly", "siting.Columns.port_yearly_cad", r"\pi_k",
           "operating cost of a port of action $k$ in a year", "CAD per year", ("actions",)),
    Symbol("years", "config.Operating.years", "T", "years of operation that count", "years"),
    Symbol("price_of_operation", "config.Weights.operating_points_per_million_cad", r"\delta",
           "objective points for a dollar of operating cost", "points per CAD"),
    Symbol("price_of_idleness", "config.Weights.idle_points_per_point", r"\iota",
           "objective points for idle energy as large as the Region's need", "points"),
    Symbol("price_of_shortfall", "config.Objective.shortfall_points_per_point", r"\rho",
           "objective points for a whole share of shortfall, in the weighted mode", "points"),
    Symbol("others", "removal.Alternatives.base", r"n_k^{\ell}",
           r"other stations near that of removal $k$ that offer level $\ell$ today", "stations",
           ("actions", "levels")),
    Symbol("nearby", "removal.Alternatives.change", r"n_{kk'}^{\ell}",
           r"one where action $k'$ brings level $\ell$ near the station of removal $k$, minus one "
           "where it takes it away there, zero elsewhere",
           "", ("actions", "levels")),
)  # fmt: skip
MULTIPLIERS = (
    Symbol("proven", "plan.SolverAccount.bound_checked", r"\Lambda",
           "bound on the objective that the multipliers prove", "points"),
    Symbol("held", "plan.Plan.shortfall", r"\bar{s}^{\ell}",
           r"by how much the plan misses the target of level $\ell$, and a millionth", "share",
           ("levels",)),
    Symbol("cover_price", "plan.Branch.cover", r"\mu_j^{\ell}",
           r"multiplier of the row that covers point $j$ at level $\ell$", "points",
           ("points", "levels")),
    Symbol("target_price", "plan.Branch.rows", r"\tau^{\ell}",
           r"multiplier of the target of level $\ell$", "points", ("levels",)),
    Symbol("money_price", "plan.Branch.rows", r"\lambda", "multiplier of the budget",
           "points per CAD"),
)  # fmt: skip
SYMBOLS = (*SETS, *VARIABLES, *PARAMETERS, *MULTIPLIERS)

_NET = (
    r"\sum_{k \in <actions>} \left( <fixed> <build> + <per_port> <ports> - <credit> <build> \right)"
)
_REGION = r"\textstyle\sum_{m \in <municipalities>} <need>"


def _part_of(factor: str, values: str) -> str:
    """Return a factor times a point's part of the Region's total."""
    return rf"{factor} \frac{{{values}}}{{\sum_{{j \in <points>}} {values}}}"


FORMULAS = (
    Formula(
        "shortfall",
        r"\min \sum_{\ell \in <levels>} <shortfall> + <unserved_all>"
        r" + \sum_{r \in <elastic>} <missed>",
    ),
    Formula(
        "objective",
        r"\max \sum_{\ell \in <levels>} <level_weight> \sum_{j \in <points>} <weight> <covered>"
        rf" - <price_of_money> {_NET}"
        r" - <price_of_operation> <years> \sum_{k \in <actions>}"
        r" \left( <yearly> <build> + <port_yearly> <ports> \right)"
        r" - <price_of_idleness> \sum_{m \in <municipalities>} <idle>",
    ),
    Formula(
        "weighted",
        r"\max z - <price_of_shortfall> \left("
        r" \sum_{\ell \in <levels>} <shortfall> + <unserved_all> \right)",
    ),
    Formula("weight", r"<weight> = " + " + ".join((
        _part_of("<people_weight>", "<people>"),
        _part_of("<vehicle_weight>", "<vehicles>"),
        _part_of("<score_weight>", "<score> <people>"),
    ))),
    Formula(
        "rules",
        r"<covered> &\le <today> + \sum_{k \in <actions>} <reaches> <build>",
        ("coverage_l2", "coverage_l3", "coverage_ev_owners"),
        r"j \in <points>, \ell \in <levels>",
    ),
    Formula(
        "rules",
        r"\sum_{j \in <points>} <people> <covered> / \sum_{j \in <points>} <people>"
        " + <shortfall> &\\ge <target>",
        ("target_l2", "target_l3", "target_ev_owners"),
        r"\ell \in <levels>",
    ),
    Formula("rules", rf"{_NET} &\le <budget>", ("budget",)),
    Formula(
        "rules",
        r"\sum_{k \in <settling>} <build> &\le 1",
        ("one_action_per_place",),
        r"i \in <places>, \ell \in <levels>",
    ),
    Formula(
        "rules",
        r"<fewest> <build> \le <ports> &\le <most> <build>",
        ("ports",),
        r"k \in <actions>",
    ),
    Formula(
        "rules",
        r"\sum_{k \in <at_place>} (<port_power> <ports> - <lost> <build>)"
        r" &\le <capacity> - <standing>",
        ("site_capacity",),
        r"i \in <places>",
    ),
    Formula(
        "energy",
        r"<supply> + <hours> \sum_{k \in <in_municipality>}"
        rf" (<port_power> <ports> - <lost> <build>) + <unserved> {_REGION}"
        r" &\ge <need>",
        ("unserved",),
        r"m \in <municipalities>",
    ),
    Formula("energy", r"\sum_{m \in <municipalities>} <unserved> &\le <unserved_all>",
            ("target_demand",)),
    Formula(
        "optional",
        r"\sum_{k \in <at_place>} (<fixed> <build> + <per_port> <ports> - <credit> <build>)"
        r" &\le <site_budget>",
        ("site_budget",),
        r"i \in <places>",
    ),
    Formula(
        "optional",
        r"\sum_{k \in <at_place>} (<ports> - <ports_gone> <build>)"
        r" &\le \max (0, <ports_of_place> - <ports_today>)",
        ("ports_per_place",),
        r"i \in <places>",
    ),
    Formula(
        "optional",
        r"\sum_{k \in <brings>} <ports> &\le <ports_of_level>",
        ("ports_l2", "ports_l3"),
        r"\ell \in <levels>",
    ),
    Formula(
        "optional",
        r"\sum_{k \in <actions>} (<port_power> <ports> - <lost> <build>) &\le <total_power>",
        ("total_kw",),
    ),
    Formula(
        "optional",
        r"\sum_{k \in C} <build> &\le 1 - <taken>",
        ("l3_spacing",),
        r"C \in <too_close>",
    ),
    Formula(
        "optional",
        r"<build> &\le <company> + \sum_{k' \in <near>} x_{k'} - \sum_{k' \in <near_ends>} x_{k'}",
        ("l3_gap",),
        r"k \in K^{3}",
    ),
    Formula(
        "optional",
        r"\sum_{k \in <new_in_area>} <build> - \sum_{k \in <gone_in_area>} <build>"
        r" &\le \max (0, <most_stations> - <stations_today>)",
        ("stations_per_area",),
        r"a \in <areas>",
    ),
    Formula(
        "optional",
        r"\sum_{k \in <in_area>} (<port_power> <ports> - <lost> <build>)"
        r" &\le \max (0, <area_cap> - <area_power>)",
        ("area_power",),
        r"a \in <areas>",
    ),
    Formula(
        "optional",
        r"(1 - <overlap>) \sum_{k \in K^{2}} <reach> <build>"
        r" &\le \sum_{j \in <points>} <people> <newly>",
        ("overlap",),
    ),
    Formula(
        "optional",
        r"<newly> &\le \sum_{k \in K^{2}} a_{jk}^{2} <build>",
        (),
        r"j \in <points>",
    ),
    Formula(
        "optional",
        r"\sum_{j \in <points>} <group_people> <covered> + <below> \sum_{j \in <points>} <people>"
        r" &\ge <floor> \sum_{j \in <points>} <group_people>",
        ("target_municipality_l2", "target_municipality_l3", "target_quintile_l2",
         "target_quintile_l3", "target_renters_l2", "target_renters_l3", "target_multi_unit_l2",
         "target_multi_unit_l3", "target_low_income_l2", "target_low_income_l3"),
        r"g \in <groups>, \ell \in <levels>",
    ),
    Formula("optional", r"\sum_{g \in <groups>} <below> &\le <missed>", (), r"r \in <elastic>"),
    Formula(
        "optional",
        r"\sum_{j \in <points>} <people> <enough> / \sum_{j \in <points>} <people> + <missed>"
        r" &\ge <redundant>",
        ("target_redundancy_l2", "target_redundancy_l3"),
        r"\ell \in <levels>",
    ),
    Formula(
        "optional",
        r"<several> <enough> &\le <today> + \sum_{k \in <actions>} <reaches> <build>",
        (),
        r"j \in <points>, \ell \in <levels>",
    ),
    Formula(
        "options",
        rf"<supply> + <hours> \sum_{{k \in <in_municipality>}}"
        rf" (<port_power> <ports> - <lost> <build>) - <idle> {_REGION} &\le <need>",
        ("idle",),
        r"m \in <municipalities>",
    ),
    Formula(
        "options",
        r"<build> &\le <others> + \sum_{k' \in <actions>} <nearby> x_{k'}",
        ("removal_alternative",),
        r"k \in <removals>, \ell \in <levels>",
    ),
    Formula(
        "bound",
        r"<proven> = <money_price> <budget>"
        r" &+ \sum_{\ell \in <levels>} <target_price> (<held> - <target>)"
        r" + \sum_{\ell \in <levels>} \sum_{j \in <points>} \left[ <cover_price> <today>"
        r" + \max\left(0, <level_weight> <weight> + <target_price> <people> /"
        r" \textstyle\sum_{j \in <points>} <people> - <cover_price>\right) \right]",
    ),
    Formula(
        "bound",
        r"&+ \sum_{i \in <places>} \max\left(0, \max_{k \in <at_place>}"
        r" \max_{<fewest> \le <ports> \le <most>}"
        r" \sum_{\ell \in <levels>} \sum_{j \in <points>} <reaches> <cover_price>"
        r" - (<price_of_money> + <money_price>) (<fixed> + <per_port> <ports> - <credit>)"
        r" - <price_of_operation> <years> (<yearly> + <port_yearly> <ports>)\right)",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Markdown:
    """Text that a chapter shows as it is."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def equation(name: str) -> Markdown:
    """Return the LaTeX of a displayed equation, without its dollar signs and label.

    Raises
    ------
    KwevError
        If there is no such equation, or a formula names a symbol that is not described.
    """
    formulas = [formula for formula in FORMULAS if formula.equation == name]
    if not formulas:
        raise KwevError(f"no equation {name!r}", where="kwev.model.notation")
    if len(formulas) == 1 and "&" not in formulas[0].latex:
        return Markdown(written(formulas[0].latex))
    rows = [
        written(f.latex) + (rf" && \quad {written(f.domain)}" if f.domain else "") for f in formulas
    ]
    # one line: an inline expression has one
    return Markdown(r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}")


def written(template: str) -> str:
    """Return a template with the symbols' LaTeX in the place of their names."""
    known = {symbol.name: symbol.latex for symbol in SYMBOLS}

    def latex(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise KwevError(
                f"no symbol {match[1]!r}", where="kwev.model.notation", hint=match.string
            )
        return known[match[1]]

    return _NAME.sub(latex, template)


def used() -> set[str]:
    """Return the names of the symbols that a formula uses."""
    return {name for formula in FORMULAS for name in _NAME.findall(formula.latex + formula.domain)}


def table() -> Markdown:
    """Return the table of symbols as Markdown: symbol, meaning, unit."""
    rows = [f"| ${s.latex}$ | {s.meaning} | {s.unit} |" for s in SYMBOLS]
    head = ["| Symbol | Meaning | Unit |", f"|:{'-' * 9}|:{'-' * 60}|:{'-' * 14}|"]
    return Markdown("\n".join([*head, *rows, ""]))
