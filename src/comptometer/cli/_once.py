"""Commands whose flags are given once: the last of two would win silently."""

from __future__ import annotations

from collections import Counter

import click


class Once(click.Command):
    """A command that refuses a flag that is given twice, or with its contrary, unless it may be repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            click.UsageError: a flag is given twice.
        """
        *_, order = self.make_parser(ctx).parse_args(args=list(args))
        times = Counter(param for param in order if isinstance(param, click.Option))
        for option, count in times.items():
            if count > 1 and not option.multiple and not option.count:
                names = " and ".join([*option.opts, *option.secondary_opts])
                contrary = ", which contradict one another" if option.secondary_opts else ""
                raise click.UsageError(f"{names}{contrary}: given {count} times; give one, once", ctx)
        return super().parse_args(ctx, args)
