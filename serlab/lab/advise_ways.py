"""The ways that ``serlab advise`` weighs: representations and codecs, as the user's words and the model allow."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from serlab.analysis.advice import Asked
from serlab.analysis.advise import Way
from serlab.analysis.representation import AS_IS
from serlab.analysis.view import USUAL
from serlab.codecs import registry
from serlab.errors import MissingSignatureError, SerlabError, UsageError
from serlab.lab.send_less import COMPARED_OVER, as_photo
from serlab.measure.calls import echo_call
from serlab.measure.process.parents import client_of
from serlab.measure.send_less import Way as Sending
from serlab.measure.send_less import check_carried, find_way
from serlab.payload import parse_payload
from serlab.records.call import TensorSpec
from serlab.records.send_less import ValueChange
from serlab.representations.registry import parse, parse_all, unavailable
from serlab.serving.fit import Wish
from serlab.serving.model import ModelMetadata

TRANSPORTS = ("any", "rest", "grpc")
CLIENTS = ("own", "light", "tensorflow")
#: What is tried beside the tensor itself where values may change, and over what: the best codec of each route.
REPRESENTATIONS = ("uint8", "float16", "bfloat16", "jpeg:90")
_CARRIERS = ("wire", "base64-simd", "base64", "orjson")


@dataclass(frozen=True, slots=True)
class Found:
    """Ways by representation and codec: how each is sent, why others are not, and what the best are told against.

    ``graphs`` are what undoes a representation, where the model has nothing that does. Answers are held against those
    to ``reference``, an exact way.
    """

    sendings: Mapping[tuple[str, str], Sending]
    refused: Mapping[tuple[str, str], str]
    candidates: tuple[tuple[str, str], ...]
    against: tuple[tuple[str, str], ...]
    graphs: Mapping[str, str] = field(default_factory=dict)
    reference: Sending | None = None


def check(asked: Asked) -> None:
    """Find what is wrong with the words before a server is started.

    Raises:
        UsageError, UnknownNameError, RepresentationError, CodecUnavailableError, PayloadError: the first that is wrong.
    """
    for what, value, known in (("transport", asked.transport, TRANSPORTS), ("client", asked.client, CLIENTS)):
        if value not in known:
            raise UsageError(f"--{what} {value}: choose {', '.join(known)}")
    if asked.now and registry.transport_of(asked.now) == "none":
        raise UsageError(f"--now {asked.now}: no server can be called with it")
    if len(asked.payloads) > 1:
        raise UsageError("advice is on one payload: give --payload once")
    parsed = [parse_payload(spec, seed=asked.seed) for spec in asked.payloads]
    offered = parse_all(asked.representations)
    if asked.needs == "exact" and offered and parsed:
        tensors = parsed[0].build()
        lossy = {one.spec: one.effect for one in offered if one.bound(tensors) != 0}
        if len(lossy) == len(offered):
            told = "; ".join(f"{name}: {effect}" for name, effect in lossy.items())
            raise UsageError(f"--needs exact, and none of --as is exact for this payload: {told}")


def combinations(asked: Asked) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the ways to weigh, and those to tell the best against: json, and what is used now."""
    usable = registry.main_codecs()
    codecs = [name for name in usable if allowed(name, asked)]
    if asked.representations:
        specs = [one.spec for one in parse_all(asked.representations)]
    else:
        less = [] if asked.needs == "exact" else [s for s in REPRESENTATIONS if not unavailable(s.partition(":")[0])]
        specs = [AS_IS, *less]
    ways = [(AS_IS, codec) for codec in codecs] if AS_IS in specs else []
    carriers = [name for name in codecs if name in _CARRIERS]
    if "base64-simd" in carriers:
        carriers.remove("base64")
    ways += [(spec, codec) for spec in specs if spec != AS_IS for codec in carriers]
    told = dict.fromkeys(name for name in (USUAL, asked.now) if name and name in (*usable, asked.now))
    return ways, [(AS_IS, codec) for codec in told]


def payload_of(asked: Asked, spec: str) -> str:
    """Return the payload to send: the catalogue's images as photographs where they may travel as JPEG or PNG."""
    ways, _ = combinations(asked)
    encoded = any(spec_.partition(":")[0] in ("jpeg", "png") for spec_, _ in ways)
    return as_photo(spec) if encoded else spec


def find(asked: Asked, spec: str, metadata: ModelMetadata | None, wish: Wish, offered: tuple[str, ...]) -> Found:
    """Return how ``spec`` goes to a model in every way; without ``metadata`` it goes to the lab's echo.

    Raises:
        UsageError: none of the ways can be sent; the message has each one's reason.
    """
    ways, against = combinations(asked)
    sendings: dict[tuple[str, str], Sending] = {}
    refused: dict[tuple[str, str], str] = {}
    graphs: dict[str, str] = {}
    for key in dict.fromkeys((*ways, *against)):
        representation, codec = key
        try:
            if registry.transport_of(codec) not in offered:
                raise UsageError(f"the instance does not offer {registry.transport_of(codec)}")
            sendings[key] = _sending(metadata, wish, spec, asked.seed, representation, codec)
        except SerlabError as error:
            refused[key] = str(error)
            if isinstance(error, MissingSignatureError):
                graphs[representation] = error.graph
    if not any(key in sendings for key in ways):
        reasons = dict.fromkeys(refused[key] for key in ways)
        told = "; ".join(reasons) or "no codec of this transport and client is installed"
        raise UsageError(f"nothing that was offered can carry this: {told}")
    reference = None
    for codec in (name for name in registry.usable(COMPARED_OVER) if registry.transport_of(name) in offered):
        with contextlib.suppress(SerlabError):
            reference = _sending(metadata, wish, spec, asked.seed, AS_IS, codec)
            break
    return Found(sendings, refused, tuple(ways), tuple(against), graphs, reference)


def blank_way(key: tuple[str, str], sending: Sending | None, failure: str = "") -> Way:
    """Return a way with what is known of it before it is measured."""
    representation, codec = key
    one, kind = parse(representation), registry.codec_class(codec)
    route = kind.route
    assert route
    dtypes: tuple[str, ...] = ()
    if sending:
        inputs = (spec.packs or spec for spec in sending.call.inputs.values())
        dtypes = tuple(dict.fromkeys(spec.dtype for spec in inputs))
    return Way(
        representation,
        codec,
        kind.transport,
        route,
        tuple(dict.fromkeys((*_client(codec), *kind.requires, *one.requires))),
        one.effect,
        dtypes,
        values=ValueChange(0.0, 0.0, None, 0.0) if representation == AS_IS else None,
        call=sending.call if sending else None,
        inputs=sending.plain.inputs if sending else {},
        failure=failure.splitlines()[0] if failure else "",
    )


def _client(codec: str) -> tuple[str, ...]:
    """Return what a client imports beside its codec's libraries."""
    if registry.transport_of(codec) == "grpc":
        return ("grpc", "serlab.wire") if codec == "wire" else ("grpc",)
    return ()


def allowed(codec: str, asked: Asked) -> bool:
    """Whether a codec is of the transport and the kind of client that were asked for."""
    kind = registry.codec_class(codec)
    if kind.transport == "none" or not kind.route:
        return False
    return asked.transport in ("any", kind.transport) and not (
        asked.client == "light" and client_of(codec) == "tensorflow"
    )


def _sending(
    metadata: ModelMetadata | None, wish: Wish, spec: str, seed: int, representation: str, codec: str
) -> Sending:
    if metadata is not None:
        return find_way(metadata, wish, spec, seed, representation, codec)
    payload = parse_payload(spec, seed=seed)
    if len(payload.tensors) > 1:
        raise UsageError("the lab's echo takes one tensor: name a model that takes these")
    kind = registry.codec_class(codec)
    plain = echo_call(kind, payload)
    sent = {
        name: TensorSpec.of(tensor) for name, tensor in parse(representation).apply(payload.build(plain.inputs)).items()
    }
    call = plain
    if representation != AS_IS:
        packed = kind.signature == "bytes"
        inputs = {name: one.packed if packed else one for name, one in sent.items()}
        name = parse(representation).signature
        call = replace(plain, signature=f"{name}_bytes" if packed else name, inputs=inputs)
    check_carried(codec, sent, call, payload.label)
    return Sending(spec, seed, representation, codec, plain, call)
