"""A secret shows a mask wherever it is shown, and a command line is kept without what it sends."""

from __future__ import annotations

import copy
import json
import pickle
import shlex
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serlab.records.run_data import RunData
from serlab.records.secret import REDACTED, Secret, hidden_values, masked, masked_command, masked_words, without_secrets
from serlab.records.store import RunFolder

TOKEN = "SECRETTOKEN123"
BEARER = f"Bearer {TOKEN}"


@dataclass(frozen=True)
class Holder:
    headers: dict[str, Secret]


HOLDER = Holder({"authorization": Secret(BEARER)})


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(BEARER)),
        repr(Secret(BEARER)),
        f"{Secret(BEARER)} {Secret(BEARER)!r} {Secret(BEARER):>12}",
        "%s" % Secret(BEARER),  # noqa: UP031
        repr(HOLDER),
        str(replace(HOLDER)),
        msgspec.json.encode(HOLDER, enc_hook=masked).decode(),
        json.dumps({"a": [Secret(BEARER)]}, default=masked),
    ],
)
def test_a_secret_is_shown_as_a_mask(shown: str) -> None:
    assert TOKEN not in shown
    assert REDACTED in shown


@pytest.mark.parametrize("write", [json.dumps, msgspec.json.encode, pickle.dumps, "".join])
def test_what_cannot_mask_a_secret_refuses_it(write: Any) -> None:
    with pytest.raises(TypeError) as refused:
        write([Secret(BEARER)])
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


def test_a_secret_is_itself_in_copies_and_compares_by_its_text() -> None:
    secret = Secret(BEARER)
    assert copy.deepcopy({"a": secret})["a"] is secret
    assert copy.copy(secret) is secret
    assert Secret(secret) == secret == Secret(BEARER) != Secret("other")
    assert hash(secret) == hash(Secret(BEARER))
    assert secret.reveal() == BEARER
    assert secret != BEARER


def test_a_record_with_a_secret_is_stored_with_a_mask(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_part("part", HOLDER)
    assert TOKEN not in (tmp_path / "part.json").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["--header", f"authorization: {BEARER}"],
        ["--header", f"authorization:{BEARER}"],
        [f"--header=authorization: {BEARER}"],
        ["--header", BEARER],
        [f"--header={BEARER}"],
        ["--headers", f"a: {BEARER}"],
        ["--head", f"a: {BEARER}"],
        ["--hea", f"a: {BEARER}"],
        [f"-header=a: {BEARER}"],
        ["--HEADER", f"a: {BEARER}"],
        ["--", "--header", f"a: {BEARER}"],
        ["--", f"--header=a: {BEARER}"],
        ["--header", "x: y", "--header", f"a: {BEARER}", "-q"],
        ["--serving", f"https://user:{TOKEN}@host/prefix"],
    ],
)
def test_no_spelling_brings_a_value_into_a_command(words: list[str]) -> None:
    shown = masked_words(["serlab", "bench", *words, "--codec", "wire"])
    assert TOKEN not in " ".join(shown)
    assert shown[:2] == ["serlab", "bench"]
    assert shown[-2:] == ["--codec", "wire"], "nothing else is lost"
    assert TOKEN not in masked_command(shlex.join(["serlab", "bench", *words]))


@pytest.mark.parametrize(
    "words",
    [
        ["--header", f"authorization: {BEARER}"], [f"--header=authorization:{BEARER}"], ["--head", BEARER],
        ["--serving", f"https://{BEARER.split()[1]}@host/prefix"],
    ],
)  # fmt: skip
def test_what_a_command_hides_can_be_looked_for(words: list[str]) -> None:
    (found,) = hidden_values(shlex.join(["serlab", "bench", *words]))
    assert found in (BEARER, TOKEN)


def test_the_name_of_a_header_and_a_file_of_headers_stay() -> None:
    words = ["serlab", "load", "--header", "x-key: 1", "--header=@secrets.txt", "--host=h"]
    assert masked_words(words) == [
        "serlab",
        "load",
        "--header",
        f"x-key: {REDACTED}",
        "--header=@secrets.txt",
        "--host=h",
    ]


@pytest.mark.parametrize("command", ["serlab bench --codec 'a b' --payload x=1", "", "serlab"])
def test_a_command_without_secrets_stays_as_it_was(command: str) -> None:
    assert masked_command(command) == command


def test_a_command_that_no_shell_would_take_loses_all_that_follows() -> None:
    assert TOKEN not in masked_command(f"serlab bench --header 'a: {BEARER} --codec wire")


def test_a_run_that_an_older_version_recorded_is_read_without_the_value(run_data: RunData, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_info(run_data.info)
    file = tmp_path / "run.json"
    command = json.dumps(f"serlab bench --header 'authorization: {BEARER}'")
    file.write_text(file.read_text().replace('"serlab bench"', command))
    assert TOKEN in file.read_text()
    assert folder.read_info().command == f"serlab bench --header 'authorization: {REDACTED}'"


@pytest.mark.parametrize("words", [f"bad token {TOKEN}", f"you sent {BEARER!r}", f"{TOKEN}{TOKEN}"])
def test_a_servers_words_lose_what_they_quote(words: str) -> None:
    told = without_secrets(words, {"authorization": Secret(BEARER), "x-empty": Secret("")})
    assert TOKEN not in told
    assert REDACTED in told
