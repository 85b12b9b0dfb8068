"""The precision lab's cells as matrices of a few words per cell: dtype × codec, and class of values × codec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from serlab.analysis.precision_findings import codec_label
from serlab.records.precision import PrecisionCell, PrecisionReport, is_ordinary

EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Word:
    """Everything that became of a cell's values, the worst first, and whether all of them got it."""

    verdicts: tuple[str, ...]
    whole: bool = True

    @property
    def worst(self) -> str:
        """The first of the verdicts."""
        return self.verdicts[0]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows × columns of words; names of rows or columns that are alike throughout share one. None: not examined."""

    rows: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[str, ...], ...]
    words: tuple[tuple[Word | None, ...], ...]


#: Verdicts by what they do to a value, the worst last: another type of the same value is less than another value.
_DAMAGE = ("exact", "canonical", "changed type", "sign lost", "rounded", "flushed", "overflowed", "wrapped", "replaced",
           "rejected")  # fmt: skip


#: Verdicts that leave the value what it was.
HARMLESS = frozenset({"exact", "canonical", "changed type"})


def severity(verdict: str, *, silent: bool = False, ordinary: bool = False) -> tuple[bool, bool, int]:
    """Return a verdict's rank, the worst highest.

    What nobody is told of is worse than any error that is. Then come ordinary values that become others: a tensor of
    random numbers that is rounded concerns more people than subnormals that are flushed. Then the damage.
    """
    damage = _DAMAGE.index(verdict) if verdict in _DAMAGE else len(_DAMAGE)
    return silent, ordinary and verdict not in HARMLESS, damage


def round_trips(report: PrecisionReport) -> list[PrecisionCell]:
    """Return the cells of whole round trips: through the live server where there was one."""
    live = [cell for cell in report.cells if cell.place == "live" and cell.leg == "both"]
    return live or [cell for cell in report.cells if cell.leg == "both"] or list(report.cells)


def overview(report: PrecisionReport) -> Matrix:
    """Return dtype × codec over every class of values."""
    return _matrix(round_trips(report), lambda cell: cell.dtype)


def of_dtype(report: PrecisionReport, dtype: str) -> Matrix:
    """Return class of values × codec for one dtype."""
    return _matrix([cell for cell in round_trips(report) if cell.dtype == dtype], lambda cell: cell.value_class)


def altered_dtypes(report: PrecisionReport) -> list[str]:
    """Return the dtypes of which some codec alters or rejects something."""
    return list(dict.fromkeys(cell.dtype for cell in round_trips(report) if not cell.exactness.exact))


def _matrix(cells: Sequence[PrecisionCell], row_of: Callable[[PrecisionCell], str]) -> Matrix:
    rows = list(dict.fromkeys(row_of(cell) for cell in cells))
    codecs = list(dict.fromkeys(codec_label(cell) for cell in cells))
    grouped: dict[tuple[str, str], list[PrecisionCell]] = {}
    for cell in cells:
        grouped.setdefault((row_of(cell), codec_label(cell)), []).append(cell)
    words = {(row, codec): _word(grouped.get((row, codec), [])) for row in rows for codec in codecs}
    columns = _alike(codecs, lambda codec: tuple(words[row, codec] for row in rows))
    lines = _alike(rows, lambda row: tuple(words[row, names[0]] for names in columns))
    return Matrix(lines, columns, tuple(tuple(words[row[0], names[0]] for names in columns) for row in lines))


def _alike(names: Iterable[str], line: Callable[[str], tuple[Word | None, ...]]) -> tuple[tuple[str, ...], ...]:
    groups: dict[tuple[Word | None, ...], list[str]] = {}
    for name in names:
        groups.setdefault(line(name), []).append(name)
    return tuple(map(tuple, groups.values()))


def _word(cells: Sequence[PrecisionCell]) -> Word | None:
    if not cells:
        return None
    ranks: dict[str, tuple[bool, bool, int]] = {}
    altered = 0
    for cell in cells:
        for found in cell.alterations:
            rank = severity(found.verdict, silent=found.silent, ordinary=is_ordinary(cell.value_class))
            ranks[found.verdict] = max(rank, ranks.get(found.verdict, rank))
            altered += found.elements
    if not ranks:
        return Word((EXACT,))
    whole = len(ranks) == 1 and altered >= sum(cell.exactness.elements for cell in cells)
    return Word(tuple(sorted(ranks, key=ranks.__getitem__, reverse=True)), whole)
