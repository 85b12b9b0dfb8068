"""Flamegraphs, from the bars that lead to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.report.browser.conftest import Visit


def test_a_bar_leads_to_its_flamegraph_which_draws_offline(report: Path, visit: Callable[..., Visit]) -> None:
    opened = visit(report)
    opened.page.locator("#memory > details > summary").click()
    opened.page.locator("#memory svg.chart a").first.click()
    opened.page.wait_for_url("**/memory/*.html")
    opened.page.locator("#chart rect").first.wait_for()
    assert opened.complaints == []


def test_every_bar_that_leads_to_a_flamegraph_carries_a_flame(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    for figure in ("#memory-figure", "#cpu-figure", "#time-figure"):
        counts = page.locator(f"{figure} svg.chart a").evaluate_all("""(links) => links.map((link) => {
          const marks = [...link.querySelectorAll("path, use")];
          const rows = new Set(marks.filter((mark) => mark.querySelector("title"))
            .map((mark) => mark.getAttribute("d")?.match(/,([\\d.]+)/)?.[1] ?? mark.outerHTML));
          return [rows.size, marks.filter((mark) => !mark.querySelector("title")).length];
        })""")
        assert counts, figure
        assert all(rows == flames for rows, flames in counts), (figure, counts)


def test_a_flamegraph_opens_from_every_bar(report: Path, visit: Callable[..., Visit]) -> None:
    opened = visit(report)
    page = opened.page
    for figure in ("#memory-figure", "#cpu-figure"):
        page.evaluate("document.querySelectorAll('section.folded > details').forEach((one) => { one.open = true; })")
        bars = page.locator(f"{figure} svg.chart path:has(title), {figure} svg.chart use:has(title)")
        assert bars.count() > 0
        assert (
            bars.evaluate_all("bars => bars.filter((bar) => !bar.closest('a[href]')).map((bar) => bar.textContent)")
            == []
        )
    here = page.locator('#memory-figure svg.chart a[href^="#compare"]').first
    here.dispatch_event("click")
    page.wait_for_selector(".result .flame .rows span")
    widths = page.evaluate(
        "[...document.querySelectorAll('.result .flame .rows')].map((rows) => rows.firstChild.style.width)"
    )
    assert set(widths) == {"100%"}
    assert opened.complaints == []


def test_the_difference_of_two_flamegraphs_has_both_sides(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    page.locator("#compare > details > summary").click()
    page.locator('[data-choice="from"]').select_option("json")
    page.locator('[data-choice="to"]').select_option("orjson")
    titles = page.locator(".result .flame .rows span").evaluate_all("bars => bars.map((bar) => bar.title)")
    assert titles
    assert all("with json" in title and "with orjson" in title for title in titles)
    assert page.locator(".result .flame .key").all_inner_texts()[:2] == ["json", "orjson"]
