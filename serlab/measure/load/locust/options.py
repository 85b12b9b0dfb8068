"""The options that the lab's locustfile adds to Locust's own; the master hands them to its workers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import msgspec

from serlab.connection.options import DEFAULT_TIMEOUT_S
from serlab.errors import UsageError
from serlab.payload import DEFAULT_SEED
from serlab.records.call import Call


def _option(flag: str, default: Any, told: str) -> Any:
    return field(default=default, metadata={"flag": flag, "help": told})


@dataclass(frozen=True, slots=True)
class Options:
    """Whom to call with what, and where the master puts the records.

    ``call`` None is the lab's own echo. ``save`` is a file for the steps; "" makes a run of its own in ``results``.
    ``server_pid`` is the server's process where it is the master's machine's own, for its CPU time. ``windows`` ends
    the run so many windows after the warm-up; 0 leaves that to Locust's ``--run-time``, which counts from the first
    user on and not, as the warm-up does, from the last.
    """

    grpc: str = _option("--grpc", "", "HOST:PORT of the server's gRPC API")
    rest: str = _option("--rest", "", "HOST:PORT of the server's REST API")
    payload: str = _option("--payload", "vector-1k", "payload: a name or SHAPE:DTYPE")
    payload_seed: int = _option("--payload-seed", DEFAULT_SEED, "seed of the payload's values")
    call: Call | None = _option("--model-call", None, "another model's call, as JSON; default: the lab's echo")  # noqa: RUF009
    pre_encode: bool = _option("--pre-encode", False, "send ready bodies, leave answers undecoded")
    call_timeout_s: float = _option("--call-timeout", DEFAULT_TIMEOUT_S, "seconds a call may take")
    warmup_s: float = _option("--warmup", 2.0, "seconds left out after spawning")
    window_s: float = _option("--window", 1.0, "seconds of a window")
    save: str = _option("--save", "", "file for the measured steps, instead of a run of their own")
    results: str = _option("--results", "results", "folder of results")
    server_pid: int = _option("--server-pid", 0, "the server's process on the master's machine")
    windows: int = _option("--windows", 0, "end so many windows after the warm-up")

    @classmethod
    def of(cls, parsed: Any) -> Options:
        """Return the options from what Locust parsed, or was sent by its master.

        Raises:
            UsageError: ``--model-call`` is not one.
        """
        given = {one.name: getattr(parsed, one.metadata["flag"][2:].replace("-", "_")) for one in fields(cls)}
        text, unset = given.pop("call"), cls()
        try:
            call = msgspec.json.decode(text, type=Call) if text else None
        except msgspec.DecodeError as error:
            raise UsageError(f"--model-call {text!r} is not a model's call: {error}") from error
        return cls(call=call, **{name: type(getattr(unset, name))(value) for name, value in given.items()})

    def arguments(self) -> list[str]:
        """Return the command line that gives these options."""
        given = {one.metadata["flag"]: getattr(self, one.name) for one in fields(self)}
        given["--model-call"] = json.dumps(asdict(self.call)) if self.call else ""
        return [flag if value is True else f"{flag}={value}" for flag, value in given.items() if value is not False]


def add_arguments(parser: Any) -> None:
    """Add the options to Locust's parser."""
    group = parser.add_argument_group("serlab")
    for one in fields(Options):
        how = (
            {"action": "store_true"}
            if one.default is False
            else {
                "type": str if one.default is None else type(one.default),
                "default": "" if one.default is None else one.default,
            }
        )
        group.add_argument(one.metadata["flag"], help=one.metadata["help"], **how)


def class_name(codec: str) -> str:
    """Return the user class of a codec: ``orjson-gzip`` → ``OrjsonGzipUser``."""
    return "".join(part.capitalize() for part in codec.split("-")) + "User"
