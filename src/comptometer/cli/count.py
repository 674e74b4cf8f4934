"""`comptometer count`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

if TYPE_CHECKING:
    from comptometer.ops import OpCount

OWN_CODE = ("torch:", "jax:")


def _listed(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Several values, each given on its own or several with commas."""
    return tuple(word.strip() for text in value for word in text.split(",") if word.strip())


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | tuple[int, int] | None:
    """`336`, or height and width: `224x384`."""
    if value is None:
        return None
    sides = value.lower().replace("×", "x").split("x")
    if len(sides) > 2 or not all(side.strip().isdecimal() for side in sides):
        raise click.BadParameter(f"needs pixels, e.g. 336 or 224x384, got {value!r}")
    numbers = [int(side) for side in sides]
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _shapes(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """`image=1x3x224x224` or `sequence=128`, by the name of an input or of one of its axes."""
    found: dict[str, Any] = {}
    for text in value:
        name, equals, sizes = text.partition("=")
        numbers = sizes.lower().replace("×", "x").split("x")
        if not equals or not name or not all(number.strip().isdecimal() for number in numbers):
            raise click.BadParameter(f"needs a name and a shape, e.g. image=1x3x224x224 or sequence=128, got {text!r}")
        whole = tuple(int(number) for number in numbers)
        found[name] = whole if len(whole) > 1 else whole[0]
    return found


def _quantity(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A number as people write it: `405B`."""
    if value is None:
        return None
    from comptometer.notation import parse

    belief = parse(value).belief
    if not hasattr(belief, "value"):
        raise click.BadParameter(f"needs one number, got {value!r}")
    return float(belief.value)


@click.command("count")
@click.argument("target")
@click.option("--batch", type=int, default=1, show_default=True, help="Examples in the batch.")
@click.option(
    "--sequence-length",
    type=int,
    help="Tokens in each, on the encoder's side; what the configuration allows, at most 4096, unless given.",
)
@click.option("--decoder-length", type=int, help="Tokens that the decoder of an encoder-decoder writes.")
@click.option("--image-size", callback=_size, metavar="PIXELS", help="Of an image: 336, or height and width 224x384.")
@click.option(
    "--input",
    "shapes",
    multiple=True,
    callback=_shapes,
    metavar="NAME=SHAPE",
    help="Shape of an input of an ONNX model, or size of one of its axes.",
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
@click.option(
    "--include",
    multiple=True,
    callback=_listed,
    metavar="WHAT",
    help="Count also mtp; or, on axes of their own, elementwise, normalization, optimizer.",
)
@click.option("--frozen", multiple=True, callback=_listed, metavar="MODULES", help="Modules that are not trained.")
@click.option("--lora-rank", type=click.IntRange(1, 10**6), help="Train low-rank additions of this rank, nothing else.")
@click.option(
    "--lora-targets",
    multiple=True,
    callback=_listed,
    metavar="MODULES",
    help="What gets an addition, e.g. attention.q,attention.v.",
)
@click.option(
    "--parameters", callback=_quantity, metavar="NUMBER", help="As its makers state them; over 2% off is said first."
)
@click.option("--strict", is_flag=True, help="Refuse a live model with an operator that no formula knows.")
@click.option("--no-collapse", is_flag=True, help="Trace every block of a PyTorch model, also equal ones.")
@click.option("--assume-family", metavar="NAME", help="Count as this model_type, whatever the configuration says.")
@click.option("--compare", metavar="TARGET", help="Another target, counted likewise and put beside it.")
@click.option("--tree", "as_tree", is_flag=True, help="Print the modules as a tree with sums.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    help="How to print; all but table print the modules.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, /, target: str, form: str, as_json: bool, compare: str | None, as_tree: bool, **given: Any
) -> None:
    """Operations of a model, exactly: forward, backward and training FLOP by module and by operation.

    TARGET is a config.json as Hugging Face models have it, a folder with one, a layer list (.toml), the name of a
    shipped layer list, or an ONNX model (.onnx, forward only): read as data only. Or torch:package.module:factory or
    jax:package.module:factory, which imports and calls your own code; the factory takes nothing and gives a model and
    its inputs. Or a stage list (.toml with [[stages]]): model and hardware FLOP of a whole training job.

    \b
    Examples:
      comptometer count config.json --sequence-length 8192
      comptometer count config.json --attention causal --tree
      comptometer count config.json --compare other/config.json
      comptometer count config.json --lora-rank 16 --lora-targets attention.q,attention.v
      comptometer count alexnet
      comptometer count model.onnx --input sequence=128
      comptometer count torch:my_package.my_model:make --strict
    """
    if target.endswith(".toml") and _is_stage_list(target):
        _stages(ctx, target, form, as_json)
        return
    asked = _arguments(**given)
    found = _counted(target, asked)
    other = _counted(compare, asked) if compare else None
    if as_json:
        emit_json(_document(found, other))
    elif form != "table":
        columns, rows = _rows(found, other)
        emit_rows(columns, rows, form)
    elif other:
        from comptometer.cli._count_page import comparison_page

        click.echo(comparison_page(found, other))
    else:
        from comptometer.cli._count_page import page, whole

        causal = None
        if found.convention.attention != "causal" and not target.startswith(OWN_CODE):
            causal = whole(_counted(target, {**asked, "attention": "causal"}))
        click.echo(page(found, causal, as_tree=as_tree))


def _is_stage_list(target: str) -> bool:
    from comptometer.scenarios import named_in

    return named_in(target)


def _stages(ctx: click.Context, target: str, form: str, as_json: bool) -> None:
    """A stage list says everything itself."""
    from comptometer.cli._stages_page import page
    from comptometer.scenarios import scenario

    own = {"target", "form", "as_json"}
    typed = [
        name
        for name in ctx.params
        if name not in own and ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if typed:
        raise click.UsageError(f"a stage list says itself how it is counted; leave out: {', '.join(sorted(typed))}")
    found = scenario(target)
    if as_json:
        emit_json(found.to_dict())
    elif form == "table":
        click.echo(page(found))
    else:
        document = found.to_dict()
        columns = ("stage", "kind", "what", "activity", "sequences", "model_flop", "hardware_flop")
        rows = [
            {"stage": stage["name"], "kind": stage["kind"], **row}
            for stage in document["stages"]
            for row in stage["passes"]
        ]
        emit_rows(columns, rows, form)


def _arguments(
    *, shapes: dict[str, Any], no_collapse: bool, assume_family: str | None, lora_rank: int | None,
    lora_targets: tuple[str, ...], frozen: tuple[str, ...], **rest: Any,
) -> dict[str, Any]:  # fmt: skip
    """What was typed, as the library names it."""
    if bool(lora_targets) != (lora_rank is not None):
        raise click.UsageError("--lora-rank and --lora-targets go together: how wide the additions are, and to what")
    asked = {**rest, "inputs": shapes or None, "collapse": not no_collapse, "family": assume_family}
    if lora_rank is None:
        return {**asked, "frozen": frozen}
    from comptometer.trainable import Trainable

    return {**asked, "trainable": Trainable(frozen=frozen, rank=lora_rank, targets=lora_targets)}


def _counted(target: str, asked: dict[str, Any]) -> OpCount:
    from comptometer.counting import count

    if target.startswith(OWN_CODE):
        hint(f"{target}: importing and calling your own code")
    return count(target, **asked)


def _document(found: OpCount, other: OpCount | None) -> dict[str, Any]:
    if other is None:
        return found.to_dict()
    from comptometer.comparison import to_dict

    return to_dict(found, other)


def _rows(found: OpCount, other: OpCount | None) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    if other is not None:
        from comptometer.comparison import compared

        return ("figure", "first", "second", "ratio"), [row.to_dict() for row in compared(found, other)]
    columns = ("module", "operation", "calls", "forward", "backward", "recomputed")
    rows = [{name: getattr(term, name) for name in columns} for term in found.by_module.values()]
    return columns, rows if found.differentiated else [{**row, "backward": None, "recomputed": None} for row in rows]
