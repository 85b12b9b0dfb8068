"""Locust users built on the lab's codecs and transports: one class per codec, for load from more than one machine.

Import it as a locustfile, as ``benches/locustfile.py`` does. Classes are named after their codecs (``OrjsonUser``,
``TensorProtoUser``); name those to run on Locust's command line. What each user's calls came to goes to the master with
Locust's own reports, and from there into the same records as ``serlab load``'s.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

# Importing Locust patches the standard library for gevent; that has to come first.
from locust import User, constant, events, task  # isort: split

import msgspec
from grpc.experimental import gevent as grpc_gevent

from serlab.codecs import registry
from serlab.errors import CodecError, TransportError
from serlab.measure.calls import Subject
from serlab.measure.load.clients import RETRY_S, Work
from serlab.measure.load.locust.options import Options, add_arguments, class_name
from serlab.measure.load.outcome import Batch, Failure, Tally, failure_code, nobody_answered
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: Under this name a worker's report holds its batches, msgpack by codec.
REPORT_KEY = "serlab"

#: ``time.perf_counter`` is a machine's own; workers of several machines have the wall clock in common.
_WALL = time.time() - time.perf_counter()

_tallies: dict[str, Tally] = {}


class CodecUser(User):
    """Makes one call at a time with its codec, again as soon as it has its answer."""

    abstract = True
    wait_time = constant(0)
    codec: ClassVar[str]

    def on_start(self) -> None:
        """Build the tensor and open a connection of its own."""
        options = Options.of(self.environment.parsed_options)
        exchange = Subject(options.payload, options.payload_seed, options.call).exchange(self.codec)
        codec, tensors, call = exchange.codec, exchange.tensors, exchange.call
        self._work = Work(codec, tensors, call, codec.encode(tensors, call) if options.pre_encode else None)
        self._name = f"{options.payload}/{self.codec}"
        endpoint = Endpoint("remote", "", options.grpc, options.rest)
        how = TransportOptions(timeout_s=options.call_timeout_s, reconnect_ms=100)
        self._transport = open_transport(codec.transport, endpoint, call, how)
        self._tally = _tallies.setdefault(self.codec, Tally())

    def on_stop(self) -> None:
        """Close the connection."""
        self._transport.close()

    @task
    def call_once(self) -> None:
        """Make one call and report it, to Locust and to the lab's own records."""
        begin = time.perf_counter()
        try:
            ledger = self._work.do(self._transport)
        except (TransportError, CodecError) as error:
            ended, code = time.perf_counter(), failure_code(error)
            self._tally.failed(Failure(begin + _WALL, begin + _WALL, ended + _WALL, 0.0, code, str(error)))
            self._report(ended - begin, error)
            if nobody_answered(code):
                time.sleep(RETRY_S)
            return
        ended = time.perf_counter()
        stages = (ledger.encode_s, ledger.exchange_s, ledger.decode_s)
        self._tally.succeeded((begin + _WALL, begin + _WALL, ended + _WALL, 0.0, *stages))
        self._report(ended - begin, None)

    def _report(self, seconds: float, error: Exception | None) -> None:
        events.request.fire(  # type: ignore[no-untyped-call]
            request_type=self._work.codec.transport, name=self._name, response_time=1000 * seconds,
            response_length=0, exception=error, context={},
        )  # fmt: skip


class RestUser(CodecUser):
    """Calls over REST."""

    abstract = True


class GrpcUser(CodecUser):
    """Calls over gRPC."""

    abstract = True


def user_classes() -> dict[str, type[CodecUser]]:
    """Return a user class per codec that can be used here, by class name."""
    bases = {"rest": RestUser, "grpc": GrpcUser}
    found: dict[str, type[CodecUser]] = {}
    for codec in registry.available():
        base = bases.get(registry.describe(codec)["transport"])
        if base:
            name = class_name(codec)
            found[name] = type(name, (base,), {"codec": codec, "abstract": False, "__doc__": f"Calls with {codec}."})
    return found


def take_batches() -> dict[str, bytes]:
    """Return what has come in since the last time, msgpack by codec."""
    found = {}
    for codec, tally in _tallies.items():
        samples, failures = tally.take()
        batch = Batch(time.time(), time.process_time(), samples, failures)
        found[codec] = msgspec.msgpack.encode(batch)
    return found


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_arguments(parser: Any) -> None:
    add_arguments(parser)


@events.report_to_master.add_listener  # type: ignore[untyped-decorator]
def _report_to_master(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001  # Locust names them
    data[REPORT_KEY] = take_batches()


# Before any channel is made, or gRPC's threads would wait for each other in a process that gevent has patched.
grpc_gevent.init_gevent()
