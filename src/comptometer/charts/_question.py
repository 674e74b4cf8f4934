"""A question about a trend as one line of text: the flags of `comptometer trend` as in an address.

`select=frontier&since=2018-01-01&without=GPT-4.5&without=Grok-3`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from comptometer.charts._flags import flags, yes
from comptometer.growth import Answer, trend


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
_SEVERAL: Final = ("confidence", "without")
_OPTIONS: Final[tuple[str, ...]] = ("breaks", "knot", "join", "quantile")
_DENIALS: Final = {"closed_weights": "open_weights", "no_fine_tunes": "fine_tunes"}


def question(text: str) -> Answer:
    """Ask, and answer.

    Args:
        text: flags with their values, joined by "&"; a flag alone is meant as yes. Empty text asks the plain question.

    Raises:
        UsageError: unknown flags or values that cannot be read, all at once; else as of `growth.trend`.
    """
    asked = flags(text, FLAGS, _SEVERAL)
    for denial, condition in _DENIALS.items():
        if denial in asked:
            asked[condition] = not asked.pop(denial)
    options = {name: asked.pop(name) for name in _OPTIONS if name in asked}
    return trend(options=options, **asked)
