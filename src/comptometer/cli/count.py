"""`comptometer count`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, hint, json_option, style, wrapped

if TYPE_CHECKING:
    from comptometer.ops import OpCount


@click.command("count")
@click.argument("target")
@click.option("--batch", type=int, default=1, show_default=True, help="Sequences in the batch.")
@click.option(
    "--sequence-length", type=int, help="Tokens in each; what the configuration allows, at most 4096, unless given."
)
@click.option(
    "--attention",
    default="full",
    show_default=True,
    metavar="WHICH",
    help="full: the dense square; causal: the pairs that the mask keeps; half: S²/2.",
)
@click.option(
    "--recompute",
    default="none",
    show_default=True,
    metavar="WHAT",
    help="Activations computed again, counted apart: none, flash, selective or full.",
)
@click.option("--strict", is_flag=True, help="Refuse a live model with an operator that no formula knows.")
@click.option("--assume-family", metavar="NAME", help="Count as this model_type, whatever the configuration says.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    help="How to print; all but table print the modules.",
)
@json_option
def command(target: str, form: str, as_json: bool, assume_family: str | None, **given: Any) -> None:
    """Operations of a model, exactly: forward, backward and training FLOP by module and by operation.

    TARGET is a config.json as Hugging Face models have it, a folder with one, a layer list (.toml), or the name of a
    shipped layer list: read as data only. Or torch:package.module:factory, which imports and calls your own code; the
    factory takes nothing and gives a module and its inputs.

    \b
    Examples:
      comptometer count config.json --sequence-length 8192
      comptometer count config.json --attention causal --json
      comptometer count alexnet
      comptometer count torch:my_package.my_model:make --strict
    """
    from comptometer.counting import LIVE_TARGET, count

    if LIVE_TARGET.fullmatch(target):
        hint(f"{target}: importing and calling your own code")
    found = count(target, family=assume_family, **given)
    if as_json:
        emit_json(found.to_dict())
    elif form == "table":
        click.echo(
            page(found, None if found.convention.attention == "causal" else _causal(target, assume_family, given))
        )
    else:
        rows = [
            {
                "module": name,
                "operation": t.operation,
                "calls": t.calls,
                "forward": t.forward,
                "backward": t.backward if found.differentiated else None,
            }
            for name, t in found.by_module.items()
        ]
        emit_rows(("module", "operation", "calls", "forward", "backward"), rows, form)


def _causal(target: str, family: str | None, given: dict[str, Any]) -> int:
    from comptometer.counting import count

    return _whole(count(target, family=family, **{**given, "attention": "causal"}))


def _whole(found: OpCount) -> int:
    """FLOP of training, or of the forward pass where nothing else is known."""
    return int(found.training) if found.differentiated else found.forward


def page(found: OpCount, causal: int | None) -> str:
    """The count for people."""
    from comptometer import text

    size = found.parameters
    length = f", {found.sequence_length} tokens" if found.sequence_length else ""
    head = [bold(found.target), f"{found.backend}, batch {found.batch}{length}"]
    if size:
        head.append(f"parameters  {size.total:,} total, {size.active:,} active, {size.embedding:,} input embedding")
    passes = ["forward", "backward", "training"] if found.differentiated else ["forward"]
    rows = [[name, f"{(value := getattr(found, name)):,}", text.number(value / found.tokens, 4)] for name in passes]
    if found.recomputed:
        rows.append(["recomputed", f"{found.recomputed:,}", text.number(found.recomputed / found.tokens, 4)])
    parts = [
        "\n".join(head),
        "\n".join(aligned(["FLOP", "batch", "per token" if found.sequence_length else "per example"], rows)),
    ]
    for title, terms in (("operation", found.by_operation), ("module", found.by_module)):
        table = [
            [
                name,
                f"{t.calls:,}",
                *(f"{getattr(t, part):,}" for part in passes[:2]),
                text.percent(t.forward / max(found.forward, 1)),
            ]
            for name, t in terms.items()
        ]
        parts.append("\n".join(aligned([title, "calls", *passes[:2], "share"], table)))
    parts.append("\n".join(_notes(found, causal)))
    return "\n\n".join(parts)


def _notes(found: OpCount, causal: int | None) -> list[str]:
    how = found.convention
    lines = [
        f"Convention  a multiply-add is 2 FLOP; attention {how.attention}; "
        f"recomputation {how.recompute}, never in training"
    ]
    if not found.differentiated:
        lines.append("Forward only: the target has no backward pass, so backward and training are not known")
    if causal is not None and causal != _whole(found):
        what = "training" if found.differentiated else "forward"
        lines.append(f"With exactly the pairs that a causal mask keeps, {what} is {causal:,}")
    if not found.complete:
        lines.append(style("Lower bound: not counted are", fg="yellow"))
        lines += [f"  {u.operation} ({u.calls}): {u.reason}" for u in found.uncounted]
    return [*lines, *(wrapped(note, 0) for note in found.notes)]
