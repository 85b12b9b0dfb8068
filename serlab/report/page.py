"""A run as one page: self-contained, readable offline, rebuilt from results alone."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from serlab import __version__
from serlab.analysis.words import counted
from serlab.report import sentences, svg
from serlab.report.blocks import Comparison, Facts, Figure, Filter, Flame, Links, Missing, Note, Panel, Section, Table
from serlab.report.glossary import Words
from serlab.report.origin import rounds_text
from serlab.report.sections import compare, registry
from serlab.report.source import Source
from serlab.report.svg import Drawing, Renderer, rendering

#: About how many charts a full report has for each payload.
CHARTS_PER_PAYLOAD = 11
#: Payloads that a page's head describes before the others are counted.
NAMED = 4

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|ms|µs|ns|B|KiB|MiB|GiB)(?!\w))")

#: Indentation, and lines that hold nothing else: a fifth of a page with large tables. Nothing in it is preformatted.
_INDENTED = re.compile(r"\n\s+")

#: Which template macro shows which block.
_KINDS: dict[type, str] = {
    Figure: "figure",
    Table: "table",
    Missing: "missing",
    Note: "note",
    Links: "links",
    Facts: "facts",
    Comparison: "comparison",
    Filter: "filter",
    Flame: "flame",
}


class Origin(Protocol):
    """Where the figures of a page come from, as every figure and table says it."""

    @property
    def name(self) -> str:
        """The run."""

    @property
    def instance_line(self) -> str:
        """The server."""

    @property
    def machine_line(self) -> str:
        """The machine and the date."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows; ``back`` is a link (text, href), ``banners`` are (text, weight).

    ``unmeasured`` are parts that a run does not have: one line at the end.
    """

    kind: str
    title: str
    heading: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]
    banners: tuple[tuple[str, str], ...] = ()
    back: tuple[str, str] | None = None
    unmeasured: tuple[Missing, ...] = ()
    data: str = "null"  # JSON for the page's script
    codecs: tuple[str, ...] = ()  # for the list of words


def render(source: Source) -> str:
    """Return the report of a run. Names and texts of the run appear as text, whatever is in them."""
    modules = registry.SECTIONS
    # Sections are computed here while the charts of those before are drawn elsewhere.
    with rendering(CHARTS_PER_PAYLOAD * len(source.payloads)) as renderer:
        drawings: dict[str, Drawing] = {}
        sections = []
        for module in modules:
            sections.append(module.build(source))
            drawings |= begin_drawing(sections[-1:], renderer)
        return _render(source, _report(source, tuple(sections)), drawings)


def begin_drawing(sections: Iterable[Section], renderer: Renderer) -> dict[str, Drawing]:
    """Hand every chart of sections to the renderer; return by panel what will become its SVG."""
    return {panel.name: renderer.draw(panel) for _, panel in panels(sections)}


def _report(source: Source, sections: tuple[Section, ...]) -> Page:
    info = source.data.info
    banners = [] if info.finished else [("This run is not finished; what it has measured is shown.", "")]
    shown = [section for section in sections if section.measured]
    unmeasured = tuple(block for section in sections for block in section.blocks if isinstance(block, Missing))
    heading = source.title
    if shown and shown[0].id != "answer":  # an experiment's page begins with the experiment
        shown[0] = replace(shown[0], folded=False)
        heading = f"{shown[0].title}: {heading}"
    return Page(
        "report",
        f"serlab: {heading}",
        heading,
        tuple(shown),
        origin_facts(source),
        tuple(banners),
        unmeasured=unmeasured,
        data=as_data(compare.data(source)),
        codecs=info.codecs,
    )


def as_data(found: Any) -> str:
    """Return JSON that can stand in a page: nothing in it can end the element it is in."""
    text = msgspec.json.encode(found).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def origin_facts(source: Source) -> tuple[tuple[str, str], ...]:
    """Return where figures come from, for a page's head."""
    info = source.data.info
    payloads = [f"{one.name} ({source.describe(one)})" for one in source.payloads[:NAMED]]
    more = len(source.payloads) - len(payloads)
    return (
        ("payloads", sentences.listing([*payloads, f"{more} more"] if more else payloads)),
        ("machine", f"{info.machine.cpu_model}, {counted(info.machine.cores, 'core')}"),
        ("instance", source.instance_line),
        ("measured", ", ".join(filter(None, (source.date, rounds_text(info.rounds))))),
        ("client", f"Python {info.machine.python}"),
        ("run", info.name),
    )


def render_page(source: Origin, shown: Page) -> str:
    """Return a page as HTML, with style and script in it."""
    return _render(source, shown, begin_drawing(shown.sections, Renderer(None)))


def _render(source: Origin, shown: Page, drawings: Mapping[str, Drawing]) -> str:
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    text: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            source=source,
            kind_of_page=shown.kind,
            title=shown.title,
            heading=shown.heading,
            sections=shown.sections,
            facts=shown.facts,
            banners=shown.banners,
            back=shown.back,
            unmeasured=shown.unmeasured,
            data=Markup(shown.data),  # noqa: S704  # escaped by as_data
            css=Markup(_asset("page.css")),  # noqa: S704  # the package's own files
            script=Markup(script),  # noqa: S704
            # Only this script may run, and nothing may be fetched: also not by what a hostile name would smuggle in.
            policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'",
            version=__version__,
            words=Words(shown.codecs),
            # Built as a tree, its texts escaped by the serializer.
            draw=lambda panel: Markup(svg.inline(panel, drawings[panel.name]())),  # noqa: S704
            kind=lambda block: _KINDS[type(block)],
        )
    )
    return _INDENTED.sub("\n", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("serlab.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    environment.filters["sortable"] = lambda number: f"{number:.5g}"
    return environment


def unbroken(text: str) -> str:
    """Return a text in which no line can end between a number and its unit."""
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)


@cache
def _script() -> str:
    folder = files("serlab.report") / "templates" / "script"
    parts = sorted(path.name for path in folder.iterdir() if path.name.endswith(".js"))
    whole = "\n".join(_asset(f"script/{name}") for name in parts)
    # As it stands in the page in the end: its digest is of that.
    return _INDENTED.sub("\n", f'(() => {{\n"use strict";\n{whole}\n}})();')


@cache
def _asset(name: str) -> str:
    return _INDENTED.sub("\n", (files("serlab.report") / "templates" / name).read_text(encoding="utf-8"))


def panels(sections: Iterable[Section]) -> list[tuple[Figure, Panel]]:
    """Return every panel of a page with the figure it belongs to, in the page's order."""
    return [(figure, panel) for section in sections for figure in section.figures for panel in figure.panels]
