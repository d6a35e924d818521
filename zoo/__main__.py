"""The command `zoo`: errors become one line and an exit code."""

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from typing import Any

from zoo.printable import printable

OUTPUT_FAILS = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)
FLAGS = ("--debug", "--no-plugins")
"""Flags of every command; allowed anywhere before a `--`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `zoo` with these arguments (default: those of the process) and exit."""
    closed = _open_closed_streams()
    code = run(list(sys.argv[1:] if arguments is None else arguments))
    sys.exit(_flushed(code, closed))


def _open_closed_streams() -> bool:
    """Open streams that the shell has closed (`>&-`) on the null device; whether output was closed."""
    closed = sys.stdout is None
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    return closed


def _flushed(code: int, closed: bool) -> int:
    """The exit code once all output is written: 1 if it cannot be."""
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unwritable(error)
    if closed and code == 0:
        return _unwritable(OSError(0, "it is closed"))
    return code


def _unwritable(error: OSError) -> int:
    """Print that standard output cannot be written, and keep Python from flushing it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if not isinstance(error, BrokenPipeError):
        _echo(f"zoo: standard output cannot be written ({error.strerror or error}).")
    return 1


def _echo(line: str) -> None:
    """Print a line on standard error; if that fails too, only the exit code tells."""
    import click

    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def run(arguments: list[str]) -> int:
    """Run `zoo` and return its exit code: 0, 1 for a failure, 2 for usage, 128 + signal."""
    import click

    from zoo.cli import zoo
    from zoo.errors import ZooError
    from zoo.numerics import settle_variables

    settle_variables()  # a plugin may import a backend as soon as it is loaded
    flags, rest = _split_flags(arguments)
    debug = "--debug" in flags or os.environ.get("ZOO_DEBUG", "") not in ("", "0")
    try:
        # Commands return nothing; a `context.exit(1)` within comes back as its code.
        code = zoo.main([*flags, *rest], prog_name="zoo", standalone_mode=False)
    except (ZooError, click.ClickException) as error:
        if debug:
            raise
        _say(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nzoo: interrupted; nothing to resume", err=True)
        return 130
    except RecursionError:
        if debug:
            raise
        click.echo("zoo: the input is nested too deeply to be read.", err=True)
        return 1
    except OSError as error:
        if debug:
            raise
        if error.filename is None and error.errno in OUTPUT_FAILS:
            return _unwritable(error)
        _say_line(f"{error.filename or 'a file'}: cannot be used ({error.strerror or error}).")
        return 1
    except (SystemExit, GeneratorExit) as error:  # raised by a plugin
        if debug:
            raise
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            return 1  # click's own exit: the reader of our output has gone
        cause = _cause(error)
        _say_line(f"a plugin ended with {cause} (--debug shows where)")
        return 1
    except BaseException as error:
        if debug:
            raise
        _say_line(f"unexpected {_cause(error)[:500]} (--debug shows where)")
        return 1
    return code or 0


def _cause(error: BaseException) -> str:
    from zoo import diagnosis

    return " ".join(f"{type(error).__name__}: {diagnosis.text(error)}".split())


def _split_flags(arguments: list[str]) -> tuple[list[str], list[str]]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [each for each in FLAGS if each in arguments[:end]]
    return flags, [each for each in arguments[:end] if each not in FLAGS] + arguments[end:]


def _say(error: Exception) -> None:
    import click

    if isinstance(error, click.UsageError):
        hint = f" (zoo {' '.join(_path(error.ctx))}--help)" if error.ctx else ""
        _say_line(f"{_in_a_line(error.format_message()).rstrip('.')}.{hint}")
    elif isinstance(error, click.ClickException):
        _say_line(_in_a_line(error.format_message()))
    else:
        from zoo.cli.wording import in_options

        _say_line(in_options(str(error)))
        if details := getattr(error, "details", ""):
            click.echo(printable(details, kept="\n"), err=True)


def _say_line(message: str) -> None:
    """Print one line; names with line breaks do not break it."""
    _echo(f"zoo: {printable(message)}")


def _in_a_line(message: str) -> str:
    """The message in one line: click lists choices in lines of their own, with a tab each."""
    return message.replace("\n\t", " ")


def _path(context: Any) -> list[str]:
    """The names of the subcommands, to be joined with blanks."""
    names = context.command_path.split()[1:]
    return [*names, ""] if names else []


if __name__ == "__main__":
    main()
