"""Makes a chart's SVG small without changing what it shows: a page has dozens of them, drawn for any reader of SVG.

Coordinates keep a tenth of a pixel; what all parts of a group say, the group says once; a mark that is drawn many
times is drawn once and used.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"
_G, _PATH, _LINE, _TEXT, _TITLE = (f"{_SVG}{name}" for name in ("g", "path", "line", "text", "title"))
#: Presentation attributes that a group's parts inherit (https://www.w3.org/TR/SVG2/propidx.html).
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "text-anchor",
              "font-weight")  # fmt: skip
_GEOMETRY = frozenset(("d", "transform", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "cx", "cy", "r"))
_PLACE = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_STEP = re.compile(r"([MLHV])(-?[\d.]+)(?:,(-?[\d.]+))?")
#: A mark that stands so often is worth a definition.
_OFTEN = 3


def shrink(root: ElementTree.Element, name: str) -> None:
    """Shrink a chart in place; ``name`` makes the ids of its definitions the page's only ones."""
    for element in root.iter():
        for attribute, value in element.attrib.items():
            if attribute in _GEOMETRY:
                element.attrib[attribute] = _NUMBER.sub(lambda match: number(float(match.group())), value)
        _plain(element)
    _tidy(root)
    _use(root, name)


def number(value: float) -> str:
    """Return a coordinate with at most a tenth: ``12``, ``.5``, ``-3.2``."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text.replace("0.", ".") if abs(value) < 1 else text


def _plain(element: ElementTree.Element) -> None:
    """Say the same in fewer words, an element at a time."""
    if element.get("stroke-dasharray") == "1,0":
        del element.attrib["stroke-dasharray"]
    if element.tag == _PATH and "stroke-width" in element.attrib and "stroke" not in element.attrib:
        del element.attrib["stroke-width"]
    if element.tag == _PATH:
        element.set("d", _short_path(element.get("d", "")))
    place = _PLACE.fullmatch(element.get("transform", ""))
    if place and element.tag == _TEXT and not element.attrib.keys() & {"x", "y", "dx", "dy"}:
        del element.attrib["transform"]
        element.attrib |= {key: at for key, at in zip("xy", place.groups(), strict=True) if at != "0"}


def _short_path(d: str) -> str:
    """Write a line that runs straight across or down as such; curves and closed shapes stay as they are."""
    steps = _STEP.findall(d)
    if "".join(f"{kind}{x},{y}" if y else f"{kind}{x}" for kind, x, y in steps) != d or len(steps) < 3:
        return d
    written, at = [], ("", "")
    for kind, x, y in steps:
        if kind != "L" or not y:
            written.append(f"{kind}{x},{y}" if y else f"{kind}{x}")
        elif x != at[0] and y == at[1]:
            written.append(f"H{x}")
        elif y != at[1]:
            written.append(f"V{y}" if x == at[0] else f"L{x},{y}")
        at = (x, y)
    return "".join(written)


def _tidy(element: ElementTree.Element) -> None:
    for child in list(element):
        _tidy(child)
        unseen = child.tag == _PATH and not child.attrib.keys() & {"fill", "stroke"}
        if not len(child) and (unseen or child.tag == _G):
            element.remove(child)
    if element.tag == _G:
        _merge_lines(element)
        _hoist(element)


def _merge_lines(group: ElementTree.Element) -> None:
    """Draw neighbouring lines of one look, such as a grid's, as one path."""
    children: list[ElementTree.Element] = []
    for look, found in groupby(group, _look):
        alike = list(found)
        if look is None or len(alike) < 2:
            children += alike
            continue
        d = "".join(_as_path(line) for line in alike)
        children.append(ElementTree.Element(_PATH, {"d": d, **dict(look)}))
    group[:] = children


def _look(element: ElementTree.Element) -> tuple[tuple[str, str], ...] | None:
    """Return what neighbours must share to be drawn as one; None of what is no bare line."""
    placed = element.get("transform")
    if element.tag != _LINE or len(element) or (placed and not _PLACE.fullmatch(placed)):
        return None
    return tuple(sorted((key, value) for key, value in element.attrib.items() if key not in _ENDS))


_ENDS = ("transform", "x1", "y1", "x2", "y2")


def _as_path(line: ElementTree.Element) -> str:
    place = _PLACE.fullmatch(line.get("transform", ""))
    left, top = (float(at) for at in place.groups()) if place else (0.0, 0.0)
    x1, y1, x2, y2 = (float(line.get(key, "0")) for key in ("x1", "y1", "x2", "y2"))
    start = f"M{number(left + x1)},{number(top + y1)}"
    if x1 == x2:
        return f"{start}v{number(y2 - y1)}"
    return f"{start}h{number(x2 - x1)}" if y1 == y2 else f"{start}l{number(x2 - x1)},{number(y2 - y1)}"


def _hoist(group: ElementTree.Element) -> None:
    """Let a group say what all of its parts say."""
    if len(group) < 2 or any(child.tag == _TITLE for child in group):
        return
    for attribute in _INHERITED:
        values = {child.get(attribute) for child in group}
        if len(values) == 1 and None not in values:
            group.set(attribute, values.pop() or "")
            for child in group:
                del child.attrib[attribute]


def _use(root: ElementTree.Element, name: str) -> None:
    """Define a mark that is drawn often once, and use it in each of its places."""
    marks = [path for path in root.iter(_PATH) if _PLACE.fullmatch(path.get("transform", ""))]
    often = [d for d, times in Counter(path.get("d", "") for path in marks).items() if times >= _OFTEN and len(d) > 24]
    if not often:
        return
    for path in marks:
        d, place = path.get("d", ""), _PLACE.fullmatch(path.get("transform", ""))
        if d in often and place:
            path.tag = f"{_SVG}use"
            del path.attrib["d"], path.attrib["transform"]
            path.attrib |= {"href": f"#{name}-m{often.index(d)}", "x": place[1], "y": place[2]}
    defined = ElementTree.Element(f"{_SVG}defs")
    for position, d in enumerate(often):
        ElementTree.SubElement(defined, _PATH, {"id": f"{name}-m{position}", "d": d})
    root.insert(0, defined)
