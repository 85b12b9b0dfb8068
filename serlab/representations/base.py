"""The contract. A representation is one file in this folder: what the client does, and what undoes it in the graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from serlab.errors import RepresentationError

Tensor = NDArray[Any]
Tensors = Mapping[str, Tensor]


class Representation(ABC):
    """One thing that can be sent in place of a request's tensors.

    ``apply`` is the client's half. ``undo`` is numpy's twin of what the graph does, for figures without a server.
    """

    name: ClassVar[str]
    #: The servable's signature that undoes it; "" where none is needed. A codec of bytes uses ``<signature>_bytes``.
    signature: ClassVar[str]
    #: What it does to the values, in words for tables.
    effect: ClassVar[str]
    #: The code that a servable needs: a function ``restore`` of the tensor that was sent.
    graph: ClassVar[str] = ""
    #: Modules that must be importable; without one the representation is listed as unavailable.
    requires: ClassVar[tuple[str, ...]] = ()
    #: The parameter that follows the name (``jpeg:90``): its default, and the range it may have; None for none.
    parameter: ClassVar[tuple[int, range] | None] = None

    def __init__(self, parameter: int = 0) -> None:
        self.value = parameter

    @property
    def spec(self) -> str:
        """The name with its parameter, as ``--as`` takes it: ``jpeg:90``."""
        return self.name if self.parameter is None else f"{self.name}:{self.value}"

    @abstractmethod
    def apply(self, tensors: Tensors) -> dict[str, Tensor]:
        """Return what to send in place of ``tensors``.

        Raises:
            RepresentationError: it cannot represent these tensors; the message says which and why.
        """

    @abstractmethod
    def undo(self, sent: Tensors, tensors: Tensors) -> dict[str, Tensor]:
        """Return what the graph makes of ``sent``: names, shapes and dtypes are those of ``tensors``."""

    def code(self, tensors: Tensors) -> str:
        """Return the code that the servable of a model that takes ``tensors`` needs: a function ``restore``."""
        return self.graph

    @abstractmethod
    def bound(self, tensors: Tensors) -> float | None:
        """Return the largest absolute error of any element: 0.0 where it is exact, None where nothing is promised."""


class TensorwiseRepresentation(Representation):
    """Represents each tensor that it is meant for on its own, under its own name; others travel as they are."""

    #: The tensors it is meant for, in words: "float32".
    meant_for: ClassVar[str]

    def apply(self, tensors: Tensors) -> dict[str, Tensor]:
        """Represent every tensor that this is meant for. Raises ``RepresentationError`` if there is none."""
        if not any(map(self.takes, tensors.values())):
            listed = ", ".join(f"{name}: {one.dtype.name} {list(one.shape)}" for name, one in tensors.items())
            raise RepresentationError(f"{self.spec} takes {self.meant_for}, and the request holds {listed}")
        return {name: self.write(name, one) if self.takes(one) else one for name, one in tensors.items()}

    def undo(self, sent: Tensors, tensors: Tensors) -> dict[str, Tensor]:
        """Undo what ``apply`` did, tensor by tensor."""
        return {name: self.read(sent[name], one) if self.takes(one) else one for name, one in tensors.items()}

    def bound(self, tensors: Tensors) -> float | None:
        """Return the largest bound of the tensors that are changed."""
        bounds = [self.bound_of(one) for one in tensors.values() if self.takes(one)]
        known = [bound for bound in bounds if bound is not None]
        return max(known, default=0.0) if len(known) == len(bounds) else None

    @abstractmethod
    def takes(self, tensor: Tensor) -> bool:
        """Whether it is meant for tensors of such a dtype and shape."""

    @abstractmethod
    def write(self, name: str, tensor: Tensor) -> Tensor:
        """Return what travels. Raises ``RepresentationError`` for values that it cannot represent."""

    @abstractmethod
    def read(self, sent: Tensor, like: Tensor) -> Tensor:
        """Return what the graph makes of ``sent``, in the dtype and shape of ``like``."""

    @abstractmethod
    def bound_of(self, tensor: Tensor) -> float | None:
        """Return the largest absolute error of an element of ``tensor``; None where nothing is promised."""
