"""The only lookup of representations."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from functools import cache

from serlab.errors import RepresentationError, UnknownNameError
from serlab.representations.as_is import AsIs
from serlab.representations.base import Representation
from serlab.representations.float16 import Bfloat16, Float16
from serlab.representations.png import Jpeg, Png
from serlab.representations.tf_example import TfExample
from serlab.representations.uint8 import Uint8

#: In the order of tables: what is sent today first, then from the mildest change to the strongest.
_KINDS: tuple[type[Representation], ...] = (AsIs, TfExample, Float16, Bfloat16, Uint8, Png, Jpeg)
ALL = "all"


def names() -> list[str]:
    """Names of all representations, available or not, without parameters."""
    return list(_classes())


def parse(spec: str) -> Representation:
    """Return the representation that ``spec`` names: ``uint8``, ``jpeg`` (its usual quality), ``jpeg:75``.

    Raises:
        UnknownNameError: no such representation.
        RepresentationError: a parameter that it does not take, or a library that is not installed.
    """
    name, colon, text = spec.partition(":")
    if name not in _classes():
        raise UnknownNameError("representation", name, [*names(), ALL])
    kind = _classes()[name]
    if kind.parameter is None:
        if colon:
            raise RepresentationError(f"{name} takes no parameter: write {name}, not {spec!r}")
        found = kind()
    else:
        usual, allowed = kind.parameter
        if colon and not (text.isascii() and text.isdecimal() and int(text) in allowed):
            raise RepresentationError(
                f"{spec!r} does not parse: write {name}:N, with N from {allowed[0]} to {allowed[-1]}"
            )
        found = kind(int(text) if colon else usual)
    missing = [module for module in kind.requires if importlib.util.find_spec(module) is None]
    if missing:
        raise RepresentationError(f"{name} needs {' and '.join(missing)}: pip install 'serlab[images]'")
    return found


def parse_all(specs: Iterable[str]) -> list[Representation]:
    """Return the representations of a list such as ``uint8,jpeg:90``; ``all`` stands for every one that is usable here.

    Raises:
        UnknownNameError, RepresentationError: as ``parse``; ``all`` leaves out what is not installed.
    """
    found: dict[str, Representation] = {}
    for spec in specs:
        for name in names() if spec == ALL else (spec,):
            if spec == ALL and unavailable(name):
                continue
            one = parse(name)
            found.setdefault(one.spec, one)
    return list(found.values())


def unavailable(name: str) -> str:
    """Return why a representation cannot be used here, "" if it can."""
    missing = [module for module in _classes()[name].requires if importlib.util.find_spec(module) is None]
    return f"{name} needs {' and '.join(missing)}: pip install 'serlab[images]'" if missing else ""


@cache
def _classes() -> dict[str, type[Representation]]:
    return {kind.name: kind for kind in _KINDS}
