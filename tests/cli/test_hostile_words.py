"""Whatever somebody types, or has in the environment, every command ends with words and a code that is documented.

Nothing is started: what would start a process or a server ends the try, so what is wrong has to be found before that.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import typer

import serlab.__main__ as entry

#: Command lines in all, by one seed.
TRIES = 2_750
SEED = 20_261_125
#: 0 done, 1 found something, 2 wrong use or could not run.
DOCUMENTED = {0, 1, 2}

#: Words that no option expects, or only one does; those that let a command get further; what follows a command; and
#: environments. No path leads out of the test's own folder.
DATA = json.loads((Path(__file__).parents[1] / "data" / "hostile-words.json").read_text())
HOSTILE, POSITIONS, SOUND, ENVIRONMENTS = (DATA[key] for key in ("words", "positions", "sound", "environments"))


class Started(BaseException):
    """A process or a server would have been started."""


def start(*_arguments: object, **_options: object) -> NoReturn:
    raise Started


class Kept(io.BytesIO):
    """What a stream held, also after it was closed."""

    def close(self) -> None:
        pass


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every command with its parameters."""
    if hasattr(group, "commands"):
        for name, command in group.commands.items():
            yield from commands(command, (*words, name))
    else:
        yield words, [parameter for parameter in group.params if "--help" not in parameter.opts]


def line(draw: random.Random, words: tuple[str, ...], parameters: list[Any]) -> list[str]:
    """One command line: a few options, most of them sound, and at least one word that is not."""
    options = [parameter for parameter in parameters if parameter.param_type_name == "option"]
    chosen = draw.sample(options, min(len(options), draw.randint(1, 4)))
    made = list(words)
    for number, option in enumerate(chosen):
        name = draw.choice(option.opts + option.secondary_opts)
        made.append(name)
        if not option.is_flag:
            sound = SOUND.get(name) if number and draw.random() < 0.8 else None
            made += [draw.choice(sound or HOSTILE) for _ in range(option.nargs)]
    if draw.random() < 0.5:
        made += [draw.choice(POSITIONS if draw.random() < 0.6 else HOSTILE) for _ in range(draw.randint(1, 2))]
    if draw.random() < 0.03:
        made.insert(draw.randrange(len(made) + 1), draw.choice(HOSTILE))
    # Pages would be opened, and endless output made.
    return [word for word in made if word not in ("--open", "-h", "--help") and "/dev" not in word]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of all kinds, where nothing can be started."""
    monkeypatch.chdir(tmp_path)
    np.save("file.npy", np.ones((1, 4), np.float32))
    np.savez("file.npz", y=np.ones((1, 4), np.float32))
    whole = Path("file.npz").read_bytes()
    Path("torn.npz").write_bytes(whole[: len(whole) // 2])
    Path("text.json").write_text('{"instances": [[1, 2]]}')
    Path("header.txt").write_bytes(b"a: b\n\xff: c\n")
    Path("folder").mkdir()
    shutil.copytree(Path(__file__).parents[1] / "data" / "run-schema-1", "kept/sample/run")
    monkeypatch.setattr("subprocess.Popen.__init__", start)
    for name in ("fork", "execv", "posix_spawn"):
        monkeypatch.setattr(os, name, start)
    monkeypatch.setattr("serlab.serving.base.Instance.__enter__", _enter)
    monkeypatch.setattr("serlab.lab.doctor.diagnose", start)
    monkeypatch.setattr("serlab.measure.precision.lab.PrecisionLab.run", start)
    monkeypatch.setattr("serlab.report.page.render", start)
    command = typer.main.get_command(entry.build_app())
    monkeypatch.setattr(entry, "build_app", lambda: command)
    return tmp_path


def _enter(instance: Any) -> NoReturn:
    from serlab.serving.remote import RemoteInstance, remote_endpoint

    if isinstance(instance, RemoteInstance):
        remote_endpoint(instance.options)
    raise Started


def run(words: list[str], environment: dict[str, str], encoding: str) -> tuple[int, str]:
    """Run a command line as the shell does, as far as something is started; return its code and its complaints."""
    out, err = Kept(), Kept()
    before = sys.argv, sys.stdout, sys.stderr, dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    sys.argv = ["serlab", *words]
    sys.stdout, sys.stderr = (io.TextIOWrapper(stream, encoding) for stream in (out, err))
    code: object = 0
    try:
        os.environ.update(environment)
        entry.main()
    except Started:
        pass
    except SystemExit as end:
        code = end.code
    finally:
        sys.stderr.flush()  # as the interpreter does at its end
        sys.argv, sys.stdout, sys.stderr, kept = before
        os.environ.clear()
        os.environ.update(kept)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert isinstance(code, int)
    return code, err.getvalue().decode(encoding, "replace")


def test_every_command_line_ends_with_words_and_a_documented_code(workplace: Path) -> None:
    draw = random.Random(SEED)
    known = list(commands(entry.build_app()))
    codes: Counter[int] = Counter()
    faults: dict[str, str] = {}
    for number in range(TRIES):
        words = line(draw, *known[number % len(known)])
        names = draw.sample(sorted(ENVIRONMENTS), draw.randint(0, 3))
        environment = {name: draw.choice(ENVIRONMENTS[name]) for name in names}
        encoding = draw.choice(("utf-8", "ascii", "latin-1"))
        tried = f"{words} in {environment}, {encoding}"
        try:
            code, complaint = run(words, environment, encoding)
        except Exception as error:  # noqa: BLE001 -- each is a fault, and all are told together
            frame = traceback.extract_tb(error.__traceback__)[-1]
            faults[f"{type(error).__name__} at {frame.filename}:{frame.lineno}"] = f"{error!r:.300} from {tried:.600}"
            continue
        if code not in DOCUMENTED or "Traceback" in complaint or (code == 2 and not complaint.strip()):
            faults[f"code {code}, {complaint[:60]}"] = tried
        codes[code] += 1
    assert not faults, "\n".join(f"{where}: {what}" for where, what in faults.items())
    assert codes[2] > TRIES / 4, "wrong use is found before anything is started"
    assert codes[0] > TRIES / 20, "and what is right gets as far as that"
