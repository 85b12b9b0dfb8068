"""Programs over REST: the standard library's HTTP, and of a codec's libraries those that it requires."""

from __future__ import annotations

import json
import math
from urllib.parse import quote

from serlab.records.call import STRING, Call, TensorSpec
from serlab.report.snippets.program import Part, Server, dtype_code, headers_code, http_address

#: How each codec writes and reads a document, and what a tensor is to its writer.
_JSON = {
    "json": (("import json",), "json.dumps({document}).encode()", "json.loads(body)", "{tensor}.tolist()"),
    "json-orjson-list": (("import orjson",), "orjson.dumps({document})", "orjson.loads(body)", "{tensor}.tolist()"),
    "orjson": (("import orjson",), "orjson.dumps({document}, option=orjson.OPT_SERIALIZE_NUMPY)", "orjson.loads(body)",
               "np.ascontiguousarray({tensor})"),
    "json-simdjson": (("import orjson", "import simdjson"),
                      "orjson.dumps({document}, option=orjson.OPT_SERIALIZE_NUMPY)", "simdjson.Parser().parse(body)",
                      "np.ascontiguousarray({tensor})"),
}  # fmt: skip
_BASE64 = {"base64": "base64", "base64-simd": "pybase64"}
CODECS = (*_JSON, *_BASE64)
#: What simdjson copies a list of numbers into, by numpy's kind of dtype.
_BUFFERS = {"float": ("d", "np.float64"), "int": ("i", "np.int64"), "uint": ("u", "np.uint64")}

_HTTP = '''
_connections = threading.local()


def _post(body):
    connection = getattr(_connections, "open", None)
    if connection is None:
        connection = _connections.open = CONNECT
    try:
        connection.request("POST", PATH, body, {"Content-Type": "application/json", **HEADERS})
        if hasattr(socket, "TCP_QUICKACK"):  # answers of 16 to 64 KiB wait 40 ms for a delayed ACK without it
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        answer = connection.getresponse()
        text = answer.read()
    except BaseException:
        connection.close()
        _connections.open = None
        raise
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {text[:300]!r}")
    return text


def predict(tensors):
    """Return the outputs by name. Threads may share this; each has a connection of its own."""
    return decode(_post(encode(PREPARED)))


async def predict_async(tensors):
    """As predict, without blocking the event loop."""
    return await asyncio.to_thread(predict, tensors)
'''


def rest_part(codec: str, call: Call, server: Server) -> Part:
    """Return the part for a codec of ``CODECS``."""
    host, port, tls, prefix = http_address(server)
    version = (
        f"/versions/{call.version}"
        if call.version is not None
        else f"/labels/{quote(call.label)}"
        if call.label
        else ""
    )
    path = f"{prefix}/v1/models/{quote(call.model, safe='')}{version}:predict"
    context = f", context=ssl.create_default_context(cafile={server.ca or None!r})" if tls else ""
    kind = "HTTPSConnection" if tls else "HTTPConnection"
    connect = f"http.client.{kind}({host!r}, {port}, timeout={server.timeout_s!r}{context})"
    head = f"PATH = {path!r}\nHEADERS = {headers_code(server)}\n\n"
    imports = {"import http.client", "import socket", "import threading"}
    imports |= {"import ssl"} if tls else set()
    imports |= {"import os"} if server.headers else set()
    encode, decode, more = _base64(codec, call) if codec in _BASE64 else _numbers(codec, call)
    modules = [line.split()[1] for line in more if line.split()[1] in ("orjson", "simdjson", "pybase64")]
    code = f"{head}\n{encode}\n\n{decode}\n{_HTTP.replace('CONNECT', connect)}"
    return Part((*imports, *more), code, tuple(modules))


def _numbers(codec: str, call: Call) -> tuple[str, str, set[str]]:
    imports, dumps, loads, value = _JSON[codec]
    more = set(imports)
    values = {}
    for name, spec in call.inputs.items():
        tensor = f"tensors[{name!r}]"
        values[name] = f"_texts({tensor}.tolist())" if spec.dtype == STRING else value.format(tensor=tensor)
    if len(values) == 1:
        rows = next(iter(values.values()))
    else:
        names = ", ".join(map(repr, values))
        rows = f"[dict(zip(({names}), row)) for row in zip({', '.join(values.values())})]"
    document = f'{{"signature_name": {call.signature!r}, "instances": {rows}}}'
    encode = f"def encode(tensors):\n    return {dumps.replace('{document}', document)}\n"
    if any(spec.dtype == STRING for spec in call.inputs.values()):
        more.add("import base64")
        encode += (
            "\n\ndef _texts(value):\n    if isinstance(value, list):\n        return [_texts(item) for item in value]\n"
            '    return {"b64": base64.b64encode(value).decode("ascii")}\n'
        )
    only = next(iter(call.outputs.values()))
    if codec == "json-simdjson":
        if len(call.outputs) == 1 and not call.picks_outputs and _buffer(only):
            return encode, _simdjson(call), more
        loads = "simdjson.Parser().parse(body, True)"
    return encode, _decode(loads, call, more), more


def _base64(codec: str, call: Call) -> tuple[str, str, set[str]]:
    module = _BASE64[codec]
    more = {f"import {module}", "import json"}
    rows = {}
    for name, spec in call.inputs.items():
        tensor = f"tensors[{name!r}]"
        rows[name] = f"{tensor}.tolist()" if spec.packs is None else f"(row.tobytes() for row in {tensor})"
    if len(rows) == 1:
        pattern, (source,), values = b'{"b64":"%s"}', tuple(rows.values()), f"{module}.b64encode(row)"
    else:
        named = ",".join(f'{json.dumps(name)}:{{"b64":"@"}}' for name in rows)
        pattern = b"{%s}" % named.replace("%", "%%").replace('"@"', '"%s"').encode()
        source, values = f"zip({', '.join(rows.values())})", f"tuple(map({module}.b64encode, row))"
    head = b'{"signature_name":%s,"instances":[' % json.dumps(call.signature).encode()
    encode = (
        f'def encode(tensors):\n    rows = b",".join({pattern!r} % {values} for row in {source})\n'
        f"    return {head!r} + rows + b']}}'\n"
    )
    return encode, _decode("json.loads(body)", call, more, module), more


def _decode(loads: str, call: Call, more: set[str], base64: str = "base64") -> str:
    lines = ["def decode(body):", f'    rows = {loads}["predictions"]']
    named = len(call.outputs) > 1 or call.picks_outputs
    pairs, texts = [], False
    for name, spec in call.outputs.items():
        column = f"[row[{name!r}] for row in rows]" if named else "rows"
        if spec.packs is not None:
            more.add(f"import {base64}")
            shape = ", ".join(map(str, spec.packs.shape[1:]))
            lines.append(f'    raw = b"".join({base64}.b64decode(row["b64"]) for row in {column})')
            pairs.append(
                f"{name!r}: np.frombuffer(raw, {dtype_code(spec)}).reshape(len(rows){', ' if shape else ''}{shape})"
            )
            if spec.packs.dtype == "bfloat16":
                more.add("import ml_dtypes")
        elif spec.dtype == STRING:
            texts = True
            pairs.append(f"{name!r}: np.array(_bytes({column}), object)")
        else:
            pairs.append(f"{name!r}: np.array({column}, {dtype_code(spec)})")
    lines.append(f"    return {{{', '.join(pairs)}}}")
    if texts:
        more.add(f"import {base64}")
        lines += ["", "", "def _bytes(value):", "    if isinstance(value, list):"]
        lines += ["        return [_bytes(item) for item in value]"]
        lines += [f'    return {base64}.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()']
    return "\n".join((*lines, ""))


def _buffer(spec: TensorSpec) -> tuple[str, str] | None:
    return next((found for kind, found in _BUFFERS.items() if spec.dtype.startswith(kind)), None)


def _simdjson(call: Call) -> str:
    ((name, spec),) = call.outputs.items()
    found = _buffer(spec)
    assert found
    letter, wide = found
    shape = ", ".join(("-1", *map(str, spec.shape[1:])))
    open_sizes = math.prod(spec.shape[1:]) < 0
    reshaped = "" if open_sizes else f".reshape({shape})"
    return (
        "def decode(body):\n"
        '    flat = simdjson.Parser().parse(body)["predictions"].as_buffer(of_type="' + letter + '")\n'
        f"    return {{{name!r}: np.frombuffer(flat, {wide}).astype({dtype_code(spec)}){reshaped}}}\n"
    )
