"""The check of a rendered site finds each planted fault, and nothing in a sound site."""

from __future__ import annotations

import pytest

from kwev.book.pages import check_site

SOUND = """<!DOCTYPE html><html lang="en"><head><title>T</title><link rel="stylesheet" href="s.css">
</head><body><main><h1 id="a">T</h1><p><a href="#a">here</a> <a href="sub/b.html#x">b</a>
<a href="https://example.org/">out</a> <code>x</code></p>
<pre><code>{python} shown {{&lt; x &gt;}}</code></pre>
<p class="kwev-table">{{&lt; a &gt;}} @fig-a</p>
<p><span class="kwev-data">{{&lt; a &gt;}} @fig-a {python} b</span></p>
<img src="i.svg" alt="words">BODY</main></body></html>"""


@pytest.fixture
def check(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "i.svg").write_text("<svg/>")
    (tmp_path / "s.css").write_text("body { background: url('i.svg') }")
    (tmp_path / "sub" / "b.html").write_text(
        "<html lang='en'><title>B</title><h1 id='x'>B</h1></html>"
    )

    def run(body: str = "", **replaced: str):
        text = SOUND.replace("BODY", body)
        for old, new in replaced.items():
            text = text.replace(old, new)
        (tmp_path / "index.html").write_text(text)
        found = check_site(tmp_path, ["index.html", "sub/b.html"])
        return [str(problem) for problem in found]

    run.folder = tmp_path
    return run


def test_a_sound_site_has_no_problems(check):
    assert check() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<figcaption>Of <code>{python} a.b</code></figcaption>", "expression was not evaluated"),
        ("<p><code>`{python} a.b`</code></p>", "expression was not evaluated"),
        ("<p><code>{r} a</code></p>", "expression was not evaluated"),
        ("<p>{python} a.b</p>", "expression was not evaluated"),
        ('<img src="i.svg" alt="of {python} a.b">', "expression was not evaluated"),
        ('<p title="{{&lt; var x &gt;}}">x</p>', "a shortcode was left"),
        ("<p><code>{{&lt; var x &gt;}}</code></p>", "a shortcode was left"),
        ("<p>{{&lt; var x &gt;}}</p>", "a shortcode was left"),
        ('<a href="gone.html">x</a>', "link gone.html leads nowhere"),
        ('<a href="sub/b.html#gone">x</a>', "link sub/b.html#gone leads to an anchor"),
        ('<a href="#gone">x</a>', "link #gone leads to an anchor"),
        ('<a href="/sub/b.html">x</a>', "leads out of the site's folder"),
        ('<a href="../x.html">x</a>', "leads out of the site's folder"),
        ('<script src="https://cdn.example/x.js"></script>', "script loads https://cdn.example"),
        ('<script src="//cdn.example/x.js"></script>', "script loads //cdn.example"),
        ('<link rel="stylesheet" href="https://e.org/s.css">', "link loads https://e.org/s.css"),
        ('<img alt="a" src="https://e.org/i.png">', "img loads https://e.org/i.png"),
        ('<img alt="a" src="i.svg" srcset="i.svg 1x, j.svg 2x">', "img j.svg leads nowhere"),
        ('<iframe title="t" src="https://e.org/"></iframe>', "iframe loads https://e.org/"),
        ('<iframe title="t" src="m.html"></iframe>', "iframe m.html leads nowhere"),
        ('<iframe src="sub/b.html"></iframe>', "has no title"),
        ("<style>p { background: url(gone.png) }</style>", "style gone.png leads nowhere"),
        ("<style>@import 'https://e.org/f.css';</style>", "style loads https://e.org/f.css"),
        ('<p style="background: url(https://e.org/i.png)">x</p>', "style loads https://e.org/i"),
        ('<img src="i.svg">', "has no text alternative"),
        ('<img src="i.svg" alt=" ">', "has no text alternative"),
        ("<p>{python} x</p>", "an inline expression was not evaluated"),
        ("<p>?@fig-x</p>", "a cross-reference was not resolved: ?@fig-x"),
        ("<p>?fig-x</p>", "a cross-reference was not resolved: ?fig-x"),
        ("<p>see @tbl-x</p>", "a cross-reference was not resolved: @tbl-x"),
        ('<p class="citation">(<strong>key?</strong>)</p>', "citation key? is not resolved"),
        ("<p>Traceback (most recent call last)</p>", "a traceback is shown"),
    ],
)
def test_a_fault_is_found(check, body, message):
    found = check(body)
    assert len(found) == 1, found
    assert message in found[0]


def test_what_a_page_must_have(check):
    assert check(**{"<title>T</title>": ""}) == ["index.html: the page has no title"]
    assert check(**{'lang="en"': ""}) == ["index.html: the page has no language"]
    assert check(h1="h2") == ["index.html: the page has no heading of level 1"]


def test_missing_pages_and_files_are_found(check):
    check()
    (check.folder / "i.svg").unlink()
    (check.folder / "s.css").write_text("@import url(https://e.org/s.css);")
    problems = [str(p) for p in check_site(check.folder, ["index.html", "chapters/x.html"])]
    assert problems == [
        "chapters/x.html: the page is missing",
        "index.html: img i.svg leads nowhere",
        "s.css: style loads https://e.org/s.css from elsewhere",
    ]
