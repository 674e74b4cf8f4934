"""Training jobs made of stages: pre-training, fine-tuning, distillation, preferences, reinforcement learning.

A stage list names a model, which is counted as `comptometer count` counts it, and what is done with it. Every other
file in this folder knows some kinds of stage: the keys that it reads, and the passes that it makes. A pass is so many
sequences through one model, forward only or with its gradients. Model FLOP is what the mathematics needs; hardware FLOP
is what is executed, with activations that are computed again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from comptometer.counting import LIVE_TARGET, count
from comptometer.errors import ComptometerError, DataError, UsageError
from comptometer.notation import parse
from comptometer.ops import Attention, OpCount, Recompute
from comptometer.registry import Registry
from comptometer.release import data_version
from comptometer.trainable import Trainable, named

Counter = Callable[..., OpCount]
WEIGHED: Final = frozenset({"linear", "convolution", "recurrence"})  # products with a weight, which pruning thins out
MOST_STAGES: Final = 1000
COUNTED: Final = ("", "token", "tokens", "example", "examples", "pair", "pairs", "prompt", "prompts")


def _amount(value: object) -> object:
    """A whole number as people write it: `15T`, `1.5e12`."""
    if not isinstance(value, str):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    found = parse(value)
    belief = getattr(found.belief, "value", None)
    if belief is None or belief != int(belief) or found.unit not in COUNTED:
        raise ValueError(f"one whole number, such as 15T, got {value!r}")
    return int(belief)


def _read_amount(value: object) -> object:
    try:
        return _amount(value)
    except ComptometerError as error:
        raise ValueError(str(error)) from None


Amount = Annotated[int, BeforeValidator(_read_amount), Field(ge=1, le=10**30)]
Length = Annotated[int, BeforeValidator(_read_amount), Field(ge=1, le=10**8)]
Share = Annotated[float, Field(gt=0, le=1)]
Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(lambda text: " ".join(text.split()))]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LowRank(_Table):
    """Low-rank additions: how wide, to which products, and what is trained besides."""

    rank: Annotated[int, Field(ge=1, le=10**6)]
    targets: Annotated[list[str], Field(min_length=1)]
    trained: list[str] = []


class StageTable(_Table):
    """The keys that every stage has.

    Attributes:
        model: what is trained; that of the stage list unless given.
        attention: the pairs that are counted.
        recompute: activations that are computed again.
        modules: those of the stage's own model that are run; all of it unless given. No gradient leaves them.
        frozen: modules that are not trained.
        lora: low-rank additions, beside which nothing is trained.
        include: `mtp`.
        density: share of the weights that pruning has left: model FLOP counts these, hardware FLOP the dense products.
    """

    name: Line = ""
    kind: str
    note: str = ""
    model: str | None = None
    sequence_length: Length | None = None
    decoder_length: Length | None = None
    image_size: int | None = None
    attention: Attention = "causal"
    recompute: Recompute = "none"
    modules: list[str] = []
    frozen: list[str] = []
    lora: LowRank | None = None
    include: list[Literal["mtp"]] = []
    density: Share = 1.0

    @property
    def trainable(self) -> Trainable:
        """What is trained."""
        if self.lora is None:
            return Trainable(only=tuple(self.modules), frozen=tuple(self.frozen))
        return Trainable(
            only=tuple(self.modules),
            frozen=tuple(self.frozen),
            rank=self.lora.rank,
            targets=tuple(self.lora.targets),
            trained=tuple(self.lora.trained),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """So many sequences through one model.

    Attributes:
        what: in words.
        activity: what a regulation would call it: `pretrain`, `sft`, `rl-rollout`, `teacher-forward`, …
        sequences: how many; examples, where a model reads no tokens.
        model_flop: that the mathematics needs.
        hardware_flop: that is executed.
        notes: what a reader should know.
    """

    what: str
    activity: str
    sequences: Fraction
    model_flop: Fraction
    hardware_flop: Fraction
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage that was counted."""

    name: str
    kind: str
    passes: Sequence[Pass]

    @property
    def model_flop(self) -> int:
        """That the mathematics needs, to the nearest whole one."""
        return round(sum((one.model_flop for one in self.passes), Fraction()))

    @property
    def hardware_flop(self) -> int:
        """That is executed, likewise."""
        return round(sum((one.hardware_flop for one in self.passes), Fraction()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole job."""

    name: str
    stages: Sequence[Stage]
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def model_flop(self) -> int:
        """Of all stages."""
        return sum(stage.model_flop for stage in self.stages)

    @property
    def hardware_flop(self) -> int:
        """Of all stages."""
        return sum(stage.hardware_flop for stage in self.stages)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer count` on a stage list (schema `comptometer/stages/1`)."""
        return {
            "schema": "comptometer/stages/1",
            "data_version": data_version(),
            "name": self.name,
            "model_flop": self.model_flop,
            "hardware_flop": self.hardware_flop,
            "stages": [
                {
                    "name": stage.name,
                    "kind": stage.kind,
                    "model_flop": stage.model_flop,
                    "hardware_flop": stage.hardware_flop,
                    "passes": [_row(one) for one in stage.passes],
                }
                for stage in self.stages
            ],
            "notes": list(self.notes),
        }


def _row(one: Pass) -> dict[str, Any]:
    return {
        "what": one.what,
        "activity": one.activity,
        "sequences": float(one.sequences),
        "model_flop": round(one.model_flop),
        "hardware_flop": round(one.hardware_flop),
        "notes": list(one.notes),
    }


class Job:
    """What a kind of stage works with: the models, and counts of them on one sequence, each made once."""

    def __init__(self, table: StageTable, models: Mapping[str, Counter], folder: str, default: str | None) -> None:
        self.table, self._models, self._folder, self._default = table, models, folder, default
        self._counts: dict[tuple[Any, ...], OpCount] = {}

    def count(self, target: str | None = None, *, length: int | None = None, trained: bool = False) -> OpCount:
        """One sequence through a model.

        Args:
            target: the model; that of the stage unless given, of which only its `modules` are counted.
            length: tokens; those of the stage unless given.
            trained: with what the stage says of frozen parts and low-rank additions? Only the stage's own model.

        Raises:
            UsageError: there is no model, or it cannot be counted that way.
        """
        table = self.table
        name = target or table.model or self._default
        if name is None:
            raise UsageError("model: is missing; say what is trained, here or at the top of the list")
        trainable = table.trainable if trained else Trainable(only=() if target else tuple(table.modules))
        key = (name, length, trainable)
        if key not in self._counts:
            found = self._counted(name, length or table.sequence_length, trainable, trained)
            self._counts[key] = _part(found, trainable.only) if trainable.only else found
        return self._counts[key]

    def _counted(self, name: str, length: int | None, trainable: Trainable, own: bool) -> OpCount:
        table = self.table
        given: dict[str, Any] = {
            "sequence_length": length,
            "decoder_length": table.decoder_length,
            "image_size": table.image_size,
            "attention": table.attention,
            "recompute": table.recompute if own else "none",
            "include": tuple(table.include),
        }
        asked = {key: value for key, value in given.items() if value not in (None, ())}
        if trainable:
            asked["trainable"] = trainable
        return self._counter(name)(**asked)

    def _counter(self, name: str) -> Counter:
        if name in self._models:
            return self._models[name]
        if LIVE_TARGET.fullmatch(name):
            raise UsageError(f"model: {name}: a stage list is data and runs no code; from Python, hand it over by name")
        path = os.path.join(self._folder, name)
        return partial(count, path if os.path.exists(path) else name)

    def trained(self, what: str, activity: str, found: OpCount, sequences: Fraction) -> Pass:
        """Forward and backward."""
        return self._pass(what, activity, found, sequences, found.training, found.recomputed, trained=True)

    def forward(self, what: str, activity: str, found: OpCount, sequences: Fraction) -> Pass:
        """Forward only: teachers, references, rewards, rollouts."""
        return self._pass(what, activity, found, sequences, found.forward, 0, trained=False)

    def behind(self, what: str, activity: str, whole: OpCount, prefix: OpCount, sequences: Fraction) -> Pass:
        """The forward pass of what comes after a prefix that is computed already."""
        flop = (whole.forward - prefix.forward) * sequences
        return Pass(what=what, activity=activity, sequences=sequences, model_flop=flop, hardware_flop=flop)

    def changed(self, table: StageTable) -> Job:
        """The same models under other keys, as in a phase."""
        return Job(table, self._models, self._folder, self._default)

    def _pass(
        self, what: str, activity: str, found: OpCount, sequences: Fraction, once: int, again: int, *, trained: bool
    ) -> Pass:
        pruned = Fraction(0)
        if trained and self.table.density < 1:
            weighed = sum(term.forward + term.backward for term in found.terms if term.operation in WEIGHED)
            pruned = weighed * (1 - Fraction(str(self.table.density)))
        return Pass(
            what=what,
            activity=activity,
            sequences=sequences,
            model_flop=(once - pruned) * sequences,
            hardware_flop=(once + again) * sequences,
            notes=[f"not counted: {u.operation} ({u.reason})" for u in found.uncounted],
        )


def _part(found: OpCount, modules: Sequence[str]) -> OpCount:
    """The work in some modules only.

    Raises:
        UsageError: there is none.
    """
    terms = [term for term in found.terms if named(term.module, modules)]
    if not terms:
        raise UsageError(f"modules: nothing is computed in {', '.join(modules)}; there is work in {_places(found)}")
    return replace(found, terms=terms)


def _places(found: OpCount) -> str:
    return ", ".join(dict.fromkeys(term.module for term in found.terms))


Passes = Callable[[Any, Job], Iterator[Pass]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of stage: the keys that it reads, and the passes that it makes."""

    table: type[StageTable]
    passes: Passes


KINDS: Registry[Kind] = Registry("kind of stage", "comptometer.scenarios")


def kind(*names: str, table: type[StageTable]) -> Callable[[Passes], Passes]:
    """Register a function for some values of `kind`."""

    def register(function: Passes) -> Passes:
        for name in names:
            KINDS.add(name, Kind(table=table, passes=function))
        return function

    return register


def is_stage_list(table: Mapping[str, Any]) -> bool:
    """Is a table a stage list, and neither a layer list nor a dossier, whose stages hold claims?"""
    return "stages" in table and not {"layers", "claims", "published"} & table.keys()


def named_in(path: str | os.PathLike[str]) -> bool:
    """Is a file a stage list? One that cannot be read is not."""
    from comptometer.layers._toml import table_of

    place = os.fspath(path)
    try:
        return place.endswith(".toml") and is_stage_list(table_of(place, place))
    except DataError:
        return False


def scenario(
    source: str | os.PathLike[str] | Mapping[str, Any], *, models: Mapping[str, Counter] | None = None
) -> Scenario:
    """Count a job from its stage list.

    Args:
        source: the path of a stage list (`.toml`), or its table: `name`, `model`, `note`, `stages`.
        models: counts of models by the names that the list uses: functions that take `sequence_length`, `attention`,
            `recompute` and give an `OpCount`, for live models.

    Raises:
        NotFound: no such file, no such kind of stage.
        DataError: everything that is wrong with the list.
        UsageError: a model that cannot be counted as a stage wants it.

    >>> gpt2 = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
    >>> stage = {"kind": "pretrain", "tokens": "1B", "sequence_length": 1000}
    >>> found = scenario({"model": "gpt2", "stages": [stage]}, models={"gpt2": partial(count, gpt2)})
    >>> found.model_flop == 10**6 * count(gpt2, sequence_length=1000, attention="causal").training
    True
    """
    if isinstance(source, Mapping):
        place, folder, table = "stages", "", source
    else:
        from comptometer.layers._toml import table_of

        place, folder = os.fspath(source), os.path.dirname(source)
        table = table_of(place, place)
    whole = _shaped(_List, table, place, "")
    name = whole.name or os.path.splitext(os.path.basename(place))[0]
    stages = [_stage(at, one, whole, models or {}, folder, place) for at, one in enumerate(whole.stages, 1)]
    return Scenario(name=name, stages=stages, notes=[whole.note] if whole.note else [])


class _List(_Table):
    name: str = ""
    note: str = ""
    model: str | None = None
    stages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_STAGES)]


def _stage(
    at: int, table: Mapping[str, Any], whole: _List, models: Mapping[str, Counter], folder: str, place: str
) -> Stage:
    word = table.get("kind")
    if not isinstance(word, str):
        raise DataError(place, [f"stages[{at}].kind: is missing; one of {', '.join(KINDS)}"])
    known = KINDS[word]
    read = _shaped(known.table, table, place, f"stages[{at}].")
    name = read.name or f"{at} {word}"
    try:
        passes = list(known.passes(read, Job(read, models, folder, whole.model)))
    except UsageError as error:
        raise UsageError(f"{place}: stage {name}: {error}") from None
    return Stage(name=name, kind=word, passes=passes)


def _shaped(shape: type[Any], table: Mapping[str, Any], place: str, where: str) -> Any:
    try:
        return shape.model_validate(dict(table))
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            key = ".".join(str(part) for part in item["loc"])
            message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
            known = f"; known: {', '.join(shape.model_fields)}" if item["type"] == "extra_forbidden" else ""
            problems.append(f"{where}{key}: {message}{known}, got {str(item['input'])[:60]!r}")
        raise DataError(place, problems) from None
