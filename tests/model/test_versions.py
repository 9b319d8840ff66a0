"""The code behind plans and records does not change without its declared version."""

from __future__ import annotations

import pytest
from model.versions import Code, Stage, kept, problems, stages

SOURCES = {
    "kwev": "",
    "kwev.units": '"""Units."""\nCM = 100\n"""cm"""\nUNUSED = 3\n',
    "kwev.solve": '"""A room that loads its names late."""\n',
    "kwev.solve.stages": (
        "from kwev import units\n"
        "from kwev.solve.more import halved as half\n"
        "if TYPE_CHECKING:\n"
        "    from kwev.solve.given import Given\n"
        "def solve(given: Given, x: int = 2) -> float:\n"
        '    """Solve."""\n'
        "    from kwev.solve.more import twice\n"
        "    return twice(given.size()) * units.CM + half(x)\n"
        "def other():\n"
        "    return 7\n"
    ),
    "kwev.solve.more": "def halved(x):\n    return x / 2\ndef twice(x):\n    return 2 * x\n",
    "kwev.solve.given": "class Given:\n    def size(self):\n        return 1\n",
}
ENTRY = (("kwev.solve.stages", "solve"),)


def changed(module: str, *pairs: tuple[str, str], **more: str) -> bool:
    text = SOURCES[module]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    sources = {**SOURCES, module: text, **{f"kwev.solve.{name}": new for name, new in more.items()}}
    return Code(sources).fingerprint(ENTRY) != Code(SOURCES).fingerprint(ENTRY)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("kwev.solve.stages", '"""Solve."""', '"""Solve it well."""'),
        ("kwev.solve.stages", "    return twice", "    # twice\n    return twice"),
        ("kwev.solve.stages", "x: int = 2", "x: float = 2"),
        ("kwev.solve.stages", "-> float", "-> int"),
        ("kwev.solve.stages", "return 7", "return 8"),
        ("kwev.solve.stages", "halved as half", "halved"),
        ("kwev.units", '"""cm"""', '"""Centimetres in a metre."""'),
        ("kwev.units", "UNUSED = 3", "UNUSED = 4"),
    ],
)
def test_words_annotations_and_code_out_of_reach_change_nothing(module, old, new):
    pairs = [(old, new)]
    if new == "halved":
        pairs.append(("half(x)", "halved(x)"))
    assert not changed(module, *pairs)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("kwev.units", "CM = 100", "CM = 101"),
        ("kwev.solve.stages", "x: int = 2", "x: int = 3"),
        ("kwev.solve.more", "x / 2", "x / 3"),
        ("kwev.solve.more", "2 * x", "3 * x"),
        ("kwev.solve.given", "return 1", "return 2"),
    ],
)
def test_whatever_may_change_an_answer_changes_the_fingerprint(module, old, new):
    assert changed(module, (old, new))


def test_a_function_that_moves_changes_nothing():
    moved = {
        "stages": SOURCES["kwev.solve.stages"].replace("solve.more import h", "solve import h"),
        "far": "def halved(x):\n    return x / 2\n",
    }
    text = ("def halved(x):\n    return x / 2\n", "")
    assert not changed("kwev.solve.more", text, **moved)


def test_a_record_has_the_code_beyond_that_of_a_plan():
    code = Code({**SOURCES, "kwev.rec": "from kwev.solve.stages import solve\n"
                                        "def record():\n    return solve(None)\n"})  # fmt: skip
    record = (("kwev.rec", "record"),)
    assert code.reached(record) - code.reached(ENTRY) == {("kwev.rec", "record")}
    assert code.fingerprint(record, ENTRY) != code.fingerprint(record)


def test_an_entry_that_is_gone_is_told():
    with pytest.raises(LookupError, match="name it anew"):
        Code(SOURCES).fingerprint((("kwev.solve.stages", "solved"),))


def test_the_message_says_what_to_do():
    before = {"plan": Stage("1", "a"), "gone": Stage("1", "b")}
    assert problems(before, before) == []
    same, gone = sorted(problems({"plan": Stage("1", "x")}, before), reverse=True)
    assert "raise the version" in same
    assert "make sweeps" in same
    assert "--accept" in same
    assert gone.startswith("gone: no such stage")
    assert (
        "not accepted yet" in problems({"plan": Stage("2", "x"), "gone": before["gone"]}, before)[0]
    )


def test_every_stage_is_as_it_was_accepted():
    assert problems(stages(), kept()) == []
