"""What gives a model its colour: the kind of its domains."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

# Kinds of domains: what makes a model one of a kind, the telling ones first.
_DOMAINS: Final[Mapping[str, frozenset[str]]] = {
    "multimodal": frozenset({"Multimodal"}),
    "biology": frozenset({"Biology"}),
    "games": frozenset({"Games"}),
    "language": frozenset({"Language"}),
    "vision": frozenset({"Vision", "Image generation", "Video"}),
}
KINDS: Final = ("language", "vision", "games", "multimodal", "biology", "other")  # as the legend has them


def kind_of(domains: Set[str]) -> str:
    """The kind of some domains: the first in `_DOMAINS` that one of them tells of."""
    return next((kind for kind, telling in _DOMAINS.items() if domains & telling), "other")
