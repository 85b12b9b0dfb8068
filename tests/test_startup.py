"""What starting serlab costs: modules loaded, not seconds, so that the answer is the same on any machine."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("tensorflow", "tensorflow_serving", "grpc", "scipy", "numpy", "altair", "memray", "pyperf", "rich.progress")


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_serlab_loads_nothing_heavy() -> None:
    assert not loaded_after("import serlab") & set(HEAVY)


def test_building_the_command_line_loads_neither_tensorflow_nor_scipy_nor_grpc() -> None:
    found = loaded_after("from serlab.__main__ import build_app; build_app()")
    assert not found & {"tensorflow", "tensorflow_serving", "scipy", "grpc", "altair", "memray", "pyperf"}


def test_every_command_has_help_with_an_example() -> None:
    from typer.testing import CliRunner

    from serlab.__main__ import build_app

    app = build_app()
    commands = [str(command.name) for command in app.registered_commands]
    assert {"bench", "time", "summary", "codecs"} <= set(commands)
    for command in commands:
        shown = CliRunner().invoke(app, [command, "--help"])
        assert shown.exit_code == 0, command
        assert "Example" in shown.output, f"serlab {command} --help shows no example"
