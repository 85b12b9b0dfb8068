"""What is understood of lists, durations, shares and seeds, and what is refused with words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from serlab.errors import PayloadError, SerlabError, UsageError
from serlab.lab.asked import checked_seed, kind_of_client, payload_specs, percent, seconds, split


def test_lists_are_repeated_or_separated_by_commas() -> None:
    assert split(["json, orjson", "wire"]) == ("json", "orjson", "wire")
    assert split(None) == ()


def test_a_codecs_second_parameter_is_no_codec_of_its_own() -> None:
    assert split(["orjson-gzip:level=9,format=columnar,json"]) == ("orjson-gzip:level=9,format=columnar", "json")


def test_named_tensors_are_one_payload() -> None:
    assert payload_specs(["image,ids=1x8:int64,mask=1x8:int64"]) == ("image", "ids=1x8:int64,mask=1x8:int64")


@pytest.mark.parametrize(("text", "wanted"), [("90s", 90.0), ("1.5m", 90.0), ("1h", 3600.0), ("7", 7.0), (None, None)])
def test_durations_are_seconds(text: str | None, wanted: float | None) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("3%", 0.03), ("0.5 %", 0.005), (None, None)])
def test_shares_are_numbers(text: str | None, wanted: float | None) -> None:
    assert percent(text) == pytest.approx(wanted)


def test_a_seed_is_always_the_same_unless_told() -> None:
    assert checked_seed(None) == checked_seed(None)
    assert checked_seed(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize(
    ("read", "given", "error"),
    [
        (split, ["json,,wire"], UsageError),
        (split, [""], UsageError),
        (payload_specs, ["image,"], PayloadError),
        (seconds, "soon", UsageError),
        (seconds, "0s", UsageError),
        (seconds, "inf", UsageError),
        (seconds, "nan", UsageError),
        (percent, "-3%", UsageError),
        (percent, "a lot", UsageError),
        (checked_seed, -1, UsageError),
        (checked_seed, 2**63, UsageError),
    ],
)
def test_what_cannot_be_meant_is_refused(
    read: Callable[[object], object], given: object, error: type[SerlabError]
) -> None:
    with pytest.raises(error):
        read(given)


def test_each_codec_has_its_own_kind_of_client_unless_all_are_to_have_tensorflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert kind_of_client("own") is None
    assert kind_of_client("tensorflow") == "tensorflow"
    with pytest.raises(UsageError, match="choose own or tensorflow"):
        kind_of_client("light")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs TensorFlow"):
        kind_of_client("tensorflow")
