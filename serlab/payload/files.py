"""Payloads from files: ``.npy``, ``.npz``, recorded REST bodies and PredictRequests, images and other raw bytes.

Files are data: only regular ones are read, sizes are checked before anything is allocated, nothing is unpickled.
"""

from __future__ import annotations

import json
import math
import stat
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import PayloadError, WireError
from serlab.payload.values import DTYPES
from serlab.records.call import TensorSpec, numpy_dtype, string_array, strings_of_json

Arrays = dict[str, NDArray[Any]]

#: No file may hold more: a protobuf message ends at 2 GiB, and JSON text of that much would not be sent either.
MAX_FILE_BYTES = 2**31
#: Numpy knows no name for these, so ``.npy`` files call them two-byte voids; the spec has to say which.
_VOID = {"|V2": "bfloat16"}


def load(path: Path, dtype: str = "") -> Arrays:
    """Return the tensors that a file holds by name, "" for one that has none; ``dtype`` is for files that cannot say.

    Raises:
        PayloadError: it cannot be read, is too large, or holds what no codec carries.
    """
    read = _reader_of(path)
    if not path.is_dir():
        _check_regular(path)
    try:
        arrays = read(path)
    except FileNotFoundError:
        raise PayloadError(f"payload @{path}: no such file") from None
    except (OSError, MemoryError) as error:
        raise PayloadError(f"payload @{path} cannot be read: {error}") from None
    for name, array in arrays.items():
        if dtype and _VOID.get(array.dtype.str) == dtype:
            arrays[name] = array = array.view(numpy_dtype(dtype))
        _check(path, name, array)
    return arrays


def _reader_of(path: Path) -> Callable[[Path], Arrays]:
    if path.is_dir():
        return _folder
    readers = {".npy": _npy, ".npz": _npz, ".json": _rest_body, ".bin": _predict_request, ".pb": _predict_request}
    return readers.get(path.suffix.lower(), _bytes_of_file)


def _check_regular(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise PayloadError(f"payload @{path}: {'no such file' if missing else error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise PayloadError(f"payload @{path} is no regular file: save the tensor with np.save")
    if found.st_size > MAX_FILE_BYTES:
        raise PayloadError(f"payload @{path} has {found.st_size:,} bytes, more than a protobuf message can carry")


def _check(path: Path, name: str, array: NDArray[Any]) -> None:
    what = f"payload @{path}{f' ({name})' if name else ''}"
    if TensorSpec.of(array).dtype not in DTYPES:
        how = f": say which dtype the bytes are, as in @{path}:bfloat16" if array.dtype.str in _VOID else ""
        choose = how or f", which no codec carries: choose from {', '.join(DTYPES)}"
        raise PayloadError(f"{what} has dtype {array.dtype}{choose}")
    if array.size == 0 or (array.ndim == 0 and not name):
        raise PayloadError(f"{what} has shape {list(array.shape)}: it needs a batch dimension and elements")


def _npy(path: Path) -> Arrays:
    with path.open("rb") as file:
        array = _read_array(file, f"payload @{path}", path.stat().st_size)
    return {"": array}


def _npz(path: Path) -> Arrays:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
            if sum(entry.file_size for entry in entries) > MAX_FILE_BYTES:
                raise PayloadError(f"payload @{path} inflates to more than a protobuf message can carry")
            arrays = {}
            for entry in entries:
                name = entry.filename.removesuffix(".npy")
                with archive.open(entry) as file:
                    arrays[name] = _read_array(file, f"payload @{path} ({name})", entry.file_size)
    except PayloadError:
        raise
    except Exception as error:  # noqa: BLE001 -- of zipfile's and the decompressors' own, which have no common root
        raise PayloadError(
            f"payload @{path} is not a readable .npz archive: write it with np.savez ({error})"
        ) from None
    if not arrays:
        raise PayloadError(f"payload @{path} holds no arrays: write it with np.savez(path, ids=ids, mask=mask)")
    return arrays


def _read_array(file: Any, what: str, size: int) -> NDArray[Any]:
    """Read one array of the ``.npy`` format; what its header claims must fit into ``size`` bytes."""
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(file)
        if dtype.hasobject:
            raise PayloadError(
                f"{what} holds Python objects, which serlab never loads: save a numeric array, as in "
                "np.save(path, array.astype('float32'))"
            )
        claimed = math.prod(shape) * dtype.itemsize
        if any(length < 0 for length in shape) or claimed > size:
            raise PayloadError(f"{what} claims {claimed:,} bytes and has {size:,}: it is cut, or its header is wrong")
        data = file.read(claimed)
        if len(data) != claimed:
            raise PayloadError(f"{what} claims {claimed:,} bytes and has {len(data):,}: the file is cut")
        array = np.frombuffer(bytearray(data), dtype).reshape(shape, order="F" if fortran else "C")
    except PayloadError:
        raise
    except Exception as error:  # noqa: BLE001 -- numpy reads the header as Python: whatever a tokenizer may raise
        raise PayloadError(f"{what} is not a readable .npy file: write it with np.save ({error})") from None
    if dtype.kind in "SU":
        return string_array(
            [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()], shape
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _rest_body(path: Path) -> Arrays:
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"payload @{path} is not JSON: {error}") from None
    if not isinstance(document, dict) or not ({"instances", "inputs"} & document.keys()):
        raise PayloadError(f"payload @{path} is no request of TensorFlow Serving: it has neither instances nor inputs")
    if "inputs" in document:
        value = document["inputs"]
        columns = value if isinstance(value, dict) and "b64" not in value else {"": value}
    else:
        rows = document["instances"]
        if not isinstance(rows, list) or not rows:
            raise PayloadError(f"payload @{path}: instances is no list of rows")
        named = isinstance(rows[0], dict) and "b64" not in rows[0]
        if named and not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
            raise PayloadError(f"payload @{path}: its rows have unequal names")
        columns = {name: [row[name] for row in rows] for name in rows[0]} if named else {"": rows}
    return {name: _array_of_json(path, name, value) for name, value in columns.items()}


def _array_of_json(path: Path, name: str, value: Any) -> NDArray[Any]:
    """Return nested lists as int64, float32, bool or strings; the model's own dtype is taken when it is known."""
    what = f"payload @{path}{f' ({name})' if name else ''}"
    try:
        with suppress(TypeError):
            return strings_of_json(value)
        array = np.array(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise PayloadError(f"{what} is no tensor: {error}") from None
    kinds = {"i": np.int64, "u": np.uint64, "f": np.float32, "b": np.bool_}
    if array.dtype.kind not in kinds:
        raise PayloadError(f"{what} is no tensor: it holds {array.dtype}")
    return array.astype(kinds[array.dtype.kind])


def _predict_request(path: Path) -> Arrays:
    from serlab.wire import decode_request

    try:
        inputs = decode_request(path.read_bytes()).inputs
    except WireError as error:
        raise PayloadError(f"payload @{path} is no serialized PredictRequest: {error}") from None
    if not inputs:
        raise PayloadError(f"payload @{path} is a PredictRequest without inputs")
    return {name: array if array.dtype.hasobject else np.array(array) for name, array in inputs.items()}


def _bytes_of_file(path: Path) -> Arrays:
    return {"": string_array([path.read_bytes()], (1,))}


def _folder(path: Path) -> Arrays:
    files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if not files:
        raise PayloadError(f"payload @{path}/ is a folder without files")
    for file in files:
        _check_regular(file)
    if sum(file.stat().st_size for file in files) > MAX_FILE_BYTES:
        raise PayloadError(f"payload @{path}/ has more bytes than a protobuf message can carry")
    return {"": string_array([file.read_bytes() for file in files], (len(files),))}
