"""Between the store and pages of several runs: which runs, what of each is written, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import msgspec

from serlab.analysis.summary import summarize
from serlab.errors import StoreError
from serlab.lab.report_files import read_source, write_page, write_report
from serlab.records.files import read_file
from serlab.records.published import parse_published
from serlab.records.store import RunFolder, file_stem, find_run, list_runs
from serlab.report import page
from serlab.report.published import Entry, render

#: The page that lists the runs.
INDEX = "index.html"
SUFFIX = ".json"


def publish(specs: Sequence[str], results: Path, target: Path) -> list[Path]:
    """Write a page of several runs, each run's own page, and their summaries; return the paths, the index first.

    ``specs`` are runs, or files of ``serlab summary --json`` from anywhere; without any, every benchmark in
    ``results``.

    Raises:
        UnknownNameError, StoreError: one of them is none, or ``target`` cannot be written.
    """
    entries, written = [], []
    for spec in specs or [str(run.path) for run in list_runs(results) if run.read_info().plan]:
        content, folder = _read(spec, results)
        run = parse_published(content, spec)
        if folder is not None and _inside(folder.path, target):
            files: tuple[Path | None, Path | None] = (write_report(folder, read_source(folder)), None)
        else:
            files = _copied(spec, content, folder, target)
        written += [path for path in files if path]
        entries.append(Entry(run, page=_link(files[0], target), summary=_link(files[1], target)))
    if not entries:
        raise StoreError(f"there are no benchmarks in {results} to publish: make one with serlab bench")
    return [write_page(target / INDEX, render(entries)), *written]


def _copied(spec: str, content: bytes, folder: RunFolder | None, target: Path) -> tuple[Path | None, Path]:
    """Write a run's own page, where it has one, and its summary into ``target``; a summary that is there stays."""
    stem = _stem(spec, folder)
    if folder is None:
        there = _inside(Path(spec), target)
        return None, Path(spec) if there else write_page(target / f"{stem}{SUFFIX}", content.decode())
    # Evidence stays where the run is: a page that is copied elsewhere must not lead to it.
    source = replace(read_source(folder), folder=target / stem)
    own = write_page(target / f"{stem}.html", page.render(source))
    return own, write_page(target / f"{stem}{SUFFIX}", content.decode())


def _inside(path: Path, target: Path) -> bool:
    return path.resolve().is_relative_to(target.resolve())


def _link(path: Path | None, target: Path) -> str:
    return f"./{quote(path.resolve().relative_to(target.resolve()).as_posix())}" if path else ""


def side_by_side(base: str, head: str, results: Path) -> Path:
    """Write a page that holds two runs against each other into the second one's folder, and return its path.

    Raises:
        UnknownNameError, StoreError: one of them is no run, or the folder cannot be written.
    """
    found = [_read(spec, results) for spec in (base, head)]
    entries = [Entry(parse_published(content, spec)) for (content, _), spec in zip(found, (base, head), strict=True)]
    folder = found[1][1]
    if folder is None:
        raise StoreError(f"{head} is a file: the second run must be a folder, for the page is written there")
    text = render(entries, heading="Two runs side by side")
    return write_page(folder.path / f"against-{_stem(base, found[0][1])}.html", text)


def _read(spec: str, results: Path) -> tuple[bytes, RunFolder | None]:
    """Return a run's summary as JSON, and its folder where it has one here."""
    path = Path(spec)
    if path.suffix == SUFFIX:
        try:
            return read_file(path), None
        except FileNotFoundError as error:
            raise StoreError(f"cannot read {spec}: {error.strerror}") from error
    folder = find_run(spec, results)
    return msgspec.json.format(msgspec.json.encode(summarize(folder.read())), indent=1), folder


def _stem(spec: str, folder: RunFolder | None) -> str:
    return file_stem(folder.name.replace("/", "--") if folder else Path(spec).stem)
