from __future__ import annotations

import platform
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from serlab.embedded.subnormals import flush_subnormals, subnormals_flushed


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="not known how to flush here"
)
def test_a_thread_is_told_to_flush_and_no_other() -> None:
    with ThreadPoolExecutor(1, initializer=flush_subnormals) as pool:
        assert pool.submit(subnormals_flushed).result()
        assert pool.submit(lambda: sys.float_info.min * 2).result() == sys.float_info.min + sys.float_info.min
    assert not subnormals_flushed()
