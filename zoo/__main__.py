"""The command `zoo`: errors become one line and an exit code."""

import os
import sys
from collections.abc import Sequence

FLAGS = ("--debug", "--no-plugins")
"""Flags of the whole command; they may stand anywhere before a `--`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `zoo` with these arguments (default: the process') and exit."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


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
        click.echo("\nzoo: stopped; nothing to go on from was left by this command", err=True)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; do not fail again when Python flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SystemExit, GeneratorExit) as error:  # of a plugin, which ends nothing of ours
        if debug:
            raise
        cause = f"{type(error).__name__}: {error}"
        click.echo(
            f"zoo: code that archzoo called ended with {cause} (--debug shows where)", err=True
        )
        return 1
    except BaseException as error:
        if debug:
            raise
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        click.echo(f"zoo: unexpected {cause[:500]} (--debug shows where)", err=True)
        return 1
    return code or 0


def _split_flags(arguments: list[str]) -> tuple[list[str], list[str]]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [each for each in FLAGS if each in arguments[:end]]
    return flags, [each for each in arguments[:end] if each not in FLAGS] + arguments[end:]


def _say(error) -> None:
    import click

    if isinstance(error, click.UsageError):
        hint = f" (zoo {' '.join(_path(error.ctx))}--help)" if error.ctx else ""
        click.echo(f"zoo: {error.format_message().rstrip('.')}.{hint}", err=True)
    elif isinstance(error, click.ClickException):
        click.echo(f"zoo: {error.format_message()}", err=True)
    else:
        click.echo(f"zoo: {error}", err=True)
        if details := getattr(error, "details", ""):
            click.echo(details, err=True)


def _path(context) -> list[str]:
    """The names of the subcommands, each with a blank after it when joined."""
    names = context.command_path.split()[1:]
    return [*names, ""] if names else []


if __name__ == "__main__":
    main()
