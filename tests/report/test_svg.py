from __future__ import annotations

from xml.etree import ElementTree

import altair as alt
import pytest

from serlab.report import svg
from serlab.report.blocks import Panel
from serlab.report.plots import theme

SVG = "{http://www.w3.org/2000/svg}"


def panel(name: str = "p", links: dict[str, str] | None = None) -> Panel:
    rows = [
        {"x": 1, "y": "<b>&\x1b", "tip": theme.tip("first <i>")},
        {"x": 2, "y": 'b" onload="x', "tip": theme.tip("second")},
    ]
    chart = (
        alt.Chart(theme.data(rows))
        .mark_line(point=True, clip=True, color=theme.BLUE)
        .encode(x="x:Q", y="y:N", description="tip:N")
    )
    dots = alt.Chart(theme.data(rows)).mark_point(color=theme.BLUE).encode(x="x:Q", y="y:N", description="tip:N")
    return Panel(name, "title", 'what "it" shows <', theme.panel(chart + dots, height=50), links or {})


def inline(shown: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(svg.inline(shown, svg.draw(svg.specification(shown.chart))))


def test_colours_follow_the_page_and_text_its_font() -> None:
    root = inline(panel())
    colours = {element.get("fill") for element in root.iter()} | {element.get("stroke") for element in root.iter()}
    assert "var(--blue)" in colours
    assert not [colour for colour in colours if colour and colour.startswith("#") and colour in theme.CSS_VARIABLES]
    assert not [element for element in root.iter() if element.get("font-family")]


def test_a_chart_is_an_image_with_its_description() -> None:
    root = inline(panel())
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'what "it" shows <'
    assert not [element for element in root.iter(f"{SVG}g") if element.get("role")]


def test_a_mark_says_on_hovering_what_its_description_says() -> None:
    titles = [title.text for title in inline(panel()).iter(f"{SVG}title")]
    assert "first <i>" in titles
    assert "second" in titles


def test_a_mark_with_evidence_is_a_named_link_and_the_chart_lets_it_be_reached() -> None:
    root = inline(panel(links={"second": "./memory/x.html"}))
    link = next(root.iter(f"{SVG}a"))
    titles = [title.text for title in link.iter(f"{SVG}title")]
    assert (link.get("href"), titles) == ("./memory/x.html", ["second"])
    assert root.get("role") == "group"


def test_two_charts_of_a_page_share_no_id() -> None:
    first, second = (
        {element.get("id") for element in inline(panel(name)).iter() if element.get("id")} for name in ("a", "b")
    )
    assert first
    assert not first & second


def test_hostile_names_are_texts_of_the_chart() -> None:
    root = inline(panel())
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert "<b>&\N{REPLACEMENT CHARACTER}" in texts
    assert 'b" onload="x' in texts
    assert not [element for element in root.iter() if element.get("onload")]


def test_a_file_of_its_own_has_title_origin_and_a_white_ground() -> None:
    shown = panel()
    text = svg.to_svg(shown.chart, title="Time", origin="embedded · box · today")
    root = ElementTree.fromstring(text)
    texts = ["".join(found.itertext()) for found in root.iter(f"{SVG}text")]
    assert "Time" in texts
    assert "embedded · box · today" in texts
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.get("fill") == theme.PAPER


@pytest.mark.parametrize("scale", [svg.PNG_SCALE])
def test_a_picture_is_a_png_at_twice_its_size(scale: float) -> None:
    shown = panel()
    picture = svg.to_png(shown.chart, title="Time", origin="here")
    assert picture.startswith(b"\x89PNG")
    width = int.from_bytes(picture[16:20], "big")
    drawn = ElementTree.fromstring(svg.to_svg(shown.chart, title="Time", origin="here"))
    assert width == pytest.approx(scale * float(drawn.get("width", 0)), abs=2)
