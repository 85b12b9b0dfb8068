"""Every command that the documents, the messages and the pages tell a reader to run is one that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from serlab.__main__ import build_app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "Makefile"]
SOURCES = sorted((ROOT / "serlab").rglob("*.py"))
#: Words that follow the program's name where it is not called: "serlab 0.1.0", "serlab is …".
_CALL = re.compile(r"(?:^|[`\"' /(])serlab ([a-z]+)((?:[ \t]+(?!\|)[^\s`\"';)]+)*)", re.MULTILINE)
_OPTION = re.compile(r"--?[a-z][a-z-]*")


@cache
def commands() -> Mapping[str, Any]:
    return typer.main.get_command(build_app()).commands  # type: ignore[attr-defined, no-any-return]


def options_of(command: Any) -> set[str]:
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    return own.union(*(options_of(one) for one in getattr(command, "commands", {}).values()))


def unknown(command: Any, options: list[str]) -> list[str]:
    """Return options that a command does not have; one that hands on a server's flags may be given any."""
    hands_on = command.context_settings.get("ignore_unknown_options")
    return [] if hands_on else [option for option in options if option not in options_of(command)]


def told(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield commands as they stand, their names and the options given to them; flags after a bare ``--`` are not."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"\"\n\s*f?\"", "", text))
    for match in _CALL.finditer(joined):
        name, rest = match.groups()
        words = rest.partition(" -- ")[0].partition(" # ")[0].split()
        yield match.group().strip(" `\"'"), name, [found[0] for word in words if (found := _OPTION.match(word))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_tells_only_commands_and_options_that_there_are(path: Path) -> None:
    wrong = []
    for shown, name, options in told(path.read_text()):
        command = commands().get(name)
        if command is None:
            if options:  # without options it may be a sentence
                wrong.append(shown)
        elif bad := unknown(command, options):
            wrong.append(f"{shown}: no {', '.join(bad)}")
    assert wrong == []


def test_messages_and_pages_tell_only_commands_and_options_that_there_are() -> None:
    found = [(path, *one) for path in SOURCES for one in told(path.read_text()) if one[1] in commands()]
    assert len(found) > 60
    wrong = [
        f"{path.relative_to(ROOT)}: {shown}: no {option}"
        for path, shown, name, options in found
        for option in unknown(commands()[name], options)
    ]
    assert wrong == []


def test_options_that_documents_name_alone_are_some_command_s() -> None:
    """As ``--json`` in a sentence; flags with underscores are TensorFlow Serving's, and one document is on those."""
    known = {"--version"}.union(*(options_of(command) for command in commands().values()))
    wrong = []
    for path in (path for path in DOCUMENTS if path.suffix == ".md" and path.name != "serving-embedded.md"):
        for code in re.findall(r"`(--[a-z][a-z_-]*)[^`]*`", path.read_text()):
            if "_" not in code and code not in known:
                wrong.append(f"{path.name}: {code}")
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run `serlab bench --as uint8 -q`", [("bench", ["--as", "-q"])]),
        (".venv/bin/serlab load --codec json \\\n   --rate 5", [("load", ["--codec", "--rate"])]),
        ("serlab serve -- --port=1", [("serve", [])]),
        ('"serlab time "\n    f"--payload {name}"', [("time", ["--payload"])]),
    ],
)
def test_commands_are_found_in_text(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert [(name, options) for _, name, options in told(text)] == found
