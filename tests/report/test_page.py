from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from serlab.report import page
from serlab.report.sections import registry
from serlab.report.source import Source

MAX_BYTES = 1_000_000


class Elements(HTMLParser):
    """Collects the tags of a page with their attributes, and its text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and tag == self._in[-1]:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if not self._in:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


#: The made-up run's page, rendered once: tests only read it.
_RENDERED: list[str] = []


@pytest.fixture
def text(source: Source) -> str:
    if not _RENDERED:
        _RENDERED.append(page.render(source))
    return _RENDERED[0]


def test_the_page_needs_nothing_but_itself(text: str) -> None:
    found = Elements(text)
    assert found.all("script") == [{"type": "application/json", "id": "data"}, {}]
    assert not any(attributes.get("src") for _, attributes in found.tags)
    assert not found.all("link")
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_page_lets_no_other_script_run(text: str) -> None:
    policy = next(attributes for attributes in Elements(text).all("meta") if "http-equiv" in attributes)
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in str(policy["content"])
    assert "script-src 'sha256-" in str(policy["content"])
    assert "'unsafe-inline'" not in str(policy["content"]).partition("script-src")[2].partition(";")[0]


def test_sections_stand_in_their_order_and_have_a_conclusion_before_their_first_plot(source: Source, text: str) -> None:
    sections = [section for section in registry.build(source) if section.measured]
    places = [text.index(f'<section id="{section.id}"') for section in sections]
    assert places == sorted(places)
    for section in sections:
        if section.figures:
            assert section.conclusion
            begin = text.index(f'<section id="{section.id}"')
            said = text.index('<span class="gist">' if section.folded else '<div class="conclusion">', begin)
            assert begin < said < text.index("<figure", begin)


def test_names_with_markup_appear_as_text_and_paths_never_lead_out_of_the_run(
    hostile: RunData, make_source: Callable[..., Source]
) -> None:
    found = Elements(page.render(make_source(hostile)))
    assert len(found.all("script")) == 2
    assert not found.all("img")
    assert not found.all("b")
    assert not [attributes for _, attributes in found.tags if any(name.startswith("on") for name in attributes)]
    assert "<script>alert(1)</script>" in found.text
    assert all(str(attributes["href"]).startswith(("#", "./")) for attributes in found.all("a"))
    assert "<script>alert(1)</script>, 3 codecs, the server, 2026-01-02" in found.text


def test_every_figure_and_table_names_instance_machine_and_date(text: str) -> None:
    origins = re.findall(r'<p class="origin">([^<]*)</p>', text)
    figures = len(re.findall(r"<figure ", text))
    own_tables = len(re.findall(r'class="table"', text)) - len(re.findall("The numbers behind it", text))
    assert figures > 5
    assert len(origins) == figures + own_tables
    assert set(origins) == {
        "embedded instance, serlab 0.1.0 (not TensorFlow Serving) · box: some CPU, 2 cores · 2026-01-02 03:04 UTC"
    }


def test_only_the_embedded_instance_is_said_not_to_be_tensorflow_serving(run_data: RunData, tmp_path: Path) -> None:
    real = replace(run_data, info=replace(run_data.info, instance={"kind": "binary", "version": "2.20.0"}))
    text = page.render(Source(real, tmp_path))
    assert "binary instance, 2.20.0" in text
    assert "not TensorFlow Serving" not in text


def test_a_codec_that_alters_values_says_so_wherever_its_speed_is_shown(
    altering: RunData, make_source: Callable[..., Source]
) -> None:
    source = make_source(altering)
    text = page.render(source)
    drawn = {name: text[text.index(f'id="{name}') :] for name in _figures_with_orjson(source)}
    assert len(drawn) >= 12
    for name, rest in drawn.items():
        assert "orjson (ALTERS)" in rest[: rest.index("</svg>")], name
    rows = re.findall(r"<tr>.*?(?=<tr|</tbody>)", text, re.DOTALL)
    with_speed = [row for row in rows if ">orjson" in row and re.search(r"\d\s(ms|µs)", row)]
    assert with_speed
    assert all("ALTERS" in row for row in with_speed)


def _figures_with_orjson(source: Source) -> list[str]:
    """Ids of the panels that show orjson; the answer's own prefers a codec that is exact."""
    return [
        f"{figure.id}-{number}"
        for section in registry.build(source)
        for figure in section.figures
        for number, panel in enumerate(figure.panels, 1)
        if "orjson" in str(panel.chart.to_dict(validate=False)) and figure.id != "answer-figure"
    ]


def test_a_codec_that_failed_is_shown_as_failed_never_as_fast(
    altering: RunData, make_source: Callable[..., Source]
) -> None:
    text = page.render(make_source(altering))
    assert "tensor-proto (FAILED)" in text
    assert "cannot carry this payload" in text
    assert "no such dtype" not in Elements(text).text.partition("The answer")[2].partition("Encode and decode")[0]


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("memory", "memory: serlab memory"),
        ("endtoend", "calls to a live instance: serlab bench"),
        ("runs", "encode and decode in isolation: serlab time"),
    ],
)
def test_a_run_without_a_part_still_gives_a_page_that_says_what_is_missing(
    run_data: RunData, make_source: Callable[..., Source], without: str, said: str
) -> None:
    nothing: dict[str, Any] = {without: ()}
    found = Elements(page.render(make_source(replace(run_data, **nothing))))
    assert said in found.text.partition("Not measured in this run:")[2].replace("( ", "(")
    assert found.text.count("Not measured in this run:") == 1


def test_an_interrupted_run_says_so_and_how_to_go_on(run_data: RunData, make_source: Callable[..., Source]) -> None:
    found = Elements(page.render(make_source(replace(run_data, info=replace(run_data.info, finished="")))))
    assert "This run is not finished; what it has measured is shown." in found.text
    assert "serlab time --resume --run box/run" in found.text


def test_a_run_in_which_nothing_was_measured_gives_a_page(
    run_data: RunData, make_source: Callable[..., Source]
) -> None:
    empty = RunData(replace(run_data.info, gates=(), finished=""))
    found = Elements(page.render(make_source(empty)))
    assert "Not measured in this run: times, so there is no codec to recommend" in found.text
    assert not [one for one in found.all("svg") if one.get("class") == "chart"]


def test_a_part_that_cannot_be_read_is_named(run_data: RunData, tmp_path: Path) -> None:
    source = Source(run_data, tmp_path, damaged={"cpu": "cpu.json has schema version 9"})
    text = Elements(page.render(source)).text
    assert "cpu.json cannot be read: cpu.json has schema version 9" in text


def test_the_page_of_eight_payloads_and_ten_codecs_is_below_a_megabyte(
    large: RunData, make_source: Callable[..., Source]
) -> None:
    """Measured in every way, with the flamegraphs that the page draws; memray's own are files beside it."""
    text = page.render(make_source(large))
    assert len(text.encode()) < MAX_BYTES
    assert text.count("<svg") > 80


def test_the_page_is_made_without_tensorflow(
    run_data: RunData, write_run: Callable[[RunData, Path], RunFolder], tmp_path: Path
) -> None:
    folder = write_run(run_data, tmp_path)
    script = (
        "import sys; sys.modules['tensorflow'] = sys.modules['grpc'] = None\n"
        "from serlab.cli.report import report; from pathlib import Path\n"
        "nothing = dict(runs=None, plots=None, reference=None, publish=None)\n"
        f"report(**nothing, open_page=False, results=Path({str(tmp_path)!r}))\n"
        "print([name for name in sys.modules if name.startswith(('serlab.codecs', 'serlab.measure', 'scalene'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines() == [str(folder.path / "report.html"), "[]"]


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    assert page.unbroken("47 % of 3 ms, 2 of them") == "47\N{NO-BREAK SPACE}% of 3\N{NO-BREAK SPACE}ms, 2 of them"


def test_an_experiment_s_page_is_called_by_what_it_holds(run_data: RunData, tmp_path: Path, source: Source) -> None:
    bare = replace(run_data, info=replace(run_data.info, gates=()), runs=(), memory=(), endtoend=(), answers=())
    cpu = {name: part for name, part in source.parts.items() if name == "cpu"}
    assert cpu
    assert "<h1>CPU: image, the embedded server, 2026-01-02</h1>" in page.render(Source(bare, tmp_path, cpu))
    assert "<h1>image, 3 codecs, the embedded server, 2026-01-02</h1>" in page.render(source)
