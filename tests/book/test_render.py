"""Choosing the engine: Quarto where it runs, else the preview; nothing is installed."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from stated import compare_sites

from kwev.book import quarto as program
from kwev.book import render
from kwev.book.pages import check_site
from kwev.book.quarto import find_quarto, run_quarto, warnings_in
from kwev.book.quarto_hooks import PROVENANCE_FILE, finish, prepare
from kwev.book.render import render as render_of_render
from kwev.book.render import swap
from kwev.errors import KwevError


def fake(path, script):
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def put(folder, script, monkeypatch):
    """Put a stand-in for Quarto on the PATH, before any other."""
    fake(folder / "quarto", script)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def quiet(_):
    """Say nothing."""


def test_rendering_installs_nothing_and_tells_how_to_get_quarto(make_book, monkeypatch):
    ran = []

    def run(command, *_, **__):
        ran.append(command)
        return 1, ""

    monkeypatch.setattr(render, "find_quarto", lambda: None)
    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(render, "render_preview", lambda *_, **__: None)
    monkeypatch.setattr(render, "_require_sound", lambda *_: None)
    report = render_of_render(make_book().root, to=("html",), progress=False)
    assert ran == []
    assert "https://quarto.org/docs/download" in report.summary()
    assert not list(report.output.parent.rglob("quarto-install*"))


def test_a_quarto_that_does_not_run_is_not_taken(tmp_path, monkeypatch):
    fake(tmp_path / "quarto", "raise SystemExit(1)")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert find_quarto() is None


def test_quarto_gets_this_interpreter_and_its_log_is_read(tmp_path, make_book):
    book = make_book()
    script = (
        "import os, sys\n"
        "print('python', os.environ['QUARTO_PYTHON'])\n"
        "print(' '.join(sys.argv[1:]))\n"
        "print('WARN: something is odd')\n"
    )
    quarto = fake(tmp_path / "quarto", script)
    folder, site = book.root / "build" / "quarto", book.root / "build" / "site"
    folder.mkdir(parents=True)
    assert run_quarto(quarto, book, folder, site, ("html",)) == ("WARN: something is odd",)
    log = (book.root / "build" / "quarto.log").read_text()
    assert f"python {sys.executable}" in log
    assert "--to html --output-dir site" in log
    failing = fake(tmp_path / "failing", "print('ERROR: no such thing'); raise SystemExit(1)")
    with pytest.raises(KwevError, match=r"quarto failed: ERROR: no such thing"):
        run_quarto(failing, book, folder, site, ("html", "pdf"))


def test_a_site_that_is_not_sound_is_not_published(tmp_path, make_book, monkeypatch):
    book = make_book()
    put(tmp_path, "", monkeypatch)
    book.output_dir.mkdir()
    with pytest.raises(
        KwevError, match=r"not sound: .*chapters/01-cover\.html: the page is missing"
    ):
        render_of_render(book.root, engine="quarto", to=("html",), progress=False)
    assert list(book.output_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "quatro"}, "Did you mean 'quarto'"),
        ({"to": ("docx",)}, "unknown format 'docx'"),
    ],
)
def test_bad_options_are_refused(make_book, options, message):
    with pytest.raises(KwevError, match=message):
        render_of_render(make_book().root, progress=False, **options)


def test_quarto_is_asked_for_but_not_here(make_book, monkeypatch):
    monkeypatch.setattr(program, "find_quarto", lambda: None)
    with pytest.raises(KwevError, match="quarto is not on the PATH"):
        render_of_render(make_book().root, engine="quarto", progress=False)


def test_warnings_are_found_and_noise_is_not():
    log = (
        "Starting python3 kernel...[IPKernelApp] WARNING | Kernel is running over TCP without "
        "encryption. And so on.\nDone\n[WARNING] Citeproc: citation x not found\n"
        "WARN: Unable to resolve crossref @fig-x\nmetadata\n  warning: false\n"
    )
    assert warnings_in(log) == [
        "[WARNING] Citeproc: citation x not found",
        "WARN: Unable to resolve crossref @fig-x",
    ]


def test_a_warning_of_quarto_is_shown(tmp_path, make_book, rendered, monkeypatch):
    """A Quarto that writes a sound site, and warns."""
    good, _ = rendered
    book = make_book()
    script = (
        "import shutil, sys\n"
        "if '--version' not in sys.argv:\n"
        "    site = sys.argv[sys.argv.index('--output-dir') + 1]\n"
        f"    shutil.copytree({str(good.output_dir)!r}, site, dirs_exist_ok=True)\n"
        "    print('WARN: something is odd')\n"
    )
    put(tmp_path, script, monkeypatch)
    report = render_of_render(book.root, engine="quarto", progress=False)
    assert report.warnings == ("WARN: something is odd",)
    shown = report.summary().splitlines()
    assert "Quarto (warnings in its log: 1)" in shown[0]
    assert "warning: WARN: something is odd" in shown[1:]


def test_the_pdf_is_told_where_it_comes_from(make_book):
    root = make_book().root
    (root / "build").mkdir()
    (root / "build" / "provenance.json").write_text('{"Scenario": "a \\"b\\""}')
    written = prepare(root)
    assert written == root / PROVENANCE_FILE
    assert '("Scenario", "a \\"b\\""), ' in written.read_text()


@pytest.mark.slow
def test_quarto_warns_of_a_dead_reference(make_book):
    quarto = find_quarto()
    if quarto is None:
        pytest.skip("quarto is not on the PATH")
    book = make_book("dead-reference")
    warnings = run_quarto(quarto, book, book.root, book.root / "build" / "site", ("html",))
    assert any("fig-nowhere" in warning for warning in warnings)


def test_swapping_puts_the_new_folder_in_place(tmp_path):
    new, target = tmp_path / "w" / "site", tmp_path / "_book"
    for folder, text in ((new, "new"), (target, "old")):
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(text)
    swap(new, target)
    assert (target / "index.html").read_text() == "new"
    assert list((tmp_path / "w").iterdir()) == []


def test_quartos_pages_are_finished(make_book):
    book = make_book()
    assets = book.root / "assets"
    assets.mkdir(parents=True)
    (assets / "x.js").write_text("1")
    (book.root / "build").mkdir()
    (book.root / "build" / "provenance.json").write_text('{"Scenario": "squares"}')
    head = (
        '<script src="https://cdn.jsdelivr.net/npm/jquery@3.5.1/dist/jquery.min.js" '
        'integrity="sha384-x" crossorigin="anonymous"></script>'
        '<script src="https://cdn.jsdelivr.net/npm/requirejs@2.3.6/require.min.js"></script>'
        "<script type=\"application/javascript\">define('jquery', [],function() "
        "{return window.jQuery;})</script>"
    )
    site = book.root / "site"
    for page in book.pages:
        path = site / page.output
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'<html lang="en"><head><title>T</title>{head}</head><body><main><h1>T</h1>'
            '<script src="/assets/x.js"></script>'
            '<a href="a-terms.html" class="quarto-xref"><span>Appendix A — Terms</span></a>'
            '<a href="02-limits.html" class="quarto-xref"><span>2&nbsp; Limits</span></a>'
            "</main></body></html>"
        )
    (site / "a-terms.html").write_text("<title>T</title>")
    (site / "02-limits.html").write_text("<title>T</title>")
    for _ in range(2):
        assert finish(book.root, site) == 4
        assert check_site(site, [str(page.output) for page in book.pages]) == []
        text = (site / "chapters" / "01-cover.html").read_text()
        assert text.count("kwev-provenance") == 1
        assert "Scenario" in text
        assert "<span>Appendix&nbsp;A</span>" in text
        assert "<span>Chapter&nbsp;2</span>" in text
        assert 'src="../assets/x.js"' in text


@pytest.mark.slow
def test_quarto_and_preview_agree(make_book, rendered):
    if find_quarto() is None:
        pytest.skip("quarto is not on the PATH")
    book, _ = rendered
    other = make_book()
    report = render_of_render(other.root, engine="quarto", progress=False)
    assert report.warnings == ()
    pages = [str(page.output) for page in book.pages]
    problems = compare_sites(other.output_dir, book.output_dir, pages)
    assert [str(problem) for problem in problems] == []
