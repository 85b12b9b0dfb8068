"""A law file is someone else's data: what cannot be is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serlab.errors import SchemaVersionError, StoreError, UnknownNameError, UsageError
from serlab.records.law import Law, Line, parse_law, parts
from serlab.records.law_files import TENSORFLOW_SERVING, find_law, list_laws, write_law
from tests.records.odd_files import KINDS, make_odd

Change = Callable[[dict[str, Any]], None]


def shipped(tmp_path: Path) -> Law:
    return find_law(TENSORFLOW_SERVING, tmp_path)


def changed(tmp_path: Path, change: Change) -> bytes:
    plain = msgspec.to_builtins(shipped(tmp_path))
    change(plain)
    return msgspec.json.encode(plain)


def set_in(*keys: str | int, to: Any) -> Change:
    def change(plain: Any) -> None:
        for key in keys[:-1]:
            plain = plain[key]
        plain[keys[-1]] = to

    return change


def test_sizes_are_split_where_pieces_end() -> None:
    assert parts(100, ()) == [100]
    assert parts(100, (64, 256)) == [64, 36, 0]
    assert sum(parts(1e6, (64, 256))) == 1e6
    assert Line((1.0, 2.0), (10,)).cost(15) == 10 * 1.0 + 5 * 2.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (set_in("routes", 0, "floor_s", to=-1e-4), "not negative"),
        (set_in("routes", 0, "request", "rates", to=[1e-9, -1e-9, 0, 0]), "not negative"),
        (set_in("routes", 0, "request", "rates", to=[1e-9]), "do not go together"),
        (set_in("routes", 0, "request", "breaks", to=[9, 5, 7]), "do not go together"),
        (set_in("yardsticks", "copy", "seconds", to=0.0), "took no time"),
        (set_in("routes", to=[]), "no route"),
        (set_in("routes", 0, "floor_s", to="fast"), "is not a law"),
    ],
)
def test_impossible_numbers_are_refused(tmp_path: Path, change: Change, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        parse_law(changed(tmp_path, change), "mine.json")


def test_a_route_of_one_size_has_no_cost_per_byte(tmp_path: Path) -> None:
    def one_size(plain: dict[str, Any]) -> None:
        plain["routes"][0]["request_bytes"] = plain["routes"][0]["response_bytes"] = [512, 512]

    with pytest.raises(StoreError, match="one size only"):
        parse_law(changed(tmp_path, one_size), "mine.json")


def test_another_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaVersionError, match="law schema 7"):
        parse_law(changed(tmp_path, set_in("schema", to=7)), "mine.json")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": 1}', b"\x80\x04 pickle"])
def test_what_is_no_law_is_refused(content: bytes) -> None:
    with pytest.raises(StoreError):
        parse_law(content, "mine.json")


def test_a_law_comes_back_as_it_was_written(tmp_path: Path) -> None:
    law = shipped(tmp_path)
    path = write_law(law, tmp_path)
    assert path == tmp_path / "laws" / f"{TENSORFLOW_SERVING}.json"
    assert parse_law(path.read_bytes(), "it") == law
    assert find_law(str(path), tmp_path / "elsewhere") == law
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_of_a_laws_size_is_refused_unread(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.json"
    make_odd(path, kind)
    with pytest.raises(StoreError, match=r"mine\.json"):
        find_law(str(path), tmp_path)


def test_names_that_do_not_exist_or_cannot_be(tmp_path: Path) -> None:
    assert TENSORFLOW_SERVING in list_laws(tmp_path)
    assert "mine" not in list_laws(tmp_path)
    with pytest.raises(UnknownNameError, match=TENSORFLOW_SERVING):
        find_law("mine", tmp_path)
    with pytest.raises(UsageError, match="cannot name a law"):
        write_law(replace(shipped(tmp_path), name="../mine"), tmp_path)
