"""Opens the live instance that a run calls, and makes the payload fit a model that is not the lab's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from serlab.codecs.registry import transport_of
from serlab.connection import TransportOptions
from serlab.errors import UsageError
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.records.secret import masked_words
from serlab.servable import ensure_model, lab_models
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES
from serlab.serving.base import ServingOptions
from serlab.serving.fit import fit_call, fit_payload, with_packed
from serlab.serving.model import ModelMetadata, read_metadata
from serlab.serving.registry import parse_serving

#: A call may take this much longer per MiB of payload than the client's time limit says.
TIMEOUT_PER_MIB_S = 1.0


def is_running(serving: ServingOptions) -> bool:
    """Whether the options name a server that someone else runs."""
    return ":" in serving.serving


def has_own_model(serving: ServingOptions) -> bool:
    """Whether calls go to another model than the lab's echo, or to one that has to be asked what it is."""
    return is_running(serving) or serving.model not in ("", ECHO_MODEL)


@contextmanager
def open_endpoint(serving: ServingOptions) -> Iterator[Endpoint]:
    """Start or find the instance; one that serlab starts serves the echo, or the lab's model that was named.

    Raises:
        ServingError, ServableError, UsageError: it cannot be started or reached, or the options do not fit it.
    """
    name = serving.model or ECHO_MODEL
    models: dict[str, Path] = {} if is_running(serving) else {name: ensure_model(name)}
    with parse_serving(serving, models) as endpoint:
        yield endpoint


def describe(serving: ServingOptions, endpoint: Endpoint) -> dict[str, Any]:
    """Return what a run remembers of the instance: kind, version, how it was started and called. No header values."""
    return {
        "kind": endpoint.kind,
        "version": endpoint.version,
        "serving": serving.serving,
        "flags": masked_words(serving.flags),
        "model": serving.model or ECHO_MODEL,
        "signature": serving.signature,
        "model_version": serving.version,
        "model_label": serving.label,
        "tls": endpoint.tls,
        "client": serving.client.as_record(),
    }


def fit_payloads(
    serving: ServingOptions, endpoint: Endpoint, payloads: Sequence[str], seed: int
) -> tuple[tuple[str, ...], Call | None]:
    """Return the payloads to send to a model and the call that takes them; None for the lab's own echo.

    Without ``payloads`` the model's own inputs make one: dtypes and sizes from its metadata, open sizes from the
    options.

    Raises:
        UsageError, UnknownNameError: the model's signature and what was asked for do not fit.
    """
    metadata = read_metadata(
        endpoint, serving.model or ECHO_MODEL, serving.client, version=serving.version, label=serving.label
    )
    if _is_echo(metadata) and not serving.signature:
        if not payloads:
            raise UsageError("the lab's echo takes any shape: say which with --payload")
        return tuple(payloads), None
    if len(payloads) > 1:
        raise UsageError("a model's own signature takes one payload per run: give --payload once")
    own = "" if is_running(serving) or serving.batch or serving.dims else lab_models()[metadata.model].payload
    spec = payloads[0] if payloads else own or fit_payload(metadata, serving.wish)
    payload = parse_payload(spec, seed=seed)
    echoes = _is_echo(metadata)
    specs = payload.specs()
    call = fit_call(metadata, serving.wish, specs, says_dtypes=payload.says_dtypes, echoes=echoes)
    return (spec,), with_packed(call, metadata, specs) if payload.says_dtypes else call


def make_target(
    endpoint: Endpoint, options: TransportOptions, call: Call | None, payloads: Sequence[str], seed: int
) -> Target:
    """Return the target that clients call, with time limits that the largest of ``payloads`` can be sent in."""
    parsed = [parse_payload(spec, seed=seed) for spec in payloads]
    largest = max((payload.raw_bytes for payload in parsed), default=0)
    patient = replace(options, timeout_s=options.timeout_s + largest / 2**20 * TIMEOUT_PER_MIB_S)
    sent = parsed[0].specs(call.inputs) if call and parsed else {}
    return Target(endpoint, patient, call, sent)


def instance_record(description: dict[str, Any], call: Call | None) -> dict[str, Any]:
    """Return the instance's description with the call of a model that is not the lab's own echo."""
    return {**description, "call": asdict(call)} if call else description


def _is_echo(metadata: ModelMetadata) -> bool:
    return SIGNATURES.keys() <= metadata.signatures.keys()


@dataclass(frozen=True, slots=True)
class Live:
    """A live instance, what it will be sent, and the codecs it cannot be called with, each with the reason."""

    target: Target
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    instance: dict[str, Any]
    refused: Mapping[str, str]

    def left_out(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Say which of the codecs that were asked for by name are not called, each with the reason."""
        return tuple(f"codec {codec} is left out: {self.refused[codec]}" for codec in asked if codec in self.refused)


@contextmanager
def open_live(serving: ServingOptions, payloads: Sequence[str], codecs: Sequence[str], seed: int) -> Iterator[Live]:
    """Start or find the instance and choose what it can be sent; of ``codecs``, those that it understands.

    Raises:
        ServingError, UsageError: the instance cannot be started or reached, or takes none of the codecs.
    """
    with open_endpoint(serving) as endpoint:
        call = None
        if has_own_model(serving):
            payloads, call = fit_payloads(serving, endpoint, payloads, seed)
        target = make_target(endpoint, serving.client, call, payloads, seed)
        refused = target.refusals(codecs)
        usable = [codec for codec in codecs if codec not in refused]
        if not usable:
            told = "; ".join(f"{codec}: {reason}" for codec, reason in refused.items())
            raise UsageError(f"{endpoint.label} can be called with none of {', '.join(codecs)}: {told}")
        instance = instance_record(describe(serving, endpoint), call)
        yield Live(target, tuple(payloads), tuple(usable), instance, refused)


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
