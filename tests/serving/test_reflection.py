from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from serlab.connection import TransportOptions
from serlab.errors import ServingError
from serlab.records.run import Endpoint
from serlab.serving.proto_fields import differing_fields
from serlab.serving.reflection import reflected_fields
from serlab.wire.fields import length_field

WANTED = {"ModelSpec": {"name": 1}, "PredictResponse": {"outputs": 1}}
Answer = Callable[[bytes], bytes]


@pytest.fixture
def reflecting() -> Iterator[Callable[..., Endpoint]]:
    servers: list[Any] = []

    def start(answer: Answer | None) -> Endpoint:
        server = grpc.server(ThreadPoolExecutor(2))
        if answer:
            handler = grpc.stream_stream_rpc_method_handler(lambda requests, _: map(answer, requests))
            service = "grpc.reflection.v1alpha.ServerReflection"
            server.add_generic_rpc_handlers(
                [grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": handler})]
            )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return Endpoint("remote", "", f"127.0.0.1:{port}", "")

    yield start
    for server in servers:
        server.stop(None)


def file_of(package: str, message: str, **numbers: int) -> bytes:
    file = FileDescriptorProto(name=f"{message}.proto", package=package)
    described = file.message_type.add(name=message)
    for name, number in numbers.items():
        described.field.add(name=name, number=number, type=FieldDescriptorProto.TYPE_STRING)
    return length_field(4, length_field(1, file.SerializeToString()))


def test_fields_are_read_from_the_servers_own_descriptors(reflecting: Callable[..., Endpoint]) -> None:
    def answer(request: bytes) -> bytes:
        if request.endswith(b"ModelSpec"):
            return file_of("tensorflow.serving", "ModelSpec", name=1, shard=90)
        return length_field(7, b"\x08\x05")  # error_response: NOT_FOUND

    told = reflected_fields(reflecting(answer), WANTED)
    assert told == {"ModelSpec": {"name": 1, "shard": 90}}


def test_what_a_newer_server_tells_is_held_against_the_clients_protos(reflecting: Callable[..., Endpoint]) -> None:
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    told = reflected_fields(reflecting(lambda _: file_of("tensorflow.serving", "ModelSpec", name=1, shard=90)), WANTED)
    assert told is not None
    assert differing_fields(told) == ["ModelSpec has no shard (field 90)"]


def test_messages_of_another_package_are_not_taken_for_the_servers(reflecting: Callable[..., Endpoint]) -> None:
    assert reflected_fields(reflecting(lambda _: file_of("elsewhere", "ModelSpec", name=7)), WANTED) == {}


def test_a_server_without_reflection_is_no_error(reflecting: Callable[..., Endpoint]) -> None:
    assert reflected_fields(reflecting(None), WANTED) is None


def test_answers_that_are_no_reflection_are_an_error(reflecting: Callable[..., Endpoint]) -> None:
    with pytest.raises(ServingError, match="reflection"):
        reflected_fields(reflecting(lambda _: b"\xff\xff"), WANTED)


def test_nobody_listening_is_an_error() -> None:
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        reflected_fields(Endpoint("remote", "", "127.0.0.1:9", ""), WANTED, TransportOptions(timeout_s=2.0))
