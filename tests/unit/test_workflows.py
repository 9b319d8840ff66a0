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


def test_there_are_all_three():
    assert [path.stem for path in FILES] == ["book", "renew", "weekly"]


def test_each_job_has_a_machine_a_limit_and_sound_steps(flow):
    assert flow[True]  # YAML reads the key `on` so
    for job in flow["jobs"].values():
        assert job["runs-on"].startswith("ubuntu-")
        assert 0 < job["timeout-minutes"] <= 360
        assert set([job.get("needs")] if "needs" in job else []) <= flow["jobs"].keys()
    for step in steps_of(flow):
        assert len({"run", "uses"} & step.keys()) == 1, step
        assert re.fullmatch(r"[\w-]+(/[\w-]+)+@v\d+", step.get("uses", "a/b@v1")), step


def test_a_run_may_read_and_only_those_that_publish_or_renew_write(flow):
    assert flow["permissions"] == {"contents": "read"}
    writers = {
        name: set(job["permissions"]) for name, job in flow["jobs"].items() if "permissions" in job
    }
    may = {"publish": {"pages", "id-token"}, "renew": {"contents", "pull-requests"}}
    assert all(rights == may[name] for name, rights in writers.items())


def test_every_command_is_a_target_of_the_makefile_or_a_file_of_the_environment(flow):
    commands = [step["run"] for step in steps_of(flow) if "run" in step]
    wanted = {"make renew"} if "renew" in flow["jobs"] else {"make test JOBS=4", "make book"}
    assert wanted <= set(commands)
    for command in commands:
        called = re.fullmatch(r"make ([a-z]+)(?: [A-Z]+=\w+)*", command)
        assert called or command.startswith(".venv/bin/python -m pip "), command
        assert not called or called[1] in TARGETS, command


def test_secrets_are_the_keys_of_sources_and_whoever_writes_does_so_from_main_alone(flow):
    secrets = set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(flow)))
    assert secrets == ({"OCMAP_API_KEY", "NREL_API_KEY"} if "renew" in flow["jobs"] else set())
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
