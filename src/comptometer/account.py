"""What is said of a training job in plain numbers, each with its place: of a row of a table, or of a dossier.

The checks of plausibility look at this. Of a row it holds every column as it stands, also what no estimate uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from comptometer import bulk, exact_counts, store
from comptometer.catalogue import Entry
from comptometer.errors import NotFound
from comptometer.evidence import Evidence, Job
from comptometer.model_row import ModelRow
from comptometer.records import Chip, Dossier

EPOCHS_SAID_SINCE = bulk.EPOCHS_MATTER_BEFORE
PATCHES_PER_IMAGE = 256  # 224 pixels in patches of 14, as vision transformers above 1e9 parameters have them
LEAST_VISION_TRANSFORMER = 1e9  # parameters: from here on an image network is one
LOW_PRECISION = frozenset({"fp8", "fp4"})
COLUMNS: Mapping[str, str] = {  # of a row, by the names here
    "parameters": "parameters", "active_parameters": "parameters notes", "size": "dataset size", "epochs": "epochs",
    "chips": "hardware quantity", "hours": "training time (hours)", "chip_hours": "training chip-hours",
    "hardware": "training hardware", "mfu": "hardware utilization (MFU)", "hfu": "hardware utilization (HFU)",
    "compute": "training compute", "low": "lower bound", "high": "upper bound", "increment": "finetune compute",
    "base_models": "base model", "published": "publication date", "name": "model",
}  # fmt: skip
ABOUTS: Mapping[str, str] = {"hours": "duration", "size": "tokens", "hardware": "chips"}  # of claims, likewise


@dataclass(frozen=True, kw_only=True)
class Account:
    """A training job in plain numbers; nothing where nobody says.

    Attributes:
        language: are the data text, or is the model (also) one of language?
        parameters, active_parameters: all of them, and those that one token uses.
        experts: is it a mixture of experts, as far as is said?
        size, unit: of the dataset, once; what it counts (tokens, words, images, …).
        tokens: seen in training, where what is counted is text and the epochs are known or hardly matter.
        count: FLOP by a count, from the architecture or six for each parameter and token.
        counted_from: what the count rests on: "architecture", "tokens" or "images".
        hardware: the machines, as they are named.
        chips: how many.
        hours, chip_hours: as stated, each on its own; of the whole job.
        rates: the dense peaks that may be meant, in FLOP/s for one chip: lowest and highest.
        machine_flop: what the machines could have done in the time, at those rates.
        mfu, hfu: as reported.
        compute: FLOP as stated, with bounds; `methods` says how it was found.
        increment: FLOP spent on top of the base model, as stated.
        places: where each figure stands.
    """

    name: str
    source: str
    published: date | None
    domain: Sequence[str] = ()
    language: bool = False
    parameters: float | None = None
    active_parameters: float | None = None
    experts: bool = False
    size: float | None = None
    unit: str = ""
    epochs: float | None = None
    tokens: float | None = None
    count: float | None = None
    counted_from: str = ""
    hardware: Sequence[str] = ()
    records: Sequence[Chip] = ()
    precision: str = ""
    chips: float | None = None
    hours: float | None = None
    chip_hours: float | None = None
    rates: tuple[float, float] | None = None
    machine_flop: tuple[float, float] | None = None
    mfu: float | None = None
    hfu: float | None = None
    compute: float | None = None
    low: float | None = None
    high: float | None = None
    methods: frozenset[str] = frozenset()
    base_models: Sequence[str] = ()
    increment: float | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def product(self) -> float | None:
        """Chips × hours."""
        return self.chips * self.hours if self.chips and self.hours else None

    @property
    def time(self) -> float | None:
        """Chip-hours as stated, else chips × hours."""
        return self.chip_hours or self.product

    @property
    def implied(self) -> tuple[float, float] | None:
        """Utilization that the count implies, at the highest and the lowest rate that may be meant."""
        return self.share(self.count)

    def share(self, flop: float | None) -> tuple[float, float] | None:
        """An amount over what the machines could have done: at the highest rate, and at the lowest."""
        if not flop or not self.machine_flop:
            return None
        return flop / self.machine_flop[1], flop / self.machine_flop[0]

    def where(self, *names: str) -> str:
        """Where figures stand: the source, and each place once."""
        told = [name for name in names if name in self.places and getattr(self, name) not in (None, (), "")]
        found = dict.fromkeys(self.places[name] for name in told)
        return f"{self.source}: {', '.join(found)}" if found else self.source


# A row of a table


def of_row(row: ModelRow, vintage: str) -> Account:
    """Everything that a row says."""
    domain = bulk.domains(row)
    tokens = _tokens_of(row, domain)
    count, counted_from = _count_of(row, domain, tokens)
    records = _records(row.hardware)
    precision = _precision(row.numerical_format)
    rates = _rates(records, precision)
    time = row.chip_hours or (row.hardware_quantity or 0) * (row.training_hours or 0)
    return Account(
        name=row.model,
        source=f"{vintage}, line {row.line}",
        published=row.published,
        domain=domain,
        language="language" in domain,
        parameters=row.parameters,
        active_parameters=row.active_parameters,
        experts=bool(row.mixture_of_experts),
        size=row.dataset_size,
        unit=row.dataset_unit,
        epochs=row.epochs,
        tokens=tokens,
        count=count,
        counted_from=counted_from,
        hardware=row.hardware,
        records=records,
        precision=precision,
        chips=row.hardware_quantity,
        hours=row.training_hours,
        chip_hours=row.chip_hours,
        rates=rates,
        machine_flop=(time * 3600 * rates[0], time * 3600 * rates[1]) if rates and time else None,
        mfu=row.mfu,
        hfu=row.hfu,
        compute=row.compute,
        low=row.compute_low,
        high=row.compute_high,
        methods=frozenset(row.compute_method),
        base_models=row.base_model,
        increment=row.finetune_compute,
        places=COLUMNS,
    )


def _tokens_of(row: ModelRow, domain: Sequence[str]) -> float | None:
    if row.dataset_size is None or "language" not in domain or row.dataset_unit not in bulk.TEXT:
        return None
    if row.epochs is None and (row.published is None or row.published.year < EPOCHS_SAID_SINCE):
        return None
    return row.dataset_size * (row.epochs or 1.0) / (bulk.WORDS_PER_TOKEN if row.dataset_unit == "words" else 1.0)


def _count_of(row: ModelRow, domain: Sequence[str], tokens: float | None) -> tuple[float | None, str]:
    used = row.active_parameters or row.parameters
    if not used:
        return None, ""
    if tokens and (row.active_parameters or not row.mixture_of_experts):
        return bulk.PASSES * used * tokens, "tokens"
    if row.dataset_size and row.dataset_unit == "images" and set(domain) == {"vision"} and (
        used >= LEAST_VISION_TRANSFORMER
    ):  # fmt: skip
        return bulk.PASSES * used * row.dataset_size * (row.epochs or 1.0) * PATCHES_PER_IMAGE, "images"
    return None, ""


def _precision(formats: Sequence[str]) -> str:
    known = {bulk.FORMATS.get(name.upper(), "") for name in formats}
    return known.pop() if len(known) == 1 else ""


def _records(hardware: Sequence[str]) -> tuple[Chip, ...]:
    """The chips that may be meant, where one name stands there that the records know."""
    if len(hardware) != 1:
        return ()
    try:
        return store.chips_named(hardware[0])
    except NotFound:
        return ()


def _rates(chips: Sequence[Chip], precision: str) -> tuple[float, float] | None:
    """The lowest and highest dense rate that may be meant; of an 8-bit run the 16-bit one, as utilization is given."""
    wanted = [precision] if precision and precision not in LOW_PRECISION else []
    found = [
        peak.value
        for chip, name in product(chips, ["fp16", "bf16", "fp32"])
        if name in (wanted or chip.default_precision)
        for peak in chip.peaks
        if peak.precision == name and not peak.sparse and chip.peak(name).value == peak.value
    ]
    if not found and wanted:
        return _rates(chips, "")  # a format that it lacks says nothing
    return (min(found), max(found)) if found else None


# A dossier


def of_dossier(dossier: Dossier, job: Job, entry: Entry | None) -> Account:
    """What the claims of a dossier say of the whole job; stages add up where each of them says it."""
    whole = job.whole
    counted = entry.counted if entry else None
    exact = exact_counts.counted(whole)
    count = entry.methods[counted].estimate.median if entry and counted else None
    best = whole.best("compute")
    return Account(
        name=dossier.name,
        source=dossier.id,
        published=dossier.published,
        domain=dossier.domain,
        language="language" in dossier.domain,
        parameters=_value(whole, "parameters"),
        active_parameters=_value(whole, "active_parameters"),
        experts=whole.sparse,
        size=_value(whole, "tokens") or _value(whole, "examples"),
        unit="tokens" if whole.best("tokens") else "",
        epochs=_value(whole, "epochs") if whole.best("epochs") else None,
        tokens=_summed(job, "tokens"),
        count=count,
        counted_from="" if count is None else "architecture" if exact or counted == "operations" else "tokens",
        hardware=tuple(dict.fromkeys(claim.chip for claim in dossier.all_claims() if claim.chip)),
        records=whole.chips(),
        precision=whole.word("precision") or "",
        chips=_stated(whole, "chips"),
        hours=_stated(whole, "duration", "h"),
        chip_hours=_stated(whole, "chip_hours", "chip*h"),
        rates=_rates(whole.chips(), whole.word("precision") or ""),
        machine_flop=_machine_flop(job),
        mfu=_stated(whole, "mfu"),
        hfu=_stated(whole, "hfu"),
        compute=_stated(whole, "compute"),
        methods=frozenset({"hardware"} if best and best.tag == "derived-from-hardware" else ()),
        base_models=(dossier.base_model,) if dossier.base_model else (),
        places=_places(whole),
    )


def _places(whole: Evidence) -> Mapping[str, str]:
    names = ("parameters", "active_parameters", "chips", "chip_hours", "mfu", "hfu", "compute", "epochs")
    abouts = {**{name: name for name in names}, **ABOUTS}
    return {name: claim.id.partition(":")[2] for name, about in abouts.items() if (claim := whole.best(about))}


def _value(evidence: Evidence, need: str) -> float | None:
    known = evidence.known(need)
    return known.estimate.median if known else None


def _stated(evidence: Evidence, about: str, unit: str = "") -> float | None:
    """The median of a claim that is more than an assumption."""
    claim = evidence.best(about)
    if claim is None or claim.kind == "assumed":
        return None
    estimate = evidence.stated(claim).estimate
    return (estimate.to(unit) if unit else estimate).median


def _summed(job: Job, need: str) -> float | None:
    """Of the whole job, else of all its stages together."""
    if (whole := _value(job.whole, need)) or not job.stages:
        return whole
    parts = [_value(stage, need) for stage in job.stages.values()]
    return sum(part for part in parts if part) if all(parts) else None


def _machine_flop(job: Job) -> tuple[float, float] | None:
    scale = _value(job.whole, "scale_up") or 1.0
    parts = [job.whole] if job.whole.known("chip_hours") or not job.stages else list(job.stages.values())
    low = high = 0.0
    for part in parts:
        hours, rates = part.known("chip_hours"), _rates(part.chips(), part.word("precision") or "")
        if claim := part.best("peak"):
            rates = (part.stated(claim).estimate.median,) * 2
        if hours is None or rates is None:
            return None
        seconds = hours.estimate.to("chip*h").median * 3600
        low, high = low + seconds * rates[0], high + seconds * rates[1]
    return low * scale, high * scale
