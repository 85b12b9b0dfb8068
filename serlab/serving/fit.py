"""Makes a payload fit a signature: dtypes and sizes come from the model, what it leaves open from the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from serlab.errors import UsageError
from serlab.records.call import STRING, Call, TensorSpec, bare, numpy_dtype
from serlab.serving.model import ModelMetadata, SignatureInfo, TensorInfo

#: Names that a payload's spec cannot spell.
_NOT_IN_SPECS = frozenset("=,:@")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says of a call: everything else is the model's.

    ``batch`` is the first size where the model leaves it open (None: 1). ``dims`` are other open sizes, by an input's
    name (all of its sizes), by ``INPUT.AXIS``, or by ``*`` (all inputs). ``outputs`` are those to read, none: all.
    """

    signature: str = ""
    batch: int | None = None
    dims: Mapping[str, int] | None = None
    outputs: Sequence[str] = ()
    version: int | None = None
    label: str = ""


def parse_dims(texts: Sequence[str]) -> dict[str, int]:
    """Return ``--dim NAME=SIZE`` options as a mapping. Raises ``UsageError`` for one that does not parse."""
    found = {}
    for text in texts:
        name, equals, size = text.rpartition("=")
        if not equals or not name or not size.isdigit() or len(size) > 9 or int(size) < 1:
            raise UsageError(f"--dim {text!r} does not parse: write INPUT=SIZE, INPUT.AXIS=SIZE or *=SIZE")
        found[name] = int(size)
    return found


def fit_payload(metadata: ModelMetadata, wish: Wish) -> str:
    """Return the spec of a payload that the signature takes: ``1x224x224x3:float32``, ``ids=1x128:int64:integers,…``.

    Inputs with a default are left out.

    Raises:
        UnknownNameError: the model has no such signature.
        UsageError: sizes are left open that nobody gave, or contradict what was given.
    """
    chosen = _signature(metadata, wish)
    inputs = {name: info for name, info in chosen.inputs.items() if name not in chosen.optional}
    if not inputs:
        raise UsageError(f"signature {chosen.name} has no input that must be given: name one with --payload")
    _check_dims(inputs, wish)
    specs = {name: _spec_of(info, wish) for name, info in inputs.items()}
    if len(specs) == 1 and next(iter(inputs.values())).shape:
        return next(iter(specs.values()))
    odd = [name for name in specs if _NOT_IN_SPECS & set(name)]
    if odd:
        raise UsageError(f"input {odd[0]!r} has a name that --payload cannot spell: record a request with @request.npz")
    return ",".join(f"{name}={spec}" for name, spec in specs.items())


def fit_call(
    metadata: ModelMetadata,
    wish: Wish,
    sent: Mapping[str, TensorSpec],
    *,
    says_dtypes: bool = True,
    echoes: bool = False,
) -> Call:
    """Return the call that takes tensors of these dtypes and shapes; one named "" goes to the only input there is.

    A numeric tensor for an input of strings travels as its rows' bytes; an output of strings holds such rows again only
    where the model ``echoes`` them.
    A payload that does not say its dtypes (a recorded JSON body) has the model's.

    Raises:
        UnknownNameError: the model has no such signature.
        UsageError: the tensors do not fit, one is missing or too many, an output is unknown.
    """
    chosen = _signature(metadata, wish)
    sent = _named(chosen, sent)
    if not says_dtypes:
        sent = {name: _of_model(spec, chosen.inputs[name]) for name, spec in sent.items()}
    inputs = {name: _input(chosen.inputs[name], spec, wish.batch) for name, spec in sent.items()}
    packed = [spec.packs for spec in inputs.values() if spec.packs]
    rows = next((spec.shape[0] for spec in inputs.values() if spec.shape), 1)
    names = _outputs(chosen, wish.outputs)
    outputs = {
        name: _output(chosen.outputs[name], rows, packed[0] if echoes and len(packed) == 1 else None) for name in names
    }
    return Call(
        metadata.model, chosen.name, inputs, outputs, wish.version, wish.label,
        picks_outputs=len(names) < len(chosen.outputs),
    )  # fmt: skip


def packed_name(signature: str) -> str:
    """Return the name of the twin of a signature that takes and answers rows' bytes."""
    return f"{signature}_bytes" if signature not in ("", "serving_default") else "bytes"


def with_packed(call: Call, metadata: ModelMetadata, sent: Mapping[str, TensorSpec]) -> Call:
    """Return the call with its twin of rows' bytes, where the model has one of the same inputs and outputs."""
    name = packed_name(call.signature)
    if name not in metadata.signatures:
        return call
    try:
        found = fit_call(metadata, Wish(name, version=call.version, label=call.label), sent)
    except UsageError:
        return call
    same = found.inputs.keys() == call.inputs.keys() and {bare(name) for name in found.outputs} == call.outputs.keys()
    if not same or any(spec.dtype != STRING for spec in found.outputs.values()):
        return call
    return replace(call, packed=found.answering(call.outputs))


def _signature(metadata: ModelMetadata, wish: Wish) -> SignatureInfo:
    names = list(metadata.signatures)
    return metadata.signature(wish.signature or (names[0] if len(names) == 1 else "serving_default"))


def _check_dims(inputs: Mapping[str, TensorInfo], wish: Wish) -> None:
    if wish.batch is not None and wish.batch < 1:
        raise UsageError(f"a batch of {wish.batch} cannot be sent: give 1 or more")
    for name in wish.dims or {}:
        base, dot, axis = name.rpartition(".")
        owner = base if dot and axis.isdigit() and base in inputs else name
        if owner != "*" and owner not in inputs:
            raise UsageError(f"--dim {name}: no such input; the model has {', '.join(map(str, inputs.values()))}")


def _spec_of(info: TensorInfo, wish: Wish) -> str:
    if info.shape is None:
        raise UsageError(f"input {info} does not say its shape: give it with --payload")
    dims = wish.dims or {}
    sizes = []
    for axis, size in enumerate(info.shape):
        given = dims.get(f"{info.name}.{axis}")
        if given is None and axis:
            given = dims.get(info.name, dims.get("*"))
        if given is None and axis == 0:
            given = wish.batch if wish.batch is not None else 1 if size < 0 else None
        if size >= 0 and given is not None and given != size and (axis == 0 or f"{info.name}.{axis}" in dims):
            raise UsageError(f"input {info} has no room for {'a batch' if axis == 0 else 'a size'} of {given}")
        if size < 0 and given is None:
            raise UsageError(
                f"input {info} leaves open more than the batch: give --dim {info.name}=SIZE "
                f"(or --dim {info.name}.{axis}=SIZE for this one)"
            )
        sizes.append(size if size >= 0 else int(given or 1))
    shape = "x".join(map(str, sizes)) or "scalar"
    # Ids and counts are small numbers; a full-range integer is an index beyond any table.
    small = info.dtype != STRING and numpy_dtype(_known(info)).kind in "iu"
    return f"{shape}:{_known(info)}{':integers' if small else ''}"


def _known(info: TensorInfo) -> str:
    try:
        numpy_dtype(info.dtype)
    except TypeError:
        raise UsageError(f"input {info} has a dtype that serlab cannot make") from None
    return info.dtype


def _named(chosen: SignatureInfo, sent: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
    required = [name for name in chosen.inputs if name not in chosen.optional]
    listed = "; ".join(map(str, chosen.inputs.values())) or "none"
    if set(sent) == {""}:
        fits = required if len(required) == 1 else list(chosen.inputs) if len(chosen.inputs) == 1 else []
        if not fits:
            raise UsageError(
                f"signature {chosen.name} takes {len(required)} inputs ({listed}), and the payload is one tensor: name "
                f"them, as in --payload {','.join(f'{name}=…' for name in required[:3])}, or leave --payload out"
            )
        return {fits[0]: sent[""]}
    unknown = [name for name in sent if name not in chosen.inputs]
    if unknown:
        raise UsageError(f"signature {chosen.name} has no input {unknown[0]!r}; it takes {listed}")
    missing = [name for name in required if name not in sent]
    if missing:
        raise UsageError(f"the payload lacks {', '.join(missing)}: signature {chosen.name} takes {listed}")
    return {name: sent[name] for name in chosen.inputs if name in sent}


def _of_model(spec: TensorSpec, info: TensorInfo) -> TensorSpec:
    return spec if STRING in (spec.dtype, info.dtype) else TensorSpec(info.dtype, spec.shape)


def _input(info: TensorInfo, sent: TensorSpec, batch: int | None) -> TensorSpec:
    if batch is not None and sent.shape[:1] != (batch,):
        raise UsageError(
            f"a payload of shape {list(sent.shape)} is no batch of {batch}: give --payload or --batch, not both"
        )
    if info.dtype == STRING and sent.dtype != STRING:
        # What the bytes of a string stand for is between the client and the graph; a row is a string.
        return TensorSpec(STRING, sent.shape[:1], packs=sent)
    if sent.dtype != info.dtype:
        raise UsageError(f"the payload is {sent.dtype}, and the model wants {info}: choose a payload of that dtype")
    wanted = info.shape
    if wanted is not None and (
        len(wanted) != len(sent.shape)
        or any(size not in (-1, given) for size, given in zip(wanted, sent.shape, strict=True))
    ):
        raise UsageError(f"a payload of shape {list(sent.shape)} does not fit input {info}")
    return sent


def _outputs(chosen: SignatureInfo, wanted: Sequence[str]) -> list[str]:
    unknown = [name for name in wanted if name not in chosen.outputs]
    if unknown:
        raise UsageError(
            f"signature {chosen.name} has no output {unknown[0]!r}, but {', '.join(sorted(chosen.outputs)) or 'none'}"
        )
    if not chosen.outputs:
        raise UsageError(f"signature {chosen.name} has no outputs: there is nothing to read")
    return list(dict.fromkeys(wanted)) or sorted(chosen.outputs)


def _output(info: TensorInfo, rows: int, packs: TensorSpec | None) -> TensorSpec:
    shape = info.shape if info.shape is not None else (-1,)
    filled = tuple(rows if axis == 0 and size < 0 else size for axis, size in enumerate(shape))
    if info.dtype == STRING and packs:
        return TensorSpec(STRING, packs.shape[:1], packs=packs)
    return TensorSpec(info.dtype, filled)
