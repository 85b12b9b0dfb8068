"""The command line: TensorFlow Serving's flags under their own names, checked before anything slow is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from serlab.errors import UsageError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Flags:
    """What the server is told. Names are TensorFlow Serving's but for ``host`` and what begins with ``serlab_``.

    A port of 0 means any free one (TensorFlow Serving takes it for off); -1 turns the protocol off.
    """

    port: int = 8500
    rest_api_port: int = 8501
    host: str = LOOPBACK
    model_name: str = "default"
    model_base_path: str = ""
    model_config_file: str = ""
    allow_version_labels_for_unavailable_models: bool = False
    enable_serialization_as_tensor_content: bool = False
    enable_cors_support: bool = False
    grpc_max_threads: int = 4 * (os.cpu_count() or 1)
    grpc_channel_arguments: str = ""
    rest_api_num_threads: int = 4 * (os.cpu_count() or 1)
    rest_api_timeout_in_ms: int = 30_000
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    saved_model_tags: str = "serve"
    serlab_follow_stdin: bool = False
    serlab_follow_parent: bool = False


def parse_flags(arguments: Sequence[str]) -> Flags:
    """Return the flags in ``--name=value`` or ``--name value``; a boolean may stand alone.

    Raises:
        UsageError: an unknown flag, a value that is no number or boolean, or flags that do not go together.
    """
    kinds = {field.name: type(field.default) for field in fields(Flags)}
    values: dict[str, Any] = {}
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        name, equals, text = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in kinds:
            raise UsageError(_unknown(word.partition("=")[0], kinds))
        if not equals and kinds[name] is bool:
            text = pending.pop(0) if pending and pending[0].lower() in _BOOLEANS else "true"
        elif not equals:
            if not pending:
                raise UsageError(f"--{name} needs a value: --{name}=VALUE")
            text = pending.pop(0)
        values[name] = _READERS[kinds[name]](name, text)
    return _checked(Flags(**values))


def channel_arguments(text: str) -> list[tuple[str, int | str]]:
    """Return ``grpc_channel_arguments``: comma-separated ``key=value``, integers where they read as such.

    Raises:
        UsageError: an entry without ``=``.
    """
    pairs: list[tuple[str, int | str]] = []
    for entry in filter(None, text.split(",")):
        key, equals, value = entry.partition("=")
        if not equals:
            raise UsageError(f"--grpc_channel_arguments wants key=value pairs, got {entry!r}")
        pairs.append((key, int(value) if value.lstrip("-").isdecimal() else value))
    return pairs


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _read_bool(name: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise UsageError(f"--{name} is true or false, not {text!r}")
    return _BOOLEANS[text.lower()]


def _read_int(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--{name} is a number, not {text!r}") from None


_READERS: dict[type, Callable[[str, str], Any]] = {
    bool: _read_bool,
    int: _read_int,
    str: lambda _, text: text,
}


def _unknown(word: str, known: dict[str, type]) -> str:
    close = get_close_matches(word.removeprefix("--"), known, n=1)
    hint = f"; did you mean --{close[0]}?" if close else ""
    public = ", ".join(f"--{name}" for name in known if not name.startswith("serlab_"))
    return f"unknown flag {word}{hint} Known: {public}"


def _checked(flags: Flags) -> Flags:
    if not flags.model_config_file and not flags.model_base_path:
        raise UsageError("nothing to serve: give --model_base_path (with --model_name) or --model_config_file")
    if flags.model_config_file and flags.model_base_path:
        raise UsageError("--model_config_file and --model_base_path exclude each other")
    for name in ("port", "rest_api_port"):
        if not -1 <= getattr(flags, name) <= 65535:
            raise UsageError(f"--{name} is a port from 0 (any free one) to 65535, or -1 for none")
    if flags.port == flags.rest_api_port == -1:
        raise UsageError("--port and --rest_api_port are both -1: there would be nothing to talk to")
    if flags.port == flags.rest_api_port > 0:
        raise UsageError(f"--port and --rest_api_port are both {flags.port}: give each its own")
    for name in ("grpc_max_threads", "rest_api_num_threads"):
        if getattr(flags, name) < 1:
            raise UsageError(f"--{name} must be at least 1")
    channel_arguments(flags.grpc_channel_arguments)
    return flags
