"""Drawing the panels of a chart: on the screen by plotly, in print by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from kwev import escape
from kwev.display import style
from kwev.display.series import Axis, Band, Bars, Line, Panel, Rule, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import plotly.graph_objects as go

    from kwev.display.chart import Chart

_DASHES: Final[dict[str, Any]] = {
    "solid": "-", "dash": "--", "dot": ":", "dashdot": "-.", "longdash": (0, (8, 3)),
}  # fmt: skip
_MARKS: Final = {
    "circle": ("circle", "o"), "square": ("square", "s"), "diamond": ("diamond", "D"),
    "cross": ("x", "x"), "star": ("star", "*"), "up": ("triangle-up", "^"),
    "down": ("triangle-down", "v"), "left": ("triangle-left", "<"), "tick": ("line-ns", "|"),
}  # fmt: skip
"""Names of a mark in plotly and in matplotlib."""

_PRINT_LINE, _PRINT_MARK = 0.7, 0.5
"""Points of print for a pixel of the screen."""

_MARGIN = 0.12
_TINT = 0.15


def plotly_of(chart: Chart) -> go.Figure:
    """Return the interactive form of a chart."""
    from plotly.subplots import make_subplots

    count = len(chart.panels)
    across = chart.across if count > 1 else 1
    layout = style.plotly_layout(height_px=chart.height_px)
    figure = make_subplots(
        rows=-(-count // across),
        cols=across,
        subplot_titles=[escape.plotly(panel.title) for panel in chart.panels],
        vertical_spacing=0.17 if count > across else None,
        row_heights=[p.share for p in chart.panels] if across == 1 else None,
    )
    figure.update_layout(**layout, barmode="overlay" if chart.overlay else "relative")
    figure.update_layout(legend_traceorder="normal")
    if count > across:
        figure.update_layout(legend={"y": 1.08})
    named: set[str] = set()
    for index, panel in enumerate(chart.panels):
        where = {"row": index // across + 1, "col": index % across + 1}
        for series in panel.series:
            _add(figure, series, named, where)
        figure.update_xaxes(**layout["xaxis"], **_plotly_axis(panel.x), **where)
        figure.update_yaxes(**layout["yaxis"], **_plotly_axis(panel.y), **where)
    return figure


def _plotly_axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title_text": escape.plotly(axis.title)}
    if axis.form in ("date", "category"):
        found["type"] = axis.form
    elif axis.form:
        found["tickformat"] = {"share": ".0%", "count": ",.0f"}[axis.form]
    if axis.span:
        found["range"] = list(reversed(axis.span)) if axis.flipped else list(axis.span)
    elif axis.flipped:
        found["autorange"] = "reversed"
    elif axis.from_zero:
        found["rangemode"] = "tozero"
    if axis.ticks:
        values, words = list(axis.ticks[0]), escape.plotly(list(axis.ticks[1]))
        found |= {"tickvals": values, "ticktext": words, "tickangle": 0}
    if axis.flipped:
        found["showgrid"] = False
    return found


def _add(figure: go.Figure, series: Series, named: set[str], where: dict[str, int]) -> None:
    if isinstance(series, Rule):
        line = {"color": series.colour, "width": 1, "dash": series.dash}
        if series.x is not None:
            figure.add_vline(x=series.x, line=line, **where)
        if series.y is not None:
            figure.add_hline(y=series.y, line=line, **where)
        return
    known = {
        "name": escape.plotly(series.label),
        "legendgroup": series.label,
        "showlegend": bool(series.label) and series.label not in named,
    }
    named.add(series.label)
    if isinstance(series, Band):
        from matplotlib.colors import to_rgb

        red, green, blue = (round(255 * part) for part in to_rgb(series.colour))
        figure.add_scatter(
            x=[*series.x, *reversed(series.x)],
            y=[*series.high, *reversed(series.low)],
            fill="toself",
            fillcolor=f"rgba({red},{green},{blue},{_TINT})",
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            **known,
            **where,
        )
        return
    if series.hover:
        known["hovertemplate"] = f"{series.hover}<extra>{escape.plotly(series.label)}</extra>"
    else:
        known["hoverinfo"] = "skip"
    if len(series.facts):
        known["customdata"] = escape.plotly(list(series.facts))
    (_add_line if isinstance(series, Line) else _add_bars)(figure, series, known | where)


def _add_line(figure: go.Figure, series: Any, known: dict[str, Any]) -> None:
    mode = "+".join([*(["lines"] if series.dash else []), *(["markers"] if series.mark else [])])
    if series.dash:
        known["line"] = {"color": series.colour, "dash": series.dash, "width": series.width}
        if series.step:
            known["line"]["shape"] = "hv"
    if series.mark:
        symbol = _MARKS[series.mark][0]
        open_mark = not series.filled or series.mark == "tick"
        known["marker"] = {
            "symbol": f"{symbol}-open" if open_mark else symbol,
            "size": series.size,
            "color": series.colour,
            "line": {"width": 3 if series.mark == "tick" else 2} if open_mark else {},
        }
    x, y = escape.plotly(list(series.x)), escape.plotly(list(series.y))
    figure.add_scatter(x=x, y=y, mode=mode, **known)


def _add_bars(figure: go.Figure, series: Any, known: dict[str, Any]) -> None:
    size, at = list(series.size), escape.plotly(list(series.at))
    colour = series.colour if isinstance(series.colour, str) else list(series.colour)
    known["marker"] = {"color": colour, "line": {"color": style.PAPER, "width": 1}}
    if series.pattern:
        known["marker"]["pattern"] = _pattern(series.pattern, colour)
    if len(series.start):
        known["base"] = list(series.start)
    if len(series.text):
        words = escape.plotly(list(series.text))
        shown = [f"<b>{text}</b>" for text in words] if series.bold else words
        known |= {"text": shown, "cliponaxis": False, "textangle": 0}
        known["textposition"] = "inside" if series.inside else "outside"
        if series.inside:
            known |= {"insidetextanchor": "middle", "textfont": {"color": series.inside}}
    along = {"x": size, "y": at, "orientation": "h"} if series.lying else {"x": at, "y": size}
    figure.add_bar(**along, width=series.thick if _is_number(at) else None, **known)


def _pattern(shape: str, colour: Any) -> dict[str, Any]:
    return {
        "shape": shape, "bgcolor": colour, "fgcolor": style.PAPER, "size": 6, "solidity": 0.25,
    }  # fmt: skip


def _is_number(values: Sequence[Any]) -> bool:
    return bool(len(values)) and not isinstance(values[0], str)


# -- in print ----------------------------------------------------------------------------------


def print_panels(canvas: Any, chart: Chart) -> None:
    """Draw a chart on a canvas of matplotlib."""
    count, across = len(chart.panels), min(chart.across, len(chart.panels))
    grid = canvas.subplots(
        -(-count // across),
        across,
        squeeze=False,
        height_ratios=[panel.share for panel in chart.panels] if across == 1 else None,
    )
    legend: dict[str, Any] = {}
    for axes, panel in zip(grid.flat, chart.panels, strict=True):
        below: dict[Any, float] = {}
        for series in panel.series:
            _PRINTED[type(series)](axes, series, below, panel)
        _print_axis(axes, "x", panel.x)
        _print_axis(axes, "y", panel.y)
        if panel.title:
            axes.set_title(style.drawn(panel.title), fontsize=8, loc="left")
        for mark, words in zip(*axes.get_legend_handles_labels(), strict=True):
            legend.setdefault(words, mark)
    if not legend:
        return
    where = "outside upper left" if chart.legend == "above" else chart.legend
    owner = canvas if chart.legend == "above" else grid.flat[0]
    owner.legend(
        list(legend.values()), list(legend), loc=where, ncols=chart.legend_columns, columnspacing=2
    )


def _print_axis(axes: Any, which: Literal["x", "y"], axis: Axis) -> None:
    own = getattr(axes, f"{which}axis")
    getattr(axes, f"set_{which}label")(style.drawn(axis.title))
    _print_form(own, axis)
    limits = getattr(axes, f"set_{which}lim")
    if axis.span:
        limits(*(reversed(axis.span) if axis.flipped else axis.span))
    elif axis.flipped:
        axes.margins(**{which: _MARGIN})  # the first and the last row stand clear of the frame
        own.set_inverted(True)
    elif axis.from_zero:
        limits(0, None)
    if axis.form == "category":
        axes.tick_params(axis=which, rotation=40)
        for label in getattr(axes, f"get_{which}ticklabels")():
            label.set_ha("right")
    if axis.flipped or axis.form == "category":
        axes.grid(axis=which, visible=False)


def _print_form(own: Any, axis: Axis) -> None:
    from matplotlib import dates
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    if axis.form == "share":
        own.set_major_formatter(PercentFormatter(1, decimals=0))
    elif axis.form == "count":
        own.set_major_formatter("{x:,.0f}")
        own.set_major_locator(MaxNLocator(5, integer=True))
    elif axis.form == "date":
        locator: Any = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
        words: Any = dates.ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        own.set_major_locator(locator)
        own.set_major_formatter(words)
    if axis.ticks:
        own.set_ticks(list(axis.ticks[0]), [style.drawn(words) for words in axis.ticks[1]])


def _when(values: Sequence[Any], axis: Axis) -> Sequence[Any]:
    return pd.to_datetime(pd.Series(list(values))).tolist() if axis.form == "date" else list(values)


def _print_line(axes: Any, series: Any, _: dict[Any, float], panel: Panel) -> None:
    look: dict[str, Any] = {
        "color": series.colour,
        "linestyle": _DASHES.get(series.dash, "none"),
        "linewidth": _PRINT_LINE * series.width,
        "label": style.drawn(series.label) or "_",
    }
    if series.mark:
        look |= {"marker": _MARKS[series.mark][1], "markersize": _PRINT_MARK * series.size}
        look["zorder"] = 3 if not series.dash else None
        if not series.filled:
            look["markerfacecolor"] = "none"
        if series.mark == "tick":
            look["markeredgewidth"] = 2
    if series.step:
        look["drawstyle"] = "steps-post"
    plotted = {key: value for key, value in look.items() if value is not None}
    axes.plot(_when(series.x, panel.x), _when(series.y, panel.y), **plotted)


def _print_bars(axes: Any, series: Any, below: dict[Any, float], _: Panel) -> None:
    at = [style.drawn(str(name)) if isinstance(name, str) else name for name in series.at]
    start = list(series.start) or [below.get(name, 0.0) for name in at]
    draw = axes.barh if series.lying else axes.bar
    bars = draw(
        at, list(series.size), series.thick, **{"left" if series.lying else "bottom": start},
        color=series.colour if isinstance(series.colour, str) else list(series.colour),
        hatch=4 * series.pattern, edgecolor=style.PAPER, linewidth=0.4,
        label=style.drawn(series.label) or "_",
    )  # fmt: skip
    if not len(series.start):
        below.update({name: low + size for name, low, size in zip(at, start, series.size)})  # noqa: B905
    if len(series.text):
        inside: dict[str, Any] = {"label_type": "center", "color": series.inside}
        words = [style.drawn(text) for text in series.text]
        axes.bar_label(bars, words, fontsize=7, **(inside if series.inside else {"padding": 3}))


def _print_band(axes: Any, series: Any, _: dict[Any, float], panel: Panel) -> None:
    axes.fill_between(
        _when(series.x, panel.x), series.low, series.high, color=series.colour, alpha=_TINT,
        linewidth=0, label=style.drawn(series.label) or "_",
    )  # fmt: skip


def _print_rule(axes: Any, series: Any, _below: dict[Any, float], _panel: Panel) -> None:
    look = {"color": series.colour, "linestyle": _DASHES[series.dash], "linewidth": 0.8}
    if series.x is not None:
        axes.axvline(series.x, **look)
    if series.y is not None:
        axes.axhline(series.y, **look)


_PRINTED: Final[dict[type, Callable[[Any, Any, dict[Any, float], Panel], None]]] = {
    Line: _print_line, Bars: _print_bars, Band: _print_band, Rule: _print_rule,
}  # fmt: skip
