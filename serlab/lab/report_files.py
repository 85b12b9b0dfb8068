"""Between the store and the report: reads a run with all its parts, and writes the page and the plots."""

from __future__ import annotations

from pathlib import Path

from serlab.errors import StoreError
from serlab.records.files import replace_file
from serlab.records.store import RunFolder, file_stem
from serlab.report import page, svg
from serlab.report.sections import registry
from serlab.report.source import Source

#: The page's name in the run's folder.
PAGE = "report.html"


def read_source(folder: RunFolder, *, now: str = "") -> Source:
    """Return a run with every part that a section reads; a part that cannot be read is noted, not fatal.

    Raises:
        StoreError: the folder holds no run.
        UsageError: the run did not measure ``now``, the codec that the answer is to be told against.
    """
    parts, damaged = {}, {}
    for name, kind in registry.parts().items():
        try:
            found = folder.read_part(name, kind, None)
        except StoreError as error:
            damaged[name] = str(error)
        else:
            if found is not None:
                parts[name] = found
    return Source(folder.read(), folder.path, parts, damaged, now=now)


def write_report(folder: RunFolder, source: Source) -> Path:
    """Write the page into the run's folder and return its path.

    Raises:
        StoreError: it cannot be written.
    """
    return write_page(folder.path / PAGE, page.render(source))


def write_page(path: Path, text: str) -> Path:
    """Write a page whole, or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    return replace_file(path, text.encode())


def write_plots(source: Source, folder: Path) -> list[Path]:
    """Write every plot of the page as SVG and PNG, with title and origin in it; return the paths.

    Raises:
        StoreError: the folder cannot be written.
    """
    written = []
    origin = f"{source.instance_line} · {source.machine_line}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for figure, panel in page.panels(registry.build(source)):
            title = f"{figure.title}: {panel.title}" if panel.title != figure.title else figure.title
            stem = folder / file_stem(panel.name)
            for path, content in (
                (stem.with_name(stem.name + ".svg"), svg.to_svg(panel.chart, title=title, origin=origin).encode()),
                (stem.with_name(stem.name + ".png"), svg.to_png(panel.chart, title=title, origin=origin)),
            ):
                path.write_bytes(content)
                written.append(path)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror or error}") from error
    return written
