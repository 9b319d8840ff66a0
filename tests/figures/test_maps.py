"""Maps: both forms from the same layers, local files only, small, the same bytes each time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from figures import places
from figures.reading import outside
from home_region import REGION
from lxml import etree

from kwev.config import load_config
from kwev.display import ground, layers, map_print
from kwev.display.figure import SVG_LIMIT, is_svg
from kwev.errors import KwevError
from kwev.report import plan_charts, region, stations, transit, vehicles
from kwev.vocabulary import ACTION_KINDS

ROOT = Path(__file__).resolve().parents[2]
MAPS = {
    "people": region.density_map,
    "vehicles": vehicles.area_map,
    "stations": stations.station_map,
    "candidates": region.candidate_map,
    "transit": transit.transit_map,
    "plan": plan_charts.plan_map,
}
LIMIT_BYTES = 400_000


def draw(name, tables, plan, folder):
    if name == "plan":
        return plan_charts.plan_map(tables, plan, folder=folder)
    extra = (load_config("base", ROOT / "config"),) if name == "candidates" else ()
    return MAPS[name](tables, *extra, folder=folder)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return places.write_shapes(tmp_path_factory.mktemp("processed"))


@pytest.fixture(scope="module")
def made():
    return places.plan(load_config("base", ROOT / "config"))


@pytest.fixture(params=MAPS)
def shown(request, shapes, made):
    return draw(request.param, places.tables(), made, shapes)


def control(document):
    """Return the names in the layer control, in order."""
    return [layer["name"] for layer in drawing(document)["layers"] if layer["control"]]


def drawing(document):
    """Return the JSON that the page is drawn from."""
    block = re.search(r'<script type="application/json" id="drawing">(.*?)</script>', document)
    return json.loads(block[1])


def drawn(document):
    """Return what each layer draws: (areas or points, rows, look)."""
    return [
        ("Points" if layer["points"] else "Areas", layer["drawn"], layer)
        for layer in drawing(document)["layers"]
    ]


def test_page_loads_only_files_of_the_site(shown, folder):
    shown.publish(folder)
    path = folder.root / "assets" / "maps" / f"{shown.name}.html"
    text = path.read_text()
    assert outside(text) == []
    assert "http://" not in text
    assert "https://" not in text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(loaded) >= 4
    for url in loaded:
        assert url == "data:," or (path.parent / url).is_file(), url


def test_same_bytes_again(shown, shapes, made, request):
    again = draw(request.node.callspec.params["shown"], places.tables(), made, shapes)
    assert again.interactive() == shown.interactive()
    assert again.static().printed == shown.static().printed
    assert again.data.to_csv() == shown.data.to_csv()


def test_static_twin_is_a_picture_with_a_title(shown):
    picture = shown.static().printed
    assert is_svg(picture)
    assert len(picture) < SVG_LIMIT
    title = etree.fromstring(picture).find(".//{http://purl.org/dc/elements/1.1/}title")
    assert title.text == shown.alt


def test_page_has_control_legend_scale_and_name(shown):
    text = shown.interactive()
    assert control(text)
    assert 'class="kwev-legend"' in text
    assert '<html lang="en">' in text
    assert "user-scalable=no" not in text
    assert re.search(r"<title>Map of .+</title>", text)


def test_rows_of_the_csv_are_the_marks_drawn(shown):
    marks = sum(len(rows) for _, rows, spec in drawn(shown.interactive()) if spec["heads"])
    assert marks == len(shown.data)


def test_plan_has_the_layers_that_are_asked_for(shapes, made):
    text = plan_charts.plan_map(places.tables(), made, folder=shapes).interactive()
    assert control(text) == [
        "Population density",
        "Municipal boundaries",
        "L3 reach before (straight line)",
        "L3 reach after (straight line)",
        "L2 reach before (straight line)",
        "L2 reach after (straight line)",
        "Existing L2",
        "Existing L3",
        "Phase 1: upgrades to L3",
        "Phase 2: new L3 stations",
        "Phase 3: new L2 stations",
    ]


def test_plan_popups_tell_ports_power_cost_and_proxy(shapes, made):
    text = plan_charts.plan_map(places.tables(), made, folder=shapes).interactive()
    (upgrade,) = [
        part for part in drawn(text) if part[0] == "Points" and part[1][0][3] == "Name of s1"
    ]
    facts = dict(zip(upgrade[2]["heads"], upgrade[1][0][4], strict=True))
    assert facts["Site"] == "s1"
    assert facts["L2 ports before"] == "2"
    assert facts["L2 ports after"] == "0"
    assert facts["L3 ports after"] == "2"
    assert facts["Power after (kW)"] == "700.0"
    assert facts["Grid capacity, proxy (kW)"] == "750"
    assert facts["Net cost (CAD)"] == "185,000"
    assert upgrade[2]["popup"]


def test_grid_capacity_is_always_called_a_proxy(shown):
    words = re.findall(r"[Gg]rid[^\"<]*", shown.interactive())
    assert all("proxy" in phrase for phrase in words), words


def test_a_level_is_offered_where_it_stands_after_the_plan(made):
    existing = places.stations().iloc[:2]
    actions = pd.DataFrame([a.model_dump() for a in made.actions])
    l2 = plan_charts.places_after(existing, actions, "l2")
    l3 = plan_charts.places_after(existing, actions, "l3")
    # s1 loses its L2 and becomes L3; s2 has both; q1 is a new L3, q2 a new L2
    assert sorted(l2["longitude"]) == [-80.45, -80.3]
    assert sorted(l3["longitude"]) == [-80.55, -80.5, -80.45]


def test_of_two_actions_at_a_place_the_last_says_what_stands_there():
    existing = places.stations().iloc[:2]
    actions = pd.DataFrame(
        [
            places.action("upgrade", "s1", 43.35, -80.55, (3, 1, 0, 2)),
            places.action("add_l2", "s1", 43.35, -80.55, (1, 2, 2, 2)),
            places.action("remove", "s2", 43.35, -80.45, (2, 0, 2, 0)),
        ]
    )
    for level in ("l2", "l3"):
        assert list(plan_charts.places_after(existing, actions, level)["longitude"]) == [-80.55]


def test_a_plan_with_every_kind_of_action_has_a_layer_for_each(shapes):
    made = places.plan(load_config("base", ROOT / "config"))
    more = [
        places.action("add_l2", "s1", 43.35, -80.55, (0, 2, 2, 2)),
        places.action("add_l3", "s2", 43.35, -80.45, (2, 2, 2, 4)),
        places.action("remove", "s3", 43.34, -80.45, (2, 0, 0, 0)),
    ]
    made.actions = [*made.actions, *(type(made.actions[0]).model_validate(a) for a in more)]
    shown = plan_charts.plan_map(places.tables(), made, folder=shapes)
    for kind in ACTION_KINDS:
        assert f"1 {kind.short}" in shown.alt, kind.key


def test_reach_is_a_circle_inside_the_region(shapes):
    from kwev.display.cartography import areas, reach
    from kwev.display.cartography import places as points

    land = areas("municipalities", "municipality_id", shapes)
    one = points(pd.DataFrame({"latitude": [43.35], "longitude": [-80.45]}))
    found = reach(one, 500.0, land)
    assert found["area_km2"].iloc[0] == pytest.approx(3.14159 * 0.25, rel=0.02)
    edge = points(pd.DataFrame({"latitude": [43.35], "longitude": [-80.6]}))
    assert reach(edge, 500.0, land)["area_km2"].iloc[0] == pytest.approx(0.39, rel=0.05)
    assert reach(one.iloc[:0], 500.0, land).empty


def test_stations_are_told_apart(shapes):
    shown = stations.station_map(places.tables(), folder=shapes)
    classes = dict(zip(shown.data["station_id"], shown.data["class"], strict=True))
    assert classes == {
        "s1": "L2 only",
        "s2": "L2 and L3",
        "s3": "Teslas only",
        "s4": "Outside the Region",
    }
    assert "2 public charging stations" in shown.alt
    assert "1 more serve Teslas only" in shown.alt


def test_transit_shows_lines_stops_hubs_and_what_is_only_planned(shapes):
    shown = transit.transit_map(places.tables(), folder=shapes)
    text = shown.interactive()
    names = ["Lines: Bus", "Bus stops", "Lines: iXpress", "Lines: ION", "ION stations", "Hubs",
             "Planned ION stops"]  # fmt: skip
    assert control(text) == names
    lines = [rows for kind, rows, spec in drawn(text) if kind == "Areas" and spec["lines"]]
    # a line is one text, several are a list of them
    assert [type(rows[0][0]) for rows in lines] == [str, str, list]
    layer = dict(zip(shown.data.index, shown.data["layer"], strict=True)).values()
    assert list(layer).count("Bus stops") == 2
    planned = shown.data[shown.data["layer"] == "Planned ION stops"]
    assert planned["name"].tolist() == ["Delta"]
    assert planned[["trips_weekday", "score"]].isna().all().all()
    assert "1 planned ION stops without service" in shown.alt


def test_density_is_people_per_land_area(shapes):
    shown = region.density_map(places.tables(), folder=shapes)
    values = shown.data[shown.data["layer"] == "Population density"].set_index("da_id")["per_km2"]
    assert values.astype(float).round(6).to_dict() == {
        "35300000": 2000.0,
        "35300001": 500.0,
        "35300002": 9.0,
        "35300003": 0.111111,
    }


def test_ev_rate_is_of_residents_inside(shapes):
    shown = vehicles.area_map(places.tables(), folder=shapes)
    rates = shown.data.dropna(subset=["per_thousand"]).set_index("fsa")["per_thousand"]
    assert rates.to_dict() == {"N2A": pytest.approx(1000 * 7 / 300), "N0B": pytest.approx(50.0)}


def test_names_from_data_cannot_end_a_script(shapes):
    text = stations.station_map(places.tables(), folder=shapes).interactive()
    assert "Mall </script>" not in text
    assert "Mall \\u003c/script\\u003e" in text


def test_breaks_rise_and_are_few_figures():
    assert layers.breaks([1, 2, 3, 4, 5, 6, 123.456], 3) == [3.0, 5.0]
    assert layers.breaks([0, 0, 0, 10], 4) == [2.5]


def test_planned_is_square_and_standing_round_in_both_forms(shapes, made):
    shown = plan_charts.plan_map(places.tables(), made, folder=shapes)
    forms = {
        layer["name"]: {mark["square"] for mark in layer["marks"]}
        for layer in drawing(shown.interactive())["layers"]
        if layer["points"]
    }
    assert {name for name, square in forms.items() if square == {True}} == {
        name for name in forms if name.startswith("Phase")
    }
    assert forms["Existing L2"] == forms["Existing L3"] == {False}
    legend = re.findall(r"<svg[^>]*><(\w+) [^>]*></svg>([^<]+)</li>", shown.interactive())
    words = {label: form for form, label in legend}
    assert words["Existing L2"] == "circle"
    assert words["New L2"] == "rect"
    assert map_print._marker(layers.Mark("")) == "o"


@pytest.mark.parametrize(
    ("most_m", "length_m"), [(15_000, 10_000), (20_000, 20_000), (990, 500), (1.5, 1), (0, 1)]
)
def test_a_scale_bar_is_round_and_fits(most_m, length_m):
    assert map_print._round_m(most_m) == length_m
    assert map_print._marker(layers.Mark("", is_square=True)) == "s"


def test_a_scale_from_light_to_dark_rises_on_a_dark_ground(shapes):
    layer = drawing(region.density_map(places.tables(), folder=shapes).interactive())["layers"][0]
    light = [sum(int(m["night"]["fill"][i : i + 2], 16) for i in (1, 3, 5)) for m in layer["marks"]]
    assert light == sorted(light)
    assert len(set(light)) == len(light)


def test_the_ground_that_is_loaded_is_the_table(folder):
    places.write_base_map(folder.processed)
    table = ground.read(folder.processed)
    text = ground.script(table).decode()
    kinds = json.loads(text.removeprefix("window.kwevGroundData=").removesuffix(";\n"))
    found = [(kind, *row) for kind, rows in kinds for row in rows]
    assert found == [tuple(row) for row in table.itertuples(index=False)]


def test_a_project_without_a_base_map_has_an_empty_ground(folder):
    ground.publish(folder, folder.root)
    assert (folder.root / ground.FILE).read_text() == "window.kwevGroundData=[];\n"
    places.write_base_map(folder.processed)
    ground.publish(folder, folder.root)
    assert REGION.ground_credit in (folder.root / ground.FILE).read_text()


def test_the_books_ground_is_small(project):
    assert len(ground.script(ground.read(project.processed))) < LIMIT_BYTES


def test_the_printed_ground_names_whose_it_is(folder, shapes):
    plain = stations.station_map(places.tables(), folder=shapes).static().svg
    places.write_base_map(folder.processed)
    one, two = (stations.station_map(places.tables(), folder=shapes).static().svg for _ in range(2))
    assert one == two
    assert len(one) > len(plain)


def test_missing_geometry_is_named(tmp_path):
    with pytest.raises(KwevError, match="map geometry missing"):
        region.density_map(places.tables(), folder=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(MAPS)[:-1])
def test_real_maps_stay_small(name, tables, project):
    shown = draw(name, tables, None, project.processed)
    assert len(shown.interactive().encode()) < LIMIT_BYTES
    assert len(shown.static().printed) < 1.2 * SVG_LIMIT
