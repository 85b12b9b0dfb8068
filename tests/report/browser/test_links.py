"""Where links lead, and what of a reader's choices they carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serlab.lab.publish import publish
from serlab.records.store import RunFolder
from tests.report.browser.conftest import PHONE, Visit


def test_every_link_resolves(report: Path, folder: RunFolder, visit: Callable[..., Visit]) -> None:
    index = folder.path / "memory" / "index.html"
    for start in (report, index):
        page = visit(start).page
        written_and_resolved = "(a) => [a.getAttribute('href'), new URL(a.getAttribute('href'), document.baseURI).href]"
        targets = page.locator("a[href]").evaluate_all(f"(all) => all.map({written_and_resolved})")
        assert targets
        for written, resolved in targets:
            if written.startswith("#"):
                assert page.locator(f'[id="{written[1:].partition("?")[0]}"]').count() == 1, written
            else:
                file = resolved.removeprefix("file://").partition("#")[0]
                assert Path(file.replace("%23", "#")).is_file(), written
    assert visit(report).page.locator("a", has_text="memory of every case").count() == 1


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_link_into_the_page_opens_what_it_leads_to_and_lands_there(
    report: Path, visit: Callable[..., Visit], script: bool
) -> None:
    size = {"width": 1500, "height": 900}
    links = "(all) => all.map((one) => one.getAttribute('href'))"
    marks = visit(report, size, java_script_enabled=False).page.locator("nav a, .figure a.mark, details .table a.mark")
    hrefs = list(dict.fromkeys(marks.evaluate_all(links)))
    assert len(hrefs) > 25
    page = visit(report, size, java_script_enabled=script).page
    # What unfolds is the same few rules for every link, and fewer without a script: some of each kind show it.
    for href in hrefs[:: 2 if script else 4]:
        page.goto("about:blank")
        page.goto(report.as_uri() + href)
        top, rest, shown = page.locator(f'[id="{href[1:]}"]').evaluate("""(place) => {
          const part = place.classList.contains("within") ? place.closest("section") : place;
          return [part.getBoundingClientRect().top, document.documentElement.scrollHeight - innerHeight - scrollY,
                  place.checkVisibility()];
        }""")
        assert shown, href
        assert -2 <= top <= 60 or (rest < 2 and 0 <= top < 900), (href, top, rest)


def test_a_link_shows_what_its_sender_compared(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    page.locator("#compare > details > summary").click()
    page.locator('[data-choice="from"]').select_option("orjson")
    page.locator('[data-choice="to"]').select_option("tensor-proto")
    sent, shown = page.url, page.locator(".result").inner_text()
    assert "from orjson to tensor-proto" in shown
    other = visit(report).page
    other.goto(sent)
    other.reload()
    assert other.locator(".result").inner_text() == shown


def test_a_link_reproduces_all_that_was_chosen(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    page.locator("#baseline").select_option("orjson")
    page.locator("#compare > details > summary").click()
    page.locator('[data-choice="from"]').select_option("orjson")
    page.locator('[data-choice="to"]').select_option("tensor-proto")
    page.locator("#memory > details > summary").click()
    page.locator("#answer-table thead button").nth(3).click()
    page.locator("#answer-table thead button").nth(3).click()
    chosen = page.evaluate(VIEW)
    assert "orjson" in chosen["said"][0]
    mark = page.locator("#answer-table a.mark").first
    mark.focus()
    assert mark.evaluate("mark => getComputedStyle(mark).opacity") == "1"
    mark.click()
    other = visit(report).page
    other.goto(page.url)
    other.reload()
    assert other.evaluate(VIEW) == chosen
    assert other.url.partition("#")[2].startswith("answer-table?")
    # A place in the page leads there and leaves the rest as it is.
    other.locator('nav a[href="#bytes-within"]').click()
    other.wait_for_function("document.querySelector('#bytes > details').open")
    assert other.evaluate(VIEW)["said"] == chosen["said"]


#: All that a reader can choose, as it shows.
VIEW = """() => ({
  said: [...document.querySelectorAll("#answer .conclusion p")].map((line) => line.textContent),
  compared: document.querySelector(".result").innerText,
  open: [...document.querySelectorAll("section.folded > details[open]")].map((one) => one.parentElement.id),
  order: [...document.querySelectorAll("#answer-table tbody tr")].map((row) => row.textContent.trim()),
  sorted: [...document.querySelectorAll("#answer-table thead th")].map((cell) => cell.getAttribute("aria-sort")),
})"""


def test_every_part_of_the_page_can_be_linked_to(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    unmarked = page.evaluate("""() => [...document.querySelectorAll("main section, main .figure, main .table")]
      .filter((part) => !document.querySelector(`a.mark[href^="#${CSS.escape(part.id)}"]`)).map((part) => part.id)""")
    assert unmarked == []


def test_published_runs_can_be_filtered_and_the_link_keeps_the_filter(
    folder: RunFolder, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    index = publish([str(folder.path)], folder.path, tmp_path)[0]
    opened = visit(index, PHONE)
    rows = opened.page.locator("#calls-table tbody tr:visible")
    everything = rows.count()
    opened.page.locator(".filter select").nth(2).select_option("json")
    assert 0 < rows.count() < everything
    other = visit(index).page
    other.goto(opened.page.url)
    other.reload()
    assert other.locator("#calls-table tbody tr:visible").count() == rows.count()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert opened.complaints == []
