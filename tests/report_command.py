"""`comptometer report` as its tests use it."""

from __future__ import annotations

from click.testing import CliRunner

from comptometer.cli.report import command


def run(*arguments: object) -> tuple[int, str]:
    """Exit status and what was printed; errors are raised."""
    done = CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value or 0, done.output
