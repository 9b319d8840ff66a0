"""Every page in a real browser: what it says on its console, what it asks for, how wide it is.

Pages are served from 127.0.0.1 and opened in Chromium with a fresh profile, on a phone's width and
on a desk's. A page that writes an error to the console, fails to load something, asks any other
host for anything, or scrolls sideways on the phone is a problem.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from kwev.book.pages import DESK_PX, PHONE_PX, Problem

WIDTHS_PX = (PHONE_PX, DESK_PX)
HEIGHT_PX = 800
LOAD_TIMEOUT_MS = 30_000
SETTLE_MS = 500
"""Quiet time after the last frame has loaded."""
ABREAST = 4
"""Browsers that open pages at the same time."""
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OVERFLOW = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return "";
  const scrolls = (e) => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(p).overflowX)) return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > room + 1 && !scrolls(e));
  const e = wide[wide.length - 1];
  return e ? `<${e.tagName.toLowerCase()} id="${e.id}" class="${e.className}">` : "the page";
}"""


def find_browser():
    """Return the path of a Chromium: ``KWEV_CHROMIUM``, else one on the PATH, else None."""
    named = os.environ.get("KWEV_CHROMIUM")
    if named:
        return named
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def chromium():
    """Give a fresh Chromium; a test asks for the fixture ``browser``, one for a whole file.

    Two that are open at once in one thread fail: Playwright allows one driver there.
    """
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def check_pages(folder, pages, *, widths=WIDTHS_PX, shots=None):
    """Open pages of a site and return what is wrong with them; leave a picture of such a page."""
    with serve(folder) as address:
        found = visits(address, [(page, width) for page in pages for width in widths], shots)
    return [problem for problems, _ in found.values() for problem in problems]


def visits(address, asked, shots=None):
    """Open pages at widths; return by both what is wrong, and the bytes before anybody scrolls.

    Each of a few browsers opens its share: most of a visit is waiting for a page to be quiet.
    """

    def share(first):
        with chromium() as browser:
            return {at: _visit(browser, address, *at, shots) for at in asked[first::ABREAST]}

    with ThreadPoolExecutor(ABREAST) as pool:
        found = functools.reduce(dict.__or__, pool.map(share, range(ABREAST)))
    return {at: found[at] for at in asked}


def _visit(browser, address, page, width, shots):
    picture = shots / f"{page.replace('/', '-')}-{width}.png" if shots else None
    found, weight = _open(browser, address, page, width, picture)
    return [Problem(f"{page} at {width} px", what) for what in found], weight


def counted(tab):
    """Return the bytes of each file by address, which grow as the page loads more."""
    wire, named, found = tab.context.new_cdp_session(tab), {}, Counter()
    wire.send("Network.enable")
    wire.on("Network.requestWillBeSent", lambda e: named.update({e["requestId"]: e}))
    wire.on(
        "Network.dataReceived",
        lambda e: found.update({named[e["requestId"]]["request"]["url"]: e["dataLength"]}),
    )
    return found


@contextmanager
def serve(folder):
    """Serve a folder on 127.0.0.1 and give its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that doesn't tell the terminal."""

    def log_message(self, *arguments):
        """Say nothing."""


def _open(browser, address, page, width, picture):
    found = []
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT_PX}, reduced_motion="reduce"
    )
    tab = context.new_page()
    loaded = counted(tab)
    tab.on("console", lambda m: found.append(f"console: {m.text}") if m.type == "error" else None)
    tab.on("pageerror", lambda error: found.append(f"script error: {error}"))
    tab.on("requestfailed", lambda r: found.append(f"request failed: {r.url}"))
    tab.on(
        "request",
        lambda r: (
            None
            if r.url.startswith((f"{address}/", "data:", "blob:", "about:"))
            else found.append(f"asks another host: {r.url}")
        ),
    )
    tab.on(
        "response",
        lambda r: found.append(f"HTTP {r.status}: {r.url}") if r.status >= 400 else None,
    )
    try:
        tab.goto(f"{address}/{page}", wait_until="networkidle", timeout=LOAD_TIMEOUT_MS)
        weight = sum(loaded.values())
        _scroll_through(tab)
        _ask_all(tab)
        if width <= PHONE_PX:
            wide = tab.evaluate(_OVERFLOW)
            if wide:
                found.append(f"wider than the screen: {wide}")
        if found and picture is not None:
            picture.parent.mkdir(parents=True, exist_ok=True)
            tab.screenshot(path=str(picture), full_page=True)
    finally:
        context.close()
    return [text.replace(address, "") for text in dict.fromkeys(found)], weight


def _ask_all(tab):
    """Put the form that moves in the place of each figure's picture."""
    tab.evaluate("document.querySelectorAll('.kwev-ask button').forEach((b) => b.click())")
    charts = "document.querySelectorAll('.kwev-panel:not([data-drawn])').length === 0"
    tab.wait_for_function(charts, timeout=LOAD_TIMEOUT_MS)
    _loaded(tab)


def _scroll_through(tab):
    """Scroll to the end, so that lazy frames and pictures load too."""
    tab.evaluate(
        """async () => {
          for (let y = 0; y < document.body.scrollHeight; y += window.innerHeight) {
            window.scrollTo(0, y);
            await new Promise((done) => setTimeout(done, 20));
          }
          window.scrollTo(0, 0);
        }"""
    )


def _loaded(tab):
    # a page that has been idle once is not always told idle again when a frame has come in
    for frame in tab.frames:
        frame.wait_for_load_state("load", timeout=LOAD_TIMEOUT_MS)
    tab.wait_for_timeout(SETTLE_MS)
