"""Makes golden bodies: small pieces of the payload catalogue for the echo, and a request to each of the six models."""

from __future__ import annotations

import gzip
import hashlib
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from serlab.analysis.words import counted
from serlab.codecs import registry
from serlab.codecs.base import Body, GzipBody, Tensor
from serlab.connection import TransportOptions
from serlab.errors import CodecError, SerlabError, StoreError, TransportError
from serlab.measure.calls import Subject, tensors_for
from serlab.measure.send_less import find_way
from serlab.payload import CATALOGUE, parse_payload
from serlab.records.call import Call, TensorSpec
from serlab.records.files import confined, read_file
from serlab.records.golden import (
    MANIFEST,
    SCHEMA,
    GoldenExchange,
    GoldenFile,
    GoldenManifest,
    GoldenSubject,
    GoldenTensor,
)
from serlab.records.run import Endpoint
from serlab.records.schema import UNREADABLE
from serlab.records.store import file_stem
from serlab.report.tables.console import print_json
from serlab.representations.registry import parse
from serlab.servable import ECHO_MODEL, ensure_model
from serlab.servable.models import REAL_MODELS
from serlab.serving.base import ServingOptions
from serlab.serving.fit import Wish, fit_call, fit_payload
from serlab.serving.model import read_metadata
from serlab.serving.registry import parse_serving
from serlab.transports.registry import open_transport
from serlab.transports.rest import predict_path

MODELS = (ECHO_MODEL, *REAL_MODELS)
#: Larger payloads are cut down: their dimensions are halved, the largest first, until so many elements are left.
MOST_ELEMENTS = 256
#: A signature's first call lets the server optimize its graph.
TIMEOUT_S = 120.0
#: The address in the curl commands: TensorFlow Serving's usual REST port.
CURL_ADDRESS = "http://localhost:8501"
#: Bit patterns that a client should get right.
_MORE_FOR_ECHO = ("1x11:float32:edge", "1x11:float64:edge", "1x6:int64:edge", "7:string:edge")
_PAYLOADS = {
    "bert": "input_ids=1x8:int64:integers,attention_mask=1x8:int64:integers,token_type_ids=1x8:int64:integers",
    "detector": "1x16x16x3:uint8:photo",
}
_SIGNATURES = {"bert": "any_length"}
#: ResNet-50 takes 602 KB of numbers; a JPEG of the same image is a hundredth of that.
_REPRESENTED = {"resnet50": ("image:photo", "jpeg:30")}


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is sent to a model, before any codec: the spec it is drawn from, and how it is represented."""

    name: str
    model: str
    payload: str
    stands_for: str = ""
    representation: str = ""


def make_golden(
    folder: Path, endpoint: Endpoint, options: TransportOptions, codecs: Sequence[str], seed: int
) -> GoldenManifest:
    """Call a server that serves the lab's models, and write every request and answer with a manifest into ``folder``.

    Raises:
        StoreError: the folder cannot be written, or holds something else.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).is_file())):
        raise StoreError(f"{folder} holds other files: name an empty folder, or one of golden bodies")
    patient = replace(options, timeout_s=max(options.timeout_s, TIMEOUT_S))
    try:
        subjects = tuple(
            _subject(folder, endpoint, patient, piece, codecs, seed) for piece in _pieces(endpoint, patient)
        )
        manifest = GoldenManifest(SCHEMA, endpoint.label, seed, subjects)
        (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}") from error
    return manifest


def read_golden(folder: Path) -> GoldenManifest:
    """Return the manifest of a folder. Raises ``StoreError`` where there is none that this serlab knows."""
    try:
        return msgspec.json.decode(read_file(folder / MANIFEST), type=GoldenManifest)
    except (OSError, *UNREADABLE) as error:
        raise StoreError(f"{folder} holds no golden bodies: {error}") from error


def differences(folder: Path, manifest: GoldenManifest) -> list[str]:
    """Make every request again and read every answer again, with no server; return what differs, in words."""
    found = []
    for subject in manifest.subjects:
        try:
            inputs, wanted = (
                {name: tensor.array() for name, tensor in tensors.items()}
                for tensors in (subject.inputs, subject.outputs)
            )
        except SerlabError as error:
            found.append(f"{subject.name}: {error}")
            continue
        for exchange in subject.exchanges:
            label = f"{subject.name} with {exchange.codec}"
            try:
                request, response = (_read(folder, file) for file in (exchange.request, exchange.response))
                codec = registry.get(exchange.codec)
                body = codec.encode(inputs, exchange.call)
                if not _same_request(exchange, body, request):
                    found.append(f"{label}: the request differs from {exchange.request.path}")
                answer = codec.decode(response, exchange.call)
                if len(answer) != len(wanted) or not all(map(_alike, answer.values(), wanted.values())):
                    found.append(f"{label}: {exchange.response.path} holds other numbers than the manifest")
            except SerlabError as error:
                found.append(f"{label}: {error}")
            except Exception as error:  # noqa: BLE001  # a manifest of somebody's may ask a codec for anything
                found.append(f"{label}: {type(error).__name__}: {error}")
    return found


def check_golden(folder: Path, *, as_json: bool) -> list[str]:
    """Check a folder as ``differences`` does, and print what was found."""
    found = differences(folder, read_golden(folder))
    if as_json:
        print_json(found)
    else:
        print("\n".join(found) or "every request is the same, and every answer is read")
    return found


def write_golden(folder: Path, codecs: Sequence[str], seed: int, *, as_json: bool) -> None:
    """Make golden bodies on an embedded instance, and print what there is; without ``codecs`` of all that are sent."""
    wanted = [name for name in codecs or registry.available() if registry.transport_of(name) != "none"]
    print("starting a server with the lab's models", file=sys.stderr)
    with parse_serving(ServingOptions(), {name: ensure_model(name) for name in MODELS}) as endpoint:
        manifest = make_golden(folder, endpoint, TransportOptions(), wanted, seed)
    if as_json:
        print_json(manifest)
        return
    for subject in manifest.subjects:
        size = sum(one.request.bytes + one.response.bytes for one in subject.exchanges)
        print(f"{subject.name}: {counted(len(subject.exchanges), 'codec')}, {size:,} bytes")
        for name, reason in subject.left_out.items():
            print(f"  not with {name}: {reason}")
    print(f"golden bodies: {folder}", file=sys.stderr)


def _same_request(exchange: GoldenExchange, body: Body, golden: Body) -> bool:
    if exchange.compare == "inflated":
        return gzip.decompress(body) == gzip.decompress(golden)
    return body == golden if exchange.compare == "bytes" else sorted(body) == sorted(golden)


def _alike(found: Tensor, wanted: Tensor) -> bool:
    """Whether two outputs hold the same, as far as JSON's digits go; a signature of bytes knows rows, and no shapes."""
    if wanted.dtype.hasobject:
        return bool(found.reshape(-1).tolist() == wanted.reshape(-1).tolist())
    exact = np.complex128 if "c" in (found.dtype.kind, wanted.dtype.kind) else np.float64
    with np.errstate(all="ignore"):  # signalling NaNs and infinities are values like any other here
        one, other = (tensor.reshape(-1).astype(exact) for tensor in (found, wanted))
        return one.shape == other.shape and np.allclose(one, other, rtol=1e-5, atol=1e-4, equal_nan=True)


def _read(folder: Path, file: GoldenFile) -> bytes:
    try:
        data = read_file(confined(folder, file.path))
    except OSError as error:
        raise StoreError(f"{file.path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise StoreError(f"{file.path} is not the file of the manifest: its SHA-256 differs")
    return data


def small_spec(shape: Sequence[int], dtype: str, distribution: str) -> str:
    """Return the spec of a tensor like one of the catalogue's with at most ``MOST_ELEMENTS`` elements."""
    sizes = list(shape)
    while _product(sizes) > MOST_ELEMENTS:
        largest = sizes.index(max(sizes))
        sizes[largest] //= 2
    return f"{'x'.join(map(str, sizes))}:{dtype}:{distribution}"


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _pieces(endpoint: Endpoint, options: TransportOptions) -> Iterator[_Piece]:
    for name, tensor in CATALOGUE.items():
        spec = small_spec(tensor.shape, tensor.dtype, tensor.distribution)
        yield _Piece(f"{ECHO_MODEL}-{name}", ECHO_MODEL, spec, stands_for=name)
    for spec in _MORE_FOR_ECHO:
        yield _Piece(f"{ECHO_MODEL}-{spec.replace(':', '-')}", ECHO_MODEL, spec)
    for model in REAL_MODELS:
        payload, representation = _REPRESENTED.get(model, ("", ""))
        payload = payload or _PAYLOADS.get(model, "") or fit_payload(read_metadata(endpoint, model, options), Wish())
        yield _Piece(model, model, payload, representation=representation)


def _subject(
    folder: Path, endpoint: Endpoint, options: TransportOptions, piece: _Piece, codecs: Sequence[str], seed: int
) -> GoldenSubject:
    exchanges: list[GoldenExchange] = []
    left_out: dict[str, str] = {}
    inputs: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}
    for name in codecs:
        try:
            call, tensors = _call(endpoint, options, piece, name, seed)
            if reason := registry.refusal(name, {key: TensorSpec.of(one) for key, one in tensors.items()}, call):
                raise CodecError(reason)
            call = replace(
                call,
                outputs={
                    key: spec.seen_as(outputs[key].shape) if key in outputs else spec
                    for key, spec in call.outputs.items()
                },
            )
            codec = registry.get(name)
            body = codec.encode(tensors, call)
            with open_transport(codec.transport, endpoint, call, options) as transport:
                answer = transport.send(body)
            found = codec.decode(answer, call)
        except (SerlabError, TransportError) as error:
            left_out[name] = " ".join(str(error).split())
            continue
        inputs = inputs or tensors
        if codec.transport == "grpc" or not outputs:  # gRPC's answers are exact, whatever the dtype
            outputs = found
        stem, end = f"{file_stem(piece.name)}/{file_stem(name)}", "json" if codec.transport == "rest" else "bin"
        request = _write(folder, f"{stem}.request.{'json.gz' if isinstance(body, GzipBody) else end}", body)
        any_order = len(tensors) > 1 and name.startswith("tensor-proto")
        exchanges.append(
            GoldenExchange(
                name, codec.transport, call, request, _write(folder, f"{stem}.response.{end}", answer),
                "inflated" if isinstance(body, GzipBody) else "sorted" if any_order else "bytes",
                _curl(call, request.path, body) if codec.transport == "rest" else "",
            )
        )  # fmt: skip
    return GoldenSubject(
        piece.name, piece.model, piece.stands_for, "exact" if piece.model == ECHO_MODEL else "close",
        _tensors(inputs), _tensors(outputs), tuple(exchanges), left_out,
    )  # fmt: skip


def _call(
    endpoint: Endpoint, options: TransportOptions, piece: _Piece, codec: str, seed: int
) -> tuple[Call, dict[str, Tensor]]:
    if piece.model == ECHO_MODEL:
        exchange = Subject(piece.payload, seed).exchange(codec)
        return exchange.call, exchange.tensors
    metadata = read_metadata(endpoint, piece.model, options)
    if piece.representation:
        way = find_way(metadata, Wish(), piece.payload, seed, piece.representation, codec)
        return way.call, parse(piece.representation).apply(way.tensors())
    payload = parse_payload(piece.payload, seed=seed)
    call = fit_call(metadata, Wish(_SIGNATURES.get(piece.model, "")), payload.specs())
    return call, tensors_for(payload, call)


def _tensors(tensors: Mapping[str, Tensor]) -> dict[str, GoldenTensor]:
    return {name: GoldenTensor.of(tensor) for name, tensor in tensors.items()}


def _write(folder: Path, path: str, data: bytes) -> GoldenFile:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return GoldenFile(path, len(data), hashlib.sha256(data).hexdigest())


def _curl(call: Call, path: str, body: Body) -> str:
    words = ["curl", "--silent", "--header", "Content-Type: application/json"]
    if isinstance(body, GzipBody):
        words += ["--header", f"Content-Encoding: {body.content_encoding}"]
    words += ["--data-binary", f"@{path}", f"{CURL_ADDRESS}{predict_path(call.model, version=call.version)}"]
    return shlex.join(words)
