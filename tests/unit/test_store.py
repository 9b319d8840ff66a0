"""The store: solved once, checked at every reading, never showing what is damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import psutil
import pytest
from planted import refreshed, village

from kwev.config import Case
from kwev.errors import KwevError
from kwev.files import write_json
from kwev.project import Project
from kwev.sets import renewing
from kwev.solve import stages
from kwev.studies import store


@pytest.fixture(scope="module")
def town():
    return village()


@pytest.fixture
def solves(monkeypatch):
    """Count the solves behind the store."""
    calls = []
    real = stages.solve_scenario

    def counted(*args, **kwargs):
        calls.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(stages, "solve_scenario", counted)
    return calls


@pytest.fixture
def shelf(tmp_path, town, solves):
    """Return a project with the town's plan in its store."""
    project = Project(tmp_path)
    store.stored(project, town.tables, town.case)
    solves.clear()
    return project


def entry_path(project):
    (path,) = project.store.glob("*/plan.json")
    return path


def test_the_second_call_does_not_solve(shelf, town, solves):
    entry = store.stored(shelf, town.tables, town.case)
    assert solves == []
    assert entry.plan == town.plan
    assert entry.account["solves"]


def test_an_entry_is_a_folder_of_plan_files(shelf):
    names = sorted(path.name for path in entry_path(shelf).parent.iterdir())
    assert names == ["manifest.json", "plan.csv", "plan.geojson", "plan.json", "solve.json"]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def a_list(path):
    path.write_text("[]")


def not_utf8(path):
    path.write_bytes(b"\xff\xfe\x00")


def removed(path):
    path.unlink()


def account_removed(path):
    (path.parent / "solve.json").unlink()


def uncertified(path):
    write_json(path, {**json.loads(path.read_text()), "certificate": None})


def edited(path):
    values = json.loads(path.read_text())
    values["coverage"]["l2"]["after"] += 1e-6
    write_json(path, values)


def forged(path):
    """Cost halved, sums and hashes refreshed, and a certificate that finds nothing wrong."""
    values = json.loads(path.read_text())
    certificate = values["certificate"]
    for action in values["actions"]:
        action["purchase_cad"] /= 2
        action["net_cad"] = action["purchase_cad"] - action["resale_cad"]
    write_json(path, {**refreshed(values), "certificate": certificate})


def a_folder(path):
    path.unlink()
    (path / "deep").mkdir(parents=True)


def the_folder_a_file(path):
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"\x00")


def the_folder_a_broken_link(path):
    shutil.rmtree(path.parent)
    path.parent.symlink_to(path.parent / "nowhere")


def account(values):
    def damage(path):
        write_json(path.parent / "solve.json", values)

    damage.__name__ = f"account_{type(values).__name__}"
    return damage


def account_of_another_solver(path):
    account_path = path.parent / "solve.json"
    write_json(account_path, {**json.loads(account_path.read_text()), "solver": "oracle"})


def of_another_solve(path):
    """A plan that was made under other limits."""
    values = json.loads(path.read_text())
    values["solver_says"]["settings"]["time_limit_s"] = 1.0
    write_json(path, values)


def of_an_older_format(path):
    write_json(path, {**json.loads(path.read_text()), "format_version": 1})


def with_a_key_twice(path):
    path.write_text(path.read_text().replace('"scenario":', '"scenario": "x", "scenario":', 1))


@pytest.mark.parametrize(
    "damage",
    [
        cut, a_list, not_utf8, removed, account_removed, uncertified, edited, forged, a_folder,
        the_folder_a_file, the_folder_a_broken_link, account([]), account({}), account("x"),
        account_of_another_solver, of_another_solve, of_an_older_format, with_a_key_twice,
    ],
    ids=lambda damage: damage.__name__,
)  # fmt: skip
def test_a_damaged_entry_is_solved_anew(shelf, town, solves, damage):
    damage(entry_path(shelf))
    entry = store.stored(shelf, town.tables, town.case)
    assert len(solves) == 1
    assert entry.plan == town.plan
    # and it is mended on the shelf
    store.stored(shelf, town.tables, town.case)
    assert len(solves) == 1


def test_bytes_of_any_kind_heal(shelf, town, solves):
    random = np.random.default_rng(0)
    path = entry_path(shelf)
    for trial in range(6):
        content = bytearray(path.read_bytes())
        for at in random.integers(0, len(content), 1 + trial):
            content[at] = random.integers(0, 256)
        path.write_bytes(bytes(content))
        assert store.stored(shelf, town.tables, town.case).plan == town.plan
        assert json.loads(path.read_text()) == town.plan.as_dict()
    assert solves


def test_what_a_worker_returns_is_certified_again(town):
    entry = store.solve_certified(town.tables, town.case)
    good = store._certified_here(town.tables, town.case, (entry, {"net_cad": -1.0}), "tcp://x")
    # the values of the row are worked out here, whatever the worker says
    assert good[1]["net_cad"] == town.plan.cost.net_cad
    plan = entry.plan
    cost = plan.cost.model_copy(update={"net_cad": 1.0})
    lies = [
        None,
        (),
        ("plan", {}),
        (store.Entry(plan.model_copy(update={"cost": cost}), entry.account), {}),
        (store.Entry(plan.model_copy(update={"certificate": None}), entry.account), {}),
        (store.Entry(plan.model_copy(update={"actions": []}), entry.account), {}),
        (store.Entry(plan, {}), {}),
        (store.Entry({}, entry.account), {}),
    ]
    for lie in lies:
        with pytest.raises(KwevError, match=r"a worker returned no sound plan of 'toy'"):
            store._certified_here(town.tables, town.case, lie, "tcp://x")


def test_another_plan_under_the_same_key_is_not_shown(shelf, town, solves):
    other = Case("toy", town.case.config.with_values(budget__limit_cad=1e5), "da")
    store.stored(shelf, town.tables, other)
    solves.clear()
    keys = [store.key(town.tables, case) for case in (town.case, other)]
    mine, theirs = (next(shelf.store.glob(f"*{key}")) for key in keys)
    (mine / "plan.json").write_bytes((theirs / "plan.json").read_bytes())
    assert store.stored(shelf, town.tables, town.case).plan == town.plan
    assert len(solves) == 1


@pytest.mark.parametrize(
    "change", [{"budget__limit_cad": 1e5}, {"solver__mip_gap": 0.1}, {"targets__l2": 0.1}]
)
def test_another_question_has_another_key(town, change):
    other = Case("toy", town.case.config.with_values(**change), "da")
    assert store.key(town.tables, other) != store.key(town.tables, town.case)


def test_other_data_code_or_geography_have_another_key(town, monkeypatch):
    mine = store.key(town.tables, town.case)
    assert store.key(town.tables, Case("toy", town.case.config, "cell")) != mine
    with monkeypatch.context() as patch:
        patch.setattr(town.tables, "inputs_sha256", "1" * 64)
        assert store.key(town.tables, town.case) != mine
    with monkeypatch.context() as patch:
        patch.setattr(store, "PLAN_VERSION", "other")
        assert store.key(town.tables, town.case) != mine
    assert store.key(town.tables, town.case) == mine


@pytest.mark.parametrize(
    "change",
    [
        {"solver__time_limit_s": 599.0}, {"solver__threads": 1}, {"solver__seed": 5},
        {"solver__name": "scip"},
    ],
)  # fmt: skip
def test_whatever_may_change_the_answer_is_keyed(town, change):
    other = Case("toy", town.case.config.with_values(**change), "da")
    assert store.key(town.tables, other) != store.key(town.tables, town.case)


def test_what_ended_at_a_limit_answers_no_question_with_a_larger_one(tmp_path, town, solves):
    project = Project(tmp_path)
    config = town.case.config.with_values(solver__time_limit_s=1e-9)
    starved = store.stored(project, town.tables, Case("toy", config, "da")).plan
    assert starved.solver_says.ended == "limit"
    fed = store.stored(project, town.tables, town.case).plan
    assert fed == town.plan != starved
    assert len(solves) == 2
    # nor does it where it is put there by hand
    (theirs,) = project.store.glob("*" + store.key(town.tables, Case("toy", config, "da")))
    mine = store.folder_of(project, town.tables, town.case)
    for name in ("plan.json", "solve.json"):
        (mine / name).write_bytes((theirs / name).read_bytes())
    assert store.stored(project, town.tables, town.case).plan == town.plan
    assert len(solves) == 3


def test_other_crews_find_the_same_plan(shelf, town, solves):
    first = store.stored(shelf, town.tables, town.case)
    config = town.case.config.with_values(phasing__periods=12, phasing__crews__l2=1)
    again = store.stored(shelf, town.tables, Case("toy", config, "da"))
    assert again.plan == first.plan
    assert solves == []


def test_a_plan_that_fails_its_certificate_is_not_stored(tmp_path, town, monkeypatch):
    from kwev.plan.format import Certificate

    bad = Certificate(violations=["something"], targets={}, checks=1)
    monkeypatch.setattr(store, "certify", lambda *_: bad)
    with pytest.raises(KwevError, match="fails its certificate: something"):
        store.stored(Project(tmp_path), town.tables, town.case)
    assert list(tmp_path.rglob("plan.json")) == []


def test_a_fresh_store_forgets_everything(shelf, town, solves):
    with renewing(shelf.store, fresh=True, keep=False):
        store.stored(shelf, town.tables, town.case)
    assert len(solves) == 1


def test_a_process_that_is_ended_from_outside_is_one_clear_error(tmp_path):
    import os

    with pytest.raises(KwevError, match=r"a process that solves was ended.*Run again"):
        list(store.in_processes(os._exit, {tmp_path: (1,)}))


POOL = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from kwev.studies.store import _leave_to_parent

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_leave_to_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_a_worker_ends_with_the_process_that_it_works_for(tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.kill()
    assert psutil.wait_procs([worker], timeout=30)[1] == []
