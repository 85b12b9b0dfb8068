"""Opens the live instance that a run calls, and makes the payload fit a model that is not the lab's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from serlab.codecs.registry import transport_of
from serlab.errors import UsageError
from serlab.measure.calls import ModelCall
from serlab.measure.rounds import TIMEOUT_PER_MIB_S
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.run import Endpoint
from serlab.servable import ensure_echo
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES
from serlab.serving.base import ServingOptions
from serlab.serving.model import ModelMetadata, TensorInfo, fit_call, read_metadata
from serlab.serving.registry import parse_serving
from serlab.transports.base import DEFAULT_TIMEOUT_S, TransportOptions


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


@dataclass(frozen=True, slots=True)
class Live:
    """A live instance, and what it will be sent."""

    target: Target
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    instance: dict[str, Any]


@contextmanager
def open_live(
    serving: ServingOptions,
    options: TransportOptions,
    payloads: Sequence[str],
    codecs: Sequence[str],
    seed: int,
) -> Iterator[Live]:
    """Start or find the instance and choose what it can be sent; of ``codecs``, those that it understands.

    Raises:
        ServingError, UsageError: the instance cannot be started or reached, or takes none of the codecs.
    """
    with open_endpoint(serving) as endpoint:
        call = None
        if is_running(serving):
            payloads, call = fit_payloads(serving, endpoint, payloads, seed)
        target = make_target(endpoint, _patient(options, payloads, seed), call)
        usable = target.callers(codecs)
        if not usable:
            takes = f", and {call.signature} takes {'strings' if call.takes_strings else 'numbers'}" if call else ""
            offers = " and ".join(target.transports)
            raise UsageError(f"{endpoint.label} takes none of {', '.join(codecs)}: it offers {offers}{takes}")
        instance = instance_record(describe(serving, endpoint, options), call)
        yield Live(target, tuple(payloads), tuple(usable), instance)


def transport_options(
    serving: ServingOptions, *, quickack: bool = True, timeout_s: float = DEFAULT_TIMEOUT_S
) -> TransportOptions:
    """Return how clients talk to the instance that ``serving`` describes."""
    return TransportOptions(
        timeout_s=timeout_s,
        quickack=quickack,
        headers=serving.headers,
        ca=serving.ca,
        cert=serving.cert,
        key=serving.key,
    )


def check_names(payloads: Sequence[str], codecs: Sequence[str], seed: int) -> None:
    """Find what is wrong with the names before a server is started.

    Raises:
        UnknownNameError, PayloadError, CodecUnavailableError, UsageError: the first thing that is wrong.
    """
    for spec in payloads:
        parse_payload(spec, seed=seed)
    for name in codecs:
        if transport_of(name) == "none":
            raise UsageError(f"codec {name} is sent over no transport: no server can be called with it")


def _patient(options: TransportOptions, payloads: Sequence[str], seed: int) -> TransportOptions:
    largest = max((parse_payload(spec, seed=seed).raw_bytes for spec in payloads), default=0)
    return replace(options, timeout_s=options.timeout_s + largest / 2**20 * TIMEOUT_PER_MIB_S)
