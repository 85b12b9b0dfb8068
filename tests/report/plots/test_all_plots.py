"""What holds for every plot, whichever there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pytest

from serlab.codecs import registry as codecs
from serlab.records.run import Interval
from serlab.records.run_data import RunData
from serlab.report import page, svg
from serlab.report.blocks import Panel
from serlab.report.plots import theme
from serlab.report.plots.forms import Dot, Series, log_dots
from serlab.report.sections import registry
from serlab.report.source import Source

SECTIONS = registry.SECTIONS
#: Sections of tables and sentences, and those that this run has no records for: their plots have tests of their own.
WITHOUT_PLOTS = {"claims", "compare", "deployment", "load", "precision", "provenance"}


def name_of(module: object) -> str:
    return str(module).partition("sections.")[2].partition("'")[0]


def panels_of(module: registry.SectionModule, source: Source) -> list[Panel]:
    return [panel for _, panel in page.panels([module.build(source)])]


@pytest.mark.parametrize("module", SECTIONS, ids=name_of)
def test_a_plot_is_valid_has_marks_a_description_and_fits_a_phone(
    module: registry.SectionModule, two_sizes: Source
) -> None:
    coloured = {f"var({variable})" for colour, variable in theme.CSS_VARIABLES.items()
                if colour not in (theme.INK, theme.MUTED, theme.GRID, theme.PAPER)}  # fmt: skip
    panels = panels_of(module, two_sizes)
    assert bool(panels) == (name_of(module) not in WITHOUT_PLOTS)
    for panel in panels:
        alt.LayerChart.from_dict(panel.chart.to_dict(validate=True))
        assert len(panel.description) > 30
        root = ElementTree.fromstring(svg.inline(panel, svg.draw(svg.specification(panel.chart))))
        assert float(root.get("width", "0")) <= theme.PANEL_WIDTH + 60
        marks = [mark for mark in root.iter() if {mark.get("fill"), mark.get("stroke")} & coloured]
        assert marks, panel.name


@pytest.mark.parametrize("module", SECTIONS, ids=name_of)
def test_a_run_without_anything_has_no_plots(
    module: registry.SectionModule, run_data: RunData, make_source: Callable[..., Source]
) -> None:
    empty = RunData(replace(run_data.info, gates=()))
    assert panels_of(module, make_source(empty)) == []


def test_a_run_with_everything_has_every_kind_of_plot_each_with_a_name_of_its_own(two_sizes: Source) -> None:
    names = [panel.name for module in SECTIONS for panel in panels_of(module, two_sizes)]
    assert len(names) == len(set(names))
    kinds = {name.removesuffix("-image").removesuffix("-large") for name in names}
    assert kinds >= {
        "map", "time", "throughput-encode", "scaling-decode", "bytes", "memory-encode", "memory-decode",
        "cpu-encode", "ledger", "ledger-share", "latency", "call-cpu", "resident-server", "resident-client",
        "correlation-rest", "explained",
    }  # fmt: skip


def test_bars_lead_to_the_flamegraphs_that_are_there(run_data: RunData, tmp_path: Path) -> None:
    from serlab.report.plots import memory

    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "json.html").touch()
    profiles = tuple(
        replace(profile, flamegraph=f"memory/{profile.case.codec}.html") for profile in run_data.memory
    )  # fmt: skip
    found = memory.panels(Source(replace(run_data, memory=profiles), tmp_path))
    links = {tip: href for panel in found for tip, href in panel.links.items()}
    drawn = {tip.partition(":")[0]: href for tip, href in links.items()}
    assert drawn.pop("json") == "./memory/json.html"
    assert drawn
    assert all(href == f"#compare?payload=image&of={codec.partition(',')[0]}" for codec, href in drawn.items())


def test_a_codec_looks_the_same_whatever_else_is_drawn() -> None:
    for codec in ("orjson", "json-chunked", "orjson-gzip", "orjson-gzip:level=9", "someone-elses"):
        alone, together = theme.styles([codec]), theme.styles(["aaa", codec, "zzz"])
        assert alone[codec] == together[codec]


def test_every_codec_of_serlab_has_a_look_of_its_own() -> None:
    found = [theme.style(name) for name in codecs.names()]
    assert len(set(found)) == len(found)
    assert all(style.colour != theme.PURPLE for style in found)  # a stranger's


def test_a_codec_with_parameters_has_its_familys_colour_and_its_own_mark() -> None:
    family, one, other = (theme.style(name) for name in ("orjson-gzip", "orjson-gzip:level=1", "orjson-gzip:level=9"))
    assert family.colour == one.colour == other.colour
    assert one != other


@pytest.mark.parametrize(("low", "high"), [(1e-9, 1.0), (3e-3, 4e-3), (1e-6, 1.1e-6), (0.5, 2.0), (1e-7, 1e-6)])
def test_ticks_lie_within_the_scale_and_are_enough_to_read_it(low: float, high: float) -> None:
    ticks = theme.log_ticks(low, high)
    first, last = theme.log_scale(low, high).to_dict()["domain"]
    assert all(first <= tick <= last for tick in ticks)
    assert len(ticks) >= 1
    assert ticks == sorted(ticks)


def test_an_interval_that_reaches_zero_begins_at_the_end_of_a_logarithmic_scale() -> None:
    spent = {"json": Interval(0.004, 0.0, 0.01, 6), "wire": Interval(0.001, 0.001, 0.002, 6)}
    dots = [Dot(row, "server", at, "") for row, at in spent.items()]
    drawn = log_dots(dots, {"server": Series(theme.INK)}, ["json", "wire"], title="CPU time per call").to_dict()
    (rows,) = drawn["datasets"].values()
    assert sorted(row["low"] for row in rows) == [0.001, 0.001]
