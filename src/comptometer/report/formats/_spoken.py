"""How quantities and names are written in a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comptometer.report.formats._words import say
from comptometer.text import chance, interval, number
from comptometer.web.wording import messages


def range_of(found: Mapping[str, Any] | None, language: str, missing: str) -> str:
    """A quantity with its interval; where there is none, the message that says why."""
    if found is None or found.get("withheld"):
        return say("withheld" if found else missing, language)
    ends = interval(found["p5"], found["p95"])
    return f"{number(found['p50'])} ({ends.replace(' to ', '–') if language == 'zh' else ends})"


def activity_names(language: str) -> dict[str, str]:
    """What the activities are called, as on the web page."""
    told = messages("zh" if language == "zh" else "en")
    return {key.removeprefix("activity."): text for key, text in told.items() if key.startswith("activity.")}


def chances(row: Mapping[str, Any]) -> str:
    """Of being above, by both readings where they differ."""
    share = row["probability_above"]
    if share is None:
        return "–"
    low, high = (chance(share[end]) for end in ("low", "high"))
    return low if low == high else f"{low} – {high}"
