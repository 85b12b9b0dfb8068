"""Answers of a model: recorded once per codec, and compared with each other or with what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.errors import MeasureError
from serlab.measure import answers
from serlab.measure.calls import Subject
from serlab.measure.target import Target
from serlab.records.call import Call, TensorSpec
from serlab.records.endtoend import Answer
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions

CALL = Call(
    "model", "serving_default", {"x": TensorSpec("float32", (1, 3))},
    {"y": TensorSpec("float32", (1, 3)), "n": TensorSpec("int64", (1,))},
)  # fmt: skip
ANSWER = {"y": np.array([[0.5, 0.1, -3.0]], np.float32), "n": np.array([7])}


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """Ask a model that answers ``ANSWER``, with a codec, for an answer to compare with a file or another's body."""

    def ask(codec: str, *, reference: str = "", reference_path: Path | None = None, expect: str = "") -> Answer:
        body = registry.get(codec).write_response(ANSWER, CALL, registry.get(codec).forms[0])

        class Model:
            def send(self, _body: bytes) -> bytes:
                return bytes(body)

        @contextmanager
        def opened(*_arguments: object) -> Iterator[Model]:
            yield Model()

        monkeypatch.setattr(answers, "open_transport", opened)
        endpoint, subject = Endpoint("remote", "", "h:1", "h:2"), Subject("1x3:float32", 1, CALL)
        path = tmp_path / f"{codec}.bin"
        return answers.record_answer(
            endpoint, TransportOptions(), subject, codec, path, reference, reference_path, expect
        )

    return ask


def test_an_answer_is_what_was_expected_or_says_how_it_differs(record: object, tmp_path: Path) -> None:
    assert callable(record)
    np.savez(tmp_path / "right.npz", y=ANSWER["y"], n=ANSWER["n"])
    found = record("orjson", expect=f"@{tmp_path}/right.npz")
    assert found.exactness.exact
    assert found.compared_with == f"@{tmp_path}/right.npz"
    np.savez(tmp_path / "wrong.npz", y=ANSWER["y"], n=np.array([8]))
    found = record("wire", expect=f"@{tmp_path}/wrong.npz")
    assert not found.exactness.exact
    assert found.exactness.elements == 4


def test_an_expectation_that_lacks_an_output_says_which(record: object, tmp_path: Path) -> None:
    assert callable(record)
    np.savez(tmp_path / "half.npz", y=ANSWER["y"])
    with pytest.raises(MeasureError, match="--expect has no tensor 'n'"):
        record("wire", expect=f"@{tmp_path}/half.npz")


def test_answers_of_two_codecs_are_compared_and_one_alone_is_not(record: object, tmp_path: Path) -> None:
    assert callable(record)
    first = record("wire")
    assert first.exactness is None
    second = record("orjson", reference="wire", reference_path=tmp_path / "wire.bin")
    assert second.compared_with == "wire"
    assert second.exactness.exact


def test_a_codec_that_sends_rows_bytes_calls_the_twin_and_its_answer_is_compared_by_the_plain_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    y = TensorSpec("float32", (1, 3))
    twin = Call("model", "bytes", {"x": y.packed}, {"y_bytes": y.packed})
    call = Call("model", "serving_default", {"x": y}, {"y": y}, packed=twin)
    answer = np.array([[0.5, 0.1, -3.0]], np.float32)
    endpoint = Endpoint("remote", "", "h:1", "h:2")
    assert Target(endpoint, TransportOptions(), call, {"x": y}).refusals(["base64", "wire"]) == {}
    plain = replace(call, packed=None)
    assert "base64" in Target(endpoint, TransportOptions(), plain, {"x": y}).refusals(["base64", "wire"])
    called: list[str] = []

    def ask(codec: str, reference: str = "") -> Answer:
        found = Subject("1x3:float32", 1, call).exchange(codec)
        body = found.codec.write_response(dict.fromkeys(found.call.outputs, answer), found.call, found.codec.forms[0])

        class Model:
            def send(self, _body: bytes) -> bytes:
                return bytes(body)

        @contextmanager
        def opened(_transport: str, _endpoint: Endpoint, made: Call, _options: object) -> Iterator[Model]:
            called.append(made.signature)
            yield Model()

        monkeypatch.setattr(answers, "open_transport", opened)
        path, other = tmp_path / f"{codec}.bin", tmp_path / f"{reference}.bin" if reference else None
        subject = Subject("1x3:float32", 1, call)
        return answers.record_answer(endpoint, TransportOptions(), subject, codec, path, reference, other, "")

    assert ask("wire").outputs == {"y": y}
    found = ask("base64", "wire")
    assert called == ["serving_default", "bytes"]
    assert found.outputs == {"y": y}
    assert found.exactness
    assert found.exactness.exact
