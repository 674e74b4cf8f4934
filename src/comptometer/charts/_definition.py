"""The definition behind an answer in one sentence: which models, in which window, of which table, and whose values."""

from __future__ import annotations

from comptometer.answers import Question
from comptometer.charts import Language
from comptometer.charts._words import listed, say


def models_of(asked: Question, language: Language) -> str:
    """Which models are asked about."""
    wanted = asked.wanted
    return say("records" if wanted.select == "record" else wanted.select, language, top=wanted.top)


def definition_of(asked: Question, which: str, language: Language) -> str:
    """The sentence; `which` says what is asked about."""
    wanted = asked.wanted
    openness = {True: say("open", language), False: say("closed", language), None: ""}[wanted.open_weights]
    parts = [
        which,
        say("of-all", language) if wanted.of_all and wanted.select not in {"all", "notable"} else "",
        wanted.organization,
        wanted.country,
        wanted.domain,
        *wanted.confidence,
        openness,
        "" if wanted.fine_tunes else say("no-fine-tunes", language),
        say("without", language, names=", ".join(wanted.without)) if wanted.without else "",
        say("from", language, day=wanted.since) if wanted.since else "",
        say("to", language, day=wanted.until) if wanted.until else "",
        asked.data,
        say(asked.values, language),
    ]
    said = listed(parts, language)
    return said[:1].upper() + said[1:]
