"""Environments to compare: another interpreter, or this one with another version of a package put before its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from serlab.errors import UsageError
from serlab.measure.compare.contest import Contender
from serlab.records.scratch import Scratch

#: Building a package from its source may compile it.
INSTALL_TIMEOUT_S = 900.0
_SHOWN_LINES = 6
#: What lies at the top of a checkout and is made from it, or large.
_NO_SOURCE = ("build", "dist", "*.egg-info", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__")


@contextmanager
def environments(pythons: Sequence[str], packages: Sequence[str]) -> Iterator[tuple[Contender, Contender]]:
    """Make the two environments and remove what was made for them in the end.

    ``packages`` are what pip takes (``orjson==3.10.18``, ``./my-codecs``, a wheel), one per environment; they are
    installed alone, without what they depend on, into a folder that goes before everything else. ``pythons`` are two
    interpreters that have serlab, "" for this one.

    Raises:
        UsageError: not two of something, an interpreter that is none, or a package that pip does not install.
    """
    if packages and len(packages) != 2:
        raise UsageError("--with names one package for BASE and one for HEAD: give it twice")
    with ExitStack() as stack:
        made = []
        for side, python, package in zip(("base", "head"), pythons, packages or ("", ""), strict=True):
            interpreter = _interpreter(python)
            environment = {}
            if packages:
                folder = stack.enter_context(Scratch(f"with-{side}"))
                install(package, Path(folder), interpreter)
                environment["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH", ""))))
            made.append(Contender(side, interpreter if python else "", environment))
        yield made[0], made[1]


def install(package: str, folder: Path, python: str = sys.executable) -> None:
    """Install ``package`` alone into ``folder`` with pip. Raises ``UsageError`` with pip's words where it fails."""
    if not package.strip() or package.startswith("-"):
        raise UsageError(f"--with {package!r} names no package: write orjson==3.11.4, ./mine, or a wheel")
    given = Path(package)
    if given.is_dir():
        # In a copy: what is built in a checkout stays there, and is taken for newer than what the checkout has.
        with Scratch("source") as copy:
            source = shutil.copytree(given, Path(copy) / given.resolve().name, symlinks=True, ignore=_built(given))
            _pip(package, str(source), folder, python)
    else:
        _pip(package, str(given.resolve()) if given.exists() else package, folder, python)


def _built(checkout: Path) -> Callable[[str, list[str]], set[str]]:
    """Return what tells ``copytree`` which entries at the top of a checkout are no source."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        return set(shutil.ignore_patterns(*_NO_SOURCE)(folder, names)) if Path(folder) == checkout else set()

    return ignored


def _pip(package: str, source: str, folder: Path, python: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target",
               str(folder), source]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"--with {package}: pip did not end within {INSTALL_TIMEOUT_S / 60:.0f} min") from None
    except OSError as error:
        raise UsageError(f"--with {package}: {python} does not start: {error.strerror}") from error
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()][-_SHOWN_LINES:]
        raise UsageError(f"--with {package}: pip cannot install it:" + "".join(f"\n  {line}" for line in said))


def _interpreter(python: str) -> str:
    if not python:
        return sys.executable
    found = shutil.which(python)
    if found is None:
        raise UsageError(f"{python} is no Python to run: give the path of an interpreter that has serlab")
    return found
