"""People, households and vehicles on two squares: conserved and spread as stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from home_region import CRS

from kwev.data.schemas import PROCESSED, check
from kwev.errors import KwevError
from kwev.pipeline.geometry import unproject
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.population import (
    cell_tables,
    da_table,
    municipality_table,
    point_table,
    read_addresses,
    spread_population,
    tract_table,
)
from kwev.pipeline.raw import Ledger
from kwev.pipeline.vehicles import downscale_vehicles, propensity, registered

PLACES = [  # metres east and north of the corner, in which area
    (50, 50), (60, 60), (160, 50), (450, 500),  # first area, N2A
    (600, 500),  # first area, N0B
    (1500, 500), (1500, 501), (1995, 995),  # second area
    (2500, 500),  # outside
]  # fmt: skip


def addresses():
    degrees = unproject(np.array(PLACES) + np.array([540_000.0, 4_810_000.0]), CRS)
    table = pd.DataFrame(degrees, columns=["longitude", "latitude"])
    table = table.assign(street_no="1", street="Main St", city="Kitchener")
    return pd.concat([table, table.iloc[[0, 0]]], ignore_index=True)  # two more at one point


def census_of_codes():
    table = pd.DataFrame({"fsa": ["N0B", "N2A"], "population_2021": [2042, 80]})
    homes = {"households_owner": 60, "households_renter": 20, "median_household_income": 90_000}
    return table.assign(**homes)


def counts(**changes):
    table = pd.DataFrame(
        {
            "quarter": "2025Q4",
            "FSA": ["N0B", "N2A", "N9Z"],
            "BEV": [90, 10, 5],
            "PHEV": [30, 3, None],
            "TotalEV": [120, 13, 5],
        }
    )
    return table.assign(**changes)


@pytest.fixture
def built(tiny_raw, squares):
    census = census_of_codes()
    raw = tiny_raw(addresses=addresses(), evs=counts(), fsa_census=census)
    ledger, parameters = Ledger(), Parameters()
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    vehicles = downscale_vehicles(raw, points, squares, parameters, ledger)
    return points, vehicles, point_table(points, vehicles, squares, parameters), ledger


def rows(ledger, dataset, part):
    table = ledger.table()
    hit = (table["dataset"] == dataset) & table["rule"].str.contains(part)
    assert hit.any()
    return int(table.loc[hit, "rows"].sum())


def test_addresses_outside_are_dropped_and_repeats_count_once(built):
    points, _, _, ledger = built
    assert len(points.da) == 8
    assert rows(ledger, "addresses", "several addresses") == 2
    assert rows(ledger, "addresses", "outside every") == 1


def test_people_of_an_area_are_spread_evenly_and_exactly(built):
    points, _, table, _ = built
    assert points.people[points.da == 0].tolist() == [20_000_000] * 5
    assert table.groupby("da_id")["population"].sum().tolist() == [100_000_000, 1_001_000_000]
    assert sorted(points.people[points.da == 1].tolist()) == [333_666_666, 333_666_667, 333_666_667]


def test_an_area_without_addresses_gets_a_point_inside(tiny_raw, squares):
    ledger = Ledger()
    raw = tiny_raw(addresses=addresses().iloc[:4])
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    assert rows(ledger, "das", "no address") == 1
    assert points.people[~points.real].tolist() == [1_001_000_000]
    inner = shapely.Point(points.metres[~points.real][0])
    assert squares.das.geometry.iloc[1].contains_properly(inner)


def test_share_inside_is_people_inside_over_people_of_the_whole(built):
    fsas = built[1].fsas.set_index("fsa")
    # 20 people of the first area and all 1001 of the second live in N0B
    assert fsas.loc["N0B", "population_inside"] == 1021
    assert fsas.loc["N0B", "inside_share"] == 0.5
    assert fsas.loc["N2A", "inside_share"] == 1.0
    assert fsas.loc["N0B", ["bev_inside", "phev_inside", "ev_inside"]].tolist() == [45, 15, 60]


def test_vehicles_are_conserved_per_code_and_bev_plus_phev_is_ev(built, squares):
    _, vehicles, table, ledger = built
    inside = vehicles.fsas
    assert table["bev"].sum() == 55_000_000
    assert (table["bev"] + table["phev"]).sum() == 73_000_000
    assert inside["ev_inside"].sum() == 73
    assert rows(ledger, "evs", "outside the Region") == 1
    cells, parts = cell_tables(table, CRS)
    for frame in (cells, parts, da_table(table, squares)):
        assert frame["ev"].sum() == pytest.approx(73, abs=1e-9)
        assert (frame["bev"] + frame["phev"] - frame["ev"]).abs().max() < 1e-9


def test_apartments_weigh_less(built, squares):
    assert propensity(squares.das, Parameters()).tolist() == [1.0, 0.4]
    _, vehicles, _, _ = built
    in_first = vehicles.bev[4]  # the N0B point of the first area: 20 households at 1
    others = vehicles.bev[5:]  # 100 households at 0.4 over three points
    assert in_first == pytest.approx(45e6 * 20 / (20 + 40), abs=1)
    assert others.sum() + in_first == 45_000_000


def test_cells_lie_on_the_100_m_grid_and_add_up(built, squares):
    cells, parts = cell_tables(built[2], CRS)
    first = cells.set_index("cell_id").loc["c_5400_48100"]
    assert (first["addresses"], first["easting_m"], first["northing_m"]) == (
        2,
        pytest.approx(540_055, abs=0.02),
        pytest.approx(4_810_055, abs=0.02),
    )
    assert parts.groupby("da_id")["population"].sum().tolist() == pytest.approx(
        squares.das["population"].tolist(), abs=1e-9
    )
    for name, frame in (("cells", cells), ("cell_parts", parts)):
        check(frame, PROCESSED[name], where=name, hint="")


def test_tract_point_is_the_centroid_and_da_point_the_mean_of_addresses(built, squares):
    das = da_table(built[2], squares)
    assert das.loc[0, "easting_m"] == pytest.approx(
        540_000 + (50 + 60 + 160 + 450 + 600) / 5, abs=0.02
    )
    tracts = tract_table(built[2], das, squares).set_index("tract_id")
    assert tracts.loc["5410001.00", ["easting_m", "northing_m"]].tolist() == [540_500, 4_810_500]
    assert tracts.loc["35300002", "population"] == 1001
    towns = municipality_table(built[2], das, squares)
    assert towns["area_km2"].tolist() == [1.0, 1.0]


def test_total_that_disagrees_is_repaired(tiny_raw, squares):
    census = census_of_codes()
    raw = tiny_raw(addresses=addresses(), evs=counts(TotalEV=[999, 13, 5]), fsa_census=census)
    ledger = Ledger()
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    fsas = downscale_vehicles(raw, points, squares, Parameters(), ledger).fsas
    assert fsas["ev"].tolist() == [120, 13]
    assert rows(ledger, "evs", "differ") == 1


def test_every_quarter_counts_a_blank_as_none_and_says_so(tiny_raw, squares):
    earlier = counts(quarter="2025Q3", PHEV=[30, None, None], TotalEV=[120, 10, 5])
    census = census_of_codes()
    evs = pd.concat([earlier, counts()])
    raw = tiny_raw(addresses=addresses(), evs=evs, fsa_census=census)
    ledger = Ledger()
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    vehicles = downscale_vehicles(raw, points, squares, Parameters(), ledger)
    # the share inside is that of the census, 0.5 for N0B, in both quarters
    assert vehicles.quarters.to_numpy().tolist() == [
        ["N0B", "2025Q3", 90, 30, 120, 60.0],
        ["N0B", "2025Q4", 90, 30, 120, 60.0],
        ["N2A", "2025Q3", 10, 0, 10, 10.0],
        ["N2A", "2025Q4", 10, 3, 13, 13.0],
    ]
    assert vehicles.fsas["quarter"].unique().tolist() == ["2025Q4"]
    assert rows(ledger, "evs", "blank stands for 0") == 1
    assert rows(ledger, "evs", "differ") == 0


def test_a_code_without_an_earlier_quarter_is_refused(tiny_raw, squares):
    raw = tiny_raw(evs=pd.concat([counts(quarter="2025Q3").iloc[:1], counts()]))
    with pytest.raises(KwevError, match="no EV counts for N2A in 2025Q3"):
        registered(raw, squares, Parameters(), Ledger())


def test_the_latest_quarter_of_the_file_counts_unless_another_is_named(tiny_raw, squares):
    evs = pd.concat([counts(quarter="2026Q1"), counts()])
    raw = tiny_raw(addresses=addresses(), evs=evs, fsa_census=census_of_codes())
    ledger = Ledger()
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    for parameters, quarter in ((Parameters(), "2026Q1"), (Parameters(quarter="2025Q4"), "2025Q4")):
        found = downscale_vehicles(raw, points, squares, parameters, ledger)
        assert set(found.fsas["quarter"]) == {quarter}


def test_absent_quarter_or_code_is_refused(tiny_raw, squares):
    raw = tiny_raw(evs=counts())
    with pytest.raises(KwevError, match="no rows of quarter 2030Q1"):
        registered(raw, squares, Parameters(quarter="2030Q1"), Ledger())
    raw = tiny_raw(addresses=addresses(), evs=counts(FSA=["N0B", "N1A", "N9Z"]))
    ledger = Ledger()
    points = spread_population(read_addresses(raw, ledger), squares, ledger)
    with pytest.raises(KwevError, match="no EV counts for N2A"):
        downscale_vehicles(raw, points, squares, Parameters(), ledger)
