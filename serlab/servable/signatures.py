"""What the echo servable offers, as data: readable without TensorFlow, and the one list its export is made from.

Five families. ``x`` is the input of all; ``y`` the output, or ``y_bytes`` where the output is a string tensor, because
TensorFlow Serving writes ``{"b64": …}`` over REST only for outputs whose name ends in ``_bytes``
(https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values).

=================  =========================  ============================================================
``serving_default``  float32, any shape         the same tensor
``echo_<tag>``       that dtype, any shape      the same tensor
``bytes``            string, any shape          the same strings as ``y_bytes``: base64 both ways
``from_bits_<tag>``  string of shape (n,)       little-endian bytes read as that dtype, shape (n, elements per string)
``bits_<tag>``       that dtype, any shape      one string with the little-endian bytes the graph received, shape (1,)
=================  =========================  ============================================================

``bits_`` and ``from_bits_`` split a round trip in two: what arrives of a request can be seen without trusting the way
back, and what a response does to exact bits without trusting the way there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from serlab.errors import UnknownNameError

#: Name under which the lab serves its echo servable.
ECHO_MODEL = "echo"

Kind = Literal["echo", "bytes", "bits", "from_bits"]

#: Tag in a signature's name → numpy (ml_dtypes) name of the dtype. ``str`` is TensorFlow's DT_STRING.
DTYPE_OF_TAG: Mapping[str, str] = MappingProxyType(
    {
        "f32": "float32", "f64": "float64", "f16": "float16", "bf16": "bfloat16",
        "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
        "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
        "bool": "bool", "c64": "complex64", "c128": "complex128", "str": "string",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: its name, the dtype it is about, and the dtypes of its only input and output.

    ``dtype``, ``input_dtype`` and ``output_dtype`` are numpy names, "string" for TensorFlow's string tensors.
    """

    name: str
    kind: Kind
    dtype: str
    input_dtype: str
    output_dtype: str
    input: str = "x"

    @property
    def output(self) -> str:
        """Name of the output: it ends in ``_bytes`` where REST has to answer base64."""
        return "y_bytes" if self.kind in ("bytes", "bits") else "y"


def _signatures() -> dict[str, Signature]:
    listed = [
        Signature("serving_default", "echo", "float32", "float32", "float32"),
        Signature("bytes", "bytes", "string", "string", "string"),
    ]
    for tag, dtype in DTYPE_OF_TAG.items():
        listed.append(Signature(f"echo_{tag}", "echo", dtype, dtype, dtype))
        if dtype != "string":
            listed.append(Signature(f"bits_{tag}", "bits", dtype, dtype, "string"))
            listed.append(Signature(f"from_bits_{tag}", "from_bits", dtype, "string", dtype))
    return {entry.name: entry for entry in listed}


#: Every signature of the echo servable by name.
SIGNATURES: Mapping[str, Signature] = MappingProxyType(_signatures())


def signature(kind: Kind, dtype: str) -> Signature:
    """Return the signature of ``kind`` for a dtype by its numpy name: ``signature("bits", "float32")``.

    Raises:
        UnknownNameError: the servable has none for that dtype.
    """
    for entry in SIGNATURES.values():
        if entry.kind == kind and entry.dtype == dtype and entry.name != "serving_default":
            return entry
    known = (entry.dtype for entry in SIGNATURES.values() if entry.kind == kind)
    raise UnknownNameError(f"dtype of the echo servable's {kind} signatures", dtype, set(known))
