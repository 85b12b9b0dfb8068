"""Precision in few words: a cell with a cue beside its colour, and causes as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from serlab.analysis.precision_causes import Cause
from serlab.analysis.precision_findings import Share
from serlab.analysis.precision_matrix import EXACT, Word
from serlab.records.precision import PrecisionReport, is_ordinary
from serlab.report import sentences
from serlab.report.tables.precision import culprit_text, instance_name, share_text, shortened

#: Causes that are told before the others are folded away.
SHOWN_CAUSES = 5
#: Names of classes that are listed before the others are counted.
NAMED_CLASSES = 3
#: Classes of values in words that need no table.
CLASSES = {"unit": "numbers in [0, 1)", "normal": "numbers of any size"}
#: Verdicts that leave a value near what it was.
NEAR = frozenset({"canonical", "sign lost", "rounded"})
#: What must stand beside verdicts that no server had a part in.
OFFLINE = (
    "Offline: each codec against its own model of a server. TensorFlow Serving's own parser and writer, which refuse "
    "and alter values of their own, are not in these results: leave --offline out to have a server's."
)
#: What must stand beside verdicts of the lab's own server.
AS_REAL = "TensorFlow Serving 2.20 does the same, bit for bit (docs/serving-embedded.md)."
_CUES = {EXACT: "✓", "rejected": "⊘"}


def cued(word: Word) -> tuple[str, ...]:
    """Return a cell's words, each with a mark that says as much as its colour: ``✓ exact``; ``≈ some rounded``, …."""
    cues = ((verdict, _CUES.get(verdict, "≈" if verdict in NEAR else "✗")) for verdict in word.verdicts)
    some = "" if word.whole else "some "
    return tuple(f"{cue} {some}{verdict}" for verdict, cue in cues)


def class_label(name: str) -> str:
    """Return a class of values as a row's heading: ``unit (numbers in [0, 1))``."""
    return f"{name} ({CLASSES[name]})" if name in CLASSES else name


def is_near(verdict: str) -> bool:
    """Whether a value stays near what it was."""
    return verdict in NEAR


def cause_name(cause: Cause, report: PrecisionReport) -> str:
    """Return who does it: ``the JSON parser of the embedded server``."""
    name = culprit_text(cause.findings[0], instance_name(report)).removesuffix(", not the client")
    transport = f" ({sentences.transport(cause.transport)})" if cause.transport != "none" else ""
    return name if "JSON" in name else name + transport


def cause_statement(cause: Cause, report: PrecisionReport) -> str:
    """Return a cause as a sentence: who, what, through which codecs of which values, and what was said."""
    name = cause_name(cause, report)
    manner = "" if cause.verdict == "rejected" else ", silently" if cause.silent else ", with a warning"
    far = f" by up to {cause.worst_ulp:,} ULP" if cause.worst_ulp else ""
    told = "; ".join(
        ", ".join(f"{dtype} ({classes(shares)})" for dtype, shares in found.items())
        + f" with {sentences.listing(codecs)}"
        for codecs, found in cause.befallen.items()
    )
    said = next((text for finding in cause.findings for text in finding.said if text), "")
    quoted = f" It says: {shortened(said)}" if said else ""
    return f"{name[0].upper()}{name[1:]}: {cause.verdict}{far}{manner}: {told}.{quoted}"


def classes(shares: Sequence[Share]) -> str:
    """Return what is befallen: ``29.9 % of numbers of any size, 10.7 % of numbers in [0, 1) and 5 more classes``."""
    names = [befallen(share) for share in shares]
    more = len(names) - NAMED_CLASSES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:NAMED_CLASSES])} and {more} more classes"


def befallen(share: Share) -> str:
    """Return how much of a class is befallen: its share of an ordinary one, else the class."""
    if share.altered >= share.elements or not is_ordinary(share.value_class):
        return share.value_class
    return f"{share_text(share.altered, share.elements)} of {CLASSES.get(share.value_class, share.value_class)}"
