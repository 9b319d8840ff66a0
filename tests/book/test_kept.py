"""Chapters are run again where anything that they hang on has changed, and only there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kwev.book import keys, unchanged
from kwev.book.chapters import read_book, read_chapter
from kwev.book.kept import FOLDER, Shelf
from kwev.book.render import render
from kwev.errors import KwevError
from kwev.files import sha256_bytes

FILES = {
    "kwev/report/reach.py": "def share():\n    return 1\n",
    "kwev/assets/look.css": "a {}\n",
    "data/processed/cells.csv": "id\n1\n",
    "data/results/budget.csv": "budget\n1\n",
    "data/claims.json": "[]\n",
    "config/recommended.json": '{"budget": 1}\n',
    "requirements.txt": "numpy==1\n",
    "tests/instances/test_rows.py": "def test_x(): ...\n",
    "CHANGELOG.md": "# 1\n",
}
"""A file for each kind of thing that a chapter hangs on."""


@pytest.fixture
def book(make_book):
    """Return the good book in a checkout with everything that chapters hang on."""
    made = make_book()
    for name, text in FILES.items():
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    plan = made.root / "build" / "store" / "base" / "plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_text("{}")
    return made


def shelf_of(book):
    chapters = [read_chapter(book.root, page) for page in book.pages]
    stored = (book.root / "build" / "store").rglob("*.json")
    return Shelf.of(book.root, chapters, keys.of_files(book.root, stored))


def ran(book, **options):
    """Render the chapters; return the names of those that were run."""
    executed = shelf_of(book).run(**options)
    assert [one.chapter.page for one in executed] == list(book.pages)
    return [one.chapter.page.name for one in executed if one.seconds is not None]


def left(book):
    folder = book.root / "assets"
    return {
        path.relative_to(folder).as_posix(): sha256_bytes(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


ALL = ["index", "01-cover", "02-limits", "a-terms"]


def names(book):
    return {chapter.page.name: folder.name for chapter, folder in shelf_of(book).folders.items()}


@pytest.mark.parametrize(
    "name", [*FILES, "squares.py", "_quarto.yml", "build/store/base/plan.json"]
)
def test_a_change_in_anything_that_is_read_is_another_key_of_each_chapter(book, name):
    before = names(book)
    path = book.root / name
    path.write_text(path.read_text() + " ")
    after = names(book)
    assert all(before[chapter] != after[chapter] for chapter in ALL)
    path.write_text(path.read_text()[:-1])
    assert names(book) == before


@pytest.mark.parametrize("name", ["theme/light.scss", "kwev/book/assets/look.typ"])
def test_the_look_of_the_pages_is_no_part_of_what_a_chapter_says(book, name):
    path = book.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = names(book)
    path.write_text("another")
    assert names(book) == before


def test_a_new_file_and_one_that_is_gone_are_changes_too(book):
    before = names(book)
    (book.root / "data" / "results" / "new.csv").write_text("x\n")
    assert names(book)["index"] != before["index"]
    (book.root / "data" / "results" / "new.csv").unlink()
    (book.root / "data" / "results" / "budget.csv").unlink()
    assert names(book)["index"] != before["index"]


def test_another_version_of_a_package_is_another_key(book, monkeypatch):
    before = names(book)
    monkeypatch.setattr(keys, "_packages", lambda: ("numpy-99.dist-info",))
    assert names(book)["index"] != before["index"]


def test_other_code_of_kwev_is_another_key_where_it_is_no_part_of_the_checkout(book, monkeypatch):
    before = names(book)
    monkeypatch.setattr(keys, "__file__", str(book.root.parent / "kwev" / "book" / "keys.py"))
    (book.root.parent / "kwev").mkdir()
    (book.root.parent / "kwev" / "model.py").write_text("1")
    assert names(book)["index"] != before["index"]
    monkeypatch.setattr(keys, "__file__", str(book.root / "kwev" / "book" / "keys.py"))
    assert keys._code(book.root) == ""


def test_a_word_of_a_chapter_is_another_key_of_that_chapter_alone(book):
    before = names(book)
    path = book.root / "chapters" / "01-cover.qmd"
    path.write_text(path.read_text() + "\nAnother word.\n")
    after = names(book)
    assert [name for name in ALL if before[name] != after[name]] == ["01-cover"]


@pytest.mark.parametrize("name", ["docs/a.md", "tests/unit/test_x.py", "build/x", "_book/x.html"])
def test_what_no_chapter_reads_changes_no_key(book, name):
    before = names(book)
    path = book.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert names(book) == before


def test_chapters_are_run_once_and_what_they_leave_comes_back(book):
    cover = book.root / "chapters" / "01-cover.qmd"
    cover.write_text(
        cover.read_text() + "\n```{python}\nimport os\nfrom pathlib import Path\n"
        'folder = Path(os.environ["KWEV_SHOWN"], "assets", "data")\n'
        'folder.mkdir(parents=True)\n_ = (folder / "cover.csv").write_text("x")\n```\n'
    )
    assert ran(book) == ALL
    files = left(book)
    assert "data/cover.csv" in files
    shutil.rmtree(book.root / "assets")
    assert ran(book) == []
    assert left(book) == files
    cover.write_text(cover.read_text() + "\nAnother word.\n")
    assert ran(book) == ["01-cover"]
    assert left(book) == files
    assert len(list((book.root / FOLDER).iterdir())) == len(ALL)  # the older one is gone
    assert ran(book, fresh=True) == ALL


def test_a_kept_chapter_that_is_damaged_is_run_again(book):
    assert ran(book) == ALL
    folder = shelf_of(book).folders
    index, cover, limits, _ = folder.values()
    notebook = index / "index.ipynb"
    notebook.write_bytes(notebook.read_bytes().replace(b"27.8", b"27.9"))
    (cover / "manifest.json").write_text('{"files": {}}')
    (limits / "02-limits.ipynb").unlink()
    assert ran(book) == ALL[:3]
    assert ran(book) == []


def test_a_chapter_that_reads_what_no_key_is_over_is_run_at_every_render(book):
    (book.root / "docs").mkdir()
    (book.root / "docs" / "note.md").write_text("a")
    path = book.root / "chapters" / "02-limits.qmd"
    path.write_text(path.read_text() + '\n```{python}\nlen(open("docs/note.md").read())\n```\n')
    assert ran(book) == ALL
    assert ran(book) == ["02-limits"]


def test_what_was_changed_while_it_ran_is_not_kept(book):
    path = book.root / "chapters" / "02-limits.qmd"
    cell = '\n```{python}\n_ = open("data/claims.json", "a").write(" ")\n```\n'
    path.write_text(path.read_text() + cell)
    assert set(ran(book)) == set(ALL)
    assert "02-limits" in ran(book)


def test_what_ran_before_a_failure_stays_kept(book):
    path = book.root / "chapters" / "a-terms.qmd"
    whole = path.read_text()
    path.write_text(f"{whole}\n```{{python}}\nnothing_here\n```\n")
    with pytest.raises(KwevError, match=r"NameError.*a-terms\.qmd"):
        ran(book)
    path.write_text(whole)
    assert "index" not in ran(book)


def test_two_versions_of_one_file_are_refused(book):
    for number, name in enumerate(["01-cover", "02-limits"]):
        path = book.root / "chapters" / f"{name}.qmd"
        path.write_text(
            path.read_text() + "\n```{python}\nimport os\nfrom pathlib import Path\n"
            'folder = Path(os.environ["KWEV_SHOWN"], "assets")\nfolder.mkdir()\n'
            f'_ = (folder / "same.csv").write_text("{number}")\n```\n'
        )
    with pytest.raises(KwevError, match=r"two versions.*assets/same\.csv"):
        ran(book)


def test_a_book_is_still_the_one_asked_for_until_something_changes(make_book):
    root = make_book().root
    render(root, engine="preview", progress=False)
    book = read_book(root).output_dir

    def still():
        return unchanged.still(root, book, "preview")

    assert "4 pages by the preview" in still()
    page = book / "index.html"
    whole = page.read_bytes()
    page.write_bytes(whole.replace(b"27.8", b"27.9"))
    assert still() is None
    page.write_bytes(whole)
    assert still()
    for path in (root / "squares.py", root / "chapters" / "01-cover.qmd"):
        text = path.read_text()
        path.write_text(f"{text}\n")
        assert still() is None
        path.write_text(text)
    look = root / "theme" / "another.scss"
    look.parent.mkdir(exist_ok=True)
    look.write_text("p {}")
    assert still() is None
    look.unlink()
    assert still()
    (root / unchanged.STAMP).write_text("[]")
    assert still() is None


def test_times_of_the_run_are_told(make_book):
    root = make_book().root
    first = render(root, engine="preview", to=("html",), progress=False)
    again = render(root, engine="preview", to=("html",), progress=False)
    assert "s of processor time: chapters/01-cover.qmd" in first.summary()
    assert "nothing they hang on has changed: 0" in first.summary()
    assert "nothing they hang on has changed: 4" in again.summary()
    assert "chapters/01-cover.qmd" not in again.summary()


def test_the_checkouts_own_keys_leave_out_outputs(project):
    covered = set(keys.covered(Path(project.root)))
    assert {"kwev/book/kept.py", "data/processed/cells.csv", "requirements.txt"} <= covered
    assert not any(name.startswith((".", "build/", "_book/", "data/raw/")) for name in covered)
