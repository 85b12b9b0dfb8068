"""Values that only a server may see, and command lines without them.

A credential is kept out of files and pages by its type, not by the care of those who print it: whatever shows a
``Secret`` shows a mask, and what cannot hold back refuses to write it. ``reveal`` is for the place that sends it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

#: What stands where a secret would.
REDACTED = "<redacted>"

#: ``--header`` in any spelling that somebody may have taken for one: longer, shorter, one dash, other case.
_HEADER_OPTION = re.compile(r"--?h(?:e(?:a(?:d\w*)?)?)?", re.IGNORECASE)
#: A credential that an address carries: ``https://user:password@host``.
_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
#: Shorter words of a secret are not looked for in texts: "Basic" says nothing, and "a" is everywhere.
_TELLING_CHARACTERS = 6


class Secret:
    """A text that shows itself as ``<redacted>``: as ``str``, in an f-string, a ``repr``, a traceback, a record.

    >>> f"{Secret('Bearer abc')}"
    '<redacted>'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | Secret) -> None:
        self._value: str = value.reveal() if isinstance(value, Secret) else value

    def reveal(self) -> str:
        """Return the text, to send it."""
        return self._value

    def __str__(self) -> str:
        return REDACTED

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: whoever reads the file would have it")


def masked(value: Any) -> str:
    """Return what a file holds of a secret; an encoder's hook. Raises ``TypeError`` for anything else."""
    if isinstance(value, Secret):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON type")


def without_secrets(text: str, secrets: Mapping[str, Secret]) -> str:
    """Return somebody else's words (a server may quote what it was sent) without the ``secrets`` or parts of them."""
    for secret in secrets.values():
        whole = secret.reveal()
        parts = [whole, *(word for word in whole.split() if len(word) >= _TELLING_CHARACTERS)] if whole else []
        for part in parts:
            text = text.replace(part, REDACTED)
    return text


def masked_words(words: Iterable[str]) -> list[str]:
    """Return a command's words without what follows ``--header``, in any spelling, and without users in addresses.

    The header's name stays, and so does a file that holds it (``@FILE``).
    """
    shown, follows = [], False
    for word in words:
        option, equals, value = word.partition("=")
        if follows:
            shown.append(_masked_header(word))
            follows = False
        elif _HEADER_OPTION.fullmatch(option):
            shown.append(f"{option}={_masked_header(value)}" if equals else word)
            follows = not equals
        else:
            shown.append(_USER_IN_ADDRESS.sub(REDACTED, word))
    return shown


def masked_command(command: str) -> str:
    """Return a recorded command line without its secrets."""
    try:
        words = shlex.split(command)
    except ValueError:  # not a command line that a shell would take: what follows the option goes altogether
        return re.sub(r"(--?head\w*[= ]).*", rf"\g<1>{REDACTED}", command, flags=re.IGNORECASE | re.DOTALL)
    shown = masked_words(words)
    return command if shown == words else shlex.join(shown)


def hidden_values(command: str) -> list[str]:
    """Return what a recorded command line holds and no other file may: to be looked for in what is published."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    found = []
    for word, shown in zip(words, masked_words(words), strict=True):
        if word != shown:
            before, _, after = shown.partition(REDACTED)
            found.append(word[len(before.rstrip()) : len(word) - len(after)].strip())
    return [value for value in found if value]


def _masked_header(given: str) -> str:
    if given.startswith("@"):
        return given
    name, colon, _ = given.partition(":")
    return f"{name}: {REDACTED}" if colon else REDACTED
