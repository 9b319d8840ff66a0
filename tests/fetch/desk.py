"""A checkout that fetches from the local publishers, the command run as users run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cli.conftest import Checkout, Ended
from fetch.publishers import DAS, FSAS, KEY, Publishers, square
from home_region import FILES
from outcomes import left, state

from kwev.fetch import open_charge_map, web

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"timeout_s": 20, "tries": 3, "backoff_s": 0.0, "pause_s": 0.0, "most_bytes": 1_000_000}
"""As in earnest, but with less patience and room; a busy machine is no fault."""


@dataclass(frozen=True)
class Desk:
    """A checkout and the server that it asks."""

    checkout: Checkout
    server: Publishers

    @property
    def root(self) -> Path:
        return self.checkout.root

    @property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    def services(self, **addresses: str) -> None:
        """Write the addresses, some of them others."""
        value = self.server.services()
        value["services"] |= addresses
        (self.root / "data" / "services.json").write_text(json.dumps(value))

    def outline(self) -> None:
        """Put the outlines there, by which every publisher but Statistics Canada is asked."""
        for name, key, codes in (("das", "DAUID", DAS), ("fsas", "CFSAUID", FSAS)):
            features = [
                {"type": "Feature", "properties": {key: code}, "geometry": square(i)}
                for i, code in enumerate(codes)
            ]
            path = self.raw / FILES[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    def register(self) -> dict[str, dict]:
        value = json.loads((self.root / "data" / "sources.json").read_text())
        return {one["file"]: one for one in value["sources"]}

    def call(self, *arguments: str, key: str = KEY, **more: float) -> Ended:
        """Run `kwev fetch` in this process; ``more`` is said to its client."""
        with pytest.MonkeyPatch.context() as patch:
            self.environment(patch, key)
            patch.setattr(web, "Web", partial(web.Web, **QUICK | more))
            patch.setattr(open_charge_map, "A_PAGE", 2)
            return self.checkout.call("fetch", *arguments)

    @staticmethod
    def environment(patch: pytest.MonkeyPatch, key: str) -> None:
        for name in ("KWEV_RAW", "OCMAP_API_KEY", "NREL_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_PROXY", "127.0.0.1")
        if key:
            patch.setenv("OCMAP_API_KEY", key)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start `kwev fetch` as a process of its own."""
        environment = {name: value for name, value in os.environ.items() if name != "KWEV_RAW"}
        return subprocess.Popen(
            [sys.executable, "-m", "kwev.cli", "fetch", *arguments],
            cwd=self.root, env={**environment, "OCMAP_API_KEY": KEY, "NO_PROXY": "127.0.0.1"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def state(self) -> dict[str, str]:
        return state(self.root / "data")

    def left(self, before: dict[str, str]) -> str:
        """Return what a command changed in ``data``."""
        return left(before, self.state())

    def plain(self, text: str) -> str:
        text = text.replace(str(self.root), ".")
        text = text.replace(self.server.url.removeprefix("http://"), "PUBLISHER")
        return re.sub(r": line \d+ column \d+ \(char \d+\)", "", text)


def begin(folder: Path, server: Publishers) -> Desk:
    """Return a checkout without raw files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "config/base.json", "config/region.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "data").mkdir()
    licences = json.loads((ROOT / "data" / "sources.json").read_text())["licences"]
    register = {"licences": licences, "sources": []}
    (folder / "data" / "sources.json").write_text(json.dumps(register))
    desk = Desk(Checkout(folder), server)
    desk.services()
    return desk


def copied(desk: Desk, folder: Path, server: Publishers) -> Desk:
    """Return a copy of a checkout that asks another server."""
    made = Desk(Checkout(Path(shutil.copytree(desk.root, folder / "checkout"))), server)
    made.services()
    return made
