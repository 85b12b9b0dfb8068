"""The report as a reader meets it: opened from a file, with the network off, in Debian's chromium."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serlab.lab.memory_pages import write_index
from serlab.lab.publish import publish
from serlab.lab.report_files import read_source, write_report
from serlab.measure.calls import Subject
from serlab.measure.memory import capture as memory
from serlab.measure.memory import flamegraph
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 800}
#: Overlap that rounding leaves, in CSS pixels.
TOLERANCE = 2.0


@dataclass
class Visit:
    """A page that has been opened, with what the browser complained of while it was."""

    page: Any
    complaints: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def open_page(path: Path, viewport: dict[str, int] = DESKTOP, scheme: str = "light", **options: Any) -> Visit:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True, **options)
        contexts.append(context)
        page, complaints = context.new_page(), []

        def complain(wrong: bool, text: str) -> None:
            if wrong:
                complaints.append(text)

        page.on("console", lambda message: complain(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complain(not request.url.startswith("file:"), request.url))
        page.goto(path.as_uri())
        return Visit(page, complaints)

    yield open_page
    for context in contexts:
        context.close()


#: The made-up run's folder, written and rendered once: tests only look at it.
_STORED: list[RunFolder] = []


@pytest.fixture
def folder(
    run_data: RunData,
    two_sizes: Any,
    write_run: Callable[[RunData, Path], RunFolder],
    tmp_path_factory: pytest.TempPathFactory,
) -> RunFolder:
    if not _STORED:
        stored = write_run(two_sizes.data, tmp_path_factory.mktemp("results"))
        for name, part in two_sizes.parts.items():
            stored.write_part(name, part)
        profile = run_data.memory[0]
        capture = stored.memory_folder / Path(profile.capture).name
        memory.profile(profile.case, Subject(profile.case.payload, 1), capture)
        page = flamegraph.render(capture)
        drawn = [
            memory_profile if number else type(profile)(**{**_fields(profile), "flamegraph": f"memory/{page.name}"})
            for number, memory_profile in enumerate(run_data.memory)
        ]
        stored.add_memory(*drawn)
        write_report(stored, read_source(stored))
        write_index(stored)
        write_report(stored, read_source(stored))
        _STORED.append(stored)
    return _STORED[0]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.fixture
def report(folder: RunFolder) -> Path:
    return folder.path / "report.html"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_opens_offline_without_a_complaint_and_nothing_leaves_its_place(
    report: Path, visit: Callable[..., Visit], viewport: dict[str, int]
) -> None:
    opened = visit(report, viewport)
    assert opened.page.title() == "serlab: image and large, 3 codecs, the embedded server, 2026-01-02"
    assert opened.page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    misplaced = opened.page.evaluate(OUT_OF_PLACE, TOLERANCE)
    assert misplaced == [], misplaced
    assert opened.complaints == []


#: Elements that stick out of the page or of their chart, and texts that are cut off or lie over one another.
OUT_OF_PLACE = """
(tolerance) => {
  const found = [];
  const shown = (element) => element.checkVisibility();
  const name = (element) => `${element.tagName} ${(element.textContent || "").trim().slice(0, 40)}`;
  for (const element of document.querySelectorAll("main *, header *, nav *")) {
    if (!shown(element) || element.closest(".scroll") || element.closest("svg")) continue;
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + tolerance || box.left < -tolerance) found.push(`outside: ${name(element)}`);
    if (element.scrollWidth > element.clientWidth + tolerance && getComputedStyle(element).overflowX === "hidden")
      found.push(`cut: ${name(element)}`);
  }
  for (const chart of document.querySelectorAll("svg.chart")) {
    if (!shown(chart)) continue;
    const frame = chart.getBoundingClientRect();
    const panel = chart.parentElement.getBoundingClientRect();
    if (frame.right > panel.right + tolerance) found.push(`chart wider than its panel: ${chart.ariaLabel}`);
    const boxes = [...chart.querySelectorAll("text")].map((text) => ({ text: text.textContent,
      box: text.getBoundingClientRect(), turned: (text.getAttribute("transform") || "").includes("rotate") }));
    for (const one of boxes) {
      if (one.box.left < frame.left - tolerance || one.box.right > frame.right + tolerance ||
          one.box.top < frame.top - tolerance || one.box.bottom > frame.bottom + tolerance)
        found.push(`text outside its chart: ${one.text}`);
    }
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const a = boxes[i].box, b = boxes[j].box;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > tolerance && high > 4)
        found.push(`texts overlap: ${boxes[i].text} / ${boxes[j].text} in ${chart.ariaLabel}`);
    }
  }
  return found;
}
"""


def test_every_plot_has_marks_within_its_chart(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report).page
    charts = page.locator("svg.chart")
    assert charts.count() >= 20
    empty = charts.evaluate_all(
        """(charts) => charts.filter((chart) => ![...chart.querySelectorAll("path, line")].some((mark) => {
             const box = mark.getBoundingClientRect(), style = getComputedStyle(mark);
             const data = ["--ink", "--muted", "--grid", "--paper"].every((name) =>
               !`${mark.getAttribute("fill")} ${mark.getAttribute("stroke")}`.includes(name));
             return data && box.width + box.height > 1 && (style.fill !== "none" || style.stroke !== "none");
           })).map((chart) => chart.ariaLabel)"""
    )
    assert empty == []


def test_the_theme_follows_the_system_until_it_is_chosen_and_plots_follow_it(
    report: Path, visit: Callable[..., Visit]
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    label = "getComputedStyle(document.querySelector('svg.chart text')).fill"
    light, dark = visit(report).page, visit(report, scheme="dark").page
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark.evaluate(ground) == "rgb(13, 17, 23)"
    assert light.evaluate(label) != dark.evaluate(label)
    button = light.get_by_role("button", name="Theme: auto")
    button.click()
    button = light.get_by_role("button", name="Theme: light")
    button.click()
    assert light.evaluate(ground) == "rgb(13, 17, 23)"
    light.reload()
    assert light.evaluate(ground) == "rgb(13, 17, 23)"
    assert light.get_by_role("button", name="Theme: dark").is_visible()


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


def test_a_bar_leads_to_its_flamegraph_which_draws_offline(report: Path, visit: Callable[..., Visit]) -> None:
    opened = visit(report)
    opened.page.locator("#memory > details > summary").click()
    opened.page.locator("#memory svg.chart a").first.click()
    opened.page.wait_for_url("**/memory/*.html")
    opened.page.locator("#chart rect").first.wait_for()
    assert opened.complaints == []


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


@pytest.fixture
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the run that is published with the lab: real names, and all of its words."""
    if not _PUBLISHED:
        run = next(Path(__file__).parents[3].glob("results/reference/2*/run.json")).parent
        copy = shutil.copytree(run, tmp_path_factory.mktemp("published") / "reference" / run.name)
        _PUBLISHED.append(write_report(RunFolder(copy), read_source(RunFolder(copy))))
    return _PUBLISHED[0]


_PUBLISHED: list[Path] = []
UNFOLD = "document.querySelectorAll('details').forEach((folded) => { folded.open = true; })"


@pytest.mark.parametrize("width", [1280, 1500])
def test_no_table_is_cut_on_a_desktop(
    report: Path, published: Path, visit: Callable[..., Visit], width: int
) -> None:  # fmt: skip
    for path in (report, published):
        page = visit(path, {"width": width, "height": 900}).page
        page.evaluate(UNFOLD)
        assert page.locator(".scroll table").count() > 10
        cut = page.evaluate("""() => [...document.querySelectorAll(".scroll")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.closest(".table")?.id)""")
        assert cut == []


def test_no_text_of_a_folded_line_lies_under_its_mark(published: Path, visit: Callable[..., Visit]) -> None:
    page = visit(published, {"width": 1280, "height": 900}).page
    under = page.evaluate("""() => [...document.querySelectorAll("section.folded")].filter((section) => {
      const range = document.createRange();
      range.selectNodeContents(section.querySelector("summary"));
      const mark = section.querySelector(".mark").getBoundingClientRect();
      return [...range.getClientRects()].some((box) => box.right > mark.left && box.left < mark.right
        && box.bottom > mark.top && box.top < mark.bottom && box.width < 900);
    }).map((section) => section.id)""")
    assert under == []


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
    for href in hrefs:
        page.goto("about:blank")
        page.goto(report.as_uri() + href)
        top, rest, shown = page.locator(f'[id="{href[1:]}"]').evaluate("""(place) => {
          const part = place.classList.contains("within") ? place.closest("section") : place;
          return [part.getBoundingClientRect().top, document.documentElement.scrollHeight - innerHeight - scrollY,
                  place.checkVisibility()];
        }""")
        assert shown, href
        assert -2 <= top <= 60 or (rest < 2 and 0 <= top < 900), (href, top, rest)


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


def test_without_a_script_tables_and_pictures_stay(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report, java_script_enabled=False).page
    assert page.locator("#answer svg.chart").first.is_visible()
    assert page.locator("#answer-table table").is_visible()
    page.locator("#time > details > summary").click()
    assert page.locator("#time-figure svg.chart").first.is_visible()
    assert not page.locator("#baseline").is_visible()


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
