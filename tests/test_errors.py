from __future__ import annotations

import subprocess
import sys

import pytest

from serlab.errors import MissingExtraError, as_missing_extra, needs

#: Runs serlab with libraries that cannot be imported, as where their extra was left out.
WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
sys.argv = ["serlab", *{arguments!r}]
from serlab.__main__ import main
main()
"""


def without(missing: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    script = WITHOUT.format(missing=missing, arguments=arguments)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("missing", "extra"),
    [
        ("altair", "report"),
        ("vl_convert", "report"),
        ("docker", "docker"),
        ("locust.env", "load"),
        ("tensorflow", "tensorflow"),
    ],
)
def test_a_library_that_is_not_installed_names_its_extra(missing: str, extra: str) -> None:
    with pytest.raises(MissingExtraError, match=rf"serlab\[{extra}\]"):
        raise as_missing_extra(ModuleNotFoundError(f"No module named {missing!r}", name=missing))


@pytest.mark.parametrize("missing", ["altair", "jinja2", "vl_convert", "markupsafe"])
def test_report_without_its_extra_is_one_line(missing: str) -> None:
    done = without((missing,), "report", "--results", "results/reference")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'serlab[report]'" in done.stderr


def test_a_fault_of_serlabs_own_is_no_missing_extra() -> None:
    for error in (ModuleNotFoundError("No module named 'serlab.x'", name="serlab.x"), ImportError("cannot import y")):
        with pytest.raises(ImportError) as caught:
            as_missing_extra(error)
        assert caught.value is error


def test_a_library_for_another_process_is_looked_for_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("json")
    monkeypatch.setitem(sys.modules, "scalene", None)
    with pytest.raises(MissingExtraError, match=r"serlab\["):
        needs("scalene")
