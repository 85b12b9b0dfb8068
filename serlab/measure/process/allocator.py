"""Puts the C allocator where a client that has run for a while has it.

glibc serves large blocks with mmap until one of them is freed: its size then becomes the new threshold, and twice that
the amount of free memory kept before it goes back to the kernel (mallopt(3), M_MMAP_THRESHOLD). In a process that has
only ever encoded one payload the kept amount is too small for the copies of a single call: every call then gives its
memory back and pays for fresh pages, which on a virtual machine can take ten times as long as the encoding itself. A
client that has freed one large body does not, and neither does one that measures in a loop of mixed calls.
"""

from __future__ import annotations

#: glibc's thresholds stop rising at 32 MiB (DEFAULT_MMAP_THRESHOLD_MAX on 64-bit); a block above that changes nothing.
LARGEST_BLOCK_BYTES = 32 * 2**20 - 64 * 2**10


def settle() -> None:
    """Allocate and free one block of the largest size that moves glibc's thresholds; harmless with other allocators."""
    block = bytearray(LARGEST_BLOCK_BYTES)
    del block
