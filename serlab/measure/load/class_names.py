"""What the Locust user class of a codec is called; known without importing Locust, which patches the whole process."""

from __future__ import annotations


def class_name(codec: str) -> str:
    """Return the user class of a codec: ``orjson-gzip`` → ``OrjsonGzipUser``."""
    return "".join(part.capitalize() for part in codec.split("-")) + "User"
