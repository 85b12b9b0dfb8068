"""``serlab serve``: the embedded server, in the foreground."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

#: The flags are TensorFlow Serving's own, so the server parses them, not typer.
COMMAND_OPTIONS = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True}}

_NAME_FLAG = "--model_name"
_MODEL_FLAGS = ("--model_base_path", "--model_config_file")


def serve(
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FLAGS]", help="TensorFlow Serving's flags, as --name=value or --name value."),
    ] = None,
) -> None:
    """Serve SavedModels over TensorFlow Serving's gRPC and REST APIs, on loopback, until Ctrl-C or SIGTERM.

    Without a path, --model_name is a model of the lab: echo (the default), bert, detector, tabular, text, embedding,
    resnet50 and others. A line of JSON on stdout says when the
    server answers, and where.

    Flags: --port (8500) --rest_api_port (8501; 0 picks a free port, -1 means none) --model_name --model_base_path
    --model_config_file --allow_version_labels_for_unavailable_models --enable_serialization_as_tensor_content
    --enable_cors_support --grpc_max_threads --grpc_channel_arguments --rest_api_num_threads --rest_api_timeout_in_ms
    --tensorflow_intra_op_parallelism --tensorflow_inter_op_parallelism --saved_model_tags --host (127.0.0.1)

    Example: serlab serve --model_name=resnet --model_base_path=/models/resnet --port=8500
    Example: serlab serve --model_name=bert
    """
    from serlab.embedded.flags import parse_flags

    arguments = list(flags or ())
    if not any(word.partition("=")[0] in _MODEL_FLAGS for word in arguments):
        from serlab.servable import ECHO_MODEL, ensure_model

        name = _value(arguments, _NAME_FLAG) or ECHO_MODEL
        arguments += [f"{_NAME_FLAG}={name}", f"--model_base_path={ensure_model(name)}"]
    parse_flags(arguments)
    # The server replaces this process: one process to stop, one exit code, signals as they come.
    os.execv(sys.executable, [sys.executable, "-m", "serlab.embedded", *arguments])


def _value(arguments: list[str], flag: str) -> str:
    """Return the value of a flag given as ``--name=value`` or ``--name value``; "" where it is not given."""
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == flag:
            return value if equals else "".join(arguments[number + 1 : number + 2])
    return ""
