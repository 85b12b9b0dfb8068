from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import serlab.codecs
from serlab.codecs import registry
from serlab.codecs.raw import RawCodec
from serlab.errors import CodecUnavailableError, UnknownNameError, UsageError

DESIGNED = ["json", "json-orjson-list", "orjson", "json-simdjson", "base64", "base64-simd", "tensor-proto",
            "tensor-proto-values", "raw"]  # fmt: skip


class TwiceRaw(RawCodec):
    name = "twice"


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def install(value: str) -> None:
        point = EntryPoint("twice", value, registry.ENTRY_POINT_GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        registry._third_party.cache_clear()

    yield install
    registry._third_party.cache_clear()


def test_every_designed_codec_is_found() -> None:
    assert [name for name in registry.names() if name in DESIGNED] == DESIGNED


def test_every_codec_file_defines_a_registered_codec() -> None:
    helpers = {"__init__", "base", "registry", "rest_json"}
    files = {path.stem for path in Path(serlab.codecs.__path__[0]).glob("*.py")} - helpers
    defining = {type(registry.get(name)).__module__.rpartition(".")[2] for name in registry.available()}
    assert files == defining


def test_an_unknown_codec_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="base64-simd"):
        registry.get("msgpack")


def test_a_codec_whose_library_is_missing_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "simdjson" else real(name))
    assert "json-simdjson" in registry.names()
    assert "json-simdjson" not in registry.available()
    assert "simdjson" in registry.unavailable()["json-simdjson"]
    with pytest.raises(CodecUnavailableError, match="simdjson"):
        registry.get("json-simdjson")


def test_an_entry_point_adds_a_codec(third_party: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: TwiceRaw)
    third_party("elsewhere:TwiceRaw")
    assert registry.names()[-1] == "twice"
    assert isinstance(registry.get("twice"), TwiceRaw)


@pytest.mark.parametrize("value", ["no_such_module:Codec", "json:no_such_name", "json:JSONDecoder"])
def test_an_entry_point_that_is_no_codec_is_listed_as_unavailable(third_party: Any, value: str) -> None:
    third_party(value)
    assert "twice" in registry.unavailable()
    with pytest.raises(CodecUnavailableError, match="twice"):
        registry.get("twice")


def test_an_entry_point_cannot_take_a_built_in_name(monkeypatch: pytest.MonkeyPatch, third_party: Any) -> None:
    point = EntryPoint("raw", "elsewhere:Raw", registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry._third_party.cache_clear()
    assert type(registry.get("raw")) is RawCodec


def test_variants_are_available_but_not_among_the_main_codecs() -> None:
    variants = set(registry.available()) - set(registry.main_codecs())
    assert {"json-chunked", "orjson-gzip"} <= variants
    assert "orjson" in registry.main_codecs()


def test_a_parameter_makes_a_codec_of_its_own_and_a_wrong_one_is_refused() -> None:
    assert registry.get("orjson:format=columnar") is not registry.get("orjson")
    assert registry.get("orjson:format=row") is registry.get("orjson")
    assert registry.transport_of("orjson:format=columnar") == "rest"
    with pytest.raises(UnknownNameError, match="level"):
        registry.get("orjson:level=3")
    with pytest.raises(UsageError, match="no format 'diagonal'"):
        registry.get("json:format=diagonal")
    with pytest.raises(UsageError, match="whole number"):
        registry.get("orjson-gzip:level=high")


def test_a_registered_codec_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_REGISTERED", {})
    assert registry.register(TwiceRaw) is TwiceRaw
    assert isinstance(registry.get("twice"), TwiceRaw)
    assert "twice" in registry.names()
    with pytest.raises(CodecUnavailableError, match="not a concrete"):
        registry.register(int)  # type: ignore[arg-type]
