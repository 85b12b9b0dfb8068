"""Use of the page: tables, the baseline, the keyboard, no script, assistive technology, hostile names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from serlab.lab.report_files import read_source, write_report
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from tests.report.browser.conftest import Visit


def test_tables_sort_by_value_not_by_text_and_say_so(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    page.locator("#time > details > summary").click()
    page.locator("#time-figure summary").click()
    header = page.locator("#time-table th", has_text="time").first
    cells = "#time-table tbody td:nth-child(4)"
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    rising = [float(value) for value in page.locator(cells).evaluate_all("(all) => all.map((c) => c.dataset.sort)")]
    assert rising == sorted(rising)
    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    falling = [float(value) for value in page.locator(cells).evaluate_all("(all) => all.map((c) => c.dataset.sort)")]
    assert falling == sorted(falling, reverse=True)
    assert falling != rising


@pytest.mark.parametrize(
    ("button", "first", "separator"),
    [("Copy as CSV", "payload,over,codec,", ","), ("Copy as Markdown", "| payload | over | codec |", "|")],
)
def test_a_table_can_be_copied(
    report: Path, visit: Callable[..., Visit], button: str, first: str, separator: str
) -> None:  # fmt: skip
    page = visit(report, permissions=["clipboard-read", "clipboard-write"]).page
    page.locator("#answer-table").get_by_role("button", name=button).click()
    page.locator("#answer-table .said", has_text="Copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(first)
    assert "orjson" in copied
    assert "image" in copied.splitlines()[-1].split(separator)[0 if separator == "," else 1]


def test_keyboard_reaches_content_sections_and_tables(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('class') || ''"))
    assert {"sort", "scroll"} <= reached


def test_without_a_script_tables_and_pictures_stay(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report, java_script_enabled=False).page
    assert page.locator("#answer svg.chart").first.is_visible()
    assert page.locator("#answer-table table").is_visible()
    page.locator("#time > details > summary").click()
    assert page.locator("#time-figure svg.chart").first.is_visible()
    assert not page.locator("#baseline").is_visible()


def test_another_baseline_changes_every_ratio_on_the_first_screen(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    before = page.locator("#answer .conclusion p").first.inner_text()
    assert "than with json" in before
    page.locator("#baseline").select_option("orjson")
    after = page.locator("#answer .conclusion p").first.inner_text()
    assert "than with orjson" in after
    ratio = re.compile(r"[\d.,]+×")
    assert ratio.findall(before) != ratio.findall(after)
    page.locator("#baseline").select_option("json")
    assert page.locator("#answer .conclusion p").first.inner_text() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report.html", "memory/index.html"])
def test_axe_finds_nothing_serious(folder: RunFolder, visit: Callable[..., Visit], name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = visit(folder.path / name, scheme=scheme, bypass_csp=True).page
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    serious = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]][:3])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_hostile_names_run_nothing(
    hostile: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    info = hostile.info
    stored = RunFolder(tmp_path / "run")
    stored.write_info(info)
    stored.add_memory(*hostile.memory)
    stored.add_endtoend(*hostile.endtoend)
    write_report(stored, read_source(stored))
    opened = visit(stored.path / "report.html")
    opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
    assert opened.page.locator("h1").inner_text() == "<script>alert(1)</script>, 3 codecs, the server, 2026-01-02"
    assert opened.page.locator("script").count() == 2  # the data and the program
    assert opened.complaints == []
