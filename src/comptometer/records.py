"""Frozen shapes of what the data files say. Reading them is the work of `store`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from comptometer.distribution import T3_90, Distribution, LogStudentT, Point, Truncated
from comptometer.errors import UsageError
from comptometer.files import Held
from comptometer.notebook import Showable
from comptometer.text import number
from comptometer.vocabulary import Basis, Kind, Tag

Grade = Literal["primary", "secondary", "tertiary"]
PriceKind = Literal["list", "system-share", "street", "cloud"]
Directions = Literal["both", "one", "unstated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Somebody who said something, somewhere.

    `grade`: primary for the makers of the model or chip, secondary for another's estimate or table,
    tertiary for what cites those.
    """

    id: str
    title: str
    authors: Sequence[str] = ()
    published: str = ""
    url: str = ""
    grade: Grade = "primary"
    licence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement about one thing, with who says so and where.

    Attributes:
        id: unique in the whole catalogue, e.g. `openai/dota-1v1:compute@openai-2018-chart-data`.
        about: a key of the vocabulary.
        value: as written.
        belief: the same as a distribution in the unit of the vocabulary; absent where the value is a word.
        kind: stated, derived or assumed.
        rests_on: what its author worked it out from (keys of the vocabulary).
        file: where the architecture that is claimed is written down, or its text.
        holds: how many of the dossier's examples one input of that architecture holds, as written; 1 unless said.
        draws_as: name that orders the draws, where it is not the id: an assumption is drawn anew for each model.
        aside: why nothing is computed from it, where it is put aside.
    """

    id: str
    about: str
    value: str
    belief: Distribution | None
    kind: Kind = "stated"
    source: str
    where: str = ""
    tag: Tag | None = None
    chip: str | None = None
    rests_on: frozenset[str] = frozenset()
    verified: bool = True
    note: str = ""
    file: Path | Held | None = None
    holds: str = ""
    draws_as: str = ""
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Highest rate of a chip in one number format; `value` in FLOP/s (int8: operations/s) per unit of the chip.

    `as_of`: the edition, where the vendor gave another rate before or after.
    """

    precision: str
    value: float
    sparse: bool = False
    clock: str = "unstated"
    headline: bool = False
    path: str = "unstated"
    accumulate: str = "unstated"
    as_of: str = ""
    source: str
    where: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Where facts of a chip that are not peaks were read: dates, clocks, memory, power, links."""

    source: str
    where: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPower:
    """Power of one unit in use, as somebody measured it."""

    mean_watt: float
    least_watt: float | None = None
    most_watt: float | None = None
    source: str
    where: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit cost: `usd` to buy it, or per hour to rent it where the kind is cloud.

    A list price is the vendor's, a street price a seller's; a system-share is the price of a whole system divided
    by its units, and so contains host, network and cooling.
    """

    usd: float
    kind: PriceKind
    date: str
    provider: str = ""
    term: str = ""
    source: str
    where: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip(Showable):
    """One part that can be bought; `unit` says what counts as one (chip, package, board or system).

    Attributes:
        shared_names: names that it shares with other records, besides the family.
        dies_per_unit: pieces of silicon that compute, in one unit.
        devices_per_unit: what a program sees of one unit, or its cores where people count those.
        default_precision: the formats of a run of which nobody says it; none where nobody trains on it.
        cores: vector lanes that do one multiply-add per clock, all dies together.
        base_mhz, boost_mhz: core clocks; `shader_mhz` where the lanes run at another one.
        scale_up_bytes_per_second: all links to its neighbours together, counted as `scale_up_directions` says.
        sources: where what is not a peak, a price or a measurement was read.
    """

    id: str
    name: str
    vendor: str
    family: str
    kind: str
    unit: str = "chip"
    peaks: Sequence[Peak]
    default_precision: Sequence[str]
    aliases: Sequence[str] = ()
    shared_names: Sequence[str] = ()
    form_factor: str = ""
    dies_per_unit: int = 1
    devices_per_unit: int = 1
    announced: date | None = None
    available: date | None = None
    process_nm: float | None = None
    cores: int | None = None
    base_mhz: float | None = None
    boost_mhz: float | None = None
    shader_mhz: float | None = None
    tdp_watt: float | None = None
    measured_power: MeasuredPower | None = None
    memory_bytes: float | None = None
    memory_bytes_per_second: float | None = None
    scale_up_bytes_per_second: float | None = None
    scale_up_directions: Directions = "unstated"
    prices: Sequence[Price] = ()
    sources: Sequence[Facts] = ()
    note: str = ""

    def peak(self, precision: str, *, sparse: bool = False, accumulate: str = "fp32") -> Peak:
        """The peak in one number format: dense unless `sparse`, with the wanted accumulation where the record tells.

        Of several clocks the vendor's headline counts, then boost, then base.

        Raises:
            UsageError: the record has no such peak; names those that it has.
        """
        fits = self._fitting(precision, sparse, accumulate)
        if not fits:
            known = sorted({peak.precision for peak in self.peaks if peak.sparse == sparse})
            kind = "sparse" if sparse else "dense"
            raise UsageError(
                f"{self.name} has no {kind} {precision} peak on record; known: {', '.join(known) or 'none'}"
            )
        clocks = ("boost", "unstated", "base")
        return min(fits, key=lambda peak: (not peak.headline, clocks.index(peak.clock)))

    def has_peak(self, precision: str, *, sparse: bool = False, accumulate: str = "fp32") -> bool:
        """Does the record have a peak that `peak` would find?"""
        return bool(self._fitting(precision, sparse, accumulate))

    def _fitting(self, precision: str, sparse: bool, accumulate: str) -> list[Peak]:
        return [
            peak
            for peak in self.peaks
            if peak.precision == precision and peak.sparse == sparse and peak.accumulate in {accumulate, "unstated"}
        ]

    @property
    def cited(self) -> list[str]:
        """The sources of everything on record, each once."""
        power = [self.measured_power] if self.measured_power else []
        rows: list[Peak | Facts | MeasuredPower | Price] = [*self.peaks, *self.sources, *power, *self.prices]
        return list(dict.fromkeys(row.source for row in rows))

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values: dates as text, amounts in the units that the names say."""
        fields = asdict(self)
        dates = {key: str(value) if (value := fields[key]) else None for key in ("announced", "available")}
        peaks = [
            {("operations_per_second" if key == "value" else key): value for key, value in peak.items()}
            for peak in fields["peaks"]
        ]
        return fields | dates | {"peaks": peaks}


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReference:
    """Which attempts of a ledger are about a model: `where` has values by dimension, as in `ledger total --where`."""

    folder: Path
    where: Mapping[str, str] = field(default_factory=dict)
    rules: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of a training job with claims of its own, or what is beside it; stages add up.

    `ledger` may say more of it, whose types of chip are its `segments`.
    """

    name: str
    kind: str = ""
    start: date | None = None
    end: date | None = None
    claims: Sequence[Claim] = ()
    ledger: LedgerReference | None = None
    segments: Sequence[Stage] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A model whose weights or outputs another was made from; `model` is its name in the catalogue, if it has one."""

    name: str
    relation: Literal["modified", "initialised", "merged", "teacher"]
    model: str = ""
    systemic_risk: bool = False
    claims: Sequence[Claim] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a compute report says beside the numbers.

    Attributes:
        status: of the training: planned, running, final; or somebody else's estimate.
        preparer, reviewer, contact, note: as they are printed.
        none: activities that were not done at all.
        confidential: what the claims are about that the public does not read; `salt`: with which they are hashed.
    """

    status: str = "external-estimate"
    preparer: str = ""
    reviewer: str = ""
    contact: str = ""
    none: Sequence[str] = ()
    confidential: Sequence[str] = ()
    salt: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that is claimed about one model.

    `basis` is what its compute holds: all of a training from the start (total), all of it with that of the base model
    (total-with-base), or only what was spent on top of the base model (increment).
    `references` describe it without being cited by a claim. `aside` are claims that nothing is computed from: what
    another table says of the same model, or what cannot be about the same job as the rest; their notes say why.
    `segments` cut the machines of the job in another way than `stages` cut its data; `ledger` is where claims about
    them come from. `activities` are what was computed for the model beside its training, and `bases` the models that it
    was made from: laws count some of them. `caveats` are what a reader of its evidence should know.
    """

    id: str
    name: str
    developer: str = ""
    published: date | None = None
    domain: Sequence[str] = ()
    notable: bool = False
    base_model: str = ""
    basis: Basis = "total"
    aliases: Sequence[str] = ()
    references: Sequence[str] = ()
    note: str = ""
    claims: Sequence[Claim] = ()
    aside: Sequence[Claim] = ()
    stages: Sequence[Stage] = ()
    segments: Sequence[Stage] = ()
    activities: Sequence[Stage] = ()
    bases: Sequence[Base] = ()
    report: ReportFacts | None = None
    ledger: LedgerReference | None = None
    caveats: Sequence[str] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def vintages(self) -> tuple[str, ...]:
        """The ids of the vintages whose rows say something here."""
        return tuple(name.removesuffix("-models") for name in self.sources if name.endswith("-models"))

    def all_claims(self) -> Sequence[Claim]:
        """The claims of the model, of each of its stages and of each part of its machines."""
        machines = [*self.segments, *(segment for stage in self.stages for segment in stage.segments)]
        return [*self.claims, *(claim for part in (*self.stages, *machines) for claim in part.claims)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A default: what is taken where nobody says.

    A heavy-tailed one has `spread_dex`, the scale of Student's t in decimal logarithms.
    The conditions say where it applies; the most specific one that applies is taken. `names` are of whoever or whatever
    place it is about.
    """

    id: str
    about: str
    value: str
    belief: Distribution
    source: str
    where: str = ""
    note: str = ""
    verified: bool = True
    per_model: bool = False
    families: Sequence[str] = ()
    kinds: Sequence[str] = ()
    domains: Sequence[str] = ()
    names: Sequence[str] = ()
    sparse: bool | None = None
    least_parameters: float = 0.0
    most_parameters: float = float("inf")
    before: date | None = None

    @property
    def spread(self) -> Distribution:
        """The same width around 1: for a value that somebody assumed without saying how sure they were."""
        match self.belief:
            case LogStudentT(spread_dex=dex) | Truncated(inner=LogStudentT(spread_dex=dex)):
                return LogStudentT(1.0, dex)
            case Point():
                return Point(1.0)
            case _:
                raise UsageError(f"assumption {self.id} has no spread")

    def claim(self, subject: str, *, belief: Distribution | None = None, suffix: str = "") -> Claim:
        """The assumption as a claim about one model; with another belief in its place where one is given."""
        name = f"assumption:{self.id}{suffix}"
        return Claim(
            id=name,
            about=self.about,
            value=heavy_text(belief) if belief else self.value,
            belief=belief or self.belief,
            kind="assumed",
            source=self.source,
            where=self.where,
            verified=self.verified,
            note=self.note,
            draws_as=f"{name}|{subject}" if self.per_model else "",
        )


HEAVY = ", heavy-tailed"


def heavy_text(belief: Distribution) -> str:
    """Write a heavy-tailed belief as its 90% interval: `0.3 x/÷ 2.96`."""
    match belief:
        case LogStudentT(median=median, spread_dex=dex) | Truncated(inner=LogStudentT(median=median, spread_dex=dex)):
            return f"{number(median)} x/÷ {number(10 ** (T3_90 * dex))}{HEAVY}"
    raise TypeError(f"{belief} is not heavy-tailed")
