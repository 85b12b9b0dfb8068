"""``--serving embedded``: the lab's own server, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from serlab.records.run import Endpoint
from serlab.records.scratch import Scratch
from serlab.serving.base import MODEL_OPTIONS, Instance, check_models, model_config


class EmbeddedInstance(Instance):
    """Starts ``serlab.embedded`` on free loopback ports; ``flags`` are TensorFlow Serving's."""

    kind = "embedded"
    spelling = "embedded"
    uses = MODEL_OPTIONS | {"flags"}

    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint of the started server."""
        from serlab.embedded import start_embedded

        check_models(self.models)
        folder = Path(stack.enter_context(Scratch("embedded")))
        config = folder / "models.config"
        config.write_text(model_config({name: str(path.resolve()) for name, path in self.models.items()}))
        server = stack.enter_context(
            start_embedded(
                model_config_file=config, flags=self.options.flags, start_timeout_s=self.options.start_timeout_s
            )
        )
        grpc = f"{server.host}:{server.grpc_port}" if server.grpc_port else ""
        rest = f"{server.host}:{server.rest_port}" if server.rest_port else ""
        return Endpoint("embedded", server.version, grpc, rest, server.pid)


def become_server(flags: Sequence[str]) -> NoReturn:
    """Replace this process by the server: one process to stop, one exit code, signals as they come.

    Raises:
        UsageError: a flag that does not parse.
    """
    from serlab.embedded.flags import parse_flags

    parse_flags(flags)
    os.execv(sys.executable, [sys.executable, "-m", "serlab.embedded", *flags])
