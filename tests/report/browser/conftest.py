"""The report as a reader meets it: opened from a file, with the network off, in Debian's chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serlab.lab.memory_pages import write_index
from serlab.lab.report_files import read_source, write_report
from serlab.measure.calls import Subject
from serlab.measure.memory import capture as memory
from serlab.measure.memory import flamegraph
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 800}
#: Overlap that rounding leaves, in CSS pixels.
TOLERANCE = 2.0


@dataclass
class Visit:
    """A page that has been opened, with what the browser complained of while it was."""

    page: Any
    complaints: list[str]


@pytest.fixture(scope="module")  # for longer, asyncio.run would find a loop that runs already
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def open_page(path: Path, viewport: dict[str, int] = DESKTOP, scheme: str = "light", **options: Any) -> Visit:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True, **options)
        contexts.append(context)
        page, complaints = context.new_page(), []

        def complain(wrong: bool, text: str) -> None:
            if wrong:
                complaints.append(text)

        page.on("console", lambda message: complain(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complain(not request.url.startswith("file:"), request.url))
        page.goto(path.as_uri())
        return Visit(page, complaints)

    yield open_page
    for context in contexts:
        context.close()


#: The made-up run's folder, written and rendered once: tests only look at it.
_STORED: list[RunFolder] = []


@pytest.fixture
def folder(
    run_data: RunData,
    two_sizes: Any,
    write_run: Callable[[RunData, Path], RunFolder],
    tmp_path_factory: pytest.TempPathFactory,
) -> RunFolder:
    if not _STORED:
        stored = write_run(two_sizes.data, tmp_path_factory.mktemp("results"))
        for name, part in two_sizes.parts.items():
            stored.write_part(name, part)
        profile = run_data.memory[0]
        capture = stored.memory_folder / Path(profile.capture).name
        memory.profile(profile.case, Subject(profile.case.payload, 1), capture)
        page = flamegraph.render(capture)
        drawn = [
            memory_profile if number else type(profile)(**{**_fields(profile), "flamegraph": f"memory/{page.name}"})
            for number, memory_profile in enumerate(run_data.memory)
        ]
        stored.add_memory(*drawn)
        write_index(stored)
        write_report(stored, read_source(stored))
        _STORED.append(stored)
    return _STORED[0]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.fixture
def report(folder: RunFolder) -> Path:
    return folder.path / "report.html"


@pytest.fixture
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the run that is published with the lab: real names, and all of its words."""
    if not _PUBLISHED:
        run = next(Path(__file__).parents[3].glob("results/reference/2*/run.json")).parent
        copy = shutil.copytree(run, tmp_path_factory.mktemp("published") / "reference" / run.name)
        _PUBLISHED.append(write_report(RunFolder(copy), read_source(RunFolder(copy))))
    return _PUBLISHED[0]


_PUBLISHED: list[Path] = []
