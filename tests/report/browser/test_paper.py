"""What a printed page shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.report.browser.conftest import Visit


def test_print_shows_the_page_in_light_colours_without_its_buttons(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report, scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)"
    assert not page.get_by_role("button", name="Copy as CSV").first.is_visible()
    assert page.locator("svg.chart").first.is_visible()


def test_what_is_folded_is_on_paper(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    assert not page.locator("#time-figure svg.chart").first.is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#time-figure svg.chart").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#time-figure svg.chart").first.is_visible()


def test_paper_has_whole_headings_and_what_is_folded_also_without_a_script(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(report, {"width": 718, "height": 1000}, scheme="dark", java_script_enabled=False).page
    page.emulate_media(media="print", color_scheme="dark")
    headings = page.locator("section.folded h2")
    assert headings.count() > 5
    assert max(headings.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")) < 70
    hidden = page.evaluate("""() => [...document.querySelectorAll("main table")]
      .filter((table) => !table.closest(".compare") && !table.getBoundingClientRect().height).length""")
    assert hidden == 0
    # A button's text is not repeated on the next page, as a heading's is.
    assert set(page.locator("thead button").evaluate_all("(all) => all.map((b) => getComputedStyle(b).display)")) == {
        "contents"
    }
    cut = page.evaluate("""() => [...document.querySelectorAll("main table")].filter((table) =>
      table.getBoundingClientRect().right > innerWidth + 1).map((table) => table.closest(".table").id)""")
    assert cut == []


def test_no_paragraph_that_a_heading_leads_to_is_broken_by_a_page(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report, {"width": 718, "height": 1000}).page
    page.emulate_media(media="print")
    whole = page.locator(".conclusion, summary, .reading, .facts div, .panel, .table tr")
    assert whole.count() > 20
    assert set(whole.evaluate_all("(all) => all.map((one) => getComputedStyle(one).breakInside)")) == {"avoid"}
    heads = page.locator("main h2, main h3, main h4, main summary, .table thead")
    assert set(heads.evaluate_all("(all) => all.map((one) => getComputedStyle(one).breakAfter)")) == {"avoid"}
