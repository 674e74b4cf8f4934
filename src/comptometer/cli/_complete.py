"""Names for the shell's completion, from the names of the files: nothing is read, nothing heavy is imported."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from comptometer.release import DATA


def _stems(pattern: str, begun: str) -> list[CompletionItem]:
    return [CompletionItem(path.stem) for path in sorted(DATA.glob(pattern)) if path.stem.startswith(begun.lower())]


def models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Models of the catalogue, and files."""
    return [*_stems("models/*/*.toml", incomplete), CompletionItem(incomplete, type="file")]


def chips(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Chips on file."""
    return _stems("chips/*/*.toml", incomplete)


def studies(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Studies that can be recomputed."""
    return _stems("studies/*.toml", incomplete)


def vintages(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped vintages."""
    return _stems("snapshots/*.toml", incomplete)


def presets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped sets of limits."""
    return _stems("limits/*.toml", incomplete)


def regulations(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Regulations on file."""
    return _stems("regulations/*.toml", incomplete)
