"""Names of dtypes, which files of others hold too."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.records.call import numpy_dtype


def test_dtypes_are_found_by_their_names() -> None:
    assert numpy_dtype("float32") == np.float32
    assert numpy_dtype("string").hasobject
    assert numpy_dtype("bfloat16").itemsize == 2


@pytest.mark.parametrize("name", ["", "f4,i4", "2(x)f4, f4", "(2,)f4", "float32 ", "nothing", "<f4", "\x00"])
def test_what_is_no_name_of_a_dtype_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError):
        numpy_dtype(name)
