"""The import rules of the package, read from its source: no arrow may run up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "serlab"

#: Everyone may import these.
GROUND = {"errors", "records"}
LEAVES = {"payload", "wire", "codecs", "representations", "transports", "servable", "embedded", "serving", "analysis"}
ALLOWED = {
    **{part: {part} for part in LEAVES},
    "connection": {"connection"},
    "codecs": {"codecs", "wire"},
    "payload": {"payload", "wire"},
    "representations": {"representations", "wire"},
    "transports": {"transports", "connection", "wire"},
    "wire": {"wire", "connection"},
    "embedded": {"embedded", "wire", "connection"},
    "serving": {"serving", "wire", "connection", "embedded"},
    "measure": {"measure", "connection"} | LEAVES,
    "report": {"report", "analysis"},
    "lab": {"lab", "measure", "report", "connection"} | LEAVES,
    "cli": {"cli", "lab", "report", "connection", "serving"},
    **{part: {part} for part in GROUND},
}
#: TensorFlow may be imported in these parts only.
TENSORFLOW_PARTS = {"codecs", "servable", "embedded"}


def source_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in known_parts())


def known_parts() -> set[str]:
    return set(ALLOWED)


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the modules that a file names in imports, wherever they stand, with the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide the layer they reach into"
            yield node.module or "", node.lineno
            if node.module == "serlab":
                yield from ((f"serlab.{alias.name}", node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_floor_allows(path: Path) -> None:
    allowed = ALLOWED[part_of(path)] | GROUND
    for module, line in imports_of(path):
        parts = module.split(".")
        if parts[0] != "serlab" or len(parts) == 1 or parts[1] == "__version__":
            continue
        assert parts[1] in allowed, f"{path.relative_to(ROOT)}:{line} imports {module}"


@pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_tensorflow_is_imported_only_where_it_is_needed(path: Path) -> None:
    if part_of(path) in TENSORFLOW_PARTS:
        return
    for module, line in imports_of(path):
        assert module.split(".")[0] not in {"tensorflow", "tensorflow_serving", "keras"}, (
            f"{path.relative_to(ROOT)}:{line} imports {module}"
        )


def test_every_part_of_the_package_has_a_rule() -> None:
    found = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("_")}
    assert found - {"py.typed"} <= known_parts()


@pytest.mark.parametrize(
    ("registry", "written"),
    [
        ("codecs/registry.py", "    name = "),
        ("report/sections/registry.py", "def build("),
        ("representations/registry.py", "    name = "),
        ("serving/registry.py", "(Instance):"),
        ("transports/registry.py", "(NetworkTransport):"),
    ],
)
def test_every_file_of_a_kind_is_on_the_list_of_its_folder(registry: str, written: str) -> None:
    path = PACKAGE / registry
    listed = ast.unparse(ast.parse(path.read_text()))
    files = [file for file in path.parent.glob("*.py") if written in file.read_text() and file != path]
    assert len(files) > 1
    for file in files:
        assert re.search(rf"import .*\b{file.stem}\b|\.{file.stem} import ", listed), f"{registry} lacks {file.name}"


#: Tests of what no single file does, by their place below tests/.
OF_SEVERAL_FILES = {
    "analysis/laws/test_shipped.py",  # the law that comes with serlab, against calls it was not fitted on
    "codecs/test_contenders.py",  # msgspec and ujson
    "cli/test_experiment_commands.py",  # what the commands around a server have in common
    "cli/test_hostile_words.py",  # every command
    "cli/test_told_commands.py",  # every command that is told somewhere
    "embedded/test_clients.py",  # clients that others wrote
    "embedded/test_faults.py",  # faults on the way to the server
    "embedded/test_fidelity.py",  # recorded answers of TensorFlow Serving
    "embedded/test_fuzz.py",  # generated requests
    "fuzz/test_targets.py",  # what fuzz/ calls
    "measure/precision/test_exhaustive_16_bit.py",  # every 16-bit float
    "records/test_hostile_results.py",  # every record
    "records/test_round_trips.py",  # every record
    "report/browser/test_flamegraphs.py",  # pages in a browser
    "report/browser/test_layout.py",  # pages in a browser
    "report/browser/test_links.py",  # pages in a browser
    "report/browser/test_paper.py",  # pages in a browser
    "report/browser/test_use.py",  # pages in a browser
    "report/plots/test_all_plots.py",  # every plot
    "report/sections/test_conclusions.py",  # sentences of several sections
    "representations/test_representations.py",  # every representation
    "test_layering.py",
    "test_startup.py",
    "test_wheel.py",
    "wire/test_against_protobuf.py",  # protobuf's own reader and writer
    "wire/test_decode.py",  # whatever is read
    "wire/test_mutated_messages.py",  # generated messages
    "wire/test_serving_answers.py",  # recorded answers of TensorFlow Serving
    "wire/test_wire_api.py",  # the public names
}


def test_tests_are_named_after_the_file_they_test() -> None:
    """``tests/X/test_Y.py`` or ``tests/X/test_Y_topic.py`` is for ``serlab/X/Y.py``, or for the folder ``Y``."""
    tests = ROOT / "tests"
    strays = []
    for path in tests.rglob("test_*.py"):
        place = path.relative_to(tests)
        words = path.stem.removeprefix("test_").split("_")
        names = {"_".join(words[:count]) for count in range(1, len(words) + 1)}
        folder = PACKAGE / place.parent
        if not any((folder / f"{name}.py").exists() or (folder / name).is_dir() for name in names):
            strays.append(place.as_posix())
    assert set(strays) <= OF_SEVERAL_FILES, "name them after a file of serlab/, or list them above"
    assert {place for place in OF_SEVERAL_FILES if not (tests / place).exists()} == set()


def test_benches_import_only_measure_of_serlab() -> None:
    """But for the one whose subject is the embedded server, which no measurement of the lab's knows from inside."""
    scripts = sorted(set((ROOT / "benches").glob("*.py")) - {ROOT / "benches" / "standin.py"})
    assert scripts
    for path in scripts:
        for module, line in imports_of(path):
            if module.startswith("serlab"):
                assert module.startswith("serlab.measure"), f"{path.name}:{line} imports {module}"
