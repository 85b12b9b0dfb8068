"""A chart that takes less room shows the same."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from serlab.report.svg_small import number, shrink

SVG = "{http://www.w3.org/2000/svg}"


def shrunk(inner: str) -> ElementTree.Element:
    root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg"><g fill="none">{inner}</g></svg>')
    shrink(root, "n")
    return root


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12.0, "12"), (0.5, ".5"), (10.5, "10.5"), (-0.5, "-.5"), (-3.16, "-3.2"), (-0.01, "0"), (0.96, "1")],
)
def test_coordinates_keep_a_tenth_of_a_pixel(value: float, shown: str) -> None:
    assert number(value) == shown


def test_shares_of_opacity_are_no_coordinates() -> None:
    path = next(shrunk('<path d="M0.123,0L1.987,1" stroke="red" stroke-opacity="0.35" />').iter(f"{SVG}path"))
    assert path.get("stroke-opacity") == "0.35"
    assert path.get("d") == "M.1,0L2,1"


def test_steps_are_written_as_such_and_end_where_they_ended() -> None:
    path = next(shrunk('<path d="M1,9L1,5L4,5L4,2L6,1L6,1" stroke="red" />').iter(f"{SVG}path"))
    assert path.get("d") == "M1,9V5H4V2L6,1"


def test_curves_and_closed_shapes_stay() -> None:
    d = "M3,0A3,3,0,1,1,-3,0Z"
    assert next(shrunk(f'<path d="{d}" fill="red" />').iter(f"{SVG}path")).get("d") == d


def test_the_lines_of_a_grid_are_one_path_and_others_stay_lines() -> None:
    root = shrunk(
        '<g><line y2="-9" stroke="grey" /><line transform="translate(5,0)" y2="-9" stroke="grey" />'
        '<line x2="7" stroke="black" /></g>'
    )
    assert [path.get("d") for path in root.iter(f"{SVG}path")] == ["M0,0v-9M5,0v-9"]
    assert len(list(root.iter(f"{SVG}line"))) == 1


def test_what_all_parts_say_their_group_says() -> None:
    root = shrunk('<g><text fill="red" x="1">a</text><text fill="red" x="2">b</text></g>')
    texts = list(root.iter(f"{SVG}text"))
    assert [text.get("fill") for text in texts] == [None, None]
    assert any(group.get("fill") == "red" for group in root.iter(f"{SVG}g"))


def test_what_is_never_seen_goes_and_what_has_a_name_stays() -> None:
    root = shrunk('<g><path d="M0,0h9v9h-9Z" /></g><path d="M0,0h9" fill="red"><title>nine</title></path>')
    assert ["".join(path.itertext()) for path in root.iter(f"{SVG}path")] == ["nine"]


def test_a_mark_that_is_drawn_often_is_defined_once_and_keeps_its_place_and_name() -> None:
    d = "M3.16,0A3.16,3.16,0,1,1,-3.16,0A3.16,3.16,0,1,1,3.16,0"
    marks = "".join(
        f'<path transform="translate({at},2)" d="{d}" fill="red"><title>{at}</title></path>' for at in range(4)
    )
    root = shrunk(marks)
    used = list(root.iter(f"{SVG}use"))
    assert [(one.get("href"), one.get("x"), one.get("y"), "".join(one.itertext())) for one in used] == [
        ("#n-m0", str(at), "2", str(at)) for at in range(4)
    ]
    assert [path.get("id") for path in root.iter(f"{SVG}path")] == ["n-m0"]
