"""`comptometer estimate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from comptometer.cli._complete import chips, models
from comptometer.cli._print import aligned, as_of_option, bold, emit_json, json_option, style, wrapped

if TYPE_CHECKING:
    from comptometer.catalogue import Entry
    from comptometer.records import Dossier

C = TypeVar("C", bound=Callable[..., Any])

FLAGS = {
    "params": "Parameters, total.  [405B]",
    "active-params": "Parameters that one token uses (mixture of experts).  [37B]",
    "experts": "Experts per layer of a mixture of experts.  [256]",
    "tokens": "Tokens seen, epochs included.  [15.6T]",
    "examples": "Examples in one epoch.  [1.2M]",
    "epochs": "Times each example was seen.  [90]",
    "updates": "Gradient updates; with --batch-size in place of --examples.  [5M]",
    "batch-size": "Examples per update.  [32]",
    "macs-per-example": "Multiply-adds of one forward pass.  [11.3e9]",
    "flop-per-example": "FLOP of one forward pass.  [22.6e9]",
    "backward-factor": "Forward and backward over forward; 3 unless given or counted.",
    "sequence-length": "Tokens per sequence.  [8192]",
    "recompute": "Activation recomputation: none, selective or full.",
    "scale-up": "A stated multiplier of the whole job.  [10 to 100]",
    "reported": "Training compute as somebody states it.  [3.8e25]",
}
SEGMENT_FLAGS = {
    "chip": "Chip by any of its names; repeat for several segments.  [h100-sxm]",
    "chips": "Number of chips.  [16384]",
    "time": "Wall-clock time.  [54 to 75 days]",
    "chip-hours": "Chip-hours, the product.  [30.84M]",
    "precision": "Number format of the products: bf16, fp16, fp32, fp8, …",
    "peak": "Peak per chip, in place of the chip's record.  [989 TFLOP/s]",
    "utilization": "Model FLOP over chip-time times peak, whole job.  [40%]",
    "mfu": "Utilization as reported from inside the run; is converted.  [38% to 43%]",
    "hfu": "The same, with recomputed activations counted; is converted.",
}


def figure_options(command: C) -> C:
    """Add a flag for every figure that a caller can give."""
    decorated: Any = command
    for name, text in reversed(SEGMENT_FLAGS.items()):
        known = {"metavar": "CHIP", "shell_complete": chips} if name == "chip" else {"metavar": "VALUE"}
        decorated = click.option(f"--{name}", multiple=True, help=text, **known)(decorated)
    for name, text in reversed(FLAGS.items()):
        decorated = click.option(f"--{name}", metavar="VALUE", help=text)(decorated)
    return decorated  # type: ignore[no-any-return]


def request_options(command: C) -> C:
    """Add what is said of the request besides figures."""
    decorated: Any = command
    for option in (
        click.option(
            "--domain", multiple=True, metavar="NAME", help="What the model is for; language where tokens are given."
        ),
        click.option("--name", metavar="TEXT", help="What to call the result."),
        click.option(
            "--config",
            metavar="PATH",
            help="A config.json or layer list whose operations are counted, exactly.  [config.json]",
        ),
        click.option(
            "--reported-as", metavar="KIND", help="What --reported counts: model, hardware or derived-from-hardware."
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


@click.command("estimate")
@click.argument("source", required=False, shell_complete=models)
@figure_options
@request_options
@as_of_option
@json_option
def command(source: str | None, as_json: bool, as_of: date | None, **given: Any) -> None:
    """Training compute with every method that the evidence allows.

    SOURCE is a model of the catalogue, a dossier (.toml), a config.json, or - for a dossier on standard input.
    Figures given as flags outrank those of SOURCE. Numbers may be written as 405B, 15.6T, 40%, 4050亿;
    "54 to 75 days" and "65B±5%" are 90% intervals.

    \b
    Examples:
      comptometer estimate alexnet
      comptometer estimate --params 405B --tokens 15.6T --chip h100-sxm --chip-hours 30.84M
      comptometer estimate --chip h100-sxm --chips 16384 --time "54 to 75 days" --utilization "38% to 43%"
      comptometer estimate --macs-per-example 11.3e9 --examples 1.2M --epochs 128
      comptometer estimate my-model.toml --json
      comptometer estimate my-model/config.json --tokens 15T --sequence-length 8192
    """
    entry = requested(source, as_of, given)
    if as_json:
        emit_json(entry.to_dict())
    else:
        click.echo(page(entry, source))


def requested(source: str | Dossier | None, as_of: date | None, given: dict[str, Any]) -> Entry:
    """The entry that a command line asks for."""
    from comptometer import request
    from comptometer.catalogue import entry
    from comptometer.files import LARGEST_FILE

    day = as_of or date.today()
    figures: dict[str, Any] = {
        key: (value or None) if isinstance(value, tuple) else value for key, value in given.items()
    }
    options = {key: figures.pop(key) for key in ("name", "domain", "chip", "reported_as", "config")}
    found = request.from_bytes(sys.stdin.buffer.read(LARGEST_FILE + 1), day) if source == "-" else source
    return entry(request.dossier(found, as_of=day, prefix="--", figures=figures, **options))


def page(entry: Entry, source: str | None) -> str:
    """The result for people."""
    parts = [
        _head(entry),
        methods(entry),
        agreement(entry),
        drivers(entry),
        missing(entry),
        notes(entry.warnings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n\n" + _foot(entry, source)


def _head(entry: Entry) -> str:
    from comptometer import text

    facts = [entry.dossier.developer, entry.dossier.published.isoformat() if entry.dossier.published else ""]
    low, high = entry.interval()
    title = "   ".join([bold(entry.name), *(fact for fact in facts if fact)])
    value = bold(f"{text.number(entry.median, 2)} FLOP")
    days = text.number(entry.pfs_days.median, 2)
    return f"{title}\n\nTraining compute  {value}   90% {text.interval(low, high)}   ({days} petaFLOP/s-days)"


def methods(entry: Entry) -> str:
    """Each method with its weight and its formula."""
    from comptometer import text

    rows = [
        [
            name,
            text.number(outcome.estimate.median, 2),
            text.interval(*outcome.estimate.interval()),
            text.percent(weight) if (weight := entry.compute.weights.get(name)) is not None else "–",
            outcome.formula,
        ]
        for name, outcome in entry.methods.items()
    ]
    return "\n".join(aligned(["method", "FLOP", "90%", "weight", "formula"], rows))


BESIDE = 3.0  # times off both answers: from here on a median lies between them
COLOURS = {"consistent": "green", "tension": "yellow", "conflict": "red", "single-method": "cyan"}


def agreement(entry: Entry) -> str:
    """Do the methods agree, and what would explain it if not?"""
    from comptometer import text

    verdict = style(entry.compute.verdict, fg=COLOURS[entry.compute.verdict])
    lines = []
    pair = entry.compute.comparison("hardware-time", entry.counted) if entry.counted else None
    if pair is not None:
        shared = "" if pair.independent else _shared(entry)
        lines.append(
            f"Agreement  hardware-time over {entry.counted} {text.number(pair.ratio, 3)}, "
            f"z {text.number(pair.z, 2)}: {verdict}{shared}"
        )
    elif entry.compute.verdict == "single-method":
        why = "the others rest on the same evidence" if len(entry.methods) > 1 else "nothing to compare with"
        lines.append(f"Agreement  {verdict}: {why}")
    else:
        told = [pair for pair in entry.compute.comparisons if pair.verdict == entry.compute.verdict]
        pair = max(told or entry.compute.comparisons, key=lambda pair: (pair.independent, pair.z))
        lines.append(
            f"Agreement  {pair.first} over {pair.second} {text.number(pair.ratio, 3)}, "
            f"z {text.number(pair.z, 2)}: {verdict}{'' if pair.independent else _shared(entry)}"
        )
    lines += [wrapped(answers(entry))] if entry.compute.answers else []
    for cause in entry.hypotheses:
        state = "already taken into account" if cause.applied else f"settled by {cause.settles}"
        lines.append(
            wrapped(
                f"{cause.id} ×{text.number(cause.factor, 3)} would explain {cause.between} "
                f"{text.number(cause.factor * cause.residual, 3)}: {cause.text} ({state})"
            )
        )
    return "\n".join(lines)


def _shared(entry: Entry) -> str:
    """What it means that two methods compared share evidence."""
    if entry.compute.verdict == "consistent":
        return "; the two share evidence, so this confirms nothing"
    return ", although the two share evidence"


def answers(entry: Entry) -> str:
    """The estimates between which nothing decides."""
    from comptometer import text

    said = " or ".join(
        f"{text.number(estimate.median, 2)} FLOP by {name} ({text.percent(entry.compute.weights[name])})"
        for name, estimate in entry.compute.answers.items()
    )
    low, high = sorted(estimate.median for estimate in entry.compute.answers.values())
    between = low * BESIDE < entry.median < high / BESIDE
    place = "its median lies between them, where nobody measured anything" if between else "its median follows one"
    return f"two answers: {said}; one of them is wrong. The interval spans both, {place}"


def drivers(entry: Entry) -> str:
    """What the uncertainty comes from."""
    from comptometer import labels, text

    shares = [
        f"{labels.driver(name)} {text.percent(share)}" for name, share in entry.sensitivity().items() if share >= 0.005
    ]
    return wrapped(f"Uncertainty  {', '.join(shares)}", 0) if shares else ""


def missing(entry: Entry) -> str:
    """What the other methods would need."""
    from comptometer import labels
    from comptometer.put_aside import put_aside

    if not entry.missing:
        return ""
    aside = put_aside(entry.dossier, [need for needs in entry.missing.values() for need in needs])
    return "\n".join(
        [wrapped(f"Missing  {labels.needs(entry.missing)}", 0), *(wrapped(str(reason)) for reason in aside)]
    )


def notes(warnings: Sequence[str]) -> str:
    """What a reader should know."""
    return "\n".join(["Notes", *map(wrapped, warnings)]) if warnings else ""


def typed(name: str) -> str:
    """A name as it has to be typed in a shell."""
    import shlex

    return shlex.quote(name)


def _foot(entry: Entry, source: str | None) -> str:
    from comptometer.release import data_version

    more = f" · comptometer explain {typed(source)} shows every source" if source and source != "-" else ""
    return style(f"data {data_version(*entry.dossier.vintages)}{more}", dim=True)
