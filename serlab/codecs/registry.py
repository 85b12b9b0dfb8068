"""The only lookup of codecs: those of this folder, those registered, the entry points in ``serlab.codecs``.

A name may carry parameters, ``orjson-gzip:level=9,format=columnar``; it is recorded as it was given, without those that
are the default.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeGuard

from serlab.codecs.base import Call, Codec, TensorSpec
from serlab.codecs.base64_stdlib import Base64Codec, Base64SimdCodec
from serlab.codecs.json_chunked import JsonChunkedCodec
from serlab.codecs.json_msgspec import JsonMsgspecCodec
from serlab.codecs.json_simdjson import JsonSimdjsonCodec
from serlab.codecs.json_stdlib import JsonCodec
from serlab.codecs.json_ujson import JsonUjsonCodec
from serlab.codecs.orjson_numpy import JsonOrjsonListCodec, OrjsonCodec, OrjsonGzipCodec
from serlab.codecs.raw import RawCodec
from serlab.codecs.tensor_proto import TensorProtoCodec, TensorProtoValuesCodec
from serlab.codecs.wire import WireCodec
from serlab.errors import CodecUnavailableError, UnknownNameError, UsageError
from serlab.records.run import Transport

ENTRY_POINT_GROUP = "serlab.codecs"


def names() -> list[str]:
    """Names of all codecs, available or not: the built-in ones in the order of their tables, then third parties'."""
    return list(dict.fromkeys((*_builtin(), *_third_party(), *_REGISTERED)))


def register(kind: type[Codec]) -> type[Codec]:
    """Make a codec known to this process by its ``name``, in place of one that had it; returns it, as decorators do.

    Processes that measure start afresh: for them, name the class as an entry point in the group ``serlab.codecs``.

    Raises:
        CodecUnavailableError: it is no concrete ``Codec``.
    """
    if not _is_concrete(kind):
        raise CodecUnavailableError(f"{kind!r} is not a concrete serlab.codecs.base.Codec")
    _REGISTERED[kind.name] = kind
    return kind


def get(name: str) -> Codec:
    """Return the codec called ``name``, its parameters set.

    Raises:
        UnknownNameError: no such codec, or no such parameter of it.
        UsageError: a parameter's value is not one that it takes.
        CodecUnavailableError: its library is not installed, or its entry point does not load.
    """
    kind, parameters = _usable_class(name), _parameters(name)
    return _instance(kind, tuple(parameters.items()))


def canonical(name: str) -> str:
    """Return ``name`` with its parameters in the order of their declaration, defaults left out. Raises as ``get``."""
    kind, parameters = codec_class(name), _parameters(name)
    told = [f"{key}={value}" for key, value in parameters.items() if value != kind.parameters[key]]
    return f"{kind.name}:{','.join(told)}" if told else kind.name


def _parameters(name: str) -> dict[str, str | int]:
    kind = codec_class(name)
    given = name.partition(":")[2]
    found = dict(kind.parameters)
    for part in filter(None, given.split(",")):
        key, _, value = part.partition("=")
        if key not in found:
            raise UnknownNameError(f"parameter of codec {kind.name}", key, found or ["(it has none)"])
        try:
            found[key] = int(value) if isinstance(found[key], int) else value
        except ValueError:
            raise UsageError(f"codec {kind.name}: {key} takes a whole number, not {value!r}") from None
    return found


def _usable_class(name: str) -> type[Codec]:
    kind = codec_class(name)
    missing = [module for module in kind.requires if importlib.util.find_spec(module) is None]
    if missing:
        extra = any(module.startswith("tensorflow") for module in missing)
        how = "pip install 'serlab[tensorflow]'" if extra else "install it and try again"
        raise CodecUnavailableError(f"codec {name} needs {' and '.join(missing)}: {how}")
    return kind


def codec_class(name: str) -> type[Codec]:
    """Return the class of a codec: what can be asked of it without loading its library.

    Raises:
        UnknownNameError: no such codec.
        CodecUnavailableError: its entry point does not load.
    """
    base = name.partition(":")[0]
    if base in _REGISTERED:
        return _REGISTERED[base]
    if base not in names():
        raise UnknownNameError("codec", name, names())
    return _builtin().get(base) or _load_entry_point(base, _third_party()[base])


def describe(name: str) -> dict[str, str]:
    """Transport, signature and summary of a codec, without needing its library; empty where it does not load."""
    try:
        kind = codec_class(name)
    except CodecUnavailableError:
        return {"transport": "", "signature": "", "summary": ""}
    return {"transport": kind.transport, "signature": kind.signature, "summary": kind.summary}


def unavailable() -> dict[str, str]:
    """Codecs that cannot be used here, each with the reason."""
    reasons = {}
    for name in names():
        try:
            _usable_class(name)
        except CodecUnavailableError as error:
            reasons[name] = str(error)
    return reasons


def available() -> list[str]:
    """Names of the codecs that can be used here."""
    missing = unavailable()
    return [name for name in names() if name not in missing]


def usable(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``wanted`` that can be used here, in their order."""
    here = available()
    return tuple(name for name in wanted if name in here)


def main_codecs() -> list[str]:
    """Names of the codecs that can be used here and are no mere variants: what a run measures unless told."""
    return [name for name in available() if not codec_class(name).variant_of]


#: Codecs with parameters that the full profile measures beside the plain ones.
PARAMETER_VARIANTS = ("orjson:format=columnar",)


def all_codecs() -> list[str]:
    """Names of the codecs that can be used here, with those that differ in a parameter."""
    here = available()
    return [*here, *(name for name in PARAMETER_VARIANTS if name.partition(":")[0] in here)]


@cache
def _instance(kind: type[Codec], parameters: tuple[tuple[str, str | int], ...]) -> Codec:
    codec = kind(**dict(parameters))
    told = [f"{key}={value}" for key, value in parameters if value != kind.parameters[key]]
    if told:
        codec.name = f"{kind.name}:{','.join(told)}"
    return codec


_REGISTERED: dict[str, type[Codec]] = {}


#: In the order of tables: by transport, then from the commonest way of doing it to the fastest; the floor last.
_BUILTIN: tuple[type[Codec], ...] = (
    JsonCodec,
    JsonOrjsonListCodec,
    OrjsonCodec,
    JsonChunkedCodec,
    OrjsonGzipCodec,
    JsonMsgspecCodec,
    JsonUjsonCodec,
    JsonSimdjsonCodec,
    Base64Codec,
    Base64SimdCodec,
    TensorProtoCodec,
    TensorProtoValuesCodec,
    WireCodec,
    RawCodec,
)


@cache
def _builtin() -> dict[str, type[Codec]]:
    return {kind.name: kind for kind in _BUILTIN}


def _is_concrete(kind: object) -> TypeGuard[type[Codec]]:
    return inspect.isclass(kind) and issubclass(kind, Codec) and not inspect.isabstract(kind)


@cache
def _third_party() -> dict[str, EntryPoint]:
    found = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {name: found[name] for name in sorted(found) if name not in _builtin()}


def _load_entry_point(name: str, point: EntryPoint) -> type[Codec]:
    try:
        kind = point.load()
    except Exception as error:  # another's code, which may raise anything
        told = str(error) or type(error).__name__
        raise CodecUnavailableError(f"codec {name} does not load from {point.value}: {told}") from error
    if not _is_concrete(kind):
        raise CodecUnavailableError(f"codec {name}: {point.value} is not a concrete serlab.codecs.base.Codec")
    return kind


def refusal(name: str, tensors: Mapping[str, TensorSpec], call: Call) -> str:
    """Return why a codec cannot carry these tensors to ``call``, "" if it can. Raises as ``get`` does."""
    return _usable_class(name).refusal(tensors, call, **_parameters(name))


def transport_of(codec: str) -> Transport:
    """Return the transport of a codec without loading its library.

    Raises:
        UnknownNameError, CodecUnavailableError: it cannot be used here.
    """
    return _usable_class(codec).transport
