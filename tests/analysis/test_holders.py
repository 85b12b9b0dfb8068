from __future__ import annotations

from dataclasses import replace

from serlab.analysis.holders import Holder, holders
from serlab.records.run import Case, MemoryFrame, MemoryProfile, MemoryStack

OWN = "encode (serlab/codecs/json_stdlib.py:49)"
PROFILE = MemoryProfile(Case("image", "json", "encode"), 100, 1000, 900, 2000, 9, "")


def of(*stacks: tuple[tuple[str, ...], int]) -> tuple[Holder, ...]:
    return holders(replace(PROFILE, stacks=tuple(MemoryStack(*stack) for stack in stacks)))


def test_a_library_is_named_by_the_function_that_was_called_however_deep_it_allocates() -> None:
    inside = "dumps (json/__init__.py:231)"
    assert of(
        ((OWN, inside, "encode (json/encoder.py:200)", "iterencode (json/encoder.py:258)", "_iterencode(…)"), 600),
        ((OWN, inside, "encode (json/encoder.py:202)"), 40),
        ((OWN, "b64encode (base64.py:58)", "binascii.b2a_base64(…)"), 9),
    ) == (Holder("json.dumps", "json/__init__.py:231", 640), Holder("base64.b64encode", "base64.py:58", 9))


def test_native_code_is_named_by_the_call_in_the_codecs_own_line() -> None:
    line = "json_value (serlab/codecs/rest_json.py:120)"
    assert of(((OWN, line, "tensor.tolist()"), 400), ((OWN, "orjson_dumps(…)"), 300), ((OWN,), 5)) == (
        Holder("tensor.tolist", "serlab/codecs/rest_json.py:120", 400),
        Holder("orjson_dumps", "serlab/codecs/json_stdlib.py:49", 300),
        Holder("encode", "serlab/codecs/json_stdlib.py:49", 5),
    )


def test_a_codec_of_another_package_is_its_own_code_too() -> None:
    assert of((("encode (theirs/codec.py:3)", "pack (theirs/pack.py:9)", "buffer.write(…)"), 7)) == (
        Holder("buffer.write", "theirs/pack.py:9", 7),
    )


def test_what_was_too_small_to_keep_holds_nothing() -> None:
    assert of((("smaller ones",), 7), (("the call itself",), 3)) == ()


def test_a_profile_without_stacks_names_its_frames() -> None:
    frames = (MemoryFrame("encode", "x.py", 3, 5), MemoryFrame("malloc", "", 0, 4))
    assert holders(replace(PROFILE, top=frames)) == (Holder("encode", "x.py:3", 5), Holder("malloc", "", 4))
