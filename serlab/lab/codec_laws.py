"""What ``serlab law codecs`` does: learns what codecs' steps cost within calls by the number of elements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from serlab.analysis.laws.fit import fit_codec
from serlab.analysis.stats import midmean
from serlab.codecs import registry
from serlab.errors import MeasureError, UsageError
from serlab.lab.laws import yardsticks_here
from serlab.measure.calls import Subject
from serlab.measure.chunks import time_step
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.machine import describe_machine
from serlab.measure.process.parents import client_of
from serlab.measure.process.workers import Workers
from serlab.payload import DEFAULT_SEED
from serlab.payload.values import DTYPES
from serlab.records.call import numpy_dtype
from serlab.records.law import CodecLaw, CodecPoint, Law, LawMachine
from serlab.records.law_files import write_law
from serlab.records.run import OPS, Case, Form, Op
from serlab.records.store import check_writable, now

#: Elements of each size; at least two between any two places where a law may bend, for dtypes of 1 to 8 bytes.
SIZES = (64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288)
#: Large tensors of these dtypes are images: from so many elements on they are pixels of four channels. Lists in lists
#: cost a client that makes them several times what one long list does.
_PIXELS, _PIXELS_FROM = ("float32", "float16", "uint8"), 16_384
RUN_S = 0.03
#: Fresh processes of each size; the median counts.
PROCESSES = 3
#: A codec is not timed at larger sizes once a call takes this long.
LONGEST_S = 0.15


def learn_codecs(
    name: str, codecs: Sequence[str], dtype: str, results: Path, listener: Listener | None = None
) -> tuple[Law, Path]:
    """Learn the laws of codecs for tensors of one dtype, keep them as ``results/laws/NAME.json``, return both.

    Without ``codecs`` it learns all main ones.

    Raises:
        UnknownNameError, CodecUnavailableError: no such codec, or its library is missing.
        UsageError: no such dtype.
        MeasureError: a codec cannot carry the dtype.
    """
    check_writable(results)
    say = listener or Silent()
    if dtype not in DTYPES:
        raise UsageError(f"--dtype {dtype!r} is no dtype: write float32, int64, uint8, …")
    itemsize = numpy_dtype(dtype).itemsize
    codecs = codecs or registry.main_codecs()
    say.phase("codecs", len(codecs) * len(OPS))
    laws: list[CodecLaw] = []
    for codec in codecs:
        kind = type(registry.get(codec))
        # A process that has loaded this codec and nothing else, as its user's client has.
        with Workers([codec]) as workers:
            for op in OPS:
                say.step(f"{codec} {op}")
                form: Form | None = "values" if op == "decode" and kind.transport == "grpc" else None
                points = _points(workers, codec, op, dtype, form)
                laws.append(fit_codec(codec, op, dtype, itemsize, client_of(codec), points, form))
    source = f"serlab law codecs: steps of calls without a server, {dtype}, uniform values, large ones as pixels"
    law = Law(
        name, now(), "embedded", "no server", LawMachine.of(describe_machine()), (), (), yardsticks_here(),
        tuple(laws), source=source,
    )  # fmt: skip
    return law, write_law(law, results)


def _points(workers: Workers, codec: str, op: Op, dtype: str, form: Form | None) -> list[CodecPoint]:
    points: list[CodecPoint] = []
    for elements in SIZES:
        pixels = dtype in _PIXELS and elements >= _PIXELS_FROM
        payload = f"1x{elements // 4}x4:{dtype}" if pixels else f"1x{elements}:{dtype}"
        subject = Subject(payload, DEFAULT_SEED)
        case = Case(payload, codec, op, form)
        try:
            seconds = midmean(workers.call(time_step, case, subject, RUN_S, number) for number in range(PROCESSES))
        except MeasureError as error:
            raise MeasureError(f"{codec} {op} of {payload}: {error}") from error
        points.append(CodecPoint(elements, seconds))
        if points[-1].seconds > LONGEST_S:
            break
    return points
