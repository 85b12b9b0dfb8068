"""gRPC server reflection: what a server says its own .proto files are, where it says so.

TensorFlow Serving has offered it since early 2024 (https://github.com/tensorflow/serving/issues/2148); older servers
and some gateways do not. The protocol is ``grpc/reflection/v1alpha/reflection.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from serlab.connection import TransportOptions
from serlab.connection.channel import open_channel
from serlab.connection.headers import grpc_metadata
from serlab.errors import ServingError, WireError
from serlab.records.run import Endpoint
from serlab.wire.fields import fields, length_field

REFLECTION_METHOD = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
PACKAGE = "tensorflow.serving"

#: Fields of ServerReflectionRequest and ServerReflectionResponse.
_FILE_CONTAINING_SYMBOL, _FILE_DESCRIPTOR_RESPONSE = 4, 4


def reflected_fields(
    endpoint: Endpoint, messages: Mapping[str, Mapping[str, int]], options: TransportOptions | None = None
) -> dict[str, dict[str, int]] | None:
    """Return field numbers by name for those of ``messages`` that the server describes; None without reflection.

    ``messages`` are names without their package, as in ``proto_fields.SERVING_FIELDS``.

    Raises:
        ServingError: the server offers reflection and answers it with something else.
    """
    import grpc

    options = options or TransportOptions()
    requests = [length_field(_FILE_CONTAINING_SYMBOL, f"{PACKAGE}.{name}".encode()) for name in messages]
    try:
        with open_channel(endpoint, options) as channel:
            answers = list(
                channel.stream_stream(REFLECTION_METHOD)(
                    iter(requests), timeout=options.timeout_s, metadata=grpc_metadata(options.headers)
                )
            )
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            return None
        raise ServingError(
            f"reflection on {endpoint.grpc} failed with {error.code().name}: {error.details()}"
        ) from error
    found: dict[str, dict[str, int]] = {}
    try:
        for answer in answers:
            for file in _files(answer):
                found.update(_messages(file))
    except WireError as error:
        raise ServingError(f"reflection on {endpoint.grpc} answers with {error}") from error
    return {name: numbers for name, numbers in found.items() if name in messages}


def _files(answer: bytes) -> Iterator[bytes]:
    """Yield the serialized FileDescriptorProtos of a response; an error_response has none."""
    for number, span in fields(answer):
        if number == _FILE_DESCRIPTOR_RESPONSE:  # FileDescriptorResponse { repeated bytes file_descriptor_proto = 1 }
            for part, (start, stop) in fields(answer, span):
                if part == 1:
                    yield answer[start:stop]


def _messages(file: bytes) -> dict[str, dict[str, int]]:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.message import DecodeError

    try:
        described: Any = FileDescriptorProto.FromString(file)
    except DecodeError as error:
        raise WireError(f"a file descriptor that cannot be read: {error}") from error
    if described.package != PACKAGE:
        return {}
    return {message.name: {field.name: field.number for field in message.field} for message in described.message_type}
