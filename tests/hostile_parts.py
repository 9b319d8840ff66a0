"""Exhibits of every kind in which every text is hostile; a chapter of a test shows them."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
from hostile import PAYLOADS
from shapely import Point

from kwev.display import cartography
from kwev.display.cards import Card, Cards, Fact
from kwev.display.chart import Chart
from kwev.display.figure import Origin
from kwev.display.layers import Layer, Mark
from kwev.display.series import Axis, Bars, Line, Panel
from kwev.display.table import Column, Table
from kwev.display.values import Number
from kwev.files import write_text
from kwev.report import sites

EVERY = " ".join(PAYLOADS)
HERE = Origin(EVERY, "2026")
LINKS = [f"javascript:window.PWN=10//{name}" for name in PAYLOADS]
FRAME = pd.DataFrame({"name": PAYLOADS, "link": LINKS, "group": PAYLOADS, "n": 1.0})


def value(i):
    return Number("x", PAYLOADS[i], "text", "here")


def table():
    columns = (Column("name", EVERY, link="link"), Column("n", "n"))
    return Table("evil-table", FRAME, columns, EVERY, "2026", group="group")


def cards():
    facts = tuple(Fact(name, name, link=link) for name, link in zip(PAYLOADS, LINKS, strict=True))
    return Cards("evil-cards", tuple(Card(name, name, facts) for name in PAYLOADS))


def chart():
    numbers = list(range(len(PAYLOADS)))
    bars = Bars(
        at=PAYLOADS, size=[1.0] * len(PAYLOADS), colour="#0072b2", label=PAYLOADS[3],
        text=PAYLOADS, lying=True, facts=[[name] for name in PAYLOADS],
        hover="%{customdata[0]} %{y} %{text}",
    )  # fmt: skip
    line = Line(x=numbers, y=numbers, colour="#000000", label=PAYLOADS[12], hover="%{y}")
    panels = [
        Panel(series=[bars], x=Axis(title=PAYLOADS[3]), title=PAYLOADS[4]),
        Panel(series=[line], x=Axis(ticks=(numbers, PAYLOADS), title=PAYLOADS[12])),
    ]
    return Chart(
        name="evil-chart", alt=EVERY, origin=HERE, data=FRAME, panels=panels, height_px=1600,
        height_in=8,
    ).figure()  # fmt: skip


def drawn_map():
    points = [Point(-80.5 + i / 100, 43.4 + i / 200) for i in range(len(PAYLOADS))]
    frame = gpd.GeoDataFrame(FRAME.assign(mark=0), geometry=points, crs="EPSG:4326")
    layers = [
        Layer(
            name, frame.iloc[[i]], (Mark(EVERY, fill="#0072b2"),), title="name",
            facts=(Column("name", name),), heading=name, labels=True, printed=i < 2,
        )
        for i, name in enumerate(PAYLOADS)
    ]  # fmt: skip
    return cartography.build("evil-map", EVERY, HERE, layers)


def site_page():
    """Return a table that leads to a site's page."""
    made = FRAME.head(1).assign(url=f"/{sites.SITES}/evil.html")

    def write(project):
        write_text(project.shown / sites.SITES / sites.STYLE_NAME, sites.STYLE)
        write_text(project.shown / sites.SITES / "evil.html", sites.page(_package(), None, None))

    return Table("evil-page", made, (Column("n", "n", link="url"),), "x", "y", more=write)


def _package():
    need = SimpleNamespace(topic=PAYLOADS[3], text=EVERY, source=EVERY, confirm=EVERY)
    grid = SimpleNamespace(
        power_increase_kw=1.0, power_after_kw=1.0, grid_proxy_kw=1.0, headroom_kw=1.0,
        phases=None, current_a=None, arithmetic=PAYLOADS,
    )  # fmt: skip
    built = SimpleNamespace(
        grid_requirements=grid, estimated_cost_cad=1.0, purchase_cad=1.0, resale_cad=1.0,
        schedule=SimpleNamespace(month_from=1, month_to=2, phase=PAYLOADS[3]),
    )  # fmt: skip
    place = SimpleNamespace(type=PAYLOADS[4], latitude=43.0, longitude=-80.0)
    return SimpleNamespace(
        name=EVERY, kind="new_l2", municipality=EVERY, id=PAYLOADS[3], charging=None,
        implementation=built, location=place, requirements=[need],
    )  # fmt: skip
