"""The options that the lab's locustfile adds to Locust's own; the master hands them to its workers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from serlab.connection.options import DEFAULT_TIMEOUT_S
from serlab.errors import UsageError
from serlab.payload import DEFAULT_SEED
from serlab.records.call import Call


@dataclass(frozen=True, slots=True)
class Options:
    """Whom to call with what, and where the master puts the records.

    ``call`` None is the lab's own echo. ``save`` is a file for the steps; "" makes a run of its own in ``results``.
    ``server_pid`` is the server's process where it is the master's machine's own, for its CPU time. ``windows`` ends
    the run so many windows after the warm-up; 0 leaves that to Locust's ``--run-time``, which counts from the first
    user on and not, as the warm-up does, from the last.
    """

    grpc: str = ""
    rest: str = ""
    payload: str = "vector-1k"
    payload_seed: int = DEFAULT_SEED
    call: Call | None = None
    pre_encode: bool = False
    call_timeout_s: float = DEFAULT_TIMEOUT_S
    warmup_s: float = 2.0
    window_s: float = 1.0
    save: str = ""
    results: str = "results"
    server_pid: int = 0
    windows: int = 0

    @classmethod
    def of(cls, parsed: Any) -> Options:
        """Return the options from what Locust parsed, or was sent by its master.

        Raises:
            UsageError: ``--model-call`` is not one.
        """
        try:
            call = msgspec.json.decode(parsed.model_call, type=Call) if parsed.model_call else None
        except msgspec.DecodeError as error:
            raise UsageError(f"--model-call {parsed.model_call!r} is not a model's call: {error}") from error
        return cls(
            parsed.grpc, parsed.rest, parsed.payload, int(parsed.payload_seed), call, bool(parsed.pre_encode),
            float(parsed.call_timeout), float(parsed.warmup), float(parsed.window), parsed.save, parsed.results,
            int(parsed.server_pid), int(parsed.windows),
        )  # fmt: skip

    def arguments(self) -> list[str]:
        """Return the command line that gives these options."""
        return [
            f"--grpc={self.grpc}",
            f"--rest={self.rest}",
            f"--payload={self.payload}",
            f"--payload-seed={self.payload_seed}",
            f"--model-call={json.dumps(asdict(self.call)) if self.call else ''}",
            *(["--pre-encode"] if self.pre_encode else []),
            f"--call-timeout={self.call_timeout_s}",
            f"--warmup={self.warmup_s}",
            f"--window={self.window_s}",
            f"--save={self.save}",
            f"--results={self.results}",
            f"--server-pid={self.server_pid}",
            f"--windows={self.windows}",
        ]


def add_arguments(parser: Any) -> None:
    """Add the options to Locust's parser."""
    unset = Options()
    group = parser.add_argument_group("serlab")
    group.add_argument("--grpc", default=unset.grpc, help="HOST:PORT of the server's gRPC API")
    group.add_argument("--rest", default=unset.rest, help="HOST:PORT of the server's REST API")
    group.add_argument("--payload", default=unset.payload, help="payload: a name or SHAPE:DTYPE")
    group.add_argument("--payload-seed", type=int, default=unset.payload_seed, help="seed of the payload's values")
    group.add_argument("--model-call", default="", help="another model's call, as JSON; default: the lab's echo")
    group.add_argument("--pre-encode", action="store_true", help="send ready bodies, leave answers undecoded")
    group.add_argument("--call-timeout", type=float, default=unset.call_timeout_s, help="seconds a call may take")
    group.add_argument("--warmup", type=float, default=unset.warmup_s, help="seconds left out after spawning")
    group.add_argument("--window", type=float, default=unset.window_s, help="seconds of a window")
    group.add_argument("--save", default="", help="file for the measured steps, instead of a run of their own")
    group.add_argument("--results", default=unset.results, help="folder of results")
    group.add_argument("--server-pid", type=int, default=0, help="the server's process on the master's machine")
    group.add_argument("--windows", type=int, default=0, help="end so many windows after the warm-up")


def class_name(codec: str) -> str:
    """Return the user class of a codec: ``orjson-gzip`` → ``OrjsonGzipUser``."""
    return "".join(part.capitalize() for part in codec.split("-")) + "User"
