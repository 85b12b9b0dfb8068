"""What a line of Python calls: native code has no frames, and ``tensor.tolist()`` says more than a line's number."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

#: A longer expression is cut.
_LONGEST = 60


@cache
def called_at(file: str, line: int) -> str:
    """Return the call of a line, its arguments left out: ``np.array(…).reshape(…)``.

    Of several side by side, the expression that they are in. "" where the source is not to be had, or calls nothing.
    """
    found = [node for node in _calling(file) if node.lineno <= line <= (node.end_lineno or 0)]
    if not found:
        return ""
    narrow = min((node.end_lineno or 0) - node.lineno for node in found)
    node = next(one for one in found if (one.end_lineno or 0) - one.lineno == narrow)  # the walk is from the outside
    while not isinstance(node, ast.Call):
        within = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) and _calls(child)]
        if len(within) != 1:
            break
        node = within[0]
    text = ast.unparse(_Short().visit(ast.parse(ast.unparse(node), mode="eval"))).replace("self._", "")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


@cache
def _calling(file: str) -> list[ast.expr]:
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr) and _calls(node)]


def _calls(node: ast.expr) -> bool:
    return any(isinstance(one, ast.Call) for one in ast.walk(node))


class _Short(ast.NodeTransformer):
    """Leaves out what stands in a call's parentheses."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        given: list[ast.expr] = [ast.Name("…")] if node.args or node.keywords else []
        return ast.Call(node.func, given, [])
