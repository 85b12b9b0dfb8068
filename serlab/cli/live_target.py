"""Opens the live instance that a run calls, and makes the payload fit a model that is not the lab's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serlab.errors import UsageError
from serlab.measure.bench import Target
from serlab.measure.model_call import ModelCall
from serlab.payload import parse_payload
from serlab.record import Endpoint
from serlab.servable import ensure_echo
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES
from serlab.serving.base import ServingOptions
from serlab.serving.fit import fit_call
from serlab.serving.metadata import ModelMetadata, TensorInfo, read_metadata
from serlab.serving.registry import parse_serving
from serlab.transports.base import TransportOptions


def is_running(serving: ServingOptions) -> bool:
    """Whether the options name a server that someone else runs."""
    return ":" in serving.serving


@contextmanager
def open_endpoint(serving: ServingOptions) -> Iterator[Endpoint]:
    """Start or find the instance; one that serlab starts serves the echo servable.

    Raises:
        ServingError, ServableError, UsageError: it cannot be started or reached, or the options do not fit it.
    """
    models: dict[str, Path] = {} if is_running(serving) else {ECHO_MODEL: ensure_echo()}
    with parse_serving(serving, models) as endpoint:
        yield endpoint


def describe(serving: ServingOptions, endpoint: Endpoint, options: TransportOptions) -> dict[str, Any]:
    """Return what a run remembers of the instance: kind, version, how it was started and called. No header values."""
    return {
        "kind": endpoint.kind,
        "version": endpoint.version,
        "serving": serving.serving,
        "flags": list(serving.flags),
        "model": serving.model or ECHO_MODEL,
        "signature": serving.signature,
        "tls": endpoint.tls,
        "client": options.as_record(),
    }


def fit_payloads(
    serving: ServingOptions, endpoint: Endpoint, payloads: Sequence[str], seed: int
) -> tuple[tuple[str, ...], ModelCall | None]:
    """Return the payloads to send to a running server and the call that takes them; None for the lab's own echo.

    Without ``payloads`` the model's own input sizes make one, with ``--batch`` rows.

    Raises:
        UsageError, UnknownNameError: the model's signature and what was asked for do not fit.
    """
    metadata = read_metadata(endpoint, serving.model, serving.access)
    if _is_echo(metadata) and not serving.signature:
        if not payloads:
            raise UsageError("the lab's echo takes any shape: say which with --payload")
        return tuple(payloads), None
    if len(payloads) > 1:
        raise UsageError("a model's own signature takes one payload per run: give --payload once")
    given = parse_payload(payloads[0], seed=seed) if payloads else None
    fitted = fit_call(
        metadata,
        serving.signature,
        batch=serving.batch,
        shape=given.shape if given else None,
        dtype=given.dtype if given else "",
    )
    signature = metadata.signature(fitted.signature)
    output = signature.outputs[fitted.output]
    call = ModelCall(
        fitted.model,
        fitted.signature,
        fitted.input,
        fitted.output,
        # A string output carries the payload's own bytes back, as the lab's echo does.
        fitted.dtype if output.dtype == "string" else output.dtype,
        _output_shape(output, fitted.shape),
        takes_strings=signature.inputs[fitted.input].dtype == "string",
    )
    return (payloads[0] if payloads else fitted.payload,), call


def make_target(endpoint: Endpoint, options: TransportOptions, call: ModelCall | None = None) -> Target:
    """Return the target that clients call."""
    return Target(endpoint, options, call)


def instance_record(description: dict[str, Any], call: ModelCall | None) -> dict[str, Any]:
    """Return the instance's description with the call of a model that is not the lab's own."""
    return {**description, "call": asdict(call)} if call else description


def _is_echo(metadata: ModelMetadata) -> bool:
    return SIGNATURES.keys() <= metadata.signatures.keys()


def _output_shape(output: TensorInfo, sent: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an answer: sizes the model leaves open are taken from what was sent."""
    if output.shape is None or output.dtype == "string":
        return sent
    padded = sent + (1,) * len(output.shape)
    return tuple(padded[axis] if size < 0 else size for axis, size in enumerate(output.shape))
