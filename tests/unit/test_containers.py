"""The container file and the editor's container: their syntax, and what they lead to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


def instructions(text):
    """Return instructions with their arguments, as the format joins and comments lines."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [line.strip().partition(" ")[::2] for line in joined.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def container():
    return instructions((ROOT / "Containerfile").read_text())


def of(container, name):
    return [rest for word, rest in container if word == name]


def test_it_is_made_of_instructions_and_its_stages_follow_from_each_other(container):
    assert {word for word, _ in container} <= INSTRUCTIONS
    assert [word for word, _ in container[:2]] == ["ARG", "FROM"]
    stages = []
    for rest in of(container, "FROM"):
        found = re.fullmatch(r"(\S+) AS (\w+)", rest)
        assert found, rest
        assert found[1] in stages or ":" in found[1], "an image has a version"
        stages.append(found[2])
    assert stages == ["tools", "kwev"]


def test_forms_in_brackets_are_json(container):
    for name in ("CMD", "SHELL"):
        assert all(isinstance(json.loads(rest), list) for rest in of(container, name))


def test_every_variable_is_set_before_it_is_used(container):
    known = {"PATH"}
    for word, rest in container:
        if word == "RUN":
            known |= set(re.findall(r"(?:^|&& |\s)(\w+)=", rest))
        missing = set(re.findall(r"\$\{(\w+)\}", rest)) - known
        assert not missing, (word, missing)
        if word in {"ARG", "ENV"}:
            known |= set(re.findall(r"(\w+)=", rest))


def test_it_renders_with_the_quarto_that_the_doctor_asks_for_and_checks_the_archive(container):
    from kwev.doctor import NEWEST, OLDEST, QUARTO

    args = dict(rest.split("=") for rest in of(container, "ARG"))
    version = tuple(map(int, args["QUARTO"].split(".")))
    assert version[:2] >= QUARTO
    assert OLDEST <= tuple(map(int, args["PYTHON"].split("."))) <= NEWEST
    (archive,) = [rest for rest in of(container, "RUN") if "quarto-cli" in rest]
    order = [archive.index(word) for word in ("curl --fail", "sha256sum --check", "tar --extract")]
    assert order == sorted(order)


def test_it_runs_targets_of_the_makefile_and_not_as_root(container):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {rest for run in of(container, "RUN") for rest in re.findall(r"make ([a-z]+)", run)}
    asked |= {json.loads(rest)[1] for rest in of(container, "CMD")}
    assert "book" in asked
    assert asked - {"make"} <= targets
    assert [word for word, _ in container[-2:]] == ["USER", "CMD"]
    assert of(container, "USER")[-1] not in {"root", "0"}


def test_nothing_of_this_checkout_that_is_made_or_secret_goes_into_the_image():
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    made = {".venv", ".env", "build", "_book", "data/raw"}
    assert made <= set(left_out)


DEVCONTAINER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "build"],
    "properties": {
        "name": {"type": "string"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "required": ["dockerfile"],
            "properties": {
                "dockerfile": {"type": "string"},
                "context": {"type": "string"},
                "target": {"type": "string"},
                "args": {"type": "object"},
            },
        },
        "postCreateCommand": {"type": "string"},
        "forwardPorts": {"type": "array", "items": {"type": ["integer", "string"]}},
        "portsAttributes": {"type": "object"},
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
                "storage": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
            },
        },
        "customizations": {"type": "object"},
    },
}
"""What we use of the schema of development containers (https://containers.dev)."""


def test_the_editor_opens_the_stage_with_the_tools(container):
    from jsonschema import Draft202012Validator

    path = ROOT / ".devcontainer" / "devcontainer.json"
    told = json.loads(path.read_text())
    Draft202012Validator(DEVCONTAINER).validate(told)
    assert (path.parent / told["build"]["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert (path.parent / told["build"]["context"]).resolve() == ROOT
    assert any(rest.endswith(f" AS {told['build']['target']}") for rest in of(container, "FROM"))
    assert told["postCreateCommand"] == "make setup"


@pytest.mark.parametrize(
    ("old", "new", "test"),
    [
        ("FROM tools AS", "FORM tools AS", "it_is_made_of"),
        ("FROM tools AS", "FROM tool AS", "it_is_made_of"),
        ('CMD ["make", "book"]', "CMD ['make', 'book']", "forms_in_brackets"),
        ("ARG QUARTO=", "ARG QUARTER=", "every_variable"),
        ("QUARTO=1.10", "QUARTO=1.9", "it_renders_with"),
        ("sha256sum --check", "sha256sum", "it_renders_with"),
        ("make setup", "make sertup", "it_runs_targets"),
        ("USER 1000", "USER root", "it_runs_targets"),
    ],
)
def test_a_planted_slip_is_found(old, new, test):
    text = (ROOT / "Containerfile").read_text()
    assert old in text
    (check,) = [fn for name, fn in globals().items() if name.startswith(f"test_{test}")]
    with pytest.raises((AssertionError, ValueError, KeyError)):
        check(instructions(text.replace(old, new)))
