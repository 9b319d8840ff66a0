"""Weigh every page of a rendered site: ``python tests/weigh.py [PAGE ...]``, with the book there.

The site is served from 127.0.0.1 without compression and opened in Chromium. For each page stand:
bytes that are loaded before anybody scrolls (the larger of a phone's and a desk's), the time of the
largest paint on a phone with a processor four times slower and 1.6 Mbit/s, and what axe-core finds
that is serious or critical, with all folds opened, on 320 and 1280 px, by day and by night. Of
a table and of a long list it sees the first twelve rows.

Not in the ordinary suite, which holds the bytes of all pages and axe for a few of them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from chromium import chromium, counted, serve

from kwev.book.pages import DESK_PX, PHONE_PX

ROOT = Path(__file__).resolve().parents[1]
HEIGHT_PX = 800
AXE_WIDTHS_PX = (320, DESK_PX)
SCHEMES = ("light", "dark")
SLOWER = 4
BYTES_PER_S = 1.6e6 / 8
TIMEOUT_MS = 60_000
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # nobody reads what passes: telling of each such element takes longer than looking at all
    "resultTypes": ["violations"],
}
GRAVE = ("serious", "critical")
INNER = ("site_libs/", "assets/maps/")
"""Folders of what is no page of its own; a map's page is weighed where it is named."""

ROWS = 12
"""Rows of a table or a long list that axe looks at: the others are of the same make."""

_UNFOLD = """(most) => {
  const long = "tbody, .kwev-cards, main ul:has(> li:nth-child(40)), :has(> .request)";
  for (const list of document.querySelectorAll(long))
    [...list.children].slice(most).forEach((one) => one.remove());
  document.querySelectorAll("details").forEach((box) => { box.open = true; });
  document.querySelectorAll(".callout-collapse.collapse").forEach((b) => b.classList.add("show"));
}"""
_LARGEST = """() => new Promise((done) => {
  // a picture that has come may be painted after the text: what is largest stands for a second
  let wait = setTimeout(() => done([NaN, ""]), 5000);
  new PerformanceObserver((list) => {
    const last = list.getEntries().at(-1);
    const found = [last.startTime / 1000, last.element ? last.element.outerHTML.slice(0, 60) : ""];
    clearTimeout(wait);
    wait = setTimeout(() => done(found), 1000);
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""


def pages_of(folder):
    """Return the pages of a site, from its root."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html"))]
    return [name for name in names if not name.startswith(INNER)]


def size(folder, *, without=()):
    """Return the bytes of all files below a folder but those whose path begins with one named."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(tuple(without))
    )


def of_site(site):
    """Return the bytes of what a reader opens: no file to take away, and no PDF.

    Files to take away are the downloads and their list, the data of each figure and table, and the
    form of a figure's picture that no page shows.
    """
    pages = [site / "index.html", *sorted((site / "chapters").glob("*.html"))]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r'<img[^>]+src="[^"]*/?assets/figures/([^"]+)"', text))
    pictures = {f"assets/figures/{path.name}" for path in (site / "assets" / "figures").iterdir()}
    hidden = sorted(pictures - {f"assets/figures/{name}" for name in shown})
    pdfs = [path.relative_to(site).as_posix() for path in site.rglob("*.pdf")]
    given = ("assets/downloads/", "assets/data/", "assets/tables/", "downloads.json")
    return size(site, without=(*given, *hidden, *pdfs))


@contextmanager
def _tab(browser, width, scheme="light"):
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT_PX}, color_scheme=scheme, bypass_csp=True
    )
    yield context.new_page()
    context.close()


def loaded(browser, address, width=DESK_PX):
    """Return the bytes of each file that a page loads before anybody scrolls, by address."""
    with _tab(browser, width) as tab:
        found = counted(tab)
        tab.goto(address, wait_until="networkidle", timeout=TIMEOUT_MS)
    return found


def largest_paint(browser, address, width=PHONE_PX):
    """Return when the largest paint came on a slow phone (seconds), and of what."""
    with _tab(browser, width) as tab:
        wire = tab.context.new_cdp_session(tab)
        wire.send("Network.enable")
        speed = {"downloadThroughput": BYTES_PER_S, "uploadThroughput": BYTES_PER_S}
        wire.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **speed})
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        tab.goto(address, wait_until="load", timeout=TIMEOUT_MS)
        return tab.evaluate(_LARGEST)


def grave(browser, address, width, scheme):
    """Return what axe-core finds on a page that is serious or critical: rule, elements."""
    with _tab(browser, width, scheme) as tab:
        tab.goto(address, wait_until="load", timeout=TIMEOUT_MS)
        tab.evaluate(_UNFOLD, ROWS)
        found = Axe().run(tab, options=RULES).response["violations"]
        return {
            v["id"]: [node["html"][:160] for node in v["nodes"]]
            for v in found
            if v["impact"] in GRAVE
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="paths in the site; all by default")
    parser.add_argument("--site", type=Path, default=ROOT / "_book")
    parser.add_argument("--no-axe", action="store_true", help="weigh only")
    given = parser.parse_args()
    if not (given.site / "index.html").is_file():
        sys.exit(f"no site in {given.site}; run make book")
    rules = Counter()
    print("| page | kB at first view | largest paint (s) | axe: serious or critical |")
    print("|---|---:|---:|---:|")
    with serve(given.site) as address, chromium() as browser:
        for page in given.pages or pages_of(given.site):
            here = f"{address}/{page}"
            weight = max(sum(loaded(browser, here, px).values()) for px in (PHONE_PX, DESK_PX))
            paint, _ = largest_paint(browser, here)
            bad = Counter()
            for width, scheme in [] if given.no_axe else product(AXE_WIDTHS_PX, SCHEMES):
                for rule, nodes in grave(browser, here, width, scheme).items():
                    bad[rule] += len(nodes)
                    rules.update({(rule, node): 1 for node in nodes})
            told = ", ".join(f"{rule} {count}" for rule, count in sorted(bad.items())) or "0"
            told = "not looked for" if given.no_axe else told
            print(f"| {page} | {weight / 1000:,.0f} | {paint:.2f} | {told} |", flush=True)
    print(f"\nSite without downloads and PDF: {of_site(given.site) / 1e6:.1f} MB")
    for (rule, node), count in rules.most_common(40):
        print(f"{count:4} {rule}: {node}")


if __name__ == "__main__":
    main()
