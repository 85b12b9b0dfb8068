"""What a bench measures, as its options say it."""

from __future__ import annotations

import pytest

from serlab.codecs import registry
from serlab.errors import UnknownNameError
from serlab.lab.bench import make_plan


def test_a_codec_is_planned_once_and_under_one_name_however_its_parameters_are_written() -> None:
    default = registry.codec_class("orjson-gzip").parameters["level"]
    typed = (f"orjson-gzip:level={default}", "orjson-gzip", "orjson-gzip:format=columnar,level=9",
             "orjson-gzip:level=9,format=columnar")  # fmt: skip
    plan = make_plan("smoke", ("vector-1k",), typed, parts=("time",))
    assert plan.codecs == ("orjson-gzip", registry.canonical(typed[2]), "raw")
    assert all(registry.get(name).name == name for name in plan.codecs)


def test_a_parameter_that_a_codec_does_not_have_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(UnknownNameError, match="speed"):
        make_plan("smoke", ("vector-1k",), ("orjson-gzip:speed=9",), parts=("time",))


def test_only_the_full_profile_measures_variants_and_codecs_that_differ_in_a_parameter() -> None:
    full, standard = (set(make_plan(name, (), (), parts=("time",)).codecs) for name in ("full", "standard"))
    assert full == set(registry.all_codecs())
    assert "orjson:format=columnar" in full - standard
    assert standard == set(registry.main_codecs())
