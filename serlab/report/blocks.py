"""What a page is made of: tables, figures and sections, free of HTML. Templates turn them into a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import altair as alt

Tone = Literal["plain", "good", "warn", "bad", "muted"]


@dataclass(frozen=True, slots=True)
class Against:
    """A figure of one codec held against the baseline; ``text`` is against the run's own one.

    The page rewrites it when a reader picks another baseline. With no codec it is the baseline's name.
    """

    text: str
    payload: str = ""
    codec: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Words of a sentence that lead elsewhere; ``href`` is relative to the page."""

    text: str
    href: str


#: A sentence: text, or pieces of which some follow the reader's choice of a baseline, or lead elsewhere.
Sentence = str | tuple["str | Against | Link", ...]


def plain(sentence: Sentence) -> str:
    """Return a sentence as text."""
    if isinstance(sentence, str):
        return sentence
    return "".join(piece if isinstance(piece, str) else piece.text for piece in sentence)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is shown, the number to sort by, where it leads (relative to the page), and how it is meant.

    ``against`` is what a figure is of that follows the reader's choice of a baseline: payload and codec.
    """

    text: str
    sort: float | None = None
    href: str = ""
    tone: Tone = "plain"
    against: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; numbers are aligned right. ``hint`` explains a heading that is too short to be clear."""

    title: str
    numeric: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be sorted and copied. ``caption`` says what its rows are and where they come from.

    A ``folded`` one is long and of use to few: it opens on demand. Every row of a ``linked`` one has an address.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    linked: bool = False


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
    """A part that was not measured, as a noun, and the command that gets it: told in one line at the page's end."""

    what: str
    command: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph, or a list with a heading. A ``folded`` one opens on demand, by its title."""

    lines: tuple[str, ...]
    title: str = ""
    tone: Tone = "plain"
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A short answer: what is asked in a word or two, the answer, how it is meant, and the folded section it is of."""

    name: str
    answer: Sentence
    tone: Tone = "plain"
    section: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Short answers to questions."""

    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A place where two codecs are held against each other; ``codecs`` by payload. Filled by the page's script."""

    codecs: Mapping[str, tuple[str, ...]]
    table: Table


@dataclass(frozen=True, slots=True)
class Links:
    """Where the evidence lies: files relative to the page, with what they are."""

    title: str
    targets: tuple[tuple[str, str], ...]  # (text, href)


@dataclass(frozen=True, slots=True)
class Filter:
    """Choices that leave a table's rows out, by the headings of its columns. The page's script fills it."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flame:
    """A flamegraph of what held memory in one case of two codecs, drawn by the page's script from the page's data."""

    op: str
    payload: str
    base: str
    codec: str


Block = Filter | Flame | Figure | Table | Missing | Note | Links | Facts | Comparison


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: the conclusion in sentences, then what it rests on.

    A ``folded`` one shows its title and the first sentence of its conclusion until it is opened.
    """

    id: str
    title: str
    conclusion: tuple[Sentence, ...]
    blocks: tuple[Block, ...] = field(default=())
    folded: bool = True

    @property
    def measured(self) -> bool:
        """Whether there is more in it than what was not measured."""
        return not self.blocks or any(not isinstance(block, Missing) for block in self.blocks)

    @property
    def shown(self) -> tuple[Block, ...]:
        """Its blocks without what was not measured."""
        return tuple(block for block in self.blocks if not isinstance(block, Missing))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The section's figures."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


#: Columns that hold words wherever they stand.
_WORDS = frozenset({"values", "verdict", "evidence", "page", "data", "speedscope", "error", "too close to call with",
                    "faster, but alters", "held most", "then", "and then", "flamegraph", "over time", "table",
                    "native"})  # fmt: skip


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
