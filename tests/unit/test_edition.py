"""This edition beside the one before: what is told of both is what the records hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.errors import KwevError
from kwev.files import write_json
from kwev.project import Project
from kwev.report import edition
from kwev.report.edition import Edition, changes, compared

RECORDS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))


def kept(**more):
    reach = {"l2": 0.5, "l3": 0.75, "ev_owners": None}
    values = {
        "name": "the first edition", "made_from": "abc", "plan": "base", "network": reach,
        "straight_line": {**reach, "ev_owners": 0.9}, "net_cad": 2_000_000.0,
        "operating_cad_per_year": 12_345.0, "actions": {"new_l2_a": 2}, "sources": {"x": "1"},
    }  # fmt: skip
    return {**values, **more}


def test_changes_by_hand():
    found = changes({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5})
    assert (found.kept, found.changed, found.gone, found.new) == (("b",), ("c",), ("a",), ("d",))


@given(RECORDS, RECORDS)
def test_each_key_falls_to_one_lot_and_back_they_change_places(one, two):
    there, back = changes(one, two), changes(two, one)
    lots = [*there.kept, *there.changed, *there.gone, *there.new]
    assert sorted(lots) == sorted(one.keys() | two.keys())
    assert (there.gone, there.new, there.kept) == (back.new, back.gone, back.kept)


def test_both_editions_are_told_on_both_metrics_with_no_more_digits_than_known():
    before = Edition.model_validate(kept())
    now = Edition.model_validate(kept(actions={"new_l2_a": 2, "new_l2_b": 4}))
    rows = compared(before, now)
    assert len(rows) == 2 * 3 + 4
    told = {row["what"]: (row["before"], row["now"]) for row in rows.to_dict("records")}
    ways = [what.rpartition(", ")[2] for what in told][:6]
    assert ways == ["along the roads"] * 3 + ["in a straight line"] * 3
    assert list(told.values())[2] == ("not told", "not told")
    assert told["Money once"] == ("$2.00 million", "$2.00 million")
    assert told["Money a year, energy apart"] == ("$12,300", "$12,300")
    assert told["Actions"] == ("1", "2")
    assert told["Ports added"] == ("2", "6")


def test_a_record_is_read_strictly(tmp_path):
    project = Project(tmp_path)
    write_json(tmp_path / edition.FILE, kept())
    assert edition.read_edition(project).actions == {"new_l2_a": 2}
    write_json(tmp_path / edition.FILE, kept(net_cad="much"))
    with pytest.raises(KwevError, match="net_cad"):
        edition.read_edition(project)


def test_the_edition_before_is_the_one_that_was_published(project):
    before = edition.read_edition(project)
    assert (before.plan, len(before.actions)) == ("base", 152)
    assert before.straight_line.l2 == pytest.approx(0.761611304632, abs=1e-9)
    assert before.network.l2 == pytest.approx(0.302219892, abs=1e-9)
    assert before.net_cad == 4e6


@pytest.mark.slow
def test_a_record_of_this_edition_holds_its_plan(recommended):
    found = edition.record(recommended, "the second edition", "abc")
    assert found.actions == {a.id: a.ports_added for a in recommended.plan.actions}
    assert found.network.l2 == pytest.approx(recommended.plan.coverage.l2.after, abs=1e-9)
    assert changes(found.actions, edition.this_edition(recommended).actions).changed == ()
    numbers = {number.name: number.value for number in edition.of_edition(recommended)}
    before = edition.read_edition(recommended.project)
    assert numbers["edition_actions_before"] == len(before.actions)
    assert numbers["edition_actions_both"] == len(before.actions.keys() & found.actions.keys())
    news = changes(before.sources, found.sources)
    assert numbers["edition_sources_words"] == edition.said(news)


@pytest.mark.parametrize(
    ("news", "words"),
    [
        ({"new": ("a", "b")}, "2 data sets are new"),
        ({"new": ("a",), "gone": ("b",)}, "one data set is new and one is gone"),
        ({"changed": ("a", "b", "c")}, "3 have another file than before"),
        ({"kept": ("a",)}, "all data sets are those of the edition before"),
    ],
)
def test_what_became_of_the_data_sets_in_words(news, words):
    none = dict.fromkeys(("kept", "changed", "gone", "new"), ())
    assert edition.said(edition.Changes(**none | news)) == words


def test_the_change_log_gives_its_topmost_section_without_links_into_the_repository(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n### Added\n\n- New: [a page](docs/x.md), "
        "[far](https://example.org/).\n\n## Older\n\n- Old.\n"
    )
    text = edition.change_log(Project(tmp_path)).text
    end = "```{=html}\n</details>"
    assert f"\n**Added**\n\n- New: a page, [far](https://example.org/).\n\n{end}" in text
    assert "<summary>All changes for users</summary>" in text
    assert "Old." not in text
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    with pytest.raises(KwevError, match="no section"):
        edition.change_log(Project(tmp_path))


def test_the_citation_is_the_repositorys(project, tmp_path):
    found = edition.citation(project)
    assert found.text("https://example.org/").endswith(
        f"Version {found.version}. https://example.org/"
    )
    assert found.edition == f"version {found.version}, {found.date}"
    (tmp_path / "CITATION.cff").write_text("title: x\n")
    with pytest.raises(KwevError, match="no citation"):
        edition.citation(Project(tmp_path))
