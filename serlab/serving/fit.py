"""Makes a payload fit a signature: its one input gives the dtype and the sizes, the user what the model leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serlab.errors import UsageError
from serlab.serving.metadata import ModelMetadata, SignatureInfo, TensorInfo


@dataclass(frozen=True, slots=True)
class FittedCall:
    """The names a call needs, and the shape and dtype of the tensor that it sends."""

    model: str
    signature: str
    input: str
    output: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def payload(self) -> str:
        """The payload spec: ``1x224x224x3:float32``."""
        return f"{'x'.join(map(str, self.shape))}:{self.dtype}"


def fit_call(
    metadata: ModelMetadata,
    signature: str = "",
    *,
    batch: int | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "",
    output: str = "",
) -> FittedCall:
    """Return the call that sends one tensor to ``signature`` ("": ``serving_default``, or the only one there is).

    ``shape`` and ``dtype`` are those of a payload the user chose; without one, the model's own sizes are taken, with
    ``batch`` (1 if None) for an open first dimension. ``output`` picks one of several outputs.

    Raises:
        UnknownNameError: the model has no such signature.
        UsageError: the signature takes or returns several tensors, leaves open what nobody gave, or contradicts it.
    """
    chosen = metadata.signature(signature or _default_signature(metadata))
    tensor = _only_input(chosen)
    if batch is not None and batch < 1:
        raise UsageError(f"a batch of {batch} cannot be sent: give 1 or more")
    sizes = _from_model(tensor, batch) if shape is None else _from_payload(tensor, tuple(shape), batch)
    return FittedCall(
        metadata.model, chosen.name, tensor.name, _pick_output(chosen, output), _fit_dtype(tensor, dtype), sizes
    )


def _default_signature(metadata: ModelMetadata) -> str:
    names = list(metadata.signatures)
    return names[0] if len(names) == 1 else "serving_default"


def _only_input(signature: SignatureInfo) -> TensorInfo:
    if len(signature.inputs) != 1:
        listed = "; ".join(map(str, signature.inputs.values())) or "none"
        raise UsageError(
            f"signature {signature.name} takes {len(signature.inputs)} inputs ({listed}), and a payload is one tensor: "
            "choose another with --signature"
        )
    return next(iter(signature.inputs.values()))


def _pick_output(signature: SignatureInfo, output: str) -> str:
    names = sorted(signature.outputs)
    if output in names:
        return output
    if output or len(names) != 1:
        problem = f"no output {output!r}" if output else f"{len(names)} outputs, and a response is read as one tensor"
        raise UsageError(f"signature {signature.name} has {problem}; it has: {', '.join(names) or 'none'}")
    return names[0]


def _fit_dtype(tensor: TensorInfo, dtype: str) -> str:
    if tensor.dtype == "string":
        # What the bytes of a string stand for is between the client and the graph.
        if not dtype:
            raise UsageError(f"input {tensor} takes bytes: say which numbers they are with --payload SHAPE:DTYPE")
        return dtype
    if dtype and dtype != tensor.dtype:
        raise UsageError(f"the payload is {dtype}, and the model wants {tensor}: choose a payload of that dtype")
    return tensor.dtype


def _from_model(tensor: TensorInfo, batch: int | None) -> tuple[int, ...]:
    if tensor.shape is None or tensor.dtype == "string":
        raise UsageError(f"input {tensor} does not say its shape: give it with --payload SHAPE:DTYPE")
    if not tensor.shape:
        raise UsageError(f"input {tensor} is a scalar, and a payload has a batch dimension: choose another signature")
    if any(size < 0 for size in tensor.shape[1:]):
        raise UsageError(f"input {tensor} leaves open more than the batch: give a shape with --payload SHAPE:DTYPE")
    if batch is not None and tensor.shape[0] not in (-1, batch):
        raise UsageError(f"input {tensor} has no room for a batch of {batch}")
    return tuple((batch or 1) if size < 0 else size for size in tensor.shape)


def _from_payload(tensor: TensorInfo, shape: tuple[int, ...], batch: int | None) -> tuple[int, ...]:
    if batch is not None and shape[:1] != (batch,):
        raise UsageError(
            f"a payload of shape {list(shape)} is no batch of {batch}: give --payload or --batch, not both"
        )
    # A string tensor holds one string per row: its shape says nothing about the numbers within.
    wanted = None if tensor.dtype == "string" else tensor.shape
    if wanted is not None and (
        len(wanted) != len(shape) or any(size not in (-1, given) for size, given in zip(wanted, shape, strict=True))
    ):
        raise UsageError(f"a payload of shape {list(shape)} does not fit input {tensor}")
    return shape
