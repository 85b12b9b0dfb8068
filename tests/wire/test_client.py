"""Both clients against a gRPC server on a real socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from serlab.connection.channel import PREDICT_METHOD
from serlab.errors import CodecError, SerlabError, TransportError, UsageError, WireError
from serlab.wire import AsyncPredictClient, PredictClient, PredictEncoder, decode_request, encode_response
from serlab.wire.client import DEFAULT_OPTIONS, channel_options

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@dataclass
class EchoServer(grpc.GenericRpcHandler):
    """Answers each input as an output; a model's name asks for trouble."""

    methods: list[str] = field(default_factory=list)
    metadata: list[dict[str, str | bytes]] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def service(self, details: Any) -> Any:
        self.methods.append(details.method)
        self.metadata.append(dict(details.invocation_metadata))
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, body: bytes, context: Any) -> Any:
        request = decode_request(body)
        self.requests.append(request)
        name = request.model.name
        if name == "slow":
            self.released.wait(10)
        if name == "missing":
            context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(missing)")
        if name == "garbage":
            return b"\x0a\x05ab"
        return encode_response(request.inputs, form="values", model=name, version=1)


@pytest.fixture
def server() -> Iterator[Any]:
    running = []

    def start(credentials: Any = None) -> EchoServer:
        handler = EchoServer()
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        grpc_server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(handler,), options=unlimited)
        if credentials is None:
            port = grpc_server.add_insecure_port("127.0.0.1:0")
        else:
            port = grpc_server.add_secure_port("127.0.0.1:0", credentials)
        grpc_server.start()
        running.append((handler, grpc_server))
        handler.address = f"127.0.0.1:{port}"
        return handler

    yield start
    for handler, grpc_server in running:
        handler.released.set()
        grpc_server.stop(None).wait()


class Sync:
    """The client that waits."""

    @staticmethod
    def predict(address: Any, *arguments: Any, settings: Any = None, **keywords: Any) -> Any:
        with PredictClient(address, **(settings or {})) as client:
            return client.predict(*arguments, **keywords)


class Async:
    """The client of coroutines."""

    @staticmethod
    def predict(address: Any, *arguments: Any, settings: Any = None, **keywords: Any) -> Any:
        async def call() -> Any:
            async with AsyncPredictClient(address, **(settings or {})) as client:
                return await client.predict(*arguments, **keywords)

        return asyncio.run(call())


both = pytest.mark.parametrize("client", [Sync, Async])


@both
def test_outputs_come_back_by_name(server: Any, client: Any) -> None:
    echo = server()
    outputs = client.predict(echo.address, "m", {"x": X, "n": np.array([-5])})
    assert {name: array.tolist() for name, array in outputs.items()} == {"x": X.tolist(), "n": [-5]}
    assert echo.methods == [PREDICT_METHOD]


@both
def test_everything_of_the_request_arrives(server: Any, client: Any) -> None:
    echo = server()
    settings = {"metadata": {"Authorization": "token"}}
    keywords = {"signature": "s", "version": 3, "output_filter": ["y"], "metadata": [("x-request", "7")]}
    client.predict(echo.address, "m", {"x": X}, settings=settings, **keywords)
    (request,) = echo.requests
    assert (request.model.name, request.model.signature, request.model.version) == ("m", "s", 3)
    assert request.output_filter == ("y",)
    assert echo.metadata[0].items() >= {"authorization": "token", "x-request": "7"}.items()
    client.predict(echo.address, "m", {"x": X}, label="stable")
    assert echo.requests[1].model.label == "stable"


@both
@pytest.mark.parametrize("where", ["call", "client"])
def test_a_deadline_ends_a_call(server: Any, client: Any, where: str) -> None:
    echo = server()
    settings = {"timeout": 0.1 if where == "client" else None}
    keywords = {"timeout": 0.1} if where == "call" else {}
    with pytest.raises(TransportError, match=r"longer timeout") as caught:
        client.predict(echo.address, "slow", {"x": X}, settings=settings, **keywords)
    assert caught.value.code == "DEADLINE_EXCEEDED"


@both
def test_an_error_keeps_the_code_and_the_servers_words(server: Any, client: Any) -> None:
    with pytest.raises(TransportError, match=r"Servable not found for request: Latest\(missing\)") as caught:
        client.predict(server().address, "missing", {"x": X})
    assert caught.value.code == "NOT_FOUND"


@both
def test_a_server_that_is_not_there_is_said_to_be(client: Any) -> None:
    with pytest.raises(TransportError, match="Is the server running") as caught:
        client.predict("127.0.0.1:1", "m", {"x": X})
    assert caught.value.code == "UNAVAILABLE"


@both
def test_an_answer_that_is_none_is_a_wire_error(server: Any, client: Any) -> None:
    with pytest.raises(WireError, match="truncated"):
        client.predict(server().address, "garbage", {"x": X})


@both
def test_inputs_that_cannot_be_sent_are_refused_before_the_call(server: Any, client: Any) -> None:
    echo = server()
    with pytest.raises(CodecError, match="list"):
        client.predict(echo.address, "m", {"x": [1.0]})
    assert echo.requests == []


@both
def test_answers_above_grpcs_own_four_mebibytes_arrive_and_the_limit_can_be_set(server: Any, client: Any) -> None:
    echo = server()
    large = np.zeros(2**20 + 1, np.float32)
    assert client.predict(echo.address, "m", {"x": large})["x"].size == large.size
    options = [("grpc.max_receive_message_length", 2**20)]
    with pytest.raises(
        TransportError, match=r"client's limit on an answer: raise its grpc.max_receive_message_length"
    ) as caught:
        client.predict(echo.address, "m", {"x": large}, settings={"options": options})
    assert caught.value.code == "RESOURCE_EXHAUSTED"


def test_the_default_options_are_those_of_the_lab_and_others_go_over_them() -> None:
    assert DEFAULT_OPTIONS == {"grpc.max_receive_message_length": 104_857_600, "grpc.keepalive_time_ms": 330_000}
    assert dict(channel_options([("grpc.keepalive_time_ms", 1), ("grpc.primary_user_agent", "u")])) == {
        "grpc.max_receive_message_length": 104_857_600,
        "grpc.keepalive_time_ms": 1,
        "grpc.primary_user_agent": "u",
    }


@both
def test_tls_with_files_or_bytes_and_a_client_certificate(server: Any, client: Any, certificates: Any) -> None:
    def read(path: str) -> bytes:
        return Path(path).read_bytes()

    credentials = grpc.ssl_server_credentials(
        [(read(certificates.server_key), read(certificates.server_cert))], read(certificates.ca), True
    )
    echo = server(credentials)
    files = {"ca": certificates.ca, "cert": certificates.client_cert, "key": certificates.client_key}
    contents = {name: read(path) for name, path in files.items()}
    made = {"credentials": grpc.ssl_channel_credentials(contents["ca"], contents["key"], contents["cert"])}
    for settings in (files, contents, made):
        assert client.predict(echo.address, "m", {"x": X}, settings=settings)["x"].tolist() == X.tolist()
    for settings in ({}, {"ca": certificates.ca}, {"tls": True}):
        with pytest.raises(TransportError) as caught:
            client.predict(echo.address, "m", {"x": X}, settings=settings | {"timeout": 2})
        assert caught.value.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


@both
@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"cert": b"pem"}, "go together"),
        ({"key": b"pem"}, "go together"),
        ({"ca": "/no/such/file"}, "/no/such/file"),
        ({"credentials": grpc.local_channel_credentials(), "ca": b"pem"}, "exclude"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(client: Any, settings: Any, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        client.predict("127.0.0.1:1", "m", {}, settings=settings)


@both
def test_a_url_is_refused_as_target(client: Any) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        client.predict("http://127.0.0.1:8501/v1/models/m:predict", "m", {})


def test_one_client_serves_many_calls_of_many_threads_over_one_channel(server: Any) -> None:
    echo = server()
    with PredictClient(echo.address) as client, futures.ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda i: client.predict("m", {"x": np.full(3, i)})["x"].tolist(), range(40))
        assert list(answers) == [[i] * 3 for i in range(40)]


def test_many_coroutines_share_one_client(server: Any) -> None:
    echo = server()

    async def calls() -> Any:
        async with AsyncPredictClient(echo.address) as client:
            return await asyncio.gather(*(client.predict("m", {"x": np.full(3, i)}) for i in range(40)))

    assert [answer["x"].tolist() for answer in asyncio.run(calls())] == [[i] * 3 for i in range(40)]


def test_a_prepared_body_can_be_sent(server: Any) -> None:
    echo = server()
    encoder = PredictEncoder("m", {"x": X})
    with PredictClient(echo.address) as client:
        assert client.send(encoder.encode({"x": X})) == encode_response({"x": X}, model="m", version=1)


def test_a_closed_client_says_so(server: Any) -> None:
    address = server().address
    client = PredictClient(address)
    client.close()
    with pytest.raises(TransportError, match="closed"):
        client.predict("m", {"x": X})

    async def use_closed() -> None:
        client = AsyncPredictClient(address)
        await client.predict("m", {"x": X})
        await client.close()
        await client.predict("m", {"x": X})

    with pytest.raises(SerlabError, match="closed"):
        asyncio.run(use_closed())


def test_cancelling_a_coroutine_cancels_its_call(server: Any) -> None:
    echo = server()

    async def cancel() -> None:
        async with AsyncPredictClient(echo.address) as client:
            call = asyncio.create_task(client.predict("slow", {"x": X}))
            while not echo.requests:
                await asyncio.sleep(0.01)
            call.cancel()
            await call

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
