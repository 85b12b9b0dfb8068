"""What one encode or decode adds to the process's memory, seen by memray around the call alone, in a fresh process."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

from serlab.codecs.base import ChunkedCodec
from serlab.errors import MeasureError
from serlab.measure.calls import Exchange, Subject, first_elements, with_shapes
from serlab.payload import parse_payload
from serlab.records.run import Case, MemoryFrame, MemoryProfile, MemoryStack
from serlab.servable.signatures import ECHO_MODEL

#: Requests up to this size are served by pymalloc's arenas, larger ones by malloc (Objects/obmalloc.c).
PYMALLOC_LIMIT_BYTES = 512
#: How many of the places that held memory at the peak a record names.
TOP_FRAMES = 3
#: How many ways through the code a record keeps, and the share of the peak from which one is worth keeping.
KEPT_STACKS, KEPT_SHARE = 24, 0.004
#: What the others are called together.
OTHERS = "smaller ones"
_OUTSIDE = "outside Python"


def profile(case: Case, subject: Subject, capture: Path, *, native: bool = False) -> MemoryProfile:
    """Run ``case`` once under memray and return what it added; the capture is written to ``capture``.

    Python's small objects are counted (``trace_python_allocators``): without them a list of floats weighs nothing but
    the arenas that happened to be new. ``native`` records the C stacks as well.

    Raises:
        MeasureError: memray cannot write the capture.
    """
    exchange = subject.exchange(case.codec)
    codec, call, tensors = exchange.codec, exchange.call, exchange.tensors
    body = b"" if case.op == "encode" else exchange.response(case.form)
    _warm_up(exchange, case)
    if case.op == "decode":
        step: Callable[[], object] = partial(codec.decode, body, call)
    else:  # what is sent while it is encoded is never there as a whole
        step = partial(codec.drain if isinstance(codec, ChunkedCodec) else codec.encode, tensors, call)
    track(step, capture, native=native)
    return read_capture(case, parse_payload(subject.payload, seed=subject.seed).raw_bytes, capture)


def track(step: Callable[[], object], capture: Path, *, native: bool = False) -> None:
    """Call ``step`` once under memray, which writes ``capture``.

    Raises:
        MeasureError: memray cannot write the capture.
    """
    import memray

    capture.unlink(missing_ok=True)
    try:
        with memray.Tracker(capture, trace_python_allocators=True, native_traces=native):
            # The name keeps the result alive until tracking has ended: it is part of what the call adds.
            kept = step()
    except OSError as error:
        raise MeasureError(f"memray cannot write {capture}: {error}") from error
    del kept


def read_capture(case: Case, raw_bytes: int, capture: Path) -> MemoryProfile:
    """Return the profile that a memray capture holds; its totals are those of ``memray stats``.

    Raises:
        MeasureError: the file is not a memray capture.
    """
    statistics, at_peak = _read(capture)
    small = sum(record.size for record in at_peak if record.size <= PYMALLOC_LIMIT_BYTES * record.n_allocations)
    return MemoryProfile(
        case,
        raw_bytes=raw_bytes,
        peak_bytes=statistics.peak_memory_allocated,
        pymalloc_peak_bytes=small,
        allocated_bytes=statistics.total_memory_allocated,
        allocations=statistics.total_num_allocations,
        capture=capture.name,
        top=tuple(frame for frame in _held(at_peak) if frame.function != _OUTSIDE)[:TOP_FRAMES],
        stacks=_stacks(at_peak),
    )


def short_path(path: str) -> str:
    """Return a source file's path from its package on: no machine's folders in results."""
    return re.split(r"site-packages/|lib/python3\.\d+/|(?=serlab/)", path)[-1]


def _warm_up(exchange: Exchange, case: Case) -> None:
    """Run the case once, on single elements where it can be, so that lazy imports and caches are not taken for it."""
    codec, call = exchange.codec, exchange.call
    if call.model == ECHO_MODEL:
        tensors = first_elements(exchange.tensors)
        tiny = with_shapes(call, tensors)
        body = codec.write_response(dict(zip(tiny.outputs, tensors.values(), strict=True)), tiny, case.form)
    else:
        tensors, tiny = exchange.tensors, call
        body = exchange.response(case.form)
    if case.op == "encode":
        codec.encode(tensors, tiny)
    else:
        codec.decode(body, tiny)


def stacks_at_peak(capture: Path) -> tuple[MemoryStack, ...]:
    """Return the ways through the code that held memory at the peak of a capture, largest first.

    Raises:
        MeasureError: the file is missing, or is not a memray capture.
    """
    return _stacks(_read(capture)[1])


def frames_at_peak(capture: Path, *, native: bool = False) -> tuple[MemoryFrame, ...]:
    """Return the innermost frames that held memory at the peak, largest first; together they hold all of it.

    Frames of Python; with ``native``, of a capture that has them, the C, C++ or Rust function below.

    Raises:
        MeasureError: the file is missing, or is not a memray capture.
    """
    return _held(_read(capture)[1], native=native)


def _read(capture: Path) -> tuple[Any, list[Any]]:
    """Return memray's statistics of a capture, and its records of what held memory at the peak."""
    import memray
    from memray._memray import compute_statistics

    try:
        reader = memray.FileReader(capture)
        return compute_statistics(str(capture)), list(reader.get_high_watermark_allocation_records(merge_threads=True))
    except (OSError, ValueError) as error:
        raise MeasureError(f"{capture} is not a readable memray capture: {error}") from error


def _held(at_peak: Iterable[Any], *, native: bool = False) -> tuple[MemoryFrame, ...]:
    held: Counter[tuple[str, str, int]] = Counter()
    for record in at_peak:
        places = record.hybrid_stack_trace(max_stacks=1) if native else record.stack_trace(max_stacks=1)
        function, file, line = places[0] if places else (_OUTSIDE, "", 0)
        held[function, short_path(file), line] += record.size
    return tuple(MemoryFrame(*place, bytes=size) for place, size in held.most_common())


def _stacks(at_peak: Iterable[Any]) -> tuple[MemoryStack, ...]:
    """The ways begin where serlab calls the codec, and end with what the innermost line calls."""
    held: Counter[tuple[str, ...]] = Counter()
    for record in at_peak:
        frames: list[str] = []
        for function, file, line in record.stack_trace():  # the innermost first
            if file == __file__:
                break
            if not frames and (called := called_at(file, line)):
                frames.append(called)
            frames.append(f"{function} ({short_path(file)}:{line})")
        held[tuple(reversed(frames)) or ("the call itself",)] += record.size
    whole = sum(held.values())
    kept = [MemoryStack(way, size) for way, size in held.most_common(KEPT_STACKS) if size >= KEPT_SHARE * whole]
    rest = whole - sum(stack.bytes for stack in kept)
    return (*kept, MemoryStack((OTHERS,), rest)) if rest else tuple(kept)


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
