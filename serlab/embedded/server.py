"""The server process: loads models, serves both protocols, stops in good order."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from serlab import __version__
from serlab.embedded.flags import LOOPBACK, Flags, channel_arguments, parse_flags
from serlab.errors import SerlabError, ServingError
from serlab.records.run import Form

if TYPE_CHECKING:
    from serlab.embedded.core import ServerCore

#: How long calls in flight may take to finish after SIGTERM, in seconds.
GRACE_S = 30.0


def main(arguments: Sequence[str]) -> int:
    """Run the server until SIGTERM, SIGINT or the parent's end; return the process's exit code.

    Once it answers, one line of JSON on stdout says where: ``grpc_port``, ``rest_port``, ``pid`` and ``version``.
    """
    # TensorFlow's own log would bury the server's; what goes wrong in a call is answered to the caller.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        flags = parse_flags(arguments)
        if flags.serlab_follow_stdin:
            threading.Thread(target=_follow_stdin, daemon=True).start()
        if flags.host != LOOPBACK:
            print(
                f"WARNING: listening on {flags.host}, not on {LOOPBACK}: whoever reaches this address can run the "
                "models; there is neither encryption nor authentication",
                file=sys.stderr,
            )
        if flags.serlab_follow_parent:
            _follow_parent()
        for port in (flags.port, flags.rest_api_port):
            _require_free(flags.host, port)
        _serve(flags)
    except SerlabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _require_free(host: str, port: int) -> None:
    """Fail at once where a port is taken, not after the seconds that loading a model takes."""
    if port > 0:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            raise ServingError(f"cannot listen on {host}:{port}: {error}") from error


def _serve(flags: Flags) -> None:
    # The kernel may give a signal to any thread. Only what its handler writes into a pipe is sure to wake this one: a
    # lock or a queue that it waits for would not, and Python runs handlers in no other thread.
    stop, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with contextlib.ExitStack() as shutdown:
        # Left to the process's end: closing a session waits for what still runs in it.
        core = _load(flags)
        # Until here a signal ends the process at once: there is nothing to end in good order, and loading takes long.
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        ready: dict[str, object] = {
            "grpc_port": _start_grpc(flags, core, shutdown) if flags.port >= 0 else None,
            "rest_port": _start_rest(flags, core, shutdown) if flags.rest_api_port >= 0 else None,
            "pid": os.getpid(),
            "version": _version(),
        }
        # What is loaded stays: the garbage collector need not look through TensorFlow again and again.
        gc.collect()
        gc.freeze()
        print(json.dumps(ready), flush=True)
        print(_greeting(flags, core, ready), file=sys.stderr, flush=True)
        os.read(stop, 1)


def _load(flags: Flags) -> ServerCore:
    from serlab.embedded.config import ModelConfig, read_model_configs

    if flags.model_config_file:
        models = read_model_configs(Path(flags.model_config_file))
    else:
        models = [ModelConfig(flags.model_name, Path(flags.model_base_path))]
    for model in models:
        # A wrong folder should not take the seconds that importing TensorFlow does.
        model.version_folders()

    from serlab.embedded.core import ServerCore
    from serlab.embedded.model import SessionOptions

    options = SessionOptions(
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
        tuple(flags.saved_model_tags.split(",")),
    )
    return ServerCore(
        models,
        options=options,
        labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
    )


def _start_grpc(flags: Flags, core: ServerCore, shutdown: contextlib.ExitStack) -> int:
    from serlab.embedded.rpc.server import start_grpc
    from serlab.embedded.rpc.service import GrpcService

    server, port = start_grpc(
        GrpcService(core, _form(flags)),
        f"{flags.host}:{flags.port}",
        max_threads=flags.grpc_max_threads,
        channel_arguments=channel_arguments(flags.grpc_channel_arguments),
    )
    shutdown.callback(lambda: server.stop(GRACE_S).wait())
    return port


def _start_rest(flags: Flags, core: ServerCore, shutdown: contextlib.ExitStack) -> int:
    from serlab.embedded.rest.api import RestApi
    from serlab.embedded.rest.server import RestServer

    api = RestApi(core, cors=flags.enable_cors_support, timeout_ms=flags.rest_api_timeout_in_ms, form=_form(flags))
    server = RestServer(api, flags.host, flags.rest_api_port, threads=flags.rest_api_num_threads)
    port = server.start(GRACE_S)
    shutdown.callback(server.stop)
    return port


def _form(flags: Flags) -> Form:
    return "content" if flags.enable_serialization_as_tensor_content else "values"


def _greeting(flags: Flags, core: ServerCore, ready: dict[str, object]) -> str:
    addresses = {"gRPC": ready["grpc_port"], "REST": ready["rest_port"]}
    where = " and ".join(f"{name} on {flags.host}:{port}" for name, port in addresses.items() if port)
    return f"serving {', '.join(core.names())}: {where}; Ctrl-C stops it"


def _version() -> str:
    import tensorflow as tf

    return f"serlab {__version__} (TensorFlow {tf.__version__})"


def _follow_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, where it can.

    It covers what stdin does not: a fork of the parent that keeps the other end open.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _follow_stdin() -> None:
    """Stop when stdin ends: its other end is held by the process that started this one."""
    # Not sys.stdin: its lock, held by a thread that waits for input, would be waited for when the process ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
