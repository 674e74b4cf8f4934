"""How numbers come about here: formulas, conventions, how sure, what is assumed, known errors, how to cite."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from comptometer import __version__, vintages
from comptometer.calibration import Calibration, Line, calibrate
from comptometer.checks import RULES
from comptometer.methods import METHODS
from comptometer.records import Assumption
from comptometer.release import data_version
from comptometer.store import assumptions, source
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.figures import figure
from comptometer.web.tints import dark_tints
from comptometer.web.wording import Wording

ORDER: Final = ("operations", "recorded", "parameters-tokens", "hardware-time", "reported")
CONVENTIONS: Final = (
    "multiply-add", "format", "backward", "recompute", "attention", "runs", "utilization", "unit", "interval", "draws",
    "counts-first", "month",
)  # fmt: skip
ERRORS: Final = ("missing", "table", "experts", "one-run", "peak", "law")
_NEED: Final = re.compile(r"\{(\w+)\}")


def leaf(path: str, words: Wording) -> Leaf:
    """The page of methods."""
    found = _calibration()
    return Leaf(
        template="methods.html",
        title=words("methods.title"),
        description=words("methods.lead"),
        facts={
            "formulas": [_formula(name, words) for name in (*ORDER, *(set(METHODS) - set(ORDER)))],
            "conventions": CONVENTIONS,
            "scores": [_score(e.id, line, words) for e in found.experiments for line in _shown(e.lines)],
            "tried": found.data,
            "figure": figure("calibration", words.language),
            "priors": {
                "compute": [_prior(one, words) for one in assumptions().values()],
                "cost": [_prior(one, words) for one in assumptions("cost-assumptions").values()],
            },
            "errors": ERRORS,
            "rules": [{"id": rule.id, "severity": words(f"severity.{rule.severity}"), "looks_at": rule.looks_at}
                      for rule in RULES.values()],
            "cite": f"comptometer, version {__version__}, data {data_version()} (2026).",
            "tables": [vintages.sidecar(name) for name in vintages.vintage_ids()],
            "dark": dark_tints(),
        },
    )  # fmt: skip


@cache
def _calibration() -> Calibration:
    return calibrate(vintages.DEFAULT)


def _formula(name: str, say: Wording) -> dict[str, Any]:
    """A method with the names of its needs in words."""
    formula = METHODS[name].formula
    return {
        "name": say(f"methods.method.{name}") if say.has(f"methods.method.{name}") else name,
        "formula": _NEED.sub(lambda need: say(f"need.{need[1]}"), formula),
        "about": say(f"methods.{name}", **_errors()),
    }


def _errors() -> dict[str, str]:
    """The error of a stated figure, by who says it."""
    return {
        grade: assumptions()[f"model-error/reported/{grade}"].value.removeprefix("1 ")
        for grade in ("primary", "secondary", "tertiary")
    }


def _shown(lines: Sequence[Line]) -> list[Line]:
    """Of an experiment: all independent trials, the sets of them, and the circular ones beside."""
    return [line for line in lines if line.by in {"all", "set"} or line.circular] or list(lines)


def _score(experiment: str, line: Line, say: Wording) -> dict[str, Any]:
    score, again = line.score, line.refitted
    key = f"group.{line.group}"
    group = say("methods.circular") if line.circular else say(key) if say.has(key) else line.group
    return {
        "experiment": say(f"experiment.{experiment}"),
        "group": group,
        "n": score.n,
        "within_90": say.percent(score.within_90),
        "within_50": say.percent(score.within_50),
        "ratio": say.number(score.median_ratio, 3),
        "fold": say.number(score.median_fold, 3),
        "within_2x": say.percent(score.within_2x),
        "again": say.percent(again.within_90) if again else "–",
    }


def _prior(one: Assumption, say: Wording) -> dict[str, Any]:
    cited = source(one.source)
    key = f"need.{one.about}"
    return {
        "id": one.id,
        "about": say(key) if say.has(key) else one.about.replace("_", " "),
        "value": one.value,
        "where": one.where,
        "note": one.note,
        "verified": one.verified,
        "title": cited.title,
        "url": cited.url,
    }


SECTIONS.add("methods", Section(place=7, pages=lambda: ("methods.html",), leaf=leaf))
