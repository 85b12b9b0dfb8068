"""Where laws lie: those that come with serlab, and ``results/laws/NAME.json`` for those that a user fitted."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import msgspec

from serlab.errors import StoreError, UnknownNameError, UsageError
from serlab.records.files import read_file, replace_file
from serlab.records.law import Law, faults, parse_law
from serlab.records.series import SUFFIX

#: TensorFlow Serving's own law, on the machine where it was measured.
TENSORFLOW_SERVING = "tensorflow-serving-2.20"
#: How laws of what codecs' steps cost are called, a dtype each: ``codecs-float32``.
CODECS = "codecs-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def list_laws(results: Path) -> list[str]:
    """Return the names of all laws: those of ``results`` and those shipped."""
    return sorted({*_shipped(), *(path.stem for path in (results / "laws").glob("*.json"))})


def find_law(name: str, results: Path) -> Law:
    """Return the law called ``name``, or the one in the file ``name``; a user's own goes before a shipped one.

    Raises:
        UnknownNameError: there is none.
        SchemaVersionError, StoreError: it cannot be used; see ``parse_law``.
    """
    for path in (results / "laws" / f"{name}.json", Path(name)):
        if path.suffix == ".json" and path.exists():
            return parse_law(read_file(path), str(path))
    if name in _shipped():
        return parse_law((files("serlab.records") / "laws" / f"{name}.json").read_bytes(), f"the shipped law {name}")
    raise UnknownNameError("law", name, list_laws(results))


def write_law(law: Law, results: Path) -> Path:
    """Write ``results/laws/NAME.json``, whole or not at all, and return its path.

    Raises:
        UsageError: the name is no file name.
        StoreError: the law cannot be (see ``faults``), or the folder cannot be written.
    """
    visits = visits_file(law.name, results)
    for fault in faults(law):
        raise StoreError(f"law {law.name} cannot be kept: {fault}")
    path = replace_file(visits.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(law), indent=1))
    visits.unlink(missing_ok=True)
    return path


def visits_file(name: str, results: Path) -> Path:
    """Return where a law's calls are kept until it is fitted. Raises ``UsageError``: the name is no file name."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a law: use letters, digits, dots, dashes and underscores")
    return results / "laws" / f"{name}{SUFFIX}"


def _shipped() -> list[str]:
    return [entry.name.removesuffix(".json") for entry in (files("serlab.records") / "laws").iterdir()
            if entry.name.endswith(".json")]  # fmt: skip
