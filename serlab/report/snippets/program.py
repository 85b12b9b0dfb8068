"""Puts a program together for one way of sending, with a model's names and dtypes: a call that waits, and asyncio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from serlab.records.call import STRING, Call, TensorSpec

#: Modules of a codec or a representation, and what brings them.
DISTRIBUTIONS = {"simdjson": "pysimdjson", "PIL": "pillow", "grpc": "grpcio", "tensorflow_serving":
                 "tensorflow-serving-api", "serlab": "serlab"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """Where the program calls: ``grpc`` HOST:PORT, ``rest`` the root of the REST API; ``headers`` are names only.

    ``ca`` is a PEM file, "" for the system's trust.
    """

    grpc: str
    rest: str
    grpc_tls: bool = False
    ca: str = ""
    headers: tuple[str, ...] = ()
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """What a family of codecs contributes: imports, the code of ``predict`` and ``predict_async``, and libraries."""

    imports: tuple[str, ...]
    code: str
    requires: tuple[str, ...] = ()


def program(part: Part, representation: str, inputs: dict[str, TensorSpec], call: Call) -> str:
    """Return the whole program; ``inputs`` are what the user's client holds, before it is represented."""
    name, _, parameter = representation.partition(":")
    prepare = PREPARES.get(name)
    imports = {*part.imports, "import asyncio", "import numpy as np", *(prepare.imports if prepare else ())}
    wanted = dict.fromkeys(("numpy", *part.requires, *(prepare.requires if prepare else ())))
    modules = [DISTRIBUTIONS.get(module, module) for module in wanted]
    fill = ", ".join(f"{key!r}: {_example(spec)}" for key, spec in inputs.items())
    imports |= {"import ml_dtypes"} if "ml_dtypes." in fill else set()
    outputs = ", ".join(f"{key} {(spec.packs or spec).dtype}" for key, spec in call.outputs.items())
    held = {key: spec.packs or spec for key, spec in inputs.items()}
    listed = ", ".join(f"{key} {spec.dtype} {list(spec.shape)}" for key, spec in held.items())
    return "\n".join(
        (
            f'"""Calls {_plain(call.model)}, signature {_plain(call.signature)}.',
            "",
            f"In: {_plain(listed)}. Out: {_plain(outputs)}.",
            "",
            f"pip install {' '.join(modules)}",
            '"""',
            "",
            *_sorted(imports),
            "",
            "",
            *((prepare.code.replace("QUALITY", parameter or "90").strip(), "", "") if prepare else ()),
            part.code.strip().replace("PREPARED", "prepare(tensors)" if prepare else "tensors"),
            "",
            "",
            'if __name__ == "__main__":',
            f"    tensors = {{{fill}}}",
            "    for found in (predict(tensors), asyncio.run(predict_async(tensors))):",
            "        print({name: (tensor.dtype.name, tensor.shape) for name, tensor in found.items()})",
            "",
        )
    )


def headers_code(server: Server) -> str:
    """Return the mapping of headers: their values come from the environment, and are in no program."""
    pairs = (f"{name!r}: os.environ[{variable(name)!r}]" for name in server.headers)
    return "{" + ", ".join(pairs) + "}"


def variable(header: str) -> str:
    """Return the environment variable that holds a header's value."""
    return re.sub(r"\W", "_", header).upper()


def http_address(server: Server) -> tuple[str, int, bool, str]:
    """Return host, port, whether it is TLS, and the prefix of paths."""
    address = urlsplit(server.rest)
    return (
        address.hostname or "",
        address.port or (443 if address.scheme == "https" else 80),
        (address.scheme == "https"),
        address.path,
    )


def dtype_code(spec: TensorSpec) -> str:
    """Return numpy's dtype as code."""
    name = (spec.packs or spec).dtype
    return "object" if name == STRING else "ml_dtypes.bfloat16" if name == "bfloat16" else f"np.{_numpy(name)}"


def _numpy(name: str) -> str:
    return "bool_" if name == "bool" else name


def _example(spec: TensorSpec) -> str:
    spec = spec.packs or spec
    shape = tuple(max(size, 1) for size in spec.shape)
    if spec.dtype == STRING:
        return f"np.full({shape}, b'text', object)"
    return f"np.zeros({shape}, {dtype_code(spec)!s})"


def _plain(text: str) -> str:
    """Return a server's names without what could end a docstring."""
    return re.sub(r'["\\\n]', "", text)


def _sorted(imports: Sequence[str] | set[str]) -> list[str]:
    standard = {"asyncio", "base64", "http", "io", "json", "os", "socket", "ssl", "threading"}

    def third(line: str) -> bool:
        return line.split()[1].partition(".")[0] not in standard

    ordered = sorted(imports, key=lambda line: (third(line), line.startswith("from"), line))
    own = [line for line in ordered if not third(line)]
    return ["from __future__ import annotations", "", *own, "", *(line for line in ordered if third(line))]


@dataclass(frozen=True, slots=True)
class Prepare:
    """A function ``prepare`` of the tensors by name."""

    imports: tuple[str, ...]
    requires: tuple[str, ...]
    code: str


_IMAGES = '''
def prepare(tensors):
    """Images (n, height, width, channels), uint8 or float32 of 0 to 1, as one file each."""
    return {name: np.array([_file(image) for image in tensor], object) for name, tensor in tensors.items()}


def _file(image):
    if image.dtype != np.uint8:
        image = (image * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, SAVED)
    return file.getvalue()
'''

_CAST = '''
def prepare(tensors):
    """float32 as DTYPE; the graph casts back."""
    return {name: tensor.astype(DTYPE) if tensor.dtype == np.float32 else tensor for name, tensor in tensors.items()}
'''

PREPARES = {
    "uint8": Prepare((), (), '''
def prepare(tensors):
    """float32 of 0 to 1 as 256 levels; the graph scales back."""
    return {name: _levels(tensor) if tensor.dtype == np.float32 else tensor for name, tensor in tensors.items()}


def _levels(tensor):
    return (tensor * np.float32(255) + np.float32(0.5)).astype(np.uint8)
'''),
    "float16": Prepare((), (), _CAST.replace("DTYPE", "np.float16")),
    "bfloat16": Prepare(("import ml_dtypes",), ("ml_dtypes",), _CAST.replace("DTYPE", "ml_dtypes.bfloat16")),
    "jpeg": Prepare(("import io", "from PIL import Image"), ("PIL",),
                    _IMAGES.replace("SAVED", '"JPEG", quality=QUALITY')),
    "png": Prepare(("import io", "from PIL import Image"), ("PIL",),
                   _IMAGES.replace("SAVED", '"PNG", compress_level=1')),
    "tf-example": Prepare(("from serlab.representations.registry import parse",), ("serlab",), '''
def prepare(tensors):
    """A serialized tf.Example per row."""
    return parse("tf-example").apply(tensors)
'''),
}  # fmt: skip
