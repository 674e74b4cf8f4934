"""The chart of one quantity against another with everything that stands around it, in the shape of `picture`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from comptometer import text
from comptometer.charts import Language, Look, Spec
from comptometer.charts._question import relation
from comptometer.charts.relation import definition, label_of, relation_chart, words_around
from comptometer.relation import Relation
from comptometer.web.picture import SIZES, described, embedded, kinds_in, range_of
from comptometer.web.wording import Wording


def relation_picture(asked: str, language: Language, sizes: Sequence[str] = tuple(SIZES)) -> dict[str, Any]:
    """Everything that the page shows of a relation; its scales are always logarithmic, and it has no overlays.

    Args:
        asked: flags of `comptometer relation` as in an address.
        language: of the words.
        sizes: of the pictures that are wanted.

    Raises:
        UsageError, NotFound, NotEnoughEvidence: see `relation.relate`.
    """
    found = _answered(asked)
    words = words_around(found, language)
    drawn = {f"log {size}": _drawn(found, language, size) for size in sizes}
    first = next(iter(drawn.values()))
    return {
        "asked": asked,
        "sides": {"y": found.y.name, "x": found.x.name},
        "headline": headline(found, language),
        "definition": definition(found, language),
        "title": words.title,
        "subtitle": words.subtitle,
        "note": words.note,
        "overlays": {},
        "description": words.description,
        "columns": first["usermeta"]["comptometer"]["columns"],
        "kinds": kinds_in(first),
        "points": described(found.question, first["datasets"]["points"]),
        "pictures": {name: embedded(spec) for name, spec in drawn.items()},
    }


@lru_cache(maxsize=8)
def _answered(asked: str) -> Relation:
    """Kept for the pictures in several languages and sizes, which are asked for one after another."""
    return relation(asked)


def headline(found: Relation, language: Language) -> list[dict[str, str]]:
    """The figures above the chart: the exponent first."""
    say, law = Wording(language), found.law
    y, x = (label_of(what, language) for what in (found.y, found.x))
    names = {"y": y.lower(), "x": x.lower()} if language == "en" else {"y": y, "x": x}
    return [
        {
            "value": text.number(law.exponent.estimate),
            "about": say("relation.exponent", **names),
            "range": range_of(law.exponent.to_dict(), say, 3),
        },
        {"value": text.number(law.r2, 2), "about": say("relation.r2"), "range": ""},
        {"value": f"×{text.number(10**law.residual_sd, 2)}", "about": say("relation.scatter"), "range": ""},
        {"value": f"{law.n:,}", "about": say("relation.n"), "range": ""},
    ]


def _drawn(found: Relation, language: Language, size: str) -> Spec:
    width, height = SIZES[size]
    return relation_chart(found, Look(language=language, width=width, height=height))
