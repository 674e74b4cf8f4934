"""The command line. Every other file in this folder is one command; files with an underscore are shared pieces.

Commands are thin: they read what was typed, call the library, and print. A command is imported when it is used,
so that `--version` and completion stay as fast as click itself.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import sys
from importlib import import_module
from typing import Any

import click

from comptometer.errors import ComptometerError, Problem, UsageError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class Commands(click.Group):
    """The files of this folder as commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, without importing them."""
        return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"comptometer.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which is near."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f" Did you mean '{near[0]}'?" if near else f" Commands: {', '.join(self.list_commands(ctx))}."
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from comptometer.release import banner

        click.echo(banner())
        ctx.exit()


@click.command(cls=Commands, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Print both versions: code and data.",
)
def comptometer() -> None:
    """How much compute did it take to train that model, how do we know, and how sure are we?

    \b
    comptometer replicate openai-2018                         the 2018 analysis, recomputed from its evidence
    comptometer estimate --params 405B --tokens 15.6T         your own model
    comptometer estimate alexnet                              a model of the catalogue
    comptometer explain alexnet                               every number down to its source
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 usage, 3 not found, 4 not enough evidence, 130 interrupted."""
    gc.set_threshold(100_000)  # what a command makes stays to its end: to look for cycles so often is lost time
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    try:
        result: Any = comptometer.main(args=arguments, prog_name="comptometer", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        return 130
    except ComptometerError as error:
        return _refused(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody listens: say nothing at exit either
        return 141
    except OSError as error:
        click.echo(f"comptometer: cannot write the result: {error.strerror or error}", err=True)
        return 1
    except Exception as error:
        if os.environ.get("COMPTOMETER_TRACEBACK"):
            raise
        click.echo(
            f"comptometer: an error of ours, not of yours: {type(error).__name__}: {error}\n"
            "comptometer: please report it, with what COMPTOMETER_TRACEBACK=1 shows",
            err=True,
        )
        return 1
    return result if isinstance(result, int) else 0


def _refused(error: ComptometerError) -> int:
    problems = error.problems if isinstance(error, UsageError) else ()
    for line in "\n".join(map(_spelled, problems or [str(error)])).splitlines():
        click.echo(f"comptometer: {line}", err=True)
    return error.exit_status


def _spelled(problem: Problem | str) -> str:
    """What is wrong, with the flag as it is typed."""
    if isinstance(problem, str):
        return problem
    return f"--{problem.argument.replace('_', '-')}: {problem.text}"
