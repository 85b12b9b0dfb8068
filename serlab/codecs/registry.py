"""The only lookup of codecs: the files of this folder, then the entry points in the group ``serlab.codecs``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeGuard

import serlab.codecs
from serlab.codecs.base import Codec
from serlab.errors import CodecUnavailableError, UnknownNameError
from serlab.records.run import Transport

ENTRY_POINT_GROUP = "serlab.codecs"


def names() -> list[str]:
    """Names of all codecs, available or not: the built-in ones in the order of their tables, then third parties'."""
    return [*_builtin(), *_third_party()]


def get(name: str) -> Codec:
    """Return the codec called ``name``.

    Raises:
        UnknownNameError: no such codec.
        CodecUnavailableError: its library is not installed, or its entry point does not load.
    """
    return _instance(_usable_class(name))


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
    if name not in names():
        raise UnknownNameError("codec", name, names())
    return _builtin().get(name) or _load_entry_point(name, _third_party()[name])


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


def main_codecs() -> list[str]:
    """Names of the codecs that can be used here and are no mere variants: what a run measures unless told."""
    return [name for name in available() if not codec_class(name).variant_of]


@cache
def _instance(kind: type[Codec]) -> Codec:
    return kind()


#: Order in tables: by transport, then from the commonest way of doing it to the fastest; the floor last.
_ORDER = ("json", "json-orjson-list", "orjson", "json-chunked", "orjson-gzip", "json-simdjson", "base64",
          "base64-simd", "tensor-proto", "tensor-proto-values", "wire", "raw")  # fmt: skip


@cache
def _builtin() -> dict[str, type[Codec]]:
    found: dict[str, type[Codec]] = {}
    for module_info in pkgutil.iter_modules(serlab.codecs.__path__):
        module = importlib.import_module(f"serlab.codecs.{module_info.name}")
        for kind in vars(module).values():
            # The module first: Python 3.10 takes a generic alias such as NDArray[Any] for a class.
            if getattr(kind, "__module__", "") == module.__name__ and _is_concrete(kind):
                found[kind.name] = kind
    return dict(sorted(found.items(), key=lambda item: _rank(item[0])))


def _is_concrete(kind: object) -> TypeGuard[type[Codec]]:
    return inspect.isclass(kind) and issubclass(kind, Codec) and not inspect.isabstract(kind)


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER) - 1, name)


@cache
def _third_party() -> dict[str, EntryPoint]:
    found = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {name: found[name] for name in sorted(found) if name not in _builtin()}


def _load_entry_point(name: str, point: EntryPoint) -> type[Codec]:
    try:
        kind = point.load()
    except (ImportError, AttributeError) as error:
        raise CodecUnavailableError(f"codec {name} does not load from {point.value}: {error}") from error
    if not _is_concrete(kind):
        raise CodecUnavailableError(f"codec {name}: {point.value} is not a concrete serlab.codecs.base.Codec")
    return kind


def transport_of(codec: str) -> Transport:
    """Return the transport of a codec without loading its library.

    Raises:
        UnknownNameError, CodecUnavailableError: it cannot be used here.
    """
    reasons = unavailable()
    if codec in reasons:
        raise CodecUnavailableError(reasons[codec])
    found = describe(codec)["transport"]
    return "grpc" if found == "grpc" else "rest" if found == "rest" else "none"
