from __future__ import annotations

import math

import numpy as np
import pytest

from serlab.analysis.representation import answer_change, answers_in_words, exactness, rows, value_change
from serlab.records.endtoend import CallSample
from serlab.records.send_less import AnswerChange, SendLess, SentAs, SentRun, ValueChange

IMAGE = np.full((1, 2, 2, 3), 0.5, np.float32)


def test_errors_are_absolute_and_the_mean_is_over_all_elements() -> None:
    after = IMAGE.copy()
    after[0, 0, 0, 0] = 0.75
    found = value_change({"x": IMAGE}, {"x": after}, None)
    assert found.largest == 0.25
    assert found.mean == pytest.approx(0.25 / 12)
    assert found.psnr_db == pytest.approx(10 * math.log10(1 / (0.25**2 / 12)))


def test_the_peak_of_bytes_is_255() -> None:
    before, after = np.full((1, 2, 2, 1), 10, np.uint8), np.full((1, 2, 2, 1), 12, np.uint8)
    assert value_change({"x": before}, {"x": after}, None).psnr_db == pytest.approx(10 * math.log10(255**2 / 4))


def test_what_is_unchanged_has_no_error_whatever_its_values() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 3], np.float32)
    assert value_change({"x": odd}, {"x": odd.copy()}, 0.0) == ValueChange(0.0, 0.0, None, 0.0)
    strings = np.array([b"a"], object)
    assert value_change({"s": strings}, {"s": strings}, 0.0).largest == 0


def test_another_shape_is_no_small_error() -> None:
    with pytest.raises(ValueError, match="came back as"):
        value_change({"x": IMAGE}, {"x": IMAGE[0]}, None)


def scores(*values: float) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    return {"y": np.array([values], np.float32)}


def test_a_changed_first_class_is_counted_per_request() -> None:
    before = [scores(0.9, 0.1), scores(0.2, 0.8), scores(0.6, 0.4)]
    after = [scores(0.8, 0.2), scores(0.7, 0.3), scores(0.6, 0.4)]
    found = answer_change(before, after)
    assert (found.requests, found.top1_changed, found.top1_classes) == (3, 1, 2)
    assert found.largest_change == pytest.approx(0.5)
    assert answers_in_words(found) == ("top-1 changed on 1 of 3 (2 classes came first); numbers change by up to 0.5")


def test_outputs_without_scores_have_no_first_class() -> None:
    found = answer_change([{"boxes": IMAGE}], [{"boxes": IMAGE + 1}])
    assert (found.top1_changed, found.largest_change) == (None, 1.0)
    assert answers_in_words(found) == "numbers change by up to 1 (1 request)"
    assert answers_in_words(AnswerChange(4, 0, 1, 0.0)) == "the same on 4 of 4"


def test_no_answers_are_not_the_same_answers() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        answer_change([], [])


def way(name: str, seconds: float, change: ValueChange | None, *, failure: str = "") -> SentAs:
    call = CallSample(0.0, seconds, 0.0, seconds)
    runs = () if failure else tuple(SentRun(number, (0.5,), (call,), 10, 20, 0.2) for number in range(6))
    return SentAs(name, "effect", "wire", "grpc", "s", change, None, 100, runs, failure)


def test_a_lossy_way_says_so_in_the_line_that_ranks_it_first() -> None:
    exact, lossy = ValueChange(0, 0, None, 0.0), ValueChange(0.1, 0.01, 30.0, None)
    same = ValueChange(0, 0, None, 0.002)
    ways = (way("as-is", 3, exact), way("jpeg:90", 1, lossy), way("png", 9, exact, failure="no"), way("uint8", 2, same),
            way("odd", 4, None))  # fmt: skip
    found = rows(SendLess("image", "resnet50", 1, 1, 6, ways))
    assert [row.representation for row in found] == ["jpeg:90", "uint8", "as-is", "odd", "png"]
    assert [row.lossy for row in found] == [True, False, False, True, False]
    assert found[0].name == "jpeg:90 over wire (LOSSY)"
    assert found[0].exactness == "off by up to 0.1, 0.01 on average, PSNR 30.0 dB"
    assert found[1].exactness == "exact for these values"
    assert found[3].exactness == "not compared"
    assert exactness(exact) == "exact"


def test_representing_is_part_of_a_call_and_ratios_are_to_the_request_as_it_is() -> None:
    exact = ValueChange(0, 0, None, 0.0)
    first, second = rows(SendLess("image", "m", 1, 1, 6, (way("as-is", 1.5, exact), way("png", 0.5, exact))))
    assert first.end_to_end is not None
    assert first.end_to_end.median == 1.0
    assert first.client_s == 0.5
    assert first.versus_as_is is not None
    assert first.versus_as_is.median == 0.5
    assert second.versus_as_is is None
    assert first.server_cpu_s == 0.2
