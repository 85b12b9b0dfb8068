"""``serlab serve``: the embedded server, in the foreground."""

from __future__ import annotations

from typing import Annotated

import typer

#: The flags are TensorFlow Serving's own, so the server parses them, not typer.
COMMAND_OPTIONS = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True}}


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
    from serlab.lab.serve import serve_here

    serve_here(flags or ())
