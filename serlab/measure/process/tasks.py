"""A call of a function, on its way to another process and back: both ways by the function's own annotations.

Arguments are bound by name and written as MessagePack, which keeps every float's bits; the other side converts them to
the types that the function's parameters are annotated with, and the result likewise on its way back. So records travel
as records, and a type checker follows a call as if it were made in place.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, get_type_hints

import msgspec

from serlab.errors import CodecError, MeasureError, SerlabError, TransportError
from serlab.records.secret import Secret


class Task(msgspec.Struct, frozen=True):
    """A function by its module and name, its arguments by theirs, and the files for the result and for what it says."""

    module: str
    function: str
    arguments: dict[str, msgspec.Raw]
    result: str
    log: str


class Answer(msgspec.Struct, frozen=True):
    """What a function returned, or the text of the ``SerlabError`` that it raised, and its code as errors have them."""

    value: msgspec.Raw = msgspec.Raw(b"\xc0")  # MessagePack's nil
    error: str | None = None
    code: str = ""


def packed(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], result: str, log: str
) -> Task:
    """Return the task of calling ``function`` with these arguments.

    Raises:
        TypeError: they are not the function's, it cannot be imported by its name, or one of them cannot travel.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    if "<" in name:
        raise TypeError(f"{name} cannot be called in another process: it is no function of a module")
    bound = inspect.signature(function).bind(*args, **kwargs).arguments
    arguments = {key: msgspec.Raw(encode(value)) for key, value in bound.items()}
    return Task(function.__module__, function.__qualname__, arguments, result, log)


def perform(task: Task) -> Answer:
    """Import the function, call it with the task's arguments and return what came of it."""
    function = getattr(importlib.import_module(task.module), task.function)
    hints = get_type_hints(function)
    arguments = {name: decode(raw, hints[name]) for name, raw in task.arguments.items()}
    try:
        return Answer(msgspec.Raw(encode(function(**arguments))))
    except SerlabError as error:
        return Answer(error=str(error), code=code_of(error))


def code_of(error: SerlabError) -> str:
    """Return what a failure is called: a transport's own code, else whether the codec or the client refused."""
    if isinstance(error, (TransportError, MeasureError)):
        return error.code
    return "CODEC" if isinstance(error, CodecError) else "CLIENT"


def result_type(function: Callable[..., Any]) -> Any:
    """Return the type that a function says it returns."""
    return get_type_hints(function)["return"]


def encode(value: Any) -> bytes:
    """Return ``value`` as MessagePack: JSON types, bytes, dataclasses, msgspec's structs, and paths."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def decode(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """Return what ``encode`` was given, as ``kind``. Raises ``msgspec.ValidationError`` where it is none."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_from_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Secret):  # nobody but the other process reads the pipe
        return value.reveal()
    raise TypeError(f"{type(value).__name__} cannot be sent to another process")


def _from_plain(kind: type, value: Any) -> Any:
    if issubclass(kind, (PurePath, Secret)):
        return kind(value)
    raise TypeError(f"{kind.__name__} cannot be received from another process")
