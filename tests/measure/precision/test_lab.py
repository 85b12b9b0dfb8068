"""The lab says what each codec does to each class of values, catches codecs that lie, and keeps what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.errors import CodecUnavailableError, PayloadError, UnknownNameError, UsageError
from serlab.measure.precision.lab import Plan, PrecisionLab
from serlab.payload import parse_payload
from serlab.records.precision import PrecisionCell, PrecisionReport

FLOATS = ("float16", "bfloat16", "float32", "float64")


def run(codec: str, *dtypes: str, samples: int = 300) -> PrecisionReport:
    return PrecisionLab(Plan((codec,), dtypes, samples, seed=5)).run()


def cell(report: PrecisionReport, value_class: str, leg: str = "both", place: str = "offline") -> PrecisionCell:
    (found,) = [
        c for c in report.cells if (c.value_class, c.leg, c.place) == (value_class, leg, place) and c.form != "content"
    ]
    return found


def counts(report: PrecisionReport, value_class: str, leg: str = "both", place: str = "offline") -> dict[str, int]:
    return dict(cell(report, value_class, leg, place).exactness.counts)


def test_a_codec_that_drops_the_low_bit_is_caught(make_codec: Any, registered: Any) -> None:
    def drop_low_bit(tensor: np.ndarray) -> np.ndarray:
        bits = tensor.view(np.uint32) & np.uint32(0xFFFFFFFE)
        return bits.view(np.float32)

    registered(make_codec("liar", drop_low_bit))
    report = run("liar", "float32")
    normal = cell(report, "normal")
    assert set(normal.exactness.counts) == {"exact", "rounded"}
    assert normal.exactness.worst_ulp == 1
    assert 0.3 < normal.exactness.counts["rounded"] / normal.exactness.elements < 0.7
    assert normal.alterations[0].silent
    assert cell(report, "subnormal").exactness.counts["flushed"] >= 2  # the smallest, with either sign
    assert "canonical" in counts(report, "quiet NaN")
    assert set(counts(report, "signalling NaN")) <= {"exact", "canonical", "replaced"}
    assert counts(report, "normal", "response") == {"exact": normal.exactness.elements}


def test_a_codec_that_swaps_nan_for_zero_is_caught(make_codec: Any, registered: Any) -> None:
    registered(make_codec("liar", lambda t: np.where(np.isnan(t), t.dtype.type(0), t)))
    report = run("liar", "float64")
    assert set(counts(report, "quiet NaN")) == set(counts(report, "signalling NaN")) == {"replaced"}
    for name in ("normal", "zero", "subnormal", "infinity", "unit"):
        assert set(counts(report, name)) == {"exact"}


def test_a_codec_that_returns_zeros_is_caught(make_codec: Any, registered: Any) -> None:
    registered(make_codec("liar", np.zeros_like))
    report = run("liar", "float32", "int64", "bool")
    by_class = {(c.dtype, c.value_class): c.exactness.counts for c in report.cells if c.leg == "both"}
    assert by_class["float32", "zero"] == {"exact": 1, "sign lost": 1}
    assert set(by_class["float32", "subnormal"]) == {"flushed"}
    for name in ("normal", "infinity", "quiet NaN", "decimal"):
        assert set(by_class["float32", name]) == {"replaced"}
    assert by_class["bool", "all"] == {"exact": 1, "replaced": 1}
    # A multiple of 2^8 that comes back as 0 is equal modulo 2^8: nothing tells it from a wrapped one.
    assert set(by_class["int64", "beyond 2^53"]) <= {"replaced", "wrapped"}


def test_a_codec_that_flushes_subnormals_is_caught(make_codec: Any, registered: Any) -> None:
    tiny = np.finfo(np.float64).smallest_normal
    registered(make_codec("liar", lambda t: np.where(np.abs(t) < tiny, t * 0, t)))
    assert set(counts(run("liar", "float64"), "subnormal")) == {"flushed"}


def test_a_codec_that_goes_through_float32_is_caught(make_codec: Any, registered: Any) -> None:
    def detour(tensor: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return tensor.astype(np.float32).astype(np.float64)

    registered(make_codec("liar", detour))
    report = run("liar", "float64")
    assert "overflowed" in counts(report, "narrowing")
    assert counts(report, "unit")["rounded"] > 250
    assert cell(report, "halfway").exactness.worst_ulp > 1000


def test_a_codec_that_refuses_nan_is_caught_with_its_words(make_codec: Any, registered: Any) -> None:
    def refuse(tensor: np.ndarray) -> np.ndarray:
        if np.isnan(tensor).any():
            raise ValueError("no NaN here")
        return tensor

    registered(make_codec("liar", refuse))
    report = run("liar", "float32")
    assert set(counts(report, "quiet NaN")) == {"rejected"}
    assert cell(report, "quiet NaN").exactness.failure == "ValueError: no NaN here"
    assert set(counts(report, "normal")) == {"exact"}


@pytest.mark.parametrize("name", ["raw", "base64", "base64-simd"])
def test_codecs_that_carry_bytes_are_exact_for_every_number(name: str) -> None:
    report = run(name, *FLOATS, "int8", "uint64", "bool", "complex64")
    assert [(c.dtype, c.value_class, c.leg) for c in report.cells if not c.exactness.exact] == []


@pytest.mark.parametrize("name", ["json", "json-orjson-list", "orjson", "json-simdjson"])
def test_json_text_is_exact_for_every_finite_float32_and_float64(name: str) -> None:
    report = run(name, "float32", "float64", samples=2000)
    altered = {c.value_class for c in report.cells if not c.exactness.exact}
    assert altered <= {"infinity", "quiet NaN", "signalling NaN"}


def test_json_writes_nan_as_a_word_and_loses_its_bits() -> None:
    report = run("json", "float64")
    assert set(counts(report, "quiet NaN")) == {"exact", "canonical"}
    assert set(counts(report, "infinity")) == {"exact"}


def test_orjson_writes_null_which_is_rejected() -> None:
    for value_class in ("infinity", "quiet NaN"):
        assert set(counts(run("orjson", "float32"), value_class, "request")) == {"rejected"}


@pytest.mark.parametrize("name", ["json", "orjson"])
def test_a_dtype_that_a_codec_cannot_carry_is_a_verdict(name: str) -> None:
    report = run(name, "complex64", "string")
    assert {word for c in report.cells if c.leg == "request" for word in c.exactness.counts} >= {"rejected"}
    rejected = [c for c in report.cells if c.dtype == "complex64" and c.leg == "request"]
    assert all("cannot write complex64" in c.exactness.failure for c in rejected)


def test_a_users_tensor_is_split_by_nature_and_placed_by_index(tmp_path: Path) -> None:
    tensor = np.ones((4, 5), np.float32)
    tensor[2, 3], tensor[3, 1], tensor[0, 0] = np.nan, np.inf, 1e-45
    np.save(tmp_path / "mine.npy", tensor)
    payload = parse_payload(f"@{tmp_path / 'mine.npy'}")
    report = PrecisionLab(Plan(("orjson",), ("float32",), payload=payload)).run()
    assert (report.source, report.shape) == (payload.label, (4, 5))
    assert report.source.endswith("mine.npy")
    assert {c.value_class: c.exactness.elements for c in report.cells} == {
        "normal": 17,
        "subnormal": 1,
        "infinity": 1,
        "quiet NaN": 1,
    }
    (nan,) = cell(report, "quiet NaN").alterations
    assert nan.examples[0].where == (2, 3)
    (infinity,) = cell(report, "infinity").alterations
    assert infinity.examples[0].where == (3, 1)


def test_a_users_file_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, np.ones(3))
    payload = parse_payload(f"@{path}")
    np.save(path, np.ones(4))
    with pytest.raises(PayloadError, match="start a new run"):
        PrecisionLab(Plan(("raw",), ("float64",), payload=payload)).run()


def test_an_unavailable_codec_is_listed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    get = registry.get

    def without_orjson(name: str) -> object:
        if name == "orjson":
            raise CodecUnavailableError("codec orjson needs orjson, which is not installed")
        return get(name)

    monkeypatch.setattr(registry, "get", without_orjson)
    report = PrecisionLab(Plan(("orjson", "raw"), ("bool",), 10)).run()
    assert report.unavailable == {"orjson": "codec orjson needs orjson, which is not installed"}
    assert {c.codec for c in report.cells} == {"raw"}


def test_names_and_numbers_are_checked_before_anything_runs() -> None:
    with pytest.raises(UnknownNameError, match="orjson"):
        Plan(("no-such-codec",))
    with pytest.raises(UnknownNameError, match="bfloat16"):
        Plan(("raw",), ("float8",))
    with pytest.raises(UsageError, match="at least 1"):
        Plan(("raw",), samples=0)


def test_the_report_can_be_had_at_any_time(make_codec: Any, registered: Any) -> None:
    def interrupted(tensor: np.ndarray) -> np.ndarray:
        raise KeyboardInterrupt

    registered(make_codec("stopped", interrupted))
    lab = PrecisionLab(Plan(("raw", "stopped"), ("bool",), 10))
    with pytest.raises(KeyboardInterrupt):
        lab.run()
    assert {c.codec for c in lab.report().cells} == {"raw"}


def test_progress_is_told_once_per_codec_and_dtype() -> None:
    steps: list[str] = []
    lab = PrecisionLab(Plan(("raw", "base64"), ("bool", "int8"), 10))
    lab.run(steps.append)
    assert steps == ["raw bool", "raw int8", "base64 bool", "base64 int8"]
    assert len(steps) == lab.steps


def test_a_hundred_thousand_values_take_one_trip_per_leg() -> None:
    report = PrecisionLab(Plan(("orjson",), ("float64",), 100_000)).run()
    unit = [c for c in report.cells if c.value_class == "unit"]
    assert [c.exactness.elements for c in unit] == [100_000] * 3
    assert [c.trips for c in unit] == [1, 1, 1]
