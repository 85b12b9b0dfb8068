from __future__ import annotations

import json
import subprocess
import sys

import pytest

import serlab.wire

NAMES = {
    "AsyncPredictClient", "ModelSpec", "PredictClient", "PredictEncoder", "Request", "Response", "Rules",
    "decode_predict", "decode_request", "encode_predict", "encode_predict_parts", "encode_response",
}  # fmt: skip


def test_the_public_names_are_these_and_all_are_there() -> None:
    assert set(serlab.wire.__all__) == NAMES
    assert all(getattr(serlab.wire, name) for name in NAMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'decode'"):
        _ = serlab.wire.decode


def test_reading_and_writing_take_numpy_and_the_standard_library_alone() -> None:
    script = """
import sys, json
import numpy as np
from serlab.wire import PredictEncoder, decode_predict, encode_predict, encode_response
x = {"x": np.zeros(3, np.float32)}
encode_predict("m", x), PredictEncoder("m", x).encode(x), decode_predict(encode_response(x))
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))))
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    beyond = {name for name in json.loads(output) if not name.startswith(("_", "cython_runtime"))}
    assert beyond - {"numpy", "serlab"} <= site_modules()


def site_modules() -> set[str]:
    """What Python imports here of its own accord: hooks of editable installs and the like."""
    script = "import sys, json; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    return set(json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout))
