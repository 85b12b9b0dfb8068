"""Entry point of ``serlab`` and ``python -m serlab``: the list of commands, errors as messages and exit codes.

Exit codes: 0 done, 1 finished but found something (a regression, a mismatch, a case without calls), 2 wrong use or
could not run, 130 interrupted with Ctrl-C, 143 ended by SIGTERM (129 by SIGHUP), 141 nobody reads the output any more.
However a command ends, what it had measured is kept, and nothing of it runs on.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from serlab import __version__
from serlab.errors import EXIT_SIGNALLED, OutputError, SerlabError, as_missing_extra
from serlab.lab import terminal
from serlab.records import scratch
from serlab.records.secret import masked_words

if TYPE_CHECKING:
    import typer

#: The commands by the question they answer, in the order of ``serlab --help``. Each is a file of ``serlab.cli``.
GROUPS = {
    "Measure": ("advise", "bench", "time", "memory", "cpu", "precision", "load"),
    "Compare": ("compare", "selfcheck", "history"),
    "Read": ("summary", "report", "export", "law", "inspect", "codecs", "golden"),
    "Server": ("serve", "doctor"),
    "Experiments": ("claims", "batching", "multiplex", "gateway", "upload"),
}


def build_app() -> typer.Typer:
    """Return the application with every command."""
    import typer  # not above: whoever stops the command meanwhile gets words, as does who installed serlab.wire alone

    def show_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"serlab {__version__}")
            raise typer.Exit

    def root(
        version: bool = typer.Option(
            False, "--version", callback=show_version, is_eager=True, help="Show the version and exit."
        ),
    ) -> None:
        """Options of serlab itself."""

    app = typer.Typer(
        name="serlab",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="What it costs to move a tensor to and from a model server, and whether that matters.\n\n"
        "Example: serlab bench --profile smoke",
    )
    app.callback()(root)
    for group, names in GROUPS.items():
        for name in names:
            module = importlib.import_module(f"serlab.cli.{name}")
            command, options = getattr(module, name), getattr(module, "COMMAND_OPTIONS", {})
            if isinstance(command, typer.Typer):  # it has commands of its own
                app.add_typer(command, name=name, rich_help_panel=group)
            else:
                app.command(name, rich_help_panel=group, **options)(command)
    return app


def main() -> None:
    """Run the command line and exit with its code."""
    terminal.prepare()
    try:
        code = _run()
        sys.stdout.flush()
    except OutputError as error:
        code = terminal.EXIT_CLOSED if error.unread else terminal.complain(str(error))
    sys.exit(code)


def _run() -> int:
    arguments = sys.argv[1:]
    # Runs, and libraries beneath, record the command line: from here on it holds no credential.
    sys.argv[1:] = masked_words(arguments)
    with contextlib.suppress(OSError):  # nowhere for temporary files: told by what needs one
        scratch.tidy(Path(tempfile.gettempdir()))
    try:
        build_app()(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        return _signalled(code - EXIT_SIGNALLED) if code > EXIT_SIGNALLED else code
    except OutputError:
        raise
    except (SerlabError, ImportError) as error:
        return terminal.complain(str(as_missing_extra(error) if isinstance(error, ImportError) else error))
    except KeyboardInterrupt:
        return _signalled(signal.SIGINT)
    except OSError as error:
        return terminal.complain(terminal.os_error_words(error))
    return 0


def _signalled(number: int) -> int:
    """Say what ended the command, where what it had measured is, and how to go on."""
    from serlab.lab.keeping import kept_words

    for words in kept_words():
        print(words, file=sys.stderr)
    terminal.complain(f"stopped by {signal.Signals(number).name}")
    return EXIT_SIGNALLED + number


if __name__ == "__main__":
    main()
