from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from serlab.errors import WireError
from serlab.wire import decode_predict, decode_request
from serlab.wire.model_spec import ModelSpec, write_model_spec

SPECS = [
    ModelSpec(),
    ModelSpec("m"),
    ModelSpec("m", "s", 1),
    ModelSpec("m", "s", 0),
    ModelSpec("m", "s", -(2**63)),
    ModelSpec("é", "", None, "stable"),
    ModelSpec("m", "s", None, ""),
]


@pytest.mark.parametrize("spec", SPECS)
def test_is_written_and_read_as_protobuf_does(stock: SimpleNamespace, spec: Any) -> None:
    response = stock.response()
    response.model_spec.SetInParent()
    response.model_spec.MergeFromString(write_model_spec(spec))
    assert response.model_spec.SerializeToString() == write_model_spec(spec)
    assert (response.model_spec.name, response.model_spec.signature_name) == (spec.name, spec.signature)
    choice = response.model_spec.WhichOneof("version_choice")
    assert choice == ("version" if spec.version is not None else "version_label" if spec.label is not None else None)
    assert decode_predict(response.SerializeToString()).model == spec


def test_repeated_specs_merge_and_the_later_version_choice_stands(raw: SimpleNamespace) -> None:
    version, label = raw.field(2, b"\x08\x05"), raw.field(4, b"stable")
    name, signature = raw.field(1, b"m"), raw.field(3, b"s")

    def read(*specs: bytes) -> ModelSpec:
        return decode_request(b"".join(raw.field(1, spec) for spec in specs)).model

    assert read(name, signature) == ModelSpec("m", "s")
    assert read(name + version, label) == ModelSpec("m", "", None, "stable")
    assert read(label, version) == ModelSpec(version=5)
    assert read(version, raw.field(2, b"")) == ModelSpec(version=5)  # an empty message changes nothing
    assert read(version + label + raw.field(2, b"")) == ModelSpec(version=0)  # but starts anew after another choice
    assert read(name, raw.field(1, b"n")) == ModelSpec("n")


@pytest.mark.parametrize("padding", [b"", b"\x2a\x00" * 200])
@pytest.mark.parametrize("fault", [b"\x0a\x05ab", b"\x12\x01\x08", b"\x0a\x01\xff"])
def test_a_fault_is_found_at_its_place_in_the_body(raw: SimpleNamespace, padding: bytes, fault: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode_request(b"\x1a\x01y" + raw.field(1, padding + fault))
    head = len(b"\x1a\x01y") + len(raw.field(1, padding + fault)) - len(padding + fault)
    assert caught.value.offset is not None
    assert head + len(padding) <= caught.value.offset < head + len(padding) + len(fault)
