"""What is trained: everything, some parts, all but frozen parts, or low-rank additions to frozen weights (LoRA)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from comptometer.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainable:
    """Which weights get a gradient.

    Patterns name modules (`vision`, `layers.*.attention`), and with them all that is inside.

    Attributes:
        only: outside of which nothing is trained; nothing named is no limit.
        frozen: what is not trained.
        rank: width r of the low-rank additions; with it nothing is trained but them and what `trained` names.
        targets: the products with a weight that get an addition, by their whole name or its end (`attention.q`).
        trained: what is trained all the same.
    """

    only: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    rank: int | None = None
    targets: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Is anything left untrained?"""
        return bool(self.only or self.frozen) or self.rank is not None

    def __str__(self) -> str:
        """In words."""
        within = f" of {', '.join(self.only)}" if self.only else ""
        if self.rank is None:
            return f"all{within}" + (f" but {', '.join(self.frozen)}" if self.frozen else "")
        also = f", and {', '.join(self.trained)}" if self.trained else ""
        return f"additions of rank {self.rank} to {', '.join(self.targets)}{also}{within}"

    def weight(self, module: str) -> bool:
        """Is the weight of that module trained?"""
        if self.only and not named(module, self.only):
            return False
        if not self or (self.trained and named(module, self.trained)):
            return True
        return self.rank is None and not named(module, self.frozen)

    def addition(self, module: str) -> int | None:
        """The rank of its low-rank addition, if it has one."""
        if self.rank is None or not any(_ends(module, target) for target in self.targets):
            return None
        if self.only and not named(module, self.only):
            return None
        return self.rank

    def checked(self, modules: Sequence[str]) -> None:
        """See that every pattern fits something.

        Raises:
            UsageError: a pattern that fits no module; says which are near it, or all that there are.
        """
        for word, patterns in (("modules", self.only), ("frozen", self.frozen), ("trained", self.trained)):
            for pattern in patterns:
                if not any(named(module, (pattern,)) for module in modules):
                    raise _fits_nothing(word, pattern, modules)
        for target in self.targets:
            if not any(_ends(module, target) for module in modules):
                raise _fits_nothing("lora targets", target, modules)


EVERYTHING = Trainable()


def named(module: str, patterns: Sequence[str]) -> bool:
    """Does a pattern name the module, or what it is inside of?"""
    return any(fnmatchcase(start, pattern) for start in _starts(module) for pattern in patterns)


def _fits_nothing(word: str, pattern: str, modules: Sequence[str]) -> UsageError:
    from difflib import get_close_matches

    names = dict.fromkeys(start for module in modules for start in _starts(module))
    near = get_close_matches(pattern, names, 3, 0.6)
    which = f"near it are {', '.join(near)}" if near else f"there are {', '.join(modules)}"
    return UsageError(f"{word}: {pattern!r} fits no module; {which}")


def _starts(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _ends(module: str, target: str) -> bool:
    parts = module.split(".")
    return any(fnmatchcase(".".join(parts[at:]), target) for at in range(len(parts)))
