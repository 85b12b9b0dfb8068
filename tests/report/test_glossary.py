from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from serlab.codecs import registry
from serlab.records.precision import PrecisionReport
from serlab.records.run_data import RunData
from serlab.report import page
from serlab.report.glossary import CODECS, MEANINGS, TAKE_BYTES, Words, identity
from serlab.report.source import Source
from tests.report.test_page import Elements


def test_a_term_is_linked_once_in_a_part_whatever_case_it_has() -> None:
    words = Words()
    assert words.link("Rounded by 2 ULP, rounded <again>") == (
        '<a class="term" href="#term-rounded">Rounded</a> by 2 <a class="term" href="#term-ulp">ULP</a>, rounded '
        "&lt;again&gt;"
    )
    assert "<a" not in words.link("one ULP")
    words.begin()
    assert "<a" in words.link("one ULP")
    assert [term for term, _, _ in words.used] == ["rounded", "ULP"]


def test_words_of_every_day_are_terms_only_where_they_are_a_whole_heading() -> None:
    words = Words()
    assert "<a" not in words.link("Mind the values: a wireless floorboard, base64-raw")
    assert words.hint("values") == MEANINGS["values"]
    assert words.hint("class of values") == ""


def test_every_term_has_an_address_of_its_own() -> None:
    terms = (*MEANINGS, *CODECS)
    assert len({identity(term) for term in terms}) == len(terms)


def test_every_codec_is_explained() -> None:
    builtin = {name for name in registry.names() if registry.codec_class(name).__module__.startswith("serlab.")}
    assert builtin == set(CODECS)
    words = Words(("orjson-gzip:level=6", "mine"))
    assert [term for term, _, _ in words.used] == ["orjson-gzip"]


def test_a_page_explains_its_codecs_and_leads_to_its_words(source: Source) -> None:
    found = Elements(page.render(source))
    explained = {str(at["id"]) for _, at in found.tags if str(at.get("id", "")).startswith("term-")}
    assert {identity(codec) for codec in source.data.info.codecs} <= explained
    assert "#glossary-within" in {at["href"] for at in found.all("a")}


def test_a_page_explains_the_terms_that_it_uses_and_no_others(source: Source) -> None:
    found = Elements(page.render(source))
    linked = {str(at["href"])[1:] for at in found.all("a") if str(at["href"]).startswith("#term-")}
    explained = {str(at["id"]) for _, at in found.tags if str(at.get("id", "")).startswith("term-")}
    assert linked
    assert linked <= explained < {identity(term) for term in (*MEANINGS, *CODECS)}


def test_no_text_of_a_run_is_more_than_text(hostile: RunData, make_source: Callable[..., Source]) -> None:
    warned = replace(hostile, info=replace(hostile.info, warnings=("<b>ULP</b>",)))
    assert "<b>" not in page.render(make_source(warned))


def test_every_link_within_a_page_leads_somewhere(two_sizes: Source) -> None:
    report = PrecisionReport("2026-01-01T00:00:00+00:00", 1, 10, ())
    found = Elements(page.render(replace(two_sizes, parts={**two_sizes.parts, "precision": report})))
    places = {str(at["id"]) for _, at in found.tags if "id" in at}
    leading = {str(at["href"]).lstrip("#") for at in found.all("a") if str(at["href"]).startswith("#")}
    assert {place for place in leading if "?" not in place} <= places


def test_codecs_that_need_a_signature_for_bytes_are_those_of_the_registry() -> None:
    codecs = {name for name in registry.usable(CODECS) if registry.codec_class(name).signature == "bytes"}
    assert codecs == TAKE_BYTES & set(registry.usable(CODECS)) == TAKE_BYTES
