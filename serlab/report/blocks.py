"""What a page is made of: tables, figures and sections, free of HTML. Templates turn them into a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import altair as alt

Tone = Literal["plain", "good", "warn", "bad", "muted"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is shown, the number to sort by, where it leads (relative to the page), and how it is meant."""

    text: str
    sort: float | None = None
    href: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; numbers are aligned right. ``hint`` explains a heading that is too short to be clear."""

    title: str
    numeric: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be sorted and copied. ``caption`` says what its rows are and where they come from.

    A ``folded`` one is long and of use to few: it opens on demand.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart of a figure. ``name`` is a file name's stem, ``description`` what a reader who cannot see it is told.

    ``links`` lead from a mark, by the description it shows on hovering, to its evidence.
    """

    name: str
    title: str
    description: str
    chart: alt.TopLevelMixin
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """Charts of one kind, how to read them, and the table of the numbers behind them.

    Panels of a ``paired`` figure belong together two by two.
    """

    id: str
    title: str
    reading: str
    panels: tuple[Panel, ...]
    table: Table | None = None
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that the run does not have, and the command that gets it."""

    what: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph, or a list with a heading."""

    lines: tuple[str, ...]
    title: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the evidence lies: files relative to the page, with what they are."""

    title: str
    targets: tuple[tuple[str, str], ...]  # (text, href)


Block = Figure | Table | Missing | Note | Links


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: the conclusion in sentences, then what it rests on."""

    id: str
    title: str
    conclusion: tuple[str, ...]
    blocks: tuple[Block, ...] = field(default=())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The section's figures."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


#: Columns that hold words wherever they stand.
_WORDS = frozenset({"values", "verdict", "evidence", "page", "data", "error", "too close to call with",
                    "faster, but alters"})  # fmt: skip


def columns(*titles: str, text: int = 1, hints: dict[str, str] | None = None) -> tuple[Column, ...]:
    """Return columns of which the first ``text``, and those that always do, hold words and the others numbers."""
    known = hints or {}
    return tuple(
        Column(title, number >= text and title not in _WORDS, known.get(title, ""))
        for number, title in enumerate(titles)
    )


def words(*texts: str) -> tuple[Cell, ...]:
    """Return plain cells."""
    return tuple(Cell(text) for text in texts)


def rows(lines: Iterable[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Return table rows."""
    return tuple(tuple(line) for line in lines)
