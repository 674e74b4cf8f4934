"""Days on the command line: 2024-06-30, 2024-06 or 2024, wherever a date is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from comptometer.days import day
from comptometer.errors import NotationError


class Day(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A date; of a month or a year its first day, or with `last` its last one."""

    name = "date"

    def __init__(self, *, last: bool = False) -> None:
        self.last = last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read what was typed."""
        try:
            return day(value, last=self.last)
        except NotationError as error:
            self.fail(str(error), param, ctx)


FIRST, LAST = Day(), Day(last=True)
