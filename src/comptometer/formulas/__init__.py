"""Counts from a description: a Hugging Face `config.json`, read as data only.

Every other file in this folder knows some families of models (those whose names start with an underscore hold what
families share). A family turns a configuration into parts, whose operations and parameters are exact integers.
No framework and no numerical library is imported: a count takes well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

from comptometer.errors import DataError, NotEnoughEvidence, NotFound
from comptometer.ops import Convention, OpCount, Parameters, Term
from comptometer.registry import Registry

LARGEST: Final = 10**9  # of any size in a configuration
MOST_LAYERS: Final = 100_000
DEFAULT_LENGTH: Final = 4096  # where neither the caller nor the configuration says


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What goes in: so many sequences of so many tokens."""

    batch: int
    sequence_length: int

    @property
    def tokens(self) -> int:
        """Positions in the batch."""
        return self.batch * self.sequence_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a model: its operations on the batch, and its parameters.

    `active` are the parameters that one token uses; all of them but in a mixture of experts.
    """

    terms: Sequence[Term] = ()
    parameters: int = 0
    active: int | None = None
    embedding: int = 0

    @property
    def used(self) -> int:
        """The parameters that one token uses."""
        return self.parameters if self.active is None else self.active

    def __add__(self, other: Part) -> Part:
        """Both pieces."""
        return Part(
            terms=[*self.terms, *other.terms],
            parameters=self.parameters + other.parameters,
            active=self.used + other.used,
            embedding=self.embedding + other.embedding,
        )

    def __mul__(self, times: int) -> Part:
        """The piece so many times, as in equal layers."""
        return Part(
            terms=[term * times for term in self.terms] if times else [],
            parameters=self.parameters * times,
            active=self.used * times,
            embedding=self.embedding * times,
        )


class Config(Mapping[str, Any]):
    """A configuration, asked field by field; it knows which of its fields were asked for.

    Every answer is checked: an integer is an integer, not negative and not absurd. What is wrong is named by its field.
    """

    def __init__(self, fields: Mapping[str, Any], place: str = "config") -> None:
        self._fields = fields
        self.place = place
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def refuse(self, name: str, wanted: str) -> DataError:
        """An error that names a field."""
        found = repr(self._fields[name])[:60] if name in self._fields else "nothing"
        return DataError(self.place, [f"{name}: needs {wanted}, got {found}"])

    def integer(self, name: str, default: int | None = None, *, least: int = 1, most: int = LARGEST) -> int:
        """A whole number between `least` and `most`; the default where the field is missing or null.

        Raises:
            DataError: something else, or missing without a default.
        """
        value = self.get(name)
        self.asked.add(name)
        if value is None:
            if default is None:
                raise self.refuse(name, "a whole number")
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(name, "a whole number")
        if not least <= value <= most:
            raise self.refuse(name, f"a whole number from {least} to {most}")
        return value

    def optional(self, name: str, *, least: int = 1) -> int | None:
        """A whole number, or nothing where the field is missing or null."""
        self.asked.add(name)
        return None if self.get(name) is None else self.integer(name, least=least)

    def flag(self, name: str, default: bool) -> bool:
        """True or false; the default where the field is missing or null."""
        value = self.get(name)
        self.asked.add(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(name, "true or false")
        return value

    def word(self, name: str, default: str) -> str:
        """A text; the default where the field is missing or null."""
        value = self.get(name)
        self.asked.add(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.refuse(name, "a text")
        return value

    def words(self, name: str) -> list[str] | None:
        """A list of texts, or nothing where the field is missing or null."""
        value = self.get(name)
        self.asked.add(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(name, "a list of texts")
        return value

    def integers(self, name: str) -> list[int]:
        """A list of whole numbers; empty where the field is missing or null."""
        value = self.get(name)
        self.asked.add(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(i, int) and not isinstance(i, bool) for i in value):
            raise self.refuse(name, "a list of whole numbers")
        return value


Formula = Callable[[Config, Shape, Convention], Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A way to count models of one `model_type`.

    Attributes:
        name: of the file that knows it.
        formula: parts from a configuration.
        notes: what a reader should know about the count.
    """

    name: str
    formula: Formula
    notes: Sequence[str] = field(default_factory=tuple)


FORMULAS: Registry[Family] = Registry("model_type", "comptometer.formulas")


def formula(*model_types: str, notes: Sequence[str] = ()) -> Callable[[Formula], Formula]:
    """Register a function for some values of `model_type`."""

    def register(function: Formula) -> Formula:
        name = function.__module__.rpartition(".")[2]
        for model_type in model_types:
            FORMULAS.add(model_type, Family(name=name, formula=function, notes=notes))
        return function

    return register


def count(
    config: Mapping[str, Any],
    *,
    batch: int = 1,
    sequence_length: int | None = None,
    convention: Convention | None = None,
    family: str | None = None,
    place: str = "config",
) -> OpCount:
    """Count the operations of a model from its configuration.

    Args:
        config: the fields of a `config.json`.
        batch: sequences in the batch.
        sequence_length: tokens in each; what the configuration allows, at most 4,096, unless given.
        convention: what is counted.
        family: count as this `model_type`, whatever the configuration says.
        place: what to call the configuration in messages.

    Raises:
        NotFound: a `model_type` that no family knows; names fields, and near names.
        DataError: a field that is missing or cannot be.
    """
    fields = Config(config, place)
    known = _family(fields, family)
    longest = fields.integer("max_position_embeddings", fields.integer("n_positions", DEFAULT_LENGTH))
    shape = Shape(batch=batch, sequence_length=sequence_length or min(longest, DEFAULT_LENGTH))
    used = convention or Convention()
    part = known.formula(fields, shape, used)
    notes = list(known.notes)
    if sequence_length is None:
        notes.append(f"sequence length taken as {shape.sequence_length}; give --sequence-length")
    elif "max_position_embeddings" in fields and sequence_length > longest:
        notes.append(f"{sequence_length} tokens are more than the {longest} positions that the model is made for")
    return OpCount(
        terms=[replace(term, module=term.module.strip(".")) for term in part.terms if term.forward],
        parameters=Parameters(total=part.parameters, active=part.used, embedding=part.embedding),
        convention=used,
        backend=f"formula:{known.name}",
        target=place,
        batch=batch,
        sequence_length=shape.sequence_length,
        tokens=shape.tokens,
        notes=notes,
    )


def _family(config: Config, named: str | None) -> Family:
    model_type = named or config.word("model_type", "")
    if not model_type:
        raise NotEnoughEvidence(
            f"{config.place}: no model_type; say which family it is with --assume-family ({', '.join(FORMULAS)})"
        )
    if model_type in FORMULAS:
        return FORMULAS[model_type]
    near = get_close_matches(model_type, FORMULAS, 3, 0.5)
    fields = ", ".join(sorted(name for name in config if name != "model_type")[:30]) or "none"
    raise NotFound(
        f"formula for model_type in {config.place} (fields not understood: {fields}; --assume-family overrides):",
        model_type,
        near,
    )
