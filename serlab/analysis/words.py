"""Words that agree with numbers, for every remark, note and table."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return how many there are of something: ``1 round``, ``1,200 processes``; ``noun`` is the word for one."""
    if number == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{number:,} {noun}{ending}"
