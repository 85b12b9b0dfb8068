"""What failed may be asked again, unless the answer says no: one rule for whatever is asked in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from serlab.errors import MeasureError

T = TypeVar("T")

#: What an answer that says no is called: another try would be answered alike. Over HTTP, 4xx but for "not now".
_REFUSED = frozenset({"CODEC", "CLIENT", "501", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION",
                      "PERMISSION_DENIED", "UNAUTHENTICATED", "OUT_OF_RANGE"})  # fmt: skip
_NOT_NOW = frozenset({"408", "425", "429"})
#: How often something is asked that is not refused, and how long is waited before it is asked again.
TRIES = 3
PAUSE_S = 1.0


def says_no(code: str) -> bool:
    """Whether a failure with this code is an answer; a time-out, a reset, an overload or a dead process is none."""
    client_error = len(code) == 3 and code.startswith("4") and code not in _NOT_NOW
    return client_error or code in _REFUSED


def patiently(ask: Callable[[], T], what: str, tell: Callable[[str], object]) -> T:
    """Return what ``ask`` returns; up to three tries as long as no answer says no. Every failure is told.

    Raises:
        MeasureError: as the last try raised it.
    """
    for left in reversed(range(TRIES)):
        try:
            return ask()
        except MeasureError as error:
            if says_no(error.code) or not left:
                raise
            tell(f"{what}: {error}; asked again, {left} of {TRIES} tries left")
            time.sleep(PAUSE_S)
    raise AssertionError  # the last try returns or raises
