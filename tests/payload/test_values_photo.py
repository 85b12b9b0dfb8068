from __future__ import annotations

import numpy as np
import pytest

from serlab.errors import PayloadError
from serlab.payload import parse_payload


def test_photographs_are_levels_that_bytes_hold_and_neighbours_are_alike() -> None:
    photo = parse_payload("image:photo").build()[""]
    levels = np.rint(photo * 255).astype(np.uint8)
    assert np.array_equal(levels.astype(np.float32) * np.float32(1 / 255), photo)
    steps = np.abs(np.diff(photo, axis=2)).mean()
    noise = parse_payload("image").build()[""]
    assert steps < 0.3 * np.abs(np.diff(noise, axis=2)).mean()
    assert parse_payload("image-u8:photo").build()[""].dtype == np.uint8
    with pytest.raises(PayloadError, match=r"makes images .*not the shape \[1, 256\]"):
        parse_payload("vector-1k:photo").build()
