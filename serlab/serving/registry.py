"""Finds the kinds of instances: every file of this folder that defines an ``Instance``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import serlab.serving
from serlab.errors import UnknownNameError
from serlab.serving.base import Instance, ServingOptions


@cache
def instance_kinds() -> dict[str, type[Instance]]:
    """Return the kinds by the way ``--serving`` spells them."""
    found: dict[str, type[Instance]] = {}
    for module in pkgutil.iter_modules(serlab.serving.__path__):
        if module.ispkg or module.name == "registry":
            continue
        file = importlib.import_module(f"serlab.serving.{module.name}")
        for value in vars(file).values():
            here = getattr(value, "__module__", "") == file.__name__
            if here and inspect.isclass(value) and issubclass(value, Instance) and not inspect.isabstract(value):
                found[value.spelling] = value
    return found


def parse_serving(options: ServingOptions, models: Mapping[str, Path]) -> Instance:
    """Return the instance that ``options.serving`` asks for, not yet started.

    ``models`` maps names to the servables' base folders; a server that is already running has its own.

    Raises:
        UnknownNameError: there is no such kind.
        UsageError: an address that does not parse, or options the kind has no use for.
    """
    kinds = instance_kinds()
    for kind in kinds.values():
        if kind.matches(options.serving):
            return kind(options, models)
    raise UnknownNameError("--serving", options.serving, kinds)
