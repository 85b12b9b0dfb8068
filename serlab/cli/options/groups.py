"""Options that belong together, declared once: as the parameters of a function that makes one object of them.

A command says ``live: Annotated[ServingOptions, Group(serving_options)]``; on the command line it has every option of
the group, and it is called with what the group's function returns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints


class Group:
    """A function as a group of options; ``leave_out`` names those that a command has no use for.

    ``defaults`` are the command's own where they differ from the function's.
    """

    def __init__(self, make: Callable[..., Any], *, leave_out: tuple[str, ...] = (), **defaults: Any) -> None:
        self.make = make
        self.parameters = [
            parameter.replace(default=defaults.get(parameter.name, parameter.default))
            for parameter in _parameters(make)
            if parameter.name not in leave_out
        ]


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes the options of its groups instead of the objects they make."""
    groups: dict[str, Group] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in _parameters(command):
        found = [each for each in getattr(parameter.annotation, "__metadata__", ()) if isinstance(each, Group)]
        if found:
            groups[parameter.name] = found[0]
        parameters += found[0].parameters if found else [parameter]

    @wraps(command)
    def call(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group.make(**{each.name: given.pop(each.name) for each in group.parameters})
        command(**given)

    del call.__wrapped__  # whose signature would be taken for this one's
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return parameters with their annotations as objects, all by keyword, so that their order is free."""
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(function).parameters.items()
    ]
