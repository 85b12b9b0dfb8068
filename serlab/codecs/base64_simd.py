"""base64 with pybase64, which uses the processor's vector instructions."""

from __future__ import annotations

from serlab.codecs.base64_stdlib import Base64Codec


class Base64SimdCodec(Base64Codec):
    """The same bodies as ``base64``, made and read faster."""

    name = "base64-simd"
    requires = ("pybase64",)
    summary = '{"b64": …} of the raw bytes, pybase64, both ways'

    def __init__(self) -> None:
        import pybase64

        self._b64encode = pybase64.b64encode
        self._b64decode = pybase64.b64decode
