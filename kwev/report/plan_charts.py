"""Charts and map of a plan: coverage against targets, budgets, phases, money; what it reaches."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display import cartography, origins, style
from kwev.display.chart import Chart, require
from kwev.display.figure import Figure, Origin, rows
from kwev.display.layers import Layer, Mark
from kwev.display.series import Axis, Bars, Line, Panel, room_for_labels
from kwev.display.table import Column
from kwev.model.siting import counted
from kwev.plan.export import as_frame
from kwev.report import plan as plans
from kwev.units import CAD_PER_MILLION
from kwev.vocabulary import ACTION_KIND, ALWAYS_SHOWN, KIND_NAMES, LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Plan

_MARKS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "before": ("Before", {"mark": "circle", "size": 14, "colour": style.EXISTING}),
    "after": ("After the plan", {"mark": "circle", "size": 16, "colour": style.L2}),
    "attainable": (
        "Attainable at this budget",
        {"mark": "diamond", "size": 13, "colour": style.L3, "filled": False},
    ),
    "ceiling": (
        "Ceiling without a budget",
        {"mark": "left", "size": 13, "colour": style.INK, "filled": False},
    ),
    "target": ("Target", {"mark": "tick", "size": 26, "colour": style.INK}),
}
"""Words and look of each share of a target."""

LEVEL_LINES: Final[dict[str, dict[str, Any]]] = {
    "l2": {"label": "People, L2", "colour": style.L2, "mark": "circle", "dash": "solid"},
    "l3": {"label": "People, L3", "colour": style.L3, "mark": "square", "dash": "dash"},
    "ev_owners": {
        "label": "EV owners, either level", "colour": style.GOOD, "mark": "diamond", "dash": "dot",
    },
}  # fmt: skip
"""Look of coverage along a choice, by measure."""

_PATTERNS: Final[dict[str, Any]] = {"upgrade": "/", "add_l3": ".", "add_l2": ".", "remove": "x"}
"""Fill of an action's bar: all but new stations are patterned, so that they stand out in grey."""

_LABEL_LETTERS = 24
"""A phase's name breaks after so many: its label stands beside the bar."""


def coverage(df: pd.DataFrame, *, origin: Origin, name: str = "coverage") -> Figure:
    """Show each target's share before and after, against target, attainable share and ceiling.

    Parameters
    ----------
    df
        Columns ``name`` (of the target), ``before``, ``after``, ``target``, ``attainable``,
        ``ceiling`` (shares, 0 to 1; the last two may be missing).
    """
    require(df, ("name", *_MARKS), name)
    each = [
        f"{r.name}: {r.before:.1%} before, {r.after:.1%} after, target {r.target:.0%}"
        for r in rows(df)
    ]
    alt = f"Coverage before and after the plan, by target. {'; '.join(each)}."
    return Chart(
        name=name, alt=alt, origin=origin, data=df, panels=[_coverage(df)],
        height_px=190 + 75 * len(df), height_in=1.2 + 0.5 * len(df),
    ).figure()  # fmt: skip


def _coverage(df: pd.DataFrame) -> Panel:
    bars = [
        Line(x=[r.before, r.after], y=[r.name, r.name], colour=style.EXISTING, width=4)
        for r in rows(df)
    ]
    marks = [
        Line(
            x=df[key].astype(float).tolist(), y=df["name"].tolist(), label=words, dash="",
            hover="%{y}<br>" + words + ": %{x:.1%}", **look,
        )
        for key, (words, look) in _MARKS.items()
    ]  # fmt: skip
    share = Axis(title="Share covered (%)", form="share", span=(0, 1.03))
    return Panel(series=[*bars, *marks], x=share, y=Axis(flipped=True))


def budgets(df: pd.DataFrame, *, origin: Origin, name: str = "budget-sweep") -> Figure:
    """Show coverage and number of actions over the budget.

    Parameters
    ----------
    df
        Columns ``budget_cad`` (CAD), ``l2``, ``l3``, ``ev_owners`` (shares covered after the
        plan), ``upgrade``, ``new_l3``, ``new_l2`` and, where there are some, the other kinds
        (actions); one row a budget.
    """
    require(df, ("budget_cad", *LEVEL_LINES, *ALWAYS_SHOWN), name)
    df = df.sort_values("budget_cad", ignore_index=True)
    first, last = df.iloc[0], df.iloc[-1]
    ends = "; ".join(
        f"{look['label']} from {first[key]:.1%} to {last[key]:.1%}"
        for key, look in LEVEL_LINES.items()
    )
    alt = (
        f"Coverage and actions for {len(df)} budgets from {style.money(first.budget_cad)} "
        f"to {style.money(last.budget_cad)}: {ends}."
    )
    millions = (df["budget_cad"] / CAD_PER_MILLION).tolist()
    lines = [
        Line(x=millions, y=df[key].tolist(), hover="$%{x} M: %{y:.1%}", **look)
        for key, look in LEVEL_LINES.items()
    ]
    width = 0.55 * min((b - a for a, b in itertools.pairwise(millions)), default=1.0)
    bars = [
        Bars(
            at=millions, size=df[kind].tolist(), colour=style.ACTIONS[kind],
            label=style.ACTION_NAMES[kind],
            pattern=_PATTERNS.get(kind, ""), thick=width, hover="$%{x} M: %{y}",
        )
        for kind in plans.kinds_built(df)
    ]  # fmt: skip
    covered = Axis(title="Covered (%)", form="share", span=(0, 1.03))
    actions = Axis(title="Actions (count)", form="count", from_zero=True)
    panels = [
        Panel(series=lines, y=covered, share=0.62),
        Panel(series=bars, x=Axis(title="Budget (million CAD)"), y=actions, share=0.38),
    ]
    return Chart(
        name=name, alt=alt, origin=origin, data=df, panels=panels, height_px=560, height_in=4.4
    ).figure()


def phases(df: pd.DataFrame, *, origin: Origin, name: str = "phases") -> Figure:
    """Show the phases on the months, with what each builds and costs.

    Parameters
    ----------
    df
        Columns ``phase`` (number), ``name``, ``month_from``, ``month_to`` (both inside the
        phase), ``actions``, ``stations``, ``ports``, ``cost_cad`` (net, CAD); where there is a
        column ``kind`` (of action), a bar has its colour.
    """
    columns = ("phase", "name", "month_from", "month_to", "actions", "stations", "ports")
    require(df, (*columns, "cost_cad"), name)
    each = [
        f"phase {r.phase}, {r.name}: months {r.month_from} to {r.month_to}, {r.actions} actions, "
        f"{r.ports} ports, {style.money(r.cost_cad)}"
        for r in rows(df)
    ]
    alt = f"Timeline of the phases. {'; '.join(each)}."
    return Chart(
        name=name, alt=alt, origin=origin, data=df, panels=[_phases(df)],
        height_px=130 + 70 * len(df), height_in=0.9 + 0.45 * len(df),
    ).figure()  # fmt: skip


def _phases(df: pd.DataFrame) -> Panel:
    kinds = df["kind"] if "kind" in df else [""] * len(df)
    other = style.QUALITATIVE
    bars = Bars(
        at=[_phase_label(row) for row in rows(df)],
        start=(df["month_from"] - 1).tolist(),
        size=(df["month_to"] - df["month_from"] + 1).tolist(),
        colour=[style.ACTIONS.get(k, other[i % len(other)]) for i, k in enumerate(kinds)],
        lying=True,
        hover="Months %{customdata[0]} to %{customdata[1]}<br>%{y}<br>%{customdata[2]} stations, "
        "%{customdata[3]} ports",
        facts=df[["month_from", "month_to", "stations", "ports"]].to_numpy().tolist(),
    )
    months = [0, *sorted({int(month) for month in df["month_to"]})]
    axis = Axis(title="Month (end)", span=(0, months[-1]), ticks=(months, [*map(str, months)]))
    return Panel(series=[bars], x=axis, y=Axis(flipped=True))


def _phase_label(row: Any) -> str:
    """Return what stands beside a phase's bar: its name, and what it does and costs below."""
    word = "action" if row.actions == 1 else "actions"
    name = textwrap.wrap(f"{row.phase}. {row.name}", _LABEL_LETTERS)
    return "\n".join([*name, f"{row.actions} {word}, {style.money(row.cost_cad)}"])


def costs(df: pd.DataFrame, *, origin: Origin, name: str = "cost-breakdown") -> Figure:
    """Show what the money goes to; a credit is a bar to the left.

    Parameters
    ----------
    df
        Columns ``item`` (text), ``cad`` (CAD; negative for money that comes back).
    """
    require(df, ("item", "cad"), name)
    each = "; ".join(f"{r.item} {style.money(r.cad)}" for r in rows(df))
    alt = f"Cost by item: {each}. Net {style.money(float(df['cad'].sum()))}."
    return Chart(
        name=name, alt=alt, origin=origin, data=df, panels=[_costs(df)],
        height_px=90 + 40 * len(df), height_in=0.8 + 0.3 * len(df),
    ).figure()  # fmt: skip


def _costs(df: pd.DataFrame, colours: dict[str, str] | None = None) -> Panel:
    millions = (df["cad"] / CAD_PER_MILLION).tolist()
    plain = [style.GOOD if value < 0 else style.L2 for value in millions]
    bars = Bars(
        at=df["item"].tolist(), size=millions, lying=True, hover="%{y}: %{text}",
        colour=[colours.get(i, style.GOOD) for i in df["item"]] if colours else plain,
        text=[style.money(value) for value in df["cad"]],
    )  # fmt: skip
    axis = Axis(title="Cost (million CAD)", span=room_for_labels(millions))
    return Panel(series=[bars], x=axis, y=Axis(flipped=True))


def counts(names: pd.Series[Any], values: pd.Series[Any], title: str, colour: Any) -> Panel:
    """Return lying bars with their counts as labels, the first on top."""
    bars = Bars(
        at=names.tolist(), size=values.tolist(), colour=colour, lying=True,
        text=[f"{value:,}" for value in values], hover="%{y}: %{text}",
    )  # fmt: skip
    axis = Axis(title=title, form="count", span=room_for_labels(values.tolist()))
    return Panel(series=[bars], x=axis, y=Axis(flipped=True))


def dashboard(
    made: Plan, phased: pd.DataFrame, *, origin: Origin, name: str = "dashboard"
) -> Figure:
    """Show a plan on four axes: infrastructure, cost, coverage and timeline.

    Parameters
    ----------
    phased
        As for :func:`phases`.
    """
    built, cost = plans.actions_by_kind(made), plans.cost_breakdown(made)
    # short names: a panel is narrow
    names = {word: style.ACTION_NAMES[kind] for kind, word in KIND_NAMES.items()}
    colours = {style.ACTION_NAMES[kind]: colour for kind, colour in style.ACTIONS.items()}
    built = pd.DataFrame({"item": built["kind"].map(names), "actions": built["stations"]})
    cost = cost.assign(item=cost["item"].replace(names))
    cover = plans.coverage(made).drop(columns="status")
    each = "; ".join(f"{n} {a}" for n, a in zip(built["item"], built["actions"], strict=True))
    reach = "; ".join(f"{r.name} {r.before:.0%} to {r.after:.0%}" for r in rows(cover))
    alt = (
        f"Four charts of the {made.scenario} plan. Actions: {each}. "
        f"Net cost {style.money(float(cost['cad'].sum()))}. Coverage: {reach}. "
        f"Timeline: {len(phased)} phases in {int(phased['month_to'].max())} months."
    )
    colour = [colours[item] for item in built["item"]]
    panels = {
        "Infrastructure": (
            built, counts(built["item"], built["actions"], "Actions (count)", colour),
        ),
        "Cost": (cost, _costs(cost, colours)),
        "Coverage": (cover, _coverage(cover)),
        "Timeline": (phased, _phases(phased)),
    }  # fmt: skip
    data = [frame.assign(panel=title) for title, (frame, _) in panels.items()]
    titled = [replace(panel, title=title) for title, (_, panel) in panels.items()]
    return Chart(
        name=name, alt=alt, origin=origin, data=pd.concat(data, ignore_index=True), panels=titled,
        across=2, apart=True, height_px=640, height_in=5.2, legend_columns=5,
    ).figure()  # fmt: skip


# -- The map: what stands, what it reaches, and what each phase adds.

_GROUND_TOLERANCE_M = 130.0

GREYS = ("#f7f7f7", "#ececec", "#dcdcdc", "#c3c3c3", "#a6a6a6", "#868686")
"""Six steps of grey: density below coloured marks."""

LAYERS = {
    "upgrade": "Phase 1: upgrades to L3",
    "new_l3": "Phase 2: new L3 stations",
    "new_l2": "Phase 3: new L2 stations",
    "add_l3": "Phase 2: L3 ports added",
    "add_l2": "Phase 3: L2 ports added",
    "remove": "Phase 3: removals",
}
"""Layer of each kind of action."""

_ACTION_FACTS = (
    "place_id category municipality l2_ports_before l2_ports_after",
    "l3_ports_before l3_ports_after kw_after grid_kw purchase_cad",
    Column("resale_cad", "Resale credit", "CAD", ",.0f"),
    "net_cad",
)


def plan_map(
    tables: Tables, made: Plan, *, folder: Path | None = None, name: str = "map-plan"
) -> Figure:
    """Map a plan: density, reach of L2 and L3 before and after, stations, and phases as layers.

    Reach is straight-line, whatever the metric of the plan, and is named so.

    Parameters
    ----------
    made
        The plan; its own configuration says which stations count and how far they reach.
    """
    config = made.config.as_config()
    actions, kinds = as_frame(made), plans.kinds_of(made)
    existing = cartography.places(cartography.named(tables, counted(tables.stations, config)))
    # coarser than a map of density alone: here it is the ground
    ground = cartography.density(tables, folder, tolerance_m=_GROUND_TOLERANCE_M)
    layers = [
        cartography.density_layer(ground, GREYS),
        *cartography.borders(tables, folder),
        *_reach_layers(existing, actions, config, ground),
        *_station_layers(existing),
        *_phase_layers(actions, kinds),
    ]
    counts = ", ".join(
        f"{(actions['kind'] == kind).sum()} {ACTION_KIND[kind].short}" for kind in kinds
    )
    cover = made.coverage
    alt = (
        f"Map of the {made.scenario} plan over population density: {counts}, beside "
        f"{len(existing)} existing stations. L2 reaches {cover.l2.after:.0%} of people "
        f"(before: {cover.l2.before:.0%}), L3 {cover.l3.after:.0%} ({cover.l3.before:.0%})."
    )
    return cartography.build(name, alt, origins.plan(tables, made), layers)


def places_after(existing: pd.DataFrame, actions: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return the places that offer ``level`` (``l2`` or ``l3``) after the plan.

    Stations that an action changes stand with their ports after it; all others as they are.
    """
    untouched = existing[~existing["station_id"].isin(actions["place_id"])]
    kept = untouched[untouched[f"{level}_ports"] > 0]
    # of two actions at a place the last says what stands after both
    last = actions.drop_duplicates("place_id", keep="last")
    changed = last[last[f"{level}_ports_after"] > 0]
    where = ["latitude", "longitude"]
    return pd.concat([pd.DataFrame(kept[where]), changed[where]], ignore_index=True)


def _reach_layers(
    existing: gpd.GeoDataFrame, actions: pd.DataFrame, config: Config, within: gpd.GeoDataFrame
) -> list[Layer]:
    layers = []
    for level in reversed(LEVELS):
        radius_m = getattr(config.coverage, f"{level.key}_radius_m")
        before = existing[existing[f"{level.key}_ports"] > 0]
        later = cartography.places(places_after(existing, actions, level.key))
        for when, at in (("before", before), ("after", later)):
            is_after = when == "after"
            mark = Mark(
                f"{level.short} within {radius_m / 1000:g} km, {when}",
                # L3 reaches most of the Region: an outline, so that L2 and density show through
                fill=level.colour if level.key == "l2" else "",
                line=level.colour,
                width=1.5 if is_after else 1.0,
                opacity=0.3 if is_after else 0.15,
                dash="" if is_after else "5 4",
            )
            frame = cartography.reach(at, radius_m, within).assign(mark=0, straight_line=mark.label)
            layers.append(
                Layer(
                    f"{level.short} reach {when} (straight line)",
                    frame,
                    (mark,),
                    title="straight_line",
                    facts=(Column("area_km2", "Area in reach", "km²", ",.1f"),),
                    show=is_after,
                    printed=is_after,
                    popup=False,
                )
            )
    return layers


def _station_layers(existing: gpd.GeoDataFrame) -> list[Layer]:
    layers = []
    for level in LEVELS:
        part = existing[existing[f"{level.key}_ports"] > 0].assign(mark=0)
        word = f"Existing {level.short}"
        mark = Mark(word, fill=level.colour_today, line=style.INK, radius=level.radius_px)
        facts = cartography.STATION_FACTS
        layers.append(Layer(word, part, (mark,), title="name", facts=facts))
    return layers


def _phase_layers(actions: pd.DataFrame, kinds: list[str]) -> list[Layer]:
    layers = []
    for rank, key in enumerate(kinds):
        kind = ACTION_KIND[key]
        part = cartography.places(actions[actions["kind"] == key]).assign(mark=0)
        part["category"] = part["category"].str.replace("_", " ")
        look = Mark(
            kind.short, kind.colour, style.PAPER, 1.5, radius=kind.radius_px, is_square=True
        )
        # the control lists phase 1 first; the many new L2 stations lie below the few others
        layers.append(
            Layer(LAYERS[key], part, (look,), title="name", facts=_ACTION_FACTS,
                  above=len(kinds) - rank)
        )  # fmt: skip
    return layers
