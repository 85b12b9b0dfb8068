"""Fuzzes serlab's readers, guided by coverage: ``make fuzz``, or ``python fuzz/run.py --minutes 2 rest wire``.

Needs the extra ``fuzz`` (atheris). Each target begins with its corpus: messages and files that once failed, or that
reach far. An input that fails is written to fuzz/found/ and ends its target; the exit code is then 1. Keep it in
fuzz/corpus/ with the mending: the tests replay the corpus without atheris.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: An input that takes longer than this hangs; no reader needs more than this much memory.
TIMEOUT_S, MEMORY_MB = 20, 3000
LONGEST_INPUT_BYTES = 4096


def main() -> int:
    """Fuzz the chosen targets one after the other; return 1 where one of them failed."""
    sys.path.insert(0, str(HERE.parent))
    from fuzz import targets

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", choices=[[], *targets.TARGETS], help="default: all of them")
    parser.add_argument("--minutes", type=float, default=2.0, help="for all targets together (default: 2)")
    parser.add_argument("--alone", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return _fuzz(options.targets[0], options.minutes, options.alone)
    chosen = options.targets or list(targets.TARGETS)
    each = options.minutes / len(chosen)
    failed = []
    for target in chosen:
        print(f"{target}: {each * 60:.0f} s", flush=True)
        with tempfile.TemporaryDirectory(prefix="fuzz-corpus-") as grown:
            command = [sys.executable, __file__, target, "--minutes", str(each), "--alone", grown]
            if subprocess.run(command, check=False).returncode:
                failed.append(target)
    print(f"failed: {', '.join(failed)}; the inputs are in {HERE / 'found'}" if failed else "nothing failed")
    return 1 if failed else 0


def _fuzz(target: str, minutes: float, grown: str) -> int:
    import atheris

    with atheris.instrument_imports(include=["serlab"]):
        from fuzz import targets

        targets.TARGETS[target](b"")  # imports what it needs
    found, corpus = HERE / "found", HERE / "corpus" / target
    found.mkdir(exist_ok=True)
    settings = [
        f"-max_total_time={max(1, round(minutes * 60))}", f"-timeout={TIMEOUT_S}", f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={LONGEST_INPUT_BYTES}", f"-artifact_prefix={found}/{target}-", "-print_final_stats=1",
        "-verbosity=0",
    ]  # fmt: skip
    folders = [grown, *([str(corpus)] if corpus.is_dir() else [])]
    atheris.Setup([sys.argv[0], *settings, *folders], targets.TARGETS[target])
    atheris.Fuzz()  # ends the process, without what stands in with and finally
    return 0


if __name__ == "__main__":
    sys.exit(main())
