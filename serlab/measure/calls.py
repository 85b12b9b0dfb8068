"""What is sent, and what comes back: a payload and a codec, for the lab's echo servable or for a model of anyone's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from serlab.codecs import registry
from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors
from serlab.errors import MeasureError, StoreError
from serlab.payload import Payload, PayloadTensor, parse_payload
from serlab.records.call import STRING, TensorSpec
from serlab.records.run import Form
from serlab.records.store import RunFolder
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, signature


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured, as JSON types, for it travels to worker processes: a payload, and the call that takes it.

    ``call`` None is an echo. ``answers`` are files with response bodies of the model itself, by codec; without one, an
    answer is made of the outputs' dtypes and shapes.
    """

    payload: str
    seed: int
    call: Call | None = None
    answers: Mapping[str, Path] = field(default_factory=dict)

    def exchange(self, codec_name: str) -> Exchange:
        """Return what a codec sends and reads. Raises what the payload, the codec and the echo servable raise."""
        payload, codec = parse_payload(self.payload, seed=self.seed), registry.get(codec_name)
        plain = self.call or echo_call(codec, payload)
        tensors, answer = tensors_for(payload, plain), self.answers.get(codec_name)
        call = taken_by(codec, plain)
        packed = call is not plain
        if answer is None and self.call:
            call = replace(call, outputs=_closed(call.outputs, tensors))
        return Exchange(codec, call, tensors, self.seed, answer, packed=packed)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A codec with the tensors that it encodes, the call they go to, and the answer that it decodes.

    ``packed``: the call is the twin, for rows' bytes, of the one that other codecs make.
    """

    codec: Codec
    call: Call
    tensors: dict[str, Tensor]
    seed: int
    answer: Path | None = None
    packed: bool = False

    def response(self, form: Form | None = None) -> Body:
        """Return the body to decode: the model's own answer, or one made in ``form``.

        An echo answers what it was sent; of another model the outputs are drawn, sizes that are open being those of the
        input.

        Raises:
            CodecError: the codec cannot write it.
            MeasureError: the recorded answer cannot be read.
        """
        if self.answer is not None:
            try:
                return self.answer.read_bytes()
            except OSError as error:
                raise MeasureError(f"the recorded answer {self.answer} cannot be read: {error.strerror}") from error
        return self.codec.write_response(self.made_outputs(), self.call, form)

    def made_outputs(self) -> dict[str, Tensor]:
        """Return tensors like those that the model answers."""
        if self.call.model == ECHO_MODEL:
            return dict(zip(self.call.outputs, self.tensors.values(), strict=True))
        return {name: _drawn(spec, self.seed) for name, spec in _closed(self.call.outputs, self.tensors).items()}


def taken_by(codec: Codec | type[Codec], call: Call) -> Call:
    """Return the call that a codec makes: of one that sends rows' bytes, the model's signature for those, if any."""
    return call.packed if codec.signature == "bytes" and call.packed else call


def tensors_for(payload: Payload, call: Call) -> dict[str, Tensor]:
    """Return the payload's tensors by the names of the call's inputs; a recorded JSON body's numbers take their dtypes.

    Raises:
        PayloadError: one tensor for several inputs, or a file that is not what it was.
    """
    tensors = payload.build(call.inputs)
    for name, tensor in tensors.items():
        spec = call.inputs.get(name)
        if spec and spec.dtype != STRING and tensor.dtype != spec.numpy_dtype and not tensor.dtype.hasobject:
            tensors[name] = tensor.astype(spec.numpy_dtype)
    return tensors


def first_elements(tensors: Tensors) -> dict[str, Tensor]:
    """Return the first element of each tensor, in its number of dimensions."""
    return {name: tensor[(slice(1),) * tensor.ndim] for name, tensor in tensors.items()}


def with_shapes(call: Call, sent: Tensors) -> Call:
    """Return an echo's call for tensors of other shapes."""

    def like(spec: TensorSpec, tensor: Tensor) -> TensorSpec:
        packs = replace(spec.packs, shape=tensor.shape) if spec.packs else None
        return replace(spec, shape=tensor.shape[:1] if packs else tensor.shape, packs=packs)

    inputs = {name: like(spec, sent[name]) for name, spec in call.inputs.items() if name in sent}
    outputs = {
        name: like(spec, tensor) for (name, spec), tensor in zip(call.outputs.items(), sent.values(), strict=False)
    }
    return replace(call, inputs=inputs, outputs=outputs)


def echo_call(codec: Codec | type[Codec], payload: Payload) -> Call:
    """Return the call for an echo of ``payload``: the codec's own signature, or its sibling for another dtype.

    Of several tensors, each comes back under its own name; no servable of the lab does that, so it serves offline only.

    Raises:
        UnknownNameError: the echo servable has no signature for the payload's dtype.
    """
    sends_bytes = codec.signature == "bytes"
    if len(payload.tensors) > 1 or payload.tensors[0].name:
        specs = {name: spec.packed if sends_bytes else spec for name, spec in payload.specs().items()}
        return Call(ECHO_MODEL, codec.signature, specs, specs)
    spec = payload.only.spec
    entry = SIGNATURES[codec.signature]
    if entry.kind == "echo" and entry.dtype != spec.dtype:
        entry = signature("echo", spec.dtype)
    return call_of_signature(entry.name, spec)


def call_of_signature(name: str, spec: TensorSpec, model: str = ECHO_MODEL) -> Call:
    """Return the call of one of the echo servable's signatures for a tensor of ``spec``.

    Raises:
        KeyError: there is no such signature.
    """
    entry = SIGNATURES[name]
    inputs = spec.packed if entry.input_dtype == STRING else spec
    outputs = spec.packed if entry.output_dtype == STRING else spec
    return Call(model, name, {entry.input: inputs}, {entry.output: outputs})


def _closed(outputs: Mapping[str, TensorSpec], sent: Tensors) -> dict[str, TensorSpec]:
    """Return outputs without open sizes: the number of rows that are sent first, 1 after that."""
    rows = next((len(tensor) for tensor in sent.values() if tensor.ndim), 1)

    def close(spec: TensorSpec) -> TensorSpec:
        shape = tuple(size if size >= 0 else rows if axis == 0 else 1 for axis, size in enumerate(spec.shape))
        return replace(spec, shape=shape, packs=spec.packs and close(spec.packs))

    return {name: close(spec) for name, spec in outputs.items()}


def _drawn(spec: TensorSpec, seed: int) -> Tensor:
    """Return a seeded tensor for an output."""
    wanted = spec.packs or spec
    return PayloadTensor("", wanted.shape, wanted.dtype, stream="output").build(seed)


def subject_of_run(folder: RunFolder, payload: str) -> Subject:
    """Return what a run's cases of ``payload`` are about: its model's call and recorded answers, or an echo.

    Raises:
        StoreError: the run names a call that this serlab does not understand.
    """
    info = folder.read_info()
    call = info.instance.get("call")
    if not call:
        return Subject(payload, info.seed)
    try:
        named = msgspec.convert(call, Call)
    except msgspec.ValidationError as error:
        raise StoreError(f"run {folder.name} holds no call that can be made again: {error}") from error
    answers = {
        answer.codec: folder.path / answer.file
        for answer in folder.read_answers()
        if answer.payload == payload and answer.file
    }
    return Subject(payload, info.seed, named, answers)
