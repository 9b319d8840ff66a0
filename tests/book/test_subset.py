"""The listed subset of Quarto, and what is refused with its line."""

from __future__ import annotations

from prose import check_subset


def test_the_good_book_stays_inside_the_subset(chapters_of):
    _, chapters = chapters_of()
    assert [problem for chapter in chapters for problem in check_subset(chapter)] == []


def test_everything_else_is_named_with_its_line(chapters_of):
    _, chapters = chapters_of("forbidden")
    found = {str(problem) for chapter in chapters for problem in check_subset(chapter)}
    file = "chapters/01-cover.qmd"
    assert found == {
        f"{file}:1: front matter key title is not used here",
        f"{file}:5: the chapter's title has no id {{#sec-name}}",
        f"{file}:7: shortcode {{{{< include other.qmd >}}}} is not in the subset",
        f"{file}:9: div class panel-tabset is not in the subset",
        f"{file}:11: HTML <b> is not in the subset",
        f"{file}:11: HTML </b> is not in the subset",
        f"{file}:11: raw inline `<br>`{{=html}} is not in the subset",
        f"{file}:14: cell of another kind: {{mermaid}}",
        f"{file}:19: cell option fig-width is not in the subset",
        f"{file}:24: cross-reference @lst-code is not in the subset",
        f"{file}:26: a second heading of level 1",
        f"{file}:28: raw block {{=html}} is not in the subset",
        f"{file}:32: div attribute when-format is not in the subset",
        f"{file}:32: div class content-visible is not in the subset",
        f"{file}:36: image ![A picture](other.png) is not in the subset",
        f"{file}:38: div attribute layout-ncol is not in the subset",
        f"{file}:38: div id fig-two is not in the subset",
    }
