"""A row of a table of models → a dossier: what the table says, as claims that carry its row and column.

A table is a secondary source: whoever filled it read the paper. So none of its figures gets the narrow widths of
primary statements, a compute figure that was worked out from the machines does not confirm a hardware estimate, and
what the columns cannot tell apart (words from tokens, one epoch from many) stays wide or is put aside. Decision 0013.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from comptometer import store, text
from comptometer.distribution import Distribution, LogNormal, LogStudentT, Point
from comptometer.errors import UsageError
from comptometer.model_row import ModelRow
from comptometer.records import Claim, Dossier, Source, heavy_text
from comptometer.vocabulary import DOMAINS, Kind, Tag

# The width that the table itself gives to its words: https://epoch.ai/data/ai-models-documentation
CONFIDENCE: Mapping[str, float] = {"confident": 3.0, "likely": 10.0, "speculative": 30.0}
UNSAID = 10.0  # where it gives no word

EPOCHS_MATTER_BEFORE = 2020  # language models before then saw their data many times: without epochs nothing follows
UNSTATED_EPOCHS_DEX = 0.19  # spread of Student's t: what a size without epochs leaves open since then

PASSES = 6  # FLOP per parameter and token, forward and backward: Kaplan et al. 2020, §2.1
WORDS_PER_TOKEN = 0.75
TEXT = frozenset({"tokens", "words", ""})
FORMATS: Mapping[str, str] = {
    "BF16": "bf16", "FP16": "fp16", "FP32": "fp32", "FP64": "fp64", "TF32": "tf32", "FP8": "fp8", "NVFP4": "fp4",
    "MXFP4": "fp4",
}  # fmt: skip
FEWEST_PER_PARAMETER = 0.1  # tokens seen per parameter: below, what the table counts are not the tokens of the training
LEAST_INCREMENT = 1e12  # FLOP: below, a cell that should hold what fine-tuning took has lost its power of ten
COUNTING: frozenset[str] = frozenset({"operation-counting"})
HARDWARE: frozenset[str] = frozenset({"hardware"})
TOO_SMALL = 2.0  # a figure this many times below that of the base model cannot hold it
FAR = 2.0  # what data and parameters multiply to, over the increment: from here on they are not of the increment
THE_BASES = 1.5  # and within this of what the base model took, they are the base model's
OF_BOTH = "of the fine-tuning, while the table's compute holds the base model's too"


def dossier(row: ModelRow, source: Source, dossier_id: str, bases: Sequence[ModelRow] = ()) -> Dossier:
    """The claims of a row.

    Args:
        row: of a vintage.
        source: that vintage, as the source of the claims.
        dossier_id: the id that its claims carry.
        bases: the rows of the models that it was built on, where the table has all of them.
    """
    written = _Claims(row, source.id, dossier_id, base=base_compute(bases))
    _model(row, written)
    _data(row, written)
    _machines(row, written)
    _compute(row, written)
    _cost(row, written)
    return Dossier(
        id=dossier_id,
        name=row.model,
        developer=", ".join(row.organization),
        published=row.published,
        domain=domains(row),
        notable=bool(row.notability),
        base_model=", ".join(row.base_model),
        basis="total" if not row.base_model else "increment" if written.increment else "total-with-base",
        claims=written.claims,
        aside=written.aside,
        sources={source.id: source},
    )


def domains(row: ModelRow) -> tuple[str, ...]:
    """The table's domains in our words; what we have no word for is "other"."""
    return tuple(dict.fromkeys(_domain(name) for name in row.domain))


@cache
def _domain(name: str) -> str:
    word = re.sub(r"[ _]+", "-", name.strip().casefold())
    return word if word in DOMAINS else "other"


@dataclass
class _Claims:
    """The claims about one row as they are written; `aside` holds those that nothing is computed from.

    `base` is what the table says that the base model took, in FLOP.
    """

    row: ModelRow
    source: str
    dossier_id: str
    base: float | None
    claims: list[Claim] = field(default_factory=list)
    aside: list[Claim] = field(default_factory=list)

    @cached_property
    def increment(self) -> float | None:
        """What was spent on top of the base model, in FLOP."""
        return increment_of(self.row, self.base)

    @cached_property
    def of_both(self) -> str:
        """Why machines and data are put aside: they are of the fine-tuning, and the compute is not; else nothing."""
        return OF_BOTH if self.row.base_model and self.increment is None else ""

    def add(
        self,
        about: str,
        value: str,
        belief: Distribution | None,
        column: str,
        *,
        kind: Kind = "stated",
        tag: Tag | None = None,
        chip: str | None = None,
        rests_on: Sequence[str] = (),
        note: str = "",
        aside: str = "",
    ) -> None:
        """A claim; put aside where a reason is given why nothing is computed from it."""
        claim = Claim(
            id=f"{self.dossier_id}:{about}{f'#{tag}' if tag else ''}@{self.source}",
            about=about,
            value=value,
            belief=belief,
            kind=kind,
            source=self.source,
            where=f"line {self.row.line}, {column}",
            tag=tag,
            chip=chip,
            rests_on=frozenset(rests_on),
            note=note,
            aside=aside,
        )
        (self.aside if aside else self.claims).append(claim)

    def number(
        self, about: str, value: float | None, unit: str, column: str, factor: float = 1.0, **how: object
    ) -> None:
        """A plain number, where the row has one; `factor` from the unit it is written in to the vocabulary's."""
        if value is not None and value > 0:
            self.add(about, f"{text.exact(value)} {unit}".rstrip(), Point(value * factor), column, **how)  # type: ignore[arg-type]


def _model(row: ModelRow, written: _Claims) -> None:
    written.number("parameters", row.parameters, "parameter", "parameters")
    total, active = row.parameters, row.active_parameters
    if active and (not total or active <= total):
        written.number(
            "active_parameters", active, "parameter", "parameters notes", kind="derived", note="read from the notes"
        )
    if row.mixture_of_experts:
        written.add("mixture_of_experts", "yes", None, "notes", kind="derived", note="read from the notes")


def _data(row: ModelRow, written: _Claims) -> None:
    """Tokens seen, where the data are text; else examples, of which no count of operations follows."""
    size, epochs, why = row.dataset_size, row.epochs, written.of_both
    if size is None or size < 1:
        return
    if not (set(domains(row)) & {"language"} and row.dataset_unit in TEXT):
        unit = row.dataset_unit or "datapoints"
        written.number("examples", size, "example", "dataset size", note=unit, aside=why)
        written.number("epochs", epochs, "", "epochs", aside=why)
        return
    if epochs is None and (row.published is None or row.published.year < EPOCHS_MATTER_BEFORE):
        written.number("examples", size, "example", "dataset size", aside="epochs unknown")
        return
    words = row.dataset_unit == "words"
    seen = size * (epochs or 1.0) / (WORDS_PER_TOKEN if words else 1.0)
    said = " × ".join([text.exact(size), *([f"{text.exact(epochs)} epochs"] if epochs not in {None, 1.0} else [])])
    why = why or _of_the_base(written, seen)
    note = f"{said}{' words at 0.75 per token' if words else ''}{'' if epochs else '; epochs are not stated'}"
    value, belief = f"{text.exact(seen)} token", Point(seen)
    if row.parameters and seen < FEWEST_PER_PARAMETER * row.parameters:
        written.number("examples", size, "example", "dataset size", aside="too few to be all tokens seen")
        return
    if epochs is None:
        heavy = LogStudentT(seen, UNSTATED_EPOCHS_DEX)
        written.add("tokens", heavy_text(heavy), heavy, "dataset size", kind="derived", note=note, aside=why)
        return
    plain = epochs == 1.0 and not words
    written.add(
        "tokens",
        value,
        belief,
        "dataset size, epochs",
        kind="stated" if plain else "derived",
        note=note,
        aside=why,
    )


def _of_the_base(written: _Claims, tokens: float) -> str:
    """Why the data are the base model's and not those of the increment; nothing where they may be its own.

    Six for each parameter and token is then far above what was spent on top, and about what the base model took.
    """
    row, increment = written.row, written.increment
    used = row.active_parameters or row.parameters
    base = written.base or ((row.compute or 0.0) - increment if increment else 0.0)
    if not used or not increment or base <= 0:
        return ""
    count = PASSES * used * tokens
    if count < FAR * increment or not 1 / THE_BASES < count / base < THE_BASES:
        return ""
    return (
        f"the base model's: with the parameters they make {text.number(count / increment)} times what was spent on "
        f"top, and {text.number(count / base)} times what {', '.join(row.base_model)} took"
    )


def _machines(row: ModelRow, written: _Claims) -> None:
    """Chips, time and utilization; put aside where they are of a fine-tuning and the compute is not."""
    both = written.of_both
    chip, unnamed = chip_of(row.hardware)
    machines = (
        ("chips", row.hardware_quantity if (row.hardware_quantity or 0) >= 1 else None, "chip", "hardware quantity", 1),
        ("duration", row.training_hours, "h", "training time (hours)", 3600),
        ("chip_hours", None if _repeats(row) else row.chip_hours, "chip-hour", "training chip-hours", 1),
    )
    for about, value, unit, column, factor in machines:
        written.number(about, value, unit, column, factor, chip=chip, note=unnamed, aside=both)
    for about, share in (("mfu", row.mfu), ("hfu", row.hfu)):
        if share is not None:
            why = both if 0 < share <= 1 else "not a share: above 1"
            written.number(about, share, "", f"hardware utilization ({about.upper()})", aside=why)
    formats = {FORMATS.get(name.upper()) for name in row.numerical_format}
    written_format = formats.pop() if len(formats) == 1 else None
    if written_format and chip:
        why = both if _has(chip, written_format) else f"{chip} has no such rate on record"
        written.add("precision", written_format, None, "numerical format", chip=chip, aside=why)


def _repeats(row: ModelRow) -> bool:
    """Are the chip-hours nothing but the product of the two columns beside them?"""
    if not row.chip_hours or not row.hardware_quantity or not row.training_hours:
        return False
    return abs(row.chip_hours / (row.hardware_quantity * row.training_hours) - 1) < 1e-3


@cache
def chip_of(hardware: tuple[str, ...]) -> tuple[str | None, str]:
    """The one chip that a row names, by a name that the records know, and what to say where there is none."""
    known = [name for name in hardware if store.chip_ids_named(name)]
    if len(hardware) == 1 and known:
        return hardware[0], ""
    if not hardware:
        return None, ""
    if not known:
        return None, f"no record of {', '.join(hardware)}"
    return None, f"several kinds of chips: {', '.join(hardware)}"


@cache
def _has(chip: str, precision: str) -> bool:
    try:
        return all(bool(member.peak(precision)) for member in store.chips_named(chip))
    except UsageError:
        return False


def _compute(row: ModelRow, written: _Claims) -> None:
    """The table's own figure, with the width that its word of confidence stands for.

    Of a model built on another the table gives the sum, or what was spent on top: that alone is of this model, as its
    machines and data are. With the sum only, there is nothing to compare it with.
    """
    increment = written.increment
    if increment is None or increment != row.finetune_compute:
        if row.compute:
            _figure(row.compute, "training compute", row, written)
        return
    _figure(increment, "finetune compute", row, written)
    too_small = bool(row.compute and (row.compute <= increment or _below(row.compute, written.base)))
    written.number("lineage_compute", row.compute, "FLOP", "training compute", note="with the base model",
                   aside="too small to hold the base model" if too_small else "")  # fmt: skip


def base_compute(bases: Sequence[ModelRow]) -> float | None:
    """What a table says that the models took on which another was built, in FLOP; nothing unless it says all of it."""
    found = [row.compute for row in bases]
    return sum(flop for flop in found if flop) if found and all(found) else None


def _below(compute: float, base: float | None) -> bool:
    return base is not None and compute * TOO_SMALL < base


def increment_of(row: ModelRow, base: float | None = None) -> float | None:
    """What was spent on top of the base model, in FLOP, where the table says so.

    It has a column for it. Where that is empty its training compute is the sum, by its own convention; but a figure
    far below what the base model took (`base`, in FLOP, if known) cannot hold it, and is of the fine-tuning alone.
    """
    if not row.base_model:
        return None
    spent = row.finetune_compute
    if spent and spent >= LEAST_INCREMENT:
        return spent
    return row.compute if row.compute and _below(row.compute, base) else None


def _figure(value: float, column: str, row: ModelRow, written: _Claims) -> None:
    factor = CONFIDENCE.get(row.confidence.casefold(), UNSAID)
    methods = frozenset(row.compute_method)
    tag: Tag | None = "model" if methods == COUNTING else "derived-from-hardware" if methods == HARDWARE else None
    rests_on: list[str] = []
    if methods & HARDWARE:
        rests_on += ["chips", "duration", "chip_hours"]
    if methods & COUNTING and methods & HARDWARE:
        rests_on += ["parameters", "tokens"]
    how = "how it was worked out is not said" if not methods else f"by {', '.join(sorted(methods))}"
    basis = ", as its notes read" if row.compute_method_basis == "notes" else ""
    bounds = (
        f"; bounds {text.interval(row.compute_low, row.compute_high)}" if row.compute_low and row.compute_high else ""
    )
    chip, _ = chip_of(row.hardware)  # how many and how long may be unknown
    same_job = not written.of_both
    written.add(
        "compute",
        f"{text.exact(value)} FLOP x/÷ {text.exact(factor)}",
        LogNormal.from_factor(value, factor),
        column,
        tag=tag,
        chip=chip if same_job else None,
        rests_on=rests_on,
        note=f"{row.confidence or 'no word of confidence'}; {how}{basis}{bounds}",
    )


def _cost(row: ModelRow, written: _Claims) -> None:
    written.number("power", row.power_watt, "W", "training power draw (W)")
    written.number("cost", row.cost_usd, "USD", "training compute cost (USD)")
