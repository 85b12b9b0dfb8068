"""The server process: loads models, serves both protocols, stops in good order."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from serlab import __version__
from serlab.errors import SerlabError, ServingError
from serlab.serving.embedded.flags import LOOPBACK, Flags, channel_arguments, parse_flags

#: How long calls in flight may take to finish after SIGTERM, in seconds.
GRACE_S = 30.0


def main(arguments: Sequence[str]) -> int:
    """Run the server until SIGTERM, SIGINT or the parent's end; return the process's exit code.

    Once it answers, one line of JSON on stdout says where: ``{"grpc_port": …, "rest_port": …, "pid": …, "version": …}``.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        flags = parse_flags(arguments)
        if flags.serlab_follow_stdin:
            threading.Thread(target=_follow_stdin, args=(stop,), daemon=True).start()
        _serve(flags, stop)
    except SerlabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _serve(flags: Flags, stop: threading.Event) -> None:
    if flags.host != LOOPBACK:
        print(
            f"WARNING: listening on {flags.host}, not on {LOOPBACK}: anyone who reaches this address can run the models; "
            "there is neither encryption nor authentication",
            file=sys.stderr,
        )
    import tensorflow as tf

    from serlab.serving.embedded.config import ModelConfig, read_model_configs
    from serlab.serving.embedded.core import ServerCore
    from serlab.serving.embedded.grpc_service import GrpcService, start_grpc
    from serlab.serving.embedded.model import SessionOptions
    from serlab.serving.embedded.rest_api import RestApi
    from serlab.serving.embedded.rest_server import RestServer

    if flags.model_config_file:
        models = read_model_configs(Path(flags.model_config_file))
    else:
        models = [ModelConfig(flags.model_name, Path(flags.model_base_path))]
    options = SessionOptions(
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
        tuple(flags.saved_model_tags.split(",")),
    )
    core = ServerCore(
        models, options=options, labels_for_unavailable=flags.allow_version_labels_for_unavailable_models
    )
    grpc_server = rest_server = None
    ready: dict[str, object] = {"grpc_port": None, "rest_port": None}
    try:
        if flags.port >= 0:
            form = "content" if flags.enable_serialization_as_tensor_content else "values"
            try:
                grpc_server, ready["grpc_port"] = start_grpc(
                    GrpcService(core, form),
                    f"{flags.host}:{flags.port}",
                    max_threads=flags.grpc_max_threads,
                    channel_arguments=channel_arguments(flags.grpc_channel_arguments),
                )
            except RuntimeError as error:
                raise ServingError(f"cannot listen for gRPC on {flags.host}:{flags.port}: {error}") from error
        if flags.rest_api_port >= 0:
            rest_server = RestServer(
                RestApi(core), flags.host, flags.rest_api_port, threads=flags.rest_api_num_threads
            )
            ready["rest_port"] = rest_server.start()
        ready |= {"pid": os.getpid(), "version": f"serlab {__version__} (TensorFlow {tf.__version__})"}
        print(json.dumps(ready), flush=True)
        stop.wait()
    finally:
        finished = grpc_server.stop(GRACE_S) if grpc_server else None
        if rest_server:
            rest_server.stop(GRACE_S)
        if finished:
            finished.wait()
        core.close()


def _follow_stdin(stop: threading.Event) -> None:
    """Stop when stdin ends: its other end is held by the process that started this one."""
    while sys.stdin.buffer.read(4096):
        pass
    stop.set()
