"""A predict request's body into tensors: by the fast reader where that can, by the exact one otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serlab.embedded.rest import fast_reader
from serlab.embedded.rest.document import Format, parse_object, read_tensors, signature_name
from serlab.embedded.status import StatusError, invalid_argument
from serlab.embedded.tensors import Tensors

#: From a signature's name to its inputs (DataType by alias); raises StatusError for a name that does not exist.
Infos = Callable[[str], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """What a request says: the signature ("" for the default), the format to answer in, and the tensors by alias."""

    signature_name: str
    format: Format
    tensors: Tensors


def read_predict(body: bytes, infos_of: Infos) -> PredictRequest:
    """Return what the request says.

    Raises:
        StatusError: whatever TensorFlow Serving would answer to such a body.
    """
    return _read_fast(body, infos_of) or _read_exactly(body, infos_of)


def _read_fast(body: bytes, infos_of: Infos) -> PredictRequest | None:
    envelope = fast_reader.open_envelope(body)
    if envelope is None:
        return None
    try:
        infos = infos_of(envelope.signature_name)
    except StatusError:
        # What is wrong with the document itself comes first.
        return None
    if len(infos) != 1:
        return None
    alias, data_type = next(iter(infos.items()))
    if envelope.input_name not in (None, alias):
        return None
    tensor = fast_reader.read_array(envelope.array, data_type)
    if tensor is None:
        return None
    return PredictRequest(envelope.signature_name, envelope.format, {alias: tensor})


def _read_exactly(body: bytes, infos_of: Infos) -> PredictRequest:
    document = parse_object(body)
    signature = signature_name(document)
    infos = infos_of(signature)
    if not infos:
        raise invalid_argument(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
    form, tensors = read_tensors(document, infos)
    return PredictRequest(signature, form, tensors)
