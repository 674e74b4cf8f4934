"""A configuration, asked field by field; every answer is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from comptometer.errors import DataError

LARGEST: Final = 10**9  # of any size in a configuration
MOST_LAYERS: Final = 100_000


class Config(Mapping[str, Any]):
    """The fields of a `config.json`, which knows which of them were asked for.

    An integer is an integer, not negative and not absurd. What is wrong is named by its field.

    Attributes:
        place: what to call the configuration in messages.
        asked: the fields that a formula has looked at.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        place: str = "config",
        *,
        within: str = "",
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Fields; `within` is the field that holds them, `defaults` stand for those that are left out."""
        self._fields, self._within = fields, within
        self._defaults = defaults or {}
        self.place = place
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self._fields[name] if self._fields.get(name) is not None else self._defaults[name]

    def get(self, name: str, default: Any = None) -> Any:
        """What a field holds, or stands for it; the default where the field is missing or null."""
        self.asked.add(name)
        value = self._fields.get(name)
        return self._defaults.get(name, default) if value is None else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def refuse(self, name: str, wanted: str) -> DataError:
        """An error that names a field."""
        found = repr(self._fields[name])[:60] if name in self._fields else "nothing"
        return DataError(self.place, [f"{self._within}{name}: needs {wanted}, got {found}"])

    def integer(self, name: str, default: int | None = None, *, least: int = 1, most: int = LARGEST) -> int:
        """A whole number between `least` and `most`; the default where the field is missing or null.

        Raises:
            DataError: something else, or missing without a default.
        """
        value = self.get(name)
        if value is None:
            if default is None:
                raise self.refuse(name, "a whole number")
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(name, "a whole number")
        if not least <= value <= most:
            raise self.refuse(name, f"a whole number from {least} to {most}")
        return value

    def first_integer(self, *names: str, default: int | None = None, least: int = 1, most: int = LARGEST) -> int:
        """The first of several fields that is there: the same thing under the names of different releases."""
        for name in names:
            if self.get(name) is not None:
                return self.integer(name, least=least, most=most)
        return self.integer(names[0], default, least=least, most=most)

    def optional(self, name: str, *, least: int = 1) -> int | None:
        """A whole number, or nothing where the field is missing or null."""
        return None if self.get(name) is None else self.integer(name, least=least)

    def number(self, name: str, default: float) -> float:
        """A number above 0; the default where the field is missing or null."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LARGEST:
            raise self.refuse(name, f"a number above 0, at most {LARGEST}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false; the default where the field is missing or null."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(name, "true or false")
        return value

    def word(self, name: str, default: str) -> str:
        """A text; the default where the field is missing or null."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.refuse(name, "a text")
        return value

    def words(self, name: str) -> list[str] | None:
        """A list of texts, or nothing where the field is missing or null."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.refuse(name, "a list of texts")
        return list(value)

    def integers(self, name: str, *, least: int = 0, most: int = LARGEST) -> list[int]:
        """A list of whole numbers; empty where the field is missing or null."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(
            isinstance(i, int) and not isinstance(i, bool) for i in value
        ):
            raise self.refuse(name, "a list of whole numbers")
        if not all(least <= i <= most for i in value):
            raise self.refuse(name, f"whole numbers from {least} to {most}")
        return list(value)

    def extents(self, name: str, default: int | None = None) -> tuple[int, int]:
        """Height and width: one whole number for both, or two."""
        if isinstance(self.get(name), list | tuple):
            found = self.integers(name, least=1)
            if len(found) != 2:
                raise self.refuse(name, "one whole number, or height and width")
            return found[0], found[1]
        both = self.integer(name, default)
        return both, both

    def child(self, name: str, defaults: Mapping[str, Any] | None = None) -> Config:
        """The configuration in a field; without the field, that of the defaults alone.

        Args:
            name: of the field, which holds an object.
            defaults: what stands for fields that it leaves out.
        """
        value = self.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.refuse(name, "an object with fields")
        return Config(value or {}, self.place, within=f"{self._within}{name}.", defaults=defaults)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Config:
        """The same, with values for fields that are left out."""
        return Config(self._fields, self.place, within=self._within, defaults={**defaults, **self._defaults})

    def replaced(self, **fields: Any) -> Config:
        """The same, with other values for some fields."""
        return Config({**self._fields, **fields}, self.place, within=self._within, defaults=self._defaults)

    def positive(self, name: str, default: float) -> bool:
        """Is a number that may be 0 above it? The default where the field is missing or null."""
        value = self.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
            raise self.refuse(name, "a number, 0 or above")
        return value > 0

    def labels(self) -> int:
        """Classes that a classifier tells apart: `num_labels`, or those of `id2label`, or two."""
        names = self.get("id2label")
        if self.get("num_labels") is None and isinstance(names, Mapping):
            return len(names)
        return self.integer("num_labels", 2, least=0)

    def head(self, default: str) -> str:
        """What the model is built for, after its class: the end of the first of `architectures`.

        >>> Config({"architectures": ["BertForMaskedLM"]}).head("Model")
        'ForMaskedLM'
        """
        named = self.words("architectures")
        if not named:
            return default
        start = named[0].find("For")
        for end in ("LMHeadModel", "WithLMHead", "DoubleHeadsModel"):
            if named[0].endswith(end):
                return end
        return named[0][start:] if start >= 0 else "Model"
