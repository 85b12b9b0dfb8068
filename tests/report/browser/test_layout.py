"""Nothing is cut, out of its place or over something else, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.browser.conftest import DESKTOP, PHONE, TOLERANCE, Visit


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
