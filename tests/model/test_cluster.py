"""A sweep on a Dask cluster, with a worker that dies in the middle: the table of the local run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from shelves import checkout

from kwev.config import Case
from kwev.errors import KwevError
from kwev.studies import study
from kwev.studies.study import Point

distributed = pytest.importorskip("distributed")

BUDGETS_CAD = (250_000, 500_000, 750_000, 1_000_000, 1_250_000, 1_500_000)
START_S = 90


def points_of(base_case):
    return [
        Point(
            "toy",
            f"{budget}",
            Case("base", base_case.config.with_values(budget__limit_cad=budget), "tract"),
        )
        for budget in BUDGETS_CAD
    ]


class Cluster:
    """A scheduler and workers as processes of this machine, on loopback alone."""

    def __init__(self, folder):
        self.folder, self.jobs = folder, []
        log = self._start(
            "scheduler", "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        found = self._wait(log, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")
        self.address = found.group(1)

    def worker(self, name):
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        log = self._start(name, "dask_worker", self.address, "--name", name, *arguments)
        self._wait(log, r"Registered to:")
        return self.jobs[-1]

    def stop(self):
        for job in self.jobs:
            job.kill()
            job.wait()

    def _start(self, name, module, *arguments):
        log = self.folder / f"{name}.log"
        with log.open("wb") as stream:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
            self.jobs.append(
                subprocess.Popen(command, stdout=stream, stderr=stream, cwd=self.folder)
            )
        return log

    def _wait(self, log, pattern):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            found = re.search(pattern, log.read_text(errors="replace"))
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster")
    yield made
    made.stop()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_table_of_the_local_run(
    tmp_path, project, base_case, cluster
):
    points = points_of(base_case)
    afar, here = (checkout(tmp_path / name, project) for name in ("afar", "here"))
    victim, _ = cluster.worker("first"), cluster.worker("second")
    told = []

    def progress(name):
        told.append(name)
        if len(told) == 2:  # in the middle: the other plans are not made yet
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()

    assert study.run(afar, points, scheduler=cluster.address, progress=progress) == len(points)
    assert victim.poll() == -signal.SIGKILL
    assert len(told) == len(points)
    study.run(here, points)
    own, other = (study.path_of(p, "toy").read_bytes() for p in (here, afar))
    assert own == other
    assert study.results(afar, points)["violations"].eq(0).all()


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused(tmp_path, project, base_case, cluster, monkeypatch):
    copy = checkout(tmp_path / "copy", project)
    cluster.worker("only")
    monkeypatch.setattr(study.store, "PLAN_VERSION", "other")
    with pytest.raises(KwevError, match="it has other data or code"):
        study.run(copy, points_of(base_case)[:1], scheduler=cluster.address)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "no address"])
def test_a_scheduler_that_does_not_answer_is_one_clear_error(
    tmp_path, project, base_case, monkeypatch, address
):
    monkeypatch.setattr("kwev.studies.store.CONNECT_S", 1)
    copy = checkout(tmp_path / "copy", project)
    with pytest.raises(KwevError, match=r"no scheduler answers.*--host 127\.0\.0\.1.*TLS.*pickle"):
        study.run(copy, points_of(base_case)[:1], scheduler=address)
