"""Each escape gives back what was typed, and runs nothing; no other module escapes by hand."""

from __future__ import annotations

import ast
import csv
import io
import json
import re

import pandas as pd
import pypandoc
import pytest
import typst
from bs4 import BeautifulSoup
from examples import examples
from hostile import PAYLOADS
from hypothesis import given
from hypothesis import strategies as st

from kwev import escape, files, outcome, terminal
from kwev.errors import KwevError

READERS = (
    "markdown",
    "markdown+autolink_bare_uris+emoji",
    "markdown+lists_without_preceding_blankline",
)
TEXTS = st.text(
    st.one_of(st.sampled_from("`*_[]<>|$\\@~^#{}&;:-.!+=%'\"() \t\n/aX1=x"), st.characters()),
    max_size=24,
)


def one_line(text):
    """Return what a reader of prose sees of a text: its visible characters, blanks as one."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", escape.visible(text, keep="\t\r\n\f\v")).strip(" ")


def straight(text):
    """Return a text with the quotation marks that were typed: pandoc's are curly."""
    return re.sub("[\u2018\u2019]", "'", re.sub("[\u201c\u201d]", '"', text))


def rendered(markdowns, reader):
    """Return the paragraphs of one document as BeautifulSoup elements."""
    text = "\n\n".join(f"::: p\n\n{one}\n\n:::" for one in markdowns)
    html = pypandoc.convert_text(text, "html", format=reader, extra_args=["--wrap=none"])
    found = BeautifulSoup(html, "lxml").select("div.p")
    assert len(found) == len(markdowns)
    return found


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("place", ["{}", "The best is {}, by far.", "**{}**", "- {}"])
def test_markdown_shows_a_name_as_typed(reader, place):
    shown = rendered([place.format(escape.markdown(name)) for name in PAYLOADS], reader)
    for name, element in zip(PAYLOADS, shown, strict=True):
        around = place.strip("*- ").format(one_line(name))
        assert straight(element.get_text().strip()) == straight(around), name
        allowed = {"p", "strong", "ul", "li"}
        assert {one.name for one in element.find_all(True)} <= allowed, name


def test_markdown_holds_no_open_shortcode_and_no_code():
    for name in PAYLOADS:
        text = escape.markdown(name)
        assert "{{" not in text
        assert not re.search(r"(?<!\\)`", text)


@examples(25)
@given(st.lists(TEXTS.filter(lambda text: text.strip()), min_size=40, max_size=40))
def test_markdown_of_any_text_is_text(names):
    for name, element in zip(names, rendered(map_markdown(names), "markdown"), strict=True):
        typed = one_line(name).strip()
        assert straight(element.get_text().strip()) == straight(typed), name
        assert {one.name for one in element.find_all(True)} <= {"p"}, name


def map_markdown(names):
    return [escape.markdown(name) for name in names]


@examples(300)
@given(TEXTS)
def test_html_of_any_text_is_text(name):
    page = BeautifulSoup(
        f'<p title="{escape.html(name)}" data-x="1">{escape.html(name)}</p>', "html.parser"
    )
    (element,) = page.find_all(True)
    seen = escape.visible(name, keep="\t\r\n")
    assert element.get_text() == seen
    assert element.attrs == {"title": seen, "data-x": "1"}


@examples(300)
@given(TEXTS)
def test_json_in_a_script_ends_no_element(name):
    text = escape.script({"name": name, "list": [name]})
    assert not set(text) & set("<>&'\u2028\u2029")
    assert "{{<" not in text
    seen = escape.visible(name, keep="\t\r\n")
    assert json.loads(text) == {"name": seen, "list": [seen]}


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("/assets/a.csv?x&y", "/assets/a.csv?x&amp;y"),
        ("s-1.html#top", "s-1.html#top"),
        ("https://e.org/?a=1", "https://e.org/?a=1"),
        ("mailto:a@e.org", "mailto:a@e.org"),
        ("javascript:alert(1)", "#"),
        (" JAVA\tSCRIPT:alert(1)", "#"),
        ("\x01javascript:alert(1)", "#"),
        ("data:text/html,<script>", "#"),
        ("vbscript:x", "#"),
    ],
)
def test_an_address_that_would_run_leads_nowhere(address, leads):
    assert escape.href(address) == leads


def test_typst_reads_back_what_was_typed(tmp_path):
    lines = [f"#metadata({escape.typst(name)}) <name>" for name in PAYLOADS]
    (tmp_path / "names.typ").write_text("\n".join(lines), encoding="utf-8")
    found = json.loads(typst.query(tmp_path / "names.typ", "<name>", field="value"))
    assert [text.strip(" ") for text in found] == [one_line(name) for name in PAYLOADS]


@examples(300)
@given(st.one_of(st.sampled_from(PAYLOADS), TEXTS))
def test_a_terminal_gets_one_line_without_orders(name):
    shown = escape.terminal(name)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert shown.splitlines() in ([shown], [])
    shown.encode()


def refuse(error):
    raise error


def test_the_command_line_prints_names_and_errors_as_one_line_each(capsys):
    terminal.echo(*PAYLOADS)
    error = KwevError("no station '\x1b[31mred\u202e'", where="a\nb.csv")
    assert str(error) == "no station '\\x1b[31mred\\u202e' (a b.csv)."
    assert outcome.run(lambda: refuse(error)) == 2
    assert outcome.run(lambda: refuse(OSError(2, "gone", "\x1b[31m"))) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(PAYLOADS)
    assert "\x1b" not in out + err
    assert err.splitlines()[0] == f"error: {error}"


def test_what_a_font_lacks_is_drawn_as_its_number():
    assert escape.drawn("a 充\x1b\n", lambda c: c.isascii()) == "a [U+5145]\\x1b\n"


# -- CSV ---------------------------------------------------------------------------------------

FORMULA = re.compile(r"[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
NUMBERS = ["-1", "+2.5", "-1e-05", "3", "-.5", ""]


def cells(text):
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay_numbers():
    frame = pd.DataFrame({"name": PAYLOADS, "=head": range(len(PAYLOADS)), "cad": -1.5})
    text = escape.csv(frame)
    assert not [c for c in cells(text) if FORMULA.match(c) and c != "-1.5"]
    assert text.count(",-1.5\n") == len(frame)
    assert [escape.cell(number) for number in NUMBERS] == NUMBERS


@examples(500)
@given(st.one_of(st.sampled_from(PAYLOADS), TEXTS, st.from_regex(r"'*[=+@-].?", fullmatch=True)))
def test_every_cell_reads_back_as_it_was(name):
    assert escape.from_cell(escape.cell(name)) == name


def test_a_csv_reads_back_with_the_same_names_and_numbers(tmp_path):
    frame = pd.DataFrame({"name": [*PAYLOADS, "plain", ""], "n": -2, "ok": True, "x": 0.5})
    files.write_csv(tmp_path / "t.csv", frame)
    content = (tmp_path / "t.csv").read_bytes()
    read = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    pd.testing.assert_frame_equal(escape.from_csv(read, content), frame)


def test_a_table_without_such_cells_has_the_bytes_it_had():
    frame = pd.DataFrame({"name": ["a", "b'=c", None], "n": [-1, 2, 3], "t": ["-1", "x", ""]})
    assert escape.csv(frame) == frame.to_csv(index=False, lineterminator="\n")


# -- No other escapes --------------------------------------------------------------------------

MODULES = {"html", "markupsafe", "jinja2", "branca", "folium", "mako", "xml.sax.saxutils"}
CALLS = {"to_csv", "to_html", "to_markdown", "from_string"}
ALLOWED = {
    "kwev/escape.py": {"to_csv", "import html", "replace"},
    "kwev/report/past.py": {"to_csv"},  # for a hash
}


def forbidden(tree):
    """Give what a module does that only the one for escapes may do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {a.name}" for a in node.names if a.name in MODULES)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield f"import {node.module}"
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            text = ast.unparse(node)
            if "<script" in text and "dumps" in text:
                yield "json into a page"
        if isinstance(node, ast.Call):
            yield from _called(node)


def _called(call):
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if name in CALLS:
        yield name
    # a mark that becomes an entity, or one with a backslash before it
    if name in {"replace", "sub"} and re.search(
        r"^&[#\w]+;|^\\\\+(?:\W|1|g<)", texts[-1] if texts else ""
    ):
        yield "replace"
    if name in {"print", "echo", "secho"} and ast.unparse(call.func) != "terminal.echo":
        first = ast.unparse(call.args[0]) if call.args else ""
        if not first.startswith(("escape.terminal(", "terminal.scenario_table(", "*", "f'{rows}")):
            yield "print"


def test_only_one_module_escapes(project):
    found = []
    for path in sorted((project.root / "kwev").rglob("*.py")):
        name = path.relative_to(project.root).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = ALLOWED.get(name, set())
        found += [f"{name}: {what}" for what in forbidden(tree) if what not in known]
    assert found == []


def test_the_search_for_escapes_finds_them():
    code = r"""
import html
from jinja2 import Template
print(name)
typer.echo(name)
text.replace("<", "&lt;")
re.sub("([*_])", r"\\\1", text)
frame.to_csv(path)
page = f"<script>{json.dumps(value)}</script>"
"""
    assert sorted(forbidden(ast.parse(code))) == [
        "import html", "import jinja2", "json into a page", "print", "print", "replace",
        "replace", "to_csv",
    ]  # fmt: skip


ORDERS = re.compile(
    r"\.(?:inner|outer)HTML\s*\+?=(?!=)|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|bind(?:Tooltip|Popup)\((?!function)|set(?:Tooltip)?Content\("
)


def test_our_scripts_set_text_never_html(project):
    assets = project.root / "kwev" / "display" / "assets"
    scripts = sorted(assets.glob("*.js"))
    assert scripts
    for path in scripts:
        assert ORDERS.findall(path.read_text(encoding="utf-8")) == [], path.name
