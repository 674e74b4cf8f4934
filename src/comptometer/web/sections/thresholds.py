"""Lines that regulations draw, and the models that may be above them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from comptometer.law import Reading, Regulation
from comptometer.readings import CERTAIN, POSSIBLE
from comptometer.regulations import regulations
from comptometer.thresholds import LIKELY, Above, models_above
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.figures import figure
from comptometer.web.tints import dark_tints
from comptometer.web.wording import Wording

READINGS: Final[tuple[Reading, ...]] = ("include", "ambiguous", "exclude")
WORDS: Final = ("certainly", "likely", "possibly")
OPERATORS: Final = {">": ">", ">=": "≥", None: ""}


def leaf(path: str, words: Wording) -> Leaf:
    """The page of all regulations."""
    above = _above()
    return Leaf(
        template="thresholds.html",
        title=words("thresholds.title"),
        description=words("thresholds.lead"),
        facts={
            "regimes": [_regime(one, above.get(one.id), words) for one in _ordered(regulations())],
            "levels": [_level(flop, models, words) for flop, models in _levels(above).items()],
            "figure": figure("frontier", words.language),
            "dark": dark_tints(),
            "cuts": {"certain": f"{CERTAIN:.0%}", "likely": f"{LIKELY:.0%}", "possible": f"{POSSIBLE:.0%}"},
        },
    )


@cache
def _above() -> Mapping[str, Sequence[Above]]:
    return models_above()


def _ordered(found: Iterable[Regulation]) -> list[Regulation]:
    """Those in force first, then by place and amount."""
    return sorted(found, key=lambda one: (one.status != "in force", one.jurisdiction, -(one.line or 0), one.id))


def _levels(above: Mapping[str, Sequence[Above]]) -> dict[float, Sequence[Above]]:
    """The models above each amount; several regulations share one."""
    amounts = {one.line: above[one.id] for one in regulations() if one.line}
    return {flop: amounts[flop] for flop in sorted(amounts, reverse=True)}


def _regime(one: Regulation, models: Sequence[Above] | None, say: Wording) -> dict[str, Any]:
    """What the page says of a regulation."""
    chinese = say.language == "zh"
    conditions, begun = (one.zh["conditions"], one.zh["dates"]) if chinese else (one.conditions, None)
    dates = [
        {"on": row["on"].isoformat(), "what": begun[at] if begun else row["what"]} for at, row in enumerate(one.dates)
    ]
    counted = {
        reading: [say(f"activity.{row.activity}") for row in one.counted(reading)]
        for reading in READINGS
        if one.counted(reading)
    }
    return {
        "id": one.id,
        "title": one.zh["title"] if chinese else one.title,
        "law": one.law,
        "place": say(f"place.{one.jurisdiction}"),
        "line": _line(one, say),
        "amount": one.line or "",
        "quantity": say(f"counted.{one.quantity}"),
        "status": say(f"status.{one.status}"),
        "standing": one.status.replace(" ", "-"),
        "status_note": one.zh["status_note"] if chinese else one.status_note,
        "since": one.in_force_from and one.in_force_from.isoformat(),
        "until": one.in_force_until and one.in_force_until.isoformat(),
        "dates": dates,
        "conditions": conditions,
        "counted": counted,
        "counts_verified": one.counts_verified,
        "verified": one.verified,
        "source_kind": say(f"kind.{one.source_kind}"),
        "sources": [one.source, *one.more_sources],
        "shares": _shares(models, say) if models is not None else None,
        "level": one.line and f"above-{_power(one.line)}",
        "alternatives": [_alternative(row) for row in one.alternatives],
    }


def _line(one: Regulation, say: Wording) -> Markup:
    if one.operator is None:
        return Markup("–")
    if one.threshold_fraction:
        top, bottom = one.threshold_fraction
        return Markup("{} {}/{} {}").format(OPERATORS[one.operator], top, bottom, say("thresholds.of-original"))
    unit = say(f"unit.{one.unit}")
    return Markup("{} {} {}").format(OPERATORS[one.operator], say.number(one.threshold), unit)


def _alternative(row: Mapping[str, Any]) -> str:
    limits = " & ".join(f"{OPERATORS[part['operator']]} {part['threshold']:g} {part['unit']}" for part in row["limits"])
    return f"{row['when']}: {limits}"


def _shares(models: Sequence[Above], say: Wording) -> str:
    counts = {word: sum(model.likelihood == word for model in models) for word in WORDS}
    return say("thresholds.shares", **counts)


def _power(flop: float) -> str:
    return f"{flop:.0e}".replace("e+", "e")


def _level(flop: float, models: Sequence[Above], say: Wording) -> dict[str, Any]:
    """The models that may be above an amount, and the regulations that have it."""
    laws = [one for one in regulations() if one.line == flop]
    return {
        "id": f"above-{_power(flop)}",
        "flop": say.number(flop),
        "laws": [one.zh["short"] if say.language == "zh" else one.short for one in laws],
        "count": len(models),
        "shares": _shares(models, say),
        "models": [
            {
                "url": f"models/{quote(model.id)}.html",
                "name": model.name,
                "developer": model.developer,
                "published": model.published.isoformat() if model.published else "",
                "median": model.median,
                "compute": say.number(model.median, 2),
                "range": say.spread(model.low, model.high),
                "probability": model.probability,
                "percent": say.percent(model.probability),
                "word": say(f"likelihood.{model.likelihood}"),
            }
            for model in models
        ],
    }


SECTIONS.add("thresholds", Section(place=6, pages=lambda: ("thresholds.html",), leaf=leaf))
