"""Charts as SVG and PNG, by vl-convert, which needs no browser; and as SVG that lives within a page."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import get_context
from typing import Any
from xml.etree import ElementTree

import altair as alt
import vl_convert

from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.svg_small import shrink

_SVG = "http://www.w3.org/2000/svg"
_TITLE, _GROUP, _LINK = (f"{{{_SVG}}}{name}" for name in ("title", "g", "a"))
#: What Vega writes for its own runtime and no page needs.
_DROPPED = frozenset({"class", "pointer-events", "role", "aria-roledescription", "aria-hidden", "version",
                      "font-family"})  # fmt: skip
#: What XML cannot hold, and a name in someone's results might (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What an SVG element is without being told, or by the page's style for text.
_DEFAULTS = {"opacity": "1", "stroke-width": "1", "font-weight": "normal", "font-size": "11px", "x2": "0", "y2": "0",
             "transform": "translate(0,0)", "stroke-miterlimit": "10", "text-anchor": "start"}  # fmt: skip
#: PNG files are drawn at this multiple of their size in pixels, for screens with dense pixels and for slides.
PNG_SCALE = 2.0

ElementTree.register_namespace("", _SVG)


def specification(chart: alt.TopLevelMixin, *, title: str = "", origin: str = "") -> dict[str, Any]:
    """Return the Vega-Lite of a chart in the common look; ``origin`` is the line below its title."""
    found: dict[str, Any] = chart.to_dict(validate=False)
    if title:
        found["title"] = {"text": title, **({"subtitle": origin} if origin else {})}
    return {**_printable(found), "config": theme.CONFIG}


def _printable(value: Any) -> Any:
    """Replace what XML cannot hold in every text: such a character aborts the renderer, and with it the process."""
    if isinstance(value, str):
        return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def to_svg(chart: alt.TopLevelMixin, *, title: str, origin: str) -> str:
    """Return a chart as a file of its own, on white."""
    return vl_convert.vegalite_to_svg({**specification(chart, title=title, origin=origin), "background": theme.PAPER})


def to_png(chart: alt.TopLevelMixin, *, title: str, origin: str) -> bytes:
    """Return a chart as a picture, on white."""
    found = {**specification(chart, title=title, origin=origin), "background": theme.PAPER}
    return vl_convert.vegalite_to_png(found, scale=PNG_SCALE)


def inline(panel: Panel, drawn: str) -> str:
    """Return a panel's chart, ``drawn`` as SVG, as an element of a page.

    Its colours follow the page's theme, its ids are its own. A mark with a description shows it on hovering, and leads
    to its evidence where the panel knows it.
    """
    key = f"c{zlib.crc32(panel.name.encode()):x}"  # names come from results, and ids stand in addresses
    root = ElementTree.fromstring(drawn)  # noqa: S314  # what Vega has drawn, in this process
    links = {_printable(tip): href for tip, href in panel.links.items()}
    linked = False
    for parent in list(root.iter()):
        for position, element in reversed(list(enumerate(parent))):
            told = element.attrib.pop("aria-label", "")
            if _is_empty(element):
                parent.remove(element)
            elif told.startswith(theme.TIP):
                tip = told.removeprefix(theme.TIP)
                ElementTree.SubElement(element, _TITLE).text = tip
                if tip in links:
                    linked = True
                    _link(parent, position, links[tip])
    _unwrap(root)
    for link in list(root.iter(_LINK)):
        link.extend(_icons(link))
    for element in root.iter():
        for attribute in _DROPPED & element.attrib.keys():
            del element.attrib[attribute]
        for attribute, value in _DEFAULTS.items():
            if element.get(attribute) == value:
                del element.attrib[attribute]
        for attribute, value in element.attrib.items():
            if attribute not in ("href", "aria-label"):
                element.attrib[attribute] = _value(value, key)
    shrink(root, key)
    # An image's children are not announced; one with links must let them be.
    root.attrib.update(
        {"role": "group" if linked else "img", "aria-label": _printable(panel.description), "class": "chart"}
    )
    # No text and no attribute holds a bare ">".
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _unwrap(element: ElementTree.Element) -> None:
    """Put the children of groups that say nothing in the groups' places."""
    children: list[ElementTree.Element] = []
    for child in element:
        _unwrap(child)
        says = child.attrib.keys() - _DROPPED
        children += list(child) if child.tag == _GROUP and not says else [child]
    element[:] = children


def _is_empty(element: ElementTree.Element) -> bool:
    """Whether nothing of it is ever seen: also a label that Vega hid because it would overlap another."""
    hidden = element.get("display") == "none" or element.get("opacity") == "0"
    return hidden or element.get("d") in ("", "M0,0h0v0h0Z")


def _link(parent: ElementTree.Element, position: int, href: str) -> None:
    """Put a mark into a link, its neighbour's where both lead to the same place; its title is the link's name too."""
    mark = parent[position]
    following = parent[position + 1] if position + 1 < len(parent) else None
    if following is not None and following.tag == _LINK and following.get("href") == href:
        following.insert(0, mark)
        del parent[position]
        return
    parent[position] = ElementTree.Element(_LINK, {"href": href})
    parent[position].append(mark)


_BAR = re.compile(r"M(-?[\d.]+),(-?[\d.]+)h(-?[\d.]+)v(-?[\d.]+)")
_PLACE = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")


def _icons(link: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the flame that stands after each row of a link's marks: beyond the end of a bar, above a dot.

    The page's template draws it, since a font may lack one.
    """
    ends: dict[float, float] = {}
    for mark in link:
        if bar := _BAR.match(mark.get("d", "")):
            left, top, width, height = map(float, bar.groups())
            ends[top + height / 2] = max(left + width + 7, ends.get(top + height / 2, 0.0))
        elif place := _PLACE.match(mark.get("transform", "")):
            ends[float(place[2]) - 5] = float(place[1]) + 7
    return [
        ElementTree.Element(f"{{{_SVG}}}use", {"href": "#fire", "x": f"{right:.1f}", "y": f"{middle:.1f}"})
        for middle, right in ends.items()
    ]


def _value(value: str, key: str) -> str:
    variable = _variables().get(value.lower())
    if variable:
        return f"var({variable})"
    value = value.replace("url(#", f"url(#{key}-") if value.startswith("url(#") else value
    if re.fullmatch(r"(clip|gradient)\w*", value):
        return f"{key}-{value}"
    return value


@cache
def _variables() -> dict[str, str]:
    return {colour.lower(): variable for colour, variable in theme.CSS_VARIABLES.items()}


#: A process needs as long to start as ten charts take to draw; pages with fewer charts are drawn here.
WORTH_PROCESSES = 24
MAX_PROCESSES = 4


def draw(specification: dict[str, Any]) -> str:
    """Return the SVG of a Vega-Lite specification."""
    drawn: str = vl_convert.vegalite_to_svg(specification)
    return drawn


#: A chart that is being drawn, or will be when it is called: returns its SVG.
Drawing = Callable[[], str]


class Renderer:
    """Draws charts ahead of when they are needed, where there is someone to do it meanwhile."""

    def __init__(self, executor: Executor | None) -> None:
        self._executor = executor

    def draw(self, panel: Panel) -> Drawing:
        """Specify a panel's chart and begin to draw it."""
        wanted = specification(panel.chart)
        return partial(draw, wanted) if self._executor is None else self._executor.submit(draw, wanted).result


@contextmanager
def rendering(charts: int) -> Iterator[Renderer]:
    """Open a renderer for about ``charts`` charts: with processes where that pays, and the machine has the cores."""
    processes = min(MAX_PROCESSES, os.cpu_count() or 1)
    if charts < WORTH_PROCESSES or processes < 2:
        yield Renderer(None)
        return
    # Spawned, not forked: V8 runs threads, and a fork of them hangs.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        yield Renderer(executor)
