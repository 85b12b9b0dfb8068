"""Everything that held memory at the peak of a capture, frame by frame: what comparing two captures needs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from serlab.errors import MeasureError
from serlab.measure.memory import short_path
from serlab.record import MemoryFrame


def frames_at_peak(capture: Path, *, native: bool = False) -> tuple[MemoryFrame, ...]:
    """Return the innermost frames that held memory at the peak, largest first; together they hold all of it.

    Frames of Python; with ``native``, of a capture that has them, the C, C++ or Rust function below.

    Raises:
        MeasureError: the file is missing, or is not a memray capture.
    """
    import memray

    held: Counter[tuple[str, str, int]] = Counter()
    try:
        reader = memray.FileReader(capture)
        for record in reader.get_high_watermark_allocation_records(merge_threads=True):
            places = record.hybrid_stack_trace(max_stacks=1) if native else record.stack_trace(max_stacks=1)
            function, file, line = places[0] if places else ("outside Python", "", 0)
            held[function, short_path(file), line] += record.size
    except (OSError, ValueError) as error:
        raise MeasureError(f"{capture} is not a readable memray capture: {error}") from error
    return tuple(MemoryFrame(*place, bytes=size) for place, size in held.most_common())
