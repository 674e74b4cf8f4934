r"""Counts from a layer list: a model written down layer by layer, with the shape that goes in.

Every other file in this folder knows one kind of layer or a small family of kinds (those whose names start with an
underscore hold what reading shares). A kind reads its keys from a table, and turns what flows into it into what flows
out, with its operations and parameters as exact integers. No framework and no numerical library is imported.

>>> dense = read(b'input = [784]\nlayers = [{kind = "linear", outputs = 10}]')
>>> count(dense, batch=2).forward  # 2 examples × 784 × 10 multiply-adds
31360
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Final, Self, TypeVar, get_args

from comptometer.errors import DataError, NotFound, UsageError
from comptometer.layers._fields import LARGEST, Fields, joined, shown
from comptometer.layers._toml import table_of
from comptometer.ops import Attention, Convention, OpCount, Parameters, Recompute, Term
from comptometer.registry import Registry
from comptometer.text import percent
from comptometer.trainable import EVERYTHING, Trainable

MOST_LAYERS: Final = 100_000  # with every repetition
CLOSURE: Final = 0.02  # by which counted and stated parameters may differ without a word
SHIPPED: Final = Path(__file__).parents[1] / "data" / "layers"


@dataclass(frozen=True, slots=True)
class Flow:
    """What passes from one layer to the next.

    Attributes:
        shape: of one example: channels and extents of an image, positions and width of a sequence.
        trained: has anything before it parameters? Only then does the backward pass form a gradient with respect to it.
    """

    shape: tuple[int, ...]
    trained: bool = False

    def __str__(self) -> str:
        return " × ".join(map(str, self.shape))


@dataclass(frozen=True, slots=True)
class Work:
    """What a layer does: what flows out, its operations on the batch, its parameters.

    Modules of terms are named from within the layer; the empty name is the layer itself.
    """

    flow: Flow
    terms: Sequence[Term] = ()
    parameters: int = 0
    embedding: int = 0
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What is counted: examples in the batch, the convention, what is trained, and the block that one is in."""

    batch: int = 1
    convention: Convention = field(default_factory=Convention)
    trainable: Trainable = EVERYTHING
    path: str = ""

    def inside(self, name: str) -> Run:
        """The same within a block."""
        return replace(self, path=f"{self.path}.{name}".strip("."))

    def weighted(self, module: str, operation: str, forward: int, *, trained: bool, calls: int = 1) -> Term:
        """A product with a weight: the weight's gradient always, the input's where something before it is trained."""
        again = forward if self.convention.recompute == "full" else 0
        backward = 2 * forward if trained else forward
        return Term(
            module=module, operation=operation, calls=calls, forward=forward, backward=backward, recomputed=again
        )


class Layer(ABC):
    """One kind of layer: reads its keys, and works on what flows in."""

    __slots__ = ()

    @property
    def size(self) -> int:
        """How many layers it is, with every repetition; a block counts as one itself."""
        return 1

    @property
    def is_block(self) -> bool:
        """Is it made of other layers?"""
        return False

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """From the keys of a table; what is wrong with them is kept by `fields`."""

    @abstractmethod
    def work(self, flow: Flow, run: Run) -> Work:
        """What it does with that input.

        Raises:
            UsageError: the input does not fit.
        """


@dataclass(frozen=True, slots=True)
class Named:
    """A layer in its place."""

    name: str
    place: str
    layer: Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerList:
    """A model as a list of layers.

    Attributes:
        name: of the model.
        source: the shape that goes in, of one example.
        layers: in order.
        notes: what a reader should know.
        stated: its parameters as somebody else states them, to be compared.
        place: what to call it in messages.
    """

    name: str
    source: tuple[int, ...]
    layers: Sequence[Named]
    notes: Sequence[str] = ()
    stated: int | None = None
    place: str = "layers"


class Misfit(UsageError):
    """A layer that its input does not fit, with its place; without a text where that was said already."""


KINDS: Registry[type[Layer]] = Registry("layer kind", "comptometer.layers")
AnyLayer = TypeVar("AnyLayer", bound=type[Layer])


def kind(name: str) -> Callable[[AnyLayer], AnyLayer]:
    """Register a class under the name that a layer list uses."""

    def register(layer: AnyLayer) -> AnyLayer:
        KINDS.add(name, layer)
        return layer

    return register


def number(layers: Iterable[Named]) -> int:
    """How many layers these are, with every repetition."""
    return sum(named.layer.size for named in layers)


def follow(layers: Sequence[Named], flow: Flow, run: Run) -> Work:
    """Layers one after the other, their modules named.

    Raises:
        Misfit: one does not fit; names it.
    """
    works = []
    for named in layers:
        works.append(_placed(named, flow, run))
        flow = works[-1].flow
    return together(works, flow)


def together(works: Iterable[Work], flow: Flow) -> Work:
    """Several works as one, of which that flows out."""
    found = list(works)
    return Work(
        flow=flow,
        terms=[term for work in found for term in work.terms],
        parameters=sum(work.parameters for work in found),
        embedding=sum(work.embedding for work in found),
        notes=list(dict.fromkeys(note for work in found for note in work.notes)),
    )


def _placed(named: Named, flow: Flow, run: Run) -> Work:
    try:
        within_it = run.inside(named.name) if run.trainable else run
        work = named.layer.work(flow, within_it)
        if run.trainable and not named.layer.is_block and not run.trainable.weight(within_it.path):
            work = _frozen(work, flow)
        if prod(work.flow.shape) > LARGEST:
            raise UsageError(f"gives {work.flow}, more than 10^15 numbers")
    except Misfit:
        raise
    except UsageError as error:
        raise Misfit(f"{named.place}: {error}") from error
    return replace(work, terms=within(named.name, work.terms))


def _frozen(work: Work, flow: Flow) -> Work:
    """A layer whose weights are not trained: it passes a gradient on, where there is one, and forms no other.

    The products of an attention's core form all of theirs: query, key and value come from what flows in.
    """
    terms = [
        term
        if flow.trained and term.operation == "attention"
        else replace(term, backward=term.forward * flow.trained, recomputed=term.recomputed * flow.trained)
        for term in work.terms
    ]
    return replace(work, terms=terms, flow=replace(work.flow, trained=flow.trained))


def within(name: str, terms: Iterable[Term]) -> list[Term]:
    """Terms with the name of the block that they belong to before their own."""
    return [replace(term, module=f"{name}.{term.module}".strip(".")) for term in terms]


def read(source: str | Path | bytes, *, place: str | None = None) -> LayerList:
    """Read a layer list.

    Args:
        source: a path, or the text of the file itself.
        place: what to call it in messages; the path unless given.

    Raises:
        DataError: everything that is wrong with it: what cannot be read, unknown keys, values that cannot be, and the
            shapes that do not fit.
    """
    from comptometer.layers._children import children

    where = place or ("layers" if isinstance(source, bytes) else str(source))
    problems: list[str] = []
    fields = Fields(table_of(source, where), "", problems, children)
    found = LayerList(
        name=fields.text("name", Path(where).stem),
        source=fields.shape("input"),
        layers=fields.layers("layers"),
        notes=[note for note in (fields.text("note", ""), fields.text("source", "")) if note],
        stated=fields.optional("parameters"),
        place=where,
    )
    fields.finish()
    if not problems and number(found.layers) > MOST_LAYERS:
        problems.append(f"layers: more than {MOST_LAYERS:,} of them, with every repetition")
    elif fields.sound("input") and number(found.layers) <= MOST_LAYERS:
        problems += _total(found, Run())[1]
    if problems:
        raise DataError(where, joined(problems))
    return found


def names() -> list[str]:
    """The shipped layer lists."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def shipped(name: str) -> LayerList:
    """A shipped layer list.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in names():
        raise NotFound("layer list", name, names())
    return read(SHIPPED / f"{name}.toml", place=f"{name}.toml")


def count(
    layer_list: LayerList,
    *,
    batch: int = 1,
    attention: Attention = "full",
    recompute: Recompute = "none",
    trainable: Trainable = EVERYTHING,
) -> OpCount:
    """Count the operations of one training step.

    The forward pass in multiply-adds of one example is `forward // 2 // batch`, exactly. The first layers that have
    parameters form no gradient of their input, because nothing before them is trained.

    Args:
        layer_list: as read.
        batch: examples in the batch.
        attention: which (query, key) pairs are counted where a layer is causal.
        recompute: what the backward pass computes again; counted apart.
        trainable: the layers and blocks that are frozen, by their names; low-rank additions are not for layer lists.

    Raises:
        UsageError: an argument that cannot be, a name that fits no layer.
        DataError: layers that do not fit.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= LARGEST:
        raise UsageError(f"batch: needs a whole number from 1 to 10^15, got {shown(batch)}")
    for word, given, known in (("attention", attention, Attention), ("recompute", recompute, Recompute)):
        if given not in get_args(known):
            raise UsageError(f"{word}: needs one of {', '.join(get_args(known))}, got {shown(given)}")
    convention = Convention(attention=attention, recompute=recompute)
    if trainable.rank is not None:
        raise UsageError("trainable: low-rank additions are counted for configurations, not for layer lists")
    work, problems = _total(layer_list, Run(batch, convention, trainable))
    if problems:
        raise DataError(layer_list.place, joined(problems))
    if trainable:
        trainable.checked(list(dict.fromkeys(term.module for term in work.terms)))
    return OpCount(
        terms=work.terms,
        parameters=Parameters(total=work.parameters, active=work.parameters, embedding=work.embedding),
        convention=convention,
        backend="layers",
        target=layer_list.place,
        batch=batch,
        notes=[*_closure(layer_list, work), *layer_list.notes, *work.notes],
    )


def _total(layer_list: LayerList, run: Run) -> tuple[Work, list[str]]:
    """All works; after a layer that does not fit, what follows is skipped up to the next input."""
    problems: list[str] = []
    works: list[Work] = []
    flow: Flow | None = Flow(layer_list.source)
    for named in layer_list.layers:
        if flow is None and not isinstance(named.layer, KINDS["input"]):
            continue
        try:
            works.append(_placed(named, flow or Flow(()), run))
            flow = works[-1].flow
        except Misfit as error:
            problems += [str(error)] if str(error) else []
            flow = None
    return together(works, flow or Flow(())), problems


def _closure(layer_list: LayerList, work: Work) -> list[str]:
    stated = layer_list.stated
    if stated is None or abs(work.parameters - stated) <= CLOSURE * stated:
        return []
    apart = percent(abs(work.parameters / stated - 1))
    return [f"the layers have {work.parameters:,} parameters, {apart} off the {stated:,} that the file states"]
