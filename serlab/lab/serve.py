"""What ``serlab serve`` does: finds the lab's model that was named, and becomes the server."""

from __future__ import annotations

from collections.abc import Sequence

from serlab.serving.embedded import become_server

_NAME_FLAG = "--model_name"
_MODEL_FLAGS = ("--model_base_path", "--model_config_file")


def serve_here(flags: Sequence[str]) -> None:
    """Serve with TensorFlow Serving's flags; without a path, a model of the lab. Does not return.

    Raises:
        UsageError, UnknownNameError, ServableError: a flag that does not parse, or no such model.
    """
    arguments = list(flags)
    if not any(word.partition("=")[0] in _MODEL_FLAGS for word in arguments):
        from serlab.servable import ECHO_MODEL, ensure_model

        name = _value(arguments, _NAME_FLAG) or ECHO_MODEL
        arguments += [f"{_NAME_FLAG}={name}", f"--model_base_path={ensure_model(name)}"]
    become_server(arguments)


def _value(arguments: list[str], flag: str) -> str:
    """Return the value of a flag given as ``--name=value`` or ``--name value``; "" where it is not given."""
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == flag:
            return value if equals else "".join(arguments[number + 1 : number + 2])
    return ""
