"""Questions of the page "Change the plan", asked of its own solver in a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from kwev.site import what_if_data as data

SCRIPTS = ("what-if-solver.js", "what-if-plan.js")
SET_UP = """(given) => {
  window.start = given;
  const ground = given.ground;
  ground.index = Object.fromEntries(ground.places.id.map((id, i) => [id, i]));
  window.levels = {};
  window.problemOf = (values, forced) => {
    const text = kwevPlanFile.configText(start.canonical, values), config = JSON.parse(text);
    const names = ["l2", "l3"].map((l) => l + "-" + config.coverage[l + "_radius_m"]);
    const [l2, l3] = names.map((name) => levels[name]);
    return [kwevWhatIf.problem(ground, { l2, l3 }, config, forced), text];
  };
}"""
ADD_LEVEL = """([name, raw]) => {
  levels[name] = kwevWhatIf.readLevel(raw, start.ground.places.id.length);
  levels[name].cells = raw.cells;
}"""
ASK = """({values, forced, ms, seeded, cells}) => {
  const [P, text] = problemOf(values, forced), began = performance.now();
  const answer = new kwevWhatIf.Answer(P, start.rows, seeded ? start.recommended : null);
  answer.work(1);
  const first_ms = performance.now() - began;
  while (performance.now() - began < ms && answer.state().gap > start.enough) answer.work(100);
  const state = answer.state(), found = {...state, first_ms, ms: performance.now() - began};
  found.actions = P.list.map((one, k) => [one.id, state.ports[k]]).filter((pair) => pair[1]);
  found.evaluated = kwevWhatIf.evaluate(P, state.ports).value;
  if (cells) {
    const own = kwevPlanFile.readCells(cells, P.levels), words = start.words;
    found.plan = kwevPlanFile.plan(P, state.ports, text, own, start.about, words, state.bound);
    found.csv = kwevPlanFile.csv(found.plan.actions);
  }
  delete found.ports;
  return found;
}"""


@dataclass(frozen=True)
class Question:
    """What a reader sets: values by dotted key, and what is forced in (actions) or out (places)."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    forced_in: tuple[str, ...] = ()
    forced_out: tuple[str, ...] = ()


class Asking:
    """A browser tab with the page's solver in it, and the data that it has been given."""

    def __init__(self, tab, start, level_of):
        self.tab, self._start, self._level_of, self._known = tab, start, level_of, set()
        for name in SCRIPTS:
            tab.add_script_tag(path=str(files("kwev.site").joinpath("assets", name)))
        tab.evaluate(SET_UP, start)

    def values(self, question):
        """Return the values of every key that a question sets, and have their data read."""
        values = {**self._start["defaults"], **question.values}
        for level in ("l2", "l3"):
            name = f"{level}-{values[f'coverage.{level}_radius_m']:g}"
            if name not in self._known:
                self.tab.evaluate(ADD_LEVEL, [name, self._level_of(*name.split("-"))])
                self._known.add(name)
        return values

    def ask(self, question, *, ms=1500, seeded=False, cells=None):
        """Return the answer: value, bound, gap, actions, and the plan where there are ``cells``."""
        given = {
            "values": self.values(question),
            "forced": {"in": list(question.forced_in), "out": list(question.forced_out)},
        }
        return self.tab.evaluate(ASK, {**given, "ms": ms, "seeded": seeded, "cells": cells})


def small_start(tables, config):
    """Return what the page would begin with for a region without a published plan."""
    ground = data.Ground.of(tables, config)
    values = config.as_dict()
    rows = {}
    start = {
        "ground": {
            "places": data.place_data(tables, ground),
            "energy": data.energy_data(tables, ground),
            "lands": list(data.LAND_KEYS),
            "people": float(ground.points.people.sum()),
            "ev": float(ground.points.ev.sum()),
        },
        "canonical": data.canonical(config),
        "defaults": {
            key: values[key.split(".")[0]][key.split(".")[1]] for key in data.QUESTION_KEYS
        },
        "rows": rows,
        "enough": 1e-9,
    }
    half = data.np.full(len(ground.points), data.PART // 2)
    return start, lambda level, radius: data.level_data(ground, level, float(radius), half)
