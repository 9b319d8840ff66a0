"""The workflows that others run: they parse, hang together, and call what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def flow(request):
    return yaml.safe_load(request.param.read_text())


def steps_of(flow):
    return [step for job in flow["jobs"].values() for step in job["steps"]]


def test_there_are_both():
    assert [path.stem for path in FILES] == ["book", "weekly"]


def test_each_job_has_a_machine_a_limit_and_sound_steps(flow):
    assert flow[True]  # YAML reads the key `on` so
    for job in flow["jobs"].values():
        assert job["runs-on"].startswith("ubuntu-")
        assert 0 < job["timeout-minutes"] <= 360
        assert set([job.get("needs")] if "needs" in job else []) <= flow["jobs"].keys()
    for step in steps_of(flow):
        assert len({"run", "uses"} & step.keys()) == 1, step
        assert re.fullmatch(r"[\w-]+(/[\w-]+)+@v\d+", step.get("uses", "a/b@v1")), step


def test_a_run_may_read_and_only_the_publishing_job_write(flow):
    assert flow["permissions"] == {"contents": "read"}
    writers = {name for name, job in flow["jobs"].items() if "permissions" in job}
    assert writers <= {"publish"}


def test_every_command_is_a_target_of_the_makefile_or_a_file_of_the_environment(flow):
    commands = [step["run"] for step in steps_of(flow) if "run" in step]
    assert any(command.startswith("make test") for command in commands)
    assert any(command.startswith("make book") for command in commands)
    for command in commands:
        called = re.fullmatch(r"make ([a-z]+)(?: [A-Z]+=\w+)*", command)
        assert called or command.startswith(".venv/bin/python -m pip "), command
        assert not called or called[1] in TARGETS, command


def test_a_secret_is_asked_for_by_nobody_and_pages_come_from_main_alone(flow):
    assert "secrets." not in yaml.safe_dump(flow)
    for job in flow["jobs"].values():
        if "permissions" in job:
            assert "refs/heads/main" in job["if"]
            assert "pull_request" in job["if"]


def test_the_weekly_run_takes_no_lock():
    text = (ROOT / ".github" / "workflows" / "weekly.yml").read_text()
    assert "make newest" in text
    assert "make setup" not in text
    rule = re.search(
        r"^newest:.*?(?=^\S)", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    )[0]
    assert "requirements.txt" not in rule
    assert "--upgrade" in rule
    assert "$(STAMP)" in rule  # so that the next target installs no lock over it
