"""What ``pip install serlab`` brings, without any extra: the wheel in an environment with its three libraries alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from serlab.measure.target import Target
from serlab.servable import ECHO_MODEL

ROOT = Path(__file__).resolve().parents[1]
#: Wanted by setuptools' build, which must find them in the running environment: nothing is downloaded here.
BUILD_TOOLS = ("pip", "setuptools")


@dataclass(frozen=True)
class Alone:
    """A Python in whose environment serlab was installed without extras."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        python = self.folder / "bin" / "python"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return subprocess.run(
            [python, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )

    def python(self, code: str) -> str:
        done = self.run("-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout


def wanted_by(found: Distribution) -> Iterator[str]:
    """Yield the names of what a distribution requires without any extra."""
    for requirement in found.requires or ():
        if "extra ==" not in requirement and (name := re.match(r"[\w.-]+", requirement)):
            yield name[0]


def link(name: str, folder: Path) -> None:
    """Make an installed distribution and what it requires importable from ``folder``, and nothing else."""
    found = distribution(name)
    for top in {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(found.locate_file(top))))
    for more in wanted_by(found):
        try:
            link(more, folder)
        except PackageNotFoundError:  # for another platform or Python
            continue


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    for tool in BUILD_TOOLS:
        try:
            distribution(tool)
        except PackageNotFoundError:
            pytest.skip(f"needs {tool} to build the wheel")
    folder = tmp_path_factory.mktemp("alone")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (folder / "source").mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / "source")
    shutil.copytree(ROOT / "serlab", folder / "source" / "serlab", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", "./source"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (wheel,) = (folder / "wheels").glob("*.whl")

    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True, capture_output=True)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    (metadata,) = site.glob("serlab-*.dist-info")
    for name in wanted_by(Distribution.at(metadata)):
        link(name, site)
    return Alone(folder / "env")


def test_three_libraries_come_with_it(alone: Alone) -> None:
    (metadata,) = alone.folder.glob("lib/python*/site-packages/serlab-*.dist-info")
    assert sorted(wanted_by(Distribution.at(metadata))) == ["grpcio", "ml_dtypes", "numpy"]


def test_a_client_calls_a_server(alone: Alone, live_target: Target) -> None:
    code = f"""
import numpy as np
import serlab
from serlab.wire import PredictClient
assert "site-packages" in serlab.__file__
images = np.arange(6, dtype=np.float32).reshape(2, 3)
with PredictClient({live_target.endpoint.grpc!r}) as client:
    outputs = client.predict({ECHO_MODEL!r}, {{"x": images}}, timeout=20)
(answer,) = outputs.values()
assert answer.dtype == images.dtype and np.array_equal(answer, images)
print("called")
"""
    assert alone.python(code) == "called\n"


def test_messages_are_written_and_read_without_grpcio(alone: Alone) -> None:
    code = """
import sys
sys.modules["grpc"] = None
import numpy as np
from serlab.wire import decode_predict, decode_request, encode_predict, encode_response
tensors = {"x": np.ones(3, np.float16)}
assert decode_request(encode_predict("m", tensors)).inputs["x"].tolist() == [1, 1, 1]
print(decode_predict(encode_response(tensors)).outputs["x"].dtype)
"""
    assert alone.python(code) == "float16\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("bench",)])
def test_the_command_names_the_extra_that_it_needs(alone: Alone, arguments: tuple[str, ...]) -> None:
    done = alone.run("-m", "serlab", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "serlab: this needs typer, which is not installed: pip install 'serlab[lab]'\n"
