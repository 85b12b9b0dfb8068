from __future__ import annotations

import subprocess
import sys

import pytest

from serlab.errors import UnknownNameError
from serlab.payload import DTYPES
from serlab.servable import SIGNATURES, signature


def test_every_payload_dtype_has_an_echo_and_both_ways_to_see_bits() -> None:
    for dtype in DTYPES:
        assert signature("echo", dtype).output_dtype == dtype
        if dtype == "string":  # its bits are itself
            continue
        assert signature("bits", dtype).output_dtype == "string"
        assert signature("from_bits", dtype).input_dtype == "string"


def test_outputs_that_rest_must_answer_in_base64_end_in_bytes() -> None:
    wanted = {entry.name for entry in SIGNATURES.values() if entry.kind in ("bytes", "bits")}
    assert {entry.name for entry in SIGNATURES.values() if entry.output.endswith("_bytes")} == wanted
    assert "bytes" in wanted


def test_an_unknown_dtype_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="float32"):
        signature("bits", "float128")


def test_the_list_of_signatures_needs_no_tensorflow() -> None:
    code = "import sys, serlab.servable; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
