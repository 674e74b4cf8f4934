"""A question about a trend as one line of text: the flags of `comptometer trend` as in an address.

`select=frontier&since=2018-01-01&without=GPT-4.5&without=Grok-3`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import parse_qsl

from comptometer.errors import UsageError
from comptometer.growth import Answer, trend

_YES, _NO = {"", "yes", "true", "1"}, {"no", "false", "0"}


def _flag(value: str) -> bool:
    if value.casefold() not in _YES | _NO:
        raise ValueError("write yes or no")
    return value.casefold() in _YES


def _breaks(value: str) -> int | str:
    return int(value) if value.isdigit() else value


FLAGS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(
        ("quantity", "select", "organization", "country", "domain", "data", "values", "method", "by", "since", "until"),
        str,
    ),
    **dict.fromkeys(("top", "draws"), int),
    **dict.fromkeys(("of-all", "open-weights", "closed-weights", "fine-tunes", "no-fine-tunes", "noise"), _flag),
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
    asked: dict[str, Any] = {}
    problems = []
    for name, value in parse_qsl(text, keep_blank_values=True):
        flag = name.replace("_", "-")
        if flag not in FLAGS:
            near = get_close_matches(flag, FLAGS, 1)
            problems.append(
                f"unknown flag {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(FLAGS)}")
            )
            continue
        try:
            read = FLAGS[flag](value)
        except ValueError as error:
            problems.append(f"{name}: {value!r} cannot be read: {error}")
            continue
        key = flag.replace("-", "_")
        if key in _DENIALS:
            asked[_DENIALS[key]] = not read
        else:
            asked[key] = (*asked.get(key, ()), read) if flag in _SEVERAL else read
    if problems:
        raise UsageError("\n".join(problems))
    options = {name: asked.pop(name) for name in _OPTIONS if name in asked}
    return trend(options=options, **asked)
