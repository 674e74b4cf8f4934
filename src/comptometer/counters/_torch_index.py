"""A whole number that reports whether anything looks at it."""

from __future__ import annotations

from typing import Any, Final


class Index:
    """Stands for a whole number, and reports whether anything looks at it."""

    __slots__ = ("looked", "value")

    def __init__(self, value: int) -> None:
        self.value, self.looked = value, False

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """A whole number, to who asks."""
        self.looked = True
        return int

    def __getattr__(self, name: str) -> Any:
        self.looked = True
        return getattr(self.value, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A copy is a whole number that reports nothing."""
        self.looked = True
        return int, (self.value,)


def _looking(name: str) -> Any:
    method = getattr(int, name)

    def look(self: Index, *others: Any) -> Any:
        self.looked = True
        return method(self.value, *[other.value if type(other) is Index else other for other in others])

    return look


_BINARY: Final = "add and divmod floordiv lshift mod mul or pow rshift sub truediv xor"
_UNARY: Final = "abs bool ceil float floor hash index int invert neg pos repr round str trunc format eq ne lt le gt ge"
for _name in [*_BINARY.split(), *[f"r{name}" for name in _BINARY.split()], *_UNARY.split()]:
    setattr(Index, f"__{_name}__", _looking(f"__{_name}__"))
