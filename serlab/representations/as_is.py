"""The tensors themselves: what every other representation is compared with."""

from __future__ import annotations

from serlab.representations.base import Representation, Tensor, Tensors


class AsIs(Representation):
    """Nothing is changed."""

    name = "as-is"
    signature = ""
    effect = "exact: nothing is changed"

    def apply(self, tensors: Tensors) -> dict[str, Tensor]:
        """Return the tensors."""
        return dict(tensors)

    def undo(self, sent: Tensors, tensors: Tensors) -> dict[str, Tensor]:
        """Return what was sent."""
        return dict(sent)

    def bound(self, tensors: Tensors) -> float | None:
        """No error."""
        return 0.0
