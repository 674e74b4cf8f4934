"""Where the trend leads and what it runs into; and what was forecast before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final

from comptometer.charts import Language
from comptometer.scorecard import Finding, Scored, forecasts
from comptometer.store import source
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.outlook import answer, years_of
from comptometer.web.picture import colours
from comptometer.web.wording import LANGUAGES, Wording

PRESETS: Final[Mapping[str, tuple[int, ...]]] = {  # the years that a static page has an answer for
    "default": (2028, 2030, 2032),
    "epoch-2030": (2028, 2030, 2032),
    "none": (2028, 2030, 2032),
    "openai-2018": (2020, 2022, 2024),
}
PLAIN: Final = ("default", 2030)


def leaf(path: str, words: Wording) -> Leaf:
    """The page with the plain projection."""
    shown = dict(_answer(*PLAIN, words.language))
    pictures = shown.pop("pictures")
    return Leaf(
        template="outlook.html",
        title=words("outlook.title"),
        description=words("outlook.lead"),
        facts={
            "shown": shown,
            "pictured": bool(pictures),
            "presets": list(PRESETS),
            "ends": _ends(),
            "choices": {"ends": _ends(), "prepared": PRESETS, "plain": PLAIN, "colours": colours()},
            "forecasts": [_forecast(one, words) for one in forecasts().forecasts],
        },
        scripts=("chart.js", "outlook.js"),
    )


def files() -> Mapping[str, Callable[[], bytes]]:
    """The prepared answers."""
    return {
        f"{Wording(language).root}outlook/{preset}-{to}.js": partial(_file, preset, to, language)
        for language in LANGUAGES
        for preset, years in PRESETS.items()
        for to in years
    }


@cache
def _answer(preset: str, to: int, language: Language) -> Mapping[str, Any]:
    return answer(to, preset, language)


def _file(preset: str, to: int, language: Language) -> bytes:
    """As a script, which a page can load from a file as well as from a server."""
    written = json.dumps(_answer(preset, to, language), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f'comptometer.receive("{preset}-{to}",{written});\n'.encode()


@cache
def _ends() -> Mapping[str, tuple[int, int]]:
    return {preset: years_of(preset) for preset in PRESETS}


def _forecast(one: Scored, say: Wording) -> dict[str, Any]:
    """A forecast for people."""
    cited = source(one.source)
    return {
        "who": one.who,
        "made": one.made.isoformat(),
        "said": say(f"forecast.{one.id}") if say.has(f"forecast.{one.id}") else one.said,
        "verdict": say(f"verdict.{one.verdict}"),
        "class": {"about right": "verdict-consistent", "open": ""}.get(one.verdict, "verdict-tension"),
        "basis": say(f"basis.{one.basis}"),
        "verified": one.verified,
        "url": cited.url,
        "title": cited.title,
        "findings": [_found(finding, say) for finding in one.findings],
    }


def _found(one: Finding, say: Wording) -> dict[str, Any]:
    return {
        "what": one.what,
        "value": say.number(one.value) if one.value is not None else "",
        "range": say.spread(one.low, one.high) if one.low is not None and one.high is not None else "",
        "unit": one.unit,
        "day": one.day.isoformat() if one.day else "",
    }


SECTIONS.add("outlook", Section(place=5, pages=lambda: ("outlook.html",), leaf=leaf, files=files))
