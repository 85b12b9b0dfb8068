"""What a client does to its tensors before it encodes them, as code: the client's half of each representation."""

from __future__ import annotations

from dataclasses import dataclass


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
