"""A question about a trend or a relation as one line of text: the flags of the command as in an address.

`select=frontier&since=2018-01-01&without=GPT-4.5&without=Grok-3`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from comptometer.charts._flags import flags, yes
from comptometer.growth import Answer, trend
from comptometer.relation import Relation, relate


def _breaks(value: str) -> int | str:
    return int(value) if value.isdigit() else value


FLAGS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(
        ("quantity", "select", "organization", "country", "domain", "data", "values", "method", "by", "since", "until"),
        str,
    ),
    **dict.fromkeys(("top", "draws"), int),
    **dict.fromkeys(("of-all", "open-weights", "closed-weights", "fine-tunes", "no-fine-tunes", "noise"), yes),
    **dict.fromkeys(("confidence", "without"), str),
    "breaks": _breaks,
    "knot": str,
    "join": str,
    "quantile": float,
}
_OF_RELATIONS: Final = (
    "select", "top", "of-all", "organization", "country", "domain", "confidence", "open-weights", "closed-weights",
    "fine-tunes", "no-fine-tunes", "without", "since", "until", "data", "values", "by", "draws",
)  # fmt: skip
RELATION_FLAGS: Final[Mapping[str, Callable[[str], Any]]] = {
    "y": str,
    "x": str,
    **{name: FLAGS[name] for name in _OF_RELATIONS},
}
SEVERAL: Final = ("confidence", "without")  # flags that may come more than once
_OPTIONS: Final[tuple[str, ...]] = ("breaks", "knot", "join", "quantile")
_DENIALS: Final = {"closed_weights": "open_weights", "no_fine_tunes": "fine_tunes"}


def question(text: str) -> Answer:
    """Ask, and answer.

    Args:
        text: flags with their values, joined by "&"; a flag alone is meant as yes. Empty text asks the plain question.

    Raises:
        UsageError: unknown flags or values that cannot be read, all at once; else as of `growth.trend`.
    """
    asked = _affirmed(flags(text, FLAGS, SEVERAL))
    options = {name: asked.pop(name) for name in _OPTIONS if name in asked}
    return trend(options=options, **asked)


def relation(text: str) -> Relation:
    """Relate, as flags of `comptometer relation` say: `y=cost&x=compute&select=all`.

    Raises:
        UsageError: unknown flags or values that cannot be read, all at once; else as of `relation.relate`.
    """
    return relate(**_affirmed(flags(text, RELATION_FLAGS, SEVERAL)))


def _affirmed(asked: dict[str, Any]) -> dict[str, Any]:
    """The same, with each denial as the condition that it denies."""
    for denial, condition in _DENIALS.items():
        if denial in asked:
            asked[condition] = not asked.pop(denial)
    return asked
