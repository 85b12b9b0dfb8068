"""What every gRPC method needs of its request."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from serlab.embedded.status import Code, StatusError
from serlab.wire import ModelSpec


def parse_message(message_type: Any, body: bytes) -> Any:
    """Return the message that ``body`` is.

    Raises:
        StatusError: INTERNAL without a message, which is what gRPC itself answers when a message does not parse.
    """
    try:
        return message_type.FromString(body)
    except DecodeError as error:
        raise StatusError(Code.INTERNAL, "") from error


def model_spec(spec: Any) -> ModelSpec:
    """Return a ModelSpec message as the core knows it."""
    return ModelSpec(
        spec.name,
        spec.signature_name,
        spec.version.value if spec.HasField("version") else None,
        spec.version_label if spec.HasField("version_label") else None,
    )
