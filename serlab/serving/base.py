"""The instance contract: a context manager that yields an ``Endpoint``. A kind is one file of this folder."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, ClassVar

from serlab.connection import TransportOptions
from serlab.errors import ServingError, UsageError
from serlab.records.run import Endpoint, InstanceKind

if TYPE_CHECKING:
    from serlab.serving.fit import Wish

#: Servables by the name they are served under; each path is a base folder that holds numbered versions.
Models = Mapping[str, Path]

#: The newest image whose behaviour the embedded server reproduces.
DEFAULT_IMAGE = "tensorflow/serving:2.20.0"
#: A real server loads TensorFlow and its models; a cold disk and a busy machine take many seconds.
DEFAULT_START_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """Everything the command line can say about an instance.

    ``serving`` is ``embedded``, ``binary``, ``docker``, or the address of a running server (``serving.remote``).
    ``flags`` go to a server that serlab starts. ``model``, ``version`` or ``label``, ``signature``, ``batch``, ``dims``
    and ``outputs`` say what is called; ``tls``, and the parts of ``client`` that name a server, how one that is already
    running is reached. Options that the chosen kind has no use for are refused, not ignored.
    """

    serving: str = "embedded"
    binary: str = ""
    image: str = ""
    flags: tuple[str, ...] = ()
    model: str = ""
    signature: str = ""
    batch: int | None = None
    tls: bool = False
    client: TransportOptions = field(default_factory=TransportOptions)
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S
    dims: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    version: int | None = None
    label: str = ""

    @property
    def wish(self) -> Wish:
        """What the user says of the model's call. Raises ``UsageError`` for sizes that do not parse."""
        from serlab.serving.fit import Wish, parse_dims

        return Wish(self.signature, self.batch, parse_dims(self.dims), self.outputs, self.version, self.label)


#: The command line's name of each option that only some kinds use, of ``ServingOptions`` or of its ``client``.
_OPTION_NAMES = {
    "binary": "--serving-binary",
    "image": "--serving-image",
    "flags": "server flags after --",
    "model": "--model",
    "signature": "--signature",
    "batch": "--batch",
    "dims": "--dim",
    "outputs": "--output",
    "version": "--model-version",
    "label": "--model-label",
    "tls": "--tls",
    "ca": "--ca",
    "cert": "--cert",
    "key": "--key",
    "headers": "--header",
    "authority": "--authority",
}


#: The options that say what is called, whatever instance it is.
MODEL_OPTIONS = frozenset({"model", "signature", "batch", "dims", "outputs", "version", "label"})


class Instance(ABC):
    """A live server for the length of a ``with`` block.

    What ``start`` has begun is undone in reverse order however the block ends: normally, by an error (also one within
    ``start``), by Ctrl-C, by SIGTERM or SIGHUP (which become ``SystemExit`` meanwhile, unless the program handles them
    itself), or at the interpreter's exit.
    """

    kind: ClassVar[InstanceKind]
    #: How ``--serving`` spells it, for messages.
    spelling: ClassVar[str]
    #: The options of ``ServingOptions`` this kind uses, besides ``serving`` and ``start_timeout_s``.
    uses: ClassVar[frozenset[str]]

    def __init__(self, options: ServingOptions, models: Models) -> None:
        unset = ServingOptions()
        for option, name in _OPTION_NAMES.items():
            given, blank = (which if hasattr(which, option) else which.client for which in (options, unset))
            if option not in self.uses and getattr(given, option) != getattr(blank, option):
                raise UsageError(f"{name} means nothing to --serving {options.serving}: leave it out")
        self.options, self.models = options, models
        self._stack = ExitStack()

    @classmethod
    def matches(cls, serving: str) -> bool:
        """Whether ``serving`` asks for this kind."""
        return serving == cls.kind

    @abstractmethod
    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint of a server that is ready to answer; ``stack`` gets what stops it again.

        Raises ``ServingError`` where that fails.
        """

    def __enter__(self) -> Endpoint:
        with ExitStack() as stack:
            stack.enter_context(_signals_as_exit())
            endpoint = self.start(stack)
            self._stack = stack.pop_all()
        owner = os.getpid()

        def close_in_owner() -> None:
            if os.getpid() == owner:  # a forked child must not stop its parent's server
                self._stack.close()

        atexit.register(close_in_owner)
        self._stack.callback(atexit.unregister, close_in_owner)
        return endpoint

    def __exit__(self, *exc: object) -> None:
        self._stack.close()


@contextlib.contextmanager
def _signals_as_exit() -> Iterator[None]:
    """Let the signals that would end the process at once unwind it instead, so that no server is left behind."""
    replaced = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                replaced[number] = signal.signal(number, _exit)
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def check_models(models: Models) -> None:
    """Raise ``ServingError`` unless every servable's base folder holds a version."""
    if not models:
        raise ServingError("there is nothing to serve: no servable was given")
    for name, base in models.items():
        if not any(entry.name.isdigit() for entry in base.glob("*") if entry.is_dir()):
            raise ServingError(f"servable {name} has no version: {base} should hold a folder named 1, 2, ...")


def model_config(models: Mapping[str, str]) -> str:
    """Return the text of a ``--model_config_file`` for models and base paths as the server sees them."""
    entries = "".join(
        f'  config {{ name: "{_escape(name)}" base_path: "{_escape(path)}" model_platform: "tensorflow" }}\n'
        for name, path in models.items()
    )
    return f"model_config_list {{\n{entries}}}\n"


def _escape(text: str) -> str:
    """Escape for a string literal of protobuf's text format."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
