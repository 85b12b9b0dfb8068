"""orjson out, pysimdjson in: numbers go from text into a buffer without becoming Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from serlab.codecs.base import Body, Call, Tensor, TensorSpec
from serlab.codecs.orjson_numpy import OrjsonCodec
from serlab.codecs.rest_json import tensor_of
from serlab.errors import CodecError
from serlab.records.call import STRING

#: pysimdjson's element types by numpy kind: double, signed and unsigned 64-bit.
_BUFFER_TYPE = {"f": ("d", np.float64), "i": ("i", np.int64), "u": ("u", np.uint64)}


class JsonSimdjsonCodec(OrjsonCodec):
    """The shape is the caller's: a flat buffer does not tell how its rows were nested, only that the count fits."""

    name = "json-simdjson"
    requires = ("orjson", "simdjson")
    summary = "orjson OPT_SERIALIZE_NUMPY / simdjson as_buffer"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        import simdjson

        self._parser_class: Any = simdjson.Parser

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the outputs with the shapes ``(-1, *shape[1:])``."""
        parser = self._parser_class()
        try:
            found = parser.parse(body)[self._response_key]
        except (KeyError, TypeError):
            raise CodecError(f"the body has no list {self._response_key!r}") from None
        except (ValueError, RuntimeError, AttributeError) as error:
            raise CodecError(f"the response is not JSON for simdjson: {error}") from error
        try:
            return {name: self._output(found, name, spec) for name, spec in call.outputs.items()}
        except (KeyError, IndexError) as error:
            raise CodecError(f"the response has no output {error}") from error
        except (TypeError, ValueError, RuntimeError) as error:
            raise CodecError(f"the response is no list of tensors: {error}") from error

    def _output(self, found: Any, name: str, spec: TensorSpec) -> Tensor:
        if self._response_key == "outputs":
            # An object of named tensors, or the only one itself.
            return _tensor(found[name] if hasattr(found, "keys") else found, name, spec)
        if not hasattr(found, "as_list"):
            raise CodecError(f"the body has no list {self._response_key!r}")
        if len(found) and hasattr(found[0], "keys"):
            rows = [_tensor(row[name], name, TensorSpec(spec.dtype, (1, *spec.shape[1:]))) for row in found]
            return np.concatenate(rows)
        return _tensor(found, name, spec)


def _tensor(value: Any, name: str, spec: TensorSpec) -> Tensor:
    dtype = spec.numpy_dtype
    if spec.dtype == STRING or not hasattr(value, "as_buffer"):
        plain = value.as_list() if hasattr(value, "as_list") else value
        tensor = tensor_of(plain, spec, name)
        return tensor if tensor.ndim == len(spec.shape) else tensor.reshape(-1, *spec.shape[1:])
    if dtype.kind not in _BUFFER_TYPE:
        raise CodecError(f"simdjson has no buffer for {dtype.name}")
    letter, buffer_dtype = _BUFFER_TYPE[dtype.kind]
    try:
        wide = np.frombuffer(value.as_buffer(of_type=letter), buffer_dtype)
        wide = wide.reshape(-1, *spec.shape[1:]) if spec.shape else wide.reshape(())
    except (ValueError, TypeError, AttributeError) as error:
        raise CodecError(f"the response is not a {dtype.name} tensor for simdjson: {error}") from error
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return wide.astype(dtype)
    narrow = wide.astype(dtype)
    if not np.array_equal(narrow, wide):
        raise CodecError(f"the response holds integers that {dtype.name} cannot hold")
    return narrow
