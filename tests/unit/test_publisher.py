"""Who publishes the book: read strictly, and said plainly where nobody does."""

from __future__ import annotations

import json

import pytest

from kwev.config.publisher import FILE, NOBODY, UNENDORSED, read_publisher
from kwev.errors import KwevError

WHOLE = {
    "name": "Region of Examples", "contact": "Clerk's office", "feedback": "mailto:a@example.org",
    "site_url": "https://example.org/ev", "repo_url": "https://example.org/code/",
    "repo_branch": "main", "licence": "MIT",
}  # fmt: skip


def written(folder, **changes):
    (folder / FILE).write_text(json.dumps({**WHOLE, **changes}))
    return read_publisher(folder)


def test_addresses_end_alike(tmp_path):
    found = written(tmp_path)
    assert (found.site, found.repository) == ("https://example.org/ev/", "https://example.org/code")
    assert written(tmp_path, site_url="https://example.org/ev/").site == found.site


def test_without_a_name_no_public_body_endorses_it(tmp_path):
    assert written(tmp_path).said == "Region of Examples"
    assert written(tmp_path, name="").said == UNENDORSED == "not endorsed by any public body"
    empty = written(tmp_path, site_url="", repo_url="")
    assert (empty.site, empty.repository) == ("", "")


def test_the_checkouts_own_file_endorses_nothing(project):
    found = read_publisher(project.config)
    assert found.said == UNENDORSED
    assert (found.site_url, found.repo_url, found.feedback) == ("", "", "")


def test_a_book_without_the_file_has_nobody(tmp_path):
    assert read_publisher(tmp_path) == NOBODY


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"site_url": "javascript:alert(1)"}, "site_url"),
        ({"repo_url": "example.org"}, "repo_url"),
        ({"feedback": "data:text/html,x"}, "feedback"),
        ({"feedback": 'https://example.org/"><script>'}, "feedback"),
        ({"name": "two\nlines"}, "name"),
        ({"repo_branch": "a b"}, "repo_branch"),
        ({"nmae": "x"}, "Did you mean 'name'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path, changes, message):
    with pytest.raises(KwevError, match=message):
        written(tmp_path, **changes)


def test_a_missing_key_is_named(tmp_path):
    (tmp_path / FILE).write_text(json.dumps({k: v for k, v in WHOLE.items() if k != "contact"}))
    with pytest.raises(KwevError, match="missing key 'contact'"):
        read_publisher(tmp_path)
