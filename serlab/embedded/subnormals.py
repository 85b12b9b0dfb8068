"""Flushing of subnormals to zero, which TensorFlow sets for its own threads alone.

A graph that runs in the thread of its caller computes as it does in TensorFlow's only where that thread flushes too.
C's ``fesetenv`` sets the control register that says so, and leaves the rest of it as it was.
"""

from __future__ import annotations

import ctypes
import platform
import sys

#: Where glibc's fenv_t holds the control register, and the bits in it: on x86-64 FTZ and DAZ of MXCSR (behind the
#: 28 bytes of x87), on AArch64 FZ of FPCR.
_REGISTER = {"x86_64": (28, 0x8040), "aarch64": (0, 1 << 24)}
_ENVIRONMENT_BYTES = 64  # more than any fenv_t
_SUBNORMAL, _ONE = 5e-324, 1.0


def flush_subnormals() -> None:
    """Have this thread take subnormals for zeros, and write zeros for them; nothing where that is not known how."""
    place = _REGISTER.get(platform.machine())
    if place is None or sys.platform != "linux":
        return
    at, bits = place
    try:
        library = ctypes.CDLL("libm.so.6")
    except OSError:
        return
    memory = bytearray(_ENVIRONMENT_BYTES)
    environment = (ctypes.c_char * len(memory)).from_buffer(memory)
    library.fegetenv(environment)
    memory[at : at + 4] = (int.from_bytes(memory[at : at + 4], "little") | bits).to_bytes(4, "little")
    library.fesetenv(environment)


def subnormals_flushed() -> bool:
    """Whether this thread flushes them."""
    return _SUBNORMAL * _ONE == 0.0
