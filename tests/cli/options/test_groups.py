"""Groups of options: declared once, and on the command line as if each command had declared them itself."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from serlab.__main__ import build_app
from serlab.cli.law import fit
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import parse_headers, serving_options
from serlab.errors import UsageError
from serlab.records.secret import Secret
from serlab.serving.base import ServingOptions


def called(*arguments: str) -> ServingOptions:
    """What a command with the whole group is called with."""
    seen: list[ServingOptions] = []

    @with_groups
    def command(serving: Annotated[ServingOptions, Group(serving_options)], size: int = 3) -> None:
        seen.append(serving)

    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return seen[0]


def test_a_command_is_called_with_the_object_that_its_group_makes() -> None:
    serving = called(
        "--serving", "h:1:2", "--model", "m", "--tls", "--header", "a: 1", "--header=b:2", "--timeout", "7",
        "--no-quickack", "--size", "4", "--max-receive", "3", "--authority", "n:1", "--", "--grpc_max_threads=4", "x",
    )  # fmt: skip
    assert (serving.serving, serving.model, serving.tls) == ("h:1:2", "m", True)
    assert serving.flags == ("--grpc_max_threads=4", "x")
    client = serving.client
    assert dict(client.headers) == {"a": Secret("1"), "b": Secret("2")}
    assert (client.timeout_s, client.quickack, client.max_receive_bytes) == (7.0, False, 3 * 2**20)
    assert client.authority == "n:1"


def test_without_options_the_groups_defaults_hold() -> None:
    assert called() == ServingOptions("auto")


def test_a_command_leaves_options_out_and_has_defaults_of_its_own() -> None:
    group = Group(serving_options, leave_out=("batch",), timeout=30.0)
    parameters = {parameter.name: parameter.default for parameter in group.parameters}
    assert "batch" not in parameters
    assert parameters["timeout"] == 30.0


def test_every_command_that_meets_a_server_can_reach_any() -> None:
    wanted = {"serving", "model", "tls", "ca", "cert", "key", "authority", "header", "timeout", "max_receive"}
    commands = {entry.name: entry.callback for entry in build_app().registered_commands} | {"law fit": fit}
    meet = {}
    for name, callback in commands.items():
        assert callback is not None
        parameters = set(inspect.signature(callback).parameters)
        if parameters & {"serving", "tls", "header"}:
            meet[name] = wanted - parameters
    assert meet.keys() >= {
        "bench",
        "load",
        "memory",
        "precision",
        "doctor",
        "claims",
        "batching",
        "multiplex",
        "law fit",
    }
    assert not any(meet.values()), meet


@pytest.mark.parametrize("given", ["SECRETTOKEN123", ": SECRETTOKEN123"])
def test_a_header_that_does_not_parse_is_not_quoted(given: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_headers([given])
    assert "SECRETTOKEN123" not in str(told.value)


def test_headers_come_from_a_file(tmp_path: Any) -> None:
    (tmp_path / "headers").write_text("authorization: Bearer x\n\nx-tenant: blue\n")
    assert parse_headers([f"@{tmp_path / 'headers'}", "a:b:c"]) == {
        "authorization": Secret("Bearer x"), "x-tenant": Secret("blue"), "a": Secret("b:c"),
    }  # fmt: skip
